"""A built version into a Milvus cluster: a collection filled aside, read back, and then named by the alias.

Whoever is killed, wherever, leaves the alias where it was or on the new collection, whole. A collection that was left
half filled is dropped and filled anew. What servers still read (the versions that stay) is not dropped.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from tqdm import tqdm

from errors import IndexUnavailable
from index.milvus.store import (
    ALIAS,
    SECTION_BYTES,
    TIMEOUT_S,
    MilvusStore,
    asking,
    collection_of,
    rows_in,
    section_key,
)
from index.versions.store import Index

if TYPE_CHECKING:
    from pymilvus import MilvusClient

BATCH = 1_000
"""Rows of one insert: about 3 MB of the 64 that Milvus takes."""
EXACT_UP_TO = 100_000
"""Rows that are searched one by one; more have a graph (HNSW)."""
_NO_ALIAS = (100, 1600)
"""Milvus Lite's number for an alias that is not there, and Milvus's."""
_SLOW_S = 600.0
"""For what a cluster does in its own time: flushing, building a graph, loading."""
_CHECKED = 5
"""Passages that are searched for before a collection is named."""


def publish_to_milvus(
    index: Index,
    client: MilvusClient,
    stay: Sequence[str] = (),
    *,
    exact_up_to: int = EXACT_UP_TO,
    progress: bool = False,
) -> int:
    """Have the cluster hold `index`'s version, and name it the live one. Returns how many rows were inserted: 0 where
    it was held already. Of the others the collections of the versions that `stay` are kept, and the one that was named
    before.

    Raises IndexUnavailable when the cluster fails, or gives back something else than was written: the alias then stays.
    """
    collection, before = collection_of(index.version), live_collection(client)
    inserted = 0
    if not _is_whole(client, collection, len(index.passages)):
        _fill(client, collection, index, exact_up_to, progress)
        inserted = len(index.passages)
    _require_findable(MilvusStore.open(client, index), index, may_miss=int(len(index.passages) > exact_up_to))
    _name(client, collection, before)
    kept = {collection, before, *map(collection_of, stay)}
    with asking("dropping old collections"):
        for other in client.list_collections(timeout=TIMEOUT_S):
            if other.startswith(f"{ALIAS}_v_") and other not in kept:
                client.drop_collection(other, timeout=_SLOW_S)
    return inserted


def live_collection(client: MilvusClient) -> str:
    """What the alias names; "" when there is none."""
    from pymilvus.exceptions import MilvusException

    with asking(f"looking for the alias {ALIAS}"):
        try:
            return str(client.describe_alias(ALIAS, timeout=TIMEOUT_S)["collection_name"])
        except MilvusException as error:
            if error.code in _NO_ALIAS:
                return ""
            raise


_INDEXES = 2
"""Of a collection: its dense vectors' and its words'."""


def _is_whole(client: MilvusClient, collection: str, count: int) -> bool:
    with asking(f"looking for {collection}"):
        if not client.has_collection(collection, timeout=TIMEOUT_S):
            return False
        # Made last, one after the other: without them all it is half filled.
        if len(client.list_indexes(collection, timeout=TIMEOUT_S)) == _INDEXES:
            client.load_collection(collection, timeout=_SLOW_S)
            if rows_in(client, collection) == count:
                return True
        client.drop_collection(collection, timeout=_SLOW_S)
    return False


def _fill(client: MilvusClient, collection: str, index: Index, exact_up_to: int, progress: bool) -> None:
    with asking(f"filling {collection}"):
        client.create_collection(
            collection, schema=_schema(client, index.manifest["encoder"]["dimension"]), timeout=_SLOW_S,
            consistency_level="Eventually",  # it never changes once it is named
        )  # fmt: skip
        with tqdm(total=len(index.passages), desc="to Milvus", unit="passage", disable=not progress) as bar:
            for batch in _batches(index):
                client.insert(collection, batch, timeout=_SLOW_S)
                bar.update(len(batch))
        client.flush(collection, timeout=_SLOW_S)  # or Milvus Lite searches rows by a hundred times slower
        client.create_index(collection, _indexes(client, len(index.passages) <= exact_up_to), timeout=_SLOW_S)
        client.load_collection(collection, timeout=_SLOW_S)


def _schema(client: MilvusClient, dimension: int) -> Any:
    from pymilvus import DataType

    schema = client.create_schema(auto_id=False, enable_dynamic_field=False)
    schema.add_field("row", DataType.INT64, is_primary=True)
    schema.add_field("dense", DataType.FLOAT_VECTOR, dim=dimension)
    schema.add_field("words", DataType.SPARSE_FLOAT_VECTOR)
    schema.add_field("section", DataType.VARCHAR, max_length=SECTION_BYTES)
    schema.add_field("date", DataType.INT64)
    return schema


def _indexes(client: MilvusClient, exact: bool) -> Any:
    indexes = client.prepare_index_params()
    graph = {"index_type": "HNSW", "params": {"M": 32, "efConstruction": 200}}
    indexes.add_index("dense", metric_type="IP", **({"index_type": "FLAT"} if exact else graph))
    indexes.add_index("words", metric_type="IP", index_type="SPARSE_INVERTED_INDEX")
    return indexes


def _batches(index: Index) -> Iterator[list[dict[str, Any]]]:
    """Rows as Milvus takes them."""
    from scipy.sparse import csc_matrix  # slow to import, and servers need it not

    columns, postings = index.columns, index.lexical.postings
    by_row = csc_matrix(
        (postings.scores, postings.rows, postings.starts), shape=(postings.count, len(index.lexical.vocabulary))
    ).tocsr()
    sections = [section_key(name) for name in columns.section_names]
    for start in range(0, len(index.passages), BATCH):
        rows = np.arange(start, min(start + BATCH, len(index.passages)))
        vectors = index.vectors.rows(rows)
        yield [
            {
                "row": row,
                "dense": vectors[i],
                "words": dict(zip(by_row[row].indices.tolist(), by_row[row].data.tolist(), strict=True)),
                "section": sections[columns.sections[columns.articles[row]]],
                "date": int(columns.dates[columns.articles[row]]),
            }
            for i, row in enumerate(rows.tolist())
        ]


def _require_findable(store: MilvusStore, index: Index, may_miss: int) -> None:
    """Some passages, from the first to the last: read back as they are, and nearest to their own vectors; a graph
    `may_miss` one."""
    rows = np.unique(np.linspace(0, len(index.passages) - 1, _CHECKED).astype(np.int64))
    vectors = index.vectors.rows(rows)
    if not np.allclose(store.vectors(rows), vectors, atol=1e-6):
        raise IndexUnavailable(f"Milvus gives back other vectors than {index.version} has; it is not named.")
    best = np.array([store.nearest(vector, 1)[1].max(initial=-1.0) for vector in vectors])
    missed = rows[best < (vectors**2).sum(axis=1) - 1e-3]  # another passage may have the same text
    if len(missed) > may_miss:
        raise IndexUnavailable(f"Milvus does not find passage {missed[0]} of {index.version}; it is not named.")


def _name(client: MilvusClient, collection: str, before: str) -> None:
    with asking(f"naming {collection}"):
        if before == collection:
            return
        set_alias = client.alter_alias if before else client.create_alias
        set_alias(collection, ALIAS, timeout=TIMEOUT_S)

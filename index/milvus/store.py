"""The vector store of a built version in a Milvus cluster: what `index.stores.local_store` is on one machine.

    bulletin_v_<hash>    a collection for each version, a row for each passage, numbered alike
        row      INT64, primary key
        dense    FLOAT_VECTOR, the passage's unit vector; inner product
        words    SPARSE_FLOAT_VECTOR, its BM25 weight for each of the version's terms; inner product
        section  VARCHAR, case folded
        date     INT64, days as `index.stores.columns` counts them; 0: no date
    bulletin             an alias, which names the collection of the live version

Full text is our own BM25 (stems, folded accents, three languages), weighed by bm25s when the version was built, so that
both stores rank alike. Milvus's BM25 function would count for itself, and Milvus Lite takes a stemmer without a word
and does not stem. A store reads the collection of its version by name, never through the alias: a row of another
version is another passage. `index.milvus.publish` fills the collections.
"""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cache, partial
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from errors import IndexUnavailable, SettingsError
from index.versions.store import Index
from records import Filters, Found

if TYPE_CHECKING:
    from pymilvus import MilvusClient

ALIAS = "bulletin"
SECTION_BYTES = 65_535
"""The most that Milvus lets a VARCHAR have."""
TIMEOUT_S = 3.0
"""For one request; the client tries again within it. A question makes four."""
_MOST = 16_384
"""Rows that Milvus gives for one request."""
_BATCH = 1_000
_EF = 128
"""How far HNSW looks around; a flat index pays no heed."""
_NOT_LOADED = 101
"""Milvus's number for a collection that is there and not in memory."""
_ESCAPED = str.maketrans({"\\": "\\\\", '"': '\\"', "\n": "\\n", "\r": "\\r"})


@cache
def connect(uri: str, token: str = "") -> MilvusClient:
    """A client for `http://host:19530`, or for Milvus Lite in the folder `….db`. One for each address and process.

    Raises SettingsError where pymilvus is missing, IndexUnavailable when nobody answers.
    """
    try:
        from pymilvus import MilvusClient
    except ImportError as error:
        raise SettingsError(
            f"A store in Milvus needs pymilvus ({error}). Run `pip install -r requirements-milvus.txt`,"
            " or set BULLETIN_STORE=files."
        ) from error
    logging.getLogger("pymilvus").setLevel(logging.CRITICAL)  # it prints what it raises, with its stack
    with asking(f"connecting to {uri}"):
        return MilvusClient(uri, token=token, timeout=TIMEOUT_S)


@contextlib.contextmanager
def asking(what: str) -> Iterator[None]:
    """Turn whatever comes of a cluster that is down, slow or not as expected into IndexUnavailable."""
    from grpc import RpcError
    from pymilvus.exceptions import MilvusException

    try:
        yield
    except (MilvusException, RpcError, ValueError, OSError) as error:  # ValueError: of gRPC, when a channel is closed
        said = error.message if isinstance(error, MilvusException) else str(error)
        raise IndexUnavailable(f"Milvus: {what} failed ({' '.join(said.split())[:300]}).") from error


def collection_of(version: str) -> str:
    return f"{ALIAS}_{version.replace('-', '_')}"


class MilvusStore:
    """A `records.VectorStore` over the collection of one version. `number`: a term's number in that version."""

    def __init__(
        self, client: MilvusClient, collection: str, shape: tuple[int, int], number: Callable[[str], int | None]
    ) -> None:
        """`shape`: how many passages, and the length of a vector."""
        self._client, self._collection, self._number = client, collection, number
        self._count, self._dim = shape

    @classmethod
    def open(cls, client: MilvusClient, index: Index) -> MilvusStore:
        """Raises IndexUnavailable when the cluster does not hold the version, or not all of it."""
        collection, count = collection_of(index.version), len(index.passages)
        with asking(f"opening {collection}"):
            if there := client.has_collection(collection, timeout=TIMEOUT_S):
                client.load_collection(collection, timeout=TIMEOUT_S)
        found = rows_in(client, collection) if there else 0
        if found != count:
            raise IndexUnavailable(
                f"Milvus holds {found} of the {count} passages of {index.version}. Run `python -m index milvus`."
            )
        return cls(client, collection, (count, index.manifest["encoder"]["dimension"]), index.lexical.vocabulary.number)

    def nearest(self, vector: NDArray[np.float32], k: int, filters: Filters | None = None) -> Found:
        return self._search("dense", np.asarray(vector, np.float32).tolist(), k, filters)

    def wordiest(self, terms: Mapping[str, float], k: int, filters: Filters | None = None) -> Found:
        numbered = self._numbered(terms)
        return self._search("words", numbered, k, filters) if numbered else _found([])

    def word_scores(self, terms: Mapping[str, float], rows: NDArray[np.int64]) -> NDArray[np.float32]:
        numbered = self._numbered(terms)
        if not numbered:
            return np.zeros(len(rows), np.float32)
        passages = self._rows("words", rows)
        scores = [sum(words.get(term, 0.0) * weight for term, weight in numbered.items()) for words in passages]
        return np.array(scores, np.float32)

    def vectors(self, rows: NDArray[np.int64]) -> NDArray[np.float32]:
        return np.array(self._rows("dense", rows), np.float32).reshape(-1, self._dim)

    def _numbered(self, terms: Mapping[str, float]) -> dict[int, float]:
        numbers = {self._number(term): float(weight) for term, weight in terms.items()}
        return {number: weight for number, weight in numbers.items() if number is not None}

    def _loaded(self, ask: Callable[[], Any]) -> Any:
        """What `ask` gives. A cluster that was started anew may not have its collections in memory: then they are
        loaded, and it is asked again."""
        from pymilvus.exceptions import MilvusException

        with asking(f"asking {self._collection}"):
            try:
                return ask()
            except MilvusException as error:
                if error.code != _NOT_LOADED:
                    raise
            self._client.load_collection(self._collection, timeout=TIMEOUT_S)
            return ask()

    def _search(self, field: str, query: Any, k: int, filters: Filters | None) -> Found:
        if (k := min(k, self._count, _MOST)) < 1:
            return _found([])
        search = partial(
            self._client.search, self._collection, [query], anns_field=field, limit=k,
            filter=expression(filters) if filters else "", output_fields=["row"], timeout=TIMEOUT_S,
            search_params={"metric_type": "IP", "params": {"ef": max(k, _EF)} if field == "dense" else {}},
        )  # fmt: skip
        (hits,) = self._loaded(search)
        return _found([(int(hit["row"]), float(hit["distance"])) for hit in hits])

    def _rows(self, field: str, rows: NDArray[np.int64]) -> list[Any]:
        """A field of each of these rows, in their order."""
        held: dict[int, Any] = {}
        for start in range(0, len(rows), _BATCH):
            ids = rows[start : start + _BATCH].tolist()
            query = partial(self._client.query, self._collection, ids=ids, output_fields=["row", field])
            held |= {int(record["row"]): record[field] for record in self._loaded(partial(query, timeout=TIMEOUT_S))}
        if missing := [row for row in rows.tolist() if row not in held]:
            raise IndexUnavailable(f"Milvus: {self._collection} lacks row {missing[0]}. Run `python -m index milvus`.")
        return [held[row] for row in rows.tolist()]


def rows_in(client: MilvusClient, collection: str) -> int:
    """How many rows a loaded collection holds, all that was acknowledged."""
    with asking(f"counting {collection}"):
        (counted,) = client.query(
            collection, output_fields=["count(*)"], consistency_level="Strong", timeout=TIMEOUT_S
        )  # fmt: skip
        return int(counted["count(*)"])


def expression(filters: Filters) -> str:
    """What `Filters.admit` says, in Milvus's own words; "" when everything is admitted."""
    parts = []
    if filters.section:
        parts.append(f'section == "{section_key(filters.section).translate(_ESCAPED)}"')
    if filters.since or filters.until:
        parts.append(f"date >= {filters.since.toordinal() if filters.since else 1}")
    if filters.until:
        parts.append(f"date <= {filters.until.toordinal()}")
    return " and ".join(parts)


def section_key(section: str) -> str:
    """A section as it is kept and asked for: case folded, no longer than Milvus takes, without halves of characters."""
    return section.casefold().encode("utf-8", "replace")[:SECTION_BYTES].decode("utf-8", "ignore")


def _found(hits: Sequence[tuple[int, float]]) -> Found:
    """Best first; ties, which a cluster gives in any order, by row."""
    best = sorted(hits, key=lambda hit: (-hit[1], hit[0]))
    return np.array([row for row, _ in best], np.int64), np.array([score for _, score in best], np.float32)

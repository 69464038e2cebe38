"""Articles to a published index. Only passages of new content are encoded; an unchanged corpus writes nothing."""

from __future__ import annotations

import hashlib
import json
import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from errors import BuildRefused, IndexUnavailable
from index.chunk import chunk
from index.lexical import LexicalIndex
from index.publish import building, promote, publish
from index.store import FORMAT, Index, live_name, open_index
from index.vectors import FaissVectors, TokenRows, TokenVectors
from records import Article, Encoder, Passage

PASSAGE_TOKENS = 160
"""Size of a passage, in the encoder's tokens: most paragraphs of a bulletin stay whole (chosen on the fit half of the
go-cluster questions among 96, 128, 160 and 200)."""
_RECIPE = 1
"""Raise it when passages or terms of the same articles come out otherwise, so that older indexes are built anew."""
_SLICE = 128
"""Passages encoded between two steps of the progress bar; their vectors are compressed before the next."""

log = logging.getLogger("bulletin.index")


class _Stored(NamedTuple):
    vector: NDArray[np.float32]
    tokens: TokenRows


@dataclass(frozen=True, slots=True)
class BuildReport:
    version: str
    articles: int
    passages: int
    encoded: int
    """Passages that had to go through the encoder; the rest were taken from the version before."""
    changed: bool
    """False: the live version was built from just these articles, and nothing was written."""


def build(articles: Sequence[Article], encoder: Encoder, directory: Path, *, progress: bool = False) -> BuildReport:
    """Build and publish an index of `articles` in `directory`.

    Raises BuildRefused when there are no articles or another build is at work. Whatever happens, the version that was
    live before stays live until the new one is whole.
    """
    if not articles:
        raise BuildRefused("There are no articles to build an index from.")
    with building(directory):
        previous = _previous(directory, encoder.id)
        source = _source_hash(articles, encoder.id)
        if previous and previous.manifest["source"] == source:
            if live_name(directory) != previous.version:  # the live one is damaged, or the pointer is
                promote(directory, previous.version)
            return BuildReport(previous.version, len(articles), len(previous.passages), 0, changed=False)
        passages = [passage for article in articles for passage in chunk(article, PASSAGE_TOKENS, encoder.count_tokens)]
        by_id = {article.id: article for article in articles}
        owners = [by_id[passage.article_id] for passage in passages]
        keys = [_key(encoder.id, owner, passage) for owner, passage in zip(owners, passages, strict=True)]
        stored = _stored(previous)
        fresh = [i for i, key in enumerate(keys) if key not in stored]
        for part in _slices(fresh, progress):
            encodings = encoder.encode_passages([passages[i].text for i in part], [owners[i].title for i in part])
            stored |= {keys[i]: _Stored(e.vector, TokenRows.of(e)) for i, e in zip(part, encodings, strict=True)}
        texts = [f"{owner.title}\n{passage.text}" for owner, passage in zip(owners, passages, strict=True)]
        version = publish(
            directory, articles, passages, keys,
            FaissVectors.build(np.stack([stored[key].vector for key in keys])),
            TokenVectors.build([stored[key].tokens for key in keys]),
            LexicalIndex.build(texts, [owner.lang for owner in owners]),
            {
                "encoder": {"id": encoder.id, "dimension": encoder.dim},
                "chunk": {"tokens": PASSAGE_TOKENS},
                "counts": {"articles": len(articles), "passages": len(passages)},
                "source": source,
            },
        )  # fmt: skip
    return BuildReport(version, len(articles), len(passages), len(fresh), changed=True)


def _previous(directory: Path, encoder_id: str) -> Index | None:
    """The live index if its vectors can be used again."""
    try:
        return open_index(directory, encoder_id)
    except IndexUnavailable as error:
        if any(directory.glob("v-*")):
            log.warning("Nothing is taken over from the index before: %s", error)
        return None


def _stored(index: Index | None) -> dict[str, _Stored]:
    if index is None:
        return {}
    vectors = index.vectors.rows(range(len(index.keys)))
    return {key: _Stored(vectors[row], index.tokens.of(row)) for row, key in enumerate(index.keys)}


def _slices(numbers: Sequence[int], progress: bool) -> Iterator[Sequence[int]]:
    with tqdm(total=len(numbers), desc="encoding", unit="passage", disable=not progress or not numbers) as bar:
        for start in range(0, len(numbers), _SLICE):
            part = numbers[start : start + _SLICE]
            yield part
            bar.update(len(part))


def _key(encoder_id: str, article: Article, passage: Passage) -> str:
    """What a passage's vectors are a function of."""
    return hashlib.sha256("\0".join((encoder_id, article.title, passage.text)).encode()).hexdigest()


def _source_hash(articles: Sequence[Article], encoder_id: str) -> str:
    """What the index is a function of: this code, the encoder, the size of a passage, every field of every article."""
    digest = hashlib.sha256(f"{FORMAT}\0{_RECIPE}\0{encoder_id}\0{PASSAGE_TOKENS}".encode())
    for a in articles:
        fields = (a.id, a.title, a.lang, a.url, str(a.date), a.section, a.authors, a.body)
        digest.update(json.dumps(fields).encode())
    return digest.hexdigest()

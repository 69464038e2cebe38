"""The files of a version: what is new is encoded, the rest comes from the version before."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from index.stores.columns import Columns
from index.stores.lexical import LexicalIndex
from index.stores.names import Names
from index.stores.vectors import FaissVectors, TokenRows
from index.versions.lines import Keys, article_record, passage_record, write_lines
from index.versions.segments import MOST, SegmentWriter, kept_segments
from index.versions.store import Index
from records import Article, Encoder, Passage

_SLICE = 128
"""Passages encoded between two steps of the progress bar; their vectors are compressed before the next."""


@dataclass(frozen=True, slots=True)
class Contents:
    """What a version holds: articles, and its passages in order, each with its article and the key of its vectors."""

    articles: Sequence[Article]
    owners: Sequence[Article]
    passages: Sequence[Passage]
    keys: Sequence[str]


class Encoded:
    """The vectors of the passages of `contents`, out of `previous` those that it has; `fresh`: how many it lacks."""

    def __init__(self, contents: Contents, encoder: Encoder, previous: Index | None, progress: bool) -> None:
        self.previous = previous
        self._encoder, self._progress = encoder, progress
        self._texts = {
            key: (passage.text, owner.title)
            for key, passage, owner in zip(contents.keys, contents.passages, contents.owners, strict=True)
        }
        self._rows = {key: row for row, key in enumerate(previous.keys)} if previous else {}
        self._vectors: dict[str, NDArray[np.float32]] = {}
        self.fresh = len(self._texts.keys() - self._rows.keys())

    def segments(self, keys: Sequence[str]) -> Iterator[tuple[Sequence[str], list[TokenRows]]]:
        """The tokens of the passages of these keys, MOST at a time: what is new is encoded as one goes."""
        with tqdm(
            total=self.fresh, desc="encoding", unit="passage", disable=not self._progress or not self.fresh
        ) as bar:
            for start in range(0, len(keys), MOST):
                part = keys[start : start + MOST]
                new = self._encode([key for key in part if key not in self._rows], bar)
                yield part, [new[key] if key in new else self._taken(key) for key in part]

    def _encode(self, keys: Sequence[str], bar: tqdm[Any]) -> dict[str, TokenRows]:
        rows = {}
        # Texts of like length together: what is padded is computed for nothing.
        keys = sorted(keys, key=lambda key: len(self._texts[key][0]), reverse=True)
        for start in range(0, len(keys), _SLICE):
            part = keys[start : start + _SLICE]
            encodings = self._encoder.encode_passages(*zip(*(self._texts[key] for key in part), strict=True))
            for key, encoding in zip(part, encodings, strict=True):
                self._vectors[key], rows[key] = encoding.vector, TokenRows.of(encoding)
            bar.update(len(part))
        return rows

    def _taken(self, key: str) -> TokenRows:
        assert self.previous is not None
        return self.previous.tokens.of(self._rows[key])

    def vectors(self, keys: Sequence[str]) -> NDArray[np.float32]:
        """float32 (len(keys), dim), unit rows; after `segments` went through all that are new."""
        vectors = np.empty((len(keys), self._encoder.dim), np.float32)
        taken = [i for i, key in enumerate(keys) if key in self._rows]
        if self.previous:
            vectors[taken] = self.previous.vectors.rows([self._rows[keys[i]] for i in taken])
        for i, key in enumerate(keys):
            if key in self._vectors:
                vectors[i] = self._vectors[key]
        return vectors


def write_version(
    work: Path, directory: Path, contents: Contents, encoded: Encoded, manifest: Mapping[str, Any]
) -> dict[str, Any]:
    """Write the files of `contents` into the folder `work` beside the versions; returns the manifest without them."""
    with ThreadPoolExecutor(1) as aside:  # words are counted while the encoder, which is not Python, works
        texts = aside.submit(write_texts, work, contents)
        segments = _write_tokens(work / "tokens", directory, contents.keys, encoded)
        texts.result()
    FaissVectors.build(encoded.vectors(contents.keys)).save(work)
    return {**manifest, "segments": segments}


def write_texts(work: Path, contents: Contents) -> None:
    """Write all files of a version but those of vectors."""
    write_lines(work / "articles.jsonl", map(article_record, contents.articles))
    write_lines(work / "passages.jsonl", map(passage_record, contents.passages))
    Names.of([article.id for article in contents.articles]).save(work, "ids")
    Keys.of(contents.keys).save(work / "keys.npy")
    Columns.of(contents.articles, contents.passages).save(work / "columns")
    texts = (f"{owner.title}\n{text.text}" for owner, text in zip(contents.owners, contents.passages, strict=True))
    LexicalIndex.build(texts, (owner.lang for owner in contents.owners)).save(work / "lexical")


def _write_tokens(folder: Path, directory: Path, keys: Sequence[str], encoded: Encoded) -> dict[str, int]:
    writer, wanted, previous = SegmentWriter(folder), dict.fromkeys(keys), encoded.previous
    if previous:
        held = previous.tokens.held(previous.keys)
        for name in kept_segments(held, wanted):
            writer.link(directory / previous.version / "tokens" / name, held[name])
            for key in held[name]:
                del wanted[key]
    for part, rows in encoded.segments([*wanted]):
        writer.add(part, rows)
    return writer.finish(keys)

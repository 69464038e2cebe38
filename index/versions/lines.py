"""Articles and passages of a built index as JSON, one object a line, read when they are asked for.

Beside each file stands where its lines begin. Lines are read, not memory-mapped: what a mapping touches counts as the
process's own memory, with fifteen pages around it. A passage's text is not kept but sliced from its article.
"""

from __future__ import annotations

import datetime
import json
import os
import weakref
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any, overload

import numpy as np
from numpy.typing import NDArray

from index.stores.arrays import mapped
from index.stores.names import Names
from records import Article, Passage

_REMEMBERED = 64
"""Articles kept as they were read: the passages of one are asked for one after the other."""


def write_lines(path: Path, records: Iterable[dict[str, Any]]) -> None:
    """Write `path`, and beside it where its lines begin."""
    starts = [0]
    with path.open("wb") as file:
        for record in records:
            starts.append(starts[-1] + file.write(json.dumps(record, ensure_ascii=False).encode() + b"\n"))
    np.save(_starts(path), np.array(starts, np.int64), allow_pickle=False)


def _starts(path: Path) -> Path:
    return path.with_name(f"{path.stem}_starts.npy")


class Lines:
    """The objects of a file of lines, by number."""

    def __init__(self, path: Path) -> None:
        self._starts = mapped(_starts(path))
        self._file = os.open(path, os.O_RDONLY)
        weakref.finalize(self, os.close, self._file)

    def __len__(self) -> int:
        return len(self._starts) - 1

    def __getitem__(self, number: int) -> dict[str, Any]:
        start, end = self._starts[number : number + 2].tolist()
        record: dict[str, Any] = json.loads(os.pread(self._file, end - start, start))
        return record


class StoredArticles(Mapping[str, Article]):
    """By id, in the order of the corpus. `ids`: of the articles as `lines` number them."""

    def __init__(self, ids: Names, lines: Lines) -> None:
        self._ids = ids
        self.numbered = lru_cache(_REMEMBERED)(lambda number: to_article(lines[number]))

    def number(self, id: str) -> int | None:
        return self._ids.number(id)

    def __getitem__(self, id: str) -> Article:
        number = self._ids.number(id)
        if number is None:
            raise KeyError(id)
        return self.numbered(number)

    def __iter__(self) -> Iterator[str]:
        return iter(self._ids)

    def __len__(self) -> int:
        return len(self._ids)


class StoredPassages(Sequence[Passage]):
    """`owners`: (n,) the number of each passage's article."""

    def __init__(self, lines: Lines, articles: StoredArticles, owners: NDArray[np.int32]) -> None:
        self._lines, self._articles, self._owners = lines, articles, owners

    def __len__(self) -> int:
        return len(self._lines)

    @overload
    def __getitem__(self, row: int) -> Passage: ...
    @overload
    def __getitem__(self, row: slice) -> list[Passage]: ...
    def __getitem__(self, row: int | slice) -> Passage | list[Passage]:
        if isinstance(row, slice):
            return [self[i] for i in range(*row.indices(len(self)))]
        row = range(len(self))[row]
        return to_passage(self._lines[row], self._articles.numbered(int(self._owners[row])))


class Keys(Sequence[str]):
    """SHA-256 in hexadecimal. `digests`: uint8 (n, 32)."""

    def __init__(self, digests: NDArray[np.uint8]) -> None:
        self._digests = digests

    @classmethod
    def of(cls, keys: Sequence[str]) -> Keys:
        return cls(np.frombuffer(bytes.fromhex("".join(keys)), np.uint8).reshape(-1, 32))

    def save(self, path: Path) -> None:
        np.save(path, self._digests, allow_pickle=False)

    @classmethod
    def load(cls, path: Path) -> Keys:
        return cls(mapped(path))

    def __len__(self) -> int:
        return len(self._digests)

    @overload
    def __getitem__(self, row: int) -> str: ...
    @overload
    def __getitem__(self, row: slice) -> list[str]: ...
    def __getitem__(self, row: int | slice) -> str | list[str]:
        if isinstance(row, slice):
            return [self[i] for i in range(*row.indices(len(self)))]
        return bytes(self._digests[row]).hex()


def article_record(article: Article) -> dict[str, Any]:
    return {
        "id": article.id,
        "title": article.title,
        "lang": article.lang,
        "url": article.url,
        "date": article.date.isoformat() if article.date else None,
        "section": article.section,
        "authors": article.authors,
        "body": article.body,
    }


def to_article(record: dict[str, Any]) -> Article:
    date = datetime.date.fromisoformat(record["date"]) if record["date"] else None
    return Article(**{**record, "date": date, "authors": tuple(record["authors"])})


def passage_record(passage: Passage) -> dict[str, Any]:
    return {
        "article_id": passage.article_id,
        "start": passage.start,
        "end": passage.end,
        "kind": passage.kind,
        "sentences": passage.sentences,
    }


def to_passage(record: dict[str, Any], article: Article) -> Passage:
    start, end = record["start"], record["end"]
    spans = tuple((a, b) for a, b in record["sentences"])
    return Passage(article.id, start, end, article.body[start:end], record["kind"], spans)

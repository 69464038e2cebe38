"""What search asks of passages and articles without reading them, as small columns of integers."""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import get_args

import numpy as np
from numpy.typing import NDArray

from index.stores.arrays import in_memory
from index.stores.names import Names
from records import LANGS, Article, Filters, Kind, Passage

KINDS: tuple[Kind, ...] = get_args(Kind)
_ARRAYS = ("articles", "kinds", "langs", "dates", "sections")


@dataclass(frozen=True, slots=True)
class Columns:
    """n passages of m articles, numbered as they stand in the corpus."""

    articles: NDArray[np.int32]
    """(n,) the number of each passage's article"""
    kinds: NDArray[np.int8]
    """(n,) as a number into KINDS"""
    langs: NDArray[np.int8]
    """(n,) as a number into `records.LANGS`"""
    dates: NDArray[np.int32]
    """(m,) days from `datetime.date.min` on, the first being 1; 0: no date"""
    sections: NDArray[np.int32]
    """(m,) as a number into `section_names`"""
    section_names: Names
    """Case folded."""

    @classmethod
    def of(cls, articles: Sequence[Article], passages: Sequence[Passage]) -> Columns:
        numbers = {article.id: number for number, article in enumerate(articles)}
        sections = {name: i for i, name in enumerate(dict.fromkeys(article.section.casefold() for article in articles))}
        owners = np.array([numbers[passage.article_id] for passage in passages], np.int32)
        langs = np.array([LANGS.index(article.lang) for article in articles], np.int8)
        return cls(
            owners,
            np.array([KINDS.index(passage.kind) for passage in passages], np.int8),
            langs[owners],
            np.array([article.date.toordinal() if article.date else 0 for article in articles], np.int32),
            np.array([sections[article.section.casefold()] for article in articles], np.int32),
            Names.of(list(sections)),
        )

    def save(self, directory: Path) -> None:
        directory.mkdir()
        for name in _ARRAYS:
            np.save(directory / f"{name}.npy", getattr(self, name), allow_pickle=False)
        self.section_names.save(directory, "section_names")

    @classmethod
    def load(cls, directory: Path) -> Columns:
        """In memory: ten bytes a passage."""
        arrays = {name: in_memory(directory / f"{name}.npy") for name in _ARRAYS}
        return cls(**arrays, section_names=Names.load(directory, "section_names"))

    def admitted(self, filters: Filters) -> NDArray[np.bool_]:
        """(n,), which passages are of articles that `filters` admit, as `Filters.admit` has it."""
        admitted = np.ones(len(self.dates), np.bool_)
        if filters.section:
            number = self.section_names.number(filters.section.casefold())
            admitted &= self.sections == (-1 if number is None else number)
        if filters.since or filters.until:
            first, last = filters.since or datetime.date.min, filters.until or datetime.date.max
            admitted &= (self.dates >= first.toordinal()) & (self.dates <= last.toordinal())
        return admitted[self.articles]

    def rows_of(self, article: int) -> NDArray[np.int64]:
        """The passages of an article."""
        return np.flatnonzero(self.articles == article)

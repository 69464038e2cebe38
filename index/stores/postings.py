"""Which rows weighted terms favour: postings, term after term, of which only those that can matter are read.

The pruning is MaxScore (Turtle & Flood 1995): terms are read rarest first. The rows that then look best are scored
whole, which tells what one has to score at least; frequent terms that could give but a part of that together are not
read but looked up, for the rows that can still get there. The result is exact.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from index.stores.arrays import mapped
from records import Found

_FIRST = 20_000
"""Postings read before looking for a reason to stop."""
_LIKELY = 6
"""Rows whose whole score is taken to learn what the best score at least, as a multiple of how many are wanted."""
_SMALL = 0.7
"""Terms are looked up and not read when they give less together than this share of what one has to score: the smaller
it is, the more are read and the fewer rows are left to look up."""
_ROUNDING = 1e-5
"""Sums of float32 in another order differ by less than this share."""
_LOOKUP = 16
"""What it costs to look up a row in a term's postings, in postings read one after the other."""
_FILES = ("count", "starts", "rows", "scores", "most")


class _Term(NamedTuple):
    weight: np.float32
    rows: NDArray[np.int32]
    scores: NDArray[np.float32]
    most: float
    """No row gets more from this term, its weight counted."""


@dataclass(frozen=True, slots=True)
class Postings:
    """Of t terms over `count` rows: term i scores `scores[starts[i]:starts[i + 1]]` in the rows beside them."""

    count: int
    starts: NDArray[np.int64]
    """(t + 1,)"""
    rows: NDArray[np.int32]
    """(postings,), rising within a term"""
    scores: NDArray[np.float32]
    """(postings,), above 0"""
    most: NDArray[np.float32]
    """(t,), the highest score of each term"""

    def save(self, directory: Path) -> None:
        for name in _FILES:
            np.save(directory / f"{name}.npy", getattr(self, name), allow_pickle=False)

    @classmethod
    def load(cls, directory: Path) -> Postings:
        """Memory-mapped."""
        count, *arrays = (mapped(directory / f"{name}.npy") for name in _FILES)
        return cls(int(count), *arrays)

    def frequency(self, term: int) -> int:
        """In how many rows a term is."""
        return int(self.starts[term + 1] - self.starts[term])

    def all_scores(self, weights: Mapping[int, float]) -> NDArray[np.float32]:
        """float32 (count,): the sum of the terms' scores, each times its weight."""
        total = np.zeros(self.count, np.float32)
        _add(total, self._terms(weights))
        return total

    def scores_of(self, weights: Mapping[int, float], rows: NDArray[np.int64]) -> NDArray[np.float32]:
        """float32 (m,), what `all_scores` gives for these rows (m,)."""
        total = np.zeros(len(rows), np.float32)
        for term in self._terms(weights):
            total += _looked_up(term, rows)
        return total

    def best(self, weights: Mapping[int, float], k: int, admitted: NDArray[np.bool_] | None = None) -> Found:
        """The `k` rows of the highest scores above 0, best first, ties by row; of those `admitted` (count,) alone."""
        terms = sorted(self._terms(weights), key=lambda term: len(term.rows))
        if admitted is not None and np.count_nonzero(admitted) * _LOOKUP * len(terms) < sum(len(t.rows) for t in terms):
            rows = np.flatnonzero(admitted)
            return _top(rows, self.scores_of(weights, rows), k)
        total = np.zeros(self.count, np.float32)
        first = 1 + int(np.searchsorted(np.cumsum([len(term.rows) for term in terms]), _FIRST))
        _add(total, terms[:first])
        least = self._least(_held(total, admitted), total, weights, k)
        left = np.cumsum([0.0, *(term.most for term in reversed(terms))])[::-1]
        needed = next((place for place in range(first, len(terms)) if left[place] < _SMALL * least), len(terms))
        _add(total, terms[first:needed])
        rows = _held(total, admitted)
        least = self._least(rows, total, weights, k)
        able = rows[total[rows] >= least - left[needed]]
        return _top(able, self.scores_of(weights, able), k)

    def _least(
        self, rows: NDArray[np.int64], total: NDArray[np.float32], weights: Mapping[int, float], k: int
    ) -> float:
        """What the `k`-th best of `rows` scores at least: that of those that look best by what was added so far."""
        if not 0 < k <= len(rows):
            return 0.0
        likely = rows[np.argpartition(total[rows], -_LIKELY * k)[-_LIKELY * k :]] if len(rows) > _LIKELY * k else rows
        return float(np.sort(self.scores_of(weights, likely))[-k]) * (1 - _ROUNDING)

    def _terms(self, weights: Mapping[int, float]) -> list[_Term]:
        return [
            _Term(np.float32(weight), self.rows[own], self.scores[own], weight * float(self.most[term]))
            for term, weight in weights.items()
            if (own := slice(self.starts[term], self.starts[term + 1]))
        ]


def _looked_up(term: _Term, rows: NDArray[np.int64]) -> NDArray[np.float32]:
    if not len(term.rows):
        return np.zeros(len(rows), np.float32)
    places = np.searchsorted(term.rows, rows.astype(np.int32))
    places[places == len(term.rows)] = 0
    return np.where(term.rows[places] == rows, term.weight * term.scores[places], np.float32(0))


def _add(total: NDArray[np.float32], terms: Sequence[_Term]) -> None:
    for term in terms:
        np.add.at(total, term.rows, term.weight * term.scores)  # three times as fast as +=, which gathers first


def _held(total: NDArray[np.float32], admitted: NDArray[np.bool_] | None) -> NDArray[np.int64]:
    """Rows that score, of those admitted."""
    rows = np.flatnonzero(total > 0)
    return rows if admitted is None else rows[admitted[rows]]


def _top(rows: NDArray[np.int64], scores: NDArray[np.float32], k: int) -> Found:
    """The best `k` of `rows`, which rise, and their scores, those of 0 left out."""
    best = np.argsort(-scores, kind="stable")[:k]
    best = best[scores[best] > 0]
    return rows[best], scores[best]

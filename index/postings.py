"""Which rows weighted terms favour: postings, term after term, of which only those that can matter are read.

The pruning is MaxScore (Turtle & Flood 1995): terms are read rarest first; once the best rows found so far score more
than all terms still unread could give together, no new row can come among the best, and the unread terms are only
looked up for the rows that still can. The result is exact.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from index.names import mapped
from records import Found

_LONG = 5_000
"""Postings from which on a term is worth looking for a reason not to read it."""
_ROUNDING = np.float32(1e-5)
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
        for term in self._terms(weights):
            total[term.rows] += term.weight * term.scores
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
        rows, left = np.empty(0, np.int32), sum(term.most for term in terms)
        for term in terms:
            if len(term.rows) > _LONG and _kth(total[rows], k) * (1 - _ROUNDING) > left:
                break
            fresh = term.rows[total[term.rows] == 0]
            total[term.rows] += term.weight * term.scores
            rows = np.concatenate([rows, fresh if admitted is None else fresh[admitted[fresh]]])
            left -= term.most
        able = np.sort(rows[total[rows] >= _kth(total[rows], k) * (1 - _ROUNDING) - left]).astype(np.int64)
        return _top(able, self.scores_of(weights, able), k)

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


def _kth(scores: NDArray[np.float32], k: int) -> np.float32:
    """The k-th highest score; 0 when there are fewer."""
    return np.float32(0) if not 0 < k <= len(scores) else np.partition(scores, len(scores) - k)[len(scores) - k]


def _top(rows: NDArray[np.int64], scores: NDArray[np.float32], k: int) -> Found:
    """The best `k` of `rows`, which rise, and their scores, those of 0 left out."""
    best = np.argsort(-scores, kind="stable")[:k]
    best = best[scores[best] > 0]
    return rows[best], scores[best]

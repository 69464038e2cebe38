"""The vector store that a built version is by itself: its FAISS file, its words and its columns, on this machine."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from index.stores.columns import Columns
from index.stores.lexical import LexicalIndex
from index.stores.vectors import FaissVectors
from records import Filters, Found


@dataclass(frozen=True, slots=True)
class LocalStore:
    """A `records.VectorStore`; row i of each part is passage i."""

    passages: FaissVectors
    words: LexicalIndex
    columns: Columns

    def nearest(self, vector: NDArray[np.float32], k: int, filters: Filters | None = None) -> Found:
        admitted = np.flatnonzero(self.columns.admitted(filters)) if filters else None
        rows, scores = self.passages.search(vector, k, admitted)
        order = np.lexsort((rows, -scores))  # FAISS gives ties in any order
        return rows[order], scores[order]

    def wordiest(self, terms: Mapping[str, float], k: int, filters: Filters | None = None) -> Found:
        return self.words.best(terms, k, self.columns.admitted(filters) if filters else None)

    def word_scores(self, terms: Mapping[str, float], rows: NDArray[np.int64]) -> NDArray[np.float32]:
        return self.words.scores_of(terms, rows)

    def vectors(self, rows: NDArray[np.int64]) -> NDArray[np.float32]:
        return self.passages.rows(rows)

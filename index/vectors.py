"""Passage vectors in FAISS, exact inner product; their token vectors in 8 bits, memory-mapped, for late interaction.

One metric, one direction: inner product of unit vectors, higher is better.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import faiss
import numpy as np
from numpy.typing import NDArray

from records import Encoding


class FaissVectors:
    """Exact search over unit vectors (faiss.IndexFlatIP)."""

    def __init__(self, index: faiss.Index) -> None:
        self._index = index

    @classmethod
    def build(cls, rows: NDArray[np.float32]) -> FaissVectors:
        """`rows`: float32 (n, dim), unit rows."""
        index = faiss.IndexFlatIP(rows.shape[1])
        index.add(np.ascontiguousarray(rows, np.float32))
        return cls(index)

    def save(self, path: Path) -> None:
        # Not faiss.write_index: on a full disk it says nothing and leaves a file cut short.
        path.write_bytes(faiss.serialize_index(self._index).tobytes())

    @classmethod
    def load(cls, path: Path) -> FaissVectors:
        return cls(faiss.read_index(str(path), faiss.IO_FLAG_MMAP))

    def __len__(self) -> int:
        return int(self._index.ntotal)

    def search(self, vector: NDArray[np.float32], k: int) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
        """Row numbers and inner products of the best `k` rows, best first; fewer when there are fewer rows."""
        scores, rows = self._index.search(vector[None], min(k, len(self)))
        return rows[0], scores[0]

    def rows(self, numbers: Sequence[int]) -> NDArray[np.float32]:
        """The vectors of these rows, float32 (len(numbers), dim)."""
        return np.asarray(self._index.reconstruct_batch(np.asarray(numbers, np.int64)), np.float32)


class TokenRows(NamedTuple):
    """The token vectors of one passage in 8 bits: row i is `values[i] * scales[i]`, within 0.4 % of what went in."""

    values: NDArray[np.int8]
    """(n, dim)"""
    scales: NDArray[np.float32]
    """(n, 1)"""
    spans: NDArray[np.int32]
    """(n, 2), where each token stands in the passage's text."""

    @classmethod
    def of(cls, encoding: Encoding) -> TokenRows:
        scales = np.maximum(np.abs(encoding.tokens).max(axis=1, keepdims=True, initial=0), 1e-12) / np.float32(127)
        return cls(np.rint(encoding.tokens / scales).astype(np.int8), scales, encoding.spans)

    def vectors(self) -> NDArray[np.float32]:
        """float32 (n, dim), rows of nearly unit length."""
        return self.values * self.scales


class TokenVectors:
    """The token vectors of all passages, one after the other; `starts` (n + 1) says where each passage's rows begin."""

    _FILES = ("token_values.npy", "token_scales.npy", "token_spans.npy", "token_starts.npy")

    def __init__(self, rows: TokenRows, starts: NDArray[np.int64]) -> None:
        self._rows, self._starts = rows, starts

    @classmethod
    def build(cls, passages: Sequence[TokenRows]) -> TokenVectors:
        starts = np.cumsum([0, *(len(rows.values) for rows in passages)], dtype=np.int64)
        values, scales, spans = (np.concatenate(column) for column in zip(*passages, strict=True))
        return cls(TokenRows(values, scales, spans), starts)

    def save(self, directory: Path) -> None:
        arrays: tuple[NDArray[Any], ...] = (*self._rows, self._starts)
        for name, array in zip(self._FILES, arrays, strict=True):
            np.save(directory / name, array, allow_pickle=False)

    @classmethod
    def load(cls, directory: Path) -> TokenVectors:
        values, scales, spans, starts = (
            np.load(directory / name, mmap_mode="r", allow_pickle=False) for name in cls._FILES
        )
        return cls(TokenRows(values, scales, spans), starts)

    def of(self, passage: int) -> TokenRows:
        rows = slice(self._starts[passage], self._starts[passage + 1])
        return TokenRows(self._rows.values[rows], self._rows.scales[rows], self._rows.spans[rows])

"""Passage vectors in FAISS, exact inner product; what is kept of their tokens in 8 bits, memory-mapped.

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

_NOTHING = np.empty((1, 0), np.float32), np.empty((1, 0), np.int64)


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

    def search(
        self, vector: NDArray[np.float32], k: int, among: NDArray[np.int64] | None = None
    ) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
        """Row numbers and inner products of the best `k` rows, best first, `among` these if any are named; fewer when
        there are fewer."""
        most = len(self) if among is None else len(among)
        only = None if among is None else faiss.SearchParameters(sel=faiss.IDSelectorBatch(among))  # type: ignore[call-arg]
        scores, rows = self._index.search(vector[None], min(k, most), params=only) if most else _NOTHING
        return rows[0], scores[0]

    def rows(self, numbers: Sequence[int] | NDArray[np.int64]) -> NDArray[np.float32]:
        """The vectors of these rows, float32 (len(numbers), dim)."""
        return np.asarray(self._index.reconstruct_batch(np.asarray(numbers, np.int64)), np.float32)


def eight_bits(rows: NDArray[np.float32]) -> tuple[NDArray[np.int8], NDArray[np.float32]]:
    """float32 (n, dim) to int8 values (n, dim) and float32 scales (n, 1): `values * scales` is within half a scale of
    what went in, and a scale is 1/127 of the row's largest value."""
    scales = np.maximum(np.abs(rows).max(axis=1, keepdims=True, initial=0), 1e-12) / np.float32(127)
    return np.rint(rows / scales).astype(np.int8), scales


class TokenRows(NamedTuple):
    """What is kept of the tokens of one passage: for each a vector and a half-way state in 8 bits, and its place."""

    values: NDArray[np.int8]
    """(n, dim), for late interaction"""
    scales: NDArray[np.float32]
    """(n, 1)"""
    state_values: NDArray[np.int8]
    """(n, width), for a reader; width 0 where the encoder gives no states"""
    state_scales: NDArray[np.float32]
    """(n, 1)"""
    spans: NDArray[np.int32]
    """(n, 2), where each token stands in the passage's text."""

    @classmethod
    def of(cls, encoding: Encoding) -> TokenRows:
        return cls(*eight_bits(encoding.tokens), *eight_bits(encoding.states), encoding.spans)

    def vectors(self) -> NDArray[np.float32]:
        """float32 (n, dim), rows of nearly unit length."""
        return self.values * self.scales

    def states(self) -> NDArray[np.float32]:
        """float32 (n, width), of no particular length."""
        return self.state_values * self.state_scales


class TokenVectors:
    """The tokens of all passages, one after the other; `starts` (n + 1) says where each passage's rows begin."""

    _FILES = tuple(f"token_{column}.npy" for column in (*TokenRows._fields, "starts"))

    def __init__(self, rows: TokenRows, starts: NDArray[np.int64]) -> None:
        self._rows, self._starts = rows, starts

    @classmethod
    def build(cls, passages: Sequence[TokenRows]) -> TokenVectors:
        starts = np.cumsum([0, *(len(rows.values) for rows in passages)], dtype=np.int64)
        return cls(TokenRows._make(np.concatenate(column) for column in zip(*passages, strict=True)), starts)

    def save(self, directory: Path) -> None:
        arrays: tuple[NDArray[Any], ...] = (*self._rows, self._starts)
        for name, array in zip(self._FILES, arrays, strict=True):
            np.save(directory / name, array, allow_pickle=False)

    @classmethod
    def load(cls, directory: Path) -> TokenVectors:
        *rows, starts = (np.load(directory / name, mmap_mode="r", allow_pickle=False) for name in cls._FILES)
        return cls(TokenRows._make(rows), starts)

    def of(self, passage: int) -> TokenRows:
        rows = slice(self._starts[passage], self._starts[passage + 1])
        return TokenRows._make(column[rows] for column in self._rows)

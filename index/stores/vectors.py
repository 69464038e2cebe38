"""Passage vectors in FAISS, exact inner product where there are few; what is kept of their tokens in 8 bits.

Both are memory-mapped, or read row by row.
One metric, one direction: inner product of unit vectors, higher is better.
"""

from __future__ import annotations

import os
import weakref
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple, Protocol

import faiss
import numpy as np
from numpy.typing import NDArray

from index.stores.arrays import mapped
from index.stores.near import EXACT, NearVectors, selector
from records import Encoding, Found

_FEW = 1000
"""Admitted rows that are read and scored one by one, whatever the size of the index."""


class Rows(Protocol):
    """float32 (n, dim), of which some are taken at a time."""

    def __getitem__(self, numbers: NDArray[np.int64], /) -> NDArray[np.float32]: ...


class FaissVectors:
    """Search over unit vectors: exact (faiss.IndexFlatIP), and from EXACT rows on among those that `near` proposes."""

    def __init__(self, flat: faiss.Index, rows: Rows, near: NearVectors | None = None) -> None:
        """`rows`: what `flat` holds, and `near` in short."""
        self._flat, self._rows, self._near = flat, rows, near

    @classmethod
    def build(cls, rows: NDArray[np.float32], *, progress: bool = False) -> FaissVectors:
        """`rows`: float32 (n, dim), unit rows."""
        rows = np.ascontiguousarray(rows, np.float32)
        flat = faiss.IndexFlatIP(rows.shape[1])
        flat.add(rows)
        return cls(flat, rows, NearVectors.build(rows, progress=progress) if len(rows) >= EXACT else None)

    def save(self, directory: Path) -> None:
        """Write `vectors.faiss`, and `near.faiss` where there are so many."""
        with (directory / "vectors.faiss").open("wb") as file:
            # Not to a path: on a full disk faiss then says nothing and leaves a file cut short.
            faiss.write_index(self._flat, faiss.PyCallbackIOWriter(file.write))  # type: ignore[attr-defined]
        if self._near:
            self._near.save(directory / "near.faiss")

    @classmethod
    def load(cls, directory: Path) -> FaissVectors:
        """Memory-mapped."""
        path, near = directory / "vectors.faiss", directory / "near.faiss"
        flat = faiss.read_index(str(path), faiss.IO_FLAG_MMAP_IFC)
        return cls(flat, _RowFile(path, flat.ntotal, flat.d), NearVectors.load(near) if near.exists() else None)

    def __len__(self) -> int:
        return int(self._flat.ntotal)

    def search(self, vector: NDArray[np.float32], k: int, among: NDArray[np.int64] | None = None) -> Found:
        """Row numbers and inner products of the best `k` rows, best first, ties by row; `among` these if any are named,
        which rise; fewer when there are fewer."""
        if among is not None and len(among) <= _FEW:
            return self._best(vector, k, among)
        if self._near:
            return self._best(vector, k, self._near.candidates(vector, k, among))
        only = None if among is None else faiss.SearchParameters(sel=selector(among, len(self)))  # type: ignore[call-arg]
        _, rows = self._flat.search(vector[None], min(k, len(self)), params=only)
        return self._best(vector, k, np.sort(rows[0][rows[0] >= 0]))

    def _best(self, vector: NDArray[np.float32], k: int, rows: NDArray[np.int64]) -> Found:
        """The best `k` of `rows`, which rise, by their whole vectors."""
        scores = self._rows[rows] @ vector
        best = np.argsort(-scores, kind="stable")[:k]
        return rows[best], scores[best]

    def rows(self, numbers: Sequence[int] | NDArray[np.int64]) -> NDArray[np.float32]:
        """The vectors of these rows, float32 (len(numbers), dim)."""
        return self._rows[np.asarray(numbers, np.int64)]


class _RowFile:
    """Rows read out of a flat index's file, which ends in them. Read, not mapped: see `index.versions.lines`."""

    def __init__(self, path: Path, count: int, dim: int) -> None:
        self._dim, self._first = dim, path.stat().st_size - 4 * count * dim
        self._file = os.open(path, os.O_RDONLY)
        weakref.finalize(self, os.close, self._file)

    def __getitem__(self, numbers: NDArray[np.int64]) -> NDArray[np.float32]:
        rows = np.empty((len(numbers), self._dim), np.float32)
        for row, number in zip(rows, numbers.tolist(), strict=True):
            os.preadv(self._file, [row.data], self._first + 4 * self._dim * number)
        return rows


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
        *rows, starts = (mapped(directory / name) for name in cls._FILES)
        return cls(TokenRows._make(rows), starts)

    def of(self, passage: int) -> TokenRows:
        rows = slice(self._starts[passage], self._starts[passage + 1])
        return TokenRows._make(column[rows] for column in self._rows)

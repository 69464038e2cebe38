"""Which of very many vectors may be nearest: cells around centroids, of which a few are searched, 8 bits a number.

faiss.IndexIVFScalarQuantizer, memory-mapped; what it proposes is scored again with the whole vectors
(`index.stores.vectors`).
Chosen among the kinds that `python -m bench.scale_near` compares. A graph (HNSW) takes longer to build, and where
filters admit few it wanders among those that are not admitted, while cells are searched the more of, down to all of
them, the fewer are admitted.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, cast

import faiss
import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

EXACT = 50_000
"""Vectors from which on cells are worth their errors: comparing with all takes about 8 ms from here on."""
_PROBES = 80
"""Cells searched where all passages are admitted."""
_PROPOSED = 4
"""How many are scored again, as a multiple of how many are wanted: 8 bits change the order of near ones."""
_TRAINING, _ROUNDS = 40, 10
"""Vectors a cell that k-means sees, and how often: the library warns below 39."""
_SLICE = 50_000
"""Vectors put into cells between two steps of the progress bar."""


class NearVectors:
    """`candidates` of an index that FAISS holds."""

    def __init__(self, index: faiss.IndexIVF) -> None:
        self._index = index

    @classmethod
    def build(cls, rows: NDArray[np.float32], *, progress: bool = False) -> NearVectors:
        """`rows`: float32 (n, dim), unit rows."""
        return cls(cls.train(rows, faiss.ScalarQuantizer.QT_8bit, progress=progress))

    @staticmethod
    def train(rows: NDArray[np.float32], bits: int, *, progress: bool = False) -> faiss.IndexIVF:
        """An index of cells that holds `rows`, its numbers in as many `bits` as one of FAISS's QT_ constants says."""
        count, dim = rows.shape
        cells = _cells(count)
        index = faiss.IndexIVFScalarQuantizer(faiss.IndexFlatIP(dim), dim, cells, bits, faiss.METRIC_INNER_PRODUCT)
        index.cp.max_points_per_centroid, index.cp.niter = _TRAINING, _ROUNDS
        chosen = np.random.default_rng(0).choice(count, min(count, _TRAINING * cells), replace=False)
        index.train(rows[np.sort(chosen)])
        for start in tqdm(range(0, count, _SLICE), desc="cells", unit="slice", disable=not progress):
            index.add(rows[start : start + _SLICE])
        return index

    def save(self, path: Path) -> None:
        with path.open("wb") as file:
            faiss.write_index(self._index, faiss.PyCallbackIOWriter(file.write))  # type: ignore[attr-defined]

    @classmethod
    def load(cls, path: Path) -> NearVectors:
        """Memory-mapped: of the cells only those are read that questions come near."""
        index = cast(faiss.IndexIVF, faiss.read_index(str(path), faiss.IO_FLAG_MMAP))
        # The library would start 32 threads a search to read ahead.
        faiss.downcast_InvertedLists(index.invlists).prefetch_nthread = 0  # type: ignore[attr-defined,arg-type]
        return cls(index)

    def candidates(
        self, vector: NDArray[np.float32], k: int, among: NDArray[np.int64] | None = None
    ) -> NDArray[np.int64]:
        """Rows, rising, that most likely hold the `k` nearest, of `among` if any are named."""
        count, cells = self._index.ntotal, self._index.nlist
        # Where few are admitted more cells are searched: as many admitted vectors are compared in each case.
        share = 1 if among is None else max(len(among), 1) / count
        probes = min(cells, round(_PROBES / share))
        only: dict[str, Any] = {} if among is None else {"sel": selector(among, count)}
        parameters = faiss.SearchParametersIVF(nprobe=probes, **only)  # type: ignore[call-arg]
        _, rows = self._index.search(vector[None], min(_PROPOSED * k, count), params=parameters)
        return np.asarray(np.sort(rows[0][rows[0] >= 0]), np.int64)


def selector(rows: NDArray[np.int64], count: int) -> faiss.IDSelectorBitmap:
    """These of `count` rows."""
    admitted = np.zeros(count, np.bool_)
    admitted[rows] = True
    return faiss.IDSelectorBitmap(np.packbits(admitted, bitorder="little"))  # type: ignore[call-arg,arg-type]


def _cells(count: int) -> int:
    """A power of two near four square roots, the library's own advice."""
    return int(2 ** round(np.log2(4 * np.sqrt(count))))

"""Kinds of approximate index beside each other, over the vectors of one size that `bench scale` built.

    python -m bench.scale_near var/scale/100000

Each proposes passages that are scored again with their whole vectors, as `index.stores.vectors` does.
Times are of one thread.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import faiss
import numpy as np
from numpy.typing import NDArray

from bench.scale_worker import FOUND, questions
from errors import one_line_errors
from index.stores.near import NearVectors
from index.versions.store import open_index

_GRAPH = {"M": 16, "efConstruction": 80}
Propose = Callable[[NDArray[np.float32]], NDArray[np.int64]]


def exact(rows: NDArray[np.float32], proposed: int) -> Iterator[tuple[str, Propose]]:
    index = faiss.IndexFlatIP(rows.shape[1])
    index.add(rows)
    yield "every vector compared", _proposals(index, None, proposed)


def cells(rows: NDArray[np.float32], bits: str, proposed: int) -> Iterator[tuple[str, Propose]]:
    """As `index.stores.near` has them, each number in `bits`, a few cells searched or many."""
    index = NearVectors.train(rows, getattr(faiss.ScalarQuantizer, f"QT_{bits}"))
    for probes in (32, 64, 128, 256):
        parameters = faiss.SearchParametersIVF(nprobe=probes)  # type: ignore[call-arg]
        yield f"cells, {bits}, {probes} searched, {proposed} proposed", _proposals(index, parameters, proposed)


def graph(rows: NDArray[np.float32], proposed: int) -> Iterator[tuple[str, Propose]]:
    index = faiss.IndexHNSWSQ(rows.shape[1], faiss.ScalarQuantizer.QT_8bit, _GRAPH["M"], faiss.METRIC_INNER_PRODUCT)  # type: ignore[arg-type]
    index.hnsw.efConstruction = _GRAPH["efConstruction"]
    index.train(rows[:: max(1, len(rows) // 100_000)])
    index.add(rows)
    for width in (50, 100, 200, 400):
        parameters = faiss.SearchParametersHNSW(efSearch=width)  # type: ignore[attr-defined]
        yield f"graph (HNSW), 8bit, efSearch {width}, {proposed} proposed", _proposals(index, parameters, proposed)


def _proposals(index: Any, parameters: Any, proposed: int) -> Propose:
    def propose(vector: NDArray[np.float32]) -> NDArray[np.int64]:
        rows = index.search(vector[None], proposed, params=parameters)[1][0]
        return np.asarray(rows[rows >= 0], np.int64)

    return propose


def line(name: str, propose: Propose, vectors: Any, asked: NDArray[np.float32], truth: NDArray[np.int64]) -> str:
    hits, spent = 0, []
    for vector, nearest in zip(asked, truth, strict=True):
        start = time.thread_time()
        rows = propose(vector)
        best = rows[np.argsort(-(vectors.rows(rows) @ vector))[:FOUND]]
        spent.append((time.thread_time() - start) * 1e3)
        hits += len(np.intersect1d(best, nearest))
    return f"| {name} | {hits / truth.size:.4f} | {np.median(spent):.1f} | {np.percentile(spent, 95):.1f} |"


@one_line_errors
def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m bench.scale_near", description="Kinds of approximate index.")
    parser.add_argument("folder", type=Path, help="of one size that `bench scale` built")
    folder = parser.parse_args(argv).folder
    vectors = open_index(folder / "index").vectors
    rows = vectors.rows(np.arange(len(vectors)))
    asked = np.stack([question.encoding.vector for question in questions(folder.parent)])
    truth = np.load(folder / "truth.npz")["all"]
    print(
        f"| {len(rows)} vectors, {len(asked)} questions | recall@10 | p50, ms of the processor | p95 |\n|{' --- |' * 4}"
    )
    for make, *how in ((exact, FOUND), (cells, "8bit", 40), (cells, "4bit", 40), (cells, "4bit", 100), (graph, 40)):
        start = time.perf_counter()
        for name, propose in make(rows, *how):
            built = f", built in {time.perf_counter() - start:.0f} s" if start else ""
            print(line(name + built, propose, vectors, asked, truth), flush=True)
            start = 0
    return 0


if __name__ == "__main__":
    sys.exit(main())

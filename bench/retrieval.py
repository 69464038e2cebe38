"""Rankers side by side over the same candidates: vectors, words and late interaction, each alone and fused.

The weight of the words is chosen on the articles of one half and every number is of the other half.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from eval.metrics import contains
from eval.questions import QuestionCase
from index.question import prepare
from index.search import CANDIDATES, WORDS_WEIGHT, search
from index.store import Index
from records import Encoder

WEIGHTS = (0.0, 0.05, 0.1, 0.2, 0.3, 0.5, 0.7, 1.0)

_ALONE = {"vectors (e5)": (1.0, 0.0, 0.0), "words (BM25)": (0.0, 1.0, 0.0), "late interaction": (0.0, 0.0, 1.0)}

_FILES = (("vectors.faiss",), ("lexical/",), ("token_values", "token_scales", "token_spans", "token_starts"))
"""How the names of the files begin that vectors, words and late interaction read."""


class _Found(NamedTuple):
    """One question's candidates: (n,) scores of each ranker, and which of them hold the answer."""

    dense: NDArray[np.float64]
    words: NDArray[np.float64]
    late: NDArray[np.float64]
    holds: NDArray[np.bool_]


def table(sets: Sequence[tuple[str, Sequence[QuestionCase], Index]], encoder: Encoder) -> str:
    """Markdown: recall@1, recall@5 and reciprocal rank of a passage that holds the answer, by set and ranker, and what
    the ranker keeps on disk."""
    lines = ["| set (questions) | ranker | recall@1 | recall@5 | reciprocal rank | kB a passage |", f"|{' --- |' * 6}"]
    tuning: dict[bool, list[list[_Found]]] = {True: [], False: []}
    for name, cases, index in sets:
        found = _found(cases, index, encoder)
        held = [row for half, row in found if half == 1]
        same = cases[0].lang == next(iter(index.articles.values())).lang
        tuning[same].append([row for half, row in found if half == 0])
        ours = WORDS_WEIGHT if same else 0.0
        for ranker, weights in {**_ALONE, f"late + {ours} · words (ours)": (0.0, ours, 1.0)}.items():
            scores = " | ".join(f"{score:.3f}" for score in _scores(held, *weights))
            size = sum(_kilobytes(index, part) for part, weight in zip(_FILES, weights, strict=True) if weight)
            lines.append(f"| {name} ({len(held)}) | {ranker} | {scores} | {size:.1f} |")
    best = {same: _best_weight(rows) for same, rows in tuning.items() if rows}
    head = [f"Best weight of words on the tuning half: {best.get(True)} in one language, {best.get(False)} across.", ""]
    return "\n".join(head + lines)


def _best_weight(sets: Sequence[Sequence[_Found]]) -> float:
    """The weight with the best mean reciprocal rank over the sets; the smallest of equals."""
    return max(WEIGHTS, key=lambda weight: float(np.mean([_scores(rows, 0, weight, 1)[2] for rows in sets])))


def _found(cases: Sequence[QuestionCase], index: Index, encoder: Encoder) -> list[tuple[int, _Found]]:
    rows = []
    for case in tqdm([case for case in cases if case.scorable and case.articles], desc="questions"):
        hits = search(index, prepare(case.question, encoder, lang=case.lang), 2 * CANDIDATES)
        holds = [hit.article.id in case.articles and contains(hit.passage.text, case.answers) for hit in hits]
        dense, words, late = (np.array([getattr(hit, name) for hit in hits]) for name in ("dense", "words", "late"))
        rows.append((_half(case), _Found(dense, words, late, np.array(holds))))
    return rows


def _kilobytes(index: Index, names: tuple[str, ...]) -> float:
    sizes = (int(about["bytes"]) for name, about in index.manifest["files"].items() if name.startswith(names))
    return sum(sizes) / 1000 / len(index.passages)


def _half(case: QuestionCase) -> int:
    """All questions of an article fall on the same side."""
    return hashlib.sha256(case.articles[0].encode()).digest()[0] % 2


def _scores(rows: Sequence[_Found], dense: float, words: float, late: float) -> tuple[float, float, float]:
    ranks = np.array([_rank(row, dense, words, late) for row in rows])
    return float((ranks == 1).mean()), float((ranks <= 5).mean()), float((1 / ranks).mean())


def _rank(row: _Found, dense: float, words: float, late: float) -> float:
    order = np.argsort(-(dense * row.dense + words * row.words + late * row.late), kind="stable")
    places = np.flatnonzero(row.holds[order])
    return float(places[0] + 1) if len(places) else np.inf

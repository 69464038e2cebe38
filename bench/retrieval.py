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


class _Found(NamedTuple):
    """One question's candidates: (n,) scores of each ranker, and which of them hold the answer."""

    dense: NDArray[np.float64]
    words: NDArray[np.float64]
    late: NDArray[np.float64]
    holds: NDArray[np.bool_]


def table(sets: Sequence[tuple[str, Sequence[QuestionCase], Index]], encoder: Encoder) -> str:
    """Markdown: recall@1, recall@5 and reciprocal rank of a passage that holds the answer, by set and ranker."""
    found = {name: _found(cases, index, encoder) for name, cases, index in sets}
    tuning = {name: [f for half, f in rows if half == 0] for name, rows in found.items()}
    held = {name: [f for half, f in rows if half == 1] for name, rows in found.items()}
    best = max(WEIGHTS, key=lambda weight: np.mean([_scores(rows, 0, weight, 1)[2] for rows in tuning.values()]))
    rankers = {
        "vectors (e5)": (1.0, 0.0, 0.0),
        "words (BM25)": (0.0, 1.0, 0.0),
        "late interaction": (0.0, 0.0, 1.0),
        f"late + {WORDS_WEIGHT} · words (ours)": (0.0, WORDS_WEIGHT, 1.0),
    }
    lines = [f"Best weight of words on the tuning half: {best} (of {WEIGHTS}).", ""]
    lines += ["| set (questions) | ranker | recall@1 | recall@5 | reciprocal rank |", "| --- | --- | --- | --- | --- |"]
    for name, rows in held.items():
        for ranker, weights in rankers.items():
            scores = " | ".join(f"{score:.3f}" for score in _scores(rows, *weights))
            lines.append(f"| {name} ({len(rows)}) | {ranker} | {scores} |")
    return "\n".join(lines)


def _found(cases: Sequence[QuestionCase], index: Index, encoder: Encoder) -> list[tuple[int, _Found]]:
    rows = []
    for case in tqdm([case for case in cases if case.scorable and case.articles], desc="questions"):
        hits = search(index, prepare(case.question, encoder, lang=case.lang), 2 * CANDIDATES)
        holds = [hit.article.id in case.articles and contains(hit.passage.text, case.answers) for hit in hits]
        dense, words, late = (np.array([getattr(hit, name) for hit in hits]) for name in ("dense", "words", "late"))
        rows.append((_half(case), _Found(dense, words, late, np.array(holds))))
    return rows


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

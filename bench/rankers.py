"""The parts of the search by themselves, and plain fusions of them: every passage of the index scored by each.

An article's place is that of its best passage, for all rankers alike.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from eval.questions import QuestionCase
from index.question import prepare
from index.versions.store import Index
from records import Encoder

Floats = NDArray[np.float32]

WORDS, DENSE, LATE, OURS = "words (BM25)", "vectors (e5)", "late interaction", "ours"
RRF_K = 60
"""Of reciprocal rank fusion (Cormack et al. 2009)."""
Z_WORDS = 0.5
"""Weight of z-scored BM25 beside z-scored cosines: the plain fusion that did best on FQuAD."""
_BATCH = 16
"""Questions whose tokens meet those of the passages at once."""
_BLOCK = 64
"""Passages they meet at once: their products stay in the processor's cache, which halves the time."""


class Scores(NamedTuple):
    """Each ranker's score of every passage for every question, float32 (questions, passages); higher is better."""

    dense: Floats
    """Inner product of the pooled unit vectors."""
    words: Floats
    """BM25."""
    late: Floats
    """MaxSim over the token vectors that search compares."""


def score(cases: Sequence[QuestionCase], index: Index, encoder: Encoder, *, progress: bool = False) -> Scores:
    """Exact scores, no candidates chosen. All articles of the index are in one language."""
    passages = range(len(index.passages))
    vectors = index.vectors.rows(passages)
    tokens = Tokens([index.tokens.of(row).vectors() for row in passages])
    langs = {article.lang for article in index.articles.values()}
    parts = []
    with tqdm(total=len(cases), desc="all passages", unit="question", disable=not progress) as bar:
        for start in range(0, len(cases), _BATCH):
            batch = cases[start : start + _BATCH]
            asked = [prepare(case.question, encoder, lang=case.lang).encoding for case in batch]
            dense = np.stack([question.vector for question in asked]) @ vectors.T
            words = np.stack([index.lexical.scores(case.question, case.lang) for case in batch])
            as_query = [q.tokens_for({case.lang} == langs) for q, case in zip(asked, batch, strict=True)]
            parts.append((dense, words, tokens.max_sims(as_query)))
            bar.update(len(batch))
    return Scores(*(np.concatenate(column) for column in zip(*parts, strict=True)))


class Tokens:
    """The token vectors of all passages, for exact late interaction with many questions at once."""

    def __init__(self, passages: Sequence[Floats]) -> None:
        """`passages`: float32 (m, dim) each; m may be 0."""
        self._count = len(passages)
        filled = [number for number, rows in enumerate(passages) if len(rows)]
        self._blocks = []
        for at in range(0, len(filled), _BLOCK):
            numbers = filled[at : at + _BLOCK]
            starts = np.cumsum([0, *(len(passages[number]) for number in numbers)])[:-1]
            self._blocks.append((numbers, starts, np.concatenate([passages[number] for number in numbers])))

    def max_sims(self, questions: Sequence[Floats]) -> Floats:
        """For each question, float32 (n, dim), and passage the mean over the question's rows of the largest inner
        product with a row of the passage; 0 where either has none. float32 (questions, passages)."""
        stacked = np.concatenate(questions)
        best = np.zeros((len(stacked), self._count), np.float32)
        for numbers, starts, rows in self._blocks:
            best[:, numbers] = np.maximum.reduceat(stacked @ rows.T, starts, axis=1)
        ends = np.cumsum([len(rows) for rows in questions])
        parts = (best[end - len(rows) : end] for rows, end in zip(questions, ends, strict=True))
        return np.stack([part.sum(axis=0) / np.float32(max(len(part), 1)) for part in parts])


def plain_rankers(scores: Scores) -> Mapping[str, Floats]:
    """The parts and the fusions that need no setting of ours, by name; each (questions, passages)."""
    return {
        WORDS: scores.words,
        DENSE: scores.dense,
        LATE: scores.late,
        f"z(e5) + {Z_WORDS} · z(BM25)": _standard(scores.dense) + np.float32(Z_WORDS) * _standard(scores.words),
        f"reciprocal rank fusion, k = {RRF_K}": _reciprocal(scores.dense) + _reciprocal(scores.words),
    }


def _standard(scores: Floats) -> Floats:
    spread = np.maximum(scores.std(axis=1, keepdims=True), np.float32(1e-9))
    return np.asarray((scores - scores.mean(axis=1, keepdims=True)) / spread, np.float32)


def _reciprocal(scores: Floats) -> Floats:
    order = np.argsort(-scores, axis=1, kind="stable")
    ranks = np.empty_like(order)
    np.put_along_axis(ranks, order, np.arange(scores.shape[1])[None], axis=1)
    return np.asarray(1 / (RRF_K + 1 + ranks), np.float32)


def article_rankings(scores: Floats, owners: Sequence[str], k: int) -> list[list[str]]:
    """For each question the `k` best articles, best first, by their best passages; ties in the order of the corpus.

    `owners`: the article of each passage.
    """
    rankings = []
    for row in scores:
        found: dict[str, None] = {}
        for passage in np.argsort(-row, kind="stable"):
            found[owners[passage]] = None
            if len(found) == k:
                break
        rankings.append(list(found))
    return rankings

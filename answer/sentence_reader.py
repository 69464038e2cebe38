"""A Reader without a model of its own: it scores the sentences of the retrieved passages and quotes the best one.

A sentence's score is `late + 0.1 · words`, less a little in contacts, sources and signature: late interaction of the
question with the sentence's own tokens, seen in their passage, and the share of the question's terms it holds. How sure
it is of the best one is a logistic regression on that evidence (`python -m eval fit`), stored beside this file. It is
for encoders that the trained reader (`answer.span_reader`) was not trained with.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from answer.calibration import Calibration, Features
from index.search import apparatus_penalty
from records import Hit, Question, Reading, Span

WORDS_WEIGHT = 0.1
CALIBRATION = Path(__file__).with_name("sentence_calibration.json")


@dataclass(frozen=True, slots=True)
class _Candidate:
    hit: Hit
    sentence: Span
    best: NDArray[np.float32]
    """(question tokens,): best cosine of each with a token of the sentence."""
    words: float

    @property
    def late(self) -> float:
        return float(self.best.mean())

    @property
    def score(self) -> float:
        return self.late + WORDS_WEIGHT * self.words - apparatus_penalty(self.hit.passage)


class SentenceReader:
    """The Reader described above."""

    def __init__(self, calibration: Calibration) -> None:
        self._calibration = calibration

    def read(self, question: Question, hits: Sequence[Hit]) -> list[Reading]:
        return [
            Reading(
                candidate.hit, candidate.sentence, candidate.sentence, self._calibration.answer.probability(features)
            )
            for candidate, features in evidence(question, hits)
        ]


def evidence(question: Question, hits: Sequence[Hit]) -> list[tuple[_Candidate, Features]]:
    """The best sentence of each passage, best first, with the features of how likely it answers."""
    candidates = sorted(
        (max(sentences, key=lambda c: c.score) for hit in hits if (sentences := list(_candidates(question, hit)))),
        key=lambda c: -c.score,
    )
    return [(candidate, _features(question, candidate, candidates)) for candidate in candidates]


def _candidates(question: Question, hit: Hit) -> list[_Candidate]:
    if not len(question.encoding.tokens):
        return []
    cosines = question.encoding.tokens @ hit.tokens.T
    starts = hit.spans[:, 0] + hit.passage.start
    candidates = []
    for (start, end), words in zip(hit.passage.sentences, hit.coverage, strict=True):
        inside = (starts >= start) & (starts < end)
        if inside.any() and hit.article.body[start:end] != hit.article.title:
            candidates.append(_Candidate(hit, (start, end), cosines[:, inside].max(axis=1), words))
    return candidates


def _features(question: Question, candidate: _Candidate, all_candidates: Sequence[_Candidate]) -> Features:
    others = [other.score for other in all_candidates if other is not candidate]
    weakest = np.sort(candidate.best)[: max(1, len(candidate.best) // 3)]
    return {
        "sentence_late": candidate.late,
        "sentence_words": candidate.words,
        "passage_late": candidate.hit.late,
        "passage_words": candidate.hit.words,
        "weakest_third": float(weakest.mean()),
        "lead": candidate.score - max(others, default=candidate.score),
        "same_language": float(question.lang == candidate.hit.article.lang),
    }

"""Fit how sure a reader may be, and from where on it answers: logistic regressions on question sets.

The label is whether the quote holds an acceptable answer; a question that nothing answers has none that does. In how
likely an answer is right, each question weighs the same, as in the error that is reported of it; in all else each set
does, however long it is. The threshold is as high as REFUSED, the share of answerable questions that may be refused,
allows: to be wrong is worse than to be silent. What it is worth is told by questions that were not fitted on (`python
-m eval run`).
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.special import logsumexp, softmax
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from tqdm import tqdm

from answer import sentence_reader, span_reader
from answer.ask import PASSAGES_READ
from answer.calibration import Features, Logistic
from answer.letter import LetterReader
from answer.span_reader import FIRST
from errors import BulletinError
from eval.files import write_json
from eval.metrics import contains
from eval.questions import QuestionCase
from index.question import encoded, prepare
from index.search import search
from index.versions.store import Index
from records import Encoder, Hit, Question

ANSWER_FEATURES = ("score", "lead", "margin", "relevance", "search", "certainty", "weakest", "same_language")
"""Of `answer.span_reader.evidence`; `score` sums up the rest."""

Row = tuple[Features, bool, bool]
"""Features of a reading, whether its quote is right, whether the question can be answered at all."""

REFUSED = 0.15
_RIDGE = 1e-3
_LATE = 0.01
"""How often reading may stop too early."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A case whose passages were found."""

    case: QuestionCase
    question: Question
    hits: Sequence[Hit]

    def right(self, quote: str) -> bool:
        return self.case.answerable and contains(quote, self.case.answers)


@dataclass(frozen=True, slots=True)
class Evidence:
    """n readings of one set: features (n, k), whether the quote was right (n,), whether it could be (n,)."""

    features: NDArray[np.float64]
    right: NDArray[np.bool_]
    answerable: NDArray[np.bool_]

    @classmethod
    def of(cls, rows: Sequence[Row], names: Sequence[str]) -> Evidence:
        features, right, answerable = zip(*rows, strict=True)
        return cls(np.array([[f[name] for name in names] for f in features]), np.array(right), np.array(answerable))


def ask(
    cases: Sequence[QuestionCase], index: Index, encoder: Encoder, letters: LetterReader | None = None
) -> Iterator[Asked]:
    """What search finds for each case that has no turns before it and can be scored."""
    for case in tqdm(cases, desc="evidence", unit="question"):
        if case.fittable:
            question = prepare(case.question, encoder)
            if letters and (asked := letters.read(question).question) != question.text:
                question = encoded(asked, question.lang, encoder)
            yield Asked(case, question, search(index, question, PASSAGES_READ))


def fit_sentence_reader(sets: Sequence[Iterator[Asked]]) -> dict[str, Any]:
    """The content of `sentence_calibration.json`."""
    rows = [[row for asked in asked_set if (row := _best_sentence(asked))] for asked_set in sets]
    names = list(rows[0][0][0])
    evidence = [Evidence.of(part, names) for part in rows]
    return _answer_and_threshold(evidence, names)


def fit_span_reader(sets: Sequence[Iterator[Asked]], model: span_reader.SpanModel) -> dict[str, Any]:
    """The content of `span_calibration.json`: how sentences rank, when reading stops, how likely the best one answers.

    Each step sees what the reader will see: passages in the same two rounds, and none beyond the stop.
    """
    found = [[_light(asked, _rounds(asked, model)) for asked in asked_set] for asked_set in sets]
    choices = [
        [
            [(span_reader.rank_features(find), asked.right(_quote(find)), True) for find in itertools.chain(*rounds)]
            for asked, rounds in part
            if asked.case.answerable
        ]
        for part in found
    ]
    rank = Logistic(**_ranking(choices))
    stop = _stop([(_best(first, rank), _best(second, rank)) for part in found for _, (first, second) in part])
    read = [
        [(asked, first if _best(first, rank) >= stop else [*first, *second]) for asked, (first, second) in part]
        for part in found
    ]
    best = [
        [
            (features, asked.right(_quote(find)), asked.case.answerable)
            for asked, finds in part
            for find, features in span_reader.evidence(asked.question, finds, rank)[:1]
        ]
        for part in read
    ]
    evidence = [Evidence.of(rows, ANSWER_FEATURES) for rows in best]
    limit = {"stop": stop} if math.isfinite(stop) else {}
    return {"rank": asdict(rank), **_answer_and_threshold(evidence, ANSWER_FEATURES), **limit}


def _rounds(asked: Asked, model: span_reader.SpanModel) -> list[list[span_reader.Find]]:
    return [model.find(asked.question, hits) for hits in (asked.hits[:FIRST], asked.hits[FIRST:])]


def _best(finds: Sequence[span_reader.Find], rank: Logistic) -> float:
    return max((rank.logit(span_reader.rank_features(find)) for find in finds), default=-math.inf)


def _stop(scores: Sequence[tuple[float, float]]) -> float:
    """The least logit that, reached in the first round, is beaten by the second in at most _LATE of the cases.

    `scores`: for each question the best logit in the first round and in the second.
    """
    rows = sorted(scores, reverse=True)
    beaten = np.cumsum([second > first for first, second in rows]) / np.arange(1, len(rows) + 1)
    good = np.flatnonzero(beaten <= _LATE)
    return round(rows[good[-1]][0], 4) if len(good) else math.inf


def _light(asked: Asked, rounds: Sequence[Sequence[span_reader.Find]]) -> tuple[Asked, list[list[span_reader.Find]]]:
    """Without the passages' vectors, some megabytes a question, which are not needed any more."""
    none = np.zeros((0, 0), np.float32)
    light = {id(hit): replace(hit, tokens=none, states=none) for hit in asked.hits}
    lighter = [[replace(find, hit=light[id(find.hit)]) for find in finds] for finds in rounds]
    return replace(asked, hits=list(light.values())), lighter


def _best_sentence(asked: Asked) -> tuple[Features, bool, bool] | None:
    read = sentence_reader.evidence(asked.question, asked.hits)
    if not read:
        return None
    candidate, features = read[0]
    quote = candidate.hit.article.body[slice(*candidate.sentence)]
    return features, asked.right(quote), asked.case.answerable


def _quote(find: span_reader.Find) -> str:
    return find.hit.article.body[slice(*find.quote)]


def _ranking(sets: Sequence[Sequence[Sequence[Row]]]) -> dict[str, Any]:
    """Weights under which one of the right sentences of a question comes first: conditional logit (McFadden 1974).

    `sets`: for each set, for each question, all its sentences. Those with none right, or nothing else, say nothing.
    """
    names = list(next((row for questions in sets for rows in questions for row in rows), ({},))[0])
    choices: list[tuple[Evidence, float]] = []
    for questions in sets:
        kept = [Evidence.of(rows, names) for rows in questions if len({right for _, right, _ in rows}) == 2]
        choices += [(choice, 1 / len(kept)) for choice in kept]
    if not choices:
        raise BulletinError(
            "No question has both a sentence with its answer and one without among what search finds, so nothing tells "
            "how sentences rank; add questions that the index answers with --set or --half-set."
        )
    pooled = np.concatenate([choice.features for choice, _ in choices])
    mean, spread = pooled.mean(0), np.maximum(pooled.std(0), 1e-9)
    scaled = [((choice.features - mean) / spread, choice.right, weight) for choice, weight in choices]

    def loss(slopes: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        value, gradient = _RIDGE * float(slopes @ slopes), 2 * _RIDGE * slopes
        for features, right, weight in scaled:
            logits = features @ slopes
            everyone, those_right = softmax(logits), softmax(np.where(right, logits, -np.inf))
            value += weight * float(logsumexp(logits) - logsumexp(logits[right]))
            gradient = gradient + weight * (everyone - those_right) @ features
        return value, gradient

    slopes = minimize(loss, np.zeros(len(names)), jac=True, method="L-BFGS-B").x / spread
    return _logistic(names, slopes, -float(slopes @ mean))


def _logistic(names: Sequence[str], slopes: NDArray[np.float64], intercept: float) -> dict[str, Any]:
    """As `answer.calibration.Logistic` takes it."""
    weights = {name: round(float(slope), 4) for name, slope in zip(names, slopes, strict=True)}
    return {"weights": weights, "intercept": round(intercept, 4)}


def _answer_and_threshold(sets: Sequence[Evidence], names: Sequence[str]) -> dict[str, Any]:
    answer = _regression(sets, names)
    weights = np.array([answer["weights"][name] for name in names])
    probabilities = [1 / (1 + np.exp(-(s.features @ weights + answer["intercept"]))) for s in sets]
    return {"answer": answer, "threshold": round(_threshold(probabilities, [s.answerable for s in sets]), 4)}


def _regression(sets: Sequence[Evidence], names: Sequence[str]) -> dict[str, Any]:
    """Logistic regression as `answer.calibration.Logistic` takes it."""
    right = np.concatenate([s.right for s in sets])
    if right.all() or not right.any():
        raise BulletinError(
            f"Of {len(right)} best quotes {right.sum()} hold the answer; to tell right from wrong both are needed. Add "
            "questions that the index answers, and some that it does not, with --set or --half-set."
        )
    model = make_pipeline(StandardScaler(), LogisticRegression(C=10.0, max_iter=1000))
    model.fit(np.concatenate([s.features for s in sets]), right)
    scaler, logistic = model[0], model[1]
    slopes = logistic.coef_[0] / scaler.scale_
    return _logistic(names, slopes, float(logistic.intercept_[0] - slopes @ scaler.mean_))


def _threshold(probabilities: Sequence[NDArray[np.float64]], answerable: Sequence[NDArray[np.bool_]]) -> float:
    """The highest threshold that refuses at most REFUSED of what can be answered, in the mean over the sets."""
    there = [p[a] for p, a in zip(probabilities, answerable, strict=True) if a.any()]
    grid = np.linspace(0.02, 0.98, 193)
    refused = np.array([np.mean([(p < threshold).mean() for p in there]) for threshold in grid])
    return float(grid[np.flatnonzero(refused <= REFUSED)[-1:]].sum() or grid[0])


def save(calibration: Mapping[str, Any], names: Sequence[str], path: Path, weights: str | None = None) -> None:
    """`weights`: the SHA-256 of the reader's weights, where it has any: of others the calibration says nothing."""
    write_json(path, {"fitted_on": list(names), **({"weights_sha256": weights} if weights else {}), **calibration})

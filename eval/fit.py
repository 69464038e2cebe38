"""Fit how sure the reader may be, and from where on it answers: logistic regression on the fit halves of question sets.

The label is whether the first quote holds an acceptable answer; a question that nothing answers has none that does.
Each set weighs the same however long it is. The threshold is the probability at which the mean over the sets of
(false answers + false refusals) / 2 is least. What it is worth is told by the other halves (`python -m eval run`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from tqdm import tqdm

from answer.ask import PASSAGES_READ
from answer.sentence_reader import FEATURES, evidence
from eval.files import write_json
from eval.metrics import contains
from eval.questions import QuestionCase
from index.question import prepare
from index.search import search
from index.store import Index
from records import Encoder


@dataclass(frozen=True, slots=True)
class Evidence:
    """One set's features (n, len(FEATURES)), whether the first quote was right (n,), and could be asked for (n,)."""

    features: NDArray[np.float64]
    right: NDArray[np.bool_]
    answerable: NDArray[np.bool_]


def gather(cases: Sequence[QuestionCase], index: Index, encoder: Encoder) -> Evidence:
    """What the reader sees for each question that has turns of its own only (follow-ups are left out)."""
    rows = []
    for case in tqdm(cases, desc="evidence", unit="question"):
        if case.turns or (case.answerable and not case.answers):
            continue
        question = prepare(case.question, encoder)
        read = evidence(question, search(index, question, PASSAGES_READ))
        if read:
            candidate, features = read[0]
            quote = candidate.hit.article.body[slice(*candidate.sentence)]
            rows.append((features, case.answerable and contains(quote, case.answers), case.answerable))
    features, right, answerable = zip(*rows, strict=True)
    return Evidence(np.array(features), np.array(right), np.array(answerable))


def fit(sets: Sequence[Evidence]) -> dict[str, object]:
    """The content of a calibration file: weights by feature name, intercept, threshold."""
    features = np.concatenate([s.features for s in sets])
    right = np.concatenate([s.right for s in sets])
    weights = np.concatenate([np.full(len(s.right), 1 / len(s.right)) for s in sets])
    model = make_pipeline(StandardScaler(), LogisticRegression(C=10.0, max_iter=1000))
    model.fit(features, right, logisticregression__sample_weight=weights * len(right) / weights.sum())
    scaler, logistic = model[0], model[1]
    slopes = logistic.coef_[0] / scaler.scale_
    probabilities = [model.predict_proba(s.features)[:, 1] for s in sets]
    return {
        "weights": {name: round(float(slope), 4) for name, slope in zip(FEATURES, slopes, strict=True)},
        "intercept": round(float(logistic.intercept_[0] - slopes @ scaler.mean_), 4),
        "threshold": round(_threshold(probabilities, [s.answerable for s in sets]), 4),
    }


def _threshold(probabilities: Sequence[NDArray[np.float64]], answerable: Sequence[NDArray[np.bool_]]) -> float:
    """The middle of the best stretch of thresholds."""
    grid = np.linspace(0.02, 0.98, 193)
    errors = np.array(
        [np.mean([_error(p, a, t) for p, a in zip(probabilities, answerable, strict=True)]) for t in grid]
    )
    return float(grid[np.flatnonzero(errors <= errors.min() + 1e-9)].mean())


def _error(probability: NDArray[np.float64], answerable: NDArray[np.bool_], threshold: float) -> float:
    given = probability >= threshold
    false_refusals = float((~given[answerable]).mean()) if answerable.any() else 0.0
    false_answers = float(given[~answerable].mean()) if not answerable.all() else 0.0
    return (false_refusals + false_answers) / 2


def save(calibration: dict[str, object], names: Sequence[str], path: Path) -> None:
    write_json(path, {"fitted_on": list(names), **calibration})

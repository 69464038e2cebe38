"""Fitting: sentences ranked as a conditional logit ranks them, held against a way to the same numbers."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

from errors import BulletinError
from eval.fit import _RIDGE, Evidence, Row, _ranking, _regression

NAMES = ("a", "b")


def rows(features: np.ndarray, right: np.ndarray) -> list[Row]:
    return [
        (dict(zip(NAMES, own, strict=True)), bool(good), True)
        for own, good in zip(features.tolist(), right, strict=True)
    ]


def test_of_two_sentences_it_is_a_logistic_regression_on_their_difference() -> None:
    chance = np.random.default_rng(0)
    pairs = chance.normal(size=(300, 2, 2))
    first = pairs[:, 0] @ [2.0, -1.0] + chance.logistic(size=300) > pairs[:, 1] @ [2.0, -1.0]
    fitted = _ranking([[rows(own, np.array([won, not won])) for own, won in zip(pairs, first, strict=True)]])
    spread = pairs.reshape(-1, 2).std(0)
    differences = (pairs[:, 0] - pairs[:, 1]) / spread
    # sklearn weighs the data by C, and its penalty is half the square.
    expected = LogisticRegression(fit_intercept=False, C=1 / (2 * _RIDGE * 300)).fit(differences, first)
    assert list(fitted["weights"].values()) == pytest.approx(expected.coef_[0] / spread, rel=0.01)


def test_questions_without_a_right_sentence_and_sets_without_a_question_say_nothing() -> None:
    told = [rows(np.array([[1.0, 0.0], [0.0, 1.0]]), np.array([True, False])) for _ in range(5)]
    silent = [rows(np.array([[0.0, 5.0], [1.0, 2.0]]), np.array([False, False]))]
    assert _ranking([told + silent, []]) == _ranking([told])
    assert _ranking([told])["weights"]["a"] > 0 > _ranking([told])["weights"]["b"]


def test_what_tells_nothing_is_said_and_not_fitted() -> None:
    silent = [rows(np.array([[0.0, 5.0], [1.0, 2.0]]), np.array([False, False]))]
    nothing: list[list[list[Row]]] = [[], []]
    for sets in ([silent], nothing):
        with pytest.raises(BulletinError, match="add questions that the index answers with --set"):
            _ranking(sets)
    for right in (True, False):
        readings = Evidence.of(rows(np.eye(2), np.array([right, right])), NAMES)
        with pytest.raises(BulletinError, match=f"Of 2 best quotes {2 * right} hold the answer; .* both are needed"):
            _regression([readings], NAMES)

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from errors import QuestionFileError
from eval import gate
from eval.run import GROUPS, RATES


def summary_with(name: str, value: float | None, n: int) -> dict[str, Any]:
    nothing = {"value": None, "n": 0}
    rates = dict.fromkeys(RATES, nothing) | {name: {"value": value, "n": n}}
    return {group: {"rates": rates if group == "fr" else dict.fromkeys(RATES, nothing)} for group in GROUPS}


def test_thresholds() -> None:
    summary = summary_with("containment", 0.75, 16)
    assert gate.beyond_thresholds(summary, {"fr": {"containment": 0.75}}) == []
    assert gate.beyond_thresholds(summary, {"fr": {"containment": 0.76}}) == [
        "fr: containment is 0.750 (n=16), below the threshold 0.76"
    ]
    assert gate.beyond_thresholds(summary, {"de": {"containment": 0.5}}) == [
        "de: containment has no question to be measured on; its threshold is 0.5"
    ]


def test_thresholds_of_errors_are_upper_bounds() -> None:
    summary = summary_with("false_answer_rate", 0.2, 10)
    assert gate.beyond_thresholds(summary, {"fr": {"false_answer_rate": 0.2}}) == []
    assert gate.beyond_thresholds(summary, {"fr": {"false_answer_rate": 0.1}}) == [
        "fr: false_answer_rate is 0.200 (n=10), above the threshold 0.1"
    ]


def test_baseline_and_noise() -> None:
    then = {"fr": {"containment": {"value": 0.8, "n": 100}}}
    # 2 · sqrt(0.8·0.2/100 + 0.69·0.31/100) = 0.1223 and with 0.65 · 0.35: 0.1245
    assert gate.below_baseline(summary_with("containment", 0.69, 100), then) == []
    assert gate.below_baseline(summary_with("containment", 0.65, 100), then) == [
        "fr: containment fell from 0.800 (n=100) to 0.650 (n=100), by 0.150; noise is up to 0.124"
    ]
    assert gate.below_baseline(summary_with("containment", 1.0, 100), then) == []
    assert gate.below_baseline(summary_with("containment", None, 0), then) == []


def test_baseline_of_errors_runs_the_other_way() -> None:
    then = {"fr": {"wrong_rate": {"value": 0.0, "n": 100}}}
    # 2 · sqrt(0.09·0.91/100) = 0.0572
    assert gate.below_baseline(summary_with("wrong_rate", 0.09, 100), then) == [
        "fr: wrong_rate rose from 0.000 (n=100) to 0.090 (n=100), by 0.090; noise is up to 0.057"
    ]
    assert gate.below_baseline(summary_with("wrong_rate", 0.03, 100), then) == []


def test_the_thresholds_in_the_repository_can_be_read() -> None:
    bounds = gate.read_bounds("go-cluster", "all")
    assert bounds.thresholds["de"] == {"success@3": 0.95, "citation_true": 1.0}
    assert gate.read_bounds("no such set", "all") == gate.Bounds({}, {})


def test_a_target_not_reached_is_told_and_stops_nothing() -> None:
    rates = {name: {"value": 0.5, "n": 16} for name in ("success@3", "containment", "false_answer_rate")}
    summary = {group: {"rates": rates} for group in ("fr", "en", "de", "all")}
    told = gate.shortfalls(summary, "go-cluster")
    assert told == [
        line
        for lang in ("fr", "en", "de")
        for line in (
            f"{lang}: containment is 0.500 (n=16), below the target 0.95",
            f"{lang}: false_answer_rate is 0.500 (n=16), above the target 0.1",
        )
    ]
    assert gate.shortfalls(summary, "no such set") == []


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ('{"set": {"fr": {"sucess@3": 0.9}}}', "set: no rate fr sucess@3; there are success@3, "),
        ('{"set": {"es": {"success@3": 0.9}}}', "set: no rate es success@3"),
        ('{"set": {"fr": {"success@3": "0.9"}}}', "set: fr success@3 is '0.9'"),
        ('{"set": {"fr": 0.9}}', "set: expected an object of objects"),
        ("[]", "found list; expected an object"),
        ("{", ":1: not JSON"),
    ],
)
def test_bad_thresholds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str, problem: str) -> None:
    path = tmp_path / "thresholds.json"
    path.write_text(text)
    monkeypatch.setattr(gate, "THRESHOLDS", path)
    with pytest.raises(QuestionFileError) as caught:
        gate.read_bounds("set", "all")
    assert str(path) in str(caught.value) and problem in str(caught.value)

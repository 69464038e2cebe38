"""What lets a change through: thresholds that hold always, and a baseline that may not be lost but by chance.

`targets.json` says what the answers should reach, of the same form as `thresholds.json`: a shortfall stands in the
report and stops nothing; a target that is reached belongs among the thresholds.

`thresholds.json`: `{stem of the question file: {"fr" | "en" | "de" | "all": {rate: bound}}}`; a bound is the least a
rate may be, or the most for those in LOWER_IS_BETTER. `baseline.json`: `{key: {group: {rate: {"value", "n"}}}}`,
written by `python -m eval run --record`. Question files without an entry are measured and let through.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from errors import QuestionFileError
from eval.files import read_json, write_json
from eval.run import GROUPS, RATES

THRESHOLDS = Path(__file__).with_name("thresholds.json")
TARGETS = Path(__file__).with_name("targets.json")
BASELINE = Path(__file__).with_name("baseline.json")

LOWER_IS_BETTER = frozenset({"false_answer_rate", "false_refusal_rate", "wrong_rate"})
GUARDED = (
    "success@3", "containment", "wrong_rate", "false_answer_rate", "false_refusal_rate", "citation_precision",
    "citation_true", "language_accuracy", "article_RR@10",
)  # fmt: skip
"""The rates a baseline keeps and holds later runs to."""

STANDARD_ERRORS = 2.0
"""How far a rate may fall before it is no longer put down to chance: about one time in forty by chance alone."""
ROUNDING = 1e-6
"""A baseline is kept to six decimals."""

Rate = Mapping[str, Any]
"""`{"value": 0..1 or None, "n": count}`, of a summary or of a baseline."""


@dataclass(frozen=True, slots=True)
class Bounds:
    """What one question file is held to: `{group: {rate: bound}}` and `{group: {rate: Rate}}`, either may be empty."""

    thresholds: Mapping[str, Mapping[str, float]]
    baseline: Mapping[str, Mapping[str, Rate]]


def read_bounds(stem: str, half: str) -> Bounds:
    """The bounds of a question file. Raises QuestionFileError on a file or a name that would guard nothing."""
    key = baseline_key(stem, half)
    return Bounds(_entry(THRESHOLDS, stem, _is_number), _entry(BASELINE, key, _is_rate))


def shortfalls(summary: Mapping[str, Any], stem: str) -> list[str]:
    """A line for each target not reached yet."""
    lines = beyond_thresholds(summary, _entry(TARGETS, stem, _is_number))
    return [line.replace("the threshold", "the target") for line in lines]


def baseline_key(stem: str, half: str) -> str:
    """A half is other questions: it has its own baseline."""
    return stem if half == "all" else f"{stem}:{half}"


def failures(summary: Mapping[str, Any], bounds: Bounds) -> list[str]:
    """A line for each reason to stop; none: let it through."""
    return beyond_thresholds(summary, bounds.thresholds) + below_baseline(summary, bounds.baseline)


def beyond_thresholds(summary: Mapping[str, Any], thresholds: Mapping[str, Mapping[str, float]]) -> list[str]:
    """One line for each threshold not kept. A rate with nothing to measure it on does not keep its threshold."""
    lines = []
    for group, name, bound in _flat(thresholds):
        value, n = summary[group]["rates"][name]["value"], summary[group]["rates"][name]["n"]
        side = "above" if name in LOWER_IS_BETTER else "below"
        if value is None:
            lines.append(f"{group}: {name} has no question to be measured on; its threshold is {bound}")
        elif _loss(name, bound, value) > ROUNDING:
            lines.append(f"{group}: {name} is {value:.3f} (n={n}), {side} the threshold {bound}")
    return lines


def below_baseline(summary: Mapping[str, Any], baseline: Mapping[str, Mapping[str, Rate]]) -> list[str]:
    """One line for each rate worse than the baseline by more than noise; better is always good.

    Noise is `STANDARD_ERRORS * sqrt(p(1-p)/n + q(1-q)/m)`, p of n now and q of m then: the standard error of the
    difference of two binomial shares, taken as independent. It errs on the patient side twice: the same questions are
    asked, so the true error is smaller, and for means of values in 0..1 (reciprocal ranks) p(1-p) is the most the
    variance can be.
    """
    lines = []
    for group, name, then in _flat(baseline):
        now = summary[group]["rates"][name]
        if now["value"] is None:
            continue
        loss, noise = _loss(name, then["value"], now["value"]), _noise(now, then)
        if loss > noise + ROUNDING:
            verb = "rose" if name in LOWER_IS_BETTER else "fell"
            change = f"from {then['value']:.3f} (n={then['n']}) to {now['value']:.3f} (n={now['n']})"
            lines.append(f"{group}: {name} {verb} {change}, by {loss:.3f}; noise is up to {noise:.3f}")
    return lines


def record(key: str, summary: Mapping[str, Any]) -> None:
    """Make these rates the baseline of `key`; what the file holds for other keys stays."""
    measured = {
        group: {
            name: {"value": round(rate["value"], 6), "n": rate["n"]}
            for name in GUARDED
            if (rate := summary[group]["rates"][name])["n"]
        }
        for group in GROUPS
    }
    baselines = read_json(BASELINE) | {key: {group: rates for group, rates in measured.items() if rates}}
    write_json(BASELINE, dict(sorted(baselines.items())))


def _entry(path: Path, key: str, fits: Callable[[object], bool]) -> Mapping[str, Mapping[str, Any]]:
    """The groups of one entry, empty if there is none. A misspelt name would guard nothing, so it is an error."""
    entry = read_json(path).get(key, {})
    if not isinstance(entry, dict) or not all(isinstance(rates, dict) for rates in entry.values()):
        raise QuestionFileError(path, f"{key}: expected an object of objects, group to rate to value.")
    for group, name, value in _flat(entry):
        if group not in GROUPS or name not in RATES:
            raise QuestionFileError(path, f"{key}: no rate {group} {name}; there are {', '.join(RATES)}.")
        if not fits(value):
            raise QuestionFileError(path, f"{key}: {group} {name} is {value!r}; see `eval/gate.py` for what it may be.")
    return entry


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _is_rate(value: object) -> bool:
    if not isinstance(value, dict) or not all(_is_number(value.get(key)) for key in ("value", "n")):
        return False
    return bool(0 <= value["value"] <= 1 and value["n"] > 0)


def _flat(entry: Mapping[str, Mapping[str, Any]]) -> list[tuple[str, str, Any]]:
    return [(group, name, value) for group, rates in entry.items() for name, value in rates.items()]


def _loss(name: str, before: float, after: float) -> float:
    return after - before if name in LOWER_IS_BETTER else before - after


def _noise(now: Rate, then: Rate) -> float:
    return STANDARD_ERRORS * math.sqrt(sum(rate["value"] * (1 - rate["value"]) / rate["n"] for rate in (now, then)))

"""Ask every question of a set, and sum up how it went: by language, by tag, by half, with intervals."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Collection, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from tqdm import tqdm

from errors import QuestionError
from eval.metrics import expected_calibration_error, ratio_intervals
from eval.questions import QuestionCase
from eval.retrieval import article_ranking, first_relevant, judge_passages
from eval.score import Result, tallies
from records import LANGS, Answer

if TYPE_CHECKING:
    from answer.ask import Assistant

GROUPS = (*LANGS, "all")

RATES = (
    "success@3", "containment", "exact_match", "f1", "wrong_rate", "false_answer_rate", "false_refusal_rate",
    "citation_precision", "first_citation_precision", "citation_true", "gold_article_cited", "language_accuracy",
    "article_R@1", "article_R@5", "article_R@10", "article_RR@10", "article_nDCG@10",
    "passage_R@1", "passage_R@5", "passage_R@10", "passage_RR@10", "passage_nDCG@10",
)  # fmt: skip
"""Every rate of a summary, in the order of the report. What each counts is in `eval.score`."""


def evaluate(assistant: Assistant, cases: Sequence[QuestionCase], progress: bool = False) -> list[Result]:
    """Ask each case, its earlier turns before it and its language left to be found out; results in the same order.

    A question that cannot be asked counts as a refusal and keeps its reason in `Result.error`.
    """
    bar = tqdm(cases, desc="questions", unit="question", disable=not progress)
    return [_ask(assistant, case) for case in bar]


def summarize(results: Sequence[Result]) -> dict[str, Any]:
    """`{"fr", "en", "de", "all", "tags": {tag: …}}`, each a group as `_group` makes it, empty ones too."""
    groups: dict[str, Any] = {lang: _group([r for r in results if r.case.lang == lang]) for lang in LANGS}
    tags = sorted({tag for result in results for tag in result.case.tags})
    groups["all"] = _group(results)
    groups["tags"] = {tag: _group([r for r in results if tag in r.case.tags]) for tag in tags}
    return groups


def summarize_halves(results: Sequence[Result], fit: Collection[str]) -> dict[str, Any]:
    """`{"fit": {…}, "held": {…}}` by language and overall; `fit` holds the ids of the half the rule was fitted on."""
    halves = {
        "fit": [result for result in results if result.case.id in fit],
        "held": [result for result in results if result.case.id not in fit],
    }
    return {
        name: {lang: _group([r for r in part if r.case.lang == lang]) for lang in LANGS} | {"all": _group(part)}
        for name, part in halves.items()
    }


def claims(results: Sequence[Result], *, refused_too: bool = False) -> tuple[list[float], list[bool]]:
    """(confidences, came true) for the calibration error.

    An answer claims with its confidence that the question can be answered and that its first quote holds the answer;
    one that nobody can score is left out. With `refused_too`, the confidence of a refusal is taken as a claim that the
    question is answerable; a question that could not be asked claims nothing.
    """
    made = [(r.answer.confidence, bool(r.right)) for r in results if r.answered and r.right is not None]
    if refused_too:
        made += [(r.answer.confidence, r.case.answerable) for r in results if r.status == "refused"]
    return [confidence for confidence, _ in made], [came_true for _, came_true in made]


def _ask(assistant: Assistant, case: QuestionCase) -> Result:
    started = time.perf_counter()
    answer, error = _answer(assistant, case)
    elapsed_ms = 1000 * (time.perf_counter() - started)
    rank = first_relevant(*judge_passages(answer.hits, case.articles, case.answers)) if case.scorable else None
    return Result(
        case=case,
        answer=dataclasses.replace(answer, hits=()),
        error=error,
        ranking=article_ranking(answer.hits),
        first_relevant=rank,
        latency_ms=answer.timings_ms.get("total", elapsed_ms),
        tallies=tallies(case, answer, assistant.articles, asked=not error),
    )


def _answer(assistant: Assistant, case: QuestionCase) -> tuple[Answer, str]:
    try:
        return assistant.ask(case.question, turns=case.turns), ""
    except QuestionError as error:
        refusal = Answer(case.question, case.lang, "refused", str(error), 0.0, (), "", {})
        return refusal, f"{error.reason}: {error}"


def _group(results: Sequence[Result]) -> dict[str, Any]:
    """Counts, rates `{"value", "n", "low", "high"}` (value null when n is 0), calibration errors, latencies in ms."""
    answerable = sum(result.case.answerable for result in results)
    return {
        "questions": len(results),
        "answerable": answerable,
        "unanswerable": len(results) - answerable,
        "unscored": sum(result.case.answerable and not result.case.scorable for result in results),
        "errors": sum(bool(result.error) for result in results),
        "rates": _rates([result.tallies for result in results]),
        "ece_answered": _ece(results, refused_too=False),
        "ece_all": _ece(results, refused_too=True),
        "latency_ms": _latency([result.latency_ms for result in results]),
    }


def _rates(counted: Sequence[Mapping[str, tuple[float, int]]]) -> dict[str, dict[str, float | None]]:
    rates: dict[str, dict[str, float | None]] = {
        name: {"value": None, "n": 0, "low": None, "high": None} for name in RATES
    }
    known = [name for name in RATES if any(tally.get(name, (0, 0))[1] for tally in counted)]
    if not known:
        return rates
    table = np.array([[tally.get(name, (0.0, 0)) for name in known] for tally in counted], dtype=float)
    gains, chances = table[:, :, 0], table[:, :, 1]
    values = gains.sum(axis=0) / chances.sum(axis=0)
    low, high = ratio_intervals(gains, chances)
    for i, name in enumerate(known):
        n = int(chances[:, i].sum())
        rates[name] = {"value": float(values[i]), "n": n, "low": float(low[i]), "high": float(high[i])}
    return rates


def _ece(results: Sequence[Result], *, refused_too: bool) -> dict[str, float | None]:
    confidences, correct = claims(results, refused_too=refused_too)
    return {"value": expected_calibration_error(confidences, correct), "n": len(confidences)}


def _latency(times: Sequence[float]) -> dict[str, float | None]:
    if not times:
        return {"p50": None, "p95": None}
    p50, p95 = np.percentile(times, (50, 95))
    return {"p50": round(float(p50), 1), "p95": round(float(p95), 1)}

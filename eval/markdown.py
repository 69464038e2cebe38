"""The report for people: what was measured, and every miss with what was found instead."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from eval.run import GROUPS, RATES
from eval.score import Result, first_quote

if TYPE_CHECKING:
    from eval.report import Report

NOTHING = "–"


def markdown(report: Report) -> str:
    sections = (_head, _gate, _shortfalls, _rates, _halves, _other_numbers, _tags, _notes, _misses)
    return "\n\n".join(text for section in sections if (text := section(report))) + "\n"


def expected(result: Result) -> str:
    """What a right reply would have been."""
    if not result.case.answerable:
        return "a refusal"
    return " | ".join(result.case.answers) or "an answer (no acceptable one is given)"


def found(result: Result) -> str:
    """What came instead, on one line: status, confidence, rank of the first relevant passage, quote."""
    parts = [result.status, f"confidence {result.answer.confidence:.2f}"]
    if result.case.scorable:
        rank = result.first_relevant
        parts.append(f"first relevant passage at rank {rank}" if rank else "no relevant passage retrieved")
    if result.error:
        parts.append(result.error)
    if quote := first_quote(result.answer):
        parts.append(f"“{_line(quote)}” ({result.answer.citations[0].article_id})")
    return ", ".join(parts)


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A Markdown table, the first column left, the others right."""
    lines = [head, ["---", *["---:"] * (len(head) - 1)], *rows]
    return "\n".join("| " + " | ".join(_line(cell).replace("|", "\\|") for cell in line) + " |" for line in lines)


def columns(rows: Sequence[Sequence[str]]) -> str:
    """The rows as plain text for a terminal, the first column left, the others right."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = ([row[0].ljust(widths[0]), *map(str.rjust, row[1:], widths[1:])] for row in rows)
    return "\n".join("  ".join(line) for line in lines)


def number(value: float | None) -> str:
    return NOTHING if value is None else f"{value:.3f}"


def _head(report: Report) -> str:
    everyone, misses = report.summary["all"], sum(bool(result.miss) for result in report.results)
    return (
        f"# Evaluation: {report.questions.stem}\n\n"
        f"{everyone['questions']} questions ({everyone['answerable']} answerable, {everyone['unanswerable']} not; "
        f"half: {report.half}), {misses} misses. Questions `{report.questions}`, index `{report.index_version}`.\n\n"
        "![Rates by language, and calibration](plot.png)"
    )


def _gate(report: Report) -> str:
    if report.failures is None:
        return "## Gate\n\nNot asked for."
    return "## Gate\n\n" + ("\n".join(f"- {line}" for line in report.failures) or "Passed.")


def _shortfalls(report: Report) -> str:
    if not report.shortfalls:
        return ""
    return "## Targets not reached\n\n" + "\n".join(f"- {line}" for line in report.shortfalls)


def _rates(report: Report) -> str:
    rows = [[name, *(_with_interval(report.summary[group]["rates"][name]) for group in GROUPS)] for name in RATES]
    note = (
        "With 95 % bootstrap intervals and the number of questions (or citations) each is over. A rate of 0 or 1 has\n"
        "an interval of no width: of n questions, up to 3/n may still go the other way (the rule of three)."
    )
    return f"## Rates\n\n{note}\n\n" + table(["rate", *GROUPS], rows)


def _halves(report: Report) -> str:
    names = ("false_answer_rate", "false_refusal_rate", "wrong_rate", "containment")
    rows = [
        [f"{name}, {group}", *(_with_interval(part[group]["rates"][name]) for part in _parts(report))]
        for name in names
        for group in GROUPS
    ]
    note = "The refusal rule is fitted on the first half only; the held-out half says how it does on new questions."
    return f"## The two halves\n\n{note}\n\n" + table(["rate", "fit", "held-out", "both"], rows)


def _parts(report: Report) -> tuple[Mapping[str, Any], ...]:
    return report.halves["fit"], report.halves["held"], report.summary


def _other_numbers(report: Report) -> str:
    groups = [report.summary[group] for group in GROUPS]
    rows = [
        ["calibration error, answered questions", *(number(group["ece_answered"]["value"]) for group in groups)],
        ["calibration error, refusals too", *(number(group["ece_all"]["value"]) for group in groups)],
        ["latency p50, ms", *(_milliseconds(group["latency_ms"]["p50"]) for group in groups)],
        ["latency p95, ms", *(_milliseconds(group["latency_ms"]["p95"]) for group in groups)],
    ]
    return "## Calibration and latency\n\n" + table(["", *GROUPS], rows)


def _tags(report: Report) -> str:
    names = ("success@3", "containment", "false_refusal_rate", "false_answer_rate")
    rows = [
        [tag, str(group["questions"]), *(number(group["rates"][name]["value"]) for name in names)]
        for tag, group in report.summary["tags"].items()
    ]
    return "## By tag\n\n" + table(["tag", "questions", *names], rows) if rows else ""


def _notes(report: Report) -> str:
    unscored = [r for r in report.results if r.case.answerable and not r.case.scorable]
    kinds = {
        "Answerable, but no acceptable answer is given, so containment cannot be scored": unscored,
        "Could not be asked, counted as refusals": [r for r in report.results if r.error],
        "Taken for another language": [r for r in report.results if not r.tallies.get("language_accuracy", (1, 1))[0]],
    }
    lines = [f"- {kind}: {', '.join(r.case.id for r in results)}." for kind, results in kinds.items() if results]
    return "## Notes\n\n" + "\n".join(lines) if lines else ""


def _misses(report: Report) -> str:
    missed = [_miss(result) for result in report.results if result.miss]
    return "## Misses\n\n" + ("\n\n".join(missed) or "None.")


def _miss(result: Result) -> str:
    case = result.case
    before = "".join(f"- asked before: {_line(turn)}\n" for turn in case.turns)
    return (
        f"### {_line(case.id)} ({case.lang}): {result.miss}\n\n"
        f"- question: {_line(case.question)}\n{before}- expected: {_line(expected(result))}\n- found: {found(result)}"
    )


def _with_interval(rate: Mapping[str, float | None]) -> str:
    if rate["value"] is None:
        return NOTHING
    return f"{number(rate['value'])} [{number(rate['low'])}, {number(rate['high'])}] n={rate['n']}"


def _milliseconds(value: float | None) -> str:
    return NOTHING if value is None else f"{value:.0f}"


def _line(text: str) -> str:
    return " ".join(text.split())

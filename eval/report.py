"""A run as four files in one folder: report.json for programs, report.md and plot.png for people, junit.xml for CI."""

from __future__ import annotations

import dataclasses
import os
import platform
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from eval.files import write_atomically, write_json
from eval.junit import junit
from eval.markdown import expected, markdown
from eval.plot import plot
from eval.score import Result, first_quote
from settings import Settings


@dataclass(frozen=True, slots=True)
class Report:
    """Everything a run has to say. `summary` and `halves` are as `eval.run` makes them of `results`."""

    questions: Path
    half: str
    settings: Settings
    results: Sequence[Result]
    summary: dict[str, Any]
    halves: dict[str, Any]
    failures: Sequence[str] | None
    """Why the gate stopped it, a line each; None when it was not asked."""
    shortfalls: Sequence[str] = ()
    """Targets not reached yet, a line each."""

    @property
    def index_version(self) -> str:
        return next((r.answer.index_version for r in self.results if r.answer.index_version), "")


def write_report(report: Report, folder: Path) -> None:
    """Write the four files, each whole or not at all. Timings apart, equal results give equal files."""
    write_json(folder / "report.json", to_json(report))
    write_atomically(folder / "report.md", markdown(report).encode())
    write_atomically(folder / "junit.xml", junit(report.questions.stem, report.results))
    write_atomically(folder / "plot.png", plot(report.summary, report.results))


def to_json(report: Report) -> dict[str, Any]:
    return {
        "settings": {  # what is kept out of the log is kept out of a report, which is passed on
            field.name: _plain(getattr(report.settings, field.name))
            for field in dataclasses.fields(report.settings)
            if field.repr
        },
        "index_version": report.index_version,
        "questions": str(report.questions),
        "half": report.half,
        "machine": {"cpus": os.cpu_count(), "python": platform.python_version()},
        "gate": None if report.failures is None else list(report.failures),
        "shortfalls": list(report.shortfalls),
        "summary": report.summary,
        "halves": report.halves,
        "results": [_result(result) for result in report.results],
        "misses": [_miss(result) for result in report.results if result.miss],
    }


def _result(result: Result) -> dict[str, Any]:
    """`scores` are this question's part in each rate, 0 to 1; one without a chance in a rate has no score for it."""
    return {
        "id": result.case.id,
        "status": result.status,
        "error": result.error,
        "answer": result.answer.to_json(),
        "hits": list(result.ranking),
        "first_relevant": result.first_relevant,
        "scores": {name: gain / chances for name, (gain, chances) in sorted(result.tallies.items()) if chances},
    }


def _miss(result: Result) -> dict[str, Any]:
    return {
        "id": result.case.id,
        "lang": result.case.lang,
        "question": result.case.question,
        "turns": list(result.case.turns),
        "kind": result.miss,
        "expected": expected(result),
        "status": result.status,
        "confidence": result.answer.confidence,
        "quote": first_quote(result.answer),
        "first_relevant": result.first_relevant,
    }


def _plain(value: object) -> object:
    return str(value) if isinstance(value, Path) else value

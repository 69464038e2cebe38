"""This system against the plain composition of the same packages and against txtai: what each costs, and what it finds.

Every number is of one round. The table shows the median over the rounds and their spread, and how many times ours it
is: the median of the ratios within each round, so that a machine that slows down does so for all of them.
"""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from bench.peer_rounds import Asked, Built, System, ask, build, in_turn, machine, shared_task
from bench.peer_worker import FOUND
from errors import QuestionFileError
from eval.questions import read_questions
from settings import Settings


@dataclass(frozen=True, slots=True)
class Measure:
    name: str
    label: str
    digits: int
    is_cost: bool = True
    """Less is better, and a ratio says something."""


MEASURES = (
    Measure("encode", "question to vector, ms", 1),
    Measure("retrieve", f"question to the first {FOUND} passages, ms", 1),
    Measure("answer", "question to cited answer, ms", 1),
    Measure("cold", "start of the process to the first answer, s", 1),
    Measure("build", "building the index, ms a passage", 1),
    Measure("index", "index on disk, kB a passage", 1),
    Measure("rss", "memory after the questions, MB", 0),
    Measure("peak", "most memory while asked, MB", 0),
    Measure("build_peak", "most memory while building, MB", 0),
    Measure("installed", "installed packages, MB", 0),
    Measure("used", "packages that answering needs, MB", 0),
    Measure("recall@1", "recall@1 of a passage with the answer", 2, is_cost=False),
    Measure(f"recall@{FOUND}", f"recall@{FOUND} of a passage with the answer", 2, is_cost=False),
)


class Spread(NamedTuple):
    """Over the rounds."""

    median: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Comparison:
    """`rounds[system][i]` holds the numbers of round i by measure; the first system is ours."""

    systems: tuple[System, ...]
    rounds: Mapping[str, Sequence[Mapping[str, float]]]
    versions: Mapping[str, Mapping[str, str]]
    machine: str
    passages: int
    questions: int

    def spread(self, system: System, measure: Measure) -> Spread | None:
        """None where the system has no such step."""
        return _spread([numbers[measure.name] for numbers in self.rounds[system.name] if measure.name in numbers])

    def ratio(self, system: System, measure: Measure) -> Spread | None:
        """Theirs over ours, round by round; None where there is nothing to divide."""
        pairs = zip(self.rounds[system.name], self.rounds[self.systems[0].name], strict=True)
        name = measure.name
        ratios = [theirs[name] / own[name] for theirs, own in pairs if name in theirs and name in own]
        return _spread(ratios) if measure.is_cost else None

    def table(self) -> str:
        """Markdown, with a head that says what was measured and on what."""
        count = len(self.rounds[self.systems[0].name])
        rows = [
            f"| {' | '.join([measure.label, *(self._cell(system, measure) for system in self.systems)])} |"
            for measure in MEASURES
        ]
        return "\n".join(
            [
                f"{self.passages} passages, {self.questions} questions, {count} rounds in turn; {self.machine}. "
                "Median over the rounds (lowest – highest) · how many times ours, in the same round.",
                "",
                f"| | {' | '.join(system.label for system in self.systems)} |",
                f"| ---{' | ---' * len(self.systems)} |",
                *rows,
                "",
                *(f"- {system.label}{self._versions(system)}: {system.note}" for system in self.systems),
            ]
        )

    def _versions(self, system: System) -> str:
        """Of the peers; ours are in requirements.txt."""
        named = ", ".join(f"{name} {version}" for name, version in self.versions.get(system.name, {}).items())
        return f" ({named})" if named and system is not self.systems[0] else ""

    def _cell(self, system: System, measure: Measure) -> str:
        spread = self.spread(system, measure)
        if spread is None:
            return "—"
        median, low, high = (f"{value:.{measure.digits}f}" for value in spread)
        ratio = None if system is self.systems[0] else self.ratio(system, measure)
        return median + (f" ({low} – {high})" if low != high else "") + (f" · {times(ratio.median)}" if ratio else "")

    def to_json(self) -> dict[str, Any]:
        """Everything: the rounds as measured, and by system and measure the spreads of value and ratio."""
        return {
            "machine": self.machine,
            "passages": self.passages,
            "questions": self.questions,
            "versions": self.versions,
            "rounds": self.rounds,
            "summary": {
                system.name: {measure.name: self._summary(system, measure) for measure in MEASURES}
                for system in self.systems
            },
        }

    def _summary(self, system: System, measure: Measure) -> dict[str, Any]:
        spread, ratio = self.spread(system, measure), self.ratio(system, measure)
        return {"value": spread and spread._asdict(), "ratio": ratio and ratio._asdict()}


def times(ratio: float) -> str:
    """Two digits or three.

    >>> times(0.456), times(3.21), times(123.4)
    ('×0.46', '×3.2', '×123')
    """
    return f"×{ratio:.{2 if ratio < 1 else 1 if ratio < 10 else 0}f}"


def _spread(values: Sequence[float]) -> Spread | None:
    return Spread(statistics.median(values), min(values), max(values)) if values else None


def compare(systems: Sequence[System], settings: Settings, questions: Path, rounds: int) -> Comparison:
    """Measure; questions that stand in a conversation are left out, since the peers have none.

    Raises QuestionFileError when no question has an answer to look for, BulletinError when a system fails.
    """
    cases = [case for case in read_questions(questions) if not case.turns]
    if not any(case.scorable for case in cases):
        raise QuestionFileError(questions, "no answerable question with answers outside a conversation.")
    results: dict[str, list[dict[str, float]]] = {system.name: [] for system in systems}
    versions, where = {}, machine()
    with shared_task(settings) as task:
        for system in in_turn(systems, rounds):
            built, asked = build(system, task), ask(system, task, cases)
            results[system.name].append(numbers(built, asked, len(task.passages)))
            versions[system.name] = asked.installed["versions"]
        return Comparison(tuple(systems), results, versions, where, len(task.passages), len(cases))


def numbers(built: Built, asked: Asked, passages: int) -> dict[str, float]:
    """One round of one system, in the units of MEASURES."""
    megabytes = {**asked.memory, "build_peak": built.peak, "installed": asked.installed["all"]}
    return {
        **{step: seconds * 1e3 for step, seconds in asked.steps.items()},
        "cold": asked.cold,
        "build": built.seconds * 1e3 / passages,
        "index": sum(built.parts.values()) / 1e3 / passages,
        **{name: size / 1e6 for name, size in megabytes.items()},
        "used": asked.installed["used"] / 1e6,
        "recall@1": asked.recall[0],
        f"recall@{FOUND}": asked.recall[1],
    }

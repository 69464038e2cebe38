"""Answers on articles that the trained reader has not seen: the same reader over what each ranker puts first.

The bulletins are those of `bench.retrieval`. All are asked through `ask`; what differs is which passages are read.
"""

from __future__ import annotations

import dataclasses
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from operator import attrgetter
from pathlib import Path
from typing import Any

from answer.ask import PASSAGES_READ, Assistant
from app import open_assistant, open_builder
from bench.rankers import DENSE, OURS, WORDS
from bench.retrieval import prepare_sets
from bench.sets import SPLIT, USE
from eval.questions import QuestionCase, read_questions
from eval.run import evaluate, summarize
from index.search import CANDIDATES, search
from index.versions.store import Index
from records import Hit, Question, Reader, Reading
from settings import Settings

COLUMNS = {
    "quote holds the answer": "containment", "F1": "f1", "EM": "exact_match",
    "refused although there": "false_refusal_rate", "quoted from its own paragraph": "gold_article_cited",
}  # fmt: skip


@dataclasses.dataclass(frozen=True, slots=True)
class PartReader:
    """A Reader of the passages that one part of the search puts first, whatever it is given to read."""

    reader: Reader
    index: Index
    part: Callable[[Hit], float]

    def read(self, question: Question, _: Sequence[Hit]) -> list[Reading]:
        # The first few of either part are among the candidates of both.
        found = search(self.index, question, 2 * CANDIDATES)
        return self.reader.read(question, sorted(found, key=self.part, reverse=True)[:PASSAGES_READ])


def report(data: Path, out: Path, names: Sequence[str], most: int | None, settings: Settings) -> Iterator[str]:
    """Markdown as it comes, `most` questions of each set asked. Raises BulletinError when `data` lacks the sets."""
    progress = sys.stderr.isatty()
    yield head()
    for asked in prepare_sets(data, out, names, open_builder(settings), progress):
        cases = held_out(read_questions(asked.questions), most)
        assistant = open_assistant(dataclasses.replace(settings, index=asked.index))
        yield table(asked.name, len(cases), measure(assistant, cases, progress=progress))


def held_out(cases: Sequence[QuestionCase], most: int | None = None) -> list[QuestionCase]:
    """Those on articles that nothing was trained, fitted or chosen on, `most` of them at most."""
    return [case for case in cases if {f"{SPLIT}test", f"{USE}test"} <= {*case.tags}][:most]


def measure(assistant: Assistant, cases: Sequence[QuestionCase], *, progress: bool = False) -> Mapping[str, Any]:
    """By ranker, the rates of `eval.run` for these questions."""
    parts = {WORDS: attrgetter("words"), DENSE: attrgetter("dense")}
    readers: dict[str, Reader] = {
        name: PartReader(assistant.reader, assistant.index, part) for name, part in parts.items()
    }
    readers[OURS] = assistant.reader
    asked = {name: dataclasses.replace(assistant, reader=reader) for name, reader in readers.items()}
    return {name: summarize(evaluate(a, cases, progress))["all"]["rates"] for name, a in asked.items()}


def head() -> str:
    return f"| set (questions) | six passages read, from | {' | '.join(COLUMNS)} |\n|{' --- |' * (2 + len(COLUMNS))}"


def table(name: str, questions: int, rates: Mapping[str, Any]) -> str:
    """Markdown: a line for each ranker, each number with half the width of its 95 % interval."""
    lines = []
    for ranker, row in rates.items():
        cells = " | ".join(_cell(row[key]) for key in COLUMNS.values())
        lines.append(f"| {name} ({questions}) | {ranker} | {cells} |")
    return "\n".join(lines)


def _cell(rate: Mapping[str, float | None]) -> str:
    value, low, high = (rate[key] for key in ("value", "low", "high"))
    return "–" if value is None or low is None or high is None else f"{value:.3f} ± {(high - low) / 2:.3f}"

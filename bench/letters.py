"""Questions as readers write them, in a letter or with slips of the fingers, next to the same questions bare.

`letters.jsonl` puts 420 held-out questions of PIAF, XQuAD (German) and SQuAD 2.0 into letters. A language model wrote
them before those that `answer.letter` was trained on (`train.letters`); what to do with them was chosen on the part
`val`, results are of `test`. Without signs is how a phone is typed on: small letters, and no mark but apostrophe and
hyphen. Slips are drawn: two words of five letters or more have one each (`train.typed.slipped`), two letters swapped,
one left out, doubled or another.
"""

from __future__ import annotations

import json
import random
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from answer.ask import PASSAGES_READ, Assistant
from app import open_assistant
from bench.quality import prepare_sets
from eval.metrics import contains
from eval.questions import QuestionCase, read_questions
from eval.run import evaluate
from index.question import clean, prepare
from index.search import search
from settings import ROOT, Settings
from train.typed import slipped, without_signs

LETTERS = ROOT / "bench" / "letters.jsonl"
ASKED = 250
"""Questions of each set: the letters are of the first of these."""
FORMS = (
    "bare", "in a letter", "the letter taken whole", "the letter without signs", "the same, taken whole", "two slips",
    "two slips not mended",
)  # fmt: skip


def read_letters(name: str, part: str) -> dict[str, str]:
    """The letters on a set's questions, by the question's id."""
    lines = map(json.loads, LETTERS.read_text("utf-8").splitlines())
    return {line["id"]: line["letter"] for line in lines if (line["set"], line["part"]) == (name, part)}


def report(data: Path, out: Path, part: str, settings: Settings) -> Iterator[str]:
    """Markdown as it comes: for how many questions the quote holds the answer. Raises BulletinError when `data` lacks
    the sets."""
    yield f"| set (questions) | {' | '.join(FORMS)} |\n|{' --- |' * (1 + len(FORMS))}"
    for asked in prepare_sets(data, out, ASKED, settings):
        letters = read_letters(asked.name.removesuffix(f"-{part}"), part)
        if not letters or not asked.name.endswith(f"-{part}"):
            continue
        cases = [case for case in read_questions(asked.questions) if case.id in letters]
        assistant = open_assistant(replace(settings, index=asked.index))
        written = [replace(case, question=letters[case.id]) for case in cases]
        unsigned = [replace(case, question=without_signs(case.question)) for case in written]
        typed = [replace(case, question=slipped(case.question, 2, random.Random(case.id))) for case in cases]
        rates = (
            [result.right for result in evaluate(assistant, cases)],
            [result.right for result in evaluate(assistant, written)],
            [right_whole(assistant, case) for case in written],
            [result.right for result in evaluate(assistant, unsigned)],
            [right_whole(assistant, case) for case in unsigned],
            [result.right for result in evaluate(assistant, typed)],
            [result.right for result in evaluate(replace(assistant, spelling=None), typed)],
        )
        yield f"| {asked.name} ({len(cases)}) | {' | '.join(f'{_mean(rate):.3f}' for rate in rates)} |"


def right_whole(assistant: Assistant, case: QuestionCase) -> bool:
    """Whether the quote holds the answer when all of a letter is taken for its question."""
    question = prepare(clean(case.question), assistant.encoder)
    readings = assistant.reader.read(question, search(assistant.index, question, PASSAGES_READ))
    if not readings or readings[0].confidence < assistant.threshold:
        return False
    return contains(readings[0].hit.article.body[slice(*readings[0].quote)], case.answers)


def _mean(right: Sequence[bool | None]) -> float:
    return sum(map(bool, right)) / len(right)

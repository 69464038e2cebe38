"""Letters in which what is asked is marked, and what training makes of them (`train.tagger`).

A language model wrote them for this (docs/letters.md). Each is also seen as phones are typed on, without signs, and
with another question in its place; beside it stand a bare question, of which all is asked, and one between a greeting
and thanks that other letters have.
"""

from __future__ import annotations

import json
import random
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from answer.days import plain
from errors import BulletinError
from records import LANGS, Lang, Span
from train.sets import hashed, read_text
from train.typed import ASKING, without_signs

LETTERS = Path(__file__).with_name("letters.jsonl")
_HELD = 10
"""One letter in so many is kept to judge by."""
_UNSIGNED = 3
"""One bare question in so many is without signs."""
_COURTESY = 6
"""Words of the longest greeting, request or thanks that other questions are put between."""

Part = tuple[bool, str]
"""Whether it is asked, and its words."""


class MarkedLetter(NamedTuple):
    lang: Lang
    parts: list[Part]

    @property
    def text(self) -> str:
        return "".join(words for _, words in self.parts)

    @property
    def asked(self) -> list[Span]:
        """Where in the text."""
        spans, at = [], 0
        for asked, words in self.parts:
            spans += [(at, at + len(words))] if asked else []
            at += len(words)
        return spans

    @property
    def held(self) -> bool:
        return int(hashed(self.text)[:8], 16) % _HELD == 0

    def without_signs(self) -> MarkedLetter:
        words = [(asked, without_signs(words)) for asked, words in self.parts]
        kept = [(asked, some) for asked, some in words if some]
        return MarkedLetter(self.lang, [(asked, f"{' ' * bool(n)}{some}") for n, (asked, some) in enumerate(kept)])

    def asking(self, question: str) -> MarkedLetter | None:
        """Another question in the place of its own; None unless that is one, and a direct one in something else."""
        at = [n for n, (asked, words) in enumerate(self.parts) if asked and words.rstrip().endswith("?")]
        if len(at) != 1 or sum(asked for asked, _ in self.parts) != 1 or len(self.parts) == 1:
            return None
        own = self.parts[at[0]][1]
        new = question if own.lstrip()[0].isupper() else _small(question)
        new = own[: len(own) - len(own.lstrip())] + new + own[len(own.rstrip()) :]
        return MarkedLetter(
            self.lang, [(asked, new if n == at[0] else words) for n, (asked, words) in enumerate(self.parts)]
        )


def _small(question: str) -> str:
    """Its first letter small where that is no noun's and no name's."""
    return question[0].lower() + question[1:] if plain(question.split()[0]) in ASKING else question


def read_letters(path: Path) -> list[MarkedLetter]:
    """One a line: its language, and its parts, each with whether it is asked. Raises BulletinError."""
    letters = []
    for number, line in enumerate(read_text(path).splitlines(), 1):
        try:
            read = json.loads(line)
            kinds, texts = zip(*read["parts"], strict=True)
            asked = [{"question": True, "around": False}[kind] for kind in kinds]
            letter = MarkedLetter(LANGS[LANGS.index(read["lang"])], list(zip(asked, _cleaned(texts), strict=True)))
        except (ValueError, KeyError, TypeError) as error:
            raise BulletinError(f"{path}:{number}: not a letter ({error!r}).") from error
        if not any(asked):
            raise BulletinError(f"{path}:{number}: asks nothing; mark what is asked as a part of the kind 'question'.")
        letters.append(letter)
    return letters


def _cleaned(parts: Sequence[str]) -> Iterator[str]:
    """White space in runs of one, none at both ends of the whole."""
    blank = True
    for n, part in enumerate(parts):
        words = re.sub(r"\s+", " ", part)
        words = words.lstrip() if blank else words
        yield words.rstrip() if n == len(parts) - 1 else words
        blank = words.endswith(" ") or blank and not words


def bare_questions(path: Path) -> dict[Lang, list[str]]:
    """Those written for the reader (`train.generated`), by language. Raises BulletinError where one has none."""
    found: dict[Lang, list[str]] = {lang: [] for lang in LANGS}
    for number, line in enumerate(read_text(path).splitlines(), 1):
        try:
            for question in json.loads(line)["questions"]:
                found[question["lang"]].append(question["question"])
        except (ValueError, KeyError, TypeError) as error:
            raise BulletinError(f"{path}:{number}: not a passage with questions ({error!r}).") from error
    for lang, questions in found.items():
        if not questions:
            raise BulletinError(f"{path} holds no question in {lang!r}; --written wants some in each of {LANGS}.")
    return found


def variants(
    letters: Sequence[MarkedLetter], bare: Mapping[Lang, Sequence[str]], seed: int
) -> tuple[list[MarkedLetter], list[MarkedLetter]]:
    """What is trained on and what is held, no question of the one in the other: letters as they are and without signs,
    bare questions, the same between courtesies; and, to train on, others in the letters' places."""
    chance = random.Random(seed)
    held = [letter for letter in letters if letter.held]
    train = [letter for letter in letters if not letter.held]
    return _seen(train, bare, chance, held=False), _seen(held, bare, chance, held=True)


def _seen(
    letters: Sequence[MarkedLetter], bare: Mapping[Lang, Sequence[str]], chance: random.Random, held: bool
) -> list[MarkedLetter]:
    pools: dict[Lang, list[list[str]]] = {}
    for lang in LANGS:
        ours = [MarkedLetter(lang, [(True, question)]) for question in bare[lang]]
        hard = [letter for letter in letters if letter.lang == lang and len(letter.parts) == 1]
        pools[lang] = [[letter.text for letter in some if letter.held == held] for some in (ours, hard)]
    edges = {lang: _courtesies([letter for letter in letters if letter.lang == lang]) for lang in LANGS}
    seen: list[MarkedLetter] = []
    for letter in letters:
        seen += [letter, letter.without_signs()]
        some = [pool for pool in pools[letter.lang] if pool]
        alone = MarkedLetter(letter.lang, [(True, chance.choice(chance.choice(some)))])
        seen.append(alone.without_signs() if chance.randrange(_UNSIGNED) == 0 else alone)
        polite = _polite(letter.lang, chance.choice(chance.choice(some)), *edges[letter.lang], chance)
        seen.append(polite.without_signs() if chance.random() < 0.5 else polite)
        if not held and (other := letter.asking(chance.choice(chance.choice(some)))):
            seen.append(other.without_signs() if chance.random() < 0.5 else other)
    return seen


def _courtesies(letters: Sequence[MarkedLetter]) -> tuple[list[str], list[str]]:
    """What stands before and behind the questions of these letters, where that is short."""
    short = [letter for letter in letters if len(letter.parts) > 1]
    first = [words for (asked, words), *_ in (letter.parts for letter in short) if not asked]
    last = [words for *_, (asked, words) in (letter.parts for letter in short) if not asked]
    behind = [f" {words.lstrip(' ?.,!')}" for words in last]
    brief = [[words for words in some if 0 < len(words.split()) <= _COURTESY] for some in (first, behind)]
    return brief[0], brief[1]


def _polite(
    lang: Lang, question: str, before: Sequence[str], behind: Sequence[str], chance: random.Random
) -> MarkedLetter:
    """The question between a courtesy and another, or with one of them."""
    sides = chance.choice(((True, False), (False, True), (True, True)))
    front = chance.choice(before) if sides[0] and before else ""
    back = chance.choice(behind) if sides[1] and behind else ""
    asked = question if not front or front.rstrip()[-1] in ".!?" else _small(question)
    parts = [(False, front and f"{front.rstrip()} "), (True, asked), (False, back)]
    return MarkedLetter(lang, [(asked, words) for asked, words in parts if words])

"""Question files, which anyone may write, and the two halves each is split into.

JSON Lines, one object a line: `{"id", "lang", "question", "turns", "articles", "answers", "answerable", "tags"}`.
`turns`, `articles`, `answers` and `tags` may be missing; keys we do not know are left alone, blank lines skipped.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from errors import QuestionFileError
from records import LANGS, Lang


@dataclass(frozen=True, slots=True)
class QuestionCase:
    """A question and what a right reply to it is: words of the bulletin, or a refusal."""

    id: str
    lang: Lang
    question: str
    answerable: bool
    turns: tuple[str, ...] = ()
    """The questions asked before it in the same conversation, oldest first."""
    articles: tuple[str, ...] = ()
    """Ids of the articles that hold the answer; empty: any article may."""
    answers: tuple[str, ...] = ()
    """Acceptable strings; an answerable question without any cannot be scored for containment."""
    tags: tuple[str, ...] = ()

    @property
    def scorable(self) -> bool:
        """Can it be told whether a quote is right? Needs an answer to look for."""
        return self.answerable and bool(self.answers)

    @property
    def fittable(self) -> bool:
        """Can a reader's confidence be fitted on it? It has to stand alone, and what is right has to be known."""
        return not self.turns and (self.scorable or not self.answerable)


def read_questions(path: Path) -> list[QuestionCase]:
    """The cases of a question file, in its order.

    Raises QuestionFileError, with the line, on anything but the contract above: not UTF-8, not JSON, a key missing or
    of another type, an unknown language, an id used twice, no question at all; OSError when it cannot be read.
    """
    cases: dict[str, QuestionCase] = {}
    for number, line in _lines(path):
        try:
            case = _parse(line)
        except ValueError as problem:
            raise QuestionFileError(path, str(problem), number) from None
        if case.id in cases:
            raise QuestionFileError(path, f"the id {case.id!r} is used twice; every question needs its own.", number)
        cases[case.id] = case
    if not cases:
        raise QuestionFileError(path, "no question in it; expected one JSON object a line.")
    return list(cases.values())


def half(cases: Sequence[QuestionCase]) -> tuple[list[QuestionCase], list[QuestionCase]]:
    """Split into (fit, held out): by language and answerability, alternately in file order, the first one to fit.

    What decides on refusals is fitted on the first half alone, so only the second tells how it does on new questions.
    """
    halves: tuple[list[QuestionCase], list[QuestionCase]] = ([], [])
    seen: Counter[tuple[Lang, bool]] = Counter()
    for case in cases:
        kind = case.lang, case.answerable
        halves[seen[kind] % 2].append(case)
        seen[kind] += 1
    return halves


def _lines(path: Path) -> Iterator[tuple[int, str]]:
    data = path.read_bytes()
    try:
        text = data.decode("utf-8-sig")  # editors on Windows put a byte order mark first
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise QuestionFileError(path, f"not UTF-8 ({error.reason}); save the file as UTF-8.", line) from None
    # Not str.splitlines: it also cuts at U+2028 and U+0085, which JSON strings may hold as they are.
    return ((number, line) for number, line in enumerate(text.split("\n"), 1) if line.strip())


def _parse(line: str) -> QuestionCase:
    """One line's case. Raises ValueError, saying what was found and what was expected."""
    try:
        record = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise ValueError(f"not JSON ({error}); expected one object a line.") from None
    if not isinstance(record, dict):
        raise ValueError(f"found {_kind(record)}; expected an object.")
    texts = {key: _texts(record, key) for key in ("turns", "articles", "answers", "tags")}
    return QuestionCase(_id(record), _lang(record), _question(record), _answerable(record), **texts)


def _id(record: dict[str, Any]) -> str:
    value = _required(record, "id")
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    if not _is_text(value) or not value:
        raise ValueError(f"`id` is {_kind(value)}; expected a string that is not empty, or a whole number.")
    return str(value)


def _lang(record: dict[str, Any]) -> Lang:
    value = _required(record, "lang")
    for lang in LANGS:
        if value == lang:
            return lang
    raise ValueError(f"`lang` is {value!r}; expected one of {', '.join(LANGS)}.")


def _question(record: dict[str, Any]) -> str:
    value = _required(record, "question")
    if not _is_text(value):
        raise ValueError(f"`question` is {_kind(value)}; expected a string.")
    return str(value)


def _answerable(record: dict[str, Any]) -> bool:
    value = _required(record, "answerable")
    if not isinstance(value, bool):
        raise ValueError(f"`answerable` is {_kind(value)}; expected true or false.")
    return value


def _texts(record: dict[str, Any], key: str) -> tuple[str, ...]:
    value = record.get(key, [])
    if not isinstance(value, list) or not all(map(_is_text, value)):
        raise ValueError(f"`{key}` is {_kind(value)}; expected a list of strings.")
    return tuple(value)


def _required(record: dict[str, Any], key: str) -> Any:
    if key not in record:
        raise ValueError(f"`{key}` is missing; expected id, lang, question and answerable.")
    return record[key]


def _is_text(value: object) -> bool:
    """A string that UTF-8 can hold: JSON lets half a surrogate pair through, which no report could be written with."""
    return isinstance(value, str) and not any("\ud800" <= character <= "\udfff" for character in value)


def _kind(value: object) -> str:
    if isinstance(value, str):
        return "an empty string" if not value else "a string" if _is_text(value) else "a string with half a character"
    if isinstance(value, list):
        return "a list of strings" if all(map(_is_text, value)) else "a list that holds something else"
    return {dict: "an object", bool: "true or false", type(None): "null"}.get(type(value), "a number")

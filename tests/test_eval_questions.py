from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from corpus.articles import read_articles
from errors import QuestionFileError
from eval.questions import QuestionCase, half, read_questions
from records import LANGS
from settings import ROOT, Settings

LEAST: dict[str, Any] = {"id": "q1", "lang": "fr", "question": "Où ?", "answerable": False}
ALL = LEAST | {"turns": ["Qui ?"], "articles": ["a"], "answers": ["ici"], "answerable": True, "tags": ["plain"]}


def write(folder: Path, *lines: object) -> Path:
    path = folder / "set.jsonl"
    texts = (line if isinstance(line, str) else json.dumps(line, ensure_ascii=False) for line in lines)
    path.write_text("\n".join(texts), "utf-8")
    return path


def test_reads_every_key_and_fills_in_the_missing(tmp_path: Path) -> None:
    path = write(tmp_path, ALL, "", LEAST | {"id": 7, "source": {"page": 3}}, "  ")
    assert read_questions(path) == [
        QuestionCase("q1", "fr", "Où ?", True, ("Qui ?",), ("a",), ("ici",), ("plain",)),
        QuestionCase("7", "fr", "Où ?", False),
    ]


def test_lines_end_at_line_feeds_only(tmp_path: Path) -> None:
    path = tmp_path / "set.jsonl"
    lines = [LEAST | {"question": "a\u2028b\u0085c"}, LEAST | {"id": "q2"}]
    text = "\r\n".join(json.dumps(line, ensure_ascii=False) for line in lines)
    path.write_bytes(b"\xef\xbb\xbf" + text.encode())
    assert [case.question for case in read_questions(path)] == ["a\u2028b\u0085c", "Où ?"]


def test_scorable_needs_an_answer() -> None:
    assert QuestionCase("1", "fr", "?", True, answers=("x",)).scorable
    assert not QuestionCase("1", "fr", "?", True, articles=("a",)).scorable
    assert not QuestionCase("1", "fr", "?", False, answers=("x",)).scorable


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ("{", "not JSON"),
        ("[" * 100_000, "not JSON"),
        ("[1]", "found a list that holds something else; expected an object"),
        ("null", "found null; expected an object"),
        ({"lang": "fr"}, "`id` is missing"),
        (LEAST | {"id": True}, "`id` is true or false; expected a string that is not empty, or a whole number"),
        (LEAST | {"id": 1.5}, "`id` is a number; expected"),
        (LEAST | {"id": ""}, "`id` is an empty string; expected"),
        (LEAST | {"lang": "es"}, "`lang` is 'es'; expected one of fr, en, de"),
        (LEAST | {"lang": ["fr"]}, "`lang` is ['fr']; expected one of"),
        (LEAST | {"question": None}, "`question` is null; expected a string"),
        ('{"id": "x", "lang": "fr", "question": "\\ud800", "answerable": false}', "a string with half a character"),
        (LEAST | {"answerable": "yes"}, "`answerable` is a string; expected true or false"),
        (LEAST | {"answerable": 1}, "`answerable` is a number; expected true or false"),
        (LEAST | {"answers": "91"}, "`answers` is a string; expected a list of strings"),
        (LEAST | {"answers": [91]}, "`answers` is a list that holds something else; expected a list of strings"),
        (LEAST | {"tags": None}, "`tags` is null; expected a list of strings"),
        (LEAST, "the id 'q1' is used twice"),
    ],
)
def test_says_what_is_wrong_and_where(tmp_path: Path, line: object, problem: str) -> None:
    path = write(tmp_path, LEAST, "", line)
    with pytest.raises(QuestionFileError) as caught:
        read_questions(path)
    assert str(caught.value).startswith(f"{path}:3: ")
    assert problem in str(caught.value)


@pytest.mark.parametrize("key", ["id", "lang", "question", "answerable"])
def test_every_key_that_must_be_there(tmp_path: Path, key: str) -> None:
    path = write(tmp_path, {name: value for name, value in LEAST.items() if name != key})
    with pytest.raises(QuestionFileError, match=f":1: `{key}` is missing"):
        read_questions(path)


def test_an_id_is_the_same_as_number_and_as_string(tmp_path: Path) -> None:
    with pytest.raises(QuestionFileError, match=":2: the id '1' is used twice"):
        read_questions(write(tmp_path, LEAST | {"id": 1}, LEAST | {"id": "1"}))


def test_not_utf8(tmp_path: Path) -> None:
    path = tmp_path / "set.jsonl"
    path.write_bytes(json.dumps(LEAST).encode() + b"\n\n" + "é".encode("latin-1") + b"\n")
    with pytest.raises(QuestionFileError, match=":3: not UTF-8"):
        read_questions(path)


@pytest.mark.parametrize("text", ["", "\n \n"])
def test_empty(tmp_path: Path, text: str) -> None:
    with pytest.raises(QuestionFileError, match="no question in it"):
        read_questions(write(tmp_path, text))


def test_half_alternates_within_language_and_answerability() -> None:
    kinds = [("fr", True), ("fr", False), ("en", True), ("fr", True), ("fr", True), ("fr", False)]
    cases = [QuestionCase(str(i), lang, "?", answerable) for i, (lang, answerable) in enumerate(kinds)]  # type: ignore[arg-type]
    fit, held = half(cases)
    assert [case.id for case in fit] == ["0", "1", "2", "4"]
    assert [case.id for case in held] == ["3", "5"]


@given(st.lists(st.tuples(st.sampled_from(LANGS), st.booleans())))
def test_half_splits_every_kind_evenly_and_loses_none(kinds: list[tuple[Any, bool]]) -> None:
    cases = [QuestionCase(str(i), lang, "?", answerable) for i, (lang, answerable) in enumerate(kinds)]
    fit, held = half(cases)
    assert sorted(fit + held, key=lambda case: int(case.id)) == cases
    for kind in set(kinds):
        counts = [sum((c.lang, c.answerable) == kind for c in part) for part in (fit, held)]
        assert counts[0] - counts[1] in (0, 1)


def test_the_bulletins_own_questions() -> None:
    cases = read_questions(ROOT / "eval" / "questions" / "go-cluster.jsonl")
    counts = {lang: [sum(c.lang == lang and c.answerable is a for c in cases) for a in (True, False)] for lang in LANGS}
    assert counts == {"fr": [16, 6], "en": [16, 6], "de": [16, 6]}
    assert [len(part) for part in half(cases)] == [33, 33]


def test_the_follow_ups() -> None:
    cases = read_questions(ROOT / "eval" / "questions" / "followups.jsonl")
    assert len(cases) >= 30
    assert {len(case.turns) for case in cases} == {1, 2}
    for lang in LANGS:
        own = [case for case in cases if case.lang == lang]
        assert len(own) >= 10
        assert {case.answerable for case in own} == {True, False}
    bodies = {article.id: article.body for article in read_articles(Settings().articles)}
    assert all(case.scorable and case.articles for case in cases if case.answerable)
    assert not [(c.id, a) for c in cases for a in c.answers if not any(a in bodies[held] for held in c.articles)]

"""Slips of the fingers: mended where one word must have been meant, and names and rare words left alone."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from answer.ask import Assistant
from errors import ModelError
from index.spelling import MOST, Spelling
from index.stores.lexical import LexicalIndex
from settings import Settings

TEXTS = (
    "Brigitte Zypries a ouvert le congrès annuel des clusters, organisé à Berlin avec la Suisse.",
    "Le programme soutient l'innovation ; Marie Laval et Spinoza en parlent. Les moissonneuses-batteuses.",
    "Die Staatssekretärin sprach über den Zellkern und die Ratten von Maryland.",
)


@pytest.fixture(scope="module")
def spelling() -> Spelling:
    return Spelling.open(Settings.from_environment().cache)


@pytest.fixture(scope="module")
def lexical() -> LexicalIndex:
    return LexicalIndex.build(TEXTS, ("fr", "fr", "de"))


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("qui a ouvert le congrsè ?", "qui a ouvert le congrès ?"),  # two swapped
        ("Wer ist Zyrpies?", "Wer ist Zypries?"),
        ("le proggramme", "le programme"),  # doubled
        ("where is the comittee", "where is the committee"),  # not doubled
        ("le prgoramme de l'innovatoin", "le programme de l'innovation"),
        ("l'innovatin", "l'innovation"),  # too few, in a long word
        ("WER WAR DIE STAATSSEKRETÄRNI", "WER WAR DIE STAATSSEKRETÄRIN"),
        ("Wie viele Teilnemer kamen?", "Wie viele Teilnehmer kamen?"),  # a word of the language alone
        ("Whihc country was invited?", "Which country was invited?"),
        ("quele pays", "quelle pays"),
    ],
)
def test_a_slip_is_mended(spelling: Spelling, lexical: LexicalIndex, typed: str, meant: str) -> None:
    assert spelling.mended(typed, lexical) == meant


@pytest.mark.parametrize(
    "typed",
    [
        "Qui est Duval ?",  # not Laval
        "Was schrieb Spinola?",  # not Spinoza
        "What does Maryse say?",  # not Maryland's stem with an ending
        "sa directrice mange des pommes",  # words of the language that the bulletin has not
        "Wie können sie sich näherkommen?",
        "Wie viele Windparks gibt es, und was heißt fracking?",  # compounds, and what is no slip
        "Was sagt Minister Weimer über BioNTech, ChatGPT und die Geothermie?",
        "kennt ihr xqzvw und grmblfx?",
        "2014, 91 et 1 200",
        "kenny.abbey@diplomatie.gouv.fr",
        "中国 有多少?",
        "",
    ],
)
def test_what_may_be_meant_stays_as_typed(spelling: Spelling, lexical: LexicalIndex, typed: str) -> None:
    assert spelling.mended(typed, lexical) == typed


def test_names_that_are_told_are_right_as_they_are(spelling: Spelling, lexical: LexicalIndex) -> None:
    assert spelling.mended("who is Spinozza?", lexical) == "who is Spinoza?"
    assert spelling.mended("who is Spinozza?", lexical, names={"spinozza"}) == "who is Spinozza?"


def test_of_many_words_that_nobody_knows_none_is_mended(spelling: Spelling, lexical: LexicalIndex) -> None:
    few = " ".join(["programe", *(f"xqzvw{letter * 4}" for letter in "bcd")])
    assert len(few.split()) == MOST and "programme" in spelling.mended(few, lexical)
    assert spelling.mended(f"{few} xqzvwffff", lexical) == f"{few} xqzvwffff"


@hypothesis_settings(max_examples=200, deadline=None)
@given(text=st.text(max_size=80))
def test_any_text_keeps_what_is_no_word(spelling: Spelling, lexical: LexicalIndex, text: str) -> None:
    mended = spelling.mended(text, lexical)
    assert [c for c in mended if not c.isalpha()] == [c for c in text if not c.isalpha()]
    assert mended == text or mended.lower() != text.lower(), "letters are small or large as typed"


def test_a_word_is_known_with_or_without_its_accents(spelling: Spelling) -> None:
    assert spelling.known("énergie") and spelling.known("energie") and spelling.known("Wirtschaft")
    assert not spelling.known("xqzvw")


def test_the_dictionaries_are_hashed_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = Spelling.open(tmp_path / "cache")
    (written,) = (tmp_path / "cache").iterdir()
    stamp = written.stat().st_mtime_ns
    assert np.array_equal(Spelling.open(tmp_path / "cache").hashes, first.hashes)
    assert written.stat().st_mtime_ns == stamp
    assert (np.diff(first.hashes.astype(np.float64)) >= 0).all() and len(first.hashes) > 500_000

    monkeypatch.setattr(importlib.util, "find_spec", lambda _: None)
    with pytest.raises(ModelError, match="reinstall pyspellchecker"):
        Spelling.open(tmp_path / "another")
    assert not any((tmp_path / "another").glob("*")), "nothing half-written"


def test_a_question_with_slips_is_answered_as_without(assistant: Assistant) -> None:
    assert assistant.spelling is not None
    asked = "How many participants did the cluster conngress have, and which contry was a guest?"
    assert (
        assistant.ask("Qui est Brigitte Zyrpies ?").citations[0].quote
        == assistant.ask("Qui est Brigitte Zypries ?").citations[0].quote
    )
    answer = assistant.ask(asked)
    assert answer.question == asked, "shown as typed"


def test_a_hostile_question_comes_back(spelling: Spelling, lexical: LexicalIndex) -> None:
    """Each word has a thousand slips, and those of forty would be minutes; so would be those of one without end."""
    words = " ".join(f"xqzjkw{a}{b}vbnmkjh" for a in "bcdfg" for b in "bcdfghjk")
    assert spelling.mended(words, lexical) == words
    assert spelling.mended("xqzjkwvbnm" * 100, lexical) == "xqzjkwvbnm" * 100

"""What can be asked: cleaned, put into a language, or refused with a reason."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from errors import QuestionError
from index.question import clean, detect_language, prepare
from records import LANGS, Lang
from tests.test_index_fake_encoder import WordEncoder

ANY_TEXT = st.text(st.characters(), max_size=40)  # surrogates, control characters and all scripts too


def reason(text: str, *, max_characters: int = 1000) -> str:
    with pytest.raises(QuestionError) as caught:
        prepare(text, WordEncoder(), max_characters=max_characters)
    assert "\n" not in str(caught.value)
    return caught.value.reason


# Refusals


@pytest.mark.parametrize("text", ["", "\n\t\u00a0\u202f\u3000", "\x00", "\u200b", "\u202e\u2066", "\ud800", "\ue000"])
def test_what_shows_nothing_is_empty(text: str) -> None:
    assert reason(text) == "empty"


@pytest.mark.parametrize("text", ["?", "?!… — «\u00a0»", "🙂", "👨‍👩‍👧 🇫🇷", "\ufffd", "_", "\u0301", "$€+=", "’"])
def test_what_has_neither_letter_nor_digit_holds_no_word(text: str) -> None:
    assert reason(text) == "no_words"


def test_too_long_counts_what_is_to_be_read() -> None:
    assert reason("a" * 10_000) == "too_long"
    assert reason("mot " * 300) == "too_long"
    assert reason("abcd", max_characters=3) == "too_long"
    assert prepare("a" * 1000, WordEncoder()).text == "a" * 1000
    assert prepare("a" + " \u200b" * 5000 + "b", WordEncoder(), max_characters=3).text == "a b"


def test_the_message_says_how_much_is_too_much() -> None:
    with pytest.raises(QuestionError, match=r"^The question has 10000 characters; at most 1000 are read\. Shorten"):
        prepare("a" * 10_000, WordEncoder())


# Cleaning


@pytest.mark.parametrize(
    ("text", "cleaned"),
    [
        ("  how\tmany \n clusters  ", "how many clusters"),
        ("how\x00many", "how many"),
        ("\u202ehow many\u202c", "how many"),
        ("how\ud83d many", "how many"),
        ("combien\u00a0?", "combien ?"),
        ("e\u0301conomie", "économie"),
        ("L’Été — « ÉCRIT »", "L’Été — « ÉCRIT »"),
        ("Clus\u00adter", "Cluster"),
        ("e\u200d\u0301conomie", "économie"),
        ("中国 有多少?", "中国 有多少?"),
        ("<b>{quote} %s</b>", "<b>{quote} %s</b>"),
    ],
)
def test_a_question_is_cleaned_and_otherwise_as_typed(text: str, cleaned: str) -> None:
    assert clean(text) == cleaned


@settings(max_examples=300, deadline=None)
@given(text=ANY_TEXT)
def test_a_cleaned_text_is_printable_and_stays_as_it_is(text: str) -> None:
    cleaned = clean(text)
    assert clean(cleaned) == cleaned
    assert cleaned.split(" ") == (cleaned.split() or [""])
    assert not any(unicodedata.category(c)[0] == "C" for c in cleaned)
    cleaned.encode("utf-8")


@settings(max_examples=300, deadline=None)
@given(text=ANY_TEXT, likely=st.sampled_from(LANGS))
def test_any_text_is_a_question_or_refused(text: str, likely: Lang) -> None:
    assert detect_language(text, likely) in LANGS
    try:
        question = prepare(text, WordEncoder())
    except QuestionError as error:
        assert error.reason in ("empty", "no_words")
    else:
        assert question.text == clean(text)
        assert question.lang in LANGS


def test_capitals_are_encoded_as_small_letters_and_shown_as_typed() -> None:
    class SeesCapitals(WordEncoder):
        def encode_question(self, text: str):  # type: ignore[no-untyped-def]
            self.encoded.append(text)
            return super().encode_question(text)

    encoder = SeesCapitals()
    assert prepare("WER IST ZYPRIES?", encoder).text == "WER IST ZYPRIES?"
    prepare("Was macht das BMWi?", encoder)
    assert encoder.encoded == ["wer ist zypries?", "Was macht das BMWi?"]


# Languages


IN_FRENCH = """
Combien de clusters ?
qui a ouvert le congrès
Quand ?
Quel pays était invité ?
QUI EST ZYPRIES
thème congrès 2014
c'est quoi go-cluster
pays invité
combien de participants a berlin
"""
IN_ENGLISH = """
how many clusters?
who opened it
When?
Which country was invited?
WHO IS ZYPRIES
topic of the meeting
what is go-cluster
what’s the guest country
"""
IN_GERMAN = """
Wie viele Cluster?
Wer hat eröffnet
Wann war das?
Welches Land war eingeladen?
WER IST ZYPRIES
Thema der Tagung
Was ist go-cluster
Teilnehmer in Berlin?
wofuer steht BMWi
"""


@pytest.mark.parametrize(("lang", "questions"), [("fr", IN_FRENCH), ("en", IN_ENGLISH), ("de", IN_GERMAN)])
def test_a_question_tells_its_language(lang: Lang, questions: str) -> None:
    assert [question for question in questions.split("\n")[1:-1] if detect_language(question) != lang] == []


@pytest.mark.parametrize("likely", LANGS)
@pytest.mark.parametrize("text", ["91", "Berlin", "Zypries", "go-cluster", "BMWi", "中国有多少？", "Сколько?", "كم"])
def test_names_numbers_and_other_scripts_are_in_the_likely_language(text: str, likely: Lang) -> None:
    assert detect_language(text, likely) == likely


def test_a_given_language_is_taken_as_it_is() -> None:
    assert prepare("how many clusters?", WordEncoder(), lang="de").lang == "de"

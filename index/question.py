"""A reader's words to a Question: cleaned, its language recognised, encoded. What cannot be asked is refused here."""

from __future__ import annotations

import re
import unicodedata
from functools import cache

from py3langid.langid import MODEL_FILE, LanguageIdentifier

from errors import QuestionError
from records import LANGS, Encoder, Encoding, Lang, Question

_UNSURE = 0.8
"""Below this probability a language is a guess, as for names and words that languages share."""
_REMEMBERED = 250
"""Characters of an earlier question, its end, that stand before a new one: an encoder reads so far and no further."""
_LATIN = re.compile(r"[^\W\d_]")


def prepare(text: str, encoder: Encoder, *, max_characters: int = 1000, lang: Lang | None = None) -> Question:
    """A Question in `lang`, else in the language its words are in.

    Raises QuestionError as `checked` does.
    """
    cleaned = checked(text, max_characters)
    return encoded(cleaned, lang or detect_language(cleaned), encoder)


def encoded(text: str, lang: Lang, encoder: Encoder) -> Question:
    """A cleaned text, taken for a question."""
    return Question(text, lang, encoder.encode_question(_readable(text)))


def checked(text: str, max_characters: int = 1000) -> str:
    """The text, cleaned. Raises QuestionError when it is empty, longer than `max_characters`, or holds no word."""
    cleaned = clean(text)
    if not cleaned:
        raise QuestionError("empty", "The question is empty; write a question in French, English or German.")
    if len(cleaned) > max_characters:
        raise QuestionError(
            "too_long", f"The question has {len(cleaned)} characters; at most {max_characters} are read. Shorten it."
        )
    if not re.search(r"[^\W_]", cleaned):
        raise QuestionError("no_words", f"There is no word in {cleaned[:40]!r}; write a question in words.")
    return cleaned


def follow_up(earlier: str, asked: Question, encoder: Encoder) -> Question:
    """`asked` together with the question before it, which it may leave things out of.

    Both are searched for; but the token vectors are those of `asked` alone, coloured by what stands before them, so
    that what is found is judged by what is asked now.
    """
    earlier = earlier[-_REMEMBERED:]
    whole = encoder.encode_question(_readable(f"{earlier} {asked.text}"))
    own = whole.spans[:, 0] > len(earlier)
    as_query = whole.as_query and (lambda: whole.tokens_for(True)[own])
    encoding = Encoding(whole.vector, whole.tokens[own], whole.spans[own], whole.states[own], as_query)
    return Question(asked.text, asked.lang, encoding, searched=f"{earlier} {asked.text}")


def clean(text: str) -> str:
    """The text without control, format and surrogate characters, white space in runs of one; otherwise as typed."""
    # Format characters stand inside words (a soft hyphen) or steer the display (right-to-left marks): they just go.
    kept = "".join(c for c in text if unicodedata.category(c) != "Cf")
    visible = "".join(" " if unicodedata.category(c)[0] == "C" else c for c in kept)
    return " ".join(unicodedata.normalize("NFC", visible).split())


def detect_language(text: str, likely: Lang = "fr") -> Lang:
    """The language of a question (py3langid among ours); `likely` where the words do not tell."""
    if not any("LATIN" in unicodedata.name(c, "") for c in _LATIN.findall(text)):
        return likely
    lang, probability = _identifier().classify(text.lower())
    return next((known for known in LANGS if known == lang and probability >= _UNSURE), likely)


def _readable(text: str) -> str:
    """Text in capitals is encoded in small letters, as many: the encoder has seldom seen a language shout."""
    return "".join(c.lower() if len(c.lower()) == 1 else c for c in text) if text.isupper() else text


@cache
def _identifier() -> LanguageIdentifier:
    known = LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
    known.set_languages(list(LANGS))
    # Made again of the part for ours: the first one keeps that for all its languages, 28 MB.
    return LanguageIdentifier(
        known.nb_ptc, known.nb_pc, known.nb_classes, known.tk_nextmove, known.tk_output,
        norm_probs=True, tk_row=known.tk_row,
    )  # fmt: skip

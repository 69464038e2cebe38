"""Questions as people type them into a search box: key words only, no accents and capitals, slips of the fingers."""

from __future__ import annotations

import random
import re
import string

from answer.days import plain
from index.stores.lexical import fold, stop_words
from records import LANGS

ASKING = frozenset(
    """qui que quoi quel quelle quels quelles quand comment combien pourquoi ou lequel laquelle il elle ils elles on
    who what when where why which how whose whom many much did does do were was is are has have had a à
    wer was wann wo warum wie welche welcher welches welchen welchem wessen wem wen viele""".split()  # noqa: SIM905
)
_ELIDED = re.compile(r"^(?:[ldnsjmc]|qu)['’](?=\w)|-(?:t-)?(?:ils?|elles?|on|ce)$", re.IGNORECASE)
_LONG = 5
"""Letters from which on a word is mistyped here; slips in short ones make others of them."""


def as_typed(question: str, lang: str, chance: random.Random) -> str:
    """The question as somebody in a hurry may type it, in one of four ways; as it is where that leaves no two words."""
    way = chance.choice(("key words", "plain", "slips", "plain slips"))
    if way == "key words":
        typed = " ".join(key_words(question, lang))
        return chance.choice((typed, typed.lower(), plain(typed))) if typed.count(" ") else question
    typed = plain(question).strip(" ?!.") if way.startswith("plain") else question
    return slipped(typed, chance.choice((1, 1, 2)), chance) if way.endswith("slips") else typed


def key_words(question: str, lang: str) -> list[str]:
    """Its words without those that ask and those that say nothing by themselves."""
    small = next((stop_words(known) for known in LANGS if known == lang), frozenset())
    words = (_ELIDED.sub("", word) for word in re.findall(r"\w[\w’'.,-]*\w|\w", question))
    return [word for word in words if plain(word) not in ASKING and fold(word) not in small]


def slipped(text: str, most: int, chance: random.Random) -> str:
    """With a slip in `most` of its words of letters only: two letters swapped, one left out, doubled or another."""
    words = text.split(" ")
    long = [n for n, word in enumerate(words) if len(word) >= _LONG and word.isalpha()]
    for n in chance.sample(long, min(most, len(long))):
        word = words[n]
        at = chance.randrange(1, len(word) - 1)
        before, letter, after = word[:at], word[at], word[at + 1 :]
        words[n] = chance.choice((
            f"{before}{after[0]}{letter}{after[1:]}", f"{before}{after}", f"{before}{letter}{letter}{after}",
            f"{before}{chance.choice(string.ascii_lowercase)}{after}",
        ))  # fmt: skip
    return " ".join(words)


def without_signs(text: str) -> str:
    """As phones are typed on: small letters, and no mark but apostrophe and hyphen."""
    return " ".join(re.sub(r"[^\w\s'’-]", " ", text).lower().split())

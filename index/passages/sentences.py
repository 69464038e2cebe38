"""Where sentences begin and end, in French, English and German prose. Pure; offsets only, the text is never changed.

A sentence ends at `.`, `!`, `?` or `…`, with the closing quotes, brackets and note marks (`[1]`) after it, when white
space comes next and then no lower-case letter; not after an abbreviation, an initial or a German ordinal. It also ends
at a blank line, before a list item, and where a line that ends like a sentence breaks. Any other line break is a wrap.
"""

from __future__ import annotations

import re

from records import Span

# Written before a name, a number or a word they belong to, so that a capital after them begins nothing.
_ABBREVIATIONS = frozenset(
    """
    abb abs abt al approx apr art aug av avr bd boul bspw bzw c.-à-d ca cf chap cie co coll d.h dept dez dipl dir dr drs
    dt déc e.g ehem env est evtl ex feb fig fév févr geb gegr gen ggf gov h.c hon hrsg i.d.r i.e inc ing inkl insb jan
    jh jhd jr juil jul jun lfd lt m mar max me med min mio mlle mm mme mr mrd mrs ms nat no nos nov nr o.ä oct okt op p
    p.ex phil pp pr prof rd rep resp rev réf s.o s.u sen sept sog st ste str tab tel tsd tél u u.a u.u usw v.a vgl vol
    vs z.b z.t zzgl éd
    """.split()  # noqa: SIM905
)
_BULLET = r"(?:[–—•▪●◦*·-]|\(?\d{1,2}[.)]|[a-z]\))[ \t\u00a0\u202f]"
_CLOSERS = r"(?:[\s\u00a0\u202f]*[»”“\"’)\]])*(?:[ \u00a0\u202f]*\[\d+\])*"
_BREAK = re.compile(
    rf"(?P<stop>(?<![.!?…])[.!?…]++{_CLOSERS})(?=\s)"
    rf"|(?P<line>(?<![ \t\r])[ \t\r]*+\n(?:[ \t\r\u00a0]*\n)+|\n(?=[ \t]*(?:{_BULLET}|\[\d+\])))"
    r"|(?P<colon>:)(?=[ \t\r]*\n)"
)
_WORD_BEFORE = re.compile(r"[\w.\-’']*$")
_BLANKS = re.compile(r"\s*")
_ORDINAL = re.compile(r"\s*\d{1,2}\.\s+(?:Jan|Feb|März|Apr|Mai\b|Jun|Jul|Aug|Sep|Okt|Nov|Dez|Jahrhundert)")
"""German, at the beginning of a line that was wrapped: a date, no item of a list."""


def sentences(text: str, lang: str) -> list[Span]:
    """Spans of the sentences of `text`, in order; they hold every non-blank character.

    >>> sentences("M. Roth parle. « Oui ? » dit-il.", "fr")
    [(0, 14), (15, 32)]
    """
    cuts = [0, *(match.end() for match in _BREAK.finditer(text) if _ends_sentence(text, match, lang)), len(text)]
    spans = []
    for start, end in zip(cuts, cuts[1:], strict=False):
        piece = text[start:end]
        if stripped := piece.strip():
            begin = start + piece.index(stripped)
            spans.append((begin, begin + len(stripped)))
    return spans


def _ends_sentence(text: str, match: re.Match[str], lang: str) -> bool:
    if match["stop"] is None:
        return not (lang == "de" and match[0].strip(" \t\r") == "\n" and _ORDINAL.match(text, match.end()))
    following = _BLANKS.match(text, match.end())
    if following and text[following.end() : following.end() + 1].islower() and "\n" not in following[0]:
        return False
    if match["stop"][:2] not in (".", ". ", ".\n") and not match["stop"].startswith(".)"):
        return True
    before = _WORD_BEFORE.search(text, max(0, match.start() - 30), match.start())
    word = before[0] if before else ""
    initial = len(word) == 1 and word.isalpha() or re.fullmatch(r"(?:[^\W\d_]\.-?)+[^\W\d_]", word) is not None
    ordinal = lang == "de" and re.fullmatch(r"\d{1,2}", word) is not None
    abbreviation = word.lower() in _ABBREVIATIONS or word.rpartition(".-")[2].lower() in _ABBREVIATIONS  # Dr.-Ing.
    street = lang == "de" and word.lower().endswith("str")  # Invalidenstr.
    return not (initial or ordinal or abbreviation or street)

"""Which part of an article is running text and which is its apparatus: footnotes, contacts, sources, signature.

The apparatus can be cited but must not crowd out the body, whose words it repeats. It is recognised by its layout: a
note opens with its mark (`[1]`) and ends at a blank line; the others open with a label on a line of its own
(`Sources :`) and run to the next label, the next note or the end.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from records import Kind


class Block(NamedTuple):
    kind: Kind
    start: int
    end: int


_LABELS: dict[Kind, str] = {
    "contacts": r"pour en savoir plus|pour plus d[’']informations?|contacts?|kontakte?|ansprechpartner(?:in)?|weitere"
    r" informationen|mehr informationen|(?:for )?(?:further|more) information|further reading",
    "sources": r"sources?|quellen?|références?|references?|bibliographie|literatur",
    "signature": r"rédact(?:eur|rice)(?:\(?s\)?)?|auteure?(?:\(?s\)?)?|redakt(?:eur|ion)(?:in)?(?:nen)?|autor(?:en|in)?"
    r"|authors?|written by|editors?",
}
_OPENING = re.compile(
    r"^[ \t]*(?:(?P<footnote>\[\d+\][ \t\u00a0])|"
    + "|".join(
        rf"(?P<{kind}>(?:{words})(?:[ \t\u00a0\u202f,]+(?:{'|'.join(_LABELS.values())}))?[ \t\u00a0\u202f]*(?::|$))"
        for kind, words in _LABELS.items()
    )
    + ")",
    re.IGNORECASE | re.MULTILINE,
)
_BLANK_LINE = re.compile(r"\n[ \t\r\u00a0]*\n")


def blocks(body: str) -> list[Block]:
    """The body cut into blocks that touch: block i ends where block i + 1 starts, the first at 0, the last at the end.

    >>> blocks("Un texte.\\n\\nSources :\\n- BMWi")
    [Block(kind='body', start=0, end=11), Block(kind='sources', start=11, end=27)]
    """
    marks: list[tuple[Kind, int]] = [("body", 0)]
    openings = list(_OPENING.finditer(body))
    ends = [*(match.start() for match in openings[1:]), len(body)]
    for match, end in zip(openings, ends, strict=False):
        kind: Kind = match.lastgroup  # type: ignore[assignment]
        marks.append((kind, match.start()))
        blank = _BLANK_LINE.search(body, match.end(), end)
        if kind == "footnote" and blank:
            marks.append(("body", blank.end()))
    stops = [*(start for _, start in marks[1:]), len(body)]
    return [Block(kind, start, end) for (kind, start), end in zip(marks, stops, strict=True) if body[start:end].strip()]

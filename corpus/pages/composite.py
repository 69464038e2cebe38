"""Lines of a head that say several things at once, taken apart: `Rubrique : Espace - Numéro 518 - 21/06/2011`.

Also tables of labels whose values stand in the row below: `Date | Rubrique`, then `21/06/2011 | Espace`.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator
from dataclasses import replace

from corpus.pages.dates import only_a_date
from corpus.pages.labels import ISSUE, LABEL_WORDS, labelled
from corpus.pages.markup import Line

__all__ = ["taken_apart"]

_BETWEEN = re.compile(
    rf"\s+[|–—•·-]\s+|\s*[|•·;]\s*|[\s,]+(?=(?:{LABEL_WORDS})[ \u00a0]?:)|\s*(?:(?<=\)),)\s*", re.IGNORECASE
)
_LONGEST = 25
_LONGEST_PART = 8
"""Words of a line, and of a part of it, that may be such a strip."""


def taken_apart(head: list[Line], page_title: str) -> list[Line]:
    """The lines, strips of them as one line each part, marked "about": they are about the article, not of it."""
    return [part for line in _upright(head) for part in _parts(line, page_title)]


def _parts(line: Line, page_title: str) -> Iterator[Line]:
    parts = [part.strip() for part in _BETWEEN.split(line.text) if part.strip()]
    short = len(line.text.split()) <= _LONGEST and all(len(part.split()) <= _LONGEST_PART for part in parts)
    telling = sum(map(_tells, parts))
    one_value = labelled(line.text) is not None and telling == 1  # `Rubrique : Espace - Astronomie`
    strip = len(parts) > 1 and short and telling and not one_value and "heading" not in line.marks
    if not strip or line.text in page_title:
        yield line
        return
    for part in parts:
        yield replace(line, text=part, marks=line.marks - {"row"} | {"about"})


def _tells(part: str) -> bool:
    told = labelled(part)
    return bool(only_a_date(part) or ISSUE.fullmatch(part) or (told and told[1]))


def _upright(head: list[Line]) -> Iterator[Line]:
    """Rows of labels and the row of their values below, as a line for each label."""
    skipped = False
    for line, below in itertools.zip_longest(head, head[1:]):
        names, values = line.text.split(" | "), below.text.split(" | ") if below else []
        if skipped:
            skipped = False
        elif len(names) > 1 and len(names) == len(values) and all((labelled(n) or ("", "x"))[1] == "" for n in names):
            skipped = True
            for name, value in zip(names, values, strict=True):
                yield replace(line, text=f"{name} | {value}", marks=line.marks | {"about"})
        else:
            yield line

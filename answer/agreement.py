"""Whether the passages that answer say the same, as far as figures tell."""

from __future__ import annotations

import re
from collections.abc import Sequence
from decimal import Decimal

from records import Lang, Reading

_FIGURE = re.compile(
    r"(?<!\d)(?:([1-9]\d{0,2}(?:\s\d{3})+)(?:[.,](\d+))?|([1-9]\d{0,2}(?:\.\d{3})+)(?:,(\d+))?"
    r"|([1-9]\d{0,2}(?:[,'’]\d{3})+)(?:\.(\d+))?)(?!\d)|(\d+)(?:[.,](\d+))?"
)
"""Thousands grouped by any blank, by stops, or by commas or apostrophes, or any other number: its whole part, its
decimals."""
_SCALE = re.compile(
    r"[\s-]?(?:(?P<thousand>mille|thousand|tausend|tsd)|(?P<million>millions?|millionen|mio)"
    r"|(?P<milliard>milliards?|milliarden?|mrd)|(?P<billion>billions?|billionen|bn))\b",
    re.IGNORECASE,
)
_POWERS = {"thousand": 3, "million": 6, "milliard": 9}


def disagreeing(readings: Sequence[Reading]) -> Reading | None:
    """The first further reading whose words give only other figures than those of the first one; None without any.

    Only words that stand out in their sentence are compared: a whole sentence holds figures that nobody asked for.
    """
    if not readings:
        return None
    first, *others = readings
    given = _figures(first)
    return next((other for other in others if given and (figures := _figures(other)) and not given & figures), None)


def _figures(reading: Reading) -> set[Decimal]:
    if reading.answer == reading.quote:
        return set()
    article = reading.hit.article
    return {_value(figure, article.lang) for figure in _FIGURE.finditer(article.body, *reading.answer)}


def _value(figure: re.Match[str], lang: Lang) -> Decimal:
    """With the "millions" behind it, whether or not they are marked: `2,5 Mio.` is 2500000."""
    groups = figure.groups(default="")
    whole, decimals = re.sub(r"\D", "", "".join(groups[::2])), "".join(groups[1::2])
    scale = _SCALE.match(figure.string, figure.end())
    billion = 9 if lang == "en" else 12
    power = _POWERS.get(str(scale.lastgroup), billion) if scale else 0
    return Decimal(f"{whole}.{decimals}").scaleb(power)

"""Whether the passages that answer say the same, as far as figures tell."""

from __future__ import annotations

import re
from collections.abc import Sequence

from records import Reading

_FIGURE = re.compile(r"(?<!\d)\d{1,3}(?:[.,'\u2019 \u00a0\u202f]\d{3})+(?!\d)|\d+(?:[.,]\d+)?")
"""Grouped thousands, or any other number."""


def disagreeing(readings: Sequence[Reading]) -> Reading | None:
    """The first further reading whose words give only other figures than those of the first one; None without any.

    Only words that stand out in their sentence are compared: a whole sentence holds figures that nobody asked for.
    """
    if not readings:
        return None
    first, *others = readings
    given = _figures(first)
    return next((other for other in others if given and (figures := _figures(other)) and not given & figures), None)


def _figures(reading: Reading) -> set[str]:
    if reading.answer == reading.quote:
        return set()
    words = reading.hit.article.body[slice(*reading.answer)]
    return {re.sub(r"\D(?=\d{3}(?:\D|$))", "", figure).replace(",", ".") for figure in _FIGURE.findall(words)}

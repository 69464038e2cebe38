"""Which part of a page is the article: its column of running text, without the columns and lists beside it.

Pages of 2011 were laid out in tables, so structure is read from the rows: of the cells side by side the one with the
most running text is the article's, and what links to the rest of the site is navigation.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Container, Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from corpus.pages.labels import COLOPHON, FOOTER, FURNITURE
from corpus.pages.markup import Line, is_data

__all__ = [
    "SENTENCE_END",
    "Column",
    "find_column",
    "internal",
    "is_footer",
    "is_prose",
    "is_running",
    "navigating",
    "words",
]

RUNNING = 12
"""Unlinked words from which on a paragraph is running text rather than a label, a link or a caption."""
SENTENCE_END = re.compile(r"[.!?…:;][\s»”“’\"')\]\d¹²³]*$")
_LINKING = 0.05
"""The same for a column beside one with more running text: teasers are mostly text."""
_TEASER = re.compile(r"(?:\.{3}|…|\[…\]|>>|»)[^.!?]{0,25}$")
_TEASED = 10
"""A text that breaks off before a link to its page weighs so much less than one that is there."""
_CELLS = ("td", "th")
_LISTS = ("td", "th", "div", "ul", "ol", "table", "dl", "p")
_NAVIGATING = 0.5
"""Share of a block's characters inside links to the same site from which on it is navigation."""


@dataclass(frozen=True, slots=True)
class Column:
    element: Any
    """What holds the article and as little else as can be; the page's root where there is no running text."""
    lines: list[Line]
    """Its lines, those of `beside` left out."""
    running: frozenset[Line]
    """Those of its lines that are running text."""
    before: list[Line]
    """The page's lines above it, navigation too."""
    in_table: bool
    """Whether the running text stands in cells of a layout table."""


def find_column(root: Any, lines: list[Line], site: str = "", text: Container[Line] | None = None) -> Column:
    """The article's column; `site` is the host of the page, to tell links that stay from links that leave.

    `text`: the lines known to be the article's; without it, those are that look like running text.
    """
    is_text = is_running if text is None else text.__contains__
    weights = _weights(lines, is_text, site)
    beside = _beside(root, lines, weights, site)
    kept = [line for line in lines if not any(e in beside for e in _upwards(line.element))]
    running = [line for line in kept if is_text(line) and not (text is None and is_footer(line))]
    element = root
    if running:
        shared = _common([line.element for line in running])
        element = _climb(shared, beside) if text is None else _whole_article(shared)
    inside = [line for line in kept if element in set(_upwards(line.element))]
    first = next((n for n, line in enumerate(lines) if inside and line is inside[0]), 0)
    celled = sum(any(e.tag in _CELLS for e in _upwards(line.element)) for line in running)
    return Column(element, inside, frozenset(running), lines[:first], bool(running) and celled * 2 > len(running))


def words(line: Line) -> int:
    """How many words of the line are not links."""
    return round(len(line.text.split()) * (1 - min(1, line.linked / max(1, len(line.text)))))


def is_running(line: Line) -> bool:
    return words(line) >= RUNNING and "row" not in line.marks


def is_prose(line: Line) -> bool:
    """Whether it is a whole sentence, in which the words of a footer or a by-line say nothing by themselves."""
    return is_running(line) and bool(SENTENCE_END.search(line.text))


def is_footer(line: Line) -> bool:
    return bool((COLOPHON if is_prose(line) else FOOTER).search(line.text))


def internal(href: str, site: str = "") -> bool:
    """Whether a link stays on the site: `page.htm`, `?id=3`, `javascript:…`; not a note's `#_ftn1`, not mail."""
    if href.startswith(("#", "mailto:")):
        return href in ("#", "#top", "#haut", "#oben")
    try:
        host = urlsplit(href).netloc if "://" in href else ""
    except ValueError:  # `http://[votre-site]/`, as a form was left
        return False
    return not host or host == site


def navigating(line: Line, site: str = "") -> int:
    """Characters of the line inside links to the same site."""
    return line.linked if any(internal(href, site) for href in line.hrefs) else 0


def _weights(lines: list[Line], is_text: Callable[[Line], bool], site: str) -> dict[Any, int]:
    """How much running text each element holds; short texts (captions, teasers) count for little."""
    weights: dict[Any, int] = {}
    for line in lines:
        weight = max(1, words(line) - RUNNING + 2) if is_text(line) else 0
        if navigating(line, site) and _TEASER.search(line.text):
            weight //= _TEASED
        for element in _upwards(line.element):
            weights[element] = weights.get(element, 0) + weight
    return weights


def _beside(root: Any, lines: list[Line], weights: dict[Any, int], site: str) -> set[Any]:
    """The blocks that are not the article's: navigation, forms, and the lesser columns that link to other pages."""
    linked: dict[Any, int] = {}
    length: dict[Any, int] = {}
    for line in lines:
        for element in _upwards(line.element):
            linked[element] = linked.get(element, 0) + navigating(line, site)
            length[element] = length.get(element, 0) + len(line.text)
    lists = {e for e in length if e.tag in _LISTS and not weights[e] and linked[e] > _NAVIGATING * length[e]}
    beside = {e for e in lists if next(e.iter("h1", "h2"), None) is None}  # a title may link to its own page
    beside |= {form for form in root.iter("form") if weights.get(form, 0) * 2 < weights.get(root, 0)}
    beside |= {e for e in length if _is_furniture(e) and weights[e] * 5 < weights.get(root, 0)}
    data = {table for table in root.iter("table") if is_data(table)}
    for row in root.iter("tr"):
        cells = [cell for cell in row if cell.tag in _CELLS and cell in length]
        best = max(cells, key=lambda cell: weights[cell], default=None)
        if best is not None and weights[best] and next(row.iterancestors("table"), None) not in data:
            beside |= {cell for cell in cells if cell is not best and linked[cell] > _LINKING * length[cell]}
    return beside


def _is_furniture(element: Any) -> bool:
    if element.tag in ("aside", "nav", "footer"):
        return next(element.iterancestors("blockquote", "figure"), None) is None
    names = " ".join(element.get(key) or "" for key in ("class", "id", "role"))
    return element.tag not in ("body", "html") and FURNITURE.search(names) is not None


def _climb(element: Any, beside: set[Any]) -> Any:
    """Up to the widest element that is still one column: a cell beside other columns is the limit."""
    column = element
    for parent in element.iterancestors():
        if parent.tag == "tr" and not is_data(next(parent.iterancestors("table"), parent)):
            others = [cell for cell in parent if cell is not column and cell.tag in _CELLS]
            if any(cell in beside or any(inner in beside for inner in cell.iter()) for cell in others):
                return column
        column = parent
    return column


def _whole_article(element: Any) -> Any:
    """Up to the `article` (or `main`) around the text, else to what holds the page's heading too."""
    for tag in ("article", "main"):
        if (above := next((e for e in _upwards(element) if e.tag == tag), None)) is not None:
            return above
    return next((e for e in _upwards(element) if next(e.iter("h1"), None) is not None), element)


def _common(elements: list[Any]) -> Any:
    """The deepest element that holds all of them."""
    shared = list(_upwards(elements[0]))
    for element in elements[1:]:
        own = set(_upwards(element))
        shared = [e for e in shared if e in own]
    return shared[0]


def _upwards(element: Any) -> Iterator[Any]:
    yield element
    yield from element.iterancestors()

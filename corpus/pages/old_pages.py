"""A page laid out in tables, as sites of about 2011 were, to its article: the column, its head, its text."""

from __future__ import annotations

import re
from typing import Any

from corpus.pages.column import Column, is_footer, is_running, navigating
from corpus.pages.composite import taken_apart
from corpus.pages.dates import dates_in
from corpus.pages.headers import Labels, find_labels, is_about, opens_text, pick_date, pick_section, pick_title
from corpus.pages.labels import APPARATUS, NAVIGATION, TOOL, byline, labelled, names
from corpus.pages.markup import Line, text_of
from corpus.pages.metadata import Found

__all__ = ["read_column"]

_NOTE = re.compile(r"\[?\d{1,2}\]?[ \u00a0.)]|[*†]")
_SIGNATURE = 3
"""Lines below the label of a signature in which names may stand."""


def read_column(
    column: Column, lines: list[Line], page_title: str, site: str = "", title: list[Line] | None = None
) -> Found:
    """What the article's column and the lines above it say; `body` is its text.

    `title`: its lines, where known; then what stands above it is the article's too.
    """
    own, whole = column.lines, title is not None
    first = next(
        (number for number, line in enumerate(own) if line in column.running and opens_text(line, page_title)), len(own)
    )
    head = taken_apart(own[:first], page_title)
    box = _box(own[first:])
    labels = find_labels(head)
    boxed = find_labels(box)
    for name, value in boxed.values.items():
        labels.values.setdefault(name, value)
    if title is None:
        title = [] if "title" in labels.values else pick_title(head, page_title)
    above = [*column.before, *head]
    section = pick_section(above if title or head else column.before, title, lines, labels, site)
    dated = head if any(next(dates_in(line.text), None) for line in head) else above
    rest = own[first:]
    kept = _head(head, title, labels, section, site, whole) + _text(column, first, box, site)
    return Found(
        title=labels.values.get("title") or " ".join(line.text for line in title),
        date=pick_date(dated, [line for line in title if line in dated], rest, labels),
        section=section,
        authors=_authors(head, kept, labels),
        body=text_of(kept),
    )


def _box(lines: list[Line]) -> list[Line]:
    """The lines of a table below the text that holds nothing but the article's date, section and the like."""
    tables: dict[Any, list[Line]] = {}
    for line in lines:
        table = next(line.element.iterancestors("table"), None)
        if table is not None:
            tables.setdefault(table, []).append(line)
    for inside in tables.values():
        told = find_labels(inside)
        if (
            {"date", "section", "number"} & told.values.keys()
            and len(told.values) > 1
            and not any(map(is_running, inside))
        ):
            return inside
    return []


def _authors(head: list[Line], body: list[Line], labels: Labels) -> tuple[str, ...]:
    if value := labels.values.get("authors"):
        return names(value)
    for line in head:
        if found := byline(line.text):
            return found
    for number, line in enumerate(body):
        told = labelled(line.text)
        if told and told[0] == "authors":
            for text in (told[1], *(after.text for after in body[number + 1 : number + 1 + _SIGNATURE])):
                if found := names(text):
                    return found
    return ()


def _head(head: list[Line], title: list[Line], labels: Labels, section: str, site: str, whole: bool) -> list[Line]:
    """What of the head is the article's text already: a heading, a caption, a line in bold below the title."""
    at = max((number for number, line in enumerate(head) if line in title), default=-1)
    start = -1 if whole else max(labels.at) if at < 0 and labels.at else at
    return [
        line
        for number, line in enumerate(head)
        if number > start
        and line not in title
        and number not in labels.at
        and not is_about(line, section)
        and not _is_tool(line, site)
    ]


def _text(column: Column, first: int, box: list[Line], site: str) -> list[Line]:
    own = column.lines
    last = max((number for number, line in enumerate(own) if line in column.running), default=-1)
    middle = [line for line in own[first : last + 1] if line not in box and not _is_tool(line, site)]
    return middle + _tail([line for line in own[max(first, last + 1) :] if line not in box], site)


def _is_tool(line: Line, site: str) -> bool:
    linked = navigating(line, site) > 0.5 * len(line.text)
    return linked and bool(TOOL.search(line.text)) and len(line.text.split()) <= 12


def _tail(lines: list[Line], site: str) -> list[Line]:
    """What follows the last paragraph: notes, contacts, sources and signature stay, the page's own furniture goes."""
    kept: list[Line] = []
    ended = False
    for line in lines:
        furniture = _is_tool(line, site) or NAVIGATION.match(line.text) or is_footer(line)
        if APPARATUS.match(line.text) or (_NOTE.match(line.text) and not furniture):
            ended = False
        ended = ended or bool(furniture) or navigating(line, site) > 0.5 * len(line.text)
        if not ended:
            kept.append(line)
    return kept

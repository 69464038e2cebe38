"""A PDF to the elements of a page: paragraphs from the rows' places, words put together that a row's end had cut.

Rows that return on every page (running titles, page numbers) are left out. Nothing is recognised in pictures: a PDF
that was scanned and holds no text is refused.
"""

from __future__ import annotations

import io
import re
import statistics
from collections import Counter
from dataclasses import dataclass
from typing import Any

import lxml.etree as etree
import pypdf
from pypdf.errors import DependencyError

from corpus.pages.markup import tidy
from errors import PageError

__all__ = ["read_pdf"]

_MOST_PAGES = 300
_MARGIN_ROWS = 3
"""Rows from a page's edge that may be a running title or a page number."""
_PARAGRAPH = 1.3
"""Distance between two rows, in usual distances, from which on a new paragraph begins."""
_SHORT = 0.65
"""Length of a row, in usual lengths, below which its end is one that was meant."""
_BULLET = re.compile(r"^(?:[•▪◦‣·●■–—-]|\uf0b7)\s+(?=\S)")
_NUMBER = re.compile(r"^\d{1,2}[.)]\s")
_PAGE = re.compile(r"^\W*(?:page|seite|p\.)?\s*\d{1,4}\s*(?:(?:/|sur|von|of)\s*\d{1,4})?\W*$", re.IGNORECASE)
_CUT = re.compile(r"[^\W\d_][-\u00ad\u2010]$")
_ENDED = re.compile(r"[.!?:;…»”“\")\]]$")
_HYPHENED = frozenset((
    "il", "elle", "on", "ils", "elles", "je", "tu", "nous", "vous", "ce", "ci", "là", "lui", "moi", "toi", "dire",
    "même", "mêmes", "être", "y", "en", "t",
))  # fmt: skip
"""What French writes with a hyphen before it: `semble-t-il`, `celui-ci`, `peut-être`."""


@dataclass(frozen=True, slots=True)
class Row:
    text: str
    y: float
    size: float
    page: int


def read_pdf(data: bytes) -> Any:
    """A `body` element: `h1` for the title, `p` for paragraphs. Raises PageError for what holds no text to be read."""
    pages = _pages(data)
    rows = [row for page in pages for row in _without_margins(page, pages)]
    if sum(len(row.text) for row in rows) < 20:
        raise PageError("holds no text, only pictures of it (a scan?); expected a PDF with text, recognise it first.")
    return _body(rows)


def _pages(data: bytes) -> list[list[Row]]:
    try:
        reader = pypdf.PdfReader(io.BytesIO(data))
        if reader.is_encrypted and not reader.decrypt(""):
            raise PageError("is encrypted; expected a PDF that opens without a password.")
        if len(reader.pages) > _MOST_PAGES:
            raise PageError(f"has {len(reader.pages)} pages; expected one article of at most {_MOST_PAGES}.")
        return [_rows(page, number) for number, page in enumerate(reader.pages)]
    except DependencyError:
        raise PageError("is encrypted in a way that cannot be opened; save it without protection.") from None
    except PageError:
        raise
    except Exception as error:  # whatever damage, or a filter that it does not know, makes pypdf stumble over
        raise PageError(f"is a damaged PDF ({type(error).__name__}: {str(error)[:80]}); save it again.") from None


def _rows(page: Any, number: int) -> list[Row]:
    """The page's rows of text in reading order, each at the height and in the size that most of it has."""
    rows: list[Row] = []
    parts: list[tuple[str, float, float]] = []

    def end() -> None:
        if text := tidy("".join(part for part, _, _ in parts)):
            _, y, size = max(parts, key=lambda part: len(part[0].strip()))
            rows.append(Row(text, y, size, number))
        parts.clear()

    def visit(text: str, cm: list[float], tm: list[float], _font: Any, size: float) -> None:
        y = tm[4] * cm[1] + tm[5] * cm[3] + cm[5]
        scale = abs(tm[3] * cm[3]) or 1.0
        for count, piece in enumerate(text.split("\n")):
            if count:
                end()
            if piece:
                parts.append((piece, y, round(size * scale, 1)))

    page.extract_text(visitor_text=visit)
    end()
    return rows


def _without_margins(page: list[Row], pages: list[list[Row]]) -> list[Row]:
    if len(pages) == 1:
        return page
    edges = Counter(_pattern(row) for other in pages for row in set(_edges(other)))
    margin = {row for row in _edges(page) if _PAGE.match(row.text) or edges[_pattern(row)] * 2 > len(pages) > 1}
    return [row for row in page if row not in margin]


def _edges(page: list[Row]) -> list[Row]:
    by_height = sorted(page, key=lambda row: row.y)
    return by_height[:_MARGIN_ROWS] + by_height[-_MARGIN_ROWS:]


def _pattern(row: Row) -> tuple[str, int]:
    """What a running title looks like on every page: its words without numbers, about its height."""
    return re.sub(r"\d+", "#", row.text), round(row.y / 8)


def _body(rows: list[Row]) -> Any:
    body = etree.Element("body")
    title = _title(rows)
    if title:
        etree.SubElement(body, "h1").text = " ".join(row.text for row in title)
    known = set(re.findall(r"\w+-\w+", " ".join(row.text for row in rows)))
    lengths = statistics.quantiles([len(row.text) for row in rows], n=4)[2] if len(rows) > 1 else 0
    distances = [above.y - row.y for above, row in zip(rows, rows[1:], strict=False) if 0 < above.y - row.y < 100]
    usual = statistics.mode(map(round, distances)) if distances else 0
    before: Row | None = None
    paragraph: Any = None
    for row in rows:
        if row in title:
            before = None
            continue
        if paragraph is None or before is None or _parted(before, row, usual):
            paragraph = etree.SubElement(body, "p")
            _add(paragraph, _marked(row.text))
        elif _BULLET.match(row.text) or _NUMBER.match(row.text) or len(before.text) < _SHORT * lengths:
            etree.SubElement(paragraph, "br")
            _add(paragraph, _marked(row.text))
        else:
            _join(paragraph, row.text, known)
        before = row
    return body


def _title(rows: list[Row]) -> list[Row]:
    """The rows in the largest letters of the first page, where they are larger than most text."""
    first = [row for row in rows if row.page == rows[0].page]
    usual = statistics.median(row.size for row in rows for _ in row.text.split())
    largest = max(row.size for row in first)
    title = [row for row in first if row.size == largest][:5]
    return title if largest > 1.1 * usual and sum(len(row.text.split()) for row in title) <= 30 else []


def _parted(above: Row, row: Row, usual: float) -> bool:
    """Whether a new paragraph begins: by the distance, another size, or after a page or column that ends a sentence."""
    if abs(above.size - row.size) > 0.1 * above.size:
        return True
    if above.page != row.page or row.y > above.y:
        return bool(_ENDED.search(above.text))
    return above.y - row.y > _PARAGRAPH * usual


def _marked(text: str) -> str:
    return _BULLET.sub("- ", text)


def _add(paragraph: Any, text: str) -> None:
    if len(paragraph):
        paragraph[-1].tail = (paragraph[-1].tail or "") + text
    else:
        paragraph.text = (paragraph.text or "") + text


def _join(paragraph: Any, text: str, known: set[str]) -> None:
    """The next row of a paragraph; a word that was cut at the row's end grows together, a compound keeps its hyphen."""
    so_far = (paragraph[-1].tail if len(paragraph) else paragraph.text) or ""
    if not _CUT.search(so_far):
        return _add(paragraph, " " + text)
    head = so_far[:-1]
    start, rest = re.findall(r"\w+$", head), re.match(r"\w+", text)
    compound = not text[0].islower() or (rest and rest[0] in _HYPHENED)
    if start and rest and f"{start[0]}-{rest[0]}" in known:
        compound = True
    whole = head + ("-" if compound and so_far[-1] != "\u00ad" else "")
    if len(paragraph):
        paragraph[-1].tail = whole
    else:
        paragraph.text = whole
    _add(paragraph, text)

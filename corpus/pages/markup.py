"""HTML to lines of plain text: what a reader sees, in order, with what stood around each line in the page."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import lxml.etree as etree
import lxml.html

from errors import PageError

__all__ = ["Line", "lines_of", "parse", "text_of", "tidy"]

_DROPPED = frozenset((
    "script", "style", "noscript", "template", "iframe", "frame", "object", "embed", "applet", "svg", "canvas",
    "math", "audio", "video", "map", "nav", "select", "option", "button", "textarea", "input", "label", "head",
    "title", "datalist", "dialog", "noframes",
))  # fmt: skip
_PARAGRAPHS = frozenset((
    "p", "div", "h1", "h2", "h3", "h4", "h5", "h6", "ul", "ol", "dl", "menu", "dir", "table", "blockquote", "pre",
    "figure", "figcaption", "caption", "hr", "article", "section", "aside", "header", "footer", "main", "center",
    "address", "form", "fieldset", "details", "summary", "td", "th", "tr", "tbody", "thead", "tfoot", "body",
    "html",
))  # fmt: skip
_ROWS = frozenset(("tr", "thead", "tbody", "tfoot"))
_LINES = frozenset(("li", "dt", "dd", "br"))
_HEADINGS = frozenset(("h1", "h2", "h3", "h4", "h5", "h6"))
_WIDGET = re.compile(
    r"\b(?:sharedaddy|jp-relatedposts|addtoany_share_save_container|heateor_sss_sharing_container|screen-reader-text"
    r"|sr-only|visually-hidden)\b"
)
"""What plugins put into the text of WordPress's posts, and what only a screen reader is told."""
_RAISED = str.maketrans("0123456789+-−n", "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁻ⁿ")
_CP1252 = {code: bytes([code]).decode("cp1252", "ignore") for code in range(0x80, 0xA0)}
_INVISIBLE = dict.fromkeys((0xAD, 0x200B, 0x2060, 0xFEFF, 0xFFFE, 0xFFFF))
"""Soft hyphen, zero width space, word joiner, byte order mark, and the two that are no characters for lxml either."""
_BLANKS = re.compile(r"[ \t\r\n\f\v\u2028\u2029]+")
_WIDE = re.compile(r"[ \u00a0]*(?:[ ]\u00a0|\u00a0[ \u00a0])[ \u00a0]*")
_MOST_ELEMENTS = 30_000
"""Of a page or fragment; a long article with its navigation has two thousand."""


@dataclass(slots=True, eq=False)
class Line:
    """A line of text and the element it stood in; `gap`: an empty line goes before it."""

    text: str
    gap: bool
    element: Any
    linked: int = 0
    """Characters inside links."""
    strong: int = 0
    """Characters in bold."""
    hrefs: tuple[str, ...] = ()
    marks: frozenset[str] = field(default_factory=frozenset)
    """Of "heading", "item", "row", "quote"."""


def parse(text: str) -> Any:
    """The root element of a page or fragment. Raises PageError where there is nothing to read, or far too much."""
    text = re.sub(r"^\s*<\?xml[^>]*\?>", "", text.replace("\x00", ""))
    parser = lxml.html.HTMLParser(remove_comments=True, remove_pis=True, encoding="utf-8")
    try:
        root = lxml.html.document_fromstring(text.encode("utf-8", "replace"), parser=parser)
    except (etree.ParserError, etree.XMLSyntaxError, ValueError):
        raise PageError("holds no HTML that can be read; expected a page with text.") from None
    if any("depth" in error.message for error in parser.error_log):
        raise PageError("has elements nested too deep to be read; expected a page of text.")
    if (count := sum(1 for _ in root.iter())) > _MOST_ELEMENTS:
        raise PageError(f"has {count:,} elements; expected an article, of at most {_MOST_ELEMENTS:,}.")
    return root


def tidy(text: str) -> str:
    """One line: NFC, no control or invisible characters, blanks in runs of one; a no-break space alone stays one."""
    text = unicodedata.normalize("NFC", text.translate(_CP1252).translate(_INVISIBLE))
    text = "".join(c for c in _BLANKS.sub(" ", text) if unicodedata.category(c) not in ("Cc", "Cs"))
    return _WIDE.sub(" ", text).strip()


def text_of(lines: Iterable[Line]) -> str:
    """The lines as the body of an article: paragraphs with an empty line between."""
    joined = "".join(("\n\n" if line.gap else "\n") + line.text for line in lines)
    return joined.strip("\n")


def lines_of(root: Any) -> list[Line]:
    """Every line of text below `root`, in order; scripts, styles, forms' fields and hidden elements left out."""
    return _Writer().write(root)


class _Writer:
    """Walks the elements once, without recursion: pages nest as deep as they like."""

    def __init__(self) -> None:
        self.lines: list[Line] = []
        self.parts: list[str] = []
        self.linked = self.strong = self.verbatim = 0
        self.hrefs: list[str] = []
        self.breaks = 2
        self.prefix = ""
        self.counters: list[int | None] = []
        self.links = self.bolds = 0
        self.element: Any = None
        self.data: dict[Any, bool] = {}

    def write(self, root: Any) -> list[Line]:
        walk = etree.iterwalk(root, events=("start", "end"))
        for event, element in walk:
            if event == "start":
                if element is not root and _hidden(element):
                    walk.skip_subtree()
                else:
                    self._enter(element)
            else:
                if element is root or not _hidden(element):
                    self._leave(element)
                if element is not root:
                    self._text(element.tail, element.getparent())
        self._end(2)
        return self.lines

    def _enter(self, element: Any) -> None:
        tag = element.tag
        if self._is_data_cell(element):
            self._cell(element)
        elif tag in _PARAGRAPHS:
            self._end(1 if tag in _ROWS and self._is_data(element) else 2)
        elif tag in _LINES:
            self._end(min(2, self.breaks + 1) if tag == "br" and not self._pending() else 1)
        if tag in ("ul", "ol", "menu", "dir"):
            self.counters.append(_start(element) if tag == "ol" else None)
        elif tag == "li":
            self.prefix = self._bullet(element)
        self.links += tag == "a" and element.get("href") is not None
        self.bolds += tag in ("b", "strong", "th") or tag in _HEADINGS
        self.verbatim += tag == "pre"
        if tag == "a" and element.get("href"):
            self.hrefs.append(element.get("href"))
        self._text(_raised(element) or element.text, element)

    def _leave(self, element: Any) -> None:
        tag = element.tag
        self.links -= tag == "a" and element.get("href") is not None
        self.bolds -= tag in ("b", "strong", "th") or tag in _HEADINGS
        self.verbatim -= tag == "pre"
        if tag in ("ul", "ol", "menu", "dir"):
            self.counters.pop()
        if self._is_data_cell(element):
            return
        if tag in _PARAGRAPHS:
            self._end(1 if tag in _ROWS and self._is_data(element) else 2)
        elif tag in _LINES and tag != "br":
            self._end(1)
        if tag == "li":
            self.prefix = ""  # of an item without words, it would stand before what follows

    def _text(self, text: str | None, element: Any) -> None:
        if not text:
            return
        text = text.translate(_CP1252)
        for number, piece in enumerate(text.split("\n") if self.verbatim else [text]):
            if number:
                self._end(min(2, self.breaks + 1) if not self._pending() else 1)
            if piece.strip() and not self._pending():
                self.element = element
            self.parts.append(piece)
            visible = len(piece.strip())
            self.linked += visible * bool(self.links)
            self.strong += visible * bool(self.bolds)

    def _pending(self) -> bool:
        return any(part.strip() for part in self.parts)

    def _end(self, breaks: int) -> None:
        """Close the line that is being written; `breaks`: 1 for a new line, 2 for a new paragraph."""
        text = tidy("".join(self.parts))
        if text.strip(" |\u00a0"):
            self._append(self.prefix + text)
            self.breaks, self.prefix = 0, ""
        self.breaks = max(self.breaks, breaks)
        self.parts, self.hrefs, self.linked, self.strong = [], [], 0, 0

    def _append(self, text: str) -> None:
        marks = {"item"} if self.prefix else set()
        for element in (self.element, *self.element.iterancestors()):
            if element.tag in _HEADINGS:
                marks.add("heading")
            elif element.tag in ("td", "th") and self._is_data(element):
                marks.add("row")
            elif element.tag == "blockquote":
                marks.add("quote")
        line = Line(text, self.breaks > 1, self.element)
        line.linked, line.strong, line.hrefs, line.marks = self.linked, self.strong, tuple(self.hrefs), frozenset(marks)
        self.lines.append(line)

    def _bullet(self, item: Any) -> str:
        counter = self.counters[-1] if self.counters else None
        if counter is None:
            return "- "
        self.counters[-1] = counter + 1
        return f"[{counter}] " if _is_footnote(item) else f"{counter}. "

    def _cell(self, element: Any) -> None:
        """A cell of a table of data goes on the line of its row."""
        if element.getprevious() is not None:
            if not self._pending():
                self.element = element  # the cells before are empty: no text has set it
            self.parts.append(" | ")

    def _is_data_cell(self, element: Any) -> bool:
        return element.tag in ("td", "th") and self._is_data(element)

    def _is_data(self, element: Any) -> bool:
        table = next(element.iterancestors("table"), None)
        if table is None:
            return False
        if table not in self.data:
            self.data[table] = is_data(table)
        return self.data[table]


_LONG_CELL = 160
_BLOCKS = "table|p|ul|ol|div|form|h1|h2|h3|h4|hr|blockquote"


def is_data(table: Any) -> bool:
    """Whether a table holds data (rows of short cells) rather than the layout of the page."""
    if next(table.iterdescendants("table", "form", "h1", "h2"), None) is not None:
        return False
    rows = [[cell for cell in row if cell.tag in ("td", "th")] for row in table.iter("tr")]
    full = [[cell for cell in row if "".join(cell.itertext()).strip()] for row in rows]
    if sum(len(row) > 1 for row in full) < 2:
        return False
    cells = [cell for row in full for cell in row]
    return all(
        len(tidy("".join(cell.itertext()))) <= _LONG_CELL and len(list(cell.iter("p", "li", "br"))) <= 3
        for cell in cells
    )


def _hidden(element: Any) -> bool:
    if element.tag in _DROPPED or not isinstance(element.tag, str):
        return True
    if _WIDGET.search(element.get("class") or ""):
        return True
    style = (element.get("style") or "").replace(" ", "").lower()
    return "display:none" in style or "visibility:hidden" in style or element.get("hidden") is not None


def _start(element: Any) -> int:
    value = element.get("start") or "1"
    return int(value) if re.fullmatch(r"\d{1,4}", value) else 1


def _is_footnote(item: Any) -> bool:
    named = f"{item.get('id') or ''} {item.getparent().get('class') or ''} {item.getparent().get('id') or ''}"
    return re.search(r"\b(fn|footnote|note|easy-footnote|reference)s?\b|footnote", named, re.IGNORECASE) is not None


def _raised(element: Any) -> str:
    """`10<sup>9</sup>` is not 109: raised digits keep their height, a note's mark gets its brackets."""
    if element.tag == "a" and element.getparent() is not None and element.getparent().tag == "sup":
        text = (element.text or "").strip()
        return f"[{text}]" if re.fullmatch(r"\d{1,3}", text) else ""
    if element.tag != "sup":
        return ""
    text = (element.text or "").strip()
    inside_link = next(element.iterancestors("a"), None) is not None
    if inside_link and re.fullmatch(r"\d{1,3}", text):
        return f"[{text}]"
    return text.translate(_RAISED) if re.fullmatch(r"[+\-−]?\d{1,3}", text) else ""

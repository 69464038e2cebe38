"""A DOCX to the elements of a page, and what its properties say of it."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Iterator
from typing import Any

import docx
import lxml.etree as etree
from docx.table import Table

from corpus.pages.labels import names
from corpus.pages.metadata import Found
from errors import PageError

__all__ = ["read_word"]

_LARGEST = 50_000_000
"""Bytes that the parts of a document may come to, unpacked."""
_MOST_PARTS = 2000
_W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_FALLBACK = "{http://schemas.openxmlformats.org/markup-compatibility/2006}Fallback"
_MOVED = f"{_W}moveFrom"
"""Where a text was before it was moved, while changes are tracked."""
_NOTES = "http://schemas.openxmlformats.org/officeDocument/2006/relationships/footnotes"
_TEMPLATE_AUTHOR = "python-docx"  # of the library's own empty document, whose dates are its own too


def read_word(data: bytes) -> tuple[Any, Found]:
    """A `body` element (`h1` for the title) and the core properties. Raises PageError for what is no DOCX."""
    _refuse_bombs(data)
    try:
        document = docx.Document(io.BytesIO(data))
        _unframe(document.element.body)
        body = _body(document)
        properties = _properties(document.core_properties)
    except Exception as error:  # whatever damage makes zipfile, zlib, lxml or python-docx stumble over
        raise PageError(f"is a damaged DOCX ({type(error).__name__}: {str(error)[:80]}); save it again.") from None
    return body, properties


def _refuse_bombs(data: bytes) -> None:
    try:
        parts = zipfile.ZipFile(io.BytesIO(data)).infolist()
    except (zipfile.BadZipFile, ValueError, OSError):
        raise PageError("is a damaged ZIP archive; expected a DOCX.") from None
    if "word/document.xml" not in {part.filename for part in parts}:
        raise PageError("is a ZIP archive that holds no Word document; expected a DOCX.")
    size = sum(part.file_size for part in parts)
    if size > _LARGEST or len(parts) > _MOST_PARTS:
        raise PageError(f"unpacks to {size:,} bytes in {len(parts)} parts; expected at most {_LARGEST:,}.")


def _properties(core: Any) -> Found:
    own = core.author != _TEMPLATE_AUTHOR
    return Found(
        title=(core.title or "").strip(),
        date=core.created.date() if core.created and own else None,
        section=(core.category or "").strip(),
        authors=names(core.author or "") if own else (),
        lang=core.language or "",
        id=(core.identifier or "").strip(),
    )


def _unframe(body: Any) -> None:
    """Content controls off what they hold: python-docx steps over them. Tables of contents and prompts go with them."""
    for control in list(body.iter(f"{_W}sdt")):
        gallery = control.find(f"{_W}sdtPr/{_W}docPartObj/{_W}docPartGallery")
        contents = gallery is not None and gallery.get(f"{_W}val") == "Table of Contents"
        if not contents and control.find(f"{_W}sdtPr/{_W}showingPlcHdr") is None:
            for child in control.findall(f"{_W}sdtContent/*"):
                control.addprevious(child)
        control.getparent().remove(control)


def _body(document: Any) -> Any:
    body, notes = etree.Element("body"), _Notes(document)
    items: Any = None
    for block in document.iter_inner_content():
        if isinstance(block, Table):
            items = None
            _table(body, block, notes)
            continue
        text, kind = notes.text(block._p), _kind(block)
        if kind == "li":
            items = etree.SubElement(body, "ul") if items is None else items
            _fill(etree.SubElement(items, "li"), text)
        elif text.strip():
            items = None
            _fill(etree.SubElement(body, kind), text)
    for line in notes.lines():
        etree.SubElement(body, "p").text = line
    return body


def _kind(paragraph: Any) -> str:
    style = (paragraph.style.name if paragraph.style is not None else "") or ""
    if re.match(r"title|titre$|titel", style, re.IGNORECASE):
        return "h1"
    if heading := re.match(r"(?:heading|titre|überschrift) ?(\d)", style, re.IGNORECASE):
        return f"h{min(6, int(heading[1]))}"
    numbered = paragraph._p.pPr is not None and paragraph._p.pPr.numPr is not None
    return "li" if numbered or style.lower().startswith(("list", "liste")) else "p"


def _table(body: Any, table: Any, notes: _Notes) -> None:
    element = etree.SubElement(body, "table")
    for row in table.rows:
        line = etree.SubElement(element, "tr")
        for cell in dict.fromkeys(cell._tc for cell in row.cells):  # a merged cell is there once for each it covers
            text = "\n".join(filter(None, (notes.text(p).strip() for p in cell.iter(f"{_W}p"))))
            _fill(etree.SubElement(line, "td"), text)


def _fill(element: Any, text: str) -> None:
    first, *lines = text.split("\n")
    element.text = first
    for line in lines:
        etree.SubElement(element, "br").tail = line


class _Notes:
    """The text of paragraphs, with footnotes numbered in the order in which they are called."""

    def __init__(self, document: Any) -> None:
        parts = [r.target_part for r in document.part.rels.values() if r.reltype == _NOTES and not r.is_external]
        root = etree.fromstring(parts[0].blob, etree.XMLParser(resolve_entities=False)) if parts else etree.Element("x")
        self.notes = {note.get(f"{_W}id"): note for note in root.iter(f"{_W}footnote")}
        self.called: list[str] = []

    def text(self, element: Any) -> str:
        return "".join(self._pieces(element))

    def lines(self) -> list[str]:
        return [f"[{n}] {self.text(self.notes[id_]).strip()}" for n, id_ in enumerate(self.called, 1)]

    def _pieces(self, element: Any) -> Iterator[str]:
        for child in element.iter():
            if next(child.iterancestors(_FALLBACK, _MOVED), None) is not None:
                continue
            if child.tag == f"{_W}t":
                yield _raised(child)
            elif child.tag in (f"{_W}br", f"{_W}cr"):
                yield "\n"
            elif child.tag == f"{_W}tab":
                yield " "
            elif child.tag == f"{_W}noBreakHyphen":
                yield "-"
            elif child.tag == f"{_W}footnoteReference" and (id_ := child.get(f"{_W}id")) in self.notes:
                self.called.append(id_)
                yield f"[{len(self.called)}]"


def _raised(text: Any) -> str:
    """`10` with a raised `9` is not 109."""
    level = text.getparent().find(f"{_W}rPr/{_W}vertAlign")
    raised = level is not None and level.get(f"{_W}val") == "superscript"
    digits = raised and re.fullmatch(r"[+−-]?\d{1,3}", text.text or "")
    return (text.text or "").translate(str.maketrans("0123456789+-−", "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁻")) if digits else text.text or ""

"""A file of any kind the bulletin comes in, told by its content, to an Article."""

from __future__ import annotations

import itertools
import re
from dataclasses import replace
from pathlib import Path
from textwrap import shorten
from typing import Any

import lxml.etree as etree
from markdown_it import MarkdownIt

from corpus.articles import read_article
from corpus.documents.pdf import read_pdf
from corpus.documents.word import read_word
from corpus.front_matter import Entry, read_front_matter
from corpus.language import language
from corpus.pages.charset import decode
from corpus.pages.column import Column
from corpus.pages.dates import read_date
from corpus.pages.headers import opens_text, same
from corpus.pages.markup import Line, lines_of, parse, tidy
from corpus.pages.metadata import Found
from corpus.pages.old_pages import read_column
from corpus.pages.read import MAX_BYTES, article_id, named_id, read_page
from errors import ArticleError, PageError
from records import Article

__all__ = ["MAX_FILE_BYTES", "SUFFIXES", "read_document"]

SUFFIXES = (".html", ".htm", ".xhtml", ".pdf", ".docx", ".md", ".markdown", ".txt")
MAX_FILE_BYTES = 50_000_000
"""Of a PDF or DOCX with its pictures; pages and texts have MAX_BYTES."""

_HTML = re.compile(
    r"\s*(?:<\?xml[^>]{0,200}\?>\s*)?(?:<!--.{0,2000}?-->\s*)*+<(?:!doctype\s+html|html|head|body|title|meta)\b",
    re.I | re.S,
)
_TAG = re.compile(r"<(?:p|br|div|td|table|h[1-6]|a|font|span|article)\b[^>]{0,300}>", re.I)
_FOREIGN = (
    (b"\xd0\xcf\x11\xe0", "an old Word file (.doc)"), (b"{\\rtf", "an RTF file"), (b"\x89PNG", "a picture"),
    (b"\xff\xd8\xff", "a picture"), (b"GIF8", "a picture"), (b"\x1f\x8b", "a gzip archive"), (b"Rar!", "an archive"),
)  # fmt: skip
_LONGEST_TITLE = 150
"""Characters of a title made of a text's first words, where the text begins with none."""
_FENCE = re.compile(r"---[ \t]*\n(?P<front>.*?)\n---[ \t]*(?:\n|$)(?P<body>.*)", re.DOTALL)


def read_document(path: Path) -> Article:
    """The article in the file `path`; its id is the file's stem unless the file names one.

    Raises PageError or ArticleError for what cannot be read, OSError for a file that cannot be opened.
    """
    with path.open("rb") as file:
        data = file.read(MAX_FILE_BYTES + 1)
    _refuse(data)
    own = article_id(path.name)
    if b"%PDF-" in data[:1024]:
        return _article(read_pdf(data), Found(), own)
    if data.startswith(b"PK\x03\x04"):
        return _article(*read_word(data), own)
    _refuse_binary(data)
    text = decode(data).replace("\r\n", "\n").replace("\r", "\n")
    if _HTML.match(text) or (path.suffix.lower() in SUFFIXES[:3] and _TAG.search(text)):
        return read_page(data, fallback_id=own)
    if fenced := _FENCE.match(text):
        return _article_file(fenced, path, own)
    tree = _markdown(text) if path.suffix.lower() in (".md", ".markdown") else _text(text)
    return _article(tree, Found(), own)


def _refuse(data: bytes) -> None:
    if not data.strip():
        raise PageError("is empty; expected an article.")
    if len(data) > MAX_FILE_BYTES:
        raise PageError(f"is larger than {MAX_FILE_BYTES:,} bytes; expected one article.")
    for start, what in _FOREIGN:
        if data.startswith(start):
            raise PageError(f"is {what}; expected HTML, PDF, DOCX, Markdown or text.")


def _refuse_binary(data: bytes) -> None:
    if len(data) > MAX_BYTES:
        raise PageError(f"has {len(data):,} bytes; expected a text of at most {MAX_BYTES:,}.")
    odd = sum(byte < 9 or 13 < byte < 32 for byte in data[:4096])
    if odd * 20 > len(data[:4096]) and not data.startswith((b"\xff\xfe", b"\xfe\xff")) and b"\x00<" not in data[:200]:
        raise PageError("is no text; expected HTML, PDF, DOCX, Markdown or text.")


def _article(tree: Any, said: Found, own: str, *, titled: bool = False) -> Article:
    """The article that a document's elements make, with what its properties say where its text does not.

    `titled`: what they say of its title holds; a heading that says something else is text.
    """
    lines = lines_of(tree)
    title = _title(lines, said.title, titled)
    if title is None:
        words = said.title or shorten(" ".join(line.text for line in lines[:1]), _LONGEST_TITLE, placeholder=" …")
        title = Line(words, True, tree, marks=frozenset({"heading"}))
        lines = [title, *lines]
    seen = read_column(Column(tree, lines, frozenset(lines), [], False), lines, "", title=[title])
    if not seen.body:
        raise PageError("holds a title but no text; expected an article.")
    return Article(
        id=named_id(said.id) or own,
        title=seen.title or said.title,
        lang=language(seen.body, said.lang),
        body=seen.body,
        date=seen.date or said.date,
        section=seen.section or said.section,
        authors=seen.authors or said.authors,
    )


def _title(lines: list[Line], said: str, titled: bool) -> Line | None:
    """The line above the text that is the title: a heading of the first rank, else the first where nothing is said."""
    head = list(itertools.takewhile(lambda line: not opens_text(line, ""), lines))
    headings = (line for line in head if line.element.tag == "h1" and (not titled or same(line.text, said)))
    return next(headings, None if said else next(iter(head), None))


def _text(text: str) -> Any:
    """Paragraphs between empty lines; a line stays a line."""
    body = etree.Element("body")
    for paragraph in re.split(r"\n[ \t\u00a0]*\n", text):
        element, lines = etree.SubElement(body, "p"), [tidy(line) for line in paragraph.split("\n")]
        element.text = lines[0]
        for line in lines[1:]:
            etree.SubElement(element, "br").tail = line
    return body


def _markdown(text: str) -> Any:
    return parse(f"<body>{MarkdownIt('commonmark').enable('table').render(text)}</body>")


def _article_file(fenced: re.Match[str], path: Path, own: str) -> Article:
    """A file with front matter: as it stands where it is an article file, else with what is missing filled in."""
    try:
        return read_article(path)
    except ArticleError:
        entries = read_front_matter(fenced["front"], path)
    body, front = (
        fenced["body"].strip("\n"),
        {_KEY.get(key.lower(), key.lower()): entry for key, entry in entries.items()},
    )
    _refuse_wrong(front, path)
    plain = _article(_markdown(body), Found(title=_of(front, "title")), own, titled=bool(_of(front, "title")))
    return replace(
        plain,
        id=_of(front, "id") or own,
        title=_of(front, "title") or plain.title,
        lang=language(plain.body, _of(front, "lang")),
        url=_of(front, "url") if re.match(r"https?://", _of(front, "url")) else "",
        date=read_date(_of(front, "date")) or plain.date,
        section=_of(front, "section") or plain.section,
        authors=_many(front.get("authors")) or plain.authors,
    )


def _refuse_wrong(front: dict[str, Entry], path: Path) -> None:
    if "id" in front and not named_id(_of(front, "id")):
        told = f"id {_of(front, 'id')!r} cannot be used; expected at most 100 of A-Z, a-z, 0-9, '.', '_', '-'."
        raise ArticleError(path, told, front["id"].line)
    if _of(front, "date") and not read_date(_of(front, "date")):
        told = f"date is {_of(front, 'date')!r}; expected a day, such as 2014-03-06 or 6 mars 2014."
        raise ArticleError(path, told, front["date"].line)


_NAMES = {
    "authors": "author auteur auteurs",
    "lang": "language locale",
    "section": "category categories rubrique",
    "title": "titre titel",
    "date": "datum",
    "url": "link permalink",
}
_KEY = {name: key for key, others in _NAMES.items() for name in others.split()}
"""What other programs' front matter calls our keys."""


def _of(front: dict[str, Entry], key: str) -> str:
    return _one(front[key]) if key in front else ""


def _one(entry: Entry) -> str:
    return entry.value if isinstance(entry.value, str) else ", ".join(entry.value)


def _many(entry: Entry | None) -> tuple[str, ...]:
    if entry is None or not entry.value:
        return ()
    return (entry.value,) if isinstance(entry.value, str) else tuple(filter(None, entry.value))

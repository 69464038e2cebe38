"""A page of HTML to an Article."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from copy import deepcopy
from typing import Any
from urllib.parse import unquote, urlsplit

import trafilatura
from trafilatura.settings import Document

from corpus.language import language
from corpus.pages.charset import decode
from corpus.pages.column import find_column, is_running
from corpus.pages.markup import Line, lines_of, parse, text_of, tidy
from corpus.pages.metadata import Found, declared
from corpus.pages.old_pages import read_column
from errors import PageError
from records import Article

__all__ = ["MAX_BYTES", "article_id", "body_of", "named_id", "plain", "read_page"]

MAX_BYTES = 5_000_000
"""A page with pictures inside it may have a megabyte; what is larger than this is no article."""


_SUFFIX = re.compile(r"\.(?:x?html?|shtml|php\d?|aspx?|jsp|cfm|pdf|docx?|md|markdown|txt)$", re.IGNORECASE)
_GENERIC = frozenset(("", "index", "default", "home", "accueil", "article", "page", "view", "print", "show"))
_SPELT = str.maketrans({"ß": "ss", "œ": "oe", "Œ": "OE", "æ": "ae", "Æ": "AE", "ø": "o", "Ø": "O", "ł": "l", "Ł": "L"})
_MOST_CHARACTERS = 500_000
"""Of a page's text: a book. The bulletin's articles have some thousand."""
_TELLING = 5
"""Words from which on a line found in trafilatura's text is that line, not a chance."""
_MAX_ID = 100  # as corpus/articles.py admits


def read_page(data: bytes, *, url: str = "", charset: str = "", id: str = "", fallback_id: str = "") -> Article:
    """The article on a page. `url`: where it was found; `charset`: what HTTP said, which may be wrong; `id`: its id,
    else what the page names itself, else `fallback_id`, else made from its address.

    Raises PageError for what is empty, too large, no HTML, or has no title or no text.
    """
    if len(data) > MAX_BYTES:
        raise PageError(f"has {len(data):,} bytes; expected a page of at most {MAX_BYTES:,}.")
    if not data.strip():
        raise PageError("is empty; expected a page with text.")
    found = _read(parse(decode(data, charset=charset)), url)
    if not found.body or not found.title:
        missing = "title" if found.body else "running text"
        raise PageError(f"holds no {missing}; expected an article.")
    return Article(
        id=id or named_id(found.id) or fallback_id or article_id(found.url or found.title),
        title=found.title,
        lang=language(found.body, found.lang),
        body=found.body,
        url=found.url,
        date=found.date,
        section=found.section,
        authors=found.authors,
    )


def _read(root: Any, url: str) -> Found:
    """What the page says: in a layout of tables its text is believed before its head, elsewhere the other way round."""
    said = declared(root)
    site = urlsplit(url or said.url).netloc
    lines, page_title = lines_of(root), tidy(root.findtext(".//title") or "")
    if (length := sum(len(line.text) for line in lines)) > _MOST_CHARACTERS:
        raise PageError(f"has {length:,} characters of text; expected an article, of at most {_MOST_CHARACTERS:,}.")
    column = find_column(root, lines, site)
    if not column.in_table:
        column = find_column(root, lines, site, _extracted(root, lines)) if lines else column
    seen = read_column(column, lines, page_title, site)
    first, second = (seen, said) if column.in_table else (said, seen)
    return Found(
        title=_title(seen.title, said.title, page_title),
        date=first.date or second.date,
        section=first.section or second.section,
        authors=first.authors or second.authors,
        lang=said.lang,
        body=seen.body,
        url=url or said.url,
        id=said.id,
    )


def _extracted(root: Any, lines: list[Line]) -> set[Line]:
    """The lines that trafilatura takes for the article's; all running ones where it finds none.

    It decides where the article is; the text is taken from the lines themselves, as it drops notes, captions and rows.
    """
    document = trafilatura.bare_extraction(
        deepcopy(root), include_comments=False, favor_recall=True, with_metadata=False
    )
    text = _letters(str(document.as_dict()["text"] or "")) if isinstance(document, Document) else ""
    found = {line for line in lines if len(line.text.split()) >= _TELLING and _letters(line.text) in text}
    return found or {line for line in lines if is_running(line)}


def _title(seen: str, said: str, page_title: str) -> str:
    """The title on the page, else what the head calls it, else `<title>` without the name of the site."""
    if seen:
        return seen
    parts = re.split(r"\s+(?:[|–—:»-]|::)\s+", page_title)
    return said or max(parts, key=len)


def named_id(text: str) -> str:
    """`text` where it can be an article's id, else ""."""
    return text if re.fullmatch(rf"[A-Za-z0-9._-]{{1,{_MAX_ID}}}", text) else ""


def _letters(text: str) -> str:
    return "".join(c for c in text.casefold() if c.isalnum())


def body_of(fragment: str) -> str:
    """An HTML fragment (WordPress's `content.rendered`) as the plain paragraphs of an article's body; "" if none.

    Lists are "- " lines, headings lines of their own, rows of data "a | b"; notes stay; NFC, no control characters.

    >>> body_of("<h2>Le bilan</h2><ul><li>un &amp; deux<li>trois</ul><script>x()</script>")
    'Le bilan\\n\\n- un & deux\\n- trois'
    """
    if not fragment.strip():
        return ""
    return text_of(lines_of(parse(f"<html><body>{fragment}</body></html>")))


def plain(text: str) -> str:
    """A title as plain text: entities decoded, tags out, one line.

    >>> plain("L&rsquo;<em>H<sub>2</sub></em>&nbsp;: 5 &lt; 6")
    'L’H2\\xa0: 5 < 6'
    """
    return " ".join(body_of(text).split("\n")).strip() if text.strip() else ""


def article_id(url_or_name: str) -> str:
    """An id that an article file admits, from an address or a file's name; the same for the same text.

    >>> article_id("http://www.bulletins-electroniques.com/actualites/67029.htm")
    '67029'
    """
    name = _last_part(url_or_name) if "://" in url_or_name else url_or_name
    name = _SUFFIX.sub("", name)
    folded = unicodedata.normalize("NFKD", name.translate(_SPELT))
    kept = "".join(c for c in folded if not unicodedata.combining(c))
    id_ = re.sub(r"-{2,}", "-", re.sub(r"[^A-Za-z0-9._-]+", "-", kept)).strip("-.")
    digest = hashlib.sha256(url_or_name.encode("utf-8", "surrogatepass")).hexdigest()[:8]
    if not id_:
        return f"page-{digest}"
    return id_ if len(id_) <= _MAX_ID else f"{id_[: _MAX_ID - 9].rstrip('-.')}-{digest}"


def _last_part(url: str) -> str:
    """The end of an address, which tells its page: with the query, and the folder where a name is generic."""
    parts = urlsplit(url)
    path = [unquote(part) for part in parts.path.split("/") if part]
    last = _SUFFIX.sub("", path[-1]) if path else ""
    if last.lower() in _GENERIC and not parts.query:
        last = "-".join(filter(None, [path[-2] if len(path) > 1 else parts.netloc, last]))
    return "-".join(filter(None, [last, unquote(parts.query)]))

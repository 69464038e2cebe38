"""A page of HTML to an Article."""

from __future__ import annotations

import datetime
import hashlib
import re
import unicodedata
from urllib.parse import unquote, urlsplit

import trafilatura

from corpus.charset import decode
from corpus.language import language
from corpus.markup import lines_of, parse, text_of
from errors import PageError
from records import Article

__all__ = ["MAX_BYTES", "article_id", "body_of", "plain", "read_page"]

MAX_BYTES = 5_000_000
"""A page with pictures inside it may have a megabyte; what is larger than this is no article."""


_SUFFIX = re.compile(r"\.(?:x?html?|shtml|php\d?|aspx?|jsp|cfm|pdf|docx?|md|markdown|txt)$", re.IGNORECASE)
_GENERIC = frozenset(("", "index", "default", "home", "accueil", "article", "page", "view", "print", "show"))
_SPELT = str.maketrans({"ß": "ss", "œ": "oe", "Œ": "OE", "æ": "ae", "Æ": "AE", "ø": "o", "Ø": "O", "ł": "l", "Ł": "L"})
_MAX_ID = 100  # as corpus/articles.py admits


def read_page(data: bytes, *, url: str = "", charset: str = "", id: str = "") -> Article:
    """The article on a page. `url`: where it was found; `charset`: what HTTP said, which may be wrong; `id`: its id,
    else what the page names itself, else made from its address.

    Raises PageError for what is empty, too large, no HTML, or has no title or no text.
    """
    if len(data) > MAX_BYTES:
        raise PageError(f"has {len(data):,} bytes; expected a page of at most {MAX_BYTES:,}.")
    if not data.strip():
        raise PageError("is empty; expected a page with text.")
    document = trafilatura.bare_extraction(decode(data, charset=charset), url=url or None, with_metadata=True)
    if document is None or not document.text:
        raise PageError("holds no running text; expected an article.")
    found = document.as_dict()
    return Article(
        id=id or article_id(url or found["title"]),
        title=found["title"],
        lang=language(found["text"]),
        body=found["text"],
        url=url,
        date=datetime.date.fromisoformat(found["date"]) if found["date"] else None,
    )


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
    """The end of an address that tells its page from the others: with the query, and the folder where a name is generic."""
    parts = urlsplit(url)
    path = [unquote(part) for part in parts.path.split("/") if part]
    last = _SUFFIX.sub("", path[-1]) if path else ""
    if last.lower() in _GENERIC and not parts.query:
        last = "-".join(filter(None, [path[-2] if len(path) > 1 else parts.netloc, last]))
    return "-".join(filter(None, [last, unquote(parts.query)]))

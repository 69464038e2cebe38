"""An RSS or Atom feed as a source (feedparser).

A feed holds the last few items only: one that drops out of it is not withdrawn, and nothing ever is. Where the feed
gives an item's whole text (`content:encoded`, Atom's `content`) that is the article, else the page it links to is read.
"""

from __future__ import annotations

import calendar
import contextlib
import dataclasses
import datetime
import email.utils
import hashlib
import html
import io
import json
import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import feedparser

from corpus.language import language
from corpus.pages.dates import read_date
from corpus.pages.read import article_id, body_of, plain
from corpus.sources.fetch import Fetched, Fetcher
from corpus.sources.sitemaps import fetch_page
from corpus.sources.source import Survey, Taken, Wanted, attempt, second_choice
from errors import PageError, SourceError
from records import Article

__all__ = ["Feed", "entries_of", "is_feed"]

Entry = Mapping[str, Any]

_END = re.compile(rb"</(?:rss|feed|(?:\w+:)?RDF|channel)\s*>", re.IGNORECASE)
_ENCODING = re.compile(rb"encoding=['\"]([\w.:-]+)", re.ASCII)
_REFERENCES = re.compile(rb"(?:&#(?:x[0-9a-f]+|[0-9]+);)+", re.IGNORECASE)
_NUMBER = re.compile(rb"#(x?)0*([0-9a-f]{1,10})", re.IGNORECASE)
_TAIL = 4000
"""Bytes at the end of a feed in which its last tag is looked for; caches append comments."""


class Feed:
    """Keys are the items' own ids (`guid`, Atom's `id`), else their links."""

    kind = "feed"

    def __init__(self, address: str, fetcher: Fetcher) -> None:
        self._address, self._fetcher = address, fetcher
        self._entries: dict[str, Entry] = {}
        self._declared = ""

    def survey(self, memory: Mapping[str, str]) -> Survey:
        validators = memory.get("etag", ""), memory.get("modified", "")
        fetched = self._fetcher.fetch(self._address, validators=validators)
        if fetched.status == 304:
            return Survey({}, memory=memory, unchanged=True)
        self._declared, entries, problem = entries_of(fetched)
        self._entries = {_key(entry): entry for entry in entries if _key(entry)}
        etag, modified = fetched.validators
        stamps = {key: _stamp(entry) for key, entry in self._entries.items()}
        return Survey(stamps, ((self._address, problem),) if problem else (), {"etag": etag, "modified": modified})

    def read(self, wanted: Sequence[Wanted]) -> Iterator[Taken]:
        for one in wanted:
            yield self._taken(self._entries[one.key], one.key)

    def withdrawn(self, missing: Sequence[str]) -> set[str]:
        return set()

    def _taken(self, entry: Entry, key: str) -> Taken:
        text, link = _whole_text(entry), entry.get("link", "")
        if link and not text:
            taken = fetch_page(self._fetcher, link, Wanted(key))
            return dataclasses.replace(taken, article=taken.article and _completed(taken.article, entry))
        taken = attempt(key, lambda: _article(entry, body_of(text or entry.get("summary", "")), self._declared))
        if taken.article is None:
            return taken
        tail = hashlib.sha256(key.encode()).hexdigest()[:6]
        return dataclasses.replace(taken, second_id=second_choice(taken.article.id, tail))


def entries_of(fetched: Fetched) -> tuple[str, list[Entry], str]:
    """A feed's language, its entries, and what is wrong with it ("" if nothing); cut off, the last entry is left out.

    Raises SourceError for what is no feed.
    """
    feed = _parsed(fetched)
    if not feed.get("version"):
        raise SourceError(f"{fetched.url}: is no feed; expected RSS or Atom.")
    entries: list[Entry] = list(feed.entries)
    if not feed.bozo or _END.search(fetched.body[-_TAIL:].replace(b"\0", b"")):
        return feed.feed.get("language", ""), entries, ""
    return feed.feed.get("language", ""), entries[:-1], f"the feed is cut off after {len(entries[:-1])} whole items"


def is_feed(fetched: Fetched) -> bool:
    """Raises SourceError for one that must not be read."""
    return bool(_parsed(fetched).get("version"))


def _parsed(fetched: Fetched) -> Any:
    _refuse_entities(fetched)
    charset = f"; charset={fetched.charset}" if fetched.charset else ""
    said = {"content-type": f"application/xml{charset}", "content-location": fetched.url}
    body = io.BytesIO(_REFERENCES.sub(_characters, fetched.body))  # a text would be taken for an address to open
    try:
        return feedparser.parse(body, response_headers=said, sanitize_html=False)
    except Exception as error:
        told = f"the feed cannot be read ({type(error).__name__}: {str(error)[:80]}); expected RSS or Atom"
        raise SourceError(f"{fetched.url}: {told}.") from error


def _characters(references: re.Match[bytes]) -> bytes:
    """Numeric references as XML admits them: the two halves of a character as one, what stands for none left out.

    >>> _REFERENCES.sub(_characters, b"A &#55357;&#56832;&#99999999999;")
    b'A &#128512;'
    """
    codes = (int(digits, 16 if hexadecimal else 10) for hexadecimal, digits in _NUMBER.findall(references[0]))
    halves = "".join(chr(code) for code in codes if code <= sys.maxunicode)
    text = halves.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "ignore")
    return "".join(f"&#{ord(c)};" for c in text if c not in "\ufffe\uffff").encode()


def _refuse_entities(fetched: Fetched) -> None:
    """Raises SourceError for a feed that defines entities: few bytes of them can stand for a thousand times as many.

    It is looked at as each of the encodings that it may be read in; those of two and four bytes are ASCII between NULs.
    """
    declared = [name.decode() for name in _ENCODING.findall(fetched.body[:500])]
    texts = [fetched.body.replace(b"\0", b"").decode("latin-1")]
    for name in {fetched.charset or "utf-8", *declared, "cp037"}:
        with contextlib.suppress(LookupError, UnicodeError):
            texts.append(fetched.body.decode(name, "replace"))
    if any("<!ENTITY" in text for text in texts):
        raise SourceError(f"{fetched.url}: the feed defines entities of its own; expected plain XML.")


def _key(entry: Entry) -> str:
    return str(entry.get("id") or entry.get("link") or "")


def _stamp(entry: Entry) -> str:
    plainly = dict(entry)  # feedparser's own `get` takes one name for another
    said: list[Any] = [plainly.get(name) for name in ("title", "link", "published", "updated", "summary", "author")]
    said += [[content.get("value", "") for content in entry.get("content", [])], _section(entry)]
    return hashlib.sha256(json.dumps(said).encode()).hexdigest()


def _whole_text(entry: Entry) -> str:
    texts = [_as_html(content) for content in entry.get("content", [])]
    return max(texts, key=len, default="")


def _as_html(content: Mapping[str, str]) -> str:
    value = content.get("value", "").strip()
    return html.escape(value) if content.get("type") == "text/plain" else value


def _article(entry: Entry, body: str, declared: str) -> Article:
    title = plain(entry.get("title", ""))
    if not body or not title:
        raise PageError(f"has no {'title' if body else 'text'}; expected an article.")
    link = entry.get("link", "")
    article = Article(article_id(link or title), title, language(body, declared), body, link)
    return _completed(article, entry)


def _completed(article: Article, entry: Entry) -> Article:
    """With what the feed says and the page did not."""
    names = [person.get("name", "") for person in entry.get("authors", [])]
    return dataclasses.replace(
        article,
        date=article.date or _date(entry),
        section=article.section or _section(entry),
        authors=article.authors or tuple(dict.fromkeys(filter(None, map(plain, names)))),
    )


def _section(entry: Entry) -> str:
    return next(filter(None, (plain(tag.get("term") or "") for tag in entry.get("tags", []))), "")


def _date(entry: Entry) -> datetime.date | None:
    written = entry.get("published") or entry.get("updated") or ""
    with contextlib.suppress(ValueError):
        return email.utils.parsedate_to_datetime(written).date()  # the writer's own day; what is parsed is in UTC
    if re.match(r"\d{4}-\d\d-\d\d", written) and (day := read_date(written)):
        return day
    parsed = next((entry[name] for name in ("published_parsed", "updated_parsed") if name in entry), None)
    return datetime.datetime.fromtimestamp(calendar.timegm(parsed), datetime.UTC).date() if parsed else None

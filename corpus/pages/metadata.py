"""What a page says of itself in its head: meta tags, Dublin Core, OpenGraph, JSON-LD, `<time>`, `<html lang>`."""

from __future__ import annotations

import datetime
import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from corpus.pages.dates import read_date
from corpus.pages.labels import names
from corpus.pages.markup import tidy

__all__ = ["Found", "declared"]


@dataclass(frozen=True, slots=True)
class Found:
    """What was found of an article; empty where nothing was."""

    title: str = ""
    date: datetime.date | None = None
    section: str = ""
    authors: tuple[str, ...] = ()
    lang: str = ""
    body: str = ""
    url: str = ""
    id: str = ""


_ARTICLES = frozenset((
    "Article", "NewsArticle", "BlogPosting", "ScholarlyArticle", "TechArticle", "Report", "WebPage",
    "ReportageNewsArticle",
))  # fmt: skip
_DAYS = (
    "article:published_time", "og:published_time", "datepublished", "dc.date.issued", "dcterms.issued", "dc.date",
    "dcterms.date", "dcterms.created", "dc.date.created", "citation_publication_date", "citation_date", "pubdate",
    "publication_date", "date",
)  # fmt: skip
"""Meta tags with a day of publication, the most specific first."""
_MOST_JSON = 200_000


def declared(root: Any) -> Found:
    """The head's word for it, the most specific first: JSON-LD, then OpenGraph, Dublin Core and plain meta tags."""
    meta, linked = _meta(root), _json_ld(root)
    author = linked.get("author") or meta.get("citation_author") or meta.get("dc.creator") or meta.get("author") or ""
    return Found(
        title=linked.get("headline") or _first(meta, "og:title", "citation_title", "dc.title", "dcterms.title"),
        date=_date(linked.get("datePublished", "")) or _published(root, meta),
        section=linked.get("articleSection", "").split("; ")[0]
        or _first(meta, "article:section", "dc.subject.section", "section", "category"),
        authors=names(author),
        lang=_language(root, meta),
        url=_address(root, meta),
        id=_first(meta, "article-id", "article_id", "id"),
    )


def _meta(root: Any) -> dict[str, str]:
    found: dict[str, str] = {}
    for element in root.iter("meta"):
        name = (
            element.get("name") or element.get("property") or element.get("http-equiv") or element.get("itemprop") or ""
        )
        name, content = name.strip().lower(), tidy(element.get("content") or "")
        if content and name in ("author", "dc.creator", "citation_author") and name in found:
            found[name] += f"; {content}"
        elif name and content:
            found.setdefault(name, content)
    return found


def _first(meta: dict[str, str], *keys: str) -> str:
    return next((meta[key] for key in keys if key in meta), "")


def _published(root: Any, meta: dict[str, str]) -> datetime.date | None:
    dates = (_date(meta[key]) for key in _DAYS if key in meta)
    return next(filter(None, dates), None) or _time(root)


def _time(root: Any) -> datetime.date | None:
    """The `<time>` that is marked as the day of publication, else the first one inside the article's own header."""
    times = list(root.iter("time"))
    marked = [
        t for t in times if t.get("pubdate") is not None or "publi" in f"{t.get('itemprop')} {t.get('class')}".lower()
    ]
    inside = [t for t in times if next(t.iterancestors("article", "main"), None) is not None]
    for time in (*marked, *inside):
        if date := _date(time.get("datetime") or "".join(time.itertext())):
            return date
    return None


def _date(text: str) -> datetime.date | None:
    return read_date(text) if text else None


def _language(root: Any, meta: dict[str, str]) -> str:
    own = root.get("lang") or root.get("{http://www.w3.org/XML/1998/namespace}lang") or root.get("xml:lang") or ""
    return own or _first(meta, "content-language", "dc.language", "dcterms.language", "language", "og:locale")


def _address(root: Any, meta: dict[str, str]) -> str:
    canonical = [e.get("href") or "" for e in root.iter("link") if (e.get("rel") or "").lower() == "canonical"]
    return next(filter(_is_address, (*canonical, meta.get("og:url", ""))), "")


def _is_address(url: str) -> bool:
    try:
        return url.startswith(("http://", "https://")) and bool(urlsplit(url).netloc)
    except ValueError:  # `http://[votre-site]/`
        return False


def _json_ld(root: Any) -> dict[str, str]:
    """Of the first article in the page's JSON-LD: headline, datePublished, articleSection and author, as text."""
    for thing in _things(root):
        kinds = thing.get("@type")
        named = {kind for kind in (kinds if isinstance(kinds, list) else [kinds]) if isinstance(kind, str)}
        if named & _ARTICLES and thing.get("headline"):
            keys = ("headline", "datePublished", "articleSection", "author")
            return {key: text for key in keys if (text := tidy(_said(thing.get(key))))}
    return {}


def _things(root: Any) -> Iterator[dict[str, Any]]:
    for script in root.iter("script"):
        text = script.text or ""
        if (script.get("type") or "").lower() != "application/ld+json" or len(text) > _MOST_JSON:
            continue
        try:
            loaded = json.loads(text, strict=False)
        except (ValueError, RecursionError):
            continue
        things = loaded if isinstance(loaded, list) else [loaded]
        for thing in things:
            graph = thing.get("@graph") if isinstance(thing, dict) else None
            yield from (t for t in (graph if isinstance(graph, list) else [thing]) if isinstance(t, dict))


def _said(value: Any) -> str:
    if isinstance(value, dict):
        return _said(value.get("name"))
    if isinstance(value, list):
        return "; ".join(filter(None, map(_said, value)))
    return value if isinstance(value, str) else ""

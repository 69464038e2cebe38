"""What a source is, found out by looking at it: a folder, a feed, a sitemap, or a WordPress site."""

from __future__ import annotations

import html
import re
from pathlib import Path
from typing import Literal, get_args
from urllib.parse import urlsplit

from corpus.sources.feeds import Feed, is_feed
from corpus.sources.fetch import Fetched, Fetcher, joined_address, parse_address
from corpus.sources.folder import Folder
from corpus.sources.sitemaps import Sitemap, sitemap_of
from corpus.sources.source import Source
from corpus.sources.wordpress import SectionOf, WordPress, rest_root
from errors import SourceError

__all__ = ["KINDS", "Kind", "open_source", "source_name"]

Kind = Literal["wordpress", "feed", "sitemap", "folder"]
KINDS: tuple[Kind, ...] = get_args(Kind)

_HEAD = 5000
_FEED_LINK = re.compile(r"<link\b[^>]*\btype=[\"']application/(?:rss|atom)\+xml[^>]*>", re.IGNORECASE)
_HREF = re.compile(r"\bhref=[\"']([^\"']+)", re.IGNORECASE)


def source_name(source: str) -> str:
    """What a source is remembered by: its address, or the whole path of a folder.

    Raises FetchError for what is no address, SourceError for one with a password, which would stand in every message.
    """
    if not _is_address(source):
        return str(Path(source).resolve())
    address = parse_address(source)
    if "@" in urlsplit(source).netloc:
        raise SourceError("the address holds a name and a password; expected one that any visitor may read.")
    return str(address if address.path not in ("", "/") or address.query else address.copy_with(path="/"))


def open_source(name: str, kind: str, fetcher: Fetcher, section_of: SectionOf) -> Source:
    """The source of this name; `kind` is one of KINDS, or empty to look. Raises SourceError, FetchError."""
    if kind == "folder" or (not kind and not _is_address(name)):
        return Folder(Path(name))
    kind = kind or _kind(fetcher.fetch(name))
    if kind == "wordpress":
        return WordPress(name, fetcher, section_of)
    return Feed(name, fetcher) if kind == "feed" else Sitemap(name, fetcher)


def _is_address(source: str) -> bool:
    return "://" in source


def _kind(fetched: Fetched) -> Kind:
    if b"<html" in fetched.body[:_HEAD].lower():  # a WordPress names its API in feeds and sitemaps, too
        if rest_root(fetched):
            return "wordpress"
    elif sitemap_of(fetched.body) is not None:
        return "sitemap"
    elif is_feed(fetched):
        return "feed"
    raise SourceError(_nothing_known(fetched))


def _nothing_known(fetched: Fetched) -> str:
    told = f"{fetched.url}: is no WordPress site, feed or sitemap"
    element = _FEED_LINK.search(fetched.body.decode("utf-8", "replace"))
    if element and (href := _HREF.search(element[0])):
        feed = joined_address(fetched.url, html.unescape(href[1]))
        return f"{told}; its page names a feed, which you may give instead: {feed}"
    return f"{told}; expected one of these, or say which it is with --kind."

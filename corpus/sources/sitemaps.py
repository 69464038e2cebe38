"""A sitemap (sitemaps.org 0.9) as a source: its pages, and those of the sitemaps it lists, gzipped or not.

A page is read again when its `lastmod` changed; where none is given it is asked for again each time, on condition that
it changed (ETag, Last-Modified). One that left the sitemap is withdrawn if it also answers 404 or 410, or has
moved: leads to a page that the sitemap lists.
"""

from __future__ import annotations

import dataclasses
import hashlib
import zlib
from collections import deque
from collections.abc import Iterator, Mapping, Sequence

import lxml.etree as etree

from corpus.pages.read import read_page
from corpus.sources.fetch import GONE, Fetcher, inflate
from corpus.sources.source import Survey, Taken, Wanted, attempt, second_choice
from errors import FetchError, SourceError

__all__ = ["Sitemap", "fetch_page", "sitemap_of"]

_DEPTH = 3
"""A sitemap of sitemaps lists sitemaps of pages; some sites have one layer more."""
_GZIP = b"\x1f\x8b"
_MAX_BYTES = 52_428_800  # sitemaps.org: "no larger than 50MB (52,428,800 bytes)", unpacked


class Sitemap:
    """Keys are the pages' addresses."""

    kind = "sitemap"

    def __init__(self, address: str, fetcher: Fetcher) -> None:
        self._address, self._fetcher = address, fetcher
        self._listed: Mapping[str, str] = {}

    def survey(self, memory: Mapping[str, str]) -> Survey:
        stamps, below = self._entries(self._address)
        problems: list[tuple[str, str]] = []
        seen, waiting = {self._address}, deque((address, 1) for address in below)
        while waiting:
            address, depth = waiting.popleft()
            if address in seen:
                continue
            seen.add(address)
            try:
                pages, below = self._entries(address, depth)
            except FetchError as error:
                problems.append((address, error.problem))
            except SourceError as error:
                problems.append((address, str(error)))
            else:
                stamps |= pages
                waiting.extend((further, depth + 1) for further in below)
        self._listed = stamps
        return Survey(stamps, tuple(problems))

    def read(self, wanted: Sequence[Wanted]) -> Iterator[Taken]:
        for one in wanted:
            yield fetch_page(self._fetcher, one.key, one)

    def withdrawn(self, missing: Sequence[str]) -> set[str]:
        return {address for address in missing if self._is_gone(address)}

    def _is_gone(self, address: str) -> bool:
        try:
            return self._fetcher.fetch(address).url in self._listed
        except FetchError as error:
            return error.status in GONE

    def _entries(self, address: str, depth: int = 0) -> tuple[dict[str, str], dict[str, str]]:
        if depth > _DEPTH:
            raise SourceError(f"lies below {_DEPTH} other sitemaps; it was not read.")
        found = sitemap_of(self._fetcher.fetch(address).body)
        if found is None:
            raise SourceError("is no sitemap; expected XML with <urlset> or <sitemapindex>.")
        return found


def sitemap_of(data: bytes) -> tuple[dict[str, str], dict[str, str]] | None:
    """Pages and further sitemaps, each address with its `lastmod`; None for what is no sitemap.

    Raises SourceError for one that is cut off, or is not plain XML.
    """
    if data.startswith(_GZIP):
        data = _unzipped(data)
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False)
    try:
        root = etree.fromstring(data, parser)
    except etree.XMLSyntaxError as error:
        if b"<urlset" in data[:2000] or b"<sitemapindex" in data[:2000]:
            raise SourceError(f"the sitemap is not whole, or no XML: {error}.") from None
        return None
    if etree.QName(root).localname not in ("urlset", "sitemapindex"):
        return None
    if root.getroottree().docinfo.internalDTD is not None:
        raise SourceError("the sitemap defines entities of its own; expected plain XML.")
    return _addresses(root, "url"), _addresses(root, "sitemap")


def _addresses(root: etree._Element, name: str) -> dict[str, str]:
    found = {}
    for entry in root.iterfind(f"{{*}}{name}"):
        address = (entry.findtext("{*}loc") or "").strip()
        if address:
            found[address] = (entry.findtext("{*}lastmod") or "").strip()
    return found


def _unzipped(data: bytes) -> bytes:
    try:
        return inflate([data], "gzip", _MAX_BYTES)
    except (ValueError, EOFError, zlib.error) as error:
        raise SourceError(f"the sitemap is gzipped, but cannot be unpacked: {error}.") from None


def fetch_page(fetcher: Fetcher, address: str, one: Wanted) -> Taken:
    """The article on the page at `address`, for the item `one`."""
    try:
        fetched = fetcher.fetch(address, validators=one.validators)
    except FetchError as error:
        return Taken(one.key, problem=error.problem)
    if fetched.status == 304:
        return Taken(one.key, validators=one.validators)
    taken = attempt(one.key, lambda: read_page(fetched.body, url=fetched.url, charset=fetched.charset))
    if taken.article is None:
        return taken
    tail = hashlib.sha256(one.key.encode()).hexdigest()[:6]
    return dataclasses.replace(taken, second_id=second_choice(taken.article.id, tail), validators=fetched.validators)

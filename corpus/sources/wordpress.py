"""A WordPress site as a source, over its REST API (context=view, no credentials): what any visitor may read.

Each survey lists id, time of change, author and sections of all published posts, a hundred a request; only new and
changed ones are read whole. The list does all that `modified_after` would, for no more requests, and what that misses:
posts that were backdated or had been scheduled, drafted, trashed, deleted, restored, or given a password, and sections
and authors that were renamed. Times are in whole seconds: a post changed so lately that it may have changed once more
within its second is read again next time.
"""

from __future__ import annotations

import dataclasses
import datetime
import hashlib
import html
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Literal
from urllib.parse import unquote

import httpx

from corpus.language import language
from corpus.pages.read import article_id, body_of, plain
from corpus.sources.fetch import Fetched, Fetcher, joined_address
from corpus.sources.source import Survey, Taken, Wanted, attempt, second_choice
from errors import FetchError, PageError, SourceError
from records import Article

__all__ = ["SectionOf", "WordPress", "rest_root"]

SectionOf = Literal["categories", "tags"]
Post = Mapping[str, Any]

_PAGE = 100
"""The most that WordPress gives at once."""
_WHOLE = 20
"""Posts read whole in one request."""
_SETTLED = datetime.timedelta(seconds=3)
_REL = "https://api.w.org/"
_HEADER = re.compile(rf'<([^>]+)>\s*;\s*rel="?{re.escape(_REL)}"?')
_ELEMENT = re.compile(rf"<link\b[^>]*\brel=[\"']?{re.escape(_REL)}[\"']?[^>]*>", re.IGNORECASE)
_HREF = re.compile(r"\bhref=[\"']([^\"']+)", re.IGNORECASE)
_LANG = re.compile(r"<html\b[^>]*?\blang=[\"']?([\w-]+)", re.IGNORECASE)


class WordPress:
    """Keys are the numbers of posts."""

    kind = "wordpress"

    def __init__(self, site: str, fetcher: Fetcher, section_of: SectionOf = "categories") -> None:
        self._site, self._fetcher, self._section_of = site, fetcher, section_of
        self._root, self._declared = "", ""
        self._sections: dict[int, str] = {}
        self._authors: dict[int, str] = {}

    def survey(self, memory: Mapping[str, str]) -> Survey:
        home = self._fetcher.fetch(self._site)
        self._root = rest_root(home) or joined_address(home.url, "wp-json/")
        self._declared = (_LANG.findall(home.body[:5000].decode("utf-8", "replace")) or [""])[0]
        self._sections = self._names(self._section_of, "id,name,slug")
        self._authors = self._names("users", "id,name")
        fields = f"id,modified_gmt,author,content.protected,{self._section_of}"
        stamps: dict[str, str] = {}
        try:
            for page, date in self._pages("posts", _fields=fields, orderby="id", order="asc"):
                stamps |= {str(post["id"]): self._stamp(post, date) for post in page if not _is_protected(post)}
        except (LookupError, TypeError, ValueError, AttributeError) as error:
            raise SourceError(f"{self._root}: posts in a form that WordPress does not give ({error!r}).") from error
        return Survey(stamps)

    def read(self, wanted: Sequence[Wanted]) -> Iterator[Taken]:
        for batch in _batches([one.key for one in wanted], _WHOLE):
            yield from self._read(batch)

    def withdrawn(self, missing: Sequence[str]) -> set[str]:
        """Asked for by number: while a list is paged through, a post may slip from one page to another unseen."""
        gone = set(missing)
        for batch in _batches(missing, _PAGE):
            posts = self._posts(batch, "id,content.protected")
            gone -= {str(post["id"]) for post in posts if not _is_protected(post)}
        return gone

    def _read(self, keys: Sequence[str]) -> Iterator[Taken]:
        fields = f"id,slug,link,date,title,content,author,lang,{self._section_of}"
        try:
            posts = {str(post["id"]): post for post in self._posts(keys, fields)}
        except FetchError as error:
            if len(keys) == 1:
                yield Taken(keys[0], problem=error.problem)
                return
            for key in keys:  # one post at which the site stumbles must not cost its neighbours
                yield from self._read([key])
            return
        yield from (self._taken(key, posts.get(key)) for key in keys)

    def _taken(self, key: str, post: Post | None) -> Taken:
        if post is None or _is_protected(post):  # since the survey; the next one will miss it
            return Taken(key)
        taken = attempt(key, lambda: self._article(post))
        if taken.article is None:
            return dataclasses.replace(taken, problem=f"{post.get('link', '')} {taken.problem}")
        return dataclasses.replace(taken, second_id=second_choice(taken.article.id, key))

    def _article(self, post: Post) -> Article:
        title, body = plain(post["title"]["rendered"]), body_of(post["content"]["rendered"])
        if not title or not body:
            raise PageError(f"has no {'text' if title else 'title'}; expected an article.")
        author = self._authors.get(post.get("author", 0), "")
        return Article(
            id=article_id(unquote(post["slug"]) or f"post-{post['id']}"),
            title=title,
            lang=language(body, str(post.get("lang") or self._declared)),
            body=body,
            url=post["link"],
            date=datetime.datetime.fromisoformat(post["date"]).date(),
            section=self._section(post),
            authors=(author,) if author else (),
        )

    def _section(self, post: Post) -> str:
        return next(filter(None, (self._sections.get(number, "") for number in post.get(self._section_of, []))), "")

    def _stamp(self, post: Post, now: datetime.datetime | None) -> str:
        changed = datetime.datetime.fromisoformat(post["modified_gmt"]).replace(tzinfo=datetime.UTC)
        if now and now - changed < _SETTLED:
            return ""
        said = [post["modified_gmt"], self._section(post), self._authors.get(post.get("author", 0), "")]
        return hashlib.sha256(json.dumps(said).encode()).hexdigest()

    def _names(self, what: str, fields: str) -> dict[int, str]:
        """Names by number. Sites may keep their users to themselves; WordPress's own "Uncategorized" says nothing."""
        try:
            listed = [entry for page, _ in self._pages(what, _fields=fields) for entry in page]
        except FetchError as error:
            if error.status in (401, 403, 404):
                return {}
            raise
        return {entry["id"]: plain(entry["name"]) for entry in listed if entry.get("slug") != "uncategorized"}

    def _pages(self, what: str, **given: str) -> Iterator[tuple[list[Post], datetime.datetime | None]]:
        """All pages of a list, each with the site's time when it was made."""
        number = total = 1
        while number <= total:
            fetched = self._ask(what, per_page=str(_PAGE), page=str(number), **given)
            yield _list(fetched), fetched.date
            pages = fetched.headers.get("x-wp-totalpages", "")
            if not pages.isdecimal():
                raise SourceError(f"{fetched.url}: no X-WP-TotalPages; expected WordPress's own REST API.")
            number, total = number + 1, int(pages)

    def _posts(self, keys: Sequence[str], fields: str) -> list[Post]:
        return _list(self._ask("posts", include=",".join(keys), per_page=str(_PAGE), _fields=fields))

    def _ask(self, what: str, **given: str) -> Fetched:
        """`/wp-json/wp/v2/posts`, or `/?rest_route=/wp/v2/posts` where the site has plain permalinks."""
        root = httpx.URL(self._root)
        if "rest_route" in root.params:
            route = root.params["rest_route"].rstrip("/")
            return self._fetcher.fetch(str(root.copy_merge_params({"rest_route": f"{route}/wp/v2/{what}", **given})))
        return self._fetcher.fetch(str(root.join(f"wp/v2/{what}").copy_merge_params(given)))


def rest_root(home: Fetched) -> str:
    """The address of the REST API that a site's page names; empty for a page that names none."""
    if found := _HEADER.search(home.headers.get("link", "")):
        return joined_address(home.url, found[1])
    for element in _ELEMENT.findall(home.body.decode("utf-8", "replace")):
        if found := _HREF.search(element):
            return joined_address(home.url, html.unescape(found[1]))
    return ""


def _list(fetched: Fetched) -> list[Post]:
    try:
        found = json.loads(fetched.body)
    except ValueError:
        found = None
    if not isinstance(found, list):
        begins = fetched.body[:60].decode("utf-8", "replace")
        raise FetchError(fetched.url, f"is no list in JSON, it begins {begins!r}; expected WordPress's REST API")
    return found


def _is_protected(post: Post) -> bool:
    return bool(post.get("content", {}).get("protected"))


def _batches(keys: Sequence[str], size: int) -> Iterator[Sequence[str]]:
    return (keys[start : start + size] for start in range(0, len(keys), size))

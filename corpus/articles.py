"""Article files to Articles: Markdown with YAML front matter, the body kept verbatim.

    ---
    id: go-cluster-2014
    title: Edition 2014 du Congrès annuel des clusters à Berlin
    lang: fr
    ---

    Le 6 mars 2014 s’est tenue à Berlin …

`id`, `title` and `lang` must be there; `url`, `date`, `section` and `authors` may. Every problem names file and line.
"""

from __future__ import annotations

import codecs
import datetime
import difflib
import re
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from tqdm import tqdm

from corpus.front_matter import Entry, read_front_matter
from errors import ArticleError
from records import LANGS, Article, Lang

__all__ = ["KEYS", "MAX_BYTES", "check_articles", "read_article", "read_articles", "survey_articles"]

KEYS = ("id", "title", "url", "date", "lang", "section", "authors")
MAX_BYTES = 5_000_000
"""A shelf of books. The bulletin's articles have some thousand bytes; what is larger than this is a mistake."""

_ID = re.compile(r"[A-Za-z0-9._-]{1,100}")
_URL = re.compile(r"https?://[^\s/?#\"<>][^\s\"<>]*", re.IGNORECASE)
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")  # all of Unicode's Cc but tab and line feed

_ABSENT = Entry(1, "")

T = TypeVar("T")


def read_article(path: Path) -> Article:
    """The article in the file `path`. Raises ArticleError at its first problem, OSError if it cannot be opened."""
    return _read(path)[0]


def read_articles(directory: Path, *, progress: bool = False) -> list[Article]:
    """The articles in all `*.md` below `directory`, by id.

    Raises ArticleError with the first problem and the number of further ones; and for a directory that is missing or
    holds no article. Hidden files and folders (editors' locks, `._` twins) are no articles.
    """
    articles, errors = survey_articles(directory, progress=progress)
    if not errors:
        return articles
    first, more = errors[0], len(errors) - 1
    rest = f" {more} more problem{'s' if more > 1 else ''}." if more else ""
    raise ArticleError(first.path, f"{first.problem}{rest} Run `python -m corpus check`.", first.line)


def check_articles(directory: Path, *, progress: bool = False) -> list[ArticleError]:
    """One ArticleError for every bad file below `directory`, by path. Raises as `survey_articles` does."""
    return survey_articles(directory, progress=progress)[1]


def survey_articles(directory: Path, *, progress: bool = False) -> tuple[list[Article], list[ArticleError]]:
    """The good articles below `directory`, by id, and one ArticleError for every bad file, by path.

    Raises ArticleError for a directory that is missing or holds no article.
    """
    good: dict[str, tuple[Article, Path]] = {}
    bad: list[ArticleError] = []
    for path in tqdm(_files(directory), "reading articles", disable=not progress, delay=1, leave=False):
        try:
            article, line = _read(path)
        except ArticleError as error:
            bad.append(error)
            continue
        if article.id in good:
            bad.append(ArticleError(path, f"id {article.id!r} is already the id of {good[article.id][1]}.", line))
        else:
            good[article.id] = (article, path)
    return [good[id_][0] for id_ in sorted(good)], bad


def _files(directory: Path) -> list[Path]:
    if not directory.is_dir():
        raise ArticleError(directory, "no such directory; expected one that holds article files (*.md).")
    paths = sorted(path for path in directory.rglob("*.md") if not path.is_dir())
    paths = [path for path in paths if not any(part.startswith(".") for part in path.relative_to(directory).parts)]
    if not paths:
        raise ArticleError(directory, "holds no article files; expected at least one *.md.")
    return paths


def _read(path: Path) -> tuple[Article, int]:
    """The article and the line its id stands on."""
    front, body, closing = _split(_decode(path), path)
    entries = read_front_matter(front, path)
    _refuse_wrong_keys(entries, path)
    if not body:
        raise ArticleError(path, "body is empty; expected the article's text after the closing `---`.", closing)

    def field(key: str, convert: Callable[[str], T]) -> T:
        return _convert(key, entries.get(key, _ABSENT), convert, path)

    article = Article(
        id=field("id", _id),
        title=field("title", str),
        lang=field("lang", _lang),
        body=body,
        url=field("url", _url),
        date=field("date", _date),
        section=field("section", str),
        authors=_authors(entries.get("authors", _ABSENT), path),
    )
    return article, entries["id"].line


def _decode(path: Path) -> str:
    """The file's text, line ends made `\\n`."""
    with path.open("rb") as file:
        data = file.read(MAX_BYTES + 1)
    if len(data) > MAX_BYTES:
        raise ArticleError(path, f"larger than {MAX_BYTES // 1_000_000} MB; expected one article's text.", 1)
    data = data.removeprefix(codecs.BOM_UTF8)
    try:
        text = data.decode("utf-8").replace("\r\n", "\n")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise ArticleError(path, f"not UTF-8 (byte 0x{data[error.start]:02x}); save it as UTF-8.", line) from None
    if found := _CONTROL.search(text):
        line = text.count("\n", 0, found.start()) + 1
        raise ArticleError(path, f"holds the control character U+{ord(found[0]):04X}; remove it.", line)
    return text


def _split(text: str, path: Path) -> tuple[str, str, int]:
    """Front matter, body, and the line of the `---` between them."""
    lines = text.split("\n")
    fences = [number for number, line in enumerate(lines) if line.rstrip() == "---"]
    if not fences or fences[0] != 0:
        raise ArticleError(path, f"no front matter; expected line 1 to be `---`, then {', '.join(KEYS)}.", 1)
    if len(fences) == 1:
        raise ArticleError(path, "front matter is not closed; expected a second line `---` before the body.", 1)
    closing = fences[1]
    return "\n".join(lines[1:closing]), _body(lines[closing + 1 :]), closing + 1


def _body(lines: list[str]) -> str:
    full = [number for number, line in enumerate(lines) if line.strip()]
    return "\n".join(lines[full[0] : full[-1] + 1]) if full else ""


def _refuse_wrong_keys(entries: dict[str, Entry], path: Path) -> None:
    for key, entry in entries.items():
        if key not in KEYS:
            near = difflib.get_close_matches(key.lower(), KEYS, n=1)
            hint = f", perhaps {near[0]!r}" if near else ""
            raise ArticleError(path, f"unknown key {key!r}{hint}; there are {', '.join(KEYS)}.", entry.line)
    for key in ("id", "title", "lang"):
        if key not in entries:
            raise ArticleError(path, f"{key} is missing from the front matter.", 1)
        if not entries[key].value:
            raise ArticleError(path, f"{key} is empty.", entries[key].line)


def _convert(key: str, entry: Entry, convert: Callable[[str], T], path: Path) -> T:
    """`entry` by `convert`, which raises ValueError with the problem in words."""
    if not isinstance(entry.value, str):
        raise ArticleError(path, f"{key} is a list; expected one text.", entry.line)
    try:
        return convert(entry.value)
    except ValueError as error:
        raise ArticleError(path, f"{key} {error}", entry.line) from None


def _id(text: str) -> str:
    if not _ID.fullmatch(text):
        raise ValueError(f"{text[:120]!r} cannot be used; expected at most 100 of A-Z, a-z, 0-9, '.', '_', '-'.")
    return text


def _lang(text: str) -> Lang:
    for lang in LANGS:
        if text == lang:
            return lang
    raise ValueError(f"is {text!r}; expected one of {', '.join(LANGS)}.")


def _url(text: str) -> str:
    if text and not _URL.fullmatch(text):
        raise ValueError(f"is {text!r}; expected an address that begins with http:// or https://.")
    return text


def _date(text: str) -> datetime.date | None:
    """`2014-03-06`, or that day with a time of day after "T" or a space, as feeds have it."""
    if not text:
        return None
    try:
        if text[10:11] in ("T", " "):
            return datetime.datetime.fromisoformat(text).date()
        return datetime.date.fromisoformat(text)
    except ValueError:
        raise ValueError(f"is {text!r}; expected a day as year-month-day, such as 2014-03-06.") from None


def _authors(entry: Entry, path: Path) -> tuple[str, ...]:
    if not entry.value:
        return ()
    authors = (entry.value,) if isinstance(entry.value, str) else entry.value
    if "" in authors:
        raise ArticleError(path, "authors holds an empty name; expected a list of names.", entry.line)
    return authors

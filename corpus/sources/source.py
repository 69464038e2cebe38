"""What the sync asks of a source, be it a site, a feed, a sitemap or a folder.

A source gives each of its items a key of its own, the same for ever, and a stamp that changes when the item changes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from errors import ArticleError, BulletinError, FetchError
from records import Article

__all__ = ["NO_VALIDATORS", "Source", "Survey", "Taken", "Wanted", "attempt", "second_choice", "storable"]

NO_VALIDATORS = ("", "")
_MAX_ID = 100  # as corpus/articles.py admits


@dataclass(frozen=True, slots=True)
class Survey:
    """What a source holds now."""

    stamps: Mapping[str, str]
    """By key. An item with the stamp of last time is not read again; one with "" is, as only reading tells."""
    problems: tuple[tuple[str, str], ...] = ()
    """Where it was looked, and what was wrong: parts of the list that are missing. Then nothing counts as withdrawn."""
    memory: Mapping[str, str] = field(default_factory=dict)
    """To be given to the next survey, if everything in this one could be read."""
    unchanged: bool = False
    """The source said so; then `stamps` is empty."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """An item to read, with the ETag and Last-Modified it had when it was read before."""

    key: str
    validators: tuple[str, str] = NO_VALIDATORS


@dataclass(frozen=True, slots=True)
class Taken:
    """What came of reading an item: an article, a problem, or neither where it is as it was (or gone by now)."""

    key: str
    article: Article | None = None
    problem: str = ""
    second_id: str = ""
    """The article's id where its own is another item's already; empty where that is for people to settle."""
    validators: tuple[str, str] = NO_VALIDATORS


class Source(Protocol):
    kind: str

    def survey(self, memory: Mapping[str, str]) -> Survey:
        """Raises SourceError or FetchError where the source cannot be used at all."""

    def read(self, wanted: Sequence[Wanted]) -> Iterator[Taken]:
        """Each of `wanted`, one by one as they come; items that cannot be read are problems, never exceptions."""

    def withdrawn(self, missing: Sequence[str]) -> set[str]:
        """Which of these keys, that the survey no longer has, are really gone. Raises FetchError if that is unknown."""


def attempt(key: str, read: Callable[[], Article]) -> Taken:
    """What `read` gives, or why it gives nothing, whatever a strange page makes the libraries stumble over."""
    try:
        return Taken(key, read())
    except (FetchError, ArticleError) as error:
        return Taken(key, problem=error.problem)
    except (BulletinError, OSError) as error:
        return Taken(key, problem=str(error))
    except Exception as error:  # one item must not stop a thousand others
        return Taken(key, problem=f"cannot be read ({type(error).__name__}: {error})")


def storable(text: str) -> str:
    """`text` as UTF-8 can hold it: bytes of a file's name that are none stand as `\\udce9`."""
    return text.encode("utf-8", "backslashreplace").decode()


def second_choice(id_: str, tail: str) -> str:
    """
    >>> second_choice("index", "67029")
    'index-67029'
    """
    return f"{id_[: _MAX_ID - 1 - len(tail)]}-{tail}"

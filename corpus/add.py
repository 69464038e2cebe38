"""Files and folders into the bulletin: each becomes an article file, or is reported and stops nothing.

Every article is written whole or not at all, and one that is there already is not written again: a run that was killed
goes on where it was when it is run again.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from tqdm import tqdm

from corpus.articles import read_article
from corpus.documents.read import SUFFIXES, read_document
from corpus.write import write_article
from errors import ArticleError, PageError
from records import Article, Lang

__all__ = ["Outcome", "Status", "add"]

Status = Literal["added", "changed", "unchanged", "failed"]
_TEMPORARY = re.compile(r"\..+\.md\.(\d+)\.tmp")


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one file; `told` says why it failed, else the id of its article."""

    path: Path
    status: Status
    told: str


def add(
    paths: Sequence[Path], directory: Path, *, lang: Lang | None = None, dry_run: bool = False, progress: bool = False
) -> Iterator[Outcome]:
    """Reads every file of `paths` (folders with all in them) and writes its article below `directory`.

    An article replaces the one of the same id; of two files with the same id in one run the second fails, as do
    files of an id whose article has another address. `lang`: the language of all of them, else each one's own.
    Raises OSError where an article cannot be written.
    """
    run = _Run(directory, dry_run)
    files = list(_files(paths))
    for path in tqdm(files, "adding", unit="file", disable=not progress, leave=False):
        try:
            article = read_document(path)
        except Exception as error:  # whatever a strange file makes the libraries stumble over
            yield Outcome(path, "failed", _reason(error))
            continue
        try:
            yield Outcome(path, run.put(replace(article, lang=lang) if lang else article, path), article.id)
        except (PageError, ArticleError) as error:
            yield Outcome(path, "failed", _reason(error))


def _files(paths: Sequence[Path]) -> Iterator[Path]:
    """Each file once, in order; of folders those of a known kind that are not hidden."""
    seen: set[str] = set()
    for path in paths:
        inside = sorted(p for p in path.rglob("*") if _is_document(p, path)) if path.is_dir() else [path]
        for file in inside:
            if (real := os.path.realpath(file)) not in seen:  # `resolve` raises for a link to itself
                seen.add(real)
                yield file


def _is_document(path: Path, folder: Path) -> bool:
    hidden = any(part.startswith(".") for part in path.relative_to(folder).parts)
    return not hidden and path.suffix.lower() in SUFFIXES and path.is_file()


def _reason(error: Exception) -> str:
    if isinstance(error, ArticleError):
        return f"{f'line {error.line}: ' if error.line else ''}{error.problem}"
    if isinstance(error, OSError):
        return error.strerror or str(error)
    return str(error) if isinstance(error, PageError) else f"cannot be read ({type(error).__name__}: {error})"


class _Run:
    """One run: the articles that were there, and which file of the run each id came from."""

    def __init__(self, directory: Path, dry_run: bool) -> None:
        self.directory, self.dry_run = directory, dry_run
        if directory.is_dir() and not dry_run:
            _sweep(directory)
        self.there = dict(_there(directory))
        self.taken: dict[str, tuple[Path, Article]] = {}

    def put(self, article: Article, source: Path) -> Status:
        """Writes the article where it is not there just so. Raises PageError where its id is another's."""
        id_ = article.id
        if id_ in self.taken:
            first, same = self.taken[id_]
            if same != article:
                raise PageError(f"has the id {id_!r}, as {first} has; give one of them another name or an id.")
            return "unchanged"
        path, old = self.there.get(id_, (None, None))
        if path and not old:
            raise PageError(f"has the id {id_!r}, that of {path}, which cannot be read; run `python -m corpus check`.")
        if old and old.url and article.url and old.url != article.url:
            raise PageError(f"has the id {id_!r}, that of {path} from {old.url}; give it another name or an id.")
        if old != article and not self.dry_run:
            write_article(article, self.directory, path=path)
        self.taken[id_] = source, article
        return "unchanged" if old == article else "changed" if old else "added"


def _there(directory: Path) -> Iterator[tuple[str, tuple[Path, Article | None]]]:
    """Every article file by its id; one that cannot be read by its name, so that nothing is written over it."""
    for path in sorted(directory.rglob("*.md")):
        if path.is_dir() or any(part.startswith(".") for part in path.relative_to(directory).parts):
            continue
        try:
            article = read_article(path)
            yield article.id, (path, article)
        except (ArticleError, OSError):
            yield path.stem, (path, None)


def _sweep(directory: Path) -> None:
    """What a run that was killed left half-written, under names that nobody reads."""
    for path in directory.rglob(".*.tmp"):
        if (match := _TEMPORARY.fullmatch(path.name)) and not _alive(int(match[1])):
            path.unlink(missing_ok=True)


def _alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except (PermissionError, OverflowError):
        return True
    return True

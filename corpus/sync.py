"""`python -m corpus sync`: the articles kept in step with a source, and nothing read or written that did not change.

Survey the source, compare with the ledger, read what is new or changed, write what came out different, remove what was
withdrawn. Each item is finished and noted before the next, so a sync that is killed goes on where it was. Only articles
that this source wrote are ever replaced or removed.
"""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from tqdm import tqdm

from corpus.ledger import Item, Ledger
from corpus.shelf import Shelf
from corpus.sources.source import NO_VALIDATORS, Source, Survey, Taken, Wanted
from corpus.write import render, write_article
from errors import ArticleError, FetchError
from records import Article, Lang

__all__ = ["Summary", "sync"]

_FEW = 5
"""More articles than these, and more than half of a source's, do not vanish at once without being asked about."""


@dataclass(slots=True)
class Summary:
    """What a sync did, or in a dry run would do: ids of articles, keys of items with what was wrong with them."""

    added: list[str] = field(default_factory=list)
    changed: list[str] = field(default_factory=list)
    removed: list[str] = field(default_factory=list)
    unchanged: int = 0
    failed: list[tuple[str, str]] = field(default_factory=list)
    resumed: int = 0
    """Items that an earlier run, which did not end, had done."""

    @property
    def is_idle(self) -> bool:
        return not (self.added or self.changed or self.removed or self.failed)

    def lines(self) -> Iterator[str]:
        if self.resumed:
            yield f"went on after {self.resumed} that were done before"
        if self.is_idle:
            yield f"nothing new: {self.unchanged} unchanged"
            return
        for name in ("added", "changed", "removed"):
            ids: list[str] = getattr(self, name)
            yield f"{name:<9} {len(ids):>5}{'' if len(ids) > 10 else '  ' + ', '.join(ids)}".rstrip()
        yield f"unchanged {self.unchanged:>5}"
        yield f"failed    {len(self.failed):>5}"
        for key, problem in self.failed:
            yield f"  {key}: {problem}"


def sync(
    source: Source,
    ledger: Ledger,
    directory: Path,
    *,
    lang: Lang | None = None,
    afresh: bool = False,
    remove_all: bool = False,
    dry_run: bool = False,
    progress: bool = False,
) -> Summary:
    """Bring the articles of `directory` that `source` gives in step with it.

    `lang` is the articles' language where it is known better than their pages say; `afresh` reads again what did not
    change. Raises SourceError or FetchError where the source cannot be used at all; everything less is in the summary.
    """
    items = ledger.items()
    whole = all(not item.problem and _is_there(item, directory) for item in items.values())
    survey = source.survey(ledger.memory if whole and not afresh else {})
    summary = Summary(failed=list(survey.problems))
    if survey.unchanged:
        summary.unchanged = _articles(items)
        return summary
    run = ledger.begin(source.kind)
    work = _Work(source, ledger, directory, run, lang, afresh, summary)
    wanted = work.choose(survey, items)
    withdrawn = _withdrawn(source, survey, items, summary, remove_all)
    if dry_run:
        _foresee(wanted, items, withdrawn, summary)
        return summary
    work.remove(withdrawn, items)  # first: one that comes again under another key needs its id
    work.read(wanted, survey, items, progress)
    ledger.finish({} if summary.failed else survey.memory)
    return summary


@dataclass(frozen=True, slots=True)
class _Work:
    source: Source
    ledger: Ledger
    directory: Path
    run: str
    lang: Lang | None
    afresh: bool
    summary: Summary

    def choose(self, survey: Survey, items: Mapping[str, Item]) -> list[Wanted]:
        """What has to be read: what is new, has another stamp, failed last time, or lost its file."""
        wanted = []
        for key, stamp in survey.stamps.items():
            item = items.get(key, Item(key))
            there = _is_there(item, self.directory)
            done = there and item.run == self.run and item.stamp == stamp
            if done:
                self.summary.resumed += 1
            if done or (there and stamp and item.stamp == stamp and not item.problem and not self.afresh):
                self._count_as_it_is(item)
            else:
                fit = there and item.digest and not item.problem and not self.afresh
                wanted.append(Wanted(key, (item.etag, item.modified) if fit else NO_VALIDATORS))
        return wanted

    def _count_as_it_is(self, item: Item) -> None:
        if item.problem:
            self.summary.failed.append((item.key, item.problem))
        elif item.article_id:
            self.summary.unchanged += 1

    def remove(self, withdrawn: list[Item], items: dict[str, Item]) -> None:
        shelf = Shelf(self.directory, self.ledger.owners())
        for item in withdrawn:
            file = self.directory / shelf.where(item)
            if item.digest and file.exists() and _digest(file.read_bytes()) != item.digest:
                told = "edited by hand since the last sync, and kept though its source withdrew it; yours from now on"
                self.summary.failed.append((item.key, f"{file}: {told}"))
            elif item.article_id:
                file.unlink(missing_ok=True)
                self.summary.removed.append(item.article_id)
            self.ledger.drop(item.key)
            del items[item.key]

    def read(self, wanted: list[Wanted], survey: Survey, items: Mapping[str, Item], progress: bool) -> None:
        shelf = Shelf(self.directory, self.ledger.owners())
        taken = tqdm(self.source.read(wanted), "reading", len(wanted), unit="page", disable=not progress)
        for one in taken:
            before = items.get(one.key, Item(one.key))
            item = dataclasses.replace(before, stamp=survey.stamps[one.key], run=self.run, problem=one.problem)
            if not one.problem:
                item = dataclasses.replace(item, etag=one.validators[0], modified=one.validators[1])
            if one.article:
                item = self._keep(one, item, shelf)
            elif not one.problem:
                if not item.article_id:  # gone since the survey: as if it had not been listed
                    continue
                self._count_as_it_is(item)
            if item.problem:
                self.summary.failed.append((one.key, item.problem))
            self.ledger.put(item)

    def _keep(self, one: Taken, item: Item, shelf: Shelf) -> Item:
        """Put the article on the shelf, and say what stands there now."""
        assert one.article
        article = dataclasses.replace(one.article, lang=self.lang) if self.lang else one.article
        try:
            article, path = shelf.place(article, item, one.second_id)
            kept = self._write(article, path, item)
        except ArticleError as error:
            return dataclasses.replace(item, problem=error.problem)
        except OSError as error:
            return dataclasses.replace(item, problem=str(error))
        if not kept.problem:
            shelf.owners[article.id] = path
        return kept

    def _write(self, article: Article, path: str, item: Item) -> Item:
        """Write the file if the article is another than the one there, and nobody but us wrote that."""
        file, digest = self.directory / path, _digest(render(article).encode())
        before = _digest(file.read_bytes()) if file.exists() else ""
        if before and item.digest and before not in (item.digest, digest):
            told = "edited by hand since the last sync, and not overwritten; delete it to take the source's"
            return dataclasses.replace(item, problem=f"{file}: {told}")
        kept = dataclasses.replace(item, article_id=article.id, path=path, digest=digest)
        if before != digest:
            # Before the file is there: whoever is killed in between must know it for ours.
            self.ledger.put(dataclasses.replace(kept, digest="", stamp="", run=""))
            write_article(article, self.directory, path=file)
        if not item.article_id:
            self.summary.added.append(article.id)
        elif before != digest:
            self.summary.changed.append(article.id)
        else:
            self.summary.unchanged += 1
        return kept


def _withdrawn(
    source: Source, survey: Survey, items: Mapping[str, Item], summary: Summary, remove_all: bool
) -> list[Item]:
    """The items to remove: not listed any more, and gone when asked after. None where it looks like an outage."""
    missing = [key for key in items if key not in survey.stamps]
    if not missing or survey.problems:
        return []
    try:
        gone = source.withdrawn([key for key in missing if items[key].article_id])
    except FetchError as error:
        summary.failed.append((error.url, f"{error.problem}; what is missing from the list was not removed"))
        return []
    articles, had = sum(1 for key in gone if items[key].article_id), _articles(items)
    outage = articles and (not survey.stamps or (articles > _FEW and articles * 2 > had))
    if outage and not remove_all:
        told = f"{articles} of its {had} articles are gone at once; not removed. If that is meant, pass --remove-all"
        summary.failed.append(("the source", told))
        return []
    return [items[key] for key in missing if key in gone or not items[key].article_id]


def _foresee(wanted: list[Wanted], items: Mapping[str, Item], withdrawn: list[Item], summary: Summary) -> None:
    known = {one.key: items[one.key].article_id for one in wanted if one.key in items}
    summary.added += [one.key for one in wanted if not known.get(one.key)]
    summary.changed += [id_ for id_ in known.values() if id_]
    summary.removed += [item.article_id for item in withdrawn if item.article_id]


def _articles(items: Mapping[str, Item]) -> int:
    return sum(1 for item in items.values() if item.article_id)


def _is_there(item: Item, directory: Path) -> bool:
    """Whether the file of what this item gave is still where it was written; true for one that gave none."""
    return not item.article_id or (bool(item.digest) and (directory / item.path).is_file())


def _digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()

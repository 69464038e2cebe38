"""What syncs remember beside the articles: one hidden SQLite file, `.sync.sqlite`, for all sources of a directory.

It says which item of which source each article came from, so that what people or another source wrote is never touched,
and how far an unfinished sync got. Every change is committed at once: a sync that is killed has lost nothing.
"""

from __future__ import annotations

import contextlib
import datetime
import fcntl
import json
import sqlite3
from collections.abc import Iterator, Mapping
from dataclasses import astuple, dataclass, fields
from pathlib import Path
from urllib.parse import urlsplit

from corpus.sources.source import storable
from errors import SourceError

__all__ = ["Item", "Ledger", "open_ledger"]

_FILE, _LOCK = ".sync.sqlite", ".sync.lock"
_RESUMED_FOR = datetime.timedelta(days=1)
"""An unfinished sync is gone on with for so long; later, what it read may have changed again."""

_SCHEMA = """
CREATE TABLE IF NOT EXISTS sources (
    name TEXT PRIMARY KEY, kind TEXT NOT NULL, memory TEXT NOT NULL DEFAULT '{}', run TEXT NOT NULL DEFAULT ''
);
CREATE TABLE IF NOT EXISTS items (
    source TEXT NOT NULL, key TEXT NOT NULL, stamp TEXT NOT NULL, run TEXT NOT NULL, article_id TEXT NOT NULL,
    path TEXT NOT NULL, digest TEXT NOT NULL, etag TEXT NOT NULL, modified TEXT NOT NULL, problem TEXT NOT NULL,
    PRIMARY KEY (source, key)
);
CREATE UNIQUE INDEX IF NOT EXISTS articles ON items (article_id) WHERE article_id <> '';
"""


@dataclass(frozen=True, slots=True)
class Item:
    """An item of a source as it was last read. `article_id`, `path` and `digest` are empty where it gave no article."""

    key: str
    stamp: str = ""
    run: str = ""
    """The sync that read it."""
    article_id: str = ""
    path: str = ""
    """Of the article's file, from the directory."""
    digest: str = ""
    """SHA-256 of that file as it was written; empty while it is being written."""
    etag: str = ""
    modified: str = ""
    problem: str = ""


_NAMES = [field.name for field in fields(Item)]
_COLUMNS = ", ".join(_NAMES)
_PUT = (
    f"INSERT INTO items (source, {_COLUMNS}) VALUES (?{', ?' * len(_NAMES)})"
    f" ON CONFLICT (source, key) DO UPDATE SET {', '.join(f'{name} = excluded.{name}' for name in _NAMES)}"
)


class Ledger:
    """The items of one source, and what is known of the others' articles."""

    def __init__(self, database: sqlite3.Connection, source: str) -> None:
        self._database, self._source = database, storable(source)
        database.executescript(_SCHEMA)
        if urlsplit(source).path == "/":
            self._take_over(source.removesuffix("/"))

    def _take_over(self, before: str) -> None:
        """What was remembered under the name `before`: a site's address was once kept with and without its slash."""
        if before != self._source and not self._one("name"):
            with self._database:
                self._database.execute("UPDATE sources SET name = ? WHERE name = ?", (self._source, before))
                self._database.execute("UPDATE items SET source = ? WHERE source = ?", (self._source, before))

    def items(self) -> dict[str, Item]:
        rows = self._database.execute(f"SELECT {_COLUMNS} FROM items WHERE source = ?", (self._source,))
        return {item.key: item for item in (Item(*row) for row in rows)}

    def owners(self) -> dict[str, str]:
        """The path of every article that a sync wrote, by id; of all sources."""
        return dict(self._database.execute("SELECT article_id, path FROM items WHERE article_id <> ''"))

    def put(self, item: Item) -> None:
        with self._database:
            self._database.execute(_PUT, (self._source, *map(storable, astuple(item))))

    def drop(self, key: str) -> None:
        with self._database:
            self._database.execute("DELETE FROM items WHERE source = ? AND key = ?", (self._source, key))

    @property
    def kind(self) -> str:
        """What the source was found to be; empty for a new one."""
        return self._one("kind")

    @property
    def memory(self) -> dict[str, str]:
        memory: dict[str, str] = json.loads(self._one("memory") or "{}")
        return memory

    def begin(self, kind: str) -> str:
        """The name of this run: that of the one before, if it did not end and is not long past."""
        now, before = datetime.datetime.now(datetime.UTC), self._one("run")
        resumed = before and now - datetime.datetime.fromisoformat(before) < _RESUMED_FOR
        run = before if resumed else now.isoformat()
        with self._database:
            kept = "ON CONFLICT (name) DO UPDATE SET kind = excluded.kind, run = excluded.run"
            row = (self._source, kind, run)
            self._database.execute(f"INSERT INTO sources (name, kind, run) VALUES (?, ?, ?) {kept}", row)
        return run

    def finish(self, memory: Mapping[str, str]) -> None:
        with self._database:
            row = (json.dumps(dict(memory)), self._source)
            self._database.execute("UPDATE sources SET run = '', memory = ? WHERE name = ?", row)

    def _one(self, column: str) -> str:
        row = self._database.execute(f"SELECT {column} FROM sources WHERE name = ?", (self._source,)).fetchone()
        return str(row[0]) if row else ""


@contextlib.contextmanager
def open_ledger(directory: Path, source: str, *, dry_run: bool = False) -> Iterator[Ledger]:
    """The ledger of `source`, held alone: one sync at a time writes to a directory. A dry run's changes are not kept.

    Raises SourceError where another sync is at work, or the file is none of ours.
    """
    if not dry_run:
        directory.mkdir(parents=True, exist_ok=True)
    with _locked(directory, dry_run):
        try:
            with contextlib.closing(_connect(directory / _FILE, dry_run)) as database:
                yield Ledger(database, source)
        except sqlite3.OperationalError as error:  # a full disk, no permission
            raise SourceError(f"{directory / _FILE}: {error}; what was done so far is kept.") from error
        except sqlite3.DatabaseError as error:
            told = "expected what syncs remember. Move it away; articles that are as they were are then taken over"
            raise SourceError(f"{directory / _FILE}: {error}; {told}.") from error


def _connect(path: Path, dry_run: bool) -> sqlite3.Connection:
    if not dry_run:
        database = sqlite3.connect(path)
        with contextlib.suppress(sqlite3.DatabaseError):  # no database: said where it is first read
            database.execute("PRAGMA journal_mode = WAL")
            database.execute("PRAGMA synchronous = NORMAL")  # outlives a kill; a power cut may cost the last items
        return database
    copy = sqlite3.connect(":memory:")
    if path.exists():
        with contextlib.closing(sqlite3.connect(path)) as database:
            database.backup(copy)
    return copy


@contextlib.contextmanager
def _locked(directory: Path, dry_run: bool) -> Iterator[None]:
    if dry_run:
        yield
        return
    with (directory / _LOCK).open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise SourceError(f"another sync is at work on {directory}; wait for it to end.") from None
        yield

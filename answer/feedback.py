"""What readers said of answers: thumbs up and down in one SQLite file, each with the answer it was said of.

The answer is the server's own, never what a browser sends back. Whoever keeps them says for how many days: older ones
are deleted with the next one that is kept, when the file is opened, and by `forget`. Whoever only reads them deletes
nothing.
"""

from __future__ import annotations

import datetime
import json
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, get_args

from errors import StorageError
from records import Answer

Verdict = Literal["up", "down"]
VERDICTS: tuple[Verdict, ...] = get_args(Verdict)
MAX_COMMENT = 1000
"""Characters of a comment, and of a question before; what is beyond is cut off."""
KEPT_TURNS = 3
"""Questions before that are kept, the latest."""
MAX_THUMBS = 20_000
"""A few kilobytes each. Who floods the file is not to push out what others said."""
_TABLE = """CREATE TABLE IF NOT EXISTS feedback (
    id INTEGER PRIMARY KEY, at TEXT NOT NULL, verdict TEXT NOT NULL, comment TEXT NOT NULL,
    turns TEXT NOT NULL, answer TEXT NOT NULL)"""
_WAIT_S = 2.0
"""For another process that writes."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One thumb. `answer`: the answer in its JSON; `turns`: the questions before it, oldest first."""

    id: int
    at: datetime.datetime
    verdict: Verdict
    comment: str
    turns: tuple[str, ...]
    answer: dict[str, Any]


class Feedback:
    """The file at `path`, made with its folder when it is missing. `days`: how long entries are kept; None: for ever.

    Every method raises StorageError when it cannot.
    """

    def __init__(self, path: Path, days: int | None = None) -> None:
        self._path, self._days = path, days
        self.forget()

    def add(self, verdict: Verdict, answer: Answer, turns: Sequence[str] = (), comment: str = "") -> int:
        """Keep a thumb; returns its number, for `comment`."""
        said = json.dumps(answer.to_json(), ensure_ascii=False)
        before = json.dumps([_storable(turn) for turn in turns[-KEPT_TURNS:]], ensure_ascii=False)
        now = datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")
        with self._open() as database:
            self._forget(database)
            if database.execute("SELECT count(*) FROM feedback").fetchone()[0] >= MAX_THUMBS:
                raise StorageError(
                    f"{self._path} holds {MAX_THUMBS} thumbs, as many as are kept; set it aside for a new one."
                )
            row = database.execute(
                "INSERT INTO feedback (at, verdict, comment, turns, answer) VALUES (?, ?, ?, ?, ?)",
                (now, verdict, _storable(comment), before, said),
            ).lastrowid
        return int(row or 0)

    def comment(self, number: int, comment: str) -> None:
        """What a reader adds to a thumb of theirs."""
        with self._open() as database:
            database.execute("UPDATE feedback SET comment = ? WHERE id = ?", (_storable(comment), number))

    def forget(self) -> None:
        """Delete what is too old, though nobody has said anything since."""
        with self._open() as database:
            self._forget(database)

    def entries(self) -> list[Entry]:
        """All that is kept, oldest first."""
        with self._open() as database:
            rows = database.execute(
                "SELECT id, at, verdict, comment, turns, answer FROM feedback ORDER BY id"
            ).fetchall()
        return [
            Entry(
                number,
                datetime.datetime.fromisoformat(at),
                verdict,
                comment,
                tuple(json.loads(turns)),
                json.loads(answer),
            )
            for number, at, verdict, comment, turns, answer in rows
        ]

    def _forget(self, database: sqlite3.Connection) -> None:
        if self._days is None:
            return
        oldest = datetime.datetime.now(datetime.UTC) - datetime.timedelta(days=self._days)
        database.execute("DELETE FROM feedback WHERE at < ?", (oldest.isoformat(timespec="seconds"),))

    @contextmanager
    def _open(self) -> Iterator[sqlite3.Connection]:
        """A connection whose changes are committed together, or not at all."""
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            database = sqlite3.connect(self._path, timeout=_WAIT_S)
            try:
                database.execute("PRAGMA secure_delete = ON")  # what is forgotten is not left in the file
                with database:
                    database.execute(_TABLE)
                    yield database
            finally:
                database.close()
        except (sqlite3.Error, OSError) as error:
            raise StorageError(f"Feedback cannot be kept in {self._path} ({error}).") from error


def _storable(text: str) -> str:
    """At most MAX_COMMENT characters, without halves of surrogate pairs, which no file can hold."""
    return text[:MAX_COMMENT].encode("utf-8", "ignore").decode("utf-8")

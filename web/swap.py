"""The running server takes the index that was published, or gone back to, without a restart.

A thread looks at CURRENT. When that names another version than the one that is served, the version is opened and
checked aside, some of its passages are searched for, and the next question is asked of it; one under way keeps the
version it began with. A version that cannot be served is logged, counted and left alone: the one before serves on.
"""

from __future__ import annotations

import json
import logging
import threading
from collections.abc import Callable
from pathlib import Path

from answer.ask import Assistant
from answer.names import names_of
from errors import BulletinError, IndexDamaged, IndexMismatch
from index.versions.findable import require_findable
from index.versions.store import CURRENT, live_name
from web.desk import Desk
from web.readiness import Readiness

EVERY_S = 0.5
"""Between two looks; a look that finds nothing new costs one `stat`."""

Reopen = Callable[[Assistant, str], Assistant]
"""Gives an assistant like the one it is given, over the version of the index of that name. Raises BulletinError or
OSError."""

log = logging.getLogger("bulletin.versions")


class Watch:
    """Has `desk` follow the index in `directory`, from entering to leaving it."""

    def __init__(self, desk: Desk, directory: Path, reopen: Reopen) -> None:
        self._desk, self._directory, self._reopen = desk, directory, reopen
        self._looked_at: tuple[int, int, int] | None = None
        self._refused = ("", "")
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._follow, name="index", daemon=True)

    def __enter__(self) -> Watch:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._thread.join()

    def _follow(self) -> None:
        while not self._ended.wait(EVERY_S):
            self.look()

    def look(self) -> None:
        """Take the version that CURRENT names, if CURRENT was replaced since the last look. Raises nothing."""
        try:
            if (now := self._pointer()) != self._looked_at:
                self._looked_at = now
                self._take(live_name(self._directory))
        except (OSError, BulletinError) as error:  # the disk or a cluster, not the version: the next look tries again
            self._looked_at = None
            self._refuse("", error)

    def _pointer(self) -> tuple[int, int, int] | None:
        try:
            stat = (self._directory / CURRENT).stat()
        except FileNotFoundError:
            return None
        return stat.st_ino, stat.st_size, stat.st_mtime_ns

    def _take(self, name: str) -> None:
        before = self._desk.assistant.index.version
        if name in ("", before):
            return
        try:
            assistant = self._reopen(self._desk.assistant, name)
            require_findable(assistant.index)
            names_of(name, assistant.articles)  # every article is read for them: not while a reader waits
        except (IndexDamaged, IndexMismatch, FileNotFoundError) as error:  # not found: a newer one is there already
            self._refuse(name, error)
        else:
            self._desk.take(assistant, Readiness(self._directory, name))
            log.info(json.dumps({"event": "index", "outcome": "taken", "version": name, "before": before}))

    def _refuse(self, name: str, error: Exception) -> None:
        """Said and counted once, however often it is tried again."""
        if self._refused == (name, str(error)):
            return
        self._refused = name, str(error)
        self._desk.metrics.swapped("refused")
        log.error(json.dumps({"event": "index", "outcome": "refused", "version": name, "reason": str(error)}))

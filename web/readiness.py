"""Whether what is served is still what was built: the index's files, read again now and then."""

from __future__ import annotations

import threading
import time
from pathlib import Path

from errors import BulletinError, IndexUnavailable
from index.versions.store import live_name, verify

CHECKED_EVERY_S = 10.0
"""However often one asks: reading the files costs, and a thousand probes must not."""
_COSTS_S = 0.5
"""A check that takes longer is made as much less often, so that no more than a twentieth of the time goes into it."""


class Readiness:
    """The state of version `version` in `directory`, as it was found at most CHECKED_EVERY_S ago."""

    def __init__(self, directory: Path, version: str) -> None:
        self._directory, self.version = directory, version
        self._problem = ""
        self._checked = time.monotonic()  # it was verified when it was opened
        self._took = 0.0
        self._checking = threading.Lock()

    def problem(self, *, at_once: bool = False) -> str:
        """What is wrong, or "" when nothing is. Reads every file of the index if the last look is too old."""
        with self._checking:
            began = time.monotonic()
            if at_once or began - self._checked >= CHECKED_EVERY_S * max(1.0, self._took / _COSTS_S):
                self._problem = self._look()
                self._checked = time.monotonic()
                self._took = self._checked - began
            return self._problem

    def require(self) -> None:
        """Raises IndexUnavailable when the last look found the index damaged. Does not look itself."""
        if self._problem:
            raise IndexUnavailable(self._problem)

    def _look(self) -> str:
        version = self._directory / self.version
        live = live_name(self._directory)
        if not version.exists() and live and live != self.version:
            return ""  # newer ones were published and this one was removed: the files we hold open are whole
        try:
            verify(version)
        except (BulletinError, OSError) as error:
            return str(error)
        return ""

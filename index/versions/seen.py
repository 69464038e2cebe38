"""Digests of files that this process has read, so that a file which versions share by hard link is read once.

Known by its number on disk, its size and the time it was written: nothing writes a file through the file system
without changing these. A disk that rots does; so what was seen is believed only within one process, for files it read
whole before, and never by `web.readiness`, which reads everything again.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import threading
import time
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from io import FileIO
from pathlib import Path

_SETTLED_NS = 1_000_000_000
"""A file written within the last second may be written again without another time: clocks of file systems tick slowly
(git calls such a file racily clean). It is read again."""
_AT_ONCE = 1 << 24
"""Bytes read and hashed at once. After each the thread waits for its turn, 5 ms where another one computes in Python:
with the 256 kB of `hashlib.file_digest` it waited most of the time."""
_THREADS = 2
"""Hashing is the processor's work, a gigabyte a second and core, and lets other threads run."""


class SeenFiles:
    """The digests; safe to use from several threads."""

    def __init__(self) -> None:
        self._digests: dict[tuple[int, int, int, int], str] = {}
        self._ahead: threading.Thread | None = None

    def sha256(self, path: Path) -> str:
        """SHA-256 of a file in hexadecimal. Raises OSError when it cannot be read."""
        with path.open("rb", buffering=0) as file:
            seen = _identity(os.fstat(file.fileno()))
            if digest := self._digests.get(seen):
                return digest
            digest = _sha256(file)
            if time.time_ns() - seen[-1] > _SETTLED_NS:
                self._digests[seen] = digest
            return digest

    def knows(self, path: Path) -> bool:
        return _identity(path.stat()) in self._digests

    def read_ahead(self, folder: Path) -> None:
        """Begin to read every file in `folder`, beside what the caller does meanwhile. What cannot be read is left."""

        def read() -> None:
            for path in folder.rglob("*"):
                with contextlib.suppress(OSError):
                    self.sha256(path)

        self._ahead = threading.Thread(target=read, daemon=True)
        self._ahead.start()

    def of(self, paths: Iterable[Path]) -> list[str]:
        """SHA-256 of each, several at a time."""
        if self._ahead:
            self._ahead.join()
        with ThreadPoolExecutor(_THREADS) as pool:
            return list(pool.map(self.sha256, paths))


def _sha256(file: FileIO) -> str:
    digest = hashlib.sha256()
    buffer = bytearray(min(_AT_ONCE, max(1, os.fstat(file.fileno()).st_size)))
    while size := file.readinto(buffer):
        digest.update(memoryview(buffer)[:size])
    return digest.hexdigest()


def _identity(stat: os.stat_result) -> tuple[int, int, int, int]:
    return stat.st_dev, stat.st_ino, stat.st_size, stat.st_mtime_ns

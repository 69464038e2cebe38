"""Every error this project raises on purpose.

    BulletinError
    ├── SettingsError        an environment variable or option that cannot be used
    ├── ArticleError         an article file: path, line, what is wrong
    ├── PageError            a page or document that cannot be read: what was found
    ├── FetchError           an address that cannot be read: what it answers
    ├── SourceError          a site, feed or folder that cannot be used at all
    ├── ModelError           the encoder's weights are missing or not what was expected
    ├── IndexUnavailable     no index there, or none that can be served
    │   ├── IndexDamaged     a file of a built index is not what was written
    │   └── IndexMismatch    built by another encoder or another version of the format
    ├── BuildRefused         nothing to build from, or another build holds the lock
    ├── QuestionError        a question that cannot be asked (empty, too long, no words)
    ├── Busy                 too many questions are waiting already
    ├── StorageError         readers' feedback cannot be kept (disk full, no permission, not a database)
    └── QuestionFileError    an evaluation file: path, line, what is wrong

Each message says what was found, what was expected and what to do next. `one_line_errors` turns them into one line
on standard error and exit status 2, so that no command of ours ends in a traceback for a user's mistake.
"""

from __future__ import annotations

import functools
import os
import sys
from collections.abc import Callable
from pathlib import Path


class BulletinError(Exception):
    """The root of the tree above."""


class SettingsError(BulletinError):
    pass


class _FileError(BulletinError):
    def __init__(self, path: Path, problem: str, line: int | None = None) -> None:
        self.path, self.line, self.problem = path, line, problem
        super().__init__(f"{path}{f':{line}' if line else ''}: {problem}")


class ArticleError(_FileError):
    pass


class PageError(BulletinError):
    pass


class FetchError(BulletinError):
    """`status` is the HTTP status of the answer, 0 where there was none or it was not the problem."""

    def __init__(self, url: str, problem: str, status: int = 0) -> None:
        self.url, self.problem, self.status = url, problem, status
        super().__init__(f"{url}: {problem}")


class SourceError(BulletinError):
    pass


class ModelError(BulletinError):
    pass


class IndexUnavailable(BulletinError):
    pass


class IndexDamaged(IndexUnavailable):
    pass


class IndexMismatch(IndexUnavailable):
    pass


class BuildRefused(BulletinError):
    pass


class QuestionError(BulletinError):
    """`reason` is one of "empty", "too_long", "no_words": what a page shows in its reader's own language."""

    def __init__(self, reason: str, message: str) -> None:
        self.reason = reason
        super().__init__(message)


class Busy(BulletinError):
    pass


class StorageError(BulletinError):
    pass


class QuestionFileError(_FileError):
    pass


def positive(text: str) -> int:
    """For argparse's `type=`: a whole number of at least 1."""
    number = int(text)
    if number < 1:
        raise ValueError(text)
    return number


def one_line_errors(main: Callable[[list[str] | None], int]) -> Callable[..., int]:
    """Wrap a command's `main`: our errors and the system's (disk full, no permission) end in one line and status 2."""

    @functools.wraps(main)
    def run(argv: list[str] | None = None) -> int:
        try:
            return main(argv)
        except (BulletinError, OSError) as error:
            if isinstance(error, BrokenPipeError):  # `… | head`: the reader has what it wanted
                os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
                return 0
            print(f"error: {' '.join(str(error).split())}", file=sys.stderr)
            return 2
        except KeyboardInterrupt:
            print("interrupted; nothing half-written was left", file=sys.stderr)
            return 130

    return run

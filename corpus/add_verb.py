"""The options of `python -m corpus add`, and what it prints."""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from pathlib import Path
from typing import get_args

from corpus.add import Status, add
from records import LANGS

__all__ = ["add_arguments", "run"]

_EPILOG = """An article's id is its file's name without the ending, unless the file names one. An article replaces the
one of the same id that is there, and is not written where nothing changed; a second file of the same id in one run
fails. A run that was killed is run again and goes on. Exit status: 0 all well, 1 something failed and is named, 2 the
articles could not be written."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.epilog = _EPILOG
    parser.add_argument("paths", nargs="+", type=Path, metavar="PATH", help="a file, or a folder with all below it")
    parser.add_argument("--lang", choices=LANGS, help="language of all of them (default: as said, else found out)")
    parser.add_argument("--dry-run", action="store_true", help="say what would be written; write nothing")


def run(arguments: argparse.Namespace) -> int:
    counts: Counter[Status] = Counter()
    outcomes = add(
        arguments.paths,
        arguments.articles,
        lang=arguments.lang,
        dry_run=arguments.dry_run,
        progress=sys.stderr.isatty(),
    )
    for outcome in outcomes:
        counts[outcome.status] += 1
        if outcome.status == "failed":
            print(f"failed: {outcome.path}: {outcome.told}")
        elif outcome.status == "changed" or (arguments.dry_run and outcome.status == "added"):
            print(f"{outcome.status}: {outcome.told} from {outcome.path}")
    summary = ", ".join(f"{counts[status]} {status}" for status in get_args(Status))
    print(f"{summary}.{' Nothing was written.' if arguments.dry_run else ''}")
    return 1 if counts["failed"] else 0

"""The options of `python -m corpus sync`, and what it prints."""

from __future__ import annotations

import argparse
import sys
from typing import get_args

from corpus.ledger import open_ledger
from corpus.sources.fetch import Fetcher, Limits
from corpus.sources.guard import Allowed
from corpus.sources.recognise import KINDS, open_source, source_name
from corpus.sources.wordpress import SectionOf
from corpus.sync import Summary, sync
from errors import positive
from records import LANGS

__all__ = ["add_arguments", "report", "run"]

_EPILOG = """Only articles that a sync of the same source wrote are replaced or removed. What it remembers stands in
DIR, in .sync.sqlite. Exit status: 0 all well, 1 something failed and is named, 2 the source could not be used."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    limits = Limits()
    parser.epilog = _EPILOG
    told = "a WordPress site, an RSS or Atom feed, a sitemap (their addresses), or a folder of documents"
    parser.add_argument("source", metavar="SOURCE", help=told)
    parser.add_argument("--kind", choices=KINDS, help="what SOURCE is (default: found out by looking)")
    parser.add_argument("--lang", choices=LANGS, help="language of what is read (default: as said, else found out)")
    told = "what of WordPress an article's section is (default: %(default)s)"
    parser.add_argument("--section-of", choices=get_args(SectionOf), default="categories", help=told)
    told = "an address, network or name that may be read although it is not public; may be given again"
    parser.add_argument("--allow", action="append", default=[], metavar="HOST/NET", help=told)
    told = "seconds between two requests to one host (default: %(default)s)"
    parser.add_argument("--delay", type=_seconds, default=limits.delay, metavar="S", help=told)
    told = "seconds that a server may be silent (default: %(default)s); a whole answer may take six times as long"
    parser.add_argument("--timeout", type=_seconds, default=limits.timeout, metavar="S", help=told)
    told = "size of an answer, packed or unpacked (default: %(default)s)"
    parser.add_argument("--max-bytes", type=positive, default=limits.max_bytes, metavar="N", help=told)
    parser.add_argument("--afresh", action="store_true", help="read again what did not change, too")
    told = "remove what is withdrawn even if that is most or all of what the source gave"
    parser.add_argument("--remove-all", action="store_true", help=told)
    parser.add_argument("--dry-run", action="store_true", help="say what would be read and removed; write nothing")


def run(arguments: argparse.Namespace) -> int:
    name = source_name(arguments.source)
    limits = Limits(
        delay=arguments.delay,
        timeout=arguments.timeout,
        total=arguments.timeout * 6,
        max_bytes=arguments.max_bytes,
    )
    with (
        Fetcher(Allowed.parse(arguments.allow), limits) as fetcher,
        open_ledger(arguments.articles, name, dry_run=arguments.dry_run) as ledger,
    ):
        source = open_source(name, arguments.kind or ledger.kind, fetcher, arguments.section_of)
        summary = sync(
            source,
            ledger,
            arguments.articles,
            lang=arguments.lang,
            afresh=arguments.afresh,
            remove_all=arguments.remove_all,
            dry_run=arguments.dry_run,
            progress=sys.stderr.isatty(),
        )
    print(report(summary, f"{source.kind}{', dry run: nothing was written' if arguments.dry_run else ''}"))
    return 1 if summary.failed else 0


def report(summary: Summary, what: str) -> str:
    """What is printed in the end; `what` was synced."""
    return "\n".join([what, *summary.lines()])


def _seconds(text: str) -> float:
    number = float(text)
    if not 0 <= number < float("inf"):
        raise ValueError(text)
    return number

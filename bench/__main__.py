"""Measurements anyone can repeat: `python -m bench ask|start|sets|retrieval --help`."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from errors import one_line_errors, positive
from settings import ROOT, Settings

QUESTIONS = ROOT / "eval" / "questions" / "go-cluster.jsonl"


@one_line_errors
def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m bench", description="Measure speed and retrieval.")
    verbs = parser.add_subparsers(required=True, metavar="ask|start|sets|retrieval")

    ask = verbs.add_parser("ask", help="time from question to cited answer, and the share of each stage")
    ask.add_argument("--questions", type=Path, default=QUESTIONS, help="default: %(default)s")
    ask.add_argument("--index", type=Path, metavar="DIR", help="default: the settings' own")
    ask.add_argument(
        "--rounds", type=positive, default=3, help="how often each question is asked (default: %(default)s)"
    )
    ask.set_defaults(command=_ask)

    start = verbs.add_parser("start", help="time from `make chat` to the first answer on the page (needs Chromium)")
    start.add_argument("--rounds", type=positive, default=3, help="default: %(default)s")
    start.set_defaults(command=_start)

    sets = verbs.add_parser("sets", help="public question sets as articles and question files")
    sets.add_argument("--data", type=Path, required=True, help="the folder that holds piaf/, squad-en/ and xquad/")
    sets.add_argument("--out", type=Path, default=ROOT / "var" / "sets", help="default: %(default)s")
    sets.add_argument("--articles", type=positive, default=40, help="of each set (default: %(default)s)")
    sets.add_argument("--per-article", type=positive, default=8, help="questions (default: %(default)s)")
    sets.set_defaults(command=_sets)

    retrieval = verbs.add_parser("retrieval", help="vectors, words and late interaction, alone and fused")
    retrieval.add_argument("--set", nargs=2, action="append", type=Path, required=True, metavar=("QUESTIONS", "INDEX"))
    retrieval.set_defaults(command=_retrieval)

    options = parser.parse_args(argv)
    return int(options.command(options, Settings.from_environment()))


def _ask(options: argparse.Namespace, settings: Settings) -> int:
    import dataclasses

    from app import open_assistant
    from bench.ask import measure
    from eval.questions import read_questions

    cases = read_questions(options.questions)
    settings = dataclasses.replace(settings, index=options.index or settings.index)
    print(measure(open_assistant(settings), cases, options.rounds))
    return 0


def _start(options: argparse.Namespace, _: Settings) -> int:
    from bench.start import measure

    print(measure(options.rounds))
    return 0


def _sets(options: argparse.Namespace, _: Settings) -> int:
    from bench.sets import SETS, convert

    for source in SETS:
        counts = convert(source, options.data, options.out, articles=options.articles, per_article=options.per_article)
        print(f"{options.out / source.name}: {counts[0]} articles, {counts[1]} questions")
    return 0


def _retrieval(options: argparse.Namespace, settings: Settings) -> int:
    from app import open_encoder
    from bench.retrieval import table
    from eval.questions import read_questions
    from index.store import open_index

    encoder = open_encoder(settings)
    sets = [(path.stem, read_questions(path), open_index(index, encoder.id)) for path, index in options.set]
    print(table(sets, encoder))
    return 0


if __name__ == "__main__":
    sys.exit(main())

"""Ask on the command line: `python -m answer ask "how many clusters are in go-cluster?" [--json]`; `export`."""

from __future__ import annotations

import argparse
import dataclasses
import json
import sys
from pathlib import Path

from answer.export import export
from app import open_assistant
from errors import one_line_errors
from records import LANGS, Answer
from settings import Settings


@one_line_errors
def main(argv: list[str] | None = None) -> int:
    settings = Settings.from_environment()
    parser = argparse.ArgumentParser(prog="python -m answer", description="Ask the bulletin.")
    verbs = parser.add_subparsers(required=True, metavar="ask|export")
    ask = verbs.add_parser("ask", help="one question, one cited answer")
    ask.add_argument("question")
    ask.add_argument("--turn", action="append", default=[], metavar="QUESTION", help="an earlier question; repeatable")
    ask.add_argument("--lang", choices=LANGS, help="the question's language (default: as its words tell)")
    ask.add_argument("--index", type=Path, default=settings.index, metavar="DIR", help="default: %(default)s")
    ask.add_argument("--json", action="store_true", help="the answer as JSON")
    ask.set_defaults(command=_ask)
    exporter = verbs.add_parser("export", help="the reader as it is served, once; done by itself where it is missing")
    exporter.set_defaults(command=_export)
    options = parser.parse_args(argv)
    return int(options.command(options, settings))


def _ask(options: argparse.Namespace, settings: Settings) -> int:
    assistant = open_assistant(dataclasses.replace(settings, index=options.index))
    answer = assistant.ask(options.question, turns=options.turn, lang=options.lang)
    print(json.dumps(answer.to_json(), ensure_ascii=False, indent=2) if options.json else _readable(answer))
    return 0


def _export(_: argparse.Namespace, settings: Settings) -> int:
    print(export(settings.cache))
    return 0


def _readable(answer: Answer) -> str:
    lines = [answer.answer]
    for number, citation in enumerate(answer.citations, 1):
        about = ", ".join(part for part in (citation.title, str(citation.date or ""), citation.section) if part)
        lines += [
            "",
            f"[{number}] {about}",
            f"    {citation.quote}",
            *([f"    {citation.link}"] if citation.link else []),
        ]
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())

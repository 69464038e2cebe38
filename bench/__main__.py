"""Measurements anyone can repeat: `python -m bench --help` lists them."""

from __future__ import annotations

import argparse
import dataclasses
import json
import sys
from pathlib import Path

from errors import one_line_errors, positive
from settings import ROOT, Settings

QUESTIONS = ROOT / "eval" / "questions" / "go-cluster.jsonl"
RETRIEVED = ("piaf", "xquad-de", "xquad-en-de", "xquad-de-en", "squad2")


@one_line_errors
def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m bench", description="Measure speed and retrieval.")
    verbs = parser.add_subparsers(
        required=True, metavar="ask|start|sets|quality|letters|retrieval|answers|add|scale|cluster|build|peers"
    )
    _asking(verbs)
    _public_sets(verbs)
    _growth(verbs)
    _peers_beside(verbs)
    options = parser.parse_args(argv)
    return int(options.command(options, Settings.from_environment()))


def _asking(verbs: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """How long an answer takes."""
    ask = verbs.add_parser("ask", help="time from question to cited answer, and the share of each stage")
    ask.add_argument("--questions", type=Path, default=QUESTIONS, help="default: %(default)s")
    ask.add_argument("--index", type=Path, metavar="DIR", help="default: the settings' own")
    ask.add_argument(
        "--rounds", type=positive, default=3, help="how often each question is asked (default: %(default)s)"
    )
    ask.set_defaults(command=_ask)

    start = verbs.add_parser(
        "start", help="from `make chat` to the first answer on the page, and memory (needs Chromium)"
    )
    start.add_argument("--rounds", type=positive, default=3, help="default: %(default)s")
    start.set_defaults(command=_start)


def _public_sets(verbs: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """How good it is on public sets."""
    public = argparse.ArgumentParser(add_help=False)
    public.add_argument("--data", type=Path, required=True, metavar="DIR", help="holds piaf/, squad-en/ and xquad/")
    public.add_argument("--out", type=Path, default=ROOT / "var" / "sets", metavar="DIR", help="default: %(default)s")
    public.add_argument("--questions", type=positive, default=400, help="of each set at most (default: %(default)s)")

    sets = verbs.add_parser("sets", parents=[public], help="public question sets as bulletins, with their indexes")
    sets.set_defaults(command=_sets)

    quality = verbs.add_parser(
        "quality", parents=[public], help="answers on articles no one trained on, with and without the trained reader"
    )
    quality.add_argument("--json", type=Path, metavar="FILE", help="also write the scores")
    quality.add_argument("--plot", type=Path, metavar="FILE", help="also draw false answers against false refusals")
    quality.set_defaults(command=_quality)

    letters = verbs.add_parser("letters", help="questions in letters and with slips, as readers write them")
    letters.add_argument("--data", type=Path, required=True, metavar="DIR", help="holds piaf/, squad-en/ and xquad/")
    letters.add_argument("--out", type=Path, default=ROOT / "var" / "sets", metavar="DIR", help="default: %(default)s")
    letters.add_argument("--part", choices=("val", "test"), default="test", help="default: %(default)s")
    letters.set_defaults(command=_letters)

    paragraphs = argparse.ArgumentParser(add_help=False)
    paragraphs.add_argument("--data", type=Path, required=True, metavar="DIR", help="holds piaf/, squad-en/ and xquad/")
    paragraphs.add_argument(
        "--out", type=Path, default=ROOT / "var" / "retrieval", metavar="DIR", help="default: %(default)s"
    )
    paragraphs.add_argument("--sets", nargs="+", choices=RETRIEVED, default=RETRIEVED, help="default: all")

    retrieval = verbs.add_parser(
        "retrieval", parents=[paragraphs], help="vectors, words and late interaction, alone and fused, on public sets"
    )
    retrieval.set_defaults(command=_retrieval)

    answers = verbs.add_parser("answers", parents=[paragraphs], help="what is answered from what each of them finds")
    answers.add_argument("--questions", type=positive, metavar="N", help="of each set at most (default: all held out)")
    answers.set_defaults(command=_answers)


def _growth(verbs: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """What more articles, passages and servers cost."""
    add = verbs.add_parser("add", help="time from a new article's file to the first answer that cites it")
    add.add_argument("--data", type=Path, required=True, metavar="DIR", help="holds piaf/, squad-en/ and xquad/")
    add.add_argument("--out", type=Path, default=ROOT / "var" / "add", metavar="DIR", help="default: %(default)s")
    add.add_argument("--passages", type=positive, default=10_000, help="of the bulletin (default: %(default)s)")
    add.add_argument("--rounds", type=positive, default=3, help="default: %(default)s")
    add.set_defaults(command=_add)

    scale = verbs.add_parser("scale", help="time, memory, disk and recall of 1,000 to 1,000,000 passages")
    scale.add_argument("--data", type=Path, required=True, metavar="DIR", help="holds piaf/, squad-en/ and xquad/")
    scale.add_argument("--sizes", type=positive, nargs="+", metavar="N", help="passages (default: 1000 to 1000000)")
    scale.add_argument(
        "--sets", type=Path, default=ROOT / "var" / "sets", metavar="DIR",
        help="default: %(default)s; its questions are written anew, so not beside another bench that reads them",
    )  # fmt: skip
    scale.add_argument("--out", type=Path, default=ROOT / "var" / "scale", metavar="DIR", help="default: %(default)s")
    scale.add_argument("--again", action="store_true", help="build what is there once more")
    scale.add_argument("--json", type=Path, metavar="FILE", help="also write the numbers")
    scale.add_argument("--plot", type=Path, metavar="FILE", help="also draw the curves, as a PNG")
    scale.set_defaults(command=_scale)

    cluster = verbs.add_parser("cluster", help="files next to Milvus Lite, and one server next to two behind nginx")
    cluster.add_argument("--index", type=Path, metavar="DIR", help="default: the settings' own")
    cluster.add_argument(
        "--uri", default="", help="a Milvus to copy the index into (default: a Milvus Lite of its own)"
    )
    cluster.add_argument("--only", choices=("stores", "servers"), help="default: both")
    cluster.add_argument("--seconds", type=positive, default=20, help="for each of the servers (default: %(default)s)")
    cluster.set_defaults(command=_cluster)


def _peers_beside(verbs: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Next to other systems."""
    sides = argparse.ArgumentParser(add_help=False)
    sides.add_argument("--articles", type=Path, metavar="DIR", help="default: the settings' own")
    sides.add_argument("--rounds", type=positive, default=3, help="of all systems in turn (default: %(default)s)")

    build = verbs.add_parser("build", parents=[sides], help="passages a second and bytes a passage, against LangChain")
    build.set_defaults(command=_build)

    peers = verbs.add_parser(
        "peers", parents=[sides], help="time, memory, size and recall, against LangChain and txtai"
    )
    peers.add_argument("--questions", type=Path, default=QUESTIONS, help="default: %(default)s")
    peers.add_argument("--json", type=Path, metavar="FILE", help="also write every round, with the versions")
    peers.add_argument("--plot", type=Path, metavar="FILE", help="also draw the ratios, as a PNG")
    peers.set_defaults(command=_peers)


def _ask(options: argparse.Namespace, settings: Settings) -> int:
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


def _sets(options: argparse.Namespace, settings: Settings) -> int:
    from bench.quality import prepare_sets

    for asked in prepare_sets(options.data, options.out, options.questions, settings):
        print(asked.questions, asked.index)
    return 0


def _quality(options: argparse.Namespace, settings: Settings) -> int:
    from bench.quality import measure, prepare_sets, save, table, trade_off

    sets = prepare_sets(options.data, options.out, options.questions, settings)
    scores = measure(sets, settings)
    print(table(scores))
    if options.json:
        save(scores, options.json)
    if options.plot:
        options.plot.write_bytes(trade_off(scores))
    return 0


def _letters(options: argparse.Namespace, settings: Settings) -> int:
    from bench.letters import report

    for part in report(options.data, options.out, options.part, settings):
        print(part, flush=True)
    return 0


def _retrieval(options: argparse.Namespace, settings: Settings) -> int:
    from bench.retrieval import report

    for part in report(options.data, options.out, options.sets, settings):
        print(part, flush=True)
    return 0


def _answers(options: argparse.Namespace, settings: Settings) -> int:
    from bench.answers import report

    for part in report(options.data, options.out, options.sets, options.questions, settings):
        print(part, flush=True)
    return 0


def _add(options: argparse.Namespace, settings: Settings) -> int:
    from bench.add import measure, prepare

    print(measure(prepare(options.data, options.out, options.passages, settings), options.rounds))
    return 0


def _scale(options: argparse.Namespace, settings: Settings) -> int:
    from bench.scale import SIZES, measure, table
    from bench.scale_plot import plot

    results = measure(options.sizes or SIZES, options.data, options.sets, options.out, settings, options.again)
    print(table(results))
    if options.json:
        options.json.write_text(json.dumps(results, indent=2), "utf-8")
    if options.plot:
        options.plot.write_bytes(plot(results))
    return 0


def _cluster(options: argparse.Namespace, settings: Settings) -> int:
    from bench.cluster import servers, stores
    from eval.questions import read_questions
    from index.versions.store import open_index

    settings = dataclasses.replace(settings, index=options.index or settings.index)
    if options.only != "servers":
        print(stores(open_index(settings.index), options.uri))
    if options.only != "stores":
        questions = [case.question for case in read_questions(QUESTIONS) if case.question]
        print(servers(settings, questions, options.seconds))
    return 0


def _build(options: argparse.Namespace, settings: Settings) -> int:
    from bench.build import measure
    from bench.peer_rounds import langchain, ours, peers_python

    settings = dataclasses.replace(settings, articles=options.articles or settings.articles)
    print(measure((ours(), langchain(peers_python())), settings, options.rounds))
    return 0


def _peers(options: argparse.Namespace, settings: Settings) -> int:
    from bench.peer_plot import plot
    from bench.peer_rounds import langchain, ours, peers_python, txtai
    from bench.peers import compare

    settings = dataclasses.replace(settings, articles=options.articles or settings.articles)
    python = peers_python()
    comparison = compare((ours(), langchain(python), txtai(python)), settings, options.questions, options.rounds)
    print(comparison.table())
    if options.json:
        options.json.write_text(json.dumps(comparison.to_json(), indent=2), "utf-8")
    if options.plot:
        options.plot.write_bytes(plot(comparison))
    return 0


if __name__ == "__main__":
    sys.exit(main())

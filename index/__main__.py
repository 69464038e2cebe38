"""Publish, go back, check, search and copy an index: `python -m index publish|rollback|verify|… --help`."""

from __future__ import annotations

import argparse
import dataclasses
import sys
from pathlib import Path

from app import copy_to_milvus, open_builder, open_copy, open_encoder, open_updater, searched
from corpus.articles import read_articles
from errors import IndexUnavailable, SettingsError, one_line_errors, positive
from index.encoding.export import export
from index.question import prepare
from index.search import search
from index.versions.build import build
from index.versions.publish import KEPT_VERSIONS, roll_back
from index.versions.seen import SeenFiles
from index.versions.store import live_name, open_index, verify, version_names
from settings import Settings


@one_line_errors
def main(argv: list[str] | None = None) -> int:
    settings = Settings.from_environment()
    arguments = _parser(settings).parse_args(argv)
    settings = dataclasses.replace(settings, index=arguments.index)
    return int(arguments.command(settings, arguments))


def _parser(settings: Settings) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m index", description="Publish, go back, check and search an index.")
    commands = parser.add_subparsers(required=True, metavar="publish|rollback|verify|search|milvus|export")
    index = argparse.ArgumentParser(add_help=False)
    index.add_argument("--index", type=Path, default=settings.index, metavar="DIR", help="default: %(default)s")

    publisher = commands.add_parser(
        "publish", aliases=["build"], parents=[index],
        help="articles to a new live version; encodes what is new, and writes nothing where nothing is",
    )  # fmt: skip
    publisher.add_argument(
        "--articles", type=Path, default=settings.articles, metavar="DIR", help="default: %(default)s"
    )
    publisher.add_argument(
        "--keep", type=positive, default=KEPT_VERSIONS, metavar="N", help="versions that stay (default: %(default)s)"
    )
    publisher.set_defaults(command=_publish)

    back = commands.add_parser(
        "rollback", parents=[index], help="make an older version the live one; publishing goes forward again"
    )
    back.add_argument("version", nargs="?", default="", help="as `verify` lists them (default: the one before)")
    back.set_defaults(command=_roll_back)

    verifier = commands.add_parser("verify", parents=[index], help="list the versions and check every byte of each")
    verifier.set_defaults(command=_verify)

    searcher = commands.add_parser("search", parents=[index], help="the passages that a question finds, with scores")
    searcher.add_argument("question")
    searcher.add_argument("-k", type=positive, default=5, help="how many (default: %(default)s)")
    searcher.set_defaults(command=_search)

    copier = commands.add_parser(
        "milvus",
        parents=[index],
        help="the live version into a Milvus cluster; publish does it by itself where one is set",
    )
    copier.add_argument("--uri", default=settings.milvus, help="http://host:19530 (default: BULLETIN_MILVUS)")
    copier.set_defaults(command=_milvus)

    exporter = commands.add_parser(
        "export", help="the encoder as it is served, once; done by itself where it is missing"
    )
    exporter.set_defaults(command=_export, index=settings.index)
    return parser


def _publish(settings: Settings, arguments: argparse.Namespace) -> int:
    before, seen = live_name(settings.index), SeenFiles()
    if before:
        seen.read_ahead(settings.index / before)  # a second core does it while articles are read
    articles = read_articles(arguments.articles)
    report = build(
        articles, open_updater(settings), settings.index, keep=arguments.keep, copy=open_copy(settings), seen=seen,
        progress=sys.stderr.isatty(),
    )  # fmt: skip
    if not report.changed:
        state = "up to date" if report.version == before else "live again"
        print(f"{report.version}: {state}, {report.articles} articles, {report.passages} passages")
        return 0
    reused = report.passages - report.encoded
    print(
        f"{report.version}: {report.articles} articles, {report.passages} passages"
        f" ({report.encoded} encoded, {reused} reused) in {settings.index}"
    )
    return 0


def _roll_back(settings: Settings, arguments: argparse.Namespace) -> int:
    before = live_name(settings.index)
    chosen = roll_back(settings.index, open_builder(settings).id, arguments.version, open_copy(settings))
    print(f"{chosen}: live again instead of {before}")
    return 0


def _verify(settings: Settings, _: argparse.Namespace) -> int:
    names = version_names(settings.index)
    if not names:
        raise IndexUnavailable(f"No index in {settings.index}. Run `python -m index build --index {settings.index}`.")
    whole, seen = True, SeenFiles()
    for name in names:
        try:
            manifest = verify(settings.index / name, seen)
            counts = manifest["counts"]
            state = (
                f"whole, {counts['articles']} articles, {counts['passages']} passages, built {manifest['created'][:16]}"
            )
        except IndexUnavailable as error:
            state, whole = f"damaged: {error}", False
        print(f"{name}{' (live)' if name == names[0] else ''}: {state}")
    return 0 if whole else 1


def _search(settings: Settings, arguments: argparse.Namespace) -> int:
    encoder = open_encoder(settings)
    index = searched(settings, open_index(settings.index, encoder.id))
    hits = search(index, prepare(arguments.question, encoder, max_characters=settings.max_question), arguments.k)
    for rank, hit in enumerate(hits, 1):
        passage = hit.passage
        scores = f"score {hit.score:.3f}  late {hit.late:.3f}  words {hit.words:.3f}  vector {hit.dense:.3f}"
        print(f"{rank}. {scores}  {passage.article_id} [{passage.start}:{passage.end}] {passage.kind}")
        print(f"   {' '.join(passage.text.split())}")
    return 0


def _milvus(settings: Settings, arguments: argparse.Namespace) -> int:
    if not arguments.uri:
        raise SettingsError("No cluster is named: give --uri http://host:19530, or set BULLETIN_MILVUS.")
    index = open_index(settings.index)
    copied = copy_to_milvus(dataclasses.replace(settings, milvus=arguments.uri), index)
    print(f"{index.version}: live in {arguments.uri}, {copied} of {len(index.passages)} passages copied")
    return 0


def _export(settings: Settings, _: argparse.Namespace) -> int:
    print(export(settings.cache))
    return 0


if __name__ == "__main__":
    sys.exit(main())

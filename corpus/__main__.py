"""`python -m corpus list|check|add|sync`: what the bulletin holds, whether it can be read, and taking articles in."""

from __future__ import annotations

import argparse
import io
import json
import sys
from pathlib import Path

from corpus import add_verb, sync_verb
from corpus.articles import read_articles, survey_articles
from errors import one_line_errors
from records import Article
from settings import Settings


@one_line_errors
def main(argv: list[str] | None = None) -> int:
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")  # files' names, which need not be UTF-8, are told
    arguments = _parser(Settings.from_environment().articles).parse_args(argv)
    if arguments.verb == "check":
        return _check(arguments.articles)
    if arguments.verb == "add":
        return add_verb.run(arguments)
    if arguments.verb == "sync":
        return sync_verb.run(arguments)
    return _list(arguments.articles, as_json=arguments.json)


def _parser(default: Path) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser("python -m corpus", description="The bulletin's articles.")
    verbs = parser.add_subparsers(dest="verb", required=True, metavar="list|check|add|sync")
    list_ = _verb(verbs, default, "list", "show every article: id, date, language, number of words, title")
    list_.add_argument("--json", action="store_true", help="all of it but the body, as one JSON array")
    epilog = "Exit status: 0 all well, 1 problems found, 2 nothing could be checked."
    _verb(verbs, default, "check", "show every problem of the article files as path:line: problem").epilog = epilog
    add_verb.add_arguments(
        _verb(verbs, default, "add", "take in pages, PDFs, DOCX, Markdown and text, or folders of them")
    )
    sync_verb.add_arguments(_verb(verbs, default, "sync", "bring the articles in step with a site, a feed or a folder"))
    return parser


def _verb(
    verbs: argparse._SubParsersAction[argparse.ArgumentParser], default: Path, name: str, text: str
) -> argparse.ArgumentParser:
    verb = verbs.add_parser(name, help=text, description=f"{text[0].upper()}{text[1:]}.")
    told = "directory of the article files, searched recursively (BULLETIN_ARTICLES; default: %(default)s)"
    verb.add_argument("--articles", type=Path, default=default, metavar="DIR", help=told)
    return verb


def _list(directory: Path, *, as_json: bool) -> int:
    articles = read_articles(directory, progress=sys.stderr.isatty())
    if as_json:
        print(json.dumps([_to_json(article) for article in articles], ensure_ascii=False, indent=2))
    else:
        print(_table([("id", "date", "lang", "words", "title"), *map(_row, articles)]))
    return 0


def _check(directory: Path) -> int:
    articles, errors = survey_articles(directory, progress=sys.stderr.isatty())
    for error in errors:
        print(error)
    if errors:
        return 1
    print(f"{len(articles)} article{'s' if len(articles) > 1 else ''}, all well.")
    return 0


def _to_json(article: Article) -> dict[str, object]:
    return {
        "id": article.id,
        "title": article.title,
        "url": article.url,
        "date": article.date.isoformat() if article.date else "",
        "lang": article.lang,
        "section": article.section,
        "authors": list(article.authors),
        "words": len(article.body.split()),
    }


def _row(article: Article) -> tuple[str, ...]:
    date = article.date.isoformat() if article.date else ""
    return article.id, date, article.lang, str(len(article.body.split())), article.title


def _table(rows: list[tuple[str, ...]]) -> str:
    """Columns as wide as their widest cell, the numbers to the right, the last as it comes."""
    id_, date, lang, words = (max(len(row[column]) for row in rows) for column in range(4))
    return "\n".join(f"{r[0]:<{id_}}  {r[1]:<{date}}  {r[2]:<{lang}}  {r[3]:>{words}}  {r[4]}" for r in rows)


if __name__ == "__main__":
    sys.exit(main(None))

"""What the tests of syncing share: pages of one article, and the command on a server of ours."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from corpus.__main__ import main
from corpus.articles import read_articles
from records import Article
from tests.misbehaving import Misbehaving

HAND = "---\nid: by-hand\ntitle: Fait à la main\nlang: fr\n---\n\nUn texte qui reste.\n"


def text(subject: str) -> str:
    return (
        f"Le projet sur {subject} a reçu trois millions d’euros du ministère de la recherche, qui veut que les"
        " premières installations soient prêtes avant la fin de la décennie."
    )


def page(title: str, body: str = "", *, date: str = "2012-03-06") -> str:
    """An article's page, as a site of today has it."""
    return (
        f"<!DOCTYPE html><html lang=fr><head><meta charset=utf-8><title>{title}</title>"
        f"<meta property='article:published_time' content='{date}T09:00:00+01:00'></head><body>"
        f"<nav><a href=/>Accueil</a></nav><article><h1>{title}</h1><p>{body or text(title)}</p></article></body></html>"
    )


def sitemap(addresses: Mapping[str, str], *, inner: str = "url", outer: str = "urlset") -> str:
    """`addresses` with their `lastmod`, left out where it is empty."""
    entries = (
        f"<{inner}><loc>{address}</loc>{f'<lastmod>{lastmod}</lastmod>' if lastmod else ''}</{inner}>"
        for address, lastmod in addresses.items()
    )
    space = "http://www.sitemaps.org/schemas/sitemap/0.9"
    return f'<?xml version="1.0" encoding="UTF-8"?>\n<{outer} xmlns="{space}">{"".join(entries)}</{outer}>'


def sync(source: object, directory: Path, *options: str) -> int:
    allowed = ["--allow", "127.0.0.2", "--delay", "0", "--timeout", "5"]
    return main(["sync", str(source), "--articles", str(directory), *allowed, *options])


def kept(directory: Path) -> dict[str, Article]:
    """The articles in the directory but the one made by hand, which must be there as it was."""
    assert (directory / "by-hand.md").read_text() == HAND
    return {article.id: article for article in read_articles(directory) if article.id != "by-hand"}


def written(directory: Path) -> dict[str, int]:
    """When each file was written, in nanoseconds."""
    return {path.name: path.stat().st_mtime_ns for path in directory.glob("*.md")}


def counts(printed: str) -> dict[str, int]:
    """The summary's figures that are not zero, but for what is unchanged."""
    rows = [line.split() for line in printed.splitlines()]
    names = ("added", "changed", "removed", "failed")
    return {row[0]: int(row[1]) for row in rows if row and row[0] in names and row[1] != "0"}


def asked(server: Misbehaving) -> list[str]:
    """What the server was asked for since this was last called."""
    paths, server.asked = server.asked, []
    return paths

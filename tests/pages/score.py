"""`python -m tests.pages.score`: what is right on the fixture pages, by layout, beside trafilatura alone."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import trafilatura
from trafilatura.settings import Document

from corpus.pages.charset import decode
from corpus.pages.read import read_page
from records import Article

HERE = Path(__file__).parent


@dataclass(frozen=True, slots=True)
class Case:
    """A fixture page and its truth."""

    path: Path
    truth: dict[str, Any]

    @property
    def article(self) -> Article:
        return read_page(self.path.read_bytes(), id=self.path.stem)


def cases(folder: str) -> Iterator[Case]:
    for path in sorted((HERE / folder).glob("*.html")):
        yield Case(path, json.loads(path.with_suffix(".json").read_text(encoding="utf-8")))


def token_f1(text: str, truth: str) -> float:
    """Harmonic mean of precision and recall of the words, each counted as often as it stands there.

    >>> round(token_f1("un deux deux", "un deux trois"), 3)
    0.667
    """
    found, expected = (Counter(re.findall(r"\w+", each)) for each in (text, truth))
    return 2 * (found & expected).total() / max(1, found.total() + expected.total())


def main() -> None:
    columns = (
        "pages",
        "layout",
        "n",
        "title",
        "date",
        "section",
        "authors",
        "lang",
        "F1 least",
        "F1 mean",
        "trafilatura F1",
    )
    print(" | ".join(columns))
    for folder in ("known", "held_out"):
        layouts = sorted({case.path.stem.split("-")[0] for case in cases(folder)})
        for layout in layouts:
            print(" | ".join((folder, layout, *_row([c for c in cases(folder) if c.path.stem.startswith(layout)]))))


def _row(own: list[Case]) -> list[str]:
    read = [(case.article, case.truth) for case in own]
    right = [
        sum(article.title == truth["title"] for article, truth in read),
        sum(str(article.date) == truth["date"] for article, truth in read),
        sum(article.section == truth["section"] for article, truth in read),
        sum(list(article.authors) == truth["authors"] for article, truth in read),
        sum(article.lang == truth["lang"] for article, truth in read),
    ]
    scores = [token_f1(article.body, truth["body"]) for article, truth in read]
    alone = [token_f1(_trafilatura(case.path), case.truth["body"]) for case in own]
    means = (min(scores), sum(scores) / len(scores), sum(alone) / len(alone))
    return [str(len(own)), *map(str, right), *(f"{mean:.3f}" for mean in means)]


def _trafilatura(path: Path) -> str:
    document = trafilatura.bare_extraction(decode(path.read_bytes()), favor_recall=True, include_comments=False)
    return str(document.as_dict()["text"]) if isinstance(document, Document) else ""


if __name__ == "__main__":
    main()

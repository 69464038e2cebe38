"""Articles and passages of a built index as JSON, one object a line. A passage's text is not kept but sliced anew."""

from __future__ import annotations

import datetime
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from records import Article, Passage


def write_lines(path: Path, records: Iterator[dict[str, Any]]) -> None:
    with path.open("w", encoding="utf-8") as file:
        file.writelines(json.dumps(record, ensure_ascii=False) + "\n" for record in records)


def read_lines(path: Path) -> list[dict[str, Any]]:
    with path.open(encoding="utf-8", newline="\n") as file:
        return [json.loads(line) for line in file]


def article_record(article: Article) -> dict[str, Any]:
    return {
        "id": article.id,
        "title": article.title,
        "lang": article.lang,
        "url": article.url,
        "date": article.date.isoformat() if article.date else None,
        "section": article.section,
        "authors": article.authors,
        "body": article.body,
    }


def to_article(record: dict[str, Any]) -> Article:
    date = datetime.date.fromisoformat(record["date"]) if record["date"] else None
    return Article(**{**record, "date": date, "authors": tuple(record["authors"])})


def passage_record(passage: Passage, key: str) -> dict[str, Any]:
    return {
        "article_id": passage.article_id,
        "start": passage.start,
        "end": passage.end,
        "kind": passage.kind,
        "sentences": passage.sentences,
        "key": key,
    }


def to_passage(record: dict[str, Any], articles: Mapping[str, Article]) -> Passage:
    start, end = record["start"], record["end"]
    text = articles[record["article_id"]].body[start:end]
    spans = tuple((a, b) for a, b in record["sentences"])
    return Passage(record["article_id"], start, end, text, record["kind"], spans)

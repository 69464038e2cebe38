"""Public question-answering sets (SQuAD JSON) as bulletins: a folder of articles and a question file, in our contracts.

One Wikipedia article becomes one article whose paragraphs are the set's passages. Every fourth article is left out of
the folder while its questions stay in the file: a bulletin that does not hold the answer, and questions to be refused.
SQuAD 2.0's own unanswerable questions are the near misses. English questions over German articles, and the other way
round, come from XQuAD, which is parallel by `id`.
"""

from __future__ import annotations

import hashlib
import json
import re
import shutil
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from errors import BulletinError
from records import Lang

_LEFT_OUT = 4


@dataclass(frozen=True, slots=True)
class SourceSet:
    name: str
    file: str
    lang: Lang
    questions: str = ""
    """Another file whose questions, of the same ids, are asked instead."""
    question_lang: Lang | None = None


SETS = (
    SourceSet("piaf", "piaf/piaf-v1.1.json", "fr"),
    SourceSet("xquad-de", "xquad/xquad.de.json", "de"),
    SourceSet("xquad-en-de", "xquad/xquad.de.json", "de", "xquad/xquad.en.json", "en"),
    SourceSet("xquad-de-en", "xquad/xquad.en.json", "en", "xquad/xquad.de.json", "de"),
    SourceSet("squad2", "squad-en/squad-dev-v2.0.rebuilt.json", "en"),
)


def convert(source: SourceSet, data: Path, out: Path, *, articles: int, per_article: int) -> tuple[int, int]:
    """Write `out/<name>/articles/*.md` and `out/<name>/<name>.jsonl`; returns how many articles and questions.

    The first `articles` Wikipedia articles in an order that no one chose (by hash of the title), and of each the first
    `per_article` questions in the same kind of order. Raises BulletinError when `data` does not hold the set.
    """
    chosen = sorted(_read(data / source.file), key=lambda article: _hash(article["title"]))[:articles]
    texts = _questions_by_id(data / source.questions) if source.questions else {}
    folder = out / source.name / "articles"
    shutil.rmtree(folder, ignore_errors=True)  # what an earlier, larger choice left would stay in the bulletin
    folder.mkdir(parents=True)
    lines = []
    for number, article in enumerate(chosen):
        kept = number % _LEFT_OUT != _LEFT_OUT - 1
        name = _slug(article["title"])
        if kept:
            body = "\n\n".join(_visible(paragraph["context"]) for paragraph in article["paragraphs"])
            header = {"id": name, "title": article["title"].replace("_", " "), "lang": source.lang}
            (folder / f"{name}.md").write_text(
                f"---\n{yaml.safe_dump(header, allow_unicode=True)}---\n{body}\n", "utf-8"
            )
        questions = sorted(_questions(article), key=lambda question: _hash(str(question["id"])))
        lines += [_line(source, question, name, kept, texts) for question in questions[:per_article]]
    path = out / source.name / f"{source.name}.jsonl"
    path.write_text("".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines), "utf-8")
    return sum(1 for _ in folder.glob("*.md")), len(lines)


def _line(source: SourceSet, question: dict[str, Any], name: str, kept: bool, texts: dict[str, str]) -> dict[str, Any]:
    answers = list(dict.fromkeys(answer["text"] for answer in question.get("answers", [])))
    answerable = kept and bool(answers)
    return {
        "id": str(question["id"]),
        "lang": source.question_lang or source.lang,
        "question": _visible(texts.get(str(question["id"]), question["question"])),
        "articles": [name] if answerable else [],
        "answers": answers if answerable else [],
        "answerable": answerable,
        "tags": ["answerable" if answerable else "near-miss" if kept else "left-out"],
    }


def _read(path: Path) -> Iterable[dict[str, Any]]:
    try:
        articles: list[dict[str, Any]] = json.loads(path.read_text("utf-8"))["data"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise BulletinError(f"{path}: not a question-answering set in SQuAD's JSON ({error}).") from error
    return articles


def _questions(article: dict[str, Any]) -> Iterator[dict[str, Any]]:
    return (question for paragraph in article["paragraphs"] for question in paragraph["qas"])


def _questions_by_id(path: Path) -> dict[str, str]:
    return {str(q["id"]): q["question"] for article in _read(path) for q in _questions(article)}


def _visible(text: str) -> str:
    return " ".join("".join(" " if unicodedata.category(c)[0] == "C" else c for c in text).split())


def _slug(title: str) -> str:
    plain = unicodedata.normalize("NFKD", title).encode("ascii", "ignore").decode()
    return f"{re.sub(r'[^A-Za-z0-9]+', '-', plain).strip('-')[:60]}-{_hash(title)[:6]}"


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()

"""Public question-answering sets (SQuAD JSON) as bulletins: folders of articles and question files, in our contracts.

One Wikipedia article becomes one article whose paragraphs are the set's passages. Only questions on articles that the
reader was not trained on are asked: those kept for choosing (`-val`) and those kept for reporting (`-test`). Each is
asked of the bulletin with all articles, and of one that lacks the articles asked about (`-absent`), where it is to be
refused; and in `-given` every paragraph is an article of its own, so that it can be given to the reader. SQuAD 2.0's
own unanswerable questions are near misses, on the German articles of XQuAD too, which are translations of SQuAD's.
English questions over German articles, and the other way round, come from XQuAD, which is parallel by `id`.

`convert_paragraphs` makes the bulletin that retrieval is measured on: every paragraph an article, all questions that
are answered, each tagged with the Wikipedia article that it was written on, and what that was used for.
"""

from __future__ import annotations

import hashlib
import json
import re
import shutil
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from records import Lang
from train.sets import PIAF, SQUAD2, XQUAD, plain_title, read_squad, retrieval_use, splits, translated_near_misses

SUFFIXES = ("", "-absent", "-given")
ABOUT = "about:"
"""Begins the tag that names the article a question was written on, whether or not that answers it."""
WIKIPEDIA, SPLIT, USE = "wikipedia:", "split:", "use:"
"""Begin the tags that name the Wikipedia article of a paragraph, and what the reader and what finding used it for:
train, val (weights may be chosen on it), test (results are of it)."""


@dataclass(frozen=True, slots=True)
class SourceSet:
    """Questions of one language on a bulletin of one language."""

    name: str
    bulletin: str
    file: str
    lang: Lang
    question_lang: Lang
    questions: str = ""
    """Another file whose questions, of the same ids, are asked instead."""
    near_misses: bool = False
    """Whether SQuAD 2.0's unanswerable questions are asked of these paragraphs too, which are translations of its."""


SETS = (
    SourceSet("piaf", "piaf", PIAF, "fr", "fr"),
    SourceSet("xquad-de", "xquad-de", XQUAD.format("de"), "de", "de"),
    SourceSet("xquad-en-de", "xquad-de", XQUAD.format("de"), "de", "en", XQUAD.format("en"), near_misses=True),
    SourceSet("xquad-de-en", "xquad-en", XQUAD.format("en"), "en", "de", XQUAD.format("de")),
    SourceSet("squad2", "squad", SQUAD2, "en", "en"),
)


@dataclass(frozen=True, slots=True)
class Wikipedia:
    """An article of a set, or a part of one; `paragraphs` as SQuAD's JSON has them."""

    title: str
    paragraphs: Sequence[dict[str, Any]]
    part: int | None = None

    @property
    def id(self) -> str:
        plain = unicodedata.normalize("NFKD", self.title).encode("ascii", "ignore").decode()
        name = f"{re.sub(r'[^A-Za-z0-9]+', '-', plain).strip('-')[:60]}-{_hash(self.title)[:6]}"
        return name if self.part is None else f"{name}-{self.part}"

    def by_paragraph(self) -> list[Wikipedia]:
        return [Wikipedia(self.title, [paragraph], number) for number, paragraph in enumerate(self.paragraphs)]


@dataclass(frozen=True, slots=True)
class AskedSet:
    """A question file and the bulletin it is asked of: `bulletin` holds articles/ and, once built, index/."""

    name: str
    questions: Path
    bulletin: Path

    @property
    def index(self) -> Path:
        return self.bulletin / "index"


def convert(source: SourceSet, data: Path, out: Path, most: int) -> list[AskedSet]:
    """Write a source's bulletins and questions under `out`: at most `most` questions a file, chosen by no one.

    Raises BulletinError when `data` does not hold the set.
    """
    split = splits(data)
    articles = [Wikipedia(plain_title(a["title"]), a["paragraphs"]) for a in read_squad(data / source.file)]
    texts = _questions_by_id(data / source.questions) if source.questions else {}
    if source.near_misses:
        missed = {
            paragraph["context"]: paragraph["qas"]
            for article in translated_near_misses(data, source.lang)
            for paragraph in article["paragraphs"]
        }
        for paragraph in (paragraph for article in articles for paragraph in article.paragraphs):
            paragraph["qas"] = paragraph["qas"] + missed.get(paragraph["context"], [])
    asked = {
        (suffix, part): out / "questions" / f"{source.name}{suffix}-{part}.jsonl"
        for suffix in SUFFIXES
        for part in ("val", "test")
    }
    kept = {
        "": articles,
        "-absent": [article for article in articles if split(article.title) == "train"],
        "-given": [paragraph for a in articles if split(a.title) != "train" for paragraph in a.by_paragraph()],
    }
    for suffix, bulletin in kept.items():
        _write_articles(out / f"{source.bulletin}{suffix}" / "articles", source, bulletin)
    for (suffix, part), path in asked.items():
        about = kept["-given"] if suffix == "-given" else articles
        lines = [
            _line(source, question, article.id, suffix == "-absent", texts)
            for article in about
            if split(article.title) == part
            for paragraph in article.paragraphs
            for question in paragraph["qas"]
            if not (suffix == "-absent" and question.get("is_impossible"))
        ]
        lines.sort(key=lambda line: _hash(line["id"]))
        _write_lines(path, lines[:most])
    return [AskedSet(path.stem, path, out / f"{source.bulletin}{suffix}") for (suffix, _), path in asked.items()]


def convert_paragraphs(source: SourceSet, data: Path, out: Path) -> AskedSet:
    """Write a source's paragraphs, each an article, and all its answerable questions under `out`.

    Each question is tagged with its Wikipedia article and what that was used for (`retrieval_use`). Raises
    BulletinError when `data` does not hold the set.
    """
    split = splits(data)
    whole = [Wikipedia(plain_title(a["title"]), a["paragraphs"]) for a in read_squad(data / source.file)]
    texts = _questions_by_id(data / source.questions) if source.questions else {}
    use = retrieval_use(data / source.file)
    asked = AskedSet(source.name, out / "questions" / f"{source.name}.jsonl", out / source.bulletin)
    _write_articles(asked.bulletin / "articles", source, [part for article in whole for part in article.by_paragraph()])
    lines = []
    for article in whole:
        about = [f"{WIKIPEDIA}{article.title}", f"{SPLIT}{split(article.title)}", f"{USE}{use[article.title]}"]
        for part in article.by_paragraph():
            made = [_line(source, question, part.id, False, texts) for question in part.paragraphs[0]["qas"]]
            lines += [line | {"tags": line["tags"] + about} for line in made if line["answerable"]]
    lines.sort(key=lambda line: _hash(line["id"]))
    _write_lines(asked.questions, lines)
    return asked


def _write_lines(path: Path, lines: Sequence[dict[str, Any]]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines), "utf-8")


def _write_articles(folder: Path, source: SourceSet, articles: Sequence[Wikipedia]) -> None:
    shutil.rmtree(folder, ignore_errors=True)  # what an earlier choice left would stay in the bulletin
    folder.mkdir(parents=True)
    for article in articles:
        body = "\n\n".join(_visible(paragraph["context"]) for paragraph in article.paragraphs)
        header = {"id": article.id, "title": article.title, "lang": source.lang}
        path = folder / f"{article.id}.md"
        path.write_text(f"---\n{yaml.safe_dump(header, allow_unicode=True)}---\n{body}\n", "utf-8")


def _line(
    source: SourceSet, question: dict[str, Any], name: str, absent: bool, texts: dict[str, str]
) -> dict[str, Any]:
    answers = [] if absent else list(dict.fromkeys(answer["text"] for answer in question.get("answers", [])))
    return {
        "id": str(question["id"]),
        "lang": source.question_lang,
        "question": _visible(texts.get(str(question["id"]), question["question"])),
        "articles": [name] if answers else [],
        "answers": answers,
        "answerable": bool(answers),
        "tags": ["answerable" if answers else "absent" if absent else "near-miss", f"{ABOUT}{name}"],
    }


def _questions_by_id(path: Path) -> dict[str, str]:
    return {
        str(q["id"]): q["question"] for article in read_squad(path) for p in article["paragraphs"] for q in p["qas"]
    }


def _visible(text: str) -> str:
    return " ".join("".join(" " if unicodedata.category(c)[0] == "C" else c for c in text).split())


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()

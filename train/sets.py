"""Public question-answering sets as they lie in their files, and which of their articles are for what.

Split by the article's title over all sets at once: XQuAD's articles are SQuAD's, so a title left out of one is left
out of all.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Literal

from errors import BulletinError

Split = Literal["train", "val", "test"]

PIAF = "piaf/piaf-v1.1.json"
SQUAD1 = "squad-en/squad-dev-v1.1.rebuilt.json"
SQUAD2 = "squad-en/squad-dev-v2.0.rebuilt.json"
XQUAD = "xquad/xquad.{}.json"
AFRIQA = "afriqa-fr/gold_span_passages.afriqa.fon.fr.train.json"


def read_squad(path: Path) -> list[dict[str, Any]]:
    """Articles as SQuAD's JSON has them. Raises BulletinError."""
    try:
        articles: list[dict[str, Any]] = json.loads(read_text(path))["data"]
    except (ValueError, KeyError, TypeError) as error:
        raise BulletinError(f"{path}: not a question-answering set in SQuAD's JSON ({error}).") from error
    return articles


def read_afriqa(path: Path) -> list[dict[str, Any]]:
    """AfriQA's French questions and passages in the same form. Raises BulletinError."""
    lines = [record for line in read_text(path).splitlines() if line.strip() and (record := json.loads(line))["title"]]
    return [
        {
            "title": line["title"],
            "paragraphs": [
                {
                    "context": line["context"],
                    "qas": [
                        {
                            "id": f"afriqa-{line['id']}",
                            "question": line["question_translated"],
                            "answers": [{"text": text} for text in line["answer_pivot"]["text"]],
                        }
                    ],
                }
            ],
        }
        for line in lines
    ]


def splits(data: Path) -> Callable[[str], Split]:
    """A quarter of SQuAD's titles and a tenth of PIAF's are for reporting, a few more for the curve and calibration."""
    chosen: dict[str, Split] = {}
    for path, test, val in ((SQUAD1, 12, 4), (PIAF, 48, 16)):
        titles = sorted({plain_title(article["title"]) for article in read_squad(data / path)}, key=hashed)
        for number, title in enumerate(titles[: test + val]):
            chosen[title] = "test" if number < test else "val"
    return lambda title: chosen.get(title, "train")


def retrieval_use(path: Path) -> dict[str, Split]:
    """What each Wikipedia article of a set is for in finding: the first half by hash is reported on, the last eighth of
    the rest is to choose by, and the question is trained on what is left (`train.data.article_uses`).

    `splits` takes what it leaves out from the start of the same order: the reader was trained on none of it.
    """
    titles = sorted({plain_title(article["title"]) for article in read_squad(path)}, key=hashed)
    half = (len(titles) + 1) // 2
    chosen = len(titles) - (len(titles) - half) // 8
    return {title: "test" if n < half else "train" if n < chosen else "val" for n, title in enumerate(titles)}


def translated_near_misses(data: Path, lang: str) -> list[dict[str, Any]]:
    """What SQuAD 2.0 asks in vain, in English, of paragraphs that XQuAD has translated: on their translations."""
    english, translated = (
        [(title, paragraph["context"]) for title, paragraph in paragraphs(read_squad(data / XQUAD.format(of)))]
        for of in ("en", lang)
    )
    there = {text: place for (_, text), place in zip(english, translated, strict=True)}
    return [
        {"title": title, "paragraphs": [{"context": context, "qas": paragraph["qas"]}]}
        for article in unanswerable(read_squad(data / SQUAD2))
        for paragraph in article["paragraphs"]
        if paragraph["context"] in there
        for title, context in [there[paragraph["context"]]]
    ]


def unanswerable(articles: Any) -> Any:
    """Of each paragraph's questions those that it does not answer."""
    for article in articles:
        for paragraph in article["paragraphs"]:
            paragraph["qas"] = [qa for qa in paragraph["qas"] if qa.get("is_impossible")]
    return articles


def without_offsets(articles: Any) -> Any:
    """The rebuilt SQuAD files give the first occurrence of an answer for any."""
    for question in questions(articles):
        for answer in question["answers"]:
            answer.pop("answer_start", None)
    return articles


def plain_title(title: str) -> str:
    """SQuAD writes blanks as underscores, XQuAD and PIAF do not."""
    return title.replace("_", " ").strip()


def paragraphs(articles: Any) -> Iterator[tuple[str, dict[str, Any]]]:
    """Each with its article's title."""
    return ((article["title"], paragraph) for article in articles for paragraph in article["paragraphs"])


def questions(articles: Any) -> Iterator[dict[str, Any]]:
    return (qa for _, paragraph in paragraphs(articles) for qa in paragraph["qas"])


def read_text(path: Path) -> str:
    try:
        return path.read_text("utf-8")
    except OSError as error:
        raise BulletinError(f"{path} cannot be read ({error.strerror}); --data wants the folder of the sets.") from None


def hashed(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()

"""What a language model made for training (docs/reader.md): questions it wrote, paragraphs and questions it translated.

Neither file copies a public set: a line names the paragraph that it is about by the SHA-256 of its text.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

from errors import BulletinError
from train.sets import PIAF, SQUAD1, SQUAD2, XQUAD, hashed, paragraphs, read_squad, read_text, without_offsets

WRITTEN, MISSED = "written", "written-missed"
"""Sources of the written questions, answered by their passage or not."""

Asked = dict[str, dict[str, Any]]
"""Questions in SQuAD's form by their ids."""


def read_written(path: Path, data: Path) -> dict[tuple[str, str, str], list[dict[str, Any]]]:
    """Questions written for training, a passage a line: in SQuAD's form, by source, question's and passage's language.

    A line brings its passage as `text`, with its title and what it is for as `split`, or names a paragraph of a public
    set by the SHA-256 of its text; those that `data` lacks are left out. An answer of null: the passage does not
    answer (MISSED). Raises BulletinError, also where an answer does not stand in its passage.
    """
    there = {
        hashed(paragraph["context"]): {"title": title, "text": paragraph["context"]}
        for name in (PIAF, SQUAD1, XQUAD.format("de"))
        for title, paragraph in paragraphs(read_squad(data / name))
    }
    found: dict[tuple[str, str, str], list[dict[str, Any]]] = {}
    for number, text in enumerate(read_text(path).splitlines(), 1):
        try:
            line = json.loads(text)
            own = (
                {key: line[key] for key in ("title", "text", "split")} if "text" in line else there.get(line["sha256"])
            )
            asked: dict[tuple[str, str, str], list[dict[str, Any]]] = {}
            for n, question in enumerate(line["questions"]):
                if own:
                    qa = _answered(question, own["text"], f"{path}:{number}")
                    key = (MISSED if qa["is_impossible"] else WRITTEN, question["lang"], line["lang"])
                    asked.setdefault(key, []).append(
                        {"id": f"written-{number}-{n}", "question": question["question"], **qa}
                    )
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise BulletinError(f"{path}:{number}: not a passage with questions ({error!r}).") from error
        if own:
            for key, qas in asked.items():
                found.setdefault(key, []).append(own | {"paragraphs": [{"context": own["text"], "qas": qas}]})
    return found


def read_translated(path: Path, data: Path) -> dict[tuple[str, str], list[dict[str, Any]]]:
    """Paragraphs of SQuAD or PIAF with some of their questions, translated, a paragraph a line: in SQuAD's form, by
    question's and passage's language.

    A line names its questions by the set's ids; an answer of null: the paragraph does not answer. Without a `text` the
    questions alone are translated, and no answers given. A question in every language that it is there in, XQuAD's
    among them, is asked of the paragraph in every language, wherever one of the two is the translation. Paragraphs that
    `data` lacks are left out. Raises BulletinError, also where an answer does not stand in its passage.
    """
    versions = _versions(data)
    found: dict[tuple[str, str], list[dict[str, Any]]] = {}
    for number, text in enumerate(read_text(path).splitlines(), 1):
        try:
            line = json.loads(text)
            made, passage = line["lang"], line.get("text")
            own = {
                question["id"]: {"id": question["id"], "question": question["question"]}
                | (_answered(question, passage, f"{path}:{number}") if passage is not None else {})
                for question in line["questions"]
            }
            title, there = versions.get(line["sha256"], ("", {}))
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise BulletinError(f"{path}:{number}: not a paragraph with questions ({error!r}).") from error
        if there:
            there = there | {made: (passage, own)}
            missed = {id: qa for id, qa in own.items() if qa.get("is_impossible")}
            for question_lang, (_, asked) in there.items():
                for lang, (context, answered) in there.items():
                    if context is None or made not in (question_lang, lang):
                        continue
                    answers = answered | missed
                    qas = [
                        answers[id] | {"question": asked[id]["question"]} for id in own if id in asked and id in answers
                    ]
                    if qas:
                        paragraph = {"context": context, "qas": qas}
                        found.setdefault((question_lang, lang), []).append({"title": title, "paragraphs": [paragraph]})
    return found


def _versions(data: Path) -> dict[str, tuple[str, dict[str, tuple[str | None, Asked]]]]:
    """Paragraphs by the SHA-256 of what they were written as: title, and in each language text and questions."""
    versions: dict[str, tuple[str, dict[str, tuple[str | None, Asked]]]] = {}
    squad = [("en", without_offsets(read_squad(data / name))) for name in (SQUAD1, SQUAD2)]
    for lang, articles in [*squad, ("fr", read_squad(data / PIAF))]:
        for title, paragraph in paragraphs(articles):
            context = paragraph["context"]
            _, there = versions.setdefault(hashed(context), (title, {lang: (context, {})}))
            there[lang][1].update((str(qa["id"]), qa) for qa in paragraph["qas"])
    english = [paragraph["context"] for _, paragraph in paragraphs(read_squad(data / XQUAD.format("en")))]
    for lang in ("de", "es"):
        translated = paragraphs(read_squad(data / XQUAD.format(lang)))
        for context, (_, paragraph) in zip(english, translated, strict=True):
            if hashed(context) in versions:
                own = {str(qa["id"]): qa for qa in paragraph["qas"]}
                versions[hashed(context)][1][lang] = paragraph["context"], own
    return versions


def _answered(question: dict[str, Any], passage: str, where: str) -> dict[str, Any]:
    """Its answer in SQuAD's form. Raises BulletinError where that does not stand in the passage."""
    answer = question["answer"]
    if answer is not None and not _stands(answer, passage):
        raise BulletinError(f"{where}: the passage has no {answer!r}; write its own words, or null.")
    answers = [] if answer is None else [{"text": answer}]
    return {"answers": answers, "is_impossible": answer is None}


def _stands(answer: str, text: str) -> bool:
    """Whether it is there, in whole words."""
    return bool(answer and re.search(rf"(?<!\w){re.escape(answer)}(?!\w)", text))

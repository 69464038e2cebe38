"""Question-answering sets (`train.sets`) to what the reader trains on: passages as the index cuts them, questions."""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from errors import BulletinError
from index.passages.chunk import chunk
from index.versions.build import PASSAGE_TOKENS
from records import LANGS, Article, Span
from train.generated import read_translated, read_written
from train.sets import (
    AFRIQA,
    PIAF,
    SQUAD1,
    SQUAD2,
    XQUAD,
    Split,
    hashed,
    plain_title,
    questions,
    read_afriqa,
    read_squad,
    retrieval_use,
    splits,
    translated_near_misses,
    unanswerable,
    without_offsets,
)
from train.typed import as_typed

CROSSED = [("de", "de"), ("en", "de"), ("de", "en"), ("en", "es"), ("es", "en"), ("es", "de"), ("de", "es")]
"""XQuAD's pairs of question and passage language; Spanish stands in for French, which it has not."""

NEAR_MISSED = ("de", "es")
"""Languages whose XQuAD paragraphs are also asked what SQuAD 2.0 asks in vain of the English ones."""

SWAPPED = {"piaf": 2, "xquad-de-de": 2, "xquad-en-de": 2, "xquad-de-en": 2, "squad1": 4}
"""Sets of which one question in so many is also asked of another name or number: near misses for every language."""

FOLLOWED = (
    "piaf", "squad1", "xquad-de-de", "xquad-en-de",
    "translated-fr-fr", "translated-de-de", "translated-en-fr", "translated-de-fr",
)  # fmt: skip
"""The sets whose questions are also asked one after the other."""

TYPED = 4
"""One question in so many, of every set, is also asked as somebody in a hurry types it."""


@dataclass(frozen=True, slots=True)
class Window:
    """A passage as the index would hold it. `context`: which paragraph of the set it was cut from, at `start`."""

    lang: str
    title: str
    text: str
    context: int
    start: int
    sentences: tuple[Span, ...]
    """Where its sentences stand in its text."""


@dataclass(frozen=True, slots=True)
class Example:
    """A question and the window that answers it, `answer` characters of its text; None: a near miss, not answered.

    `golds`: every text that counts as right. `context`: the paragraph the question is about.
    """

    source: str
    id: str
    split: Split
    question: str
    lang: str
    window: int
    answer: Span | None
    golds: tuple[str, ...]
    context: int

    def answered_in(self, text: str) -> bool:
        """Whether one of `golds` stands in a text, be its letters large or small."""
        folded = text.casefold()
        return any(gold.casefold() in folded for gold in self.golds)


@dataclass
class Library:
    """All windows and examples of the sets, in a fixed order."""

    windows: list[Window] = field(default_factory=list)
    examples: list[Example] = field(default_factory=list)
    splits: list[Split] = field(default_factory=list)
    """The split of each window's article."""
    by_context: list[list[int]] = field(default_factory=list)
    """The windows of each paragraph."""
    _contexts: dict[tuple[str, str], int] = field(default_factory=dict)


def source_files(data: Path, written: Path | None = None, translated: Path | None = None) -> list[Path]:
    """Every file that `read_library` reads. Raises BulletinError when one is missing."""
    for option, generated in (("written", written), ("translated", translated)):
        if generated and not generated.exists():
            raise BulletinError(f"{generated} is missing; --{option} wants a file such as train/{option}.jsonl.")
    langs = {lang for pair in CROSSED for lang in pair}
    files = [data / name for name in (PIAF, SQUAD1, SQUAD2, *sorted(XQUAD.format(lang) for lang in langs), AFRIQA)]
    for path in files:
        if not path.is_file():
            raise BulletinError(f"{path} is missing; --data wants the folder of the sets (see train/sets.py).")
    return files + [generated for generated in (written, translated) if generated]


def read_library(
    data: Path, count_tokens: Callable[[str], int], written: Path | None = None, translated: Path | None = None
) -> Library:
    """Everything under `data` (see its README), and what `train.generated` reads of `written` and `translated`.

    Raises BulletinError when a file is missing or not what it should be.
    """
    library = Library()
    split = splits(data)

    def add(source: str, lang: str, passage_lang: str, articles: Any, texts: dict[str, str] | None = None) -> None:
        for article in articles:
            title = plain_title(article["title"])
            use = article.get("split") or split(title)
            for paragraph in article["paragraphs"]:
                context = _context(library, passage_lang, title, paragraph["context"], use, count_tokens)
                for qa in paragraph["qas"]:
                    question = texts.get(str(qa["id"]), "") if texts is not None else qa["question"]
                    if question and (made := _example(library, source, lang, question, qa, context, use)):
                        library.examples.append(made)

    add("piaf", "fr", "fr", read_squad(data / PIAF))
    add("squad1", "en", "en", without_offsets(read_squad(data / SQUAD1)))
    add("squad2", "en", "en", unanswerable(read_squad(data / SQUAD2)))
    for question_lang, lang in CROSSED:
        texts = {str(qa["id"]): qa["question"] for qa in questions(read_squad(data / XQUAD.format(question_lang)))}
        add(f"xquad-{question_lang}-{lang}", question_lang, lang, read_squad(data / XQUAD.format(lang)), texts)
    for lang in NEAR_MISSED:
        add(f"squad2-{lang}", "en", lang, translated_near_misses(data, lang))
    add("afriqa", "fr", "fr", read_afriqa(data / AFRIQA))
    if written:
        for (source, question_lang, lang), articles in read_written(written, data).items():
            add(source, question_lang, lang, articles)
    if translated:
        for (question_lang, lang), articles in read_translated(translated, data).items():
            add(f"translated-{question_lang}-{lang}", question_lang, lang, articles)
    library.examples += [*_follow_ups(library), *_swapped(library), *_typed(library)]
    return library


def _follow_ups(library: Library) -> list[Example]:
    """Questions behind an earlier one on the same paragraph, both read. (What is served reads the states of the last
    one alone, which have seen the earlier one in the lower layers: on our own follow-ups that did better.)

    Half of them lose the words that the earlier one has said already. One in four is asked of the earlier one's window
    though another paragraph answers it: the last question counts, and "not here" is the answer.
    """
    groups: dict[tuple[str, int], list[Example]] = {}
    for example in library.examples:
        if example.source in FOLLOWED and example.answer:
            groups.setdefault((example.source, example.context), []).append(example)
    by_title: dict[tuple[str, str], list[Example]] = {}
    for (source, _), group in groups.items():
        by_title.setdefault((source, library.windows[group[0].window].title), []).extend(group)
    made = []
    for (source, _), group in groups.items():
        for earlier, asked in zip(group, group[1:] + group[:1], strict=True):
            chance = int(hashed(f"{source}{asked.id}")[:8], 16)
            if chance % 4 or earlier.golds == asked.golds:
                continue
            others = by_title[source, library.windows[earlier.window].title]
            stray = others[chance % len(others)]
            lost = chance % 16 == 0 and not stray.answered_in(library.windows[earlier.window].text)
            last = stray if lost else asked
            said = _shortened(last.question, earlier.question) if chance % 8 else last.question
            joined = replace(last, source="follow-up", id=f"{source}-{last.id}", question=f"{earlier.question} {said}")
            if lost:
                joined = replace(joined, source="follow-up-lost", window=earlier.window, answer=None, golds=())
            made.append(joined)
    return made


def _typed(library: Library) -> Iterator[Example]:
    """Questions in key words, without accents and capitals, or with slips of the fingers; none on Spanish passages."""
    for example in library.examples:
        key = hashed(f"typed{example.source}{example.id}")
        if int(key[:8], 16) % TYPED or library.windows[example.window].lang not in LANGS:
            continue
        question = as_typed(example.question, example.lang, random.Random(key))
        if question != example.question:
            source = "typed" if example.answer else "typed-missed"
            yield replace(example, source=source, id=f"{example.source}-{example.id}", question=question)


def _swapped(library: Library) -> Iterator[Example]:
    """Questions whose paragraph does not answer them any more: a name or a number in them is that of another question
    on the same article (one of the ways in which SQuAD 2.0's near misses were written; Rajpurkar et al. 2018)."""
    said: dict[tuple[str, str, bool], list[str]] = {}
    chosen = [example for example in library.examples if example.source in SWAPPED and example.answer]
    for example in chosen:
        for word in _names(example.question):
            key = (example.source, library.windows[example.window].title, word[0].isdigit())
            said.setdefault(key, []).append(word)
    for example in chosen:
        chance = int(hashed(f"swap{example.source}{example.id}")[:8], 16)
        own = _names(example.question)
        if chance % SWAPPED[example.source] or not own:
            continue
        word = own[chance // 8 % len(own)]
        title = library.windows[example.window].title
        held = _words(" ".join((example.question, *example.golds)))
        others = [other for other in said[example.source, title, word[0].isdigit()] if not _words(other) & held]
        if others:
            question = re.sub(rf"\b{re.escape(word)}\b", others[chance // 64 % len(others)], example.question)
            yield replace(
                example, source="swapped", id=f"{example.source}-{example.id}", question=question, answer=None, golds=()
            )


def _names(question: str) -> list[str]:
    """Words with a capital that do not begin the question, and numbers of two digits and more."""
    return re.findall(r"(?<=\S\s)[A-ZÀ-ÖØ-Þ]\w{3,}|\d{2,}", question)


def _shortened(question: str, earlier: str) -> str:
    """Without the words, names above all, that were said before; whole where little would be left."""
    before = {word for word in _words(earlier) if len(word) > 3}
    kept = [word for word in question.split() if not _words(word) & before]
    return " ".join(kept) if len(kept) >= 3 else question


def article_uses(data: Path, library: Library) -> list[Split]:
    """For each window what its article is for when the question is trained: nothing is trained on that any set of
    `retrieval_use`, or the reader's `splits`, keeps for choosing or reporting."""
    sets = [retrieval_use(data / name) for name in (PIAF, SQUAD1, SQUAD2, XQUAD.format("de"))]
    split = splits(data)
    return [
        _strictest({split(window.title), *(use.get(window.title, "train") for use in sets)})
        for window in library.windows
    ]


def _strictest(uses: set[Split]) -> Split:
    return "test" if "test" in uses else "val" if "val" in uses else "train"


def _context(
    library: Library, lang: str, title: str, text: str, split: Split, count_tokens: Callable[[str], int]
) -> int:
    key = (title, text)
    if key not in library._contexts:
        number = library._contexts[key] = len(library.by_context)
        library.by_context.append([])
        article = Article(str(number), title, "fr" if lang == "es" else lang, text)  # type: ignore[arg-type]
        for passage in chunk(article, PASSAGE_TOKENS, count_tokens):
            library.by_context[number].append(len(library.windows))
            own = tuple((a - passage.start, b - passage.start) for a, b in passage.sentences)
            library.windows.append(Window(lang, title, passage.text, number, passage.start, own))
            library.splits.append(split)
    return library._contexts[key]


def _example(
    library: Library, source: str, lang: str, question: str, qa: Any, context: int, split: Split
) -> Example | None:
    """None where the answer stands in no window, or nobody can tell in which."""
    golds = tuple(dict.fromkeys(answer["text"].strip() for answer in qa.get("answers", []) if answer["text"].strip()))
    windows = library.by_context[context]
    if not windows:
        return None
    if qa.get("is_impossible"):
        window = max(windows, key=lambda w: _overlap(question, library.windows[w].text))
        return Example(source, str(qa["id"]), split, question, lang, window, None, (), context)
    if not golds:
        return None
    # Where the set does not say which occurrence is meant, it is the one among most of the question's words.
    found = [
        (_overlap(question, text[max(0, at - 80) : at + 80]), -w, -at, w)
        for w in windows
        for text in [library.windows[w].text]
        for at in _occurrences(golds[0], text)
    ]
    if not found:
        return None
    said = next((answer.get("answer_start") for answer in qa["answers"] if answer["text"].strip()), None)
    meant = [place for place in found if library.windows[place[3]].start - place[2] == said]
    _, _, at, window = max(meant or found)
    return Example(source, str(qa["id"]), split, question, lang, window, (-at, -at + len(golds[0])), golds, context)


def _occurrences(answer: str, text: str) -> Iterator[int]:
    return (m.start() for m in re.finditer(rf"(?<!\w){re.escape(answer)}(?!\w)", text))


def _overlap(question: str, text: str) -> int:
    return len(_words(question) & _words(text))


def _words(text: str) -> set[str]:
    return set(re.findall(r"\w+", text.casefold()))

"""Articles to passages: whole paragraphs where they fit, else whole sentences, measured in the encoder's own tokens."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator
from functools import cache

from langchain_text_splitters import RecursiveCharacterTextSplitter, TextSplitter

from index.passages.blocks import blocks
from index.passages.sentences import sentences
from records import Article, Passage

_PARAGRAPH = re.compile(r".*?(?:\n[ \t\r\u00a0]*\n\s*|\Z)", re.DOTALL)
_SLACK = 1.15
"""How much longer than its even share a part may be, so that sentences fit."""
_HEADING = re.compile(r"\s*[^\n]{1,90}[^\s.!?…:;,»\n]\s*")


class SentenceSplitter(TextSplitter):
    """A langchain splitter whose chunks, joined, are the text again: paragraphs, else sentences, else words.

    A heading (a short line that ends without punctuation) stays with the paragraph after it.
    """

    def __init__(self, lang: str, chunk_size: int, length_function: Callable[[str], int]) -> None:
        super().__init__(chunk_size, chunk_overlap=0, length_function=length_function, strip_whitespace=False)
        self._lang = lang
        self._words = RecursiveCharacterTextSplitter(
            separators=["\n", "; ", ", ", " ", ""],
            keep_separator="end",
            chunk_size=chunk_size,
            chunk_overlap=0,
            length_function=length_function,
            strip_whitespace=False,
        )

    def split_text(self, text: str) -> list[str]:
        chunks: list[str] = []
        fitting: list[str] = []
        for paragraph in _paragraphs(text):
            if self._length_function(paragraph) <= self._chunk_size:
                fitting.append(paragraph)
                continue
            chunks += self._merge_splits(fitting, "") + self._split_evenly(paragraph)
            fitting = []
        chunks += self._merge_splits(fitting, "")
        return [part for merged in chunks for part in self._fitting(merged)]

    def _fitting(self, merged: str) -> list[str]:
        """Halves where the whole is too long after all: a word that was cut may have more tokens than its parts, each
        of which begins like a word of its own."""
        if self._length_function(merged) <= self._chunk_size or len(merged) <= 1:
            return [merged]
        middle = len(merged) // 2
        return [*self._fitting(merged[:middle]), *self._fitting(merged[middle:])]

    def _split_evenly(self, paragraph: str) -> list[str]:
        """A long paragraph in parts of about one size: a last sentence alone would be found by nobody."""
        pieces = list(self._sentences(paragraph))
        if len(pieces) > 1 and _HEADING.fullmatch(pieces[0]):
            pieces[:2] = self._merge_splits(pieces[:2], "")
        lengths = [self._length_function(piece) for piece in pieces]
        share = math.ceil(sum(lengths) / math.ceil(sum(lengths) / self._chunk_size) * _SLACK)
        size = min(self._chunk_size, max(share, *lengths))
        return SentenceSplitter(self._lang, size, self._length_function)._merge_splits(pieces, "")

    def _sentences(self, paragraph: str) -> Iterator[str]:
        starts = [0, *(start for start, _ in sentences(paragraph, self._lang)[1:]), len(paragraph)]
        for start, end in zip(starts, starts[1:], strict=False):
            sentence = paragraph[start:end]
            if self._length_function(sentence) <= self._chunk_size:
                yield sentence
            else:
                yield from self._words.split_text(sentence)


def _paragraphs(text: str) -> Iterator[str]:
    heading = ""
    for match in _PARAGRAPH.finditer(text):
        paragraph = heading + match[0]
        if _HEADING.fullmatch(match[0]) and match.end() < len(text):
            heading = paragraph
        elif paragraph:
            yield paragraph
            heading = ""
    if heading:
        yield heading


def chunk(article: Article, size: int, count_tokens: Callable[[str], int]) -> list[Passage]:
    """Passages of at most `size` tokens each, in order; together they hold every non-blank character of the body.

    A passage never crosses from one block (body, footnote, sources, …) into another.
    """
    passages = []

    @cache  # a piece is measured alone and again with its neighbours
    def length(text: str) -> int:
        return max(1, count_tokens(text)) if text else 0  # langchain puts a piece of no length into two chunks

    for kind, start, end in blocks(article.body):
        at = start
        for piece in SentenceSplitter(article.lang, size, length).split_text(article.body[start:end]):
            if text := piece.strip():
                begin = at + piece.index(text)
                spans = tuple((begin + a, begin + b) for a, b in sentences(text, article.lang))
                passages.append(Passage(article.id, begin, begin + len(text), text, kind, spans))
            at += len(piece)
    return passages

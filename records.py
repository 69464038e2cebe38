"""The nouns of the house, one per stage, and the Protocols the stages meet at: Encoder, VectorStore, Reader.

All offsets count characters (Unicode code points) of `Article.body`, ends exclusive, so that
`article.body[start:end]` is the text they name. Nothing here imports anything of ours.
"""

from __future__ import annotations

import datetime
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol, get_args

import numpy as np
from numpy.typing import NDArray

Lang = Literal["fr", "en", "de"]
LANGS: tuple[Lang, ...] = get_args(Lang)

Kind = Literal["body", "footnote", "contacts", "sources", "signature"]
"""What part of an article a passage is of: running text, or its apparatus (everything else)."""

Span = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Article:
    """One article of the bulletin; `body` is its text verbatim."""

    id: str
    title: str
    lang: Lang
    body: str
    url: str = ""
    date: datetime.date | None = None
    section: str = ""
    authors: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Passage:
    """A run of whole sentences of one article, short enough for the encoder: `article.body[start:end] == text`."""

    article_id: str
    start: int
    end: int
    text: str
    kind: Kind
    sentences: tuple[Span, ...]
    """Where its sentences stand in the article's body, in order."""


@dataclass(frozen=True, slots=True)
class Encoding:
    """What the encoder makes of one text.

    `vector`: float32 (dim,), unit length. `tokens`: float32 (n, dim), unit rows, one for each token of the text proper
    (prefixes and special tokens left out). `spans`: int32 (n, 2), where each token stands in the text.
    `states`: float32 (n, width), the same tokens half-way through the encoder (after
    `index.encoding.weights.SPLIT_LAYER` layers), not of unit length; width 0 where the encoder has none to give.
    `as_query`: of a question, where its encoder has layers for questions alone: computes its `tokens` by these, as they
    are to meet passages of its own language.
    """

    vector: NDArray[np.float32]
    tokens: NDArray[np.float32]
    spans: NDArray[np.int32]
    states: NDArray[np.float32]
    as_query: Callable[[], NDArray[np.float32]] | None = None

    def tokens_for(self, own_language: bool) -> NDArray[np.float32]:
        """A question's tokens as they are to meet those of passages, of its own language or of another."""
        return self.as_query() if own_language and self.as_query else self.tokens


class Encoder(Protocol):
    """Texts to vectors. `id` names the weights and the way they are used: vectors of equal id can be compared."""

    @property
    def id(self) -> str: ...
    @property
    def dim(self) -> int: ...
    def count_tokens(self, text: str) -> int: ...
    def encode_passages(self, texts: Sequence[str], contexts: Sequence[str]) -> list[Encoding]: ...
    def encode_question(self, text: str) -> Encoding: ...


@dataclass(frozen=True, slots=True)
class Question:
    """A question ready to be searched: cleaned text, its language, and the encoder's view of it."""

    text: str
    lang: Lang
    encoding: Encoding
    searched: str = ""
    """Whose words to search for, where they are not just `text`: a follow-up's and those of the question before it."""


@dataclass(frozen=True, slots=True)
class Filters:
    """Which articles may answer: those of a section, published from one day to another (both included)."""

    section: str = ""
    since: datetime.date | None = None
    until: datetime.date | None = None

    def admit(self, article: Article) -> bool:
        """An article without a date is in no span of time."""
        if self.section and self.section.casefold() != article.section.casefold():
            return False
        if not (self.since or self.until):
            return True
        first, last = self.since or datetime.date.min, self.until or datetime.date.max
        return article.date is not None and first <= article.date <= last


Found = tuple[NDArray[np.int64], NDArray[np.float32]]
"""Rows (m,) of passages and their scores (m,), best first, ties by row; fewer than asked for where there are fewer."""


class VectorStore(Protocol):
    """Where the passages of one built version are looked for, by vector and by words. A passage is named by its row,
    its number in the version; only passages of articles that `filters` admit are found.

    `terms` are stems as the index holds them (`fr:minist`), each with a weight above 0 that its BM25 is multiplied by;
    a term that no passage holds counts nothing. How rare a term is (`LexicalIndex.idf`) is asked of the version's own
    files, not of the store."""

    def nearest(self, vector: NDArray[np.float32], k: int, filters: Filters | None = None) -> Found:
        """`vector`: (dim,), unit length. Scores are inner products."""

    def wordiest(self, terms: Mapping[str, float], k: int, filters: Filters | None = None) -> Found:
        """Scores are weighted BM25, those of 0 left out."""

    def word_scores(self, terms: Mapping[str, float], rows: NDArray[np.int64]) -> NDArray[np.float32]:
        """Weighted BM25 (m,) of these rows (m,)."""

    def vectors(self, rows: NDArray[np.int64]) -> NDArray[np.float32]:
        """The passages' vectors, (m, dim)."""


@dataclass(frozen=True, slots=True)
class Hit:
    """A passage that search found, best first by `score`; higher is better in every field.

    `dense`: inner product of the unit vectors. `late`: late interaction, mean over the question's tokens of the best
    cosine with a token of the passage. `words`: BM25 over the most the question's terms could give, 0 to 1.
    `tokens`: (n, dim) the passage's token vectors; `spans`: (n, 2) where they stand in its text; `states`: (n, width)
    the same tokens half-way through the encoder, width 0 where there are none.
    `coverage`: for each sentence of the passage the share of the question's terms, weighed by idf, found in it.
    """

    article: Article
    passage: Passage
    score: float
    dense: float
    late: float
    words: float
    tokens: NDArray[np.float32] = field(repr=False)
    spans: NDArray[np.int32] = field(repr=False)
    states: NDArray[np.float32] = field(repr=False)
    coverage: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Reading:
    """What a Reader found in one passage: the words that answer, the sentence or list item to quote around them."""

    hit: Hit
    answer: Span
    quote: Span
    confidence: float
    """Probability, 0 to 1, that these words answer the question."""


class Reader(Protocol):
    """Reads retrieved passages: readings best first, at most one a passage; empty when there is nothing to read."""

    def read(self, question: Question, hits: Sequence[Hit]) -> list[Reading]: ...


@dataclass(frozen=True, slots=True)
class Citation:
    """Words of the bulletin and where they stand: `article.body[start:end] == quote`, always."""

    article_id: str
    title: str
    url: str
    date: datetime.date | None
    section: str
    start: int
    end: int
    quote: str
    answer_start: int
    answer_end: int
    link: str
    """`url` with a text fragment that makes the browser scroll to the quote; empty when the article has no url."""

    def to_json(self) -> dict[str, Any]:
        return {
            "article_id": self.article_id,
            "title": self.title,
            "url": self.url,
            "date": self.date.isoformat() if self.date else "",
            "section": self.section,
            "start": self.start,
            "end": self.end,
            "quote": self.quote,
            "answer_start": self.answer_start,
            "answer_end": self.answer_end,
            "link": self.link,
        }


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer in the bulletin's own words, or a refusal (then `citations` is empty).

    `hits` is the evidence it was read from, in the reader's order and behind it what was not read in that of search; it
    is not part of the JSON contract.
    """

    question: str
    lang: Lang
    status: Literal["answered", "refused"]
    answer: str
    confidence: float
    citations: tuple[Citation, ...]
    index_version: str
    timings_ms: dict[str, float]
    hits: tuple[Hit, ...] = field(default=(), repr=False)

    def to_json(self) -> dict[str, Any]:
        """The contract every consumer relies on: command line, HTTP API, widget, eval."""
        return {
            "question": self.question,
            "lang": self.lang,
            "status": self.status,
            "answer": self.answer,
            "confidence": self.confidence,
            "citations": [citation.to_json() for citation in self.citations],
            "index_version": self.index_version,
            "timings_ms": self.timings_ms,
        }

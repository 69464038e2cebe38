"""A bulletin of any size, sampled around a real one: what `bench scale` measures.

Vectors: a real passage's vector plus a random mixture of the differences to its 32 nearest real neighbours, each with a
weight drawn from N(0, 0.7² / 32), brought to unit length. So each real passage is the middle of a cloud that spreads
as its neighbourhood does. As many sampled as real ones lie as the real ones do: the report holds `nearness` of both.

Texts: three to five sentences of real passages of one language, drawn at random, and two names that nobody bears, drawn
by Zipf's law out of four million; so that common words are as common as in the real texts and new words keep coming.
A passage's words and its vector are of no one passage; search proposes by each alone, so it costs what it would.
"""

from __future__ import annotations

import datetime
import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import faiss
import numpy as np
from numpy.typing import NDArray

from records import Article, Lang, Passage

NEIGHBOURS = 32
SPREAD = 0.7
"""Of the mixture. With 0.7 the median cosine to the nearest and the tenth nearest is 0.92 and 0.84, of real ones 0.90
and 0.85; the dimension they seem to lie in (Levina & Bickel 2004) 19, of real ones 18. With 1.0: 0.86, 0.79 and 24."""
SENTENCES = (3, 5)
NAMES, NAMES_EACH = 4_000_000, 2
PASSAGES_EACH = 6
SECTIONS = tuple(f"Section {number}" for number in range(1, 13))
_SYLLABLES = tuple(a + b for a in "bdfgklmnprstvz" for b in ("a", "e", "i", "o", "u", "an", "el", "or"))


@dataclass(frozen=True, slots=True)
class Real:
    """What is sampled around: real passages' vectors, float32 (n, dim), unit rows, and their sentences by language."""

    vectors: NDArray[np.float32]
    sentences: dict[Lang, Sequence[str]]


@dataclass(frozen=True, slots=True)
class Nearness:
    """Medians over the rows: cosine to the nearest other row and the tenth, and the local dimension."""

    first: float
    tenth: float
    dimension: float


def nearest(
    rows: NDArray[np.float32], queries: NDArray[np.float32], k: int
) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    """Inner products and numbers (queries, k) of the nearest rows, exact."""
    index = faiss.IndexFlatIP(rows.shape[1])
    index.add(rows)
    scores, numbers = index.search(queries, k)
    return scores, numbers


def nearness(rows: NDArray[np.float32], asked: int = 500, k: int = 50) -> Nearness:
    """Of some of the unit rows (n, dim) among all. The dimension is the maximum-likelihood one of the nearest `k`."""
    some = np.random.default_rng(0).choice(len(rows), min(asked, len(rows)), replace=False)
    scores, _ = nearest(rows, rows[some], k + 1)
    away = np.sqrt(np.maximum(2 - 2 * scores[:, 1:], 1e-9))
    dimensions = 1 / np.log(away[:, -1:] / away[:, :-1]).mean(axis=1)
    return Nearness(*(round(float(np.median(x)), 3) for x in (scores[:, 1], scores[:, 10], dimensions)))


def sample_vectors(real: NDArray[np.float32], count: int, seed: int = 0) -> NDArray[np.float32]:
    """float32 (count, dim), unit rows around those of `real`; those around one stand together, as an article's do."""
    chance = np.random.default_rng(seed)
    _, numbers = nearest(real, real, NEIGHBOURS + 1)
    sampled = np.empty((count, real.shape[1]), np.float32)
    at = 0
    for row, many in enumerate(chance.multinomial(count, np.full(len(real), 1 / len(real)))):
        weights = chance.normal(0, SPREAD / np.sqrt(NEIGHBOURS), (many, NEIGHBOURS)).astype(np.float32)
        sampled[at : at + many] = real[row] + weights @ (real[numbers[row, 1:]] - real[row])
        at += many
    sampled /= np.linalg.norm(sampled, axis=1, keepdims=True)
    return sampled


def sample_articles(real: Real, count: int, seed: int = 0) -> Iterator[tuple[Article, list[Passage]]]:
    """Articles of PASSAGES_EACH passages, `count` in all, a language as often as its sentences."""
    chance = np.random.default_rng(seed)
    langs = list(real.sentences)
    sizes = np.array([len(real.sentences[lang]) for lang in langs])
    first = datetime.date(2000, 1, 1).toordinal()
    for start in range(0, count, PASSAGES_EACH):
        lang = langs[chance.choice(len(langs), p=sizes / sizes.sum())]
        parts = [_sentences(real.sentences[lang], chance) for _ in range(min(PASSAGES_EACH, count - start))]
        section = SECTIONS[min(int(len(SECTIONS) ** chance.random()) - 1, len(SECTIONS) - 1)]
        date = datetime.date.fromordinal(first + int(chance.integers(25 * 365)))
        id = f"a{start // PASSAGES_EACH:07}"
        body = "\n\n".join(" ".join(part) for part in parts)
        yield (
            Article(id, parts[0][0][:80], lang, body, f"https://example.org/{id}", date, section),
            _passages(id, parts),
        )


def _sentences(real: Sequence[str], chance: np.random.Generator) -> list[str]:
    chosen = [real[i] for i in chance.integers(len(real), size=chance.integers(SENTENCES[0], SENTENCES[1] + 1))]
    for rank in (NAMES ** chance.random(NAMES_EACH)).astype(np.int64).tolist():
        chosen[rank % len(chosen)] += f" {_name(rank)}."
    return chosen


def _name(rank: int) -> str:
    syllables = []
    while rank:
        rank, syllable = divmod(rank, len(_SYLLABLES))
        syllables.append(_SYLLABLES[syllable])
    return "".join(syllables).capitalize()


def _passages(id: str, parts: Sequence[Sequence[str]]) -> list[Passage]:
    passages, at = [], 0
    for part in parts:
        starts = np.cumsum([at, *(len(sentence) + 1 for sentence in part)]).tolist()
        spans = tuple((a, b - 1) for a, b in zip(starts, starts[1:], strict=False))
        text = " ".join(part)
        passages.append(Passage(id, at, at + len(text), text, "body", spans))
        at += len(text) + 2
    return passages


def key(row: int) -> str:
    """In place of the hash of what a passage's vectors are made from."""
    return hashlib.sha256(str(row).encode()).hexdigest()

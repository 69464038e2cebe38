"""Word evidence: BM25 over stems, in which each language keeps its own words, and question words found in sentences.

Every term is a stem with the language it was stemmed in (`fr:minister`), so "die" of a German question never meets
"die" of an English passage. A question is stemmed once for each language of the index. For passages in its own
language all its terms count; for the others only what is not a stop word of the question's language: names, numbers
and words that the languages share are evidence there, and function words that look alike are not.
"""

from __future__ import annotations

import math
import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache, lru_cache
from pathlib import Path

import bm25s
import numpy as np
import Stemmer
from bm25s.stopwords import STOPWORDS_EN, STOPWORDS_FRENCH, STOPWORDS_GERMAN
from numpy.typing import NDArray

from index.stores.names import Names
from index.stores.postings import Postings
from records import LANGS, Found, Lang

_STEMMERS = {"fr": "french", "en": "english", "de": "german"}
_REMEMBERED = 4096
"""Terms whose number is kept: one question asks for each of its own about twenty times."""
_WORD = re.compile(r"\w+")
_ELISION = re.compile(r"\b(?:[cdjlmnst]|qu|jusqu|lorsqu|puisqu|quoiqu)['’](?=\w)", re.IGNORECASE)


def words(text: str) -> list[str]:
    """Lower-cased words, elisions cut off: "L’Allemagne qu’on" → ["allemagne", "on"]."""
    return _WORD.findall(_ELISION.sub(" ", unicodedata.normalize("NFKC", text)).lower())


def fold(word: str) -> str:
    """The word without its accents, as people type in haste."""
    if word.isascii():
        return word
    return "".join(c for c in unicodedata.normalize("NFD", word) if not unicodedata.combining(c))


@cache
def _stemmer(lang: Lang) -> Stemmer.Stemmer:
    return Stemmer.Stemmer(_STEMMERS[lang])


@cache
def stop_words(lang: Lang) -> frozenset[str]:
    """Words that say nothing by themselves, folded."""
    lists = {"fr": STOPWORDS_FRENCH, "en": STOPWORDS_EN, "de": STOPWORDS_GERMAN}
    return frozenset(fold(word) for word in lists[lang])


def stems(tokens: Sequence[str], lang: Lang) -> list[str]:
    """Terms of the index for words of a text in `lang`."""
    return [f"{lang}:{fold(stem)}" for stem in _stemmer(lang).stemWords(list(tokens))]


def question_stems(text: str, lang: Lang, index_lang: Lang) -> list[str]:
    """What to look for in passages of `index_lang` for a question in `lang`."""
    return list(_question_stems(text, lang, index_lang))


@lru_cache(64)  # one search asks for the same again for each hit
def _question_stems(text: str, lang: Lang, index_lang: Lang) -> tuple[str, ...]:
    tokens = words(text)
    if lang != index_lang:
        tokens = [token for token in tokens if fold(token) not in stop_words(lang)]
    return tuple(stems(tokens, index_lang))


class LexicalIndex:
    """BM25 (weights by bm25s, Lucene's variant, k1 = 1.5, b = 0.75) over passages of several languages."""

    def __init__(self, vocabulary: Names, postings: Postings) -> None:
        """`postings`: of the terms as `vocabulary` numbers them."""
        self.vocabulary, self.postings = vocabulary, postings
        self._number = lru_cache(_REMEMBERED)(vocabulary.number)

    @classmethod
    def build(cls, texts: Iterable[str], langs: Iterable[Lang]) -> LexicalIndex:
        numbers: dict[str, int] = {}
        found = list(_term_numbers(texts, langs, numbers))
        bm25 = bm25s.BM25(auto_compile=False)
        bm25.index((found, numbers), create_empty_token=False, show_progress=False)
        starts = np.asarray(bm25.scores["indptr"], np.int64)
        rows = np.asarray(bm25.scores["indices"], np.int32)
        scores = np.asarray(bm25.scores["data"], np.float32)
        most = np.maximum.reduceat(scores, starts[:-1])
        return cls(Names.of(list(numbers)), Postings(len(found), starts, rows, scores, most))

    def save(self, directory: Path) -> None:
        directory.mkdir(exist_ok=True)
        self.vocabulary.save(directory, "terms")
        self.postings.save(directory)

    @classmethod
    def load(cls, directory: Path) -> LexicalIndex:
        """Memory-mapped: only what questions ask for is read."""
        return cls(Names.load(directory, "terms"), Postings.load(directory))

    def best(self, terms: Mapping[str, float], k: int, admitted: NDArray[np.bool_] | None = None) -> Found:
        """The `k` passages with the highest BM25 over weighted `terms`, those of 0 left out, of the `admitted` (n,)."""
        return self.postings.best(self._numbered(terms), k, admitted)

    def scores_of(self, terms: Mapping[str, float], rows: NDArray[np.int64]) -> NDArray[np.float32]:
        """BM25 over weighted `terms` of these passages, float32 (m,)."""
        return self.postings.scores_of(self._numbered(terms), rows)

    def scores(self, question: str, lang: Lang) -> NDArray[np.float32]:
        """BM25 of every passage, float32 (n,), each under its own language's view of the question."""
        terms = Counter(term for index_lang in LANGS for term in question_stems(question, lang, index_lang))
        return self.postings.all_scores(self._numbered(terms))

    def weighted_terms(self, question: str, lang: Lang) -> dict[str, float]:
        """The question's terms in each language, and how much each one's BM25 counts: as often as it was asked for,
        over the most that all of its language could give, the sum of their idf, seen or not: words score 0 to 1."""
        weighted: dict[str, float] = {}
        for index_lang in LANGS:
            terms = Counter(question_stems(question, lang, index_lang))
            bound = sum(times * self.idf(term) for term, times in terms.items())
            weighted |= {term: times / bound for term, times in terms.items()}
        return weighted

    def frequency(self, term: str) -> int:
        """How many passages hold it."""
        number = self.vocabulary.number(term)
        return 0 if number is None else self.postings.frequency(number)

    def idf(self, term: str) -> float:
        """Lucene's inverse document frequency of a term; a term that no passage holds has the highest of all."""
        number = self._number(term)
        frequency = 0 if number is None else self.postings.frequency(number)
        return math.log1p((self.postings.count - frequency + 0.5) / (frequency + 0.5))

    def _numbered(self, terms: Mapping[str, float]) -> dict[int, float]:
        return {number: float(weight) for term, weight in terms.items() if (number := self._number(term)) is not None}

    def coverage(self, question: str, lang: Lang, sentences: Sequence[str], sentence_lang: Lang) -> list[float]:
        """For each sentence the share, 0 to 1, of the question's terms it holds, weighed by idf."""
        weights = {term: self.idf(term) for term in question_stems(question, lang, sentence_lang)}
        total = sum(weights.values()) or 1.0
        found = (weights.keys() & set(stems(words(sentence), sentence_lang)) for sentence in sentences)
        return [sum(weights[term] for term in terms) / total for terms in found]


def _term_numbers(texts: Iterable[str], langs: Iterable[Lang], numbers: dict[str, int]) -> Iterator[list[int]]:
    """The numbers of each text's terms; new terms are given the next number in `numbers`."""
    known: dict[tuple[Lang, str], int] = {}  # a word is stemmed once, not as often as it is written
    for text, lang in zip(texts, langs, strict=True):
        found = words(text)
        for word in found:
            if (lang, word) not in known:
                known[lang, word] = numbers.setdefault(stems([word], lang)[0], len(numbers))
        yield [known[lang, word] for word in found] or [numbers.setdefault(f"{lang}:", len(numbers))]

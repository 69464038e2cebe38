"""Word evidence: BM25 over stems, in which each language keeps its own words, and question words found in sentences.

Every term is a stem with the language it was stemmed in (`fr:minister`), so "die" of a German question never meets
"die" of an English passage. A question is stemmed once for each language of the index. For passages in its own
language all its terms count; for the others only what is not a stop word of the question's language: names, numbers
and words that the languages share are evidence there, and function words that look alike are not.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from functools import cache
from pathlib import Path

import bm25s
import numpy as np
import Stemmer
from bm25s.stopwords import STOPWORDS_EN, STOPWORDS_FRENCH, STOPWORDS_GERMAN
from numpy.typing import NDArray

from records import LANGS, Lang

_STEMMERS = {"fr": "french", "en": "english", "de": "german"}
_WORD = re.compile(r"\w+")
_ELISION = re.compile(r"\b(?:[cdjlmnst]|qu|jusqu|lorsqu|puisqu|quoiqu)['’](?=\w)", re.IGNORECASE)


def words(text: str) -> list[str]:
    """Lower-cased words, elisions cut off: "L’Allemagne qu’on" → ["allemagne", "on"]."""
    return _WORD.findall(_ELISION.sub(" ", unicodedata.normalize("NFKC", text)).lower())


def fold(word: str) -> str:
    """The word without its accents, as people type in haste."""
    return "".join(c for c in unicodedata.normalize("NFD", word) if not unicodedata.combining(c))


@cache
def _stemmer(lang: Lang) -> Stemmer.Stemmer:
    return Stemmer.Stemmer(_STEMMERS[lang])


@cache
def _stop_words(lang: Lang) -> frozenset[str]:
    lists = {"fr": STOPWORDS_FRENCH, "en": STOPWORDS_EN, "de": STOPWORDS_GERMAN}
    return frozenset(fold(word) for word in lists[lang])


def stems(tokens: Sequence[str], lang: Lang) -> list[str]:
    """Terms of the index for words of a text in `lang`."""
    return [f"{lang}:{fold(stem)}" for stem in _stemmer(lang).stemWords(list(tokens))]


def question_stems(text: str, lang: Lang, index_lang: Lang) -> list[str]:
    """What to look for in passages of `index_lang` for a question in `lang`."""
    tokens = words(text)
    if lang != index_lang:
        tokens = [token for token in tokens if fold(token) not in _stop_words(lang)]
    return stems(tokens, index_lang)


class LexicalIndex:
    """BM25 (bm25s, Lucene's variant, k1 = 1.5, b = 0.75) over passages of several languages."""

    def __init__(self, bm25: bm25s.BM25) -> None:
        self._bm25 = bm25
        self._langs: tuple[Lang, ...] = tuple(
            lang for lang in LANGS if any(term.startswith(f"{lang}:") for term in bm25.vocab_dict)
        )

    @classmethod
    def build(cls, texts: Sequence[str], langs: Sequence[Lang]) -> LexicalIndex:
        bm25 = bm25s.BM25(auto_compile=False)
        terms = [stems(words(text), lang) or [f"{lang}:"] for text, lang in zip(texts, langs, strict=True)]
        bm25.index(terms, show_progress=False)
        return cls(bm25)

    def save(self, directory: Path) -> None:
        self._bm25.save(directory, show_progress=False)

    @classmethod
    def load(cls, directory: Path) -> LexicalIndex:
        return cls(bm25s.BM25.load(directory, load_corpus=False, mmap=True, show_progress=False, auto_compile=False))

    def scores(self, question: str, lang: Lang) -> NDArray[np.float32]:
        """BM25 of every passage, float32 (n,), each under its own language's view of the question."""
        terms = [term for index_lang in self._langs for term in question_stems(question, lang, index_lang)]
        return np.asarray(self._bm25.get_scores_from_ids(self._bm25.get_tokens_ids(terms)), np.float32)

    def idf(self, term: str) -> float:
        """Lucene's inverse document frequency of a term; a term that no passage holds has the highest of all."""
        count = int(self._bm25.scores["num_docs"])
        token = self._bm25.vocab_dict.get(term)
        pointers = self._bm25.scores["indptr"]
        frequency = 0 if token is None else int(pointers[token + 1] - pointers[token])
        return float(np.log1p((count - frequency + 0.5) / (frequency + 0.5)))

    def coverage(self, question: str, lang: Lang, sentences: Sequence[str], sentence_lang: Lang) -> list[float]:
        """For each sentence the share, 0 to 1, of the question's terms it holds, weighed by idf."""
        weights = {term: self.idf(term) for term in question_stems(question, lang, sentence_lang)}
        total = sum(weights.values()) or 1.0
        found = (weights.keys() & set(stems(words(sentence), sentence_lang)) for sentence in sentences)
        return [sum(weights[term] for term in terms) / total for terms in found]

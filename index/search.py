"""A question to hits: vectors and words propose candidates, late interaction and words rank them.

The score of a passage is `late + 0.15 · words` in the question's own language, `late` in another. `late` is MaxSim
(Khattab & Zaharia 2020, ColBERT) on the encoder's own token vectors: the mean over the question's tokens of the best
cosine with a token of the passage; to meet its own language the question's tokens come out of layers trained for it.
`words` is BM25 divided by the most that the question's terms could give, so it lies between 0 and 1 whatever the
corpus. Across languages words propose candidates (a name is a name) but do not rank them, so no language loses by the
fusion. The weights were chosen on articles of public sets that no result is of: `python -m bench retrieval`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from index.stores.columns import KINDS
from index.versions.store import Index
from records import LANGS, Encoding, Filters, Hit, Kind, Passage, Question

CANDIDATES = 60
"""Taken from each of vectors and words before ranking."""
WORDS_WEIGHT = 0.15
_SLOPE, _OFFSET = 0.75, 0.245
"""What puts late interaction by a question's own layers on the scale of the encoder's, so that passages in other
languages stay comparable: right passages, and the best wrong ones, score about the same in the mean by both
(`python -m bench retrieval`)."""
_APPARATUS_PENALTY = 0.01
"""Kept back from parts that repeat the body's words without saying anything; a fifth of the spread of `late`."""
_PENALISED: tuple[Kind, ...] = ("contacts", "sources", "signature")


def apparatus_penalty(passage: Passage) -> float:
    return _APPARATUS_PENALTY if passage.kind in _PENALISED else 0.0


def search(index: Index, question: Question, k: int, filters: Filters | None = None) -> list[Hit]:
    """The best `k` passages for a question, best first, of the articles that `filters` admit; ties in the order of the
    corpus."""
    terms = weighted_terms(index, question)
    nearest, _ = index.store.nearest(question.encoding.vector, CANDIDATES, filters)
    wordiest, _ = index.store.wordiest(terms, CANDIDATES, filters)
    return _ranked(index, question, np.union1d(nearest, wordiest), terms, k)


def search_within(index: Index, question: Question, article_id: str) -> list[Hit]:
    """The passages of one article, best first."""
    own = index.rows_of(article_id)
    return _ranked(index, question, own, weighted_terms(index, question), len(own))


def _ranked(index: Index, question: Question, rows: NDArray[np.int64], terms: Mapping[str, float], k: int) -> list[Hit]:
    """The best `k` of these rows of the index. `terms`: what `weighted_terms` gives."""
    encoding, columns = question.encoding, index.columns
    dense = index.store.vectors(rows) @ encoding.vector
    words = index.store.word_scores(terms, rows)
    penalised = np.isin(columns.kinds[rows], [KINDS.index(kind) for kind in _PENALISED])
    same_language = columns.langs[rows] == LANGS.index(question.lang)
    late = np.zeros(len(rows), np.float32)
    for same in (True, False):
        own = np.flatnonzero(same_language == same)
        if own.size:
            late[own] = _late(encoding, [index.tokens.of(row).vectors() for row in rows[own].tolist()], same)
    score = late + WORDS_WEIGHT * same_language * words - np.float32(_APPARATUS_PENALTY) * penalised
    best = np.argsort(-score, kind="stable")[:k]
    return [_hit(index, question, int(rows[i]), score[i], dense[i], late[i], words[i]) for i in best]


def weighted_terms(index: Index, question: Question) -> dict[str, float]:
    """What a question asks the store's words for: `index.stores.lexical.LexicalIndex.weighted_terms`."""
    return index.lexical.weighted_terms(question.searched or question.text, question.lang)


def _late(question: Encoding, passages: Sequence[NDArray[np.float32]], same_language: bool) -> NDArray[np.float32]:
    """MaxSim with the token vectors of passages, float32 (m, dim) each, on one scale in all languages; float32
    (passages,)."""
    tokens = question.tokens_for(same_language)
    late = np.array([_max_sim(tokens, rows) for rows in passages], np.float32)
    return np.float32(_SLOPE) * late + np.float32(_OFFSET) if same_language and question.as_query else late


def _max_sim(question: NDArray[np.float32], passage: NDArray[np.float32]) -> float:
    if not len(question) or not len(passage):
        return 0.0
    return float((question @ passage.T).max(axis=1).mean())


def _hit(index: Index, question: Question, row: int, score: float, dense: float, late: float, words: float) -> Hit:
    passage = index.passages[row]
    article = index.articles[passage.article_id]
    texts = [article.body[start:end] for start, end in passage.sentences]
    rows = index.tokens.of(row)
    return Hit(
        article, passage, float(score), float(dense), float(late), float(words), rows.vectors(), rows.spans,
        rows.states(), tuple(index.lexical.coverage(question.text, question.lang, texts, article.lang)),
    )  # fmt: skip

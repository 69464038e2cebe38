"""A question to hits: vectors and words propose candidates, late interaction and words rank them.

The score of a passage is `late + 0.2 · words` in the question's own language, `late` in another. `late` is MaxSim
(Khattab & Zaharia 2020, ColBERT) on the encoder's own token vectors: the mean over the question's tokens of the best
cosine with a token of the passage. `words` is BM25 divided by the most that the question's terms could give, so it
lies between 0 and 1 whatever the corpus. Across languages words propose candidates (a name is a name) but do not rank
them, so no language loses by the fusion. The weights were chosen on one half of the articles of public sets and are
reported on the other: `python -m bench retrieval`.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from index.lexical import question_stems
from index.store import Index
from records import LANGS, Filters, Hit, Passage, Question

CANDIDATES = 30
"""Taken from each of vectors and words before ranking."""
WORDS_WEIGHT = 0.2
_APPARATUS_PENALTY = 0.01
"""Kept back from parts that repeat the body's words without saying anything; a fifth of the spread of `late`."""


def apparatus_penalty(passage: Passage) -> float:
    return _APPARATUS_PENALTY if passage.kind in ("contacts", "sources", "signature") else 0.0


def search(index: Index, question: Question, k: int, filters: Filters | None = None) -> list[Hit]:
    """The best `k` passages for a question, best first, of the articles that `filters` admit; ties in the order of the
    corpus."""
    lexical = _word_scores(index, question)
    admitted = _admitted(index, filters) if filters else None
    nearest, _ = index.vectors.search(question.encoding.vector, CANDIDATES, admitted)
    wordiest = np.argsort(-lexical, kind="stable")
    if admitted is not None:
        wordiest = wordiest[np.isin(wordiest, admitted)]
    wordiest = wordiest[:CANDIDATES]
    candidates = np.unique(np.concatenate([nearest, wordiest[lexical[wordiest] > 0]]))
    return _ranked(index, question, candidates, lexical, k)


def _admitted(index: Index, filters: Filters) -> NDArray[np.int64]:
    """The rows of the passages whose articles may answer."""
    ids = {article.id for article in index.articles.values() if filters.admit(article)}
    return np.array([row for row, passage in enumerate(index.passages) if passage.article_id in ids], np.int64)


def search_within(index: Index, question: Question, article_id: str) -> list[Hit]:
    """The passages of one article, best first."""
    own = np.array([row for row, passage in enumerate(index.passages) if passage.article_id == article_id], np.int64)
    return _ranked(index, question, own, _word_scores(index, question), len(own))


def _ranked(
    index: Index, question: Question, rows: NDArray[np.int64], lexical: NDArray[np.float32], k: int
) -> list[Hit]:
    """The best `k` of these rows of the index. `lexical`: what `_word_scores` gives for all rows."""
    encoding = question.encoding
    dense = index.vectors.rows(rows.tolist()) @ encoding.vector
    late = np.array([_max_sim(encoding.tokens, index.tokens.of(row).vectors()) for row in rows], np.float32)
    penalty = [apparatus_penalty(index.passages[row]) for row in rows]
    same_language = index.langs[rows] == LANGS.index(question.lang)
    score = late + WORDS_WEIGHT * same_language * lexical[rows] - np.array(penalty, np.float32)
    best = np.argsort(-score, kind="stable")[:k]
    return [_hit(index, question, int(rows[i]), score[i], dense[i], late[i], lexical[rows[i]]) for i in best]


def _word_scores(index: Index, question: Question) -> NDArray[np.float32]:
    """BM25 of every passage over its upper bound, the sum of the idf of the question's terms, seen or not."""
    text = question.searched or question.text
    bounds = np.array(
        [sum(index.lexical.idf(term) for term in question_stems(text, question.lang, lang)) or 1.0 for lang in LANGS],
        np.float32,
    )
    return index.lexical.scores(text, question.lang) / bounds[index.langs]


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

"""Which articles are about a subject, and the sentence of each that says so best.

How likely an article is about the subject is a logistic function of late interaction (the mean over the subject's
tokens of the best cosine with a token of its best passage) and, where both are in one language, of the share of the
subject's words that its title and body hold. The subject is encoded behind "articles about", whose tokens are left
out. The weights are of logistic regressions: within a language on the titles of PIAF's articles, asked of bulletins
that have and that lack them; across languages on 62 subjects for `eval/bulletins/dated`. English titles over XQuAD's
German articles, with and without those that they name, are told apart in 31 of 32 cases, over its English ones in all.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

import numpy as np

from index.stores.lexical import fold, stems, stop_words, words
from records import Encoder, Encoding, Hit, Lang, Question, Reading, Span

_LATE, _EVEN, _SHARE = 60.0, 0.86, 3.5
"""Within a language: weight of late interaction, where it tips the scales with half of the words shared, weight of the
share of words."""
_TITLED = 2.0
"""What it adds that a title holds all of the subject's words: nearly a title is how most ask for an article."""
_LATE_ACROSS, _EVEN_ACROSS = 79.0, 0.795
_CONTEXT: dict[Lang, str] = {"fr": "articles sur", "en": "articles about", "de": "Artikel über"}


def likelihood(late: float, share: float | None, titled: bool = False) -> float:
    """0 to 1. `share`: of the subject's words in the article; None across languages. `titled`: all are in its title."""
    if share is None:
        return 1 / (1 + math.exp(-_LATE_ACROSS * (late - _EVEN_ACROSS)))
    return 1 / (1 + math.exp(-_LATE * (late - _EVEN) - _SHARE * (share - 0.5) - _TITLED * titled))


def subject(topic: str, lang: Lang, encoder: Encoder) -> Question:
    """A topic as a Question whose token vectors are the topic's own, coloured by what stands before them."""
    context = _CONTEXT[lang]
    topic = topic.lower() if topic.isupper() else topic
    whole = encoder.encode_question(f"{context} {topic}")
    own = whole.spans[:, 0] > len(context)
    return Question(topic, lang, Encoding(whole.vector, whole.tokens[own], whole.spans[own], whole.states[own]))


def about(asked: Question, hits: Iterable[Hit]) -> list[Reading]:
    """A Reading for each article among `hits`, the likeliest first; its confidence is that the article is about
    what is `asked` for. All of the sentence quoted is the answer."""
    best: dict[str, Hit] = {}
    for hit in hits:
        if hit.article.id not in best or hit.late > best[hit.article.id].late:
            best[hit.article.id] = hit
    readings = [_reading(asked, hit) for hit in best.values()]
    return sorted((r for r in readings if r), key=lambda reading: -reading.confidence)


def opening(title: str, hits: Sequence[Hit], confidence: float) -> Reading | None:
    """The first sentence of an article that is not its title. `hits`: its passages, in any order; where all of them are
    sources, contacts and the like, these."""
    told = [hit for hit in hits if hit.passage.kind == "body"] or hits
    sentences = [(span, hit) for hit in told for span in hit.passage.sentences]
    untitled = [(span, hit) for span, hit in sentences if hit.article.body[slice(*span)] != title]
    if not sentences:
        return None
    span, hit = min(untitled or sentences, key=lambda one: one[0])
    return Reading(hit, span, span, confidence)


def _reading(asked: Question, hit: Hit) -> Reading | None:
    quote, article = _best_sentence(asked, hit), hit.article
    if not quote:
        return None
    if asked.lang != article.lang:
        return Reading(hit, quote, quote, likelihood(hit.late, None))
    title = _share(asked, article.title)
    share = _share(asked, f"{article.title} {article.body}")
    return Reading(hit, quote, quote, likelihood(hit.late, share, titled=title == 1))


def _share(asked: Question, text: str) -> float:
    """Of the words asked for, stop words left out, those that a text in the same language holds."""
    tokens = words(asked.text)
    telling = [token for token in tokens if fold(token) not in stop_words(asked.lang)]
    terms = set(stems(telling or tokens, asked.lang))
    return len(terms & set(stems(words(text), asked.lang))) / len(terms) if terms else 0.0


def _best_sentence(asked: Question, hit: Hit) -> Span | None:
    """By late interaction of the subject with the sentence's own tokens; a title repeated in the body says nothing."""
    if not len(asked.encoding.tokens) or not len(hit.tokens):
        return None
    cosines, starts = asked.encoding.tokens @ hit.tokens.T, hit.spans[:, 0] + hit.passage.start
    scored = [
        (float(cosines[:, own].max(axis=1).mean()), span)
        for span in hit.passage.sentences
        if (own := np.flatnonzero((starts >= span[0]) & (starts < span[1]))).size
    ]
    untitled = [one for one in scored if hit.article.body[slice(*one[1])] != hit.article.title]
    return max(untitled or scored, key=lambda one: one[0])[1] if scored else None

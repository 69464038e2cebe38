"""Answers from what is known of articles: which there are, who wrote one, when, in which section.

They are cited like any other: each article named is quoted with the sentence that is most about the subject, or with
the line of its body that names the author. What is known of an article needs no reader; how sure an answer is is how
likely the article cited first is about the subject (`answer.subject`), or 1 where no subject was named and dates,
sections and authors were only compared.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

from answer import archive_phrases as phrases
from answer.about import Request
from answer.names import names_of
from answer.subject import about, opening, subject
from index.search import search, search_within
from index.versions.store import Index
from records import Article, Encoder, Filters, Hit, Lang, Question, Reading, Span

LIKELY = 0.5
"""An article less likely than this to be about the subject is not named, whatever the reader's threshold."""
FOUND = 60
"""Passages searched for a subject."""
_RIVAL = 1.0
"""By how much (log odds) another article may be less likely the one meant than the best one, and still be told of."""


@dataclass(frozen=True, slots=True)
class Finding:
    """What a request came to: `readings` to cite, none where it is refused in `words`; `hits`: the evidence."""

    words: str
    confidence: float
    readings: tuple[Reading, ...]
    hits: tuple[Hit, ...]


def find(
    index: Index, encoder: Encoder, asked: Question, request: Request, filters: Filters, threshold: float, most: int
) -> Finding:
    """Answer a request for articles or for what is known of one. `most`: how many articles are named."""
    lang = asked.lang
    if request.unknown_section:
        sections = sorted(names_of(index.version, index.articles).sections)
        return Finding(phrases.no_such_section(request.unknown_section, sections, lang), 0.0, (), ())
    if request.topic:
        topic = subject(request.topic, lang, encoder)
        hits = tuple(search(index, topic, FOUND, filters))
        readings = [reading for reading in about(topic, hits) if _by(request.author, reading.hit.article)]
        count = sum(reading.confidence >= max(LIKELY, threshold) for reading in readings)
    else:
        hits = ()
        readings, count = _admitted(index, asked, request, filters, most)
    if not (count and readings):
        best = readings[0].confidence if readings else 0.0
        return Finding(phrases.no_articles(request, filters, lang), best, (), hits)
    likely = readings[:count]
    if request.extreme:
        count = min(count, most if request.several is None else request.several)
        likely = _by_date(likely, newest=request.extreme == "newest")[:count]
    if request.kind != "articles":
        return _known(index, asked, likely, request, most, hits)
    named = likely[:most]
    words = phrases.articles([reading.hit.article for reading in named], count, request, filters, lang)
    return Finding(words, named[0].confidence, tuple(named), evidence(named, hits))


def passages_about(index: Index, encoder: Encoder, request: Request, filters: Filters, lang: Lang) -> list[Reading]:
    """What was written about the topic of a request: the sentences most about it of the articles that likely are."""
    topic = subject(request.topic, lang, encoder)
    return [r for r in about(topic, search(index, topic, FOUND, filters)) if r.confidence >= LIKELY]


def evidence(readings: Sequence[Reading], hits: Sequence[Hit]) -> tuple[Hit, ...]:
    """What is cited first, then what else was found, each once."""
    found = {(hit.article.id, hit.passage.start): hit for hit in (*(r.hit for r in readings), *hits)}
    return tuple(found.values())


def _admitted(
    index: Index, asked: Question, request: Request, filters: Filters, most: int
) -> tuple[list[Reading], int]:
    """Where no subject is named: the first `most` of the articles admitted, and how many there are. None where nothing
    at all was named: that would be every article, and no answer."""
    if filters == Filters() and not (request.author or request.extreme):
        return [], 0
    cards = names_of(index.version, index.articles).cards
    admitted = [card for card in cards if filters.admit(card) and _by(request.author, card)]
    if request.extreme == "oldest":
        admitted = [card for card in reversed(admitted) if card.date] or admitted
    named = [opening(card.title, search_within(index, asked, card.id), 1.0) for card in admitted[:most]]
    return [reading for reading in named if reading], len(admitted)


def _by(author: str, article: Article) -> bool:
    return not author or author in article.authors


def _by_date(readings: Sequence[Reading], newest: bool) -> list[Reading]:
    dated = [reading for reading in readings if reading.hit.article.date]
    return sorted(dated, key=lambda r: str(r.hit.article.date), reverse=newest) or list(readings)


def _known(
    index: Index, asked: Question, likely: Sequence[Reading], request: Request, most: int, hits: tuple[Hit, ...]
) -> Finding:
    """What is asked of the best article, and of those that may have been meant as well."""
    lang = asked.lang
    meant = [r for r in likely if _log_odds(likely[0]) - _log_odds(r) <= _RIVAL][:most]
    telling = [reading for reading in meant if _value(request, reading.hit.article)]
    if not telling:
        return Finding(phrases.not_known(request.kind, meant[0].hit.article, lang), meant[0].confidence, (), hits)
    words = " ".join(phrases.known(request.kind, reading.hit.article, lang) for reading in telling)
    if request.kind == "author":
        telling = [_signed(index, asked, reading) for reading in telling]
    return Finding(words, telling[0].confidence, tuple(telling), evidence(telling, hits))


def _value(request: Request, article: Article) -> object:
    return {"author": article.authors, "date": article.date, "section": article.section}[request.kind]


def _log_odds(reading: Reading) -> float:
    sure = min(reading.confidence, 1 - 1e-9)
    return math.log(sure / (1 - sure))


def _signed(index: Index, asked: Question, reading: Reading) -> Reading:
    """The same, quoting the line that names the author where the body has one."""
    article = reading.hit.article
    for name in article.authors:
        at = article.body.rfind(name)
        holding = [h for h in search_within(index, asked, article.id) if h.passage.start <= at < h.passage.end]
        if at >= 0 and holding:
            return replace(reading, hit=holding[0], answer=(at, at + len(name)), quote=_line(article.body, at))
    return reading


def _line(body: str, at: int) -> Span:
    end = body.find("\n", at)
    line = body[(start := body.rfind("\n", 0, at) + 1) : end if end >= 0 else len(body)]
    return start + len(line) - len(line.lstrip()), start + len(line.rstrip())

"""When, in a question: spans of time, and the words that join dates to the sentence; in three languages.

    points    "juin 2011", "14 March 2012", "last year"          → first and last day (`answer.days`)
    periods   "entre 2010 et 2012", "seit März 2013", "en 2012"  → points with the words that join them to the sentence

Whether a period says when an article was published or what it is about is not decided here, but in `answer.published`.
"""

from __future__ import annotations

import datetime
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

from answer.days import Point, plain, points

Link = Literal["time", "of", "bare"]
"""How a date hangs on the sentence: by time ("en 2012"), on a noun ("de 2012"), or by nothing ("2012")."""
Bounds = tuple[datetime.date | None, datetime.date | None]
"""First and last day, None for open."""


@dataclass(frozen=True, slots=True)
class Period:
    """From one day to another, both included, None for open; `start` and `end`: where it stands in the question, with
    the words that join it to the sentence."""

    since: datetime.date | None
    until: datetime.date | None
    start: int
    end: int
    link: Link


def periods(text: str, today: datetime.date, newest: datetime.date | None = None) -> list[Period]:
    """The periods that `text` names, in their order. `newest`: the day of the last article; an issue's month without
    a year is the last such month up to it."""
    folded = plain(text)
    dates = points(folded, today, newest or today)
    masked = folded
    for point in dates:
        masked = masked[: point.start] + "\0" * (point.end - point.start) + masked[point.end :]
    found: list[Period] = []
    for pattern, join in _JOINS:
        for match in pattern.finditer(masked):
            inside = [p for p in dates if match.start() <= p.start and p.end <= match.end()]
            if not any(match.start() < p.end and p.start < match.end() for p in found):
                found.append(join(match, inside))
    return sorted(found, key=lambda period: period.start)


def common(bounds: Sequence[Bounds]) -> Bounds:
    """The time that all `bounds` share; where they share none ("de 2011, … de 2013"), from the first to the last."""
    opening, closing = [since for since, _ in bounds], [until for _, until in bounds]
    since, until = max(filter(None, opening), default=None), min(filter(None, closing), default=None)
    if since and until and since > until:
        since = None if None in opening else min(filter(None, opening))
        until = None if None in closing else max(filter(None, closing))
    return since, until


_POINT = (
    r"(?:(?<!\w)(?:l[ea]s? |l'|the |de[nrm] ))?"
    r"(?:(?<!\w)(?:annees? |years? |jahre?[ns]? |months? of |monats? |mois d(?:e |')))?\0+"
)
_IN = (
    r"dans|au cours des?|au cours du mois de|pendant|durant|during|wahrend|courant|in the year|in the course of"
    r"|im (?:laufe|verlauf) des|im|in|en|on|am|au"
)
_OF = r"aus dem|aus|des|du|de la|de|d'|of the|of|from|vom|von|le"


def _range(match: re.Match[str], points: list[Point]) -> Period:
    begin, end = points[0], points[-1]
    if begin.first > end.last and begin.first.year == end.last.year and begin.first != begin.last:
        new_year = begin.first.replace(year=begin.first.year - 1)  # "from December to February 2012"
        return Period(new_year, end.last, *match.span(), "time")
    return Period(min(begin.first, end.first), max(begin.last, end.last), *match.span(), "time")


def _bounded(match: re.Match[str], points: list[Point]) -> Period:
    """From, after, until or before a point, or between two such bounds: "after 2011 and before 2014"."""
    bounds = [_bound(word, point) for word, point in zip((match["bound"], match["other"]), points, strict=False)]
    return Period(*common(bounds), *match.span(), "time")


def _bound(word: str, point: Point) -> Bounds:
    if re.fullmatch(_AFTER, word):
        return point.last + datetime.timedelta(days=1), None
    if re.fullmatch(_BEFORE, word):
        return None, point.first - datetime.timedelta(days=1)
    return (None, point.last) if re.fullmatch(_UNTIL, word) else (point.first, None)


def _onwards(match: re.Match[str], points: list[Point]) -> Period:
    return Period(points[0].first, None, *match.span(), "time")


def _backwards(match: re.Match[str], points: list[Point]) -> Period:
    return Period(None, points[0].last, *match.span(), "time")


def _at(match: re.Match[str], points: list[Point]) -> Period:
    """One point; of several ("2011 et 2013"), from the earlier to the later, as filters know no gap."""
    relative = any(point.relative for point in points)
    decade = points[0].last.year - points[0].first.year == 9 and not relative  # "Berlin in the 1920s": Berlin's own
    link: Link = "of" if decade else "time" if match["in"] or relative else "of" if match["of"] else "bare"
    return Period(min(p.first for p in points), max(p.last for p in points), *match.span(), link)


_SINCE = r"depuis|since|seit|a partir d[eu]|a compter d[eu]|des(?! (?:annees|jahres|monats))|ab|starting (?:in|from)"
_AFTER, _BEFORE = "apres|after|nach", "avant|before|vor"
_UNTIL = r"jusqu'(?:en|a|au)|until|till|up to|bis(?: zum)?"
_BOUND = rf"(?:{_SINCE}|{_AFTER}|{_BEFORE}|{_UNTIL})"
_FROM = r"(?:de|du|d'|from|vo[nm])"
_TO_TODAY = rf"(?:a|to|{_UNTIL}) (?:aujourd'hui|maintenant|nos jours|ce jour|today|now|heute|jetzt)\b"
_AND = r"(?:et|and|und|ou|or|oder)"
_LATER = r"(?:later|spater|danach|plus tard|(?:apres|after)(?=\s*(?:[?.!]|$)))\b"
_EARLIER = r"(?:earlier|fruher|davor|plus tot|(?:avant|before)(?=\s*(?:[?.!]|$)))\b"
_JOINED = rf"(?:\b(?P<in>{_IN}) |\b(?P<of>{_OF}) ?)?"
_AGAIN = rf"(?:\b(?:{_IN}) |\b(?:{_OF}) ?)?"
_JOINS: tuple[tuple[re.Pattern[str], Callable[[re.Match[str], list[Point]], Period]], ...] = (
    (re.compile(rf"\b(?:entre|between|zwischen) {_POINT},? (?:et|and|und) {_POINT}"), _range),
    (re.compile(rf"\b(?:{_FROM}|{_SINCE}) ?{_POINT} (?:au?|to|{_UNTIL}) {_POINT}"), _range),
    (re.compile(rf"{_AGAIN}{_POINT} ?(?:-|bis|to|au?) ?{_POINT}"), _range),
    (
        re.compile(
            rf"\b(?P<bound>{_BOUND}) {_POINT}"
            rf"(?: {_TO_TODAY}|,?(?: {_AND}| mais| but| aber)? (?P<other>{_BOUND}) {_POINT})?"
        ),
        _bounded,
    ),
    (re.compile(rf"\b(?:from {_POINT} on|vo[nm] {_POINT} an|{_FROM} ?{_POINT} {_TO_TODAY})\b"), _onwards),
    (re.compile(rf"{_JOINED}{_POINT} (?:onwards?\b|{_AND} {_LATER})"), _onwards),
    (re.compile(rf"{_JOINED}{_POINT} {_AND} {_EARLIER}"), _backwards),
    (re.compile(rf"{_JOINED}{_POINT}(?:, ?(?:(?P=in) |(?P=of) ?)?{_POINT})*,? {_AND} {_AGAIN}{_POINT}"), _at),
    (re.compile(rf"{_JOINED}{_POINT}(?:, ?\0+)*"), _at),
)

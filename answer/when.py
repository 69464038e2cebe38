"""Dates in a question: a day, a month, a summer, a year, spans of these, or one told from today; in three languages.

A small grammar of our own. A date is read only in an unmistakable form: a month has its year beside it ("mars 2012", so
neither "may" nor the planet Mars is one) or belongs to an issue ("le numéro de juin"). Whether a date says when an
article was published or what it is about is not decided here, but in `answer.published`.

    points    "juin 2011", "14 March 2012", "last year"          → first and last day
    periods   "entre 2010 et 2012", "seit März 2013", "en 2012"  → points with the words that join them to the sentence
"""

from __future__ import annotations

import calendar
import datetime
import re
import unicodedata
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from records import LANGS, Lang

Link = Literal["time", "of", "bare"]
"""How a date hangs on the sentence: by time ("en 2012"), on a noun ("de 2012"), or by nothing ("2012")."""
Bounds = tuple[datetime.date | None, datetime.date | None]
"""First and last day, None for open."""

MONTHS: dict[Lang, tuple[str, ...]] = {
    "fr": ("janvier", "février", "mars", "avril", "mai", "juin", "juillet", "août", "septembre", "octobre", "novembre",
           "décembre"),
    "en": ("January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
           "December"),
    "de": ("Januar", "Februar", "März", "April", "Mai", "Juni", "Juli", "August", "September", "Oktober", "November",
           "Dezember"),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Period:
    """From one day to another, both included, None for open; `start` and `end`: where it stands in the question, with
    the words that join it to the sentence."""

    since: datetime.date | None
    until: datetime.date | None
    start: int
    end: int
    link: Link


def plain(text: str) -> str:
    """Small letters without accents, straight apostrophes and dashes; as long as `text`, letter for letter."""
    return "".join(_PLAIN.get(c) or _plain_letter(c) for c in text)


_PLAIN = {"’": "'", "‘": "'", "–": "-", "—": "-", "\u00a0": " ", "\u202f": " ", "\0": " "}


def _plain_letter(letter: str) -> str:
    small = unicodedata.normalize("NFD", letter)[0].lower()
    return small if len(small) == 1 else letter


def periods(text: str, today: datetime.date, newest: datetime.date | None = None) -> list[Period]:
    """The periods that `text` names, in their order. `newest`: the day of the last article; an issue's month without
    a year is the last such month up to it."""
    folded = plain(text)
    points = list(_points(folded, today, newest or today))
    masked = folded
    for point in points:
        masked = masked[: point.start] + "\0" * (point.end - point.start) + masked[point.end :]
    found: list[Period] = []
    for pattern, join in _JOINS:
        for match in pattern.finditer(masked):
            inside = [p for p in points if match.start() <= p.start and p.end <= match.end()]
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


def days_named(text: str) -> tuple[datetime.date, datetime.date] | None:
    """First and last day of what stands alone in a field: "2012", "06/2012", "21.6.2012", "juin 2012"; else None."""
    stripped = plain(text.strip())
    for point in _points(stripped, datetime.date.max, datetime.date.max):
        if (point.start, point.end, point.relative) == (0, len(stripped), False):
            return point.first, point.last
    return None


@dataclass(frozen=True, slots=True)
class _Point:
    first: datetime.date
    last: datetime.date
    start: int
    end: int
    relative: bool = False


_NUMBERS = {plain(name): n + 1 for lang in LANGS for n, name in enumerate(MONTHS[lang])}
_NUMBERS |= {"janv": 1, "jan": 1, "fevr": 2, "feb": 2, "apr": 4, "avr": 4, "juil": 7, "aug": 8, "sept": 9, "sep": 9}
_NUMBERS |= {"oct": 10, "okt": 10, "nov": 11, "dec": 12, "dez": 12}
_MONTH = "(?:" + "|".join(sorted(_NUMBERS, key=len, reverse=True)) + r")\b\.?"
_YEAR = r"(?:19|20)\d\d(?!\w|[\d.,]*\d|[ ]?(?:%|euros?\b|km\b|m\b|kg\b))"
_SEASONS = {"printemps": 3, "spring": 3, "fruhling": 3, "fruhjahr": 3, "ete": 6, "summer": 6, "sommer": 6}
_SEASONS |= {"automne": 9, "autumn": 9, "herbst": 9}  # no winter: nobody knows of which of its two years
SMALL_NUMBERS = {"deux": 2, "two": 2, "zwei": 2, "trois": 3, "three": 3, "drei": 3, "quatre": 4, "four": 4, "vier": 4}
SMALL_NUMBERS |= {"cinq": 5, "five": 5, "funf": 5, "six": 6, "sechs": 6, "dix": 10, "ten": 10, "zehn": 10}

_DAY = re.compile(
    rf"\b(?P<d>\d{{1,2}})(?:er|\.|st|nd|rd|th)?\s+(?:of\s+)?(?P<m>{_MONTH}),?\s+(?P<y>{_YEAR})"
    rf"|\b(?P<m2>{_MONTH})\s+(?P<d2>\d{{1,2}})(?:st|nd|rd|th)?,?\s+(?P<y2>{_YEAR})"
    r"|\b(?P<y3>(?:19|20)\d\d)-(?P<m3>\d\d)-(?P<d3>\d\d)\b"
    r"|\b(?P<d4>\d{1,2})[./] ?(?P<m4>\d{1,2})[./] ?(?P<y4>(?:19|20)\d\d)\b"
)
_D = r"\d{1,2}(?:er|\.|st|nd|rd|th)?"
_TWO_DAYS = re.compile(
    rf"\b(?P<first>{_D}(?:\s*(?:of\s+)?{_MONTH}|\s?\d{{1,2}}\.)?|{_MONTH}\s+{_D})"
    r"\s*(?:-|et|and|und|au|to|a|bis(?: zum)?|jusqu'au|until)\s*(?:le |the |dem )?"
    rf"(?P<last>{_D}\s*(?:of\s+)?(?:{_MONTH}|\d{{1,2}}\.)|(?:{_MONTH}\s+)?{_D}),?\s*(?P<y>{_YEAR})"
)
"""Two days of one year that stands behind the second: "du 1er mai au 30 juin 2012", "June 14-21, 2011"."""
_MONTH_OF_YEAR = re.compile(
    rf"\b(?P<m>{_MONTH}),?\s+(?:de\s+|of\s+)?(?P<y>{_YEAR})|\b(?P<m2>0?[1-9]|1[0-2])/(?P<y2>(?:19|20)\d\d)\b"
    rf"|\b(?P<m3>{_MONTH})(?=(?:\s*(?:,|et|and|und|ou|or|oder|a|to|bis|-)\s*{_MONTH})+\s+(?P<y3>{_YEAR}))"
)
_MONTH_OF_ISSUE = re.compile(
    rf"\b(?:numero|bulletin)\s+(?:du\s+mois\s+)?d(?:e\s+|')(?P<m>{_MONTH})(?!\s+\d)"
    rf"|\b(?P<m2>{_MONTH})(?=\s+issue\b|-?\s?(?:ausgabe|heft)\b)"
    rf"|\b(?:issue\s+(?:of|from)|(?:ausgabe|heft|bulletin)\s+(?:vom|von|des\s+monats))\s+(?P<m3>{_MONTH})(?!\s+\d)"
)
_SEASON_OF_YEAR = re.compile(rf"\b(?P<s>{'|'.join(_SEASONS)})\s+(?:de\s+|of\s+)?(?P<y>{_YEAR})")
_DECADE = re.compile(
    rf"(?<=\bannees )(?P<y>(?:19|20)\d0)\b(?!\s*(?:,|-|(?:a|et|ou)\s)\s*{_YEAR})"
    r"|(?<![\d.,/])\b(?P<y2>(?:19|20)\d0)(?:'?s|er(?:[ -]jahren?)?)\b"
)
_WHOLE_YEAR = re.compile(rf"(?<![\d.,/])\b(?P<y>{_YEAR})")
_FROM_TODAY: dict[str, re.Pattern[str]] = {
    "last year": re.compile(
        r"\bl'an(?:nee)? (?:derniere?|passee?)\b|\b(?:the )?last year(?:'s)?\b"
        r"|\b(?:im )?(?:letzten?|letztes|vorigen?|voriges|vergangenen?|vergangenes) jahr(?:es)?\b"
    ),
    "this year": re.compile(r"\bcette annee\b|\bthis year(?:'s)?\b|\b(?:in )?diese[sm] jahr(?:es)?\b"),
    "last month": re.compile(
        r"\b(?:le )?mois (?:dernier|passe)\b|\blast month(?:'s)?\b|\b(?:im )?(?:letzten|vorigen|vergangenen) monats?\b"
    ),
    "this month": re.compile(r"\bce mois(?:-ci)?\b|\bthis month(?:'s)?\b|\b(?:in )?diese[nms] monats?\b"),
    "last week": re.compile(
        r"\b(?:la )?semaine (?:derniere|passee)\b|\blast week\b"
        r"|\b(?:in der )?(?:letzten?|vorigen?|vergangenen?) woche\b"
    ),
    "this week": re.compile(r"\bcette semaine\b|\bthis week\b|\b(?:in )?dieser? woche\b"),
    "years": re.compile(
        r"\b(?:(?:ces|les|des|dans les|au cours des) )?(?P<n>\d{1,2}|[a-z]+) dernieres annees\b"
        r"|\b(?:(?:in|over|during) )?the (?:last|past) (?P<n2>\d{1,2}|[a-z]+) years\b"
        r"|\b(?:in )?de[nr] (?:letzten|vergangenen) (?P<n3>\d{1,2}|[a-z]+) jahren?\b"
    ),
}


def _points(text: str, today: datetime.date, newest: datetime.date) -> Iterator[_Point]:
    """The points of folded `text`; where two readings overlap, the more precise one."""
    taken = [point for match in _TWO_DAYS.finditer(text) for point in _two_days(match)]
    for pattern, days in _KINDS:
        for match in pattern.finditer(text):
            span = days(match, newest)
            start, end = match.span("m" if pattern is _MONTH_OF_ISSUE and match["m"] else 0)
            if pattern is _MONTH_OF_ISSUE and match["m3"]:
                start, end = match.span("m3")
            if span and not any(start < p.end and p.start < end for p in taken):
                taken.append(_Point(*span, start, end))
    for name, pattern in _FROM_TODAY.items():
        taken += [
            _Point(*span, *match.span(), relative=True)
            for match in pattern.finditer(text)
            if (span := _from_today(name, match, today))
        ]
    yield from sorted(taken, key=lambda point: point.start)


Days = tuple[datetime.date, datetime.date]


def _group(match: re.Match[str], letter: str) -> str:
    return next((value for name, value in match.groupdict().items() if name[0] == letter and value), "")


def _number(month: str) -> int:
    return int(month) if month.isdecimal() else _NUMBERS[month.rstrip(".")]


def _day(match: re.Match[str], _: datetime.date) -> Days | None:
    try:
        day = datetime.date(int(_group(match, "y")), _number(_group(match, "m")), int(_group(match, "d")))
    except ValueError:  # the 31st of February
        return None
    return day, day


def _two_days(match: re.Match[str]) -> list[_Point]:
    """Each of two days with the other's month where it has none, and the year before where that runs to the next."""
    numbers = [re.findall(r"\d+", match[part]) for part in ("first", "last")]
    named = [re.search(_MONTH, match[part]) for part in ("first", "last")]
    months = [name.group() if name else "".join(n[1:]) for name, n in zip(named, numbers, strict=True)]
    first, last = (_number(month) if month else 0 for month in (months[0] or months[1], months[1] or months[0]))
    try:
        begin = datetime.date(int(match["y"]) - (first > last), first, int(numbers[0][0]))
        end = datetime.date(int(match["y"]), last, int(numbers[1][0]))
    except ValueError:
        return []
    return [_Point(begin, begin, *match.span("first")), _Point(end, end, match.start("last"), match.end())]


def _month(match: re.Match[str], _: datetime.date) -> Days | None:
    return month_days(int(_group(match, "y")), _number(_group(match, "m")))


def _issue(match: re.Match[str], newest: datetime.date) -> Days | None:
    month = _number(_group(match, "m"))
    return month_days(newest.year - (month > newest.month), month)


def _season(match: re.Match[str], _: datetime.date) -> Days:
    year, first = int(match["y"]), _SEASONS[match["s"]]
    return datetime.date(year, first, 1), month_days(year, first + 2)[1]


def _decade(match: re.Match[str], _: datetime.date) -> Days:
    year = int(_group(match, "y"))
    return datetime.date(year, 1, 1), datetime.date(year + 9, 12, 31)


def _year(match: re.Match[str], _: datetime.date) -> Days:
    return datetime.date(int(match["y"]), 1, 1), datetime.date(int(match["y"]), 12, 31)


_KINDS: tuple[tuple[re.Pattern[str], Callable[[re.Match[str], datetime.date], Days | None]], ...] = (
    (_DAY, _day), (_MONTH_OF_YEAR, _month), (_MONTH_OF_ISSUE, _issue), (_SEASON_OF_YEAR, _season), (_DECADE, _decade),
    (_WHOLE_YEAR, _year),
)  # fmt: skip


def month_days(year: int, month: int) -> Days:
    """First and last day of a month."""
    return datetime.date(year, month, 1), datetime.date(year, month, calendar.monthrange(year, month)[1])


def _from_today(name: str, match: re.Match[str], today: datetime.date) -> Days | None:
    if name == "years":
        number = _group(match, "n")
        years = int(number) if number.isdecimal() else SMALL_NUMBERS.get(number, 0)
        return (today - datetime.timedelta(days=round(365.25 * years)), today) if years else None
    if name.endswith("year"):
        year = today.year - (name == "last year")
        return datetime.date(year, 1, 1), datetime.date(year, 12, 31)
    if name.endswith("week"):
        monday = today - datetime.timedelta(days=today.weekday() + 7 * (name == "last week"))
        return monday, monday + datetime.timedelta(days=6)
    last = today if name == "this month" else today.replace(day=1) - datetime.timedelta(days=1)
    return month_days(last.year, last.month)


_POINT = (
    r"(?:(?<!\w)(?:l[ea]s? |l'|the |de[nrm] ))?"
    r"(?:(?<!\w)(?:annees? |years? |jahre?[ns]? |months? of |monats? |mois d(?:e |')))?\0+"
)
_IN = (
    r"dans|au cours des?|au cours du mois de|pendant|durant|during|wahrend|courant|in the year|in the course of"
    r"|im (?:laufe|verlauf) des|im|in|en|on|am|au"
)
_OF = r"aus dem|aus|des|du|de la|de|d'|of the|of|from|vom|von|le"


def _range(match: re.Match[str], points: list[_Point]) -> Period:
    begin, end = points[0], points[-1]
    if begin.first > end.last and begin.first.year == end.last.year and begin.first != begin.last:
        new_year = begin.first.replace(year=begin.first.year - 1)  # "from December to February 2012"
        return Period(new_year, end.last, *match.span(), "time")
    return Period(min(begin.first, end.first), max(begin.last, end.last), *match.span(), "time")


def _bounded(match: re.Match[str], points: list[_Point]) -> Period:
    """From, after, until or before a point, or between two such bounds: "after 2011 and before 2014"."""
    bounds = [_bound(word, point) for word, point in zip((match["bound"], match["other"]), points, strict=False)]
    return Period(*common(bounds), *match.span(), "time")


def _bound(word: str, point: _Point) -> Bounds:
    if re.fullmatch(_AFTER, word):
        return point.last + datetime.timedelta(days=1), None
    if re.fullmatch(_BEFORE, word):
        return None, point.first - datetime.timedelta(days=1)
    return (None, point.last) if re.fullmatch(_UNTIL, word) else (point.first, None)


def _onwards(match: re.Match[str], points: list[_Point]) -> Period:
    return Period(points[0].first, None, *match.span(), "time")


def _backwards(match: re.Match[str], points: list[_Point]) -> Period:
    return Period(None, points[0].last, *match.span(), "time")


def _at(match: re.Match[str], points: list[_Point]) -> Period:
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
_JOINS: tuple[tuple[re.Pattern[str], Callable[[re.Match[str], list[_Point]], Period]], ...] = (
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

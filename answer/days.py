"""Dates in a text: a day, a month, a summer, a year, or one told from today, in three languages.

A date is read only in an unmistakable form: a month has its year beside it ("mars 2012", so neither "may" nor the
planet Mars is one) or belongs to an issue ("le numéro de juin"). What words join dates to a question is in
`answer.when`.
"""

from __future__ import annotations

import calendar
import datetime
import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass

from records import LANGS, Lang

Days = tuple[datetime.date, datetime.date]
"""First and last day."""
MONTHS: dict[Lang, tuple[str, ...]] = {
    "fr": ("janvier", "février", "mars", "avril", "mai", "juin", "juillet", "août", "septembre", "octobre", "novembre",
           "décembre"),
    "en": ("January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
           "December"),
    "de": ("Januar", "Februar", "März", "April", "Mai", "Juni", "Juli", "August", "September", "Oktober", "November",
           "Dezember"),
}  # fmt: skip


def plain(text: str) -> str:
    """Small letters without accents, straight apostrophes and dashes; as long as `text`, letter for letter."""
    return "".join(_PLAIN.get(c) or _plain_letter(c) for c in text)


_PLAIN = {"’": "'", "‘": "'", "–": "-", "—": "-", "\u00a0": " ", "\u202f": " ", "\0": " "}


def _plain_letter(letter: str) -> str:
    small = unicodedata.normalize("NFD", letter)[0].lower()
    return small if len(small) == 1 else letter


def days_named(text: str) -> Days | None:
    """First and last day of what stands alone in a field: "2012", "06/2012", "21.6.2012", "juin 2012"; else None."""
    stripped = plain(text.strip())
    for point in points(stripped, datetime.date.max, datetime.date.max):
        if (point.start, point.end, point.relative) == (0, len(stripped), False):
            return point.first, point.last
    return None


@dataclass(frozen=True, slots=True)
class Point:
    """From its first day to its last, and where it stands in the text."""

    first: datetime.date
    last: datetime.date
    start: int
    end: int
    relative: bool = False
    """Told from today: "last year"."""


_NUMBERS = {plain(name): n + 1 for lang in LANGS for n, name in enumerate(MONTHS[lang])}
_NUMBERS |= {"janv": 1, "jan": 1, "fevr": 2, "feb": 2, "apr": 4, "avr": 4, "juil": 7, "aug": 8, "sept": 9, "sep": 9}
_NUMBERS |= {"oct": 10, "okt": 10, "nov": 11, "dec": 12, "dez": 12}
_NAME = "(?:" + "|".join(sorted(_NUMBERS, key=len, reverse=True)) + ")"
_MONTH = rf"{_NAME}\b\.?"
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
    rf"|\b(?P<m4>{_NAME})(?=(?:\s+issue|-?\s?(?:ausgabe|heft))\s+(?:(?:of|from|von|aus|des jahres)\s+)?(?P<y4>{_YEAR}))"
)
_MONTH_OF_ISSUE = re.compile(
    rf"\b(?:numero|bulletin)\s+(?:du\s+mois\s+)?d(?:e\s+|')(?P<m>{_MONTH})(?!\s+\d)"
    rf"|\b(?P<m2>{_NAME})(?=\s+issue\b|-?\s?(?:ausgabe|heft)\b)"
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


def points(text: str, today: datetime.date, newest: datetime.date) -> list[Point]:
    """The points of folded `text`, in their order; where two readings overlap, the more precise one. `newest`: an
    issue's month without a year is the last such month up to it."""
    taken = [point for match in _TWO_DAYS.finditer(text) for point in _two_days(match)]
    for pattern, days in _KINDS:
        for match in pattern.finditer(text):
            span = days(match, newest)
            start, end = match.span("m" if pattern is _MONTH_OF_ISSUE and match["m"] else 0)
            if pattern is _MONTH_OF_ISSUE and match["m3"]:
                start, end = match.span("m3")
            if span and not any(start < p.end and p.start < end for p in taken):
                taken.append(Point(*span, start, end))
    for name, pattern in _FROM_TODAY.items():
        taken += [
            Point(*span, *match.span(), relative=True)
            for match in pattern.finditer(text)
            if (span := _from_today(name, match, today))
        ]
    return sorted(taken, key=lambda point: point.start)


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


def _two_days(match: re.Match[str]) -> list[Point]:
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
    return [Point(begin, begin, *match.span("first")), Point(end, end, match.start("last"), match.end())]


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

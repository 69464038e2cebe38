"""Days as pages write them, in French, German and English: `21/06/2011`, `1er juin 2011`, `21. Juni 2011`."""

from __future__ import annotations

import datetime
import re
import unicodedata
from collections.abc import Iterator
from typing import NamedTuple

__all__ = ["Dated", "dates_in", "only_a_date", "read_date"]


class Dated(NamedTuple):
    """A day and where it stands in the text."""

    date: datetime.date
    start: int
    end: int


_MONTHS = (
    ("janvier", "januar", "january", "janner", "janv", "jan"),
    ("fevrier", "februar", "february", "fevr", "fev", "feb"),
    ("mars", "marz", "march", "maerz", "mar", "mrz"),
    ("avril", "april", "avr", "apr"),
    ("mai", "may"),
    ("juin", "juni", "june", "jun"),
    ("juillet", "juli", "july", "juil", "jul"),
    ("aout", "august", "aug"),
    ("septembre", "september", "sept", "sep"),
    ("octobre", "oktober", "october", "oct", "okt"),
    ("novembre", "november", "nov"),
    ("decembre", "dezember", "december", "dec", "dez"),
)
_MONTH = {name: number for number, names in enumerate(_MONTHS, 1) for name in names}
_NAMES = "|".join(sorted(_MONTH, key=len, reverse=True))
_DATE = re.compile(
    rf"(?<![\d/.-])(?:(?P<y1>(?:19|20)\d\d)-(?P<m1>\d\d?)-(?P<d1>\d\d?)"
    rf"|(?P<d2>\d\d?)(?P<sep>[/.-])\s?(?P<m2>\d\d?)(?P=sep)\s?(?P<y2>(?:19|20)\d\d|\d\d)"
    rf"|(?P<d3>\d\d?)(?:\s?(?:er|st|nd|rd|th)|\s?\.)?\s?(?:of\s|de\s)?(?P<n3>{_NAMES})\b\.?,?\s?(?P<y3>(?:19|20)\d\d)"
    rf"|(?P<n4>{_NAMES})\b\.?\s(?P<d4>\d\d?)(?:st|nd|rd|th)?,?\s(?P<y4>(?:19|20)\d\d))(?![\d/-]|\.\d)",
    re.IGNORECASE,
)
_DAYS = (
    "lundi|mardi|mercredi|jeudi|vendredi|samedi|dimanche|montag|dienstag|mittwoch|donnerstag|freitag|samstag|sonnabend"
    "|sonntag|monday|tuesday|wednesday|thursday|friday|saturday|sunday"
)
_AROUND = re.compile(
    rf"^[\s(\[|,–-]*(?:[^\W\d_]+(?:[\s-][^\W\d_]+)?,\s?)?(?:(?:le|den|am|on|the|du|vom)\s)?(?:(?:{_DAYS})\b,?\s?)?(?:(?:le|den|the)\s)?$",
    re.IGNORECASE,
)
_AFTER = re.compile(r"^[\s)\]|.,–-]*(?:(?:à|um|at)?\s?\d\d?[:hH.]\d\d(?:\s?(?:Uhr|h))?)?[\s)\].]*$")


def dates_in(text: str) -> Iterator[Dated]:
    """Every day that `text` writes out, in order. `03/04/2011` is the third of April: no one here writes otherwise.

    >>> [str(found.date) for found in dates_in("du 1er juin 2011 au 3.6.2011, nicht 31.02.2011")]
    ['2011-06-01', '2011-06-03']
    """
    for match in _DATE.finditer(_folded(text)):
        if date := _date(match):
            yield Dated(date, match.start(), match.end())


def only_a_date(text: str) -> datetime.date | None:
    """The day, where `text` is nothing but a day: with its weekday, a place before it or a time after it at most."""
    found = list(dates_in(text)) if len(text) < 100 else []
    if len(found) != 1 or not _AROUND.match(text[: found[0].start]) or not _AFTER.match(text[found[0].end :]):
        return None
    return found[0].date


def read_date(text: str) -> datetime.date | None:
    """The first day that `text` names: a field of metadata, such as `2011-06-21T08:00:00+02:00` or `D:20110621`."""
    compact = re.match(r"\s*(?:D:)?((?:19|20)\d\d)(\d\d)(\d\d)(?!\d{1,3}$)", text)
    iso = re.match(r"\s*((?:19|20)\d\d)-(\d\d)-(\d\d)", text)
    if found := iso or compact:
        return _day(*map(int, found.groups()))
    return next((found.date for found in dates_in(text)), None)


def _date(match: re.Match[str]) -> datetime.date | None:
    part = match.groupdict()
    day = part["d1"] or part["d2"] or part["d3"] or part["d4"]
    name = part["n3"] or part["n4"]
    month = _MONTH[name.lower()] if name else int(part["m1"] or part["m2"])
    year = int(part["y1"] or part["y2"] or part["y3"] or part["y4"])
    return _day(year if year > 99 else year + (1900 if year > 69 else 2000), month, int(day))


def _day(year: int, month: int, day: int) -> datetime.date | None:
    try:
        return datetime.date(year, month, day)
    except ValueError:
        return None


def _folded(text: str) -> str:
    """Without accents and with plain blanks, character by character: places stay what they are."""
    return "".join(" " if c.isspace() else (unicodedata.normalize("NFD", c)[0]) for c in text)

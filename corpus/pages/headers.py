"""Title, date, section and authors of a page that only writes them: label cells, a kicker, a by-line, a signature."""

from __future__ import annotations

import datetime
import itertools
import re
from collections.abc import Sequence
from typing import Any

from corpus.pages.column import SENTENCE_END, internal, is_footer, is_prose, is_running
from corpus.pages.dates import dates_in, only_a_date
from corpus.pages.labels import (
    APPARATUS,
    ISSUE,
    NAVIGATION,
    NOT_PUBLISHED,
    TOOL,
    Label,
    byline,
    labelled,
    names,
)
from corpus.pages.markup import Line

__all__ = ["Labels", "find_labels", "is_about", "opens_text", "pick_date", "pick_section", "pick_title", "same"]

_SHORT = 12
"""Words of a label's value, of a section, of a line in the head that is no running text."""
_LONGEST_TITLE = 30
_LONGEST_LINE = 300
"""Characters beyond which a line is text, whatever words it holds."""
_TITLED = re.compile(r"\b(?:titre|title|titel|headline|heading|t)\d?\b|titre|title", re.IGNORECASE)
_SECTIONED = re.compile(
    r"\b(?:rub|rubrique|section|category|categorie|kicker|surtitre|ressort|rubrik|theme)", re.IGNORECASE
)
_ABOUT = re.compile(r"\b(?:meta|byline|entry-date|post-date|pubdate|author|auteur|autor|reading-time)\b", re.IGNORECASE)
_WHOLE = ("html", "body", "article", "main")
_HEADINGS = {"h1": 4.0, "h2": 3.0, "h3": 2.0, "h4": 1.0}


class Labels:
    """What stands behind labels, and which lines said so: `at` holds their numbers."""

    def __init__(self) -> None:
        self.values: dict[Label, str] = {}
        self.at: set[int] = set()

    def take(self, name: Label, value: str, lines: Sequence[int]) -> None:
        self.values.setdefault(name, value)
        self.at.update(lines)


def find_labels(lines: list[Line]) -> Labels:
    """The labels among `lines`, which are the head of an article or a box of such labels."""
    found, number = Labels(), 0
    while number < len(lines):
        label = labelled(lines[number].text)
        after = lines[number + 1] if number + 1 < len(lines) else None
        used = 1
        if label and label[1] and _says(label[0], label[1]):
            found.take(label[0], label[1], [number])
        elif label and not label[1] and after and labelled(after.text) is None and _says(label[0], after.text):
            found.take(label[0], after.text, [number, number + 1])
            used = 2
        number += used
    return found


def _says(name: Label, value: str) -> bool:
    """Whether `value` is one that such a label has."""
    if name == "date":
        return next(dates_in(value), None) is not None and len(value.split()) <= _SHORT
    if name == "number":
        return value[:1].isdigit() and len(value.split()) <= _SHORT
    if name == "authors":
        return bool(names(value))
    return any(c.isalpha() for c in value) and len(value.split()) <= (_LONGEST_TITLE if name == "title" else _SHORT)


def opens_text(line: Line, page_title: str) -> bool:
    """Whether the article's text begins here: running text that is neither a long title nor a by-line."""
    if not is_running(line) or "heading" in line.marks or _is_other(line):
        return False
    if len(line.text.split()) <= _LONGEST_TITLE and _title_score(line, page_title) >= 3:
        return False
    return bool(SENTENCE_END.search(line.text)) or len(line.text.split()) > _LONGEST_TITLE


def pick_title(head: list[Line], page_title: str) -> list[Line]:
    """The lines of `head` that are the article's title; empty where none looks like one."""
    scored = [(_title_score(line, page_title) + number / 1000, number) for number, line in enumerate(head)]
    score, number = max(scored, default=(0.0, 0))
    if score < 2:
        return []
    return _whole(head, number)


def _whole(head: list[Line], number: int) -> list[Line]:
    """A title that is broken over lines (<br>) inside one heading, bold or font element, or one cell made for it."""
    line = head[number]
    for element in (line.element, *line.element.iterancestors()):
        if element.tag in ("td", "table", "body", "div", "center"):
            break
        if element.tag in (*_HEADINGS, "b", "strong", "font", "p", "span"):
            parts = [other for other in head if element in (other.element, *other.element.iterancestors())]
            if len(parts) > 1 and not any(part.gap for part in parts[1:]) and not any(map(_is_other, parts)):
                return parts if sum(len(part.text.split()) for part in parts) <= _LONGEST_TITLE else [line]
    return [line]


def _is_other(line: Line) -> bool:
    """A line of the head that is something else than a title for sure."""
    text = line.text
    if len(text) > _LONGEST_LINE:
        return False
    if is_prose(line):
        return bool(labelled(text)) or is_footer(line)
    return bool(
        labelled(text) or only_a_date(text) or NAVIGATION.match(text) or is_footer(line)
        or APPARATUS.fullmatch(text) or NOT_PUBLISHED.match(text) or byline(text) and next(dates_in(text), None)
        or ISSUE.search(text) and len(text.split()) <= 8 and next(dates_in(text), None)
    )  # fmt: skip


def _title_score(line: Line, page_title: str) -> float:
    text, count = line.text, len(line.text.split())
    few = count < 2 and "heading" not in line.marks
    if few or count > _LONGEST_TITLE or _is_other(line) or line.marks & {"item", "row"}:
        return float(len(text) > 8 and same(text, page_title)) * 3 - 1
    score = 0.0
    for element in (line.element, *line.element.iterancestors()):
        score = max(score, _HEADINGS.get(element.tag, 0), _font(element), 3.0 * _named(element, _TITLED))
        if element.tag in ("td", "div", "body"):
            break
    score += 1.5 * (line.strong >= 0.9 * len(text))
    score += 5.0 * (count > 2 and _letters(text) in _letters(page_title))
    tool = bool(TOOL.search(text)) and count < 6
    linked = 1.0 if score >= 2 else 4.0  # a title may link to its own page, navigation seldom is that large
    return score - linked * (line.linked > 0.5 * len(text)) - 3.0 * tool - 1.0 * text.endswith((":", ";"))


def _font(element: Any) -> float:
    if element.tag == "big":
        return 2.0
    size = (element.get("size") or "").strip() if element.tag == "font" else ""
    if not re.fullmatch(r"[+]?\d", size):
        return 0.0
    return 2.0 + int(size[-1]) / 10 if size[0] == "+" or int(size) >= 4 else 0.0


def _named(element: Any, pattern: re.Pattern[str]) -> bool:
    return bool(pattern.search(f"{element.get('class') or ''} {element.get('id') or ''}"))


def pick_date(head: list[Line], title: list[Line], rest: list[Line], labels: Labels) -> datetime.date | None:
    """The day of publication: behind its label, else nearest to the title, else that of the issue."""
    if value := labels.values.get("date"):
        return next(dates_in(value)).date
    at = head.index(title[-1]) if title else len(head)
    near = sorted(enumerate(head), key=lambda numbered: abs(numbered[0] - at))
    dated = [line for _, line in near if not NOT_PUBLISHED.search(line.text) and not line.linked > 0.5 * len(line.text)]
    tests = (only_a_date, _byline_date, _issue_date, _first_date)
    for test in tests:
        if date := next(filter(None, (test(line.text) for line in dated)), None):
            return date
    last = (_issue_date(line.text) for line in rest), (_alone(line.text) for line in rest)
    return next(filter(None, itertools.chain(*last)), None)


def _alone(text: str) -> datetime.date | None:
    """A day below the text, as a letter is signed; a source has its name before it."""
    return only_a_date(text) if not re.match(r"[^\d,]+,", text) else None


def _byline_date(text: str) -> datetime.date | None:
    told = labelled(text)
    if (told and told[0] == "date") or byline(text):
        return next((found.date for found in dates_in(text)), None)
    return None


def _issue_date(text: str) -> datetime.date | None:
    return next((found.date for found in dates_in(text)), None) if ISSUE.search(text) else None


def _first_date(text: str) -> datetime.date | None:
    """A day in a short line, such as `Berlin | Espace | 21/06/2011`."""
    return next((found.date for found in dates_in(text)), None) if len(text.split()) <= _SHORT else None


def pick_section(head: list[Line], title: list[Line], lines: list[Line], labels: Labels, site: str) -> str:
    """The section: behind its label, else the line that is named so or stands in the navigation too, else the last
    step of a breadcrumb, else the line right above the title."""
    if value := labels.values.get("section"):
        return value
    linked = {_letters(t): t for line in lines for t in _links(line, site)}
    at = len(head)
    if title:  # one made of the text's first words, or a strip that was taken apart, stands above all
        at = head.index(title[0]) if title[0] in head else 0
    short = [line for line in head if _may_be_section(line, title)]
    for line in short:
        if any(
            _named(e, _SECTIONED)
            for e in (line.element, *line.element.iterancestors())
            if e.tag not in ("body", "html")
        ):
            return _cased(line.text, linked)
    for line in sorted(short, key=lambda line: abs(head.index(line) - at)):
        if _letters(line.text) in linked and not line.linked:
            return _cased(line.text, linked)
    if step := _breadcrumb(head, " ".join(line.text for line in title)):
        return step
    above = head[at - 1] if at else None
    return _cased(above.text, linked) if above is not None and above in short and not above.linked else ""


def _may_be_section(line: Line, title: list[Line]) -> bool:
    few = 1 <= len(line.text.split()) <= 7
    return (
        few
        and not line.text.endswith((".", "!", "?", "…"))
        and line not in title
        and not _is_other(line)
        and not next(dates_in(line.text), None)
        and not TOOL.search(line.text)
    )


def _links(line: Line, site: str) -> list[str]:
    if not any(internal(href, site) for href in line.hrefs):
        return []
    return [part.strip(" »›>•·-\u00a0") for part in re.split(r"\s[|>]\s|\]|\[|\s*[|]\s*", line.text)]


def _cased(text: str, linked: dict[str, str]) -> str:
    """A section in capitals as the navigation writes it."""
    text = text.strip(" »›>•·:-\u00a0[]")
    if not text.isupper():
        return text
    return linked.get(_letters(text)) or (text if len(text) <= 4 else text.capitalize())


def _breadcrumb(head: list[Line], title: str) -> str:
    """Its last step, or the one before where the last is the article's own."""
    for line in reversed(head):
        steps = [step.strip() for step in re.split(r"\s*(?:>|»|›|::)\s*", line.text)]
        if len(steps) >= 2 and line.hrefs and re.match(r"accueil|home|start", steps[0], re.IGNORECASE):
            own = _letters(steps[-1]) in _letters(title) or len(steps[-1].split()) > 7
            return steps[-2] if own and len(steps) > 2 else "" if own else steps[-1]
    return ""


def is_about(line: Line, section: str) -> bool:
    """Whether a short line between title and text is about the article, not of it: day, section, by-line, number."""
    text, few = line.text, len(line.text.split()) <= _SHORT
    if "about" in line.marks:
        return True
    if is_prose(line):
        return bool(labelled(text)) or is_footer(line)
    if only_a_date(text) or same(text, section) or ISSUE.fullmatch(text) or labelled(text) or NAVIGATION.match(text):
        return True
    if is_footer(line) or (byline(text) and len(text.split()) <= 8):
        return True
    day = next(dates_in(text), None)
    if day is not None and (byline(text) or ISSUE.search(text) or NOT_PUBLISHED.match(text) or (few and day.start < 4)):
        return True
    return few and any(_named(e, _ABOUT) for e in (line.element, *line.element.iterancestors()) if e.tag not in _WHOLE)


def same(one: str, other: str) -> bool:
    return _letters(one) == _letters(other)


def _letters(text: str) -> str:
    return re.sub(r"\W+", " ", text).strip().casefold()

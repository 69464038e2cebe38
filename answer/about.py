"""What a question asks for: words of an article, articles, or what is known of one (author, date, section); and from
when and where: the filters that it names."""

from __future__ import annotations

import datetime
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from answer.days import plain
from answer.frames import Extreme, Kind, contributes, extreme_of, kind_of, subject_in
from answer.names import Named, Names
from answer.published import of_publication
from answer.when import Period, common, periods
from records import Filters, Span

_NOTHING_ELSE = re.compile(
    r"(?:\W|\b(?:et|ou|puis|sinon|and|or|then|und|oder|dann|what about|how about|qu'en est-il|wie (?:ist|war) es"
    r"|was ist|aussi|also|too|auch|mit|for|de|en|dans|la|in|im|der|die|the|du|ceux|those|ones|from|vom|von|aus)\b)*"
)
"""What joins a date or a section to the question before."""


@dataclass(frozen=True, slots=True)
class Request:
    """`rest`: the question without the dates and sections that became filters. `topic`: without its frame, too; of a
    question for words it is empty. `several`: how many of the newest or oldest, None for as many as are named.
    `unknown_section`: a section that was named and is none of the bulletin's."""

    kind: Kind
    rest: str
    topic: str
    filters: Filters
    author: str = ""
    extreme: Extreme | None = None
    several: int | None = 1
    unknown_section: str = ""

    @property
    def names_something(self) -> bool:
        """Whether articles can be told by it: "who wrote the article?" leans on what was asked before."""
        named = self.topic or self.author or self.extreme or self.unknown_section
        return bool(named) or self.filters != Filters()


def understand(question: str, names: Names, today: datetime.date) -> Request:
    """What `question`, a cleaned one, asks for. `today`: what "last year" is told from."""
    text, dated = plain(question), periods(question, today, names.newest)
    # A date stands anywhere in a sentence, is no law's article ("Artikel 2013"), and its "letzten" no newest article.
    undated = " ".join(_blank(text, _spans(dated)).split())
    if contributes(undated) and not names.author_in(text):
        return Request("words", question, "", Filters())
    kind = kind_of(undated)
    author = names.author_in(text) if kind == "articles" else None
    said = [*_spans(dated), *([author.span] if author else [])]
    section = names.section_in(_blank(question, said, ".")) if kind != "section" else None
    if section and not section.known and kind != "articles":
        section = None
    named = [name.span for name in (section, author) if name]
    masked = _blank(text, named)
    dates = [p for p in dated if of_publication(question, masked, p, kind)]
    spans = _spans(dates)
    filtering = [*spans, section.span] if section and section.known else spans
    extreme, several = (None if kind in ("words", "said") else extreme_of(undated)) or (None, 1)
    request = Request(
        kind,
        _tidy(_blank(question, filtering)) if filtering else question,
        "" if kind == "words" else _topic(_blank(question, [*spans, *named])),
        _filters(section, dates),
        author.name if author else "",
        extreme,
        several,
        section.name if section and not section.known else "",
    )
    if not request.names_something and not spans:  # "before 2012 or after 2013" is a date, and no filter
        return replace(request, kind="words")
    if kind == "words" and not _topic(request.rest):  # "Rubrique Focus", "the June issue"
        return replace(request, kind="articles")
    # "What did the bulletin publish in 2014?" names no subject: its articles are what is asked for.
    return replace(request, kind="articles") if kind == "said" and not request.topic else request


def understand_in_turn(question: str, earlier: Sequence[str], names: Names, today: datetime.date) -> Request:
    """The same, of a question behind `earlier` ones, oldest first: "And in 2013?" asks for what the last of them did,
    of other dates or another section. Only where that one asked for articles, or of a date or section itself: "how many
    people live in Berlin?" is asked of all articles still."""
    request, named = understand(question, names, today), _named_alone(question, names, today)
    if named == Filters() or not earlier:
        return request
    last = understand_in_turn(earlier[-1], earlier[:-1], names, today)  # it may lean on one before it, too
    if last.kind == "words" and last.filters == Filters():
        return request
    kept = replace(last.filters, since=None, until=None) if named.since or named.until else last.filters
    kept = replace(kept, section="") if named.section else kept
    return replace(last, filters=both(kept, named), unknown_section="" if named.section else last.unknown_section)


def _named_alone(question: str, names: Names, today: datetime.date) -> Filters:
    """The dates and the section that a question names where it says nothing else; none where it does."""
    dates = periods(question, today, names.newest)
    section = names.section_in(_blank(question, _spans(dates), "."))
    spans = [*_spans(dates), *([section.span] if section and section.known else [])]
    if not spans or not _NOTHING_ELSE.fullmatch(plain(_blank(question, spans))):
        return Filters()
    return _filters(section, dates)


def _filters(section: Named | None, dates: Sequence[Period]) -> Filters:
    return Filters(
        section.name if section and section.known else "",
        *common([(p.since, p.until) for p in dates]),
    )


def both(one: Filters, other: Filters) -> Filters:
    """What admits the articles that both admit. Two sections are none that there is."""
    sections = {plain(f.section): f.section for f in (one, other) if f.section}
    return Filters(
        " + ".join(sections.values()),
        max((f.since for f in (one, other) if f.since), default=None),
        min((f.until for f in (one, other) if f.until), default=None),
    )


def _topic(question: str) -> str:
    """Empty where no word is left: signs alone are no subject."""
    topic = _tidy(question[slice(*subject_in(plain(question)))]).rstrip(" ?!")
    return topic if re.search(r"\w", topic) else ""


def _spans(dates: Sequence[Period]) -> list[Span]:
    return [(period.start, period.end) for period in dates]


def _blank(text: str, spans: Sequence[Span], sign: str = " ") -> str:
    for start, end in spans:
        text = text[:start] + sign * (end - start) + text[end:]
    return text


def _tidy(text: str) -> str:
    """White space in runs of one, none before a comma or stop that a date stood before."""
    return re.sub(r"\s+([,.])", r"\1", " ".join(text.split())).strip(" ,;:")

"""Words about articles rather than theirs: which there are, who wrote one, when, in which section; by language."""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from typing import TYPE_CHECKING

from answer.days import MONTHS, month_days
from records import Article, Filters, Lang

if TYPE_CHECKING:
    from answer.about import Request
    from answer.frames import Kind

# Which articles

_SPANS: dict[Lang, dict[str, str]] = {
    "fr": {
        "day": "du {0}", "month": "de {0}", "year": "de {0}", "years": "de {0} à {1}", "days": "du {0} au {1}",
        "since": "depuis le {0}", "until": "jusqu’au {1}",
    },
    "en": {
        "day": "of {0}", "month": "of {0}", "year": "of {0}", "years": "of {0} to {1}", "days": "from {0} to {1}",
        "since": "since {0}", "until": "up to {1}",
    },
    "de": {
        "day": "vom {0}", "month": "vom {0}", "year": "aus dem Jahr {0}", "years": "aus den Jahren {0} bis {1}",
        "days": "vom {0} bis {1}", "since": "seit dem {0}", "until": "bis zum {1}",
    },
}  # fmt: skip
_SECTION: dict[Lang, str] = {
    "fr": "de la rubrique «\u00a0{}\u00a0»",
    "en": "in the section “{}”",
    "de": "der Rubrik „{}“",
}
_BY: dict[Lang, str] = {"fr": "par {}", "en": "by {}", "de": "von {}"}


def which(filters: Filters, lang: Lang, author: str = "") -> str:
    """What tells the articles that `filters` admit from the others; "" where they admit all.

    >>> which(Filters("Focus", datetime.date(2011, 6, 1), datetime.date(2011, 6, 30)), "en")
    'in the section “Focus” of June 2011'
    """
    section = _SECTION[lang].format(filters.section) if filters.section else ""
    signed = _BY[lang].format(author) if author else ""
    return " ".join(filter(None, (section, signed, period_in_words(filters.since, filters.until, lang))))


def date_in_words(date: datetime.date, lang: Lang) -> str:
    """`date_in_words(date(2014, 3, 6), "de") == "6. März 2014"`; French has a "1er" of the month."""
    day = {"fr": "1er" if date.day == 1 else f"{date.day}", "en": f"{date.day}", "de": f"{date.day}."}[lang]
    return f"{day} {_month(date, lang)}"


def period_in_words(since: datetime.date | None, until: datetime.date | None, lang: Lang) -> str:
    """`period_in_words(date(2011, 6, 1), date(2011, 6, 30), "en") == "of June 2011"`; "" for any time."""
    kind, first, last = _span(since, until, lang)
    words = _SPANS[lang][kind].format(first, last) if kind else ""
    return f"d’{first}" if words in (f"de a{first[1:]}", f"de o{first[1:]}") else words


def _span(since: datetime.date | None, until: datetime.date | None, lang: Lang) -> tuple[str, str, str]:
    first, last = (date_in_words(day, lang) if day else "" for day in (since, until))
    if not (since and until):
        return "since" if since else "until" if until else "", first, last
    if since == until:
        return "day", first, last
    if (since, until) == month_days(since.year, since.month):
        return "month", _month(since, lang), ""
    if (since.month, since.day, until.month, until.day) == (1, 1, 12, 31):
        return "year" if since.year == until.year else "years", str(since.year), str(until.year)
    return "days", first, last


def _month(date: datetime.date, lang: Lang) -> str:
    return f"{MONTHS[lang][date.month - 1]} {date.year}"


# None, or some

_NONE: dict[Lang, tuple[str, str]] = {
    "fr": ("Le bulletin n’a pas d’article{which}.", "Je n’ai trouvé dans le bulletin aucun article{which}{topic}."),
    "en": ("The bulletin has no article{which}.", "I found no article{which}{topic} in the bulletin."),
    "de": ("Das Bulletin hat keinen Artikel{which}.", "Im Bulletin habe ich keinen Artikel{which}{topic} gefunden."),
}
_NO_SECTION: dict[Lang, str] = {
    "fr": "Le bulletin n’a pas de rubrique «\u00a0{}\u00a0». Il a\u202f: {}.",
    "en": "The bulletin has no section “{}”. It has: {}.",
    "de": "Das Bulletin hat keine Rubrik „{}“. Es hat: {}.",
}
_NO_SECTIONS: dict[Lang, str] = {
    "fr": "Le bulletin n’a pas de rubriques.",
    "en": "The bulletin has no sections.",
    "de": "Das Bulletin hat keine Rubriken.",
}
_COUNTS: dict[Lang, tuple[str, str, str]] = {
    "fr": ("Un article", "{} articles", ", dont"),
    "en": ("One article", "{} articles", ", among them"),
    "de": ("Ein Artikel", "{} Artikel", ", darunter"),
}
_EXTREMES: dict[Lang, dict[str, tuple[str, str]]] = {
    "fr": {
        "newest": ("Le dernier article", "Les derniers articles"),
        "oldest": ("Le premier article", "Les premiers articles"),
    },
    "en": {
        "newest": ("The latest article", "The latest articles"),
        "oldest": ("The first article", "The first articles"),
    },
    "de": {
        "newest": ("Der neueste Artikel", "Die neuesten Artikel"),
        "oldest": ("Der erste Artikel", "Die ersten Artikel"),
    },
}
_ON: dict[Lang, str] = {"fr": " sur «\u00a0{}\u00a0»", "en": " about “{}”", "de": " zu „{}“"}
_COLON: dict[Lang, str] = {"fr": "\u00a0:", "en": ":", "de": ":"}


def no_articles(request: Request, filters: Filters, lang: Lang) -> str:
    """That there is no article such as was asked for; or only none found, where a subject had to be looked for."""
    words = _NONE[lang][bool(request.topic)]
    return words.format(which=_told(request, filters, lang), topic=_on(request, lang))


def no_such_section(name: str, sections: Sequence[str], lang: Lang) -> str:
    return _NO_SECTION[lang].format(name, ", ".join(sections)) if sections else _NO_SECTIONS[lang]


def articles(named: Sequence[Article], count: int, request: Request, filters: Filters, lang: Lang) -> str:
    """How many articles there are, and those `named`, each with its day: a line each where they are several."""
    one, many, among = _COUNTS[lang]
    extreme = _EXTREMES[lang].get(request.extreme or "")
    lead = extreme[count > 1] if extreme else one if count == 1 else many.format(count)
    lead += _told(request, filters, lang) + _on(request, lang) + (among if len(named) < count else "") + _COLON[lang]
    titles = [_with_date(article, lang) for article in named]
    return f"{lead} {titles[0]}" if len(titles) == 1 else "\n– ".join([lead, *titles])


def _told(request: Request, filters: Filters, lang: Lang) -> str:
    told = which(filters, lang, request.author)
    return f" {told}" if told else ""


def _on(request: Request, lang: Lang) -> str:
    return _ON[lang].format(request.topic) if request.topic else ""


# What is known of one

_KNOWN: dict[Kind, dict[Lang, str]] = {
    "author": {
        "fr": "{titled} est signé {authors}.", "en": "{titled} was written by {authors}.",
        "de": "{titled} hat {authors} geschrieben.",
    },
    "date": {
        "fr": "{title} a paru le {date}.", "en": "{title} was published on {date}.",
        "de": "{title} erschien am {date}.",
    },
    "section": {
        "fr": "{titled} a paru dans la rubrique {section}.", "en": "{titled} stands in the section {section}.",
        "de": "{titled} steht in der Rubrik {section}.",
    },
}  # fmt: skip
_NOT_KNOWN: dict[Kind, dict[Lang, str]] = {
    "author": {
        "fr": "{} ne nomme pas d’auteur.", "en": "{} names no author.",
        "de": "{} nennt keine Autorin und keinen Autor.",
    },
    "date": {"fr": "{} ne porte pas de date.", "en": "{} bears no date.", "de": "{} trägt kein Datum."},
    "section": {"fr": "{} n’est d’aucune rubrique.", "en": "{} is in no section.", "de": "{} steht in keiner Rubrik."},
}  # fmt: skip
_AND: dict[Lang, str] = {"fr": "et", "en": "and", "de": "und"}
_MARKS: dict[Lang, tuple[str, str]] = {"fr": ("«\u00a0", "\u00a0»"), "en": ("“", "”"), "de": ("„", "“")}


def known(kind: Kind, article: Article, lang: Lang) -> str:
    """A sentence with the article's author, date or section."""
    return _KNOWN[kind][lang].format(
        title=marked(article.title, lang), titled=_with_date(article, lang), authors=_joined(article.authors, lang),
        date=date_in_words(article.date, lang) if article.date else "", section=marked(article.section, lang),
    )  # fmt: skip


def not_known(kind: Kind, article: Article, lang: Lang) -> str:
    """That the bulletin does not say so of this article."""
    return _NOT_KNOWN[kind][lang].format(_with_date(article, lang))


def marked(text: str, lang: Lang) -> str:
    """In quotation marks of the language."""
    opening, closing = _MARKS[lang]
    return f"{opening}{text}{closing}"


def _with_date(article: Article, lang: Lang) -> str:
    return marked(article.title, lang) + (f" ({date_in_words(article.date, lang)})" if article.date else "")


def _joined(names: Sequence[str], lang: Lang) -> str:
    return f" {_AND[lang]} ".join(filter(None, (", ".join(names[:-1]), *names[-1:])))

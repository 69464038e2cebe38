"""The articles of the fixture pages: what each says, and how that is written in the HTML of its day."""

from __future__ import annotations

import datetime
import html
import json
import random
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

TOPICS: list[dict[str, Any]] = json.loads(Path(__file__).with_name("topics.json").read_text(encoding="utf-8"))
MONTHS = {
    "fr": [
        "janvier",
        "février",
        "mars",
        "avril",
        "mai",
        "juin",
        "juillet",
        "août",
        "septembre",
        "octobre",
        "novembre",
        "décembre",
    ],
    "de": [
        "Januar",
        "Februar",
        "März",
        "April",
        "Mai",
        "Juni",
        "Juli",
        "August",
        "September",
        "Oktober",
        "November",
        "Dezember",
    ],
    "en": [
        "January",
        "February",
        "March",
        "April",
        "May",
        "June",
        "July",
        "August",
        "September",
        "October",
        "November",
        "December",
    ],
}
DAYS = {
    "fr": ["lundi", "mardi", "mercredi", "jeudi", "vendredi", "samedi", "dimanche"],
    "de": ["Montag", "Dienstag", "Mittwoch", "Donnerstag", "Freitag", "Samstag", "Sonntag"],
    "en": ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"],
}
WORDS = {
    "fr": (
        "Pour en savoir plus, contacts :",
        "Sources :",
        "Rédacteurs :",
        "Figure 1 :",
        "Le chiffre du mois",
        "Crédits",
    ),
    "de": (
        "Weitere Informationen, Kontakt:",
        "Quellen:",
        "Redaktion:",
        "Abb. 1:",
        "Die Zahl des Monats",
        "Bildnachweis",
    ),
    "en": (
        "For further information, contacts:",
        "Sources:",
        "Authors:",
        "Figure 1:",
        "The figure of the month",
        "Credits",
    ),
}
HEADINGS = {
    "fr": ("Une première en Europe", "Des questions restent ouvertes", "Et après ?"),
    "de": ("Ein Vorhaben mit Vorgeschichte", "Offene Fragen", "Wie es weitergeht"),
    "en": ("A promising start", "Open questions", "What comes next"),
}
LISTS = {
    "fr": [
        "réduire de moitié les délais entre le laboratoire et l'atelier ;",
        "associer les petites entreprises dès le cahier des charges ;",
        "publier toutes les mesures dans une base commune ;",
        "former vingt doctorants par an.",
    ],
    "de": [
        "kürzere Wege zwischen Labor und Werkstatt;",
        "kleine Betriebe von Anfang an einbeziehen;",
        "alle Messwerte in einer gemeinsamen Datenbank veröffentlichen;",
        "zwanzig Doktoranden im Jahr ausbilden.",
    ],
    "en": [
        "halve the time between the laboratory and the workshop;",
        "involve small firms from the first draft;",
        "publish every measurement in a common database;",
        "train twenty doctoral students a year.",
    ],
}
QUOTES = {
    "fr": "« Nous avons longtemps cru que la question était réglée ; elle commence à peine à être bien posée. »",
    "de": "„Lange hielten wir die Frage für beantwortet; richtig gestellt wird sie erst jetzt.“",
    "en": "“For a long time we believed the matter was settled; it is only now being asked properly.”",
}
NOTES = {
    "fr": [
        "Les montants sont donnés hors taxes, au cours du jour de la signature.",
        "Le sigle BMBF désigne le Ministère fédéral de l'enseignement et de la recherche.",
    ],
    "de": [
        "Alle Beträge ohne Steuern, zum Kurs des Tages der Unterzeichnung.",
        "BMBF steht für Bundesministerium für Bildung und Forschung.",
    ],
    "en": [
        "Amounts are without taxes, at the rate of the day of signature.",
        "BMBF stands for the Federal Ministry of Education and Research.",
    ],
}
TABLES = {
    "fr": [
        ["Land", "Projets", "Budget (M€)"],
        ["Bavière", "34", "61,5"],
        ["Bade-Wurtemberg", "29", "48,2"],
        ["Saxe", "17", "22,9"],
    ],
    "de": [
        ["Land", "Projekte", "Budget (Mio. €)"],
        ["Bayern", "34", "61,5"],
        ["Baden-Württemberg", "29", "48,2"],
        ["Sachsen", "17", "22,9"],
    ],
    "en": [
        ["State", "Projects", "Budget (€ m)"],
        ["Bavaria", "34", "61.5"],
        ["Baden-Württemberg", "29", "48.2"],
        ["Saxony", "17", "22.9"],
    ],
}
CAPTIONS = {
    "fr": "Vue de l'installation au moment de la mise en service. Crédits : B. Lorenz, 2010",
    "de": "Blick auf die Anlage bei der Inbetriebnahme. Foto: B. Lorenz, 2010",
    "en": "View of the facility on its first day of operation. Photo: B. Lorenz, 2010",
}


@dataclass(frozen=True, slots=True)
class Piece:
    kind: str
    """p, h, list, quote, table, figure, notes, label, source, sign"""
    text: str = ""
    items: tuple[Any, ...] = ()


@dataclass(frozen=True, slots=True)
class Truth:
    id: str
    title: str
    date: datetime.date
    section: str
    authors: tuple[str, ...]
    number: int
    lang: str
    pieces: tuple[Piece, ...]

    def body(self) -> str:
        return "\n\n".join(map(_plain, self.pieces))

    def to_json(self) -> dict[str, Any]:
        fields = ("id", "title", "section", "number", "lang")
        own = {name: getattr(self, name) for name in fields}
        return own | {"date": self.date.isoformat(), "authors": list(self.authors), "body": self.body()}


def write_article(
    topic: dict[str, Any], variant: int, id_: str, dice: random.Random, *, signed: bool, typographic: bool
) -> Truth:
    """An article on `topic`; `signed`: its authors stand below the text, as in the bulletin's own articles."""
    if typographic:  # the apostrophe that ISO-8859-1 does not have
        topic = json.loads(re.sub(r"(?<=[A-Za-zéè])'(?=\w)", "’", json.dumps(topic, ensure_ascii=False)))
    lang = topic["lang"]
    number = dice.randint(380, 640)
    date = datetime.date(2009, 1, 8) + datetime.timedelta(days=(number - 380) * 7 + dice.randint(0, 4))
    authors = tuple(topic["authors"]) + (("Nadège Figarol",) if dice.random() < 0.25 else ())
    pieces = _running_text(topic, variant, lang, dice)
    pieces += _apparatus(lang, date, authors if signed else (), dice)
    if signed and dice.random() < 0.6:
        pieces.append(Piece("sign", _origin(number, date, dice)))
    return Truth(id_, topic["titles"][variant], date, topic["section"], authors, number, lang, tuple(pieces))


def _running_text(topic: dict[str, Any], variant: int, lang: str, dice: random.Random) -> list[Piece]:
    paragraphs = list(topic["paragraphs"])
    if variant % 2:
        paragraphs[2], paragraphs[3] = paragraphs[3], paragraphs[2]
    noted = dice.random() < 0.6
    if noted:
        paragraphs[0] = paragraphs[0].rstrip(".") + " [1]."
        paragraphs[3] = paragraphs[3].rstrip(".") + " [2]."
    pieces = [Piece("p", text) for text in paragraphs]
    extras = [
        Piece("list", items=tuple(LISTS[lang][: dice.randint(2, 4)])),
        Piece("quote", QUOTES[lang]),
        Piece("table", items=tuple(map(tuple, TABLES[lang]))),
        Piece("figure", f"{WORDS[lang][3]} {CAPTIONS[lang]}"),
        Piece("h", dice.choice(HEADINGS[lang])),
    ]
    for extra in dice.sample(extras, dice.randint(2, 4)):
        pieces.insert(dice.randint(1, len(pieces) - 1), extra)
    return pieces + ([Piece("notes", items=tuple(NOTES[lang]))] if noted else [])


def _apparatus(lang: str, date: datetime.date, authors: tuple[str, ...], dice: random.Random) -> list[Piece]:
    contacts, sources, sign, *_ = WORDS[lang]
    earlier = date - datetime.timedelta(days=dice.randint(3, 12))
    pieces = [
        Piece("label", contacts),
        Piece(
            "source",
            dice.choice(
                [
                    "http://www.bmbf.de/de/12466.php",
                    "http://www.fraunhofer.de/presse/",
                    "Dr. Ute Lange, tél. +49 30 18 57 50 50, presse@bmbf.bund.de",
                ]
            ),
        ),
        Piece("label", sources),
        Piece("source", f"BMBF, {earlier:%d/%m/%Y} - http://www.bmbf.de/press/{dice.randint(2000, 3200)}.php"),
        Piece("source", f"Idw, Pressemitteilung, {earlier.day}.{earlier.month}.{earlier.year}"),
    ]
    if authors:
        mails = ", ".join(f"{name}, {_mail(name)}" for name in authors)
        pieces += [Piece("label", sign), Piece("sign", f"{mails} - http://www.science-allemagne.fr")]
    return pieces


def _origin(number: int, date: datetime.date, dice: random.Random) -> str:
    page = f"http://www.bulletins-electroniques.com/actualites/{dice.randint(57000, 76000)}.htm"
    return (
        f"Origine : BE Allemagne numéro {number} ({date:%d/%m/%Y}) - Ambassade de France en Allemagne / ADIT - {page}"
    )


def _mail(name: str) -> str:
    first, last = name.split(" ", 1)
    folded = f"{first}.{last}".lower().translate(str.maketrans("éèêëçôïöüäß ", "eeeecoiouas-"))
    return f"{folded}@diplomatie.gouv.fr"


def _plain(piece: Piece) -> str:
    if piece.kind == "list":
        return "\n".join(f"- {item}" for item in piece.items)
    if piece.kind == "table":
        return "\n".join(" | ".join(row) for row in piece.items)
    if piece.kind == "notes":
        return "\n".join(f"[{number}] {note}" for number, note in enumerate(piece.items, 1))
    return piece.text


def in_words(date: datetime.date, lang: str, *, weekday: bool = False) -> str:
    """As a newspaper writes it: `mardi 21 juin 2011`, `1er juin 2011`, `21. Juni 2011`, `June 21, 2011`."""
    month, day = MONTHS[lang][date.month - 1], DAYS[lang][date.weekday()]
    if lang == "fr":
        return f"{day + ' ' if weekday else ''}{'1er' if date.day == 1 else date.day} {month} {date.year}"
    if lang == "de":
        return f"{day + ', den ' if weekday else ''}{date.day}. {month} {date.year}"
    return f"{day + ', ' if weekday else ''}{month} {date.day}, {date.year}"


def marked_up(text: str, dice: random.Random) -> str:
    """Running text with the bold, links, italics and entities of its time; says the same."""
    escaped = html.escape(text, quote=False)
    if dice.random() < 0.3:
        escaped = escaped.replace("é", "&eacute;").replace("ü", "&uuml;").replace("'", "&rsquo;")
    escaped = re.sub(r"(https?://[\w./-]+)", r'<a href="\1" target=_blank>\1</a>', escaped)
    escaped = re.sub(r"([\w.-]+@[\w.-]+\w)", r'<a href="mailto:\1">\1</a>', escaped)
    words = escaped.split(" ")
    for tag in dice.sample(["b", "i", "EM", "STRONG", "font color=#003366"], 2):
        at = dice.randrange(len(words))
        if len(words) > 12 and re.fullmatch(r"\w+", words[at]):
            words[at] = f"<{tag}>{words[at]}</{tag.split()[0]}>"
    return " ".join(words)

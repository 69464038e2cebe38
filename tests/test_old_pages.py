# ruff: noqa: E501 (pages stand here as they come)
"""Pages of about 2011: the fixtures in tests/pages against their truth, and the parts that read them."""

from __future__ import annotations

import datetime
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from corpus.articles import read_articles
from corpus.pages.charset import decode
from corpus.pages.dates import dates_in, only_a_date, read_date
from corpus.pages.labels import byline, labelled, names
from corpus.pages.markup import lines_of, parse
from corpus.pages.read import read_page
from errors import PageError
from records import Article
from settings import Settings
from tests.pages.article import TOPICS, in_words
from tests.pages.score import Case, cases, token_f1

FIXTURES = [*cases("known"), *cases("held_out")]
TITLES = [title for topic in TOPICS for title in topic["titles"]]
FURNITURE = (
    "Imprimer",
    "Envoyer",
    "Haut de page",
    "Visiteurs",
    "visiteurs",
    "Rechercher",
    "Abonnement",
    "Sitemap",
    "mentions",
)


def test_the_fixtures_are_as_many_as_they_say() -> None:
    layouts = Counter((case.path.parent.name, case.path.stem.split("-")[0]) for case in FIXTURES)
    known, held_out = (sum(n for (folder, _), n in layouts.items() if folder == f) for f in ("known", "held_out"))
    assert (known, held_out) == (24, 24)
    assert {layout for folder, layout in layouts if folder == "held_out"} == {
        "bulletin",
        "embassy",
        "fiche",
        "issue",
        "plain",
    }
    told = Counter((case.truth["declared"], case.truth["bytes"]) for case in FIXTURES)
    assert len(told) == 6 and min(told.values()) >= 7  # right, wrong and no declarations


@pytest.mark.parametrize("case", FIXTURES, ids=lambda case: f"{case.path.parent.name}/{case.path.stem}")
def test_an_old_page_is_read_whole(case: Case) -> None:
    article, truth = case.article, case.truth
    assert article.title == truth["title"]
    assert str(article.date) == truth["date"]
    assert article.section == truth["section"]
    assert list(article.authors) == truth["authors"]
    assert article.lang == truth["lang"]
    assert token_f1(article.body, truth["body"]) >= 0.98
    lost = [line for line in truth["body"].split("\n") if _letters(line) not in _letters(article.body)]
    assert lost == []
    assert [title for title in TITLES if title in article.body] == []  # of this article or others: navigation
    assert [word for word in FURNITURE if word in article.body] == []


def _letters(text: str) -> str:
    return "".join(c for c in text if c.isalnum())


# The bytes


@pytest.mark.parametrize("declared", ["", "utf-8", "iso-8859-1", "windows-1252", "x-unknown", "utf-16", "rot13"])
@pytest.mark.parametrize("charset", ["utf-8", "cp1252", "utf-8-sig", "utf-16"])
@pytest.mark.parametrize("http", ["", "utf-8", "iso-8859-1"])
def test_bytes_are_believed_before_declarations(declared: str, charset: str, http: str) -> None:
    text = f'<meta http-equiv=Content-Type content="text/html; charset={declared}"><p>L’été à 3 € – œuvre, Größe</p>'
    assert decode(text.encode(charset), charset=http) == text


@given(text=st.text(st.characters(codec="utf-8", exclude_characters="\x00\ufeff"), max_size=60))
def test_utf8_stays_what_it_is(text: str) -> None:
    assert decode(text.encode(), charset="iso-8859-1") == text


@pytest.mark.parametrize("charset", ["iso-8859-2", "koi8-r", "macintosh", "shift_jis", "iso-8859-15"])
def test_another_declared_charset_is_used_where_it_fits(charset: str) -> None:
    words = {
        "iso-8859-2": "Łódź",
        "koi8-r": "Москва",
        "macintosh": "été",
        "shift_jis": "東京",
        "iso-8859-15": "œuvre à 3 €",
    }[charset]
    assert decode(words.encode(charset), charset=charset) == words


def test_a_banner_in_another_encoding_does_not_spoil_the_page() -> None:
    page = "<p>L’été à Düsseldorf, où l’œuvre fut créée</p>".encode() + "<p>©\x92</p>".encode("latin-1")
    assert decode(page) == "<p>L’été à Düsseldorf, où l’œuvre fut créée</p><p>©’</p>"


# Days


@given(
    date=st.dates(datetime.date(1970, 1, 1), datetime.date(2069, 12, 31)),
    lang=st.sampled_from(["fr", "de", "en"]),
    weekday=st.booleans(),
)
@hypothesis_settings(max_examples=200)
def test_every_day_is_read_in_every_writing(date: datetime.date, lang: str, weekday: bool) -> None:
    written = [
        in_words(date, lang, weekday=weekday), in_words(date, lang).upper(), f"{date:%d/%m/%Y}", f"{date:%d.%m.%Y}",
        f"{date.day}.{date.month}.{date.year}", f"{date:%d/%m/%y}", date.isoformat(), f"({date:%d-%m-%Y})",
        f"Berlin, le {in_words(date, 'fr')}", f"{date:%d.%m.%Y}, 14:30 Uhr",
    ]  # fmt: skip
    assert [only_a_date(text) for text in written] == [date] * len(written)
    assert read_date(f"{date.isoformat()}T23:59:00-11:00") == read_date(f"D:{date:%Y%m%d}120000") == date


@pytest.mark.parametrize(
    "text", ["31/02/2011", "1.234.567", "10.12.13.14", "2011", "juin 2011", "14 h 30", "n° 518", "12/2011", ""]
)
def test_what_is_no_day_is_none(text: str) -> None:
    assert list(dates_in(text)) == []


def test_a_sentence_with_a_day_is_not_only_a_day() -> None:
    assert only_a_date("Mise à jour le 3 mars 2011") is None
    assert only_a_date("du 1er au 3 mars 2011, Berlin accueille un congrès") is None
    assert [str(found.date) for found in dates_in("du 1er mars 2011 au 3.4.2011")] == ["2011-03-01", "2011-04-03"]


# Labels


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("Rubrique : Espace", ("section", "Espace")),
        ("Thème | Sciences de la vie", ("section", "Sciences de la vie")),
        ("Rubrik:", ("section", "")),
        ("Publié le mardi 21 juin 2011", ("date", "mardi 21 juin 2011")),
        ("Erschienen am", ("date", "")),
        ("BE Allemagne numéro 518 (16/06/2011)", ("number", "518 (16/06/2011)")),
        ("Auteur(s) : Jean Bey", ("authors", "Jean Bey")),
        ("Nora Feldkirch", None),
        ("Stand der Technik", None),
        ("Date limite de dépôt : demain", None),
        ("Section européenne de lycée", None),
    ],
)
def test_labels_and_their_values(line: str, expected: tuple[str, str] | None) -> None:
    assert labelled(line) == expected


def test_names_without_their_addresses() -> None:
    signed = "Kenny Abbey, kenny.abbey@diplomatie.gouv.fr – https://www.science-allemagne.fr"
    assert names(signed) == ("Kenny Abbey",)
    assert names("Dr. Jörg Weißenfels und Léa de la Tour (DFG); tél. +49 30 18 57") == (
        "Jörg Weißenfels",
        "Léa de la Tour",
    )
    assert names("Webmaster") == names("Fraunhofer 2011") == names("la rédaction du bulletin") == ()
    assert byline("Publié le 21 juin 2011 par Marie de Chalup et Jérôme Hanss") == ("Marie de Chalup", "Jérôme Hanss")


# The page


PARAGRAPH = "Le premier parc éolien commercial allemand en mer Baltique a été mis en service au large de la presqu'île de Darß. "


def page(body: str, head: str = "") -> Article:
    return read_page(f"<html><head>{head}</head><body>{body}</body></html>".encode(), id="x")


def test_a_table_of_data_inside_the_article_stays_and_a_caption_beside_the_text_too() -> None:
    data = "<table><tr><th>Land<th>MW<tr><td>Saxe<td>12<tr><td>Bavière<td>7</table>"
    side = "<td width=150><img src=a.jpg><br>Une turbine, photo EnBW</td>"
    article = page(
        f"<table><tr><td><h1>Un titre clair</h1><p>{PARAGRAPH}</p>{data}<p>{PARAGRAPH}</p></td>{side}</tr></table>"
    )
    assert "Land | MW\nSaxe | 12\nBavière | 7" in article.body
    assert article.body.endswith("Une turbine, photo EnBW")


def test_the_issue_dates_an_article_that_has_no_day_of_its_own() -> None:
    origin = "Origine : BE Allemagne numéro 518 (16/06/2011) - Ambassade de France en Allemagne / ADIT"
    sources = "Sources :<br>BMBF, 03/05/2011<br><br>"
    article = page(
        f"<table><tr><td><font size=4><b>Un titre clair</b></font><p>{PARAGRAPH * 2}</p>{sources}{origin}</td></tr></table>"
    )
    assert article.date == datetime.date(2011, 6, 16)
    assert article.body.endswith(f"Sources :\nBMBF, 03/05/2011\n\n{origin}")


LEADS = [
    "La Foire de Hanovre a accueilli cette année 225.000 visiteurs venus de 70 pays, un record.",
    "Le gouvernement a présenté une mise à jour de sa stratégie spatiale, qui date de 2010.",
    "Depuis le 1er janvier 2012, la loi sur la reconnaissance des diplômes étrangers est en vigueur en Allemagne.",
    "Le 6 mars 2014, le congrès annuel des clusters a été ouvert à Berlin par Sigmar Gabriel, ministre de l'économie.",
    "Am 6. März 2014 wurde das Institut von Angela Merkel, Bundeskanzlerin, in Dresden feierlich eröffnet.",
    "Une étude de l'université de Bonn a compté les cookies que posent les sites des grands journaux.",
]


@pytest.mark.parametrize("lead", LEADS)
def test_a_sentence_may_hold_words_of_a_footer_or_of_a_by_line(lead: str) -> None:
    for body in (f"<h1>Un titre clair</h1><p>{lead}</p><p>{PARAGRAPH}</p>",
                 f"<table><tr><td><h1>Un titre clair</h1><p>{lead}</p><p>{PARAGRAPH}</p></td></tr></table>"):  # fmt: skip
        article = page(body)
        assert article.body == f"{lead}\n\n{PARAGRAPH.strip()}"
        assert (article.date, article.authors) == (None, ())
    last = page(f"<table><tr><td><h1>Un titre clair</h1><p>{PARAGRAPH}</p><p>{lead}</p></td></tr></table>")
    assert last.body == f"{PARAGRAPH.strip()}\n\n{lead}"


@pytest.mark.parametrize(
    "footer",
    ["Ce site utilise des cookies afin de mesurer son audience et de vous proposer des contenus adaptés.",
     "Page mise à jour le 3 septembre 2012 par le service pour la science et la technologie de l'ambassade.",
     "© 2012 Ambassade de France en Allemagne, tous droits réservés pour tous les textes et toutes les images."],
)  # fmt: skip
def test_a_footer_may_be_a_sentence(footer: str) -> None:
    article = page(f"<table><tr><td><h1>Un titre clair</h1><p>{PARAGRAPH}</p><p>{footer}</p></td></tr></table>")
    assert article.body == PARAGRAPH.strip()


def test_an_item_without_words_leaves_its_mark_on_nothing() -> None:
    article = page(f"<h1>Un titre clair</h1><ul><li><figure><img src=a></figure></li></ul><p>{PARAGRAPH}</p>")
    assert article.body == PARAGRAPH.strip()


def test_an_article_without_any_day_gets_none() -> None:
    footer = "<tr><td>Mise à jour : 03/09/2012 - Copyright 2012</td></tr>"
    article = page(f"<table><tr><td><h2>Un titre clair</h2><p>{PARAGRAPH * 2}</p></td></tr>{footer}</table>")
    assert (article.date, article.section, article.authors) == (None, "", ())
    assert article.body == PARAGRAPH.strip() + " " + PARAGRAPH.strip()


def test_a_title_that_is_a_picture_is_read_in_the_head_of_the_page() -> None:
    text = f"<table><tr><td><img src=t.gif alt=Titre><br>Le 21.06.2011<p>{PARAGRAPH}</td></tr></table>"
    assert (
        page(text, "<title>Science Allemagne - Un titre un peu plus long</title>").title == "Un titre un peu plus long"
    )
    assert page(text, "<title>S</title><meta name=DC.title content='Autre titre'>").title == "Autre titre"


def test_the_bulletins_own_article_comes_out_of_an_old_page_as_it_went_in() -> None:
    (own,) = read_articles(Settings().articles)
    text = own.body.split("\n", 2)[2].replace("\n", "<br>\n")
    head = f"<font color=red>{own.section}</font><br><font size=4><b>{own.title}</b></font><br>06/03/2014<br><br>"
    tools = "<br><br><a href=print.htm>Imprimer</a> <a href=x.htm>Envoyer à un ami</a>"
    article = page(f"<table><tr>{NAVIGATION}<td>{head}{text}{tools}</td></tr></table>")
    assert (article.title, article.date, article.section, article.authors) == (
        own.title,
        own.date,
        own.section,
        own.authors,
    )
    assert article.body.split() == own.body.split("\n", 2)[2].split()


def test_a_title_over_two_lines_and_in_capitals() -> None:
    article = page(
        f"<table><tr><td>ESPACE</td></tr><tr><td><b><font size=5>Le DLR fait voler<br>un planeur</font></b><p>{PARAGRAPH}</td></tr></table>"
    )
    assert article.title == "Le DLR fait voler un planeur"
    assert article.section == "Espace"


NAVIGATION = (
    "<td>" + "".join(f"<a href={n}.htm>{s}</a><br>" for n, s in enumerate(("Accueil", "Espace", "TIC"))) + "</td>"
)
TEASER = "<a href=1.htm><b>Autre titre ici</b></a><br>" + PARAGRAPH * 2 + "... <a href=1.htm>suite</a><br><br>"


@pytest.mark.parametrize(
    "head",
    [
        "<h2>Un titre clair</h2>Date : 21/06/2011 | Rubrique : Espace | Auteur : Jean Bey",
        "<h2>Un titre clair</h2>Rubrique : Espace - Numéro 518 - 21 juin 2011<br>Par Jean Bey",
        "<h2>Un titre clair</h2><b>Rubrique</b> : Espace&nbsp;&nbsp; <b>Date</b> : 21.06.2011<br>Texte : Jean Bey",
        "<h2>Un titre clair</h2><table><tr><th>Date<th>Rubrique<th>Auteur<tr><td>21/06/2011<td>Espace<td>Jean Bey</table>",
        "<b><font size=4>Un titre clair</font></b><br>Espace - 21/06/2011<br><br>Auteur : Jean Bey",
        "<font size=1>Espace</font><br><a href=67029.htm><b><font size=4>Un titre clair</font></b></a><br>mardi 21 juin 2011, par Jean Bey",
        "Rubrik: Espace<br>Datum: 21. Juni 2011<br>Von Jean Bey<h1>Un titre clair</h1>",
        "<span class=rub>ESPACE</span><h3>Un titre clair</h3><i>Berlin, le 21 juin 2011</i> <small>Rédacteur : Dr. Jean Bey (DFG)</small>",
    ],
)
def test_the_head_of_an_article_in_many_writings(head: str) -> None:
    article = page(
        f"<table><tr>{NAVIGATION}<td>{head}<p>{PARAGRAPH}<p>{PARAGRAPH}</td><td>{TEASER * 5}</td></tr></table>"
    )
    assert (article.title, article.section, article.authors) == ("Un titre clair", "Espace", ("Jean Bey",))
    assert article.date == datetime.date(2011, 6, 21)
    assert article.body == f"{PARAGRAPH.strip()}\n\n{PARAGRAPH.strip()}"


def test_text_in_two_columns_and_a_day_below_it() -> None:
    columns = f"<tr><td>{PARAGRAPH}</td><td>{PARAGRAPH}<p>Jean Bey<br>21 juin 2011</td></tr>"
    article = page(
        f"<table><tr>{NAVIGATION}<td><table><tr><td colspan=2><h1>Un titre clair</h1></td></tr>{columns}</table></td></tr></table>"
    )
    assert article.date == datetime.date(2011, 6, 21)
    assert article.body == f"{PARAGRAPH.strip()}\n\n{PARAGRAPH.strip()}\n\nJean Bey\n21 juin 2011"


def test_lists_notes_and_raised_figures_keep_their_meaning() -> None:
    fragment = "<ol start=3><li>c<li>d</ol>10<sup>9</sup> m<sup>2</sup> de CO<sub>2</sub><sup><a href=#n1>1</a></sup>&nbsp;: 1<sup>er</sup>"
    lines = [line.text for line in lines_of(parse(fragment))]
    assert lines == ["3. c", "4. d", "10⁹ m² de CO2[1]\u00a0: 1er"]


@pytest.mark.parametrize("before", ["", "<h2>Le bilan</h2>"])
def test_a_table_of_data_may_begin_with_an_empty_corner(before: str) -> None:
    data = "<table><tr><td></td><td>2010</td><td>2011</td></tr><tr><td>Saxe</td><td>12</td><td>15</td></tr></table>"
    lines = lines_of(parse(f"<html><body>{before}{data}</body></html>"))[-2:]
    assert [line.text for line in lines] == ["| 2010 | 2011", "Saxe | 12 | 15"]
    assert all(line.marks == {"row"} for line in lines)


@pytest.mark.parametrize("link", ["http://[votre-site]/x", "http://["])
def test_a_link_that_is_no_address_is_one_that_leaves(link: str) -> None:
    text = f"<h1>Un titre clair</h1><p>{PARAGRAPH}</p><p>{PARAGRAPH}<a href='{link}'>Ici.</a></p>"
    head = f"<title>T</title><link rel=canonical href='{link}'>"
    for body in (text, f"<table><tr><td><a href='{link}'>Accueil</a></td><td>{text}</td></tr></table>"):
        article = read_page(f"<html><head>{head}</head><body>{body}</body></html>".encode())
        assert (article.id, article.url) == ("Un-titre-clair", "")
        assert article.body == f"{PARAGRAPH.strip()}\n\n{PARAGRAPH}Ici."


def test_the_language_of_the_text_is_believed_against_its_page() -> None:
    german = "Weht der Wind stark, müssen Netzbetreiber immer häufiger Anlagen abschalten. " * 5
    declared = f"<h1>ADELE</h1><p>{german}</p>"
    assert read_page(f"<html lang=fr><body>{declared}</body></html>".encode(), id="x").lang == "de"


@pytest.mark.parametrize(
    ("data", "told"),
    [
        (b"", "is empty"),
        (b"x" * 5_000_001, "5,000,001 bytes"),
        (b"<div>" * 400_000, "nested too deep"),
        (b"<table><tr>" + b"<td>x" * 40_000, "40,004 elements"),
        (b"<h1>T</h1><p>" + b"mot " * 200_000, "800,000 characters"),
        (b"<html><head><title>Rien</title></head><body></body></html>", "no running text"),
        (b"<p>" + PARAGRAPH.encode() + b"</p>", "no title"),
    ],
    ids=["empty", "large", "deep", "cells", "long", "textless", "untitled"],
)  # fmt: skip
def test_what_is_no_article_is_refused(data: bytes, told: str) -> None:
    with pytest.raises(PageError, match=told):
        read_page(data)

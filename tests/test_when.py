"""Dates in questions, and whether they say when something was published; sections and authors; filters as typed."""

from __future__ import annotations

import datetime
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from answer.about import both, understand, understand_in_turn
from answer.archive_phrases import which
from answer.days import days_named, plain
from answer.frames import kind_of
from answer.names import Names
from answer.when import periods
from records import Article, Filters, Lang
from web.filters import MAX_FILTERS, FiltersUnreadable, read_filters

TODAY = datetime.date(2014, 6, 20)


def an_article(section: str, *authors: str, date: datetime.date | None = TODAY) -> Article:
    return Article(section or "none", "Title", "fr", "Body.", date=date, section=section, authors=authors)


NAMES = Names.of(
    [
        an_article("Focus", "Claire Fontaine"),
        an_article("Énergie", "Peter Novak", "Élise d'Arc"),
        an_article("Environnement et climat"),
        an_article("Energie", date=None),
        an_article(""),
    ]
)


def spans(text: str) -> list[str]:
    return [f"{p.since or ''}..{p.until or ''}" for p in periods(text, TODAY, TODAY)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("le 21 juin 2011", "2011-06-21..2011-06-21"),
        ("am 1. März 2012", "2012-03-01..2012-03-01"),
        ("on March 6th, 2014", "2014-03-06..2014-03-06"),
        ("21/06/2011", "2011-06-21..2011-06-21"),
        ("21.6.2011", "2011-06-21..2011-06-21"),
        ("2011-06-21", "2011-06-21..2011-06-21"),
        ("en février 2012", "2012-02-01..2012-02-29"),
        ("May 2012", "2012-05-01..2012-05-31"),
        ("06/2012", "2012-06-01..2012-06-30"),
        ("im Jahr 2012", "2012-01-01..2012-12-31"),
        ("in den Jahren 2011 und 2012", "2011-01-01..2012-12-31"),
        ("des années 2011 à 2013", "2011-01-01..2013-12-31"),
        ("in the years 2011-2013", "2011-01-01..2013-12-31"),
        ("in the 2010s", "2010-01-01..2019-12-31"),
        ("in den 1990er Jahren", "1990-01-01..1999-12-31"),
        ("des années 2010", "2010-01-01..2019-12-31"),
        ("im Sommer 2011", "2011-06-01..2011-08-31"),
        ("l’automne 2011", "2011-09-01..2011-11-30"),
        ("entre 2010 et 2012", "2010-01-01..2012-12-31"),
        ("zwischen März und Mai 2012", "2012-03-01..2012-05-31"),
        ("from March 2012 to May 2012", "2012-03-01..2012-05-31"),
        ("2010–2012", "2010-01-01..2012-12-31"),
        ("since March 2013", "2013-03-01.."),
        ("ab 2013", "2013-01-01.."),
        ("dès 2013", "2013-01-01.."),
        ("des Jahres 2013", "2013-01-01..2013-12-31"),
        ("des Monats Juni 2011", "2011-06-01..2011-06-30"),
        ("im Laufe des Jahres 2013", "2013-01-01..2013-12-31"),
        ("après 2012", "2013-01-01.."),
        ("vor 2012", "..2011-12-31"),
        ("jusqu’en 2012", "..2012-12-31"),
        ("l’année dernière", "2013-01-01..2013-12-31"),
        ("letzten Monat", "2014-05-01..2014-05-31"),
        ("last week", "2014-06-09..2014-06-15"),
        ("cette semaine", "2014-06-16..2014-06-22"),
        ("in der letzten Woche", "2014-06-09..2014-06-15"),
        ("der letzten zwei Jahre", "2012-06-20..2014-06-20"),
        ("in the last two years", "2012-06-20..2014-06-20"),
        ("en 2011 et 2013", "2011-01-01..2013-12-31"),
        ("in June and July 2012", "2012-06-01..2012-07-31"),
        ("im Juni oder Juli 2012", "2012-06-01..2012-07-31"),
        ("from December to February 2012", "2011-12-01..2012-02-29"),
        ("entre 2013 et 2010", "2010-01-01..2013-12-31"),
        ("du 1er mai au 30 juin 2012", "2012-05-01..2012-06-30"),
        ("le 14 au 21 juin 2011", "2011-06-14..2011-06-21"),
        ("vom 1. bis 15. Juni 2011", "2011-06-01..2011-06-15"),
        ("vom 1.6. bis zum 15.7.2011", "2011-06-01..2011-07-15"),
        ("between the 1st and the 15th of June 2011", "2011-06-01..2011-06-15"),
        ("from May 1 to June 30, 2012", "2012-05-01..2012-06-30"),
        ("June 14–21, 2011", "2011-06-14..2011-06-21"),
        ("du 15 décembre au 15 janvier 2012", "2011-12-15..2012-01-15"),
        ("in June, July and August 2012", "2012-06-01..2012-08-31"),
        ("in 2011, 2012 and 2014", "2011-01-01..2014-12-31"),
        ("de 2011, de 2012 et de 2014", "2011-01-01..2014-12-31"),
        ("after 2011 and before 2014", "2012-01-01..2013-12-31"),
        ("avant 2014 mais après 2011", "2012-01-01..2013-12-31"),
        ("depuis 2011 jusqu’en 2013", "2011-01-01..2013-12-31"),
        ("from 2011 to today", "2011-01-01.."),
        ("de 2011 à aujourd’hui", "2011-01-01.."),
        ("seit 2011 bis heute", "2011-01-01.."),
        ("von 2012 an", "2012-01-01.."),
        ("2012 oder später", "2012-01-01.."),
        ("in 2012 or later", "2012-01-01.."),
        ("2012 et avant", "..2012-12-31"),
        ("le numéro de juin", "2014-06-01..2014-06-30"),
        ("the July issue", "2013-07-01..2013-07-31"),
        ("Juniausgabe", "2014-06-01..2014-06-30"),
    ],
)
def test_a_date_in_a_question(text: str, expected: str) -> None:
    assert spans(text) == [expected]


@pytest.mark.parametrize(
    "text",
    ["Mars may wait a second", "2 avril", "im Mai", "2012 euros", "2 000 km", "1984,5", "31 février",
     "winter", "été", "from 14 to 21"],
)  # fmt: skip
def test_what_is_no_date(text: str) -> None:
    assert spans(text) == []


@given(st.text(max_size=80))
def test_any_text_can_be_looked_through(text: str) -> None:
    assert len(plain(text)) == len(text)
    for period in periods(text, TODAY, TODAY):
        assert 0 <= period.start < period.end <= len(text)
        assert not (period.since and period.until) or period.since <= period.until
    request = understand(text, NAMES, TODAY)
    assert request.kind == "words" or request.names_something


PUBLISHED = [
    "what did the bulletin write about hydrogen in 2012?",
    "What has the bulletin reported in 2012 about hydrogen?",
    "Which articles about hydrogen were published in 2012?",
    "In 2012, what did the bulletin say about hydrogen?",
    "the 2012 articles about hydrogen",
    "Quels articles sur l'hydrogène ont paru en 2012 ?",
    "En 2012, qu'a écrit le bulletin sur l'hydrogène ?",
    "Articles de 2012 sur l'hydrogène",
    "Selon le bulletin de 2012, combien de cavernes y a-t-il ?",
    "Was schrieb das Bulletin 2012 über Wasserstoff?",
    "Was hat das Bulletin über Wasserstoff im Jahr 2012 geschrieben?",
    "Welche Artikel über Wasserstoff sind 2012 erschienen?",
    "Welche Artikel 2012 über Wasserstoff?",
    "Welche Beiträge zu Wasserstoff sind 2012 erschienen?",
    "What does the 2012 issue say about hydrogen?",
    "What did the issue of 2012 say about hydrogen?",
    "Gab es 2012 einen Artikel über Wasserstoff?",
    "Y a-t-il en 2012 un article sur l'hydrogène ?",
    "Laut dem Artikel aus dem Jahr 2012, wie groß ist die Kaverne?",
    "Zeige mir die Beiträge von 2012",
    "Gibt es Beiträge aus 2012?",
    "In which issue of 2012 did you write about hydrogen?",
    "Was habt ihr 2012 über Wasserstoff veröffentlicht?",
    "Was haben Sie im Jahr 2012 zu Wasserstoff geschrieben?",
    "What did you write in 2012 about hydrogen?",
    "Qu'avez-vous écrit en 2012 sur l'hydrogène ?",
]
ABOUT = [
    "What happened in 2012?",
    "How many projects were launched in 2012?",
    "Which articles are about projects launched in 2012?",
    "What did the bulletin write about the 2012 congress?",
    "Articles about the study published in 2012",
    "According to the bulletin, in 2012 how many patients took part?",
    "Quels projets ont été lancés en 2012 ?",
    "Quels articles parlent des projets lancés en 2012 ?",
    "Qui a écrit l'article sur le congrès de 2012 ?",
    "Le rapport publié en 2012 par le ministère, que dit-il ?",
    "Wie viele Cluster gab es 2012?",
    "Was schrieb das Bulletin über den Kongress 2012?",
    "Was habt ihr über den 2012 veröffentlichten Bericht geschrieben?",
    "Was haben Sie über die Wahl 2012 berichtet?",
    "Welche Artikel handeln von 2012 gestarteten Projekten?",
    "Wer gewann die Wahl im Jahr 2012?",
    "What was the biggest safety issue in 2012 in Fukushima?",
    "Wie hoch waren die Beiträge 2012?",
    "thème congrès 2012",
    "Articles about Berlin in the 1920s",
    "Articles on the 2012 congress",
]


@pytest.mark.parametrize("question", PUBLISHED)
def test_when_it_was_published(question: str) -> None:
    year = Filters("", datetime.date(2012, 1, 1), datetime.date(2012, 12, 31))
    assert understand(question, NAMES, TODAY).filters == year


@pytest.mark.parametrize("question", ABOUT)
def test_what_it_is_about_filters_nothing(question: str) -> None:
    assert understand(question, NAMES, TODAY).filters == Filters()


@pytest.mark.parametrize(
    ("question", "section", "topic"),
    [
        ("Quels articles de la rubrique Focus ?", "Focus", ""),
        ("Quels articles de la rubrique « Environnement » sur le Rhin ?", "Environnement et climat", "Rhin"),
        ("Welche Artikel stehen in der Rubrik Energie?", "Energie", ""),
        ("Quels articles de la rubrique Énergie ?", "Énergie", ""),
        ("Which articles are in the Energy section?", "Energie", ""),
        ("Welche Artikel über Wind gibt es in der Rubrik Fokus?", "Focus", "Wind"),
        ("Articles in the Focus section and wind", "Focus", "and wind"),
        ("articles in the energy section and the Focus section", "", "energy section and the Focus section"),
        ("articles sur la section d'énergie du CEA", "", "section d'énergie du CEA"),
        ("What does the section on wages say?", "", ""),
        ("What does the section of energy law say?", "", ""),
        ("In welchen Rubriken erscheinen Artikel über Wind?", "", "Wind"),
    ],
)
def test_a_section_in_a_question(question: str, section: str, topic: str) -> None:
    request = understand(question, NAMES, TODAY)
    assert (request.filters.section, request.topic) == (section, topic)


def test_a_section_that_there_is_not_and_an_author() -> None:
    assert understand("Quels articles de la rubrique Sport ?", NAMES, TODAY).unknown_section == "Sport"
    assert not understand("In welchen Rubriken erscheinen Artikel über Wind?", NAMES, TODAY).unknown_section
    both_said = understand("Artikel der Rubrik Sport von Novak", NAMES, TODAY)
    assert (both_said.unknown_section, both_said.author) == ("Sport", "Peter Novak")
    assert understand("Quels articles de Claire Fontaine ?", NAMES, TODAY).author == "Claire Fontaine"
    assert understand("articles by Novak", NAMES, TODAY).author == "Peter Novak"
    about_her = understand("Quels articles sur Claire Fontaine ?", NAMES, TODAY)
    assert (about_her.author, about_her.topic) == ("", "Claire Fontaine")


def test_the_most_recent_day_and_the_biggest_section_come_first() -> None:
    assert NAMES.newest == TODAY
    assert Names.of([]).newest is None
    assert Names.of([an_article("B"), an_article("A"), an_article("B")]).sections == ("B", "A")


@pytest.mark.parametrize(
    ("earlier", "question", "topic", "section", "years"),
    [
        (["What did the bulletin write about hydrogen in 2012?"], "And in 2013?", "hydrogen", "", (2013, 2013)),
        (["Articles sur l'hydrogène en 2012", "Et en 2013 ?"], "et 2014 ?", "hydrogène", "", (2014, 2014)),
        (["articles about wind"], "And in 2011, 2012 and 2013?", "wind", "", (2011, 2013)),
        (["articles about wind", "and in the Focus section?"], "And in 2013?", "wind", "Focus", (2013, 2013)),
        (["Welche Artikel über Wind gibt es?"], "Und in der Rubrik Fokus?", "Wind", "Focus", None),
        (["Quels articles de la rubrique Focus en 2011 ?"], "Et de 2010 à 2012 ?", "", "Focus", (2010, 2012)),
        (["Articles de la rubrique Focus en 2011"], "Et dans la rubrique Énergie ?", "", "Énergie", (2011, 2011)),
    ],
)  # fmt: skip
def test_another_date_or_section_is_asked_for_in_turn(
    earlier: list[str], question: str, topic: str, section: str, years: tuple[int, int] | None
) -> None:
    request = understand_in_turn(question, earlier, NAMES, TODAY)
    first, last = years or (0, 0)
    expected = (datetime.date(first, 1, 1), datetime.date(last, 12, 31)) if years else (None, None)
    filters = request.filters
    assert (request.topic, filters.section, (filters.since, filters.until)) == (topic, section, expected)


@pytest.mark.parametrize(
    ("earlier", "question"),
    [
        (["How many people live in Berlin?"], "And in 2013?"),
        ([], "And in 2013?"),
        (["Articles sur l'hydrogène en 2012"], "Et combien de cavernes en 2013 ?"),
        (["Articles sur l'hydrogène en 2012"], "Et Berlin ?"),
        (["Articles sur l'hydrogène en 2012", "Où est Berlin ?"], "Et en 2013 ?"),
        (["Et en 2012 ?"], "Et en 2013 ?"),
    ],
)
def test_what_is_no_turn_is_as_if_asked_alone(earlier: list[str], question: str) -> None:
    assert understand_in_turn(question, earlier, NAMES, TODAY) == understand(question, NAMES, TODAY)


def test_filters_are_intersected() -> None:
    one = Filters("Focus", datetime.date(2011, 1, 1), None)
    other = Filters("focus", datetime.date(2012, 1, 1), datetime.date(2012, 12, 31))
    merged = both(one, other)
    assert (merged.section.casefold(), merged.since, merged.until) == ("focus", other.since, other.until)
    assert not both(Filters("A"), Filters("B")).admit(an_article("A"))


@pytest.mark.parametrize(
    ("lang", "words"),
    [("fr", "de la rubrique «\u00a0Focus\u00a0» d’avril 2011"), ("en", "in the section “Focus” of April 2011"),
     ("de", "der Rubrik „Focus“ vom April 2011")],
)  # fmt: skip
def test_filters_in_words(lang: Lang, words: str) -> None:
    april = Filters("Focus", datetime.date(2011, 4, 1), datetime.date(2011, 4, 30))
    assert which(april, lang) == words
    assert which(Filters(), lang) == ""


def test_filters_as_the_page_sends_them() -> None:
    typed = {"section": "Focus", "since": "2011", "until": "06/2012"}
    expected = Filters("Focus", datetime.date(2011, 1, 1), datetime.date(2012, 6, 30))
    assert read_filters(json.dumps(typed)) == expected
    assert read_filters("") is read_filters(None) is read_filters("{}") is None
    assert days_named("21.06.2012") == (datetime.date(2012, 6, 21),) * 2


@pytest.mark.parametrize(
    "text",
    ['{"since": "yesterday"}', '{"since": "last year"}', '{"since": 2012}', '{"path": "/"}', "[]", "x", "[" * 500,
     '{"section": {"a": 1}}', json.dumps({"section": "x" * 201}), " " * (MAX_FILTERS + 1)],
)  # fmt: skip
def test_other_filters_are_turned_away(text: str) -> None:
    with pytest.raises(FiltersUnreadable):
        read_filters(text)


@pytest.mark.parametrize("question", ["Artikel über /", "articles about ?!", "Quels articles sur « … » ?"])
def test_signs_are_no_subject(question: str) -> None:
    """Hypothesis found it: an index was asked for articles about a slash."""
    request = understand(question, NAMES, TODAY)
    assert (request.kind, request.topic) == ("words", "")


@pytest.mark.parametrize(
    ("question", "topic"),
    [
        ("Welche Artikel wurden 2013 veröffentlicht?", ""),
        ("Wie viele Artikel wurden 2013 geschrieben?", ""),
        ("Welche Artikel über Wasserstoff wurden 2013 veröffentlicht?", "Wasserstoff"),
        ("articles last year", ""),
        ("last year’s articles", ""),
        ("Quels articles l’année dernière ?", ""),
    ],
)
def test_a_date_does_not_begin_inside_the_word_before_it(question: str, topic: str) -> None:
    request = understand(question, NAMES, TODAY)
    assert (request.kind, request.topic) == ("articles", topic)
    assert request.filters == Filters(since=datetime.date(2013, 1, 1), until=datetime.date(2013, 12, 31))


@pytest.mark.parametrize(
    ("question", "kind", "topic"),
    [
        ("Welche Artikel 2013 über Solarzellen?", "articles", "Solarzellen"),
        ("Articles 2011-2013 sur l'hydrogène", "articles", "hydrogène"),
        ("Gab es 2012 einen Artikel über Wasserstoff?", "articles", "Wasserstoff"),
        ("Y a-t-il eu en 2011 un article sur les vaccins ?", "articles", "vaccins"),
        ("Qui a écrit en 2012 l'article sur l'hydrogène ?", "author", "hydrogène"),
        ("Was hat 2012 das Bulletin über Wasserstoff geschrieben?", "said", "Wasserstoff"),
        ("Welche Artikel letzten Monat?", "articles", ""),
        ("Welcher Artikel des letzten Monats?", "articles", ""),
        ("Quels articles du mois dernier ?", "articles", ""),
        ("Que dit l'article 5 de la loi de 2012 ?", "words", ""),
        ("Quel article de la Constitution parle des langues ?", "words", ""),
        ("Article 2011 du code civil", "words", ""),
    ],
)
def test_a_date_does_not_hide_what_is_asked_for(question: str, kind: str, topic: str) -> None:
    request = understand(question, NAMES, TODAY)
    assert (request.kind, request.topic, request.extreme) == (kind, topic, None)


@pytest.mark.parametrize(
    "question",
    ["Welchen Beitrag leistet die Windenergie zum Klimaschutz?", "Seit wann gibt es Beiträge zur Pflegeversicherung?",
     "What does the article say about hydrogen?", "What conclusion does this article draw?",
     "In which issue did the article on graphene appear?", "Quels clusters cet article cite-t-il ?",
     "Dieser Artikel nennt welche Firmen?", "Was hat Angela Merkel gesagt, als sie das Institut eröffnete?",
     "Was haben die Forscher gesagt, als das Bulletin erschien?"],
)  # fmt: skip
def test_what_is_asked_of_an_article_or_a_contribution_is_no_list(question: str) -> None:
    assert understand(question, NAMES, TODAY).kind == "words"


@pytest.mark.parametrize(
    ("question", "topic"),
    [
        ("Welche Beiträge über Wind gibt es?", "Wind"),
        ("Gibt es einen Beitrag zu Wind?", "Wind"),
        ("Alle Beiträge 2012", ""),
        ("Beiträge von Claire Fontaine", ""),
        ("Welche Beiträge handeln von Wind?", "Wind"),
        ("Gibt es Beiträge zur Windenergie?", "Windenergie"),
        ("Which three of the articles are about wind?", "wind"),
        ("Which have been the articles on wind?", "wind"),
        ("Articles section efficace", "section efficace"),
        ("Welche der neuen Artikel handeln von Wind?", "Wind"),
        ("Which of the articles mention wind?", "wind"),
        ("What are the articles about wind?", "wind"),
        ("Quels furent les articles sur le vent ?", "vent"),
        ("Lesquels de ces articles parlent du vent ?", "vent"),
        ("Un article sur le vent ?", "vent"),
    ],
)
def test_a_list_of_articles(question: str, topic: str) -> None:
    request = understand(question, NAMES, TODAY)
    assert (request.kind, request.topic) == ("articles", topic)


def test_years_that_no_filter_can_say_are_none() -> None:
    request = understand("articles before 2012 or after 2013", NAMES, TODAY)
    assert (request.kind, request.topic, request.filters) == ("articles", "", Filters())


@pytest.mark.parametrize(
    ("question", "kind", "topic"),
    [
        ("Quand est paru l'article « Droit d'auteur » ?", "date", "Droit d'auteur"),
        ("Who wrote the article Publication bias?", "author", "Publication bias"),
        ("Qui est l'auteur de l'article Graphène ?", "author", "Graphène"),
    ],
)
def test_a_title_keeps_its_words(question: str, kind: str, topic: str) -> None:
    request = understand(question, NAMES, TODAY)
    assert (request.kind, request.topic) == (kind, topic)


def test_of_years_apart_the_articles_of_both_are_meant() -> None:
    request = understand("Quels articles de 2011 et quels articles de 2013 ?", NAMES, TODAY)
    assert request.filters == Filters(since=datetime.date(2011, 1, 1), until=datetime.date(2013, 12, 31))


@pytest.mark.parametrize("question", ["What did the bulletin publish in 2014?", "Qu’a publié le bulletin en 2014 ?"])
def test_what_was_published_without_a_subject_is_articles(question: str) -> None:
    request = understand(question, NAMES, TODAY)
    assert (request.kind, request.topic) == ("articles", "")
    assert request.filters == Filters(since=datetime.date(2014, 1, 1), until=datetime.date(2014, 12, 31))


@pytest.mark.parametrize(
    "question",
    ["articles " + "a " * 400 + "x 2012", "article " + "de la " * 150 + "vie en 2012", "a " * 400 + "x latest article",
     "articles " + "ont-ils " * 110 + "x 2012"],
)  # fmt: skip
def test_words_that_can_be_taken_in_two_ways_are_taken_in_one(question: str) -> None:
    """Each such word doubled the time that a question took; this test would not have ended."""
    assert understand(question, NAMES, TODAY).filters == Filters()


@pytest.mark.parametrize(
    "question",
    ["What's the latest article?", "Wie lautet der neueste Artikel?", "Wie heisst der neueste Artikel?",
     "Wie heißt der neueste Artikel?", "Quel est l’article le plus récent ?",
     "Können Sie mir den neuesten Artikel zeigen?", "the last article", "Can you show me the last article?",
     "Die neuesten Beiträge, bitte", "Quels sont les trois derniers articles ?"],
)  # fmt: skip
def test_the_newest_article(question: str) -> None:
    request = understand(question, NAMES, TODAY)
    assert (request.kind, request.topic, request.extreme) == ("articles", "", "newest")


@pytest.mark.parametrize(
    ("question", "kind"),
    [("Who wrote the last article?", "author"), ("When was the last article published?", "date"),
     ("Dans quelle rubrique est paru le dernier article ?", "section")],
)  # fmt: skip
def test_what_is_known_of_the_newest_article(question: str, kind: str) -> None:
    request = understand(question, NAMES, TODAY)
    assert (request.kind, request.topic, request.extreme) == (kind, "", "newest")


@pytest.mark.parametrize(
    "question",
    ["Qui a écrit cet article ?", "Wer hat diesen Artikel geschrieben?", "Wann erschien dieser Artikel?",
     "Quel est l'auteur de l'article ?", "Who is the author of this article?", "Wer ist der Autor des Artikels?",
     "Quelle est la date de publication de l'article ?", "Dans quelle rubrique est paru l'article ?",
     "In welcher Rubrik steht dieser Artikel?", "Which articles did this author write?"],
)  # fmt: skip
def test_words_that_ask_for_author_date_or_section_are_no_subject(question: str) -> None:
    """They lean on what was asked before: no article is told by them."""
    assert not understand(question, NAMES, TODAY).names_something


@pytest.mark.parametrize(
    ("question", "extreme", "several"),
    [
        ("Quel est le dernier article ?", "newest", 1),
        ("Welcher ist der letzte Artikel?", "newest", 1),
        ("Zeigen Sie mir den neuesten Artikel", "newest", 1),
        ("Was stand im letzten Beitrag der Rubrik Focus? Welche Artikel?", "newest", 1),
        ("Quels sont les trois derniers articles ?", "newest", 3),
        ("Les 5 derniers articles", "newest", 5),
        ("Les 0 derniers articles", "newest", 1),
        ("les 2 articles les plus récents", "newest", 2),
        ("What are the last three articles?", "newest", 3),
        ("Show me the 4 latest articles", "newest", 4),
        ("Die letzten drei Artikel", "newest", 3),
        ("Welche sind die zwei neuesten Beiträge?", "newest", 2),
        ("Quels sont les derniers articles ?", "newest", None),
        ("What are the latest articles?", "newest", None),
        ("Die letzten Artikel, bitte", "newest", None),
        ("Die neuesten Beiträge, bitte", "newest", None),
        ("Quels étaient les premiers articles ?", "oldest", None),
    ],
)
def test_one_of_the_newest_articles_or_several(question: str, extreme: str, several: int | None) -> None:
    request = understand(question, NAMES, TODAY)
    assert (request.kind, request.topic) == ("articles", "")
    assert (request.extreme, request.several) == (extreme, several)


def test_several_of_the_newest_have_several_authors() -> None:
    request = understand("Wer hat die letzten drei Artikel geschrieben?", NAMES, TODAY)
    assert (request.kind, request.topic, request.extreme, request.several) == ("author", "", "newest", 3)


def test_a_subject_stands_before_a_verb_that_stands_last() -> None:
    assert understand("Was habt ihr seit 2011 über Wasserstoff veröffentlicht?", NAMES, TODAY).topic == "Wasserstoff"


def test_an_issue_alone_asks_for_its_articles() -> None:
    request = understand("Die Juni-Ausgabe 2011", NAMES, TODAY)
    assert (request.kind, request.topic) == ("articles", "")
    assert request.filters == Filters("", datetime.date(2011, 6, 1), datetime.date(2011, 6, 30))


@pytest.mark.parametrize("question", ["What did the June issue of 2012 say about ESA?", "Artikel der Juniausgabe 2012"])
def test_an_issues_month_and_year_are_one_date(question: str) -> None:
    june = Filters("", datetime.date(2012, 6, 1), datetime.date(2012, 6, 30))
    assert understand(question, NAMES, TODAY).filters == june


@pytest.mark.parametrize(
    ("question", "kind"),
    [("What is the article's publication date?", "date"), ("Who is the article's author?", "author"),
     ("What's the article's section?", "section")],
)  # fmt: skip
def test_what_is_an_articles_own(question: str, kind: str) -> None:
    assert kind_of(plain(question)) == kind
    assert not understand(question, NAMES, TODAY).names_something


def test_the_first_beitrag_is_an_article() -> None:
    assert understand("Was war der erste Beitrag?", NAMES, TODAY).extreme == "oldest"


def test_a_subject_ends_before_the_question_mark() -> None:
    assert understand("Which articles mention glaciers?", NAMES, TODAY).topic == "glaciers"
    assert understand("Which articles did readers like?", NAMES, TODAY).topic == "readers like"


@pytest.mark.parametrize("question", ["Rubrique Focus", "rubrique Focus ?", "the Focus section"])
def test_a_section_alone_asks_for_its_articles(question: str) -> None:
    request = understand(question, Names((), ("Focus",), ()), TODAY)
    assert (request.kind, request.topic, request.filters) == ("articles", "", Filters("Focus"))


@pytest.mark.parametrize(
    "question", ["Quels articles dans la rubrique Politique de santé ?", "rubrique Sciences humaines"]
)
def test_a_section_that_begins_like_another_is_not_that_one(question: str) -> None:
    names = Names((), ("Politique de la recherche", "Sciences de la terre"), ())
    assert understand(question, names, TODAY).filters == Filters()


@pytest.mark.parametrize(
    "named",
    ["Politique", "Politique de recherche", "Politique de la recherche et innovation",
     "Politique de la recherche et de l'innovation"],
)  # fmt: skip
def test_the_small_words_of_a_section_may_be_left_out(named: str) -> None:
    names = Names((), ("Politique de la recherche, innovation",), ())
    request = understand(f"Articles de la rubrique {named} ?", names, TODAY)
    assert (request.filters.section, request.topic) == (names.sections[0], "")


@pytest.mark.parametrize("behind", ["", " de 2012", " de l'année dernière", " parus en 2012", " sur le climat"])
def test_a_section_that_there_is_not_is_told_in_full(behind: str) -> None:
    names = Names((), ("Politique de la recherche, innovation",), ())
    request = understand(f"Articles de la rubrique Politique de santé{behind} ?", names, TODAY)
    assert request.unknown_section == "Politique de santé"


@pytest.mark.parametrize(
    "question",
    ["Articles des rubriques Focus et Énergie", "Artikel der Rubriken Fokus und Energie",
     "Articles de la rubrique « Focus » ou de la rubrique « Énergie »"],
)  # fmt: skip
def test_of_two_sections_none_filters(question: str) -> None:
    request = understand(question, NAMES, TODAY)
    assert (request.filters, request.unknown_section) == (Filters(), "")


@pytest.mark.parametrize("behind", ["", " ?", " de 2012", " de juin 2012", " sur l’hydrogène"])
def test_a_section_may_be_named_by_its_first_words(behind: str) -> None:
    names = Names((), ("Énergie et climat",), ())
    assert understand(f"Articles de la rubrique Énergie{behind}", names, TODAY).filters.section == "Énergie et climat"

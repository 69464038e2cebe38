"""Sentences, blocks and passages: whole, in order, with true offsets, whatever the text."""

from __future__ import annotations

import logging

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from corpus.articles import read_articles
from index.passages.blocks import blocks
from index.passages.chunk import chunk
from index.passages.sentences import sentences
from index.versions.build import PASSAGE_TOKENS
from records import LANGS, Article, Encoder, Lang, Passage
from settings import Settings

# What an article file can hold: any character but control characters and surrogates (the corpus refuses both).
_ANY = st.text(st.characters(exclude_categories=("Cs", "Cc")), max_size=12)
_PROSE = st.sampled_from(
    [
        "Le programme",
        "clusters",
        "Les autres",
        "ein Wort " * 60,
        "Une phrase courte. ",
        "A",
        "a" * 300,
        "🙂",
        "中国有多少",
    ]
    + [
        " ",
        "\u00a0",
        "\u202f",
        "\t",
        "\n",
        "\n\n",
        "\n\u00a0\n",
        "\u2028",
        ". ",
        "! ",
        "\u00a0? ",
        "… ",
        ":\n",
        ", ",
        "; ",
    ]
    + [
        "« ",
        "\u00a0»",
        "“",
        "”",
        ")",
        " [1]",
        "M. ",
        "Mme ",
        "J.-P. ",
        "p. ex. ",
        "z. B. ",
        "6. März ",
        "e.g. ",
        "Fig. 3 ",
    ]
)
_APPARATUS = st.sampled_from(
    ["\n[1] Une note", "\n[2] ", "\n– ", "\n1. ", "\nSources :\n", "\nContacts", "\nAuthor:\n", "\n\n", "\n", "Texte."]
)
BODIES = st.lists(st.one_of(_PROSE, _APPARATUS, _ANY), max_size=25).map("".join)
APPARATUS_BODIES = st.lists(_APPARATUS, max_size=12).map("".join)


def article(body: str, lang: Lang = "fr") -> Article:
    return Article("a", "T", lang, body)


def count_words(text: str) -> int:
    return len(text.split())


def texts(body: str, lang: str) -> list[str]:
    return [body[start:end] for start, end in sentences(body, lang)]


def uncovered(body: str, spans: list[tuple[int, int]]) -> str:
    """The non-blank characters of `body` outside `spans`."""
    inside = {i for start, end in spans for i in range(start, end)}
    return "".join(c for i, c in enumerate(body) if i not in inside and not c.isspace())


def require_whole(body: str, passages: list[Passage]) -> None:
    """Passages are slices of the body, in order, apart, and hold every character that is to be seen."""
    assert all(body[p.start : p.end] == p.text == p.text.strip() != "" for p in passages)
    assert all(one.end <= other.start for one, other in zip(passages, passages[1:], strict=False))
    assert uncovered(body, [(p.start, p.end) for p in passages]) == ""
    for passage in passages:
        assert all(passage.start <= start < end <= passage.end for start, end in passage.sentences)
        assert uncovered(passage.text, [(a - passage.start, b - passage.start) for a, b in passage.sentences]) == ""


# Any text


@settings(max_examples=120, deadline=None)
@example(body="001..¢¬ÃÙCôclusters", lang="fr", size=8)  # nine tokens, of parts that have eight
@given(body=BODIES, lang=st.sampled_from(LANGS), size=st.sampled_from([8, 20, PASSAGE_TOKENS]))
def test_any_text_becomes_passages_that_are_whole_and_fit_the_model(
    encoder: Encoder, body: str, lang: Lang, size: int
) -> None:
    passages = chunk(article(body, lang), size, encoder.count_tokens)
    require_whole(body, passages)
    assert [p.text for p in passages if encoder.count_tokens(p.text) > size and len(p.text) > 1] == []


@settings(max_examples=300, deadline=None)
@given(body=st.one_of(APPARATUS_BODIES, BODIES), lang=st.sampled_from(LANGS), size=st.integers(1, 12))
def test_any_apparatus_becomes_passages_that_are_whole_and_cross_no_block(body: str, lang: Lang, size: int) -> None:
    passages = chunk(article(body, lang), size, count_words)
    require_whole(body, passages)
    cut = blocks(body)
    for p in passages:
        assert [block.kind for block in cut if block.start <= p.start and p.end <= block.end] == [p.kind]


@settings(max_examples=300, deadline=None)
@given(body=st.one_of(APPARATUS_BODIES, BODIES))
def test_blocks_are_apart_in_order_and_hold_every_character(body: str) -> None:
    cut = blocks(body)
    assert all(one.end <= other.start for one, other in zip(cut, cut[1:], strict=False))
    assert uncovered(body, [(block.start, block.end) for block in cut]) == ""


@settings(max_examples=300, deadline=None)
@given(body=BODIES, lang=st.sampled_from(LANGS))
def test_sentences_are_apart_in_order_and_hold_every_character(body: str, lang: Lang) -> None:
    spans = sentences(body, lang)
    assert all(start < end for start, end in spans)
    assert all(one[1] <= other[0] for one, other in zip(spans, spans[1:], strict=False))
    assert all(text == text.strip() for text in texts(body, lang))
    assert uncovered(body, spans) == ""


def test_a_word_longer_than_a_passage_is_cut(encoder: Encoder) -> None:
    body = "Donaudampfschiff" * 100
    passages = chunk(article(body, "de"), 40, encoder.count_tokens)
    assert "".join(p.text for p in passages) == body
    assert max(encoder.count_tokens(p.text) for p in passages) <= 40


# Sentences


@pytest.mark.parametrize(
    ("lang", "expected"),
    [
        ("fr", ["M. Roth et Mme Zypries sont venus.", "Ils parlent."]),
        ("fr", ["J.-P. Raffarin et le Dr. Müller sont venus.", "Ils parlent."]),
        ("fr", ["Il y a p. ex. Berlin, c.-à-d. la capitale.", "Fin."]),
        ("fr", ["Il y a p.\u00a0ex. Berlin.", "Fin."]),
        ("fr", ["Vraiment\u00a0?", "Oui\u202f!", "Bien…", "Non."]),
        ("fr", ["«\u00a0Venez\u00a0!\u00a0»", "Elle vient.", "«\u00a0Non\u00a0?\u00a0» dit-il."]),
        ("fr", ["Une mesure [1].", "Une autre. [2]", "Encore une.\u00a0[3][4]", "Fin."]),
        ("fr", ["Le programme coûte 3.5 millions.", "Il va de 1. à 3. etc.", "Fin."]),
        ("fr", ["C’était en 2014.", "Puis vint 2015."]),
        ("fr", ["Le BMWi.", "Une phrase"]),
        ("de", ["Das ist z. B. Berlin, d. h. die Hauptstadt.", "Ende."]),
        ("de", ["Am 6. März kam Dr. Müller.", "Er sprach."]),
        ("de", ["Prof. Dr.-Ing. Hans Schmidt und Dipl.-Ing. Eva Roth sind da.", "Ende."]),
        ("de", ["Die Nordex GmbH & Co. KG ist in der Invalidenstr. 43 in Berlin.", "Ende."]),
        ("de", ["Abb. 3 zeigt bspw. Siemens und 3 Tsd. Euro.", "Ende."]),
        ("de", ["„Kommen Sie!“", "Sie kam.", "„Nein?“ sagte er."]),
        ("de", ["Es war 2014.", "Danach kam mehr."]),
        ("en", ["See e.g. Berlin and Fig. 3 of it.", "Next."]),
        ("en", ["Mr. Roth met Dr. Miller, i.e. both.", "They spoke."]),
        ("en", ["“Come!”", "She came.", "(Not now.)", "Then."]),
    ],
)
def test_sentences_end_where_a_reader_says(lang: Lang, expected: list[str]) -> None:
    assert texts(" ".join(expected), lang) == expected


def test_a_list_is_cut_at_its_items_and_a_wrapped_line_is_not() -> None:
    body = "Cela passe par:\n– un soutien,\n– une aide\nfinancière,\n1. un prix"
    assert texts(body, "fr") == ["Cela passe par:", "– un soutien,", "– une aide\nfinancière,", "1. un prix"]


def test_a_german_date_at_the_beginning_of_a_wrapped_line_is_no_list_item() -> None:
    assert texts("Es war am\n6. März 2012.\n1. Mainz,\n2. Köln", "de") == [
        "Es war am\n6. März 2012.",
        "1. Mainz,",
        "2. Köln",
    ]
    assert texts("Es ging um\n\n6. März und April", "de") == ["Es ging um", "6. März und April"]


def test_a_blank_line_ends_a_sentence_even_with_no_break_spaces_in_it() -> None:
    assert texts("Un titre\n\u00a0\nDu texte", "fr") == ["Un titre", "Du texte"]


# Blocks


def test_the_article_has_its_five_parts() -> None:
    (bulletin,) = read_articles(Settings().articles)
    assert [(kind, bulletin.body[start:end].split()[:4]) for kind, start, end in blocks(bulletin.body)] == [
        ("body", ["Edition", "2014", "du", "Congrès"]),
        ("footnote", ["[1]", "Dans", "les", "politiques"]),
        ("contacts", ["Pour", "en", "savoir", "plus,"]),
        ("sources", ["Sources", ":", "–", "Participation"]),
        ("signature", ["Rédacteurs", ":", "Kenny", "Abbey,"]),
    ]


def test_each_footnote_stands_once() -> None:
    body = "Texte [1] et [2].\n\n[1] Note une.\n[2] Note deux.\n\nSuite."
    assert [(kind, body[start:end].strip()) for kind, start, end in blocks(body)] == [
        ("body", "Texte [1] et [2]."),
        ("footnote", "[1] Note une."),
        ("footnote", "[2] Note deux."),
        ("body", "Suite."),
    ]


def test_sources_right_after_a_footnote_stand_once() -> None:
    body = "[1] Note.\nSources :\n– BMWi\n\nZypries"
    assert [(kind, body[start:end].strip()) for kind, start, end in blocks(body)] == [
        ("footnote", "[1] Note."),
        ("sources", "Sources :\n– BMWi\n\nZypries"),
    ]


def test_the_body_goes_on_after_a_footnote_and_not_after_sources() -> None:
    body = "Un.\n\n[1] Note.\n\nDeux.\n\nSources :\n\nTrois."
    assert [kind for kind, _, _ in blocks(body)] == ["body", "footnote", "body", "sources"]


@pytest.mark.parametrize(
    ("line", "kind"),
    [
        ("Sources :", "sources"), ("SOURCE", "sources"), ("Quellen:", "sources"), ("References:", "sources"),
        ("Rédactrice :", "signature"), ("Autoren:", "signature"), ("Authors:", "signature"),
        ("Pour en savoir plus, contacts :", "contacts"), ("Kontakt:", "contacts"), ("Ansprechpartnerin:", "contacts"),
        ("Further information:", "contacts"), ("Les sources de financement", "body"), ("[1]", "body"),
        ("Sources d’énergie", "body"), ("Contactez-nous", "body"), ("[1] Une note", "footnote"),
    ],
)  # fmt: skip
def test_a_part_is_known_by_its_label(line: str, kind: str) -> None:
    assert blocks(f"Du texte.\n\n{line}\nla suite")[-1].kind == kind


# Passages


def test_the_article_becomes_eight_passages_of_one_kind_each(encoder: Encoder) -> None:
    (bulletin,) = read_articles(Settings().articles)
    passages = chunk(bulletin, PASSAGE_TOKENS, encoder.count_tokens)
    require_whole(bulletin.body, passages)
    assert [(p.kind, " ".join(p.text.split()[:3])) for p in passages] == [
        ("body", "Edition 2014 du"),
        ("body", "Au cours de"),
        ("body", "En ouverture du"),
        ("body", "Le programme «"),
        ("footnote", "[1] Dans les"),
        ("contacts", "Pour en savoir"),
        ("sources", "Sources : –"),
        ("signature", "Rédacteurs : Kenny"),
    ]


def test_the_articles_sentences_are_its_sentences(encoder: Encoder) -> None:
    (bulletin,) = read_articles(Settings().articles)
    first, *_ = chunk(bulletin, PASSAGE_TOKENS, encoder.count_tokens)
    assert [bulletin.body[start:end].split("\u00a0")[0][:40] for start, end in first.sentences] == [
        "Edition 2014 du Congrès annuel des clust",
        "Le 6 mars 2014 s’est tenue à Berlin l’éd",
        "La rencontre était placée cette année so",
        "A cette occasion, ce sont plus de 200 pa",
    ]


def test_nothing_is_logged_on_the_way(encoder: Encoder, caplog: pytest.LogCaptureFixture) -> None:
    (bulletin,) = read_articles(Settings().articles)
    with caplog.at_level(logging.DEBUG):
        for size in (16, 64, PASSAGE_TOKENS):
            chunk(bulletin, size, encoder.count_tokens)
    assert caplog.records == []


def test_short_paragraphs_share_a_passage_and_a_long_one_is_cut_evenly_at_its_sentences() -> None:
    short, long = "Un deux.\n\nTrois quatre.", " ".join(f"Phrase {i} a cinq mots." for i in range(4))
    passages = chunk(article(f"{short}\n\n{long}"), 12, count_words)
    assert [p.text for p in passages] == [
        short,
        "Phrase 0 a cinq mots. Phrase 1 a cinq mots.",
        "Phrase 2 a cinq mots. Phrase 3 a cinq mots.",
    ]


def test_a_heading_stays_with_the_paragraph_after_it() -> None:
    body = "Un deux trois quatre.\n\nTitre\n\nCinq six sept huit neuf."
    assert [p.text for p in chunk(article(body), 7, count_words)] == [body[:21], "Titre\n\nCinq six sept huit neuf."]


def test_a_heading_stays_with_the_first_sentence_of_a_paragraph_that_has_to_be_cut() -> None:
    body = "Titre\n\nUne phrase de six mots ici. Fin."
    assert [p.text for p in chunk(article(body), 7, count_words)] == ["Titre\n\nUne phrase de six mots ici.", "Fin."]


def test_a_heading_with_nothing_after_it_is_a_passage() -> None:
    assert [p.text for p in chunk(article("Un deux trois.\n\nTitre"), 3, count_words)] == ["Un deux trois.", "Titre"]

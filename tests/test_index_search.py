"""Search against brute force over every passage, and over a small bulletin in three languages with the real encoder."""

from __future__ import annotations

import dataclasses
import datetime
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from answer.ask import Assistant
from index.encoding.encoder import SentenceEncoder
from index.question import follow_up, prepare
from index.search import _OFFSET, _SLOPE, CANDIDATES, WORDS_WEIGHT, search, search_within
from index.stores.lexical import question_stems
from index.versions.build import build
from index.versions.store import Index, open_index
from records import LANGS, Article, Encoder, Encoding, Filters, Hit, Lang
from tests.test_index_fake_encoder import WordEncoder


def article(id: str, body: str, lang: Lang = "fr", title: str = "T") -> Article:
    return Article(id, title, lang, body)


def index_of(directory: Path, *articles: Article) -> Index:
    build(articles, WordEncoder(), directory)
    return open_index(directory)


def hits(index: Index, question: str, k: int = 10, lang: Lang = "fr") -> list[Hit]:
    return search(index, prepare(question, WordEncoder(), lang=lang), k)


def ids(found: Sequence[Hit]) -> list[str]:
    return [hit.article.id for hit in found]


# By hand


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Index:
    return index_of(
        tmp_path_factory.mktemp("index"),
        article("berlin", "Le congrès de Berlin."),
        article("clusters", "Berlin compte 91 clusters. La Suisse aucun."),
        article("jena", "Licht in Jena.", "de"),
        article("sources", "Sources :\n– Jena, Suisse, clusters, 91"),
    )


def test_late_interaction_is_the_share_of_the_questions_words_found(small: Index) -> None:
    found = {hit.article.id: hit.late for hit in hits(small, "91 clusters Berlin Jena")}
    assert found == {"berlin": 0.25, "clusters": 0.75, "jena": 0.25, "sources": 0.75}


def test_the_inner_product_is_that_of_the_unit_vectors(small: Index) -> None:
    (best, *_) = hits(small, "congrès Berlin")
    assert best.article.id == "berlin"
    assert best.dense == pytest.approx(2 / (2 * 5) ** 0.5)  # two words of two, and of five with the title


def test_words_are_bm25_over_the_most_the_question_could_give(small: Index) -> None:
    question = "91 clusters martiens"
    bound = sum(small.lexical.idf(term) for term in question_stems(question, "fr", "fr"))
    scores = small.lexical.scores(question, "fr")
    for hit in hits(small, question):
        row = small.passages.index(hit.passage)
        assert hit.words == pytest.approx(scores[row] / bound, rel=1e-5)


def test_the_score_is_late_interaction_and_words(small: Index) -> None:
    for hit in hits(small, "91 clusters Berlin"):
        if hit.passage.kind == "body":
            assert hit.score == pytest.approx(hit.late + WORDS_WEIGHT * hit.words)
        else:
            assert hit.late - 0.1 < hit.score - WORDS_WEIGHT * hit.words < hit.late


def test_sources_come_after_a_body_that_says_as_much(tmp_path: Path) -> None:
    index = index_of(tmp_path, article("a", "Sources: Jena\n\nUn"), article("b", "Sources Jena.\n\nUn"))
    assert ids(hits(index, "Jena")) == ["b", "a"]


def test_coverage_is_told_for_each_sentence(small: Index) -> None:
    found = {hit.article.id: hit.coverage for hit in hits(small, "Suisse")}
    assert found == {"berlin": (0,), "clusters": (0, 1), "jena": (0,), "sources": (0, 1)}


def test_a_hit_carries_its_passages_tokens(small: Index) -> None:
    for hit in hits(small, "Berlin"):
        words = [hit.passage.text[start:end] for start, end in hit.spans]
        (encoding,) = WordEncoder().encode_passages([hit.passage.text], [""])
        assert [hit.passage.text[start:end] for start, end in encoding.spans] == words
        assert np.allclose(hit.tokens, encoding.tokens, atol=1e-6)


@pytest.mark.parametrize("k", [0, 1, 3, 4, 5, 1000])
def test_k_is_how_many_are_found_and_more_than_there_are_is_all(small: Index, k: int) -> None:
    assert len(hits(small, "Berlin", k)) == min(k, 4)


def test_fewer_are_the_first_of_more(small: Index) -> None:
    assert ids(hits(small, "clusters de Jena", 2)) == ids(hits(small, "clusters de Jena", 4))[:2]


@pytest.mark.parametrize("question", ["中国有多少", "xyzzy", "1️⃣", "l'", "?a?"])
def test_a_question_with_no_known_word_still_finds_passages(small: Index, question: str) -> None:
    found = hits(small, question)
    assert len(found) == 4
    assert all(hit.words == 0 and np.isfinite(hit.score) for hit in found)


# Ties, and more passages than candidates


def test_ties_stand_in_the_order_of_the_corpus(tmp_path: Path) -> None:
    index = index_of(tmp_path, *(article(f"a{i:02}", "Berlin et Jena.") for i in range(45)))
    first = hits(index, "Berlin")
    assert ids(first) == [f"a{i:02}" for i in range(10)]
    assert [hit.score for hit in first] == [hit.score for hit in hits(index, "Berlin")]


def test_a_rare_word_is_found_among_many_passages_whose_vectors_are_nearer(tmp_path: Path) -> None:
    """Its vector is drowned in other words; only the words can propose it."""
    crowd = [article(f"a{i:02}", "Le programme.") for i in range(140)]
    needle = article("zypries", "Zypries parle de tout autre chose et de bien des gens encore dans un long discours.")
    index = index_of(tmp_path, *crowd[:70], needle, *crowd[70:])
    assert ids(hits(index, "le programme Zypries"))[:1] != ids(hits(index, "Zypries"))[:1] == ["zypries"]
    assert "zypries" in ids(hits(index, "le programme Zypries", 2 * CANDIDATES))


def test_another_languages_words_do_not_pull(tmp_path: Path) -> None:
    index = index_of(tmp_path, article("en", "They die.", "en"), article("de", "Die Sterne.", "de"))
    found = {hit.article.id: hit.words for hit in hits(index, "die", lang="de")}
    assert found["en"] == 0 < found["de"]


@pytest.mark.parametrize("question", ["Berlin", "Wer?", "nothing at all"])
def test_an_index_of_one_sentence_answers_every_question_with_it(tmp_path: Path, question: str) -> None:
    (hit,) = hits(index_of(tmp_path, article("a", "Berlin.")), question)
    assert (hit.passage.text, hit.passage.sentences) == ("Berlin.", ((0, 7),))
    assert 0 <= hit.words <= 1


class Translator(WordEncoder):
    """Meets passages of its own language with every word of a question read as "Berlin"."""

    def encode_question(self, text: str) -> Encoding:
        plain = super().encode_question(text)
        berlin = np.repeat(super().encode_question("Berlin").tokens, len(plain.tokens), axis=0)
        return dataclasses.replace(plain, as_query=lambda: berlin)


def test_a_question_meets_its_own_language_with_tokens_for_that(small: Index) -> None:
    found = {
        lang: {hit.article.id: hit.late for hit in search(small, prepare("Jena Suisse", Translator(), lang=lang), 10)}
        for lang in ("fr", "de")
    }
    same, other = _SLOPE * 1 + _OFFSET, _SLOPE * 0 + _OFFSET
    assert found["fr"] == pytest.approx({"berlin": same, "clusters": same, "jena": 0.5, "sources": other})
    assert found["de"] == pytest.approx({"berlin": 0, "clusters": 0.5, "jena": other, "sources": 1})


def test_a_follow_up_meets_its_own_language_with_its_own_tokens(small: Index) -> None:
    asked = prepare("Jena Suisse", Translator(), lang="fr")
    joined = follow_up("Qui est-ce ?", asked, Translator())
    assert joined.encoding.tokens_for(own_language=True).shape == (2, Translator.dim)
    assert joined.encoding.tokens_for(own_language=False) == pytest.approx(asked.encoding.tokens)


# Against brute force

_WORDS = st.sampled_from(["Berlin", "clusters", "91", "die", "le", "Jena", "étoile", "Licht", "Sources :\n", ". "])
_BODIES = st.lists(_WORDS, min_size=1, max_size=5)


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.tuples(_BODIES, st.sampled_from(LANGS)), min_size=1, max_size=5),
    _BODIES.map(" ".join),
    st.sampled_from(LANGS),
)
def test_search_is_brute_force_over_every_passage(
    bodies: list[tuple[list[str], Lang]], question: str, lang: Lang
) -> None:
    articles = [article(str(i), " ".join(["Texte", *body]), own) for i, (body, own) in enumerate(bodies)]
    with TemporaryDirectory() as directory:
        index = index_of(Path(directory), *articles)
        found = hits(index, f"{question} quoi", k=100, lang=lang)
        assert len(found) == len(index.passages) <= 30
        asked = WordEncoder().encode_question(f"{question} quoi")
        rows = [index.passages.index(hit.passage) for hit in found]
        for hit, row in zip(found, rows, strict=True):
            assert hit.late == pytest.approx(float((asked.tokens @ index.tokens.of(row).vectors().T).max(1).mean()))
            assert hit.dense == pytest.approx(float(index.vectors.rows([row])[0] @ asked.vector), abs=1e-6)
            terms = question_stems(f"{question} quoi", lang, hit.article.lang)
            bound = sum(index.lexical.idf(term) for term in terms) or 1
            assert hit.words == pytest.approx(index.lexical.scores(f"{question} quoi", lang)[row] / bound, abs=1e-6)
            assert 0 <= hit.words <= 1
            assert len(hit.coverage) == len(hit.passage.sentences)
            assert all(0 <= share <= 1 + 1e-9 for share in hit.coverage)
        assert [(-hit.score, row) for hit, row in zip(found, rows, strict=True)] == sorted(
            (-hit.score, row) for hit, row in zip(found, rows, strict=True)
        )


# Three languages, the real encoder

BULLETIN = [
    Article(
        "go-cluster", "Le congrès des clusters", "fr",
        "Le 6 mars 2014, plus de 200 participants se sont réunis à Berlin. La Suisse était le pays invité.",
    ),
    Article(
        "batterie", "Neue Batterie aus Ulm", "de",
        "Forscher in Ulm haben eine Batterie entwickelt, die in vier Minuten lädt. Sie enthält kein Kobalt.",
    ),
    Article(
        "telescope", "A telescope for the South Pole", "en",
        "The telescope at the South Pole will look for neutrinos. Eleven countries pay for it.",
    ),
]  # fmt: skip


@pytest.fixture(scope="module")
def bulletin(tmp_path_factory: pytest.TempPathFactory, builder: SentenceEncoder) -> Index:
    directory = tmp_path_factory.mktemp("index")
    build(BULLETIN, builder, directory)
    return open_index(directory, builder.id)


GO_CLUSTER = """
Quel pays était invité à Berlin ?
Which country was invited to Berlin?
Welches Land war in Berlin eingeladen?
participants
COMBIEN DE PARTICIPANTS ?
"""
BATTERY = """
Qu’ont développé les chercheurs d’Ulm ?
How fast does the battery charge?
Wie schnell lädt die Batterie?
kobalt
bateri Ulm
"""
TELESCOPE = """
Que cherche le télescope ?
How many countries pay for the telescope?
Was sucht das Teleskop am Südpol?
neutrinos
south pole
"""


@pytest.mark.parametrize(
    ("expected", "questions"), [("go-cluster", GO_CLUSTER), ("batterie", BATTERY), ("telescope", TELESCOPE)]
)
def test_a_question_in_any_language_finds_the_article_in_its_own(
    bulletin: Index, encoder: Encoder, expected: str, questions: str
) -> None:
    found = {question: search(bulletin, prepare(question, encoder), 3) for question in questions.split("\n")[1:-1]}
    assert {question: ids(best)[0] for question, best in found.items()} == dict.fromkeys(found, expected)
    assert all(0 <= hit.words <= 1 and -1 <= hit.late <= 1.0001 for best in found.values() for hit in best)


def test_the_article_answers_with_the_right_paragraph(assistant: Assistant, encoder: Encoder) -> None:
    for question in ("how many clusters are in go-cluster?", "Wie viele Cluster sind es?", "combien de clusters"):
        found = search(assistant.index, prepare(question, encoder), 3)
        assert any("91" in hit.passage.text for hit in found), question


# Filters


def test_filters_leave_the_best_of_what_they_admit(tmp_path: Path) -> None:
    def one(number: int) -> Article:
        day = datetime.date(2012, 1, 1) + datetime.timedelta(days=number) if number % 5 else None
        section = ("Énergie", "Espace")[number % 2]
        return Article(f"a{number}", "T", "fr", f"Le congrès numéro {number} de Berlin.", "", day, section)

    articles = [one(number) for number in range(120)]  # more than are ranked
    index = index_of(tmp_path, *articles)
    question = prepare("congrès 7 Berlin", WordEncoder(), lang="fr")
    january = (datetime.date(2012, 1, 1), datetime.date(2012, 1, 31))
    for filters in (Filters("énergie"), Filters("", *january), Filters("ESPACE", *january), Filters("", january[1])):
        admitted = {article.id for article in articles if filters.admit(article)}
        found = search(index, question, 120, filters)
        assert 0 < len(admitted) < 120
        assert {hit.article.id for hit in found} <= admitted
        assert len(found) == min(len(admitted), CANDIDATES)
        every = [search_within(index, question, id)[0].score for id in admitted]
        assert found[0].score == pytest.approx(max(every))
    assert search(index, question, 5, Filters("Climat")) == []


def test_an_article_without_a_date_is_in_no_span_of_time() -> None:
    undated = Article("a", "T", "fr", "x", section="Espace")
    assert Filters("espace").admit(undated)
    assert not Filters(since=datetime.date(1900, 1, 1)).admit(undated)
    dated = Article("a", "T", "fr", "x", date=datetime.date(2012, 6, 1))
    assert Filters(since=dated.date, until=dated.date).admit(dated)
    assert not Filters(since=datetime.date(2012, 6, 2)).admit(dated)
    assert not Filters(until=datetime.date(2012, 5, 31)).admit(dated)

"""Word evidence: what counts as a word, in which language, and BM25 against the formula written out."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from index.stores.lexical import LexicalIndex, fold, question_stems, stems, words
from records import LANGS, Lang

K1, B = 1.5, 0.75


def lucene(texts: Sequence[str], langs: Sequence[Lang], question: str, lang: Lang) -> list[float]:
    """BM25 as Lucene has it (Kamphuis et al. 2020), by brute force; a text without words counts as one of length 1."""
    documents = [Counter(stems(words(text), own)) for text, own in zip(texts, langs, strict=True)]
    lengths = [max(document.total(), 1) for document in documents]
    mean = sum(lengths) / len(lengths)

    def weight(term: str, document: Counter[str], length: int) -> float:
        df = sum(term in other for other in documents)
        idf = math.log(1 + (len(documents) - df + 0.5) / (df + 0.5))
        return idf * document[term] / (document[term] + K1 * (1 - B + B * length / mean))

    return [
        sum(weight(term, document, length) for term in question_stems(question, lang, own))
        for document, length, own in zip(documents, lengths, langs, strict=True)
    ]


# Words


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("L’Allemagne qu’on aime", ["allemagne", "on", "aime"]),
        ("d'abord jusqu'ici, lorsqu’il n’a", ["abord", "ici", "il", "a"]),
        ("Aujourd’hui", ["aujourd", "hui"]),
        ("go-cluster: 91 clusters (BMWi)", ["go", "cluster", "91", "clusters", "bmwi"]),
        ("«\u00a0Straße\u00a0»", ["straße"]),
        ("ﬁnancement ½", ["financement", "1", "2"]),
        ("It's Bob’s", ["it", "s", "bob", "s"]),
        ("?! …", []),
        ("🙂", []),
    ],
)
def test_words_are_small_and_without_elisions(text: str, expected: list[str]) -> None:
    assert words(text) == expected


def test_accents_are_folded() -> None:
    assert [fold(word) for word in ("économie", "Münster", "ça", "cœur", "straße")] == [
        "economie", "Munster", "ca", "cœur", "straße",
    ]  # fmt: skip


@pytest.mark.parametrize("typed", ["économie", "economie", "e\u0301conomie", "ÉCONOMIE"])
def test_a_word_typed_without_its_accents_is_the_same_term(typed: str) -> None:
    assert stems(words(typed), "fr") == stems(["économie"], "fr")


@pytest.mark.parametrize(
    ("lang", "forms"),
    [
        ("fr", ["participant", "participants", "participante"]),
        ("en", ["connect", "connected", "connections"]),
        ("de", ["teilnehmer", "teilnehmern", "teilnehmers"]),
    ],
)
def test_forms_of_a_word_share_a_term_of_its_language(lang: Lang, forms: list[str]) -> None:
    (term,) = set(stems(forms, lang))
    assert term.startswith(f"{lang}:")


def test_the_same_letters_are_another_term_in_another_language() -> None:
    assert len({*stems(["die"], "fr"), *stems(["die"], "en"), *stems(["die"], "de")}) == 3


def test_stop_words_count_in_their_own_language_only() -> None:
    assert question_stems("Sind die Cluster", "de", "de") == stems(["sind", "die", "cluster"], "de")
    assert question_stems("Sind die Cluster", "de", "en") == stems(["cluster"], "en")
    assert question_stems("Où était la Suisse ?", "fr", "de") == stems(["suisse"], "de")


# BM25

TEXTS = ["The old stars die in clusters", "Die Sterne sterben", "Les étoiles meurent à Berlin", "Berlin Berlin Ost"]
TEXT_LANGS: list[Lang] = ["en", "de", "fr", "de"]


@pytest.fixture(scope="module")
def lexical() -> LexicalIndex:
    return LexicalIndex.build(TEXTS, TEXT_LANGS)


def test_the_german_article_never_meets_the_english_verb(lexical: LexicalIndex) -> None:
    scores = lexical.scores("Sind die", "de")
    assert scores[0] == scores[2] == 0
    assert scores[1] > 0


def test_names_are_evidence_in_every_language(lexical: LexicalIndex) -> None:
    for lang in LANGS:
        assert (lexical.scores("Berlin", lang) > 0).tolist() == [False, False, True, True]


@pytest.mark.parametrize("question", ["中国", "xyz", "?", ""])
def test_a_question_without_a_known_word_scores_nothing(lexical: LexicalIndex, question: str) -> None:
    scores = lexical.scores(question, "fr")
    assert scores.dtype == np.float32
    assert scores.tolist() == [0, 0, 0, 0]


def test_idf_by_hand(lexical: LexicalIndex) -> None:
    assert lexical.idf("de:berlin") == pytest.approx(math.log(1 + 3.5 / 1.5))  # in one of four
    assert lexical.idf("de:nirgends") == pytest.approx(math.log(1 + 4.5 / 0.5))
    assert lexical.idf("de:nirgends") > lexical.idf("de:berlin")


def test_coverage_by_hand(lexical: LexicalIndex) -> None:
    seen, unseen = math.log(1 + 3.5 / 1.5), math.log(1 + 4.5 / 0.5)  # sterne, berlin; mars
    sentences = ["Sterne über Berlin.", "Berlin, Berlin!", "Der Mars.", "Nichts."]
    assert lexical.coverage("Mars Sterne Berlin", "de", sentences, "de") == pytest.approx(
        [2 * seen / (2 * seen + unseen), seen / (2 * seen + unseen), unseen / (2 * seen + unseen), 0]
    )


def test_coverage_is_whole_when_every_word_is_there_and_nothing_without_words(lexical: LexicalIndex) -> None:
    assert lexical.coverage("Die Sterne", "de", ["die sterne sterben"], "de") == [1]
    assert lexical.coverage("中国", "de", ["die sterne"], "de") == [0]
    assert lexical.coverage("die", "de", ["they die"], "en") == [0]
    assert lexical.coverage("Sterne", "de", [], "de") == []


_WORDS = st.sampled_from(["berlin", "die", "stars", "clusters", "cluster", "l’étoile", "der", "91", "?", "🙂"])
_TEXTS = st.lists(_WORDS, max_size=8).map(" ".join)


@settings(max_examples=150, deadline=None)
@given(
    documents=st.lists(st.tuples(_TEXTS, st.sampled_from(LANGS)), min_size=1, max_size=8),
    question=_TEXTS,
    lang=st.sampled_from(LANGS),
)
def test_scores_are_lucenes_formula(documents: list[tuple[str, Lang]], question: str, lang: Lang) -> None:
    texts, langs = zip(*documents, strict=True)
    scores = LexicalIndex.build(texts, langs).scores(question, lang)
    assert scores.tolist() == pytest.approx(lucene(texts, langs, question, lang), abs=1e-5)


def test_a_loaded_index_scores_like_the_one_that_was_saved(lexical: LexicalIndex, tmp_path: Path) -> None:
    lexical.save(tmp_path)
    loaded = LexicalIndex.load(tmp_path)
    for question in ("die Sterne in Berlin", "étoiles", "xyz"):
        assert loaded.scores(question, "de").tolist() == lexical.scores(question, "de").tolist()
    assert loaded.idf("de:berlin") == lexical.idf("de:berlin")
    assert loaded.coverage("Berlin", "de", ["Berlin"], "de") == [1]


def test_texts_without_words_can_be_indexed() -> None:
    scores = LexicalIndex.build(["?", "🙂", "Berlin"], ["fr", "de", "en"]).scores("Berlin", "fr")
    assert (scores > 0).tolist() == [False, False, True]

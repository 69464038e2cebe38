"""From a question to an Answer: contract, threshold, citations by true offsets, follow-ups, any input at all."""

from __future__ import annotations

import dataclasses
import datetime
import json
import math
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from answer import span_reader
from answer.about import understand
from answer.agreement import disagreeing
from answer.ask import CITATIONS, PASSAGES_READ, Assistant
from answer.calibration import Calibration, Logistic
from answer.names import names_of
from answer.phrases import frame, frame_other, refusal
from answer.sentence_reader import CALIBRATION, SentenceReader, evidence
from answer.subject import about, likelihood, subject
from errors import QuestionError
from eval.questions import read_questions
from index.question import prepare
from index.search import search
from index.versions.build import build
from index.versions.store import Index, open_index
from records import LANGS, Answer, Article, Filters, Hit, Lang, Question, Reading
from settings import ROOT
from tests.test_index_fake_encoder import WordEncoder

CASES = read_questions(ROOT / "eval" / "questions" / "go-cluster.jsonl")
CITATION_TYPES = {
    "article_id": str, "title": str, "url": str, "date": str, "section": str, "start": int, "end": int, "quote": str,
    "answer_start": int, "answer_end": int, "link": str,
}  # fmt: skip
ANSWER_TYPES = {
    "question": str, "lang": str, "status": str, "answer": str, "confidence": float, "citations": list,
    "index_version": str, "timings_ms": dict,
}  # fmt: skip
HOW_MANY = "Combien de clusters participent au programme go-cluster ?"


def types(record: dict[str, Any]) -> dict[str, type]:
    return {key: type(value) for key, value in record.items()}


def require_contract(answer: Answer, assistant: Assistant) -> None:
    """Everything another program may rely on."""
    record = answer.to_json()
    assert json.loads(json.dumps(record, allow_nan=False)) == record
    assert types(record) == ANSWER_TYPES
    assert answer.status in ("answered", "refused")
    assert answer.lang in LANGS
    assert 0 <= answer.confidence <= 1
    assert list(answer.timings_ms) == ["encode", "search", "read", "total"]
    assert all(type(time) is float and time >= 0 for time in answer.timings_ms.values())
    assert sum(list(answer.timings_ms.values())[:3]) <= answer.timings_ms["total"] + 0.01
    assert answer.index_version == assistant.index.version
    assert (answer.status == "refused") == (record["citations"] == [])
    request = understand(answer.question, names_of(answer.index_version, assistant.articles), datetime.date.today())
    if request.kind == "words" and request.filters == Filters():  # what is not there is named where more was asked for
        assert (answer.status == "refused") == (answer.answer == refusal(answer.lang))
    for citation in record["citations"]:
        assert types(citation) == CITATION_TYPES
        article = assistant.articles[citation["article_id"]]
        assert article.body[citation["start"] : citation["end"]] == citation["quote"] != ""
        assert citation["start"] <= citation["answer_start"] < citation["answer_end"] <= citation["end"]
        assert [citation[key] for key in ("title", "url", "section")] == [article.title, article.url, article.section]
        assert citation["date"] == (article.date.isoformat() if article.date else "")
        assert citation["link"].startswith(f"{article.url}#:~:text=") if article.url else citation["link"] == ""
    if answer.citations:
        lang = assistant.articles[answer.citations[0].article_id].lang
        framed = frame(answer.citations[0].quote, answer.lang, lang)
        others = {f"{framed} {frame_other(citation.quote, answer.lang)}" for citation in answer.citations[1:]}
        told = all(citation.title in answer.answer for citation in answer.citations)  # of an article, not from it
        assert told or answer.answer in {framed, *others}


def same_but_for_the_time(answer: Answer) -> dict[str, Any]:
    return {**answer.to_json(), "timings_ms": {}}


# The real bulletin


@pytest.fixture(scope="module")
def answers(assistant: Assistant) -> list[Answer]:
    return [assistant.ask(case.question, turns=case.turns) for case in CASES]


def test_every_answer_keeps_the_contract(answers: list[Answer], assistant: Assistant) -> None:
    for answer in answers:
        require_contract(answer, assistant)
    assert {answer.status for answer in answers} == {"answered", "refused"}
    assert {answer.lang for answer in answers} == set(LANGS)


def test_every_answer_says_what_it_was_asked(answers: list[Answer]) -> None:
    assert [answer.question for answer in answers] == [" ".join(case.question.split()) for case in CASES]


def test_a_quote_is_whole_sentences_of_a_passage_that_was_found(answers: list[Answer]) -> None:
    for answer in answers:
        sentences = {span for hit in answer.hits for span in hit.passage.sentences}
        starts, ends = ({span[side] for span in sentences} for side in (0, 1))
        assert all(citation.start in starts and citation.end in ends for citation in answer.citations)
        assert len({(citation.start, citation.end) for citation in answer.citations}) == len(answer.citations) <= 3


def test_hits_are_those_read_best_first_and_then_the_others(answers: list[Answer]) -> None:
    for answer in answers:
        assert len({(hit.article.id, hit.passage.start) for hit in answer.hits}) == len(answer.hits) == 8
        if answer.citations:
            passage = answer.hits[0].passage
            assert passage.start <= answer.citations[0].start < answer.citations[0].end <= passage.end
        unread = [hit.score for hit in answer.hits[PASSAGES_READ:]]
        assert unread == sorted(unread, reverse=True)


def test_the_main_job(assistant: Assistant) -> None:
    answer = assistant.ask("how many clusters are in go-cluster?")
    assert (answer.lang, answer.status) == ("en", "answered")
    assert "91 clusters" in answer.citations[0].quote
    assert answer.answer == f"The bulletin says, in French: “{answer.citations[0].quote}”"


def test_the_same_question_gets_the_same_answer(assistant: Assistant) -> None:
    assert same_but_for_the_time(assistant.ask(HOW_MANY)) == same_but_for_the_time(assistant.ask(HOW_MANY))


def test_a_given_language_frames_the_answer(assistant: Assistant) -> None:
    answer = assistant.ask(HOW_MANY, lang="de")
    assert answer.lang == "de"
    assert answer.answer.startswith("Im Bulletin steht, auf Französisch: „")


def test_questions_at_once_get_the_answers_of_questions_one_by_one(assistant: Assistant) -> None:
    questions = [HOW_MANY, "Which country was invited?", "Wer hat den Kongress eröffnet?", "Quel temps fait-il ?"]
    expected = [same_but_for_the_time(assistant.ask(question)) for question in questions]
    found: list[dict[str, Any]] = []

    def ask(question: str) -> None:
        found.append(same_but_for_the_time(assistant.ask(question)))

    threads = [threading.Thread(target=ask, args=(question,)) for question in questions * 3]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 12
    assert all(answer in expected for answer in found)


# Follow-ups


def test_a_follow_up_is_searched_with_the_question_before_it(assistant: Assistant) -> None:
    answer = assistant.ask("Et qui l'a rappelé ?", turns=[HOW_MANY])
    require_contract(answer, assistant)
    assert "91 clusters" in answer.hits[0].passage.text
    assert answer.question == "Et qui l'a rappelé ?"


@pytest.mark.parametrize(
    "question",
    [
        "Quel temps fait-il à Paris ?",
        "Wie hoch ist der Eiffelturm?",
        "Wie heißt der Papst?",
        "Who is mayor of Lyon?",
        "Combien de vaches ?",
    ],
)
def test_another_subject_is_not_answered_by_the_question_before_it(assistant: Assistant, question: str) -> None:
    assert assistant.ask(question).status == "refused"
    assert assistant.ask(question, turns=[HOW_MANY]).status == "refused"


def test_the_language_of_the_question_before_helps_where_a_name_has_none(assistant: Assistant) -> None:
    assert assistant.ask("Zypries").lang == "fr"
    assert assistant.ask("Zypries", turns=["Who opened the conference?"]).lang == "en"
    assert assistant.ask("Zypries", turns=["Who opened the conference?", "And in 2013?"]).lang == "en"


@pytest.mark.parametrize("turns", [[], [""], ["   ", "\n"], ["\x00"], ["\ud800"], ["\u200b\u202e"]])
def test_turns_that_say_nothing_change_nothing(assistant: Assistant, turns: list[str]) -> None:
    alone = same_but_for_the_time(assistant.ask(HOW_MANY))
    assert same_but_for_the_time(assistant.ask(HOW_MANY, turns=turns)) == alone


@pytest.mark.parametrize("turn", ["x" * 10_000, "mot " * 3000, "中" * 10_000, "🙂", "?", "how\ud83d many", "\u202eabc"])
def test_any_turn_is_borne(assistant: Assistant, turn: str) -> None:
    require_contract(assistant.ask("Et qui l'a rappelé ?", turns=[turn, turn]), assistant)


def test_a_question_is_heard_after_a_turn_as_long_as_the_model_reads(assistant: Assistant) -> None:
    answer = assistant.ask(HOW_MANY, turns=["中" * 1000])
    assert answer.status == assistant.ask(HOW_MANY).status == "answered"


# Any input


@pytest.mark.parametrize(
    "question",
    [
        "中国有多少集群？", "كم عدد العناقيد؟", "Сколько кластеров?", "\x00how many\x00", "\u202ehow many clusters",
        "how\ud83d many", "1️⃣", "123", "<script>alert(1)</script>", "{quote} %s", "l'", "COMBIEN DE CLUSTERS ?",
        "A" * 1000, "é" * 1000, "中" * 1000, "ﷺ" * 1000, "𝕙𝕠𝕨", "a\u0301" * 10, "İSTANBUL", "ß", "்a", "\u0001a",
    ],
)  # fmt: skip
def test_any_words_get_an_answer_or_a_refusal(assistant: Assistant, question: str) -> None:
    require_contract(assistant.ask(question), assistant)


@settings(max_examples=40, deadline=None)
@given(question=st.text(st.characters(), max_size=30), turn=st.text(st.characters(), max_size=10))
def test_any_text_gets_an_answer_or_a_reason(assistant: Assistant, question: str, turn: str) -> None:
    try:
        answer = assistant.ask(question, turns=[turn])
    except QuestionError as error:
        assert error.reason in ("empty", "no_words")
    else:
        require_contract(answer, assistant)


@pytest.mark.parametrize(
    ("question", "reason"),
    [
        ("", "empty"), (" \u00a0\n", "empty"), ("\x00", "empty"), ("\ud800", "empty"), ("?!", "no_words"),
        ("🙂🙂", "no_words"), ("a" * 10_000, "too_long"), ("mot " * 2500, "too_long"),
    ],
)  # fmt: skip
def test_what_cannot_be_asked_is_refused_with_its_reason(assistant: Assistant, question: str, reason: str) -> None:
    with pytest.raises(QuestionError) as caught:
        assistant.ask(question)
    assert caught.value.reason == reason


def test_the_longest_question_is_a_setting(assistant: Assistant) -> None:
    with pytest.raises(QuestionError, match="at most 20 are read"):
        dataclasses.replace(assistant, max_question=20).ask(HOW_MANY)


# The threshold, by hand

BULLETIN = [
    Article("a", "Un", "fr", "Berlin compte 91 clusters.", "https://example.org/a", datetime.date(2014, 3, 6), "S"),
    Article("b", "Deux", "de", "Berlin hat Cluster."),
    Article("c", "Trois", "en", "Berlin has none."),
    *(Article(f"d{i}", "Autre", "fr", f"Berlin {i}.") for i in range(12)),
]


class ScriptedReader:
    """Gives one confidence after another to the passages as they come, and quotes their first five letters."""

    def __init__(self, *confidences: float) -> None:
        self.confidences = confidences
        self.asked: list[tuple[Question, list[Hit]]] = []

    def read(self, question: Question, hits: Sequence[Hit]) -> list[Reading]:
        self.asked.append((question, list(hits)))
        spans = [(hit.passage.start, hit.passage.start + 5) for hit in hits]
        triples = zip(hits, spans, self.confidences, strict=False)
        return [Reading(hit, span, hit.passage.sentences[0], confidence) for hit, span, confidence in triples]


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> Index:
    directory = tmp_path_factory.mktemp("index")
    build(BULLETIN, WordEncoder(), directory)
    return open_index(directory)


def scripted(index: Index, *confidences: float, threshold: float = 0.5) -> Assistant:
    return Assistant(index, WordEncoder(), ScriptedReader(*confidences), threshold)


@pytest.mark.parametrize(
    ("confidences", "cited"),
    [
        ((0.9, 0.8, 0.7, 0.6), 3),
        ((0.9, 0.4, 0.7), 2),
        ((0.5, 0.49999), 1),
        ((0.49999, 0.9), 0),
        ((0.1,), 0),
        ((), 0),
    ],
)
def test_what_reaches_the_threshold_is_cited_if_the_first_does(
    index: Index, confidences: tuple[float, ...], cited: int
) -> None:
    assistant = scripted(index, *confidences)
    answer = assistant.ask("Berlin 91", lang="fr")
    require_contract(answer, assistant)
    assert len(answer.citations) == cited <= CITATIONS
    assert answer.status == ("answered" if cited else "refused")
    assert answer.confidence == round(confidences[0] if confidences else 0.0, 4)


def test_the_first_citation_is_the_first_reading(index: Index) -> None:
    answer = scripted(index, 0.6, 0.9).ask("Berlin compte 91 clusters", lang="de")
    assert answer.citations[0].to_json() == {
        "article_id": "a", "title": "Un", "url": "https://example.org/a", "date": "2014-03-06", "section": "S",
        "start": 0, "end": 26, "quote": "Berlin compte 91 clusters.", "answer_start": 0, "answer_end": 5,
        "link": "https://example.org/a#:~:text=Berlin%20compte%2091%20clusters.",
    }  # fmt: skip
    assert answer.answer == "Im Bulletin steht, auf Französisch: „Berlin compte 91 clusters.“"


def test_an_article_without_url_and_date_is_cited_without_them(index: Index) -> None:
    answer = scripted(index, 0.6).ask("Berlin hat Cluster", lang="de")
    record = answer.citations[0].to_json()
    assert (record["article_id"], record["url"], record["link"], record["date"]) == ("b", "", "", "")


@pytest.mark.parametrize("question", ["Quels articles en juin 2011 ?", "Qui a écrit l'article de juin 2011 ?"])
def test_an_article_that_is_all_sources_is_named_like_any_other(tmp_path: Path, question: str) -> None:
    body = "Auteur : Jean Dupont\n\nLe centre de Jülich a ouvert un laboratoire."
    article = Article("a", "Un centre", "fr", body, date=datetime.date(2011, 6, 3), authors=("Jean Dupont",))
    build([article], WordEncoder(), tmp_path)
    assistant = scripted(open_index(tmp_path))
    answer = assistant.ask(question, lang="fr")
    require_contract(answer, assistant)
    assert (answer.status, answer.citations[0].article_id) == ("answered", "a")
    assert [hit.article.id for hit in answer.hits] == ["a"]


def test_the_reader_gets_the_best_passages_and_ten_are_shown(index: Index) -> None:
    assistant = scripted(index, 0.9)
    answer = assistant.ask("Berlin", lang="fr")
    ((question, read),) = assistant.reader.asked  # type: ignore[attr-defined]
    assert question.text == "Berlin"
    assert len(read) == PASSAGES_READ
    assert len(answer.hits) == 10
    assert list(answer.hits[:PASSAGES_READ]) == read


def test_a_follow_up_is_read_alone_and_with_each_of_the_last_two_questions(index: Index) -> None:
    assistant = scripted(index, 0.9)
    assistant.ask("Et Berlin ?", turns=["jamais lu", "Combien de clusters ?", "Où ?"])
    asked = [question for question, _ in assistant.reader.asked]  # type: ignore[attr-defined]
    assert [question.text for question in asked] == ["Et Berlin ?"] * 3
    assert [question.searched for question in asked] == ["", "Où ? Et Berlin ?", "Combien de clusters ? Et Berlin ?"]


# Figures that differ


def reading(index: Index, body: str, words: str, lang: Lang = "fr") -> Reading:
    article = Article("x", "X", lang, body)
    at = body.index(words)
    return Reading(Hit(article, *[None] * 9), (at, at + len(words)), (0, len(body)), 0.9)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("first", "other", "differ"),
    [
        (("Il y a 91 clusters.", "91"), ("On compte 15 clusters.", "15"), True),
        (("Il y a 91 clusters.", "91"), ("Les 91 clusters.", "Les 91"), False),
        (("Environ 91 clusters.", "Environ 91"), ("Les clusters.", "clusters"), False),
        (("Le 6 mars 2014.", "6 mars 2014"), ("En 2014 donc.", "2014"), False),
        (("Soit 1 500 euros.", "1 500"), ("Soit 1500 euros.", "1500"), False),
        (("Soit 1.500 Euro.", "1.500"), ("Soit 1\u202f500 euros.", "1\u202f500"), False),
        (("Soit 2,5 %.", "2,5"), ("Soit 3,5 %.", "3,5"), True),
        (("Soit 2,5 %.", "2,5"), ("That is 2.5 %.", "2.5"), False),
        (("Soit 2,50 %.", "2,50"), ("Soit 2,5 %.", "2,5"), False),
        (("Soit 2 millions.", "2 millions"), ("Soit 2 000 000 euros.", "2 000 000"), False),
        (("Soit 2 millions.", "2"), ("Soit 2 euros.", "2"), True),
        (("Soit 1,5 milliard.", "1,5 milliard"), ("1 500 millions.", "1 500 millions"), False),
        (("Über 10 Mio. Euro.", "10 Mio."), ("Soit 10.000.000 Euro.", "10.000.000"), False),
        (("Soit 1.234,56 Euro.", "1.234,56"), ("Soit 1234,56 euros.", "1234,56"), False),
        (("Soit 1\u2009234,5 euros.", "1\u2009234,5"), ("It is 1,234.50 euros.", "1,234.50"), False),
        (("Le 06 mars.", "06 mars"), ("Le 6 mars donc.", "6 mars"), False),
        (("Soit 2 billions.", "2 billions"), ("Soit 2 milliards.", "2 milliards"), True),
        (("En 2013 150 clusters.", "2013 150"), ("On en compte 150.", "150"), False),
        (("Soit 1.234.567 Euro.", "1.234.567"), ("Soit 1 234 567 euros.", "1 234 567"), False),
        (("En 2013, 91 clusters.", "En 2013, 91 clusters."), ("On compte 15 clusters.", "15"), False),
    ],
)
def test_figures_are_compared_where_words_stand_out(
    index: Index, first: tuple[str, str], other: tuple[str, str], differ: bool
) -> None:
    readings = [reading(index, *first), reading(index, *other)]
    assert (disagreeing(readings) is readings[1]) == differ


def test_a_billion_is_a_thousand_times_less_in_english(index: Index) -> None:
    french = reading(index, "Soit 2 milliards.", "2 milliards")
    english = reading(index, "It is 2 billion euros.", "2 billion", lang="en")
    assert disagreeing([french, english]) is None


def test_nothing_disagrees_with_nothing(index: Index) -> None:
    assert disagreeing([]) is None
    assert disagreeing([reading(index, "Il y a 91 clusters.", "91")]) is None


# Articles about a subject


@pytest.mark.parametrize(
    ("topic", "lang", "title", "late", "share"),
    [
        ("eau en Allemagne", "fr", "Universités en Allemagne", 2 / 3, 1 / 2),
        ("KI für Ärzte", "de", "Ärzte lernen KI", 2 / 3, 1),
        ("the ESA", "en", "ESA and DLR", 1 / 2, 1),
    ],
)
def test_a_short_word_counts_and_a_stop_word_does_not(
    tmp_path: Path, topic: str, lang: Lang, title: str, late: float, share: float
) -> None:
    build([Article("a", title, lang, f"{title}.")], WordEncoder(), tmp_path)
    asked = subject(topic, lang, WordEncoder())
    (found,) = about(asked, search(open_index(tmp_path), asked, 10))
    assert found.hit.late == pytest.approx(late)
    assert found.confidence == likelihood(found.hit.late, share, titled=share == 1)


# Frames and refusals


def test_a_frame_names_the_articles_language_where_it_is_another() -> None:
    assert {(lang, own): frame("91", lang, own) for lang in LANGS for own in LANGS} == {
        ("fr", "fr"): "Le bulletin écrit\u00a0: «\u00a091\u00a0»",
        ("fr", "en"): "Le bulletin écrit, en anglais\u00a0: «\u00a091\u00a0»",
        ("fr", "de"): "Le bulletin écrit, en allemand\u00a0: «\u00a091\u00a0»",
        ("en", "fr"): "The bulletin says, in French: “91”",
        ("en", "en"): "The bulletin says: “91”",
        ("en", "de"): "The bulletin says, in German: “91”",
        ("de", "fr"): "Im Bulletin steht, auf Französisch: „91“",
        ("de", "en"): "Im Bulletin steht, auf Englisch: „91“",
        ("de", "de"): "Im Bulletin steht: „91“",
    }


def test_a_quote_with_braces_is_framed_as_it_is() -> None:
    assert frame("{quote} {0} %s", "en", "en") == "The bulletin says: “{quote} {0} %s”"


def test_a_refusal_is_in_the_questions_language(index: Index) -> None:
    refused = {lang: scripted(index, 0.1).ask("Berlin", lang=lang).answer for lang in LANGS}
    assert refused == {
        "fr": "Je n’ai pas trouvé de réponse à cette question dans le bulletin.",
        "en": "I did not find an answer to this question in the bulletin.",
        "de": "Im Bulletin habe ich keine Antwort auf diese Frage gefunden.",
    }


# The sentence reader


def read_from(directory: Path, question: str, *bodies: str) -> list[tuple[str, dict[str, float]]]:
    """The sentence chosen in each passage, best first, and its features."""
    build([Article(str(i), "Titre", "fr", body) for i, body in enumerate(bodies)], WordEncoder(), directory)
    asked = prepare(question, WordEncoder(), lang="fr")
    found = evidence(asked, search(open_index(directory), asked, 10))
    quotes = [candidate.hit.article.body[slice(*candidate.sentence)] for candidate, _ in found]
    return [(quote, dict(features)) for quote, (_, features) in zip(quotes, found, strict=True)]


def test_the_best_sentence_of_each_passage_is_read_best_first(tmp_path: Path) -> None:
    read = read_from(tmp_path, "91 clusters Berlin", "Rien ici. Berlin compte 91 clusters.", "Berlin. Des clusters.")
    assert [quote for quote, _ in read][0] == "Berlin compte 91 clusters."
    assert len(read) == 2


def test_features_by_hand(tmp_path: Path) -> None:
    (_, best), (_, other) = read_from(tmp_path, "clusters Berlin", "Berlin a 91 clusters. Rien.", "Berlin. Jena.")
    assert (best["sentence_late"], best["passage_late"], best["weakest_third"]) == (1, 1, 1)
    assert (other["sentence_late"], other["passage_late"], other["weakest_third"]) == (0.5, 0.5, 0)
    assert best["sentence_words"] == pytest.approx(1)
    assert best["same_language"] == other["same_language"] == 1
    assert best["lead"] > 0.5
    assert other["lead"] == pytest.approx(-best["lead"])


def test_the_title_repeated_in_the_body_is_not_quoted(tmp_path: Path) -> None:
    read = read_from(tmp_path, "Titre Berlin", "Titre\n\nBerlin.")
    assert [quote for quote, _ in read] == ["Berlin."]


def test_an_article_that_is_nothing_but_its_title_has_no_reading(tmp_path: Path) -> None:
    assert read_from(tmp_path, "Titre", "Titre") == []


def test_nothing_found_is_nothing_read() -> None:
    asked = prepare("Berlin", WordEncoder())
    assert SentenceReader(Calibration.load(CALIBRATION)).read(asked, []) == []


def test_confidence_is_a_logistic_regression() -> None:
    logistic = Logistic({"a": 2.0, "b": -1.0}, 0.5)
    assert logistic.probability({"b": 0.5, "a": 1.0, "c": 9.0}) == pytest.approx(1 / (1 + math.exp(-2)))
    assert logistic.probability({"a": -25.0, "b": 0.0}) == pytest.approx(0)
    assert logistic.probability({"a": 25.0, "b": 0.0}) == pytest.approx(1)


@pytest.mark.parametrize("path", sorted((ROOT / "answer").glob("*_calibration.json")), ids=lambda path: path.stem)
def test_a_stored_calibration_is_whole(path: Path) -> None:
    calibration = Calibration.load(path)
    assert (calibration.rank is not None) == (path == span_reader.CALIBRATION)
    assert 0 < calibration.threshold < 1
    assert np.isfinite([*calibration.answer.weights.values(), calibration.answer.intercept]).all()

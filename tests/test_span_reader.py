"""The trained reader: the words it marks, the sentences around them, how passages rank, one passage or many."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from answer.ask import Assistant
from answer.calibration import Logistic
from answer.export import WEIGHTS, served_reader, weights_sha256
from answer.joint_reader import load_reader
from answer.sentence_reader import SentenceReader
from answer.span_reader import CALIBRATION, FIRST, Find, SpanModel, SpanReader, evidence, rank_features
from answer.spans import MAX_TOKENS, best_span
from app import open_assistant
from errors import ModelError
from index.encoding.onnx_encoder import open_session
from index.encoding.weights import bundled_weights
from index.question import prepare
from index.search import search
from records import Article, Hit, Passage, Question
from settings import Settings

# The best span, against trying every one

logits = st.lists(st.floats(-8, 8, width=32), min_size=2, max_size=60)


@hypothesis_settings(deadline=None)
@given(start=logits, data=st.data())
def test_the_best_span_is_the_best_of_all(start: list[float], data: st.DataObject) -> None:
    end = data.draw(st.lists(st.floats(-8, 8, width=32), min_size=len(start), max_size=len(start)))
    first, last, margin = best_span(np.array(start, np.float32), np.array(end, np.float32))
    tokens = range(len(start) - 1)
    spans = [(start[i + 1] + end[j + 1], i, j) for i in tokens for j in tokens if 0 <= j - i < MAX_TOKENS]
    assert 0 <= last - first < MAX_TOKENS
    assert margin == pytest.approx(max(spans)[0] - start[0] - end[0], abs=1e-4)
    assert start[first + 1] + end[last + 1] == pytest.approx(max(spans)[0], abs=1e-4)


def test_a_passage_without_tokens_has_no_span() -> None:
    assert best_span(np.zeros(1, np.float32), np.zeros(1, np.float32)) == (0, 0, -math.inf)


# Quotes, by hand

BODY = "Un. Il y a 91 clusters. Dont 15 à Berlin."
SENTENCES = ((0, 3), (4, 23), (24, 41))


def find(start: int, end: int, certainty: float = 1.0, margin: float = 0.0, hit: Hit | None = None) -> Find:
    quote = next(span for span in SENTENCES if span[0] <= start < span[1])
    return Find(hit or a_hit(), (start, end), quote, margin, 0.0, certainty, 0.0, 0.0, 0.0)


def a_hit() -> Hit:
    passage = Passage("a", 0, len(BODY), BODY, "body", SENTENCES)
    none = np.zeros((0, 4), np.float32)
    return Hit(Article("a", "T", "fr", BODY), passage, 0.5, 0, 0, 0, none, np.zeros((0, 2), np.int32), none, ())


def test_words_that_do_not_stand_out_are_their_whole_sentence() -> None:
    assert BODY[11:13] == "91"
    assert find(11, 13, certainty=0.9).answer == (11, 13)
    assert find(11, 13, certainty=0.01).answer == (4, 23)


def test_the_best_sentence_of_each_passage_ranks_and_leads_over_the_next_passage(assistant: Assistant) -> None:
    question = prepare("Combien ?", assistant.encoder, lang="fr")
    rank = Logistic({"margin": 1.0, "search": 2.0}, 0.25)
    one, other = a_hit(), a_hit()
    finds = [find(11, 13, margin=1.0, hit=one), find(29, 31, margin=2.0, hit=one), find(11, 13, margin=3.0, hit=other)]
    found = evidence(question, finds, rank)
    assert [found_find.margin for found_find, _ in found] == [3.0, 2.0]
    assert [features["score"] for _, features in found] == [4.25, 3.25]
    assert [features["lead"] for _, features in found] == [1.0, -1.0]
    assert {features["same_language"] for _, features in found} == {1.0}


# The model that is in the tree


@pytest.fixture(scope="module")
def reader(assistant: Assistant) -> SpanReader:
    assert isinstance(assistant.reader, SpanReader)
    return assistant.reader


def ask(assistant: Assistant, text: str) -> tuple[Question, list[Hit]]:
    question = prepare(text, assistant.encoder)
    return question, search(assistant.index, question, 6)


@pytest.mark.parametrize(
    "text", ["Combien de clusters ?", "how many clusters are in go-cluster?", "Wie viele Cluster?"]
)
def test_it_marks_the_figure_in_its_passage(assistant: Assistant, reader: SpanReader, text: str) -> None:
    best = reader.read(*ask(assistant, text))[0]
    assert "91" in best.hit.article.body[slice(*best.answer)]
    assert best.quote[0] <= best.answer[0] < best.answer[1] <= best.quote[1]


def test_every_sentence_gives_its_words(assistant: Assistant, reader: SpanReader) -> None:
    question, hits = ask(assistant, "Qui a ouvert le congrès ?")
    for hit in hits:
        finds = reader.model.find(question, [hit])
        titles = sum(hit.article.body[slice(*span)] == hit.article.title for span in hit.passage.sentences)
        assert len(finds) == len(hit.passage.sentences) - titles
        for one in finds:
            assert one.quote[0] <= one.words[0] < one.words[1] <= one.quote[1]
            assert 0 <= one.certainty <= 1


def test_its_calibration_is_of_these_weights_and_these_features(reader: SpanReader, assistant: Assistant) -> None:
    assert json.loads(CALIBRATION.read_text("utf-8"))["weights_sha256"] == weights_sha256()
    question, hits = ask(assistant, "Qui ?")
    finds = reader.model.find(question, hits)
    assert reader.calibration.rank
    (_, features), *_ = evidence(question, finds, reader.calibration.rank)
    assert set(reader.calibration.rank.weights) == set(rank_features(finds[0]))
    assert set(reader.calibration.answer.weights) <= set(features)


def test_the_exported_graph_says_what_the_trained_module_says(assistant: Assistant) -> None:
    module = load_reader(bundled_weights(), WEIGHTS).eval()
    session = open_session(served_reader(Settings().cache), 1)
    for text in ("Combien de clusters ?", "who opened the congress?"):
        question, hits = ask(assistant, text)
        for hit in hits[:3]:
            asked, read = (torch.from_numpy(rows[None]) for rows in (question.encoding.states, hit.states))
            masks = [torch.ones(rows.shape[:2], dtype=torch.bool) for rows in (asked, read)]
            with torch.inference_mode():
                marks = module(asked, masks[0], read, masks[1])
            inputs = {"question": asked, "question_mask": masks[0], "passage": read, "passage_mask": masks[1]}
            outputs = session.run(["start", "end", "relevance"], {name: rows.numpy() for name, rows in inputs.items()})
            for expected, found in zip(marks, outputs, strict=True):
                assert np.abs(expected.numpy() - found).max() < 1e-3


def test_reading_stops_where_the_first_passages_leave_no_doubt(assistant: Assistant, reader: SpanReader) -> None:
    question, hits = ask(assistant, "Combien de clusters ?")
    eager, thorough = (
        SpanReader(reader.model, replace(reader.calibration, stop=stop)) for stop in (-math.inf, math.inf)
    )
    assert {id(found.hit) for found in eager.read(question, hits)} <= {id(hit) for hit in hits[:FIRST]}
    assert len(thorough.read(question, hits)) == len(hits)


def test_a_question_of_one_letter_and_a_passage_without_tokens(assistant: Assistant, reader: SpanReader) -> None:
    question, hits = ask(assistant, "o")
    bare = replace(hits[0], tokens=hits[0].tokens[:0], spans=hits[0].spans[:0], states=hits[0].states[:0])
    assert {id(find.hit) for find in reader.model.find(question, [bare, hits[1]])} == {id(hits[1])}
    assert reader.read(question, [bare]) == []


@pytest.mark.parametrize("content", [b"", b"not an ONNX file"])
def test_a_damaged_model_is_named(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "reader.onnx").write_bytes(content)
    with pytest.raises(ModelError, match=r"reader\.onnx cannot be loaded .* Delete"):
        SpanModel(tmp_path / "reader.onnx")


def test_damaged_weights_are_named(tmp_path: Path) -> None:
    (tmp_path / "w").write_bytes(WEIGHTS.read_bytes()[:1000])
    with pytest.raises(ModelError, match="is not the reader's weights"):
        load_reader(bundled_weights(), tmp_path / "w")


def test_the_other_reader_is_a_setting(settings: Settings) -> None:
    other = open_assistant(replace(settings, reader="sentences", threshold=0.0))
    answer = other.ask("Combien de clusters ?")
    assert isinstance(other.reader, SentenceReader)
    assert answer.status == "answered"


def test_a_higher_threshold_refuses_more(settings: Settings) -> None:
    sure = open_assistant(replace(settings, threshold=1.0))
    assert sure.ask("Combien de clusters ?").status == "refused"


def test_nothing_is_read_from_nothing(assistant: Assistant, reader: SpanReader) -> None:
    question, hits = ask(assistant, "Qui ?")
    assert reader.read(question, []) == []

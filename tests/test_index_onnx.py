"""The encoder that serves beside the one that builds; what it imports; its directory, there whole or not at all."""

from __future__ import annotations

import dataclasses
import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Literal

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from tokenizers import Tokenizer

from answer.ask import Assistant
from errors import ModelError
from eval.__main__ import QUESTIONS as EVAL_SET
from eval.questions import read_questions
from index.encoding.encoder import SentenceEncoder
from index.encoding.export import served_model
from index.encoding.onnx_encoder import OnnxEncoder, _Words
from index.encoding.pieces import Pieces, served_pieces
from index.encoding.tokens import Tokens, own_spans
from index.encoding.weights import bundled_model, bundled_weights, publish_once
from records import Encoder, Encoding
from settings import ROOT, Settings
from tests.test_index_encoder import PASSAGES, QUESTIONS


@pytest.fixture(scope="module")
def expected(builder: SentenceEncoder) -> list[Encoding]:
    """Fifty texts, in three languages."""
    return encoded(builder)


def encoded(encoder: OnnxEncoder | SentenceEncoder) -> list[Encoding]:
    passages = encoder.encode_passages(PASSAGES, ["Un titre"] * len(PASSAGES))
    return passages + [encoder.encode_question(question) for question in QUESTIONS]


def least_cosine(ours: list[NDArray[np.float32]], theirs: list[NDArray[np.float32]]) -> float:
    a, b = np.vstack(ours), np.vstack(theirs)
    return float(((a * b).sum(axis=1) / (np.linalg.norm(a, axis=1) * np.linalg.norm(b, axis=1))).min())


def python(code: str, **environment: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", code],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT), **environment},
        stdout=subprocess.PIPE,
        text=True,
    )


# The same vectors


@pytest.mark.parametrize(("precision", "least", "least_half"), [("fp32", 0.9999, 0.9999), ("int8", 0.99, 0.999)])
def test_what_is_served_is_what_was_built(
    builder: SentenceEncoder,
    expected: list[Encoding],
    precision: Literal["fp32", "int8"],
    least: float,
    least_half: float,
) -> None:
    encoder = OnnxEncoder(Settings().cache, precision=precision)
    assert (encoder.id, encoder.dim) == (builder.id, builder.dim)
    ours = encoded(encoder)
    assert [e.spans.tolist() for e in ours] == [e.spans.tolist() for e in expected]
    assert least_cosine([e.vector for e in ours], [e.vector for e in expected]) >= least
    assert least_cosine([e.tokens for e in ours], [e.tokens for e in expected]) >= least
    assert least_cosine([e.states for e in ours], [e.states for e in expected]) >= least_half
    assert not any(e.as_query for e in ours[: len(PASSAGES)])
    asked = ours[len(PASSAGES) :], expected[len(PASSAGES) :]
    ours_query, expected_query = ([e.tokens_for(own_language=True) for e in side] for side in asked)
    assert least_cosine(ours_query, expected_query) >= least


def said(assistant: Assistant, encoder: Encoder) -> list[tuple[str, list[str]]]:
    """Status and first quote of each answer to the eval set, questions encoded by `encoder`."""
    asked = dataclasses.replace(assistant, encoder=encoder)
    answers = [asked.ask(case.question) for case in read_questions(EVAL_SET)]
    return [(answer.status, [citation.quote for citation in answer.citations[:1]]) for answer in answers]


@pytest.fixture(scope="module")
def said_in_torch(assistant: Assistant, builder: SentenceEncoder) -> list[tuple[str, list[str]]]:
    return said(assistant, builder)


@pytest.mark.parametrize("precision", ["fp32", "int8"])
def test_the_eval_set_is_answered_as_with_the_encoder_in_torch(
    assistant: Assistant,
    settings: Settings,
    said_in_torch: list[tuple[str, list[str]]],
    precision: Literal["fp32", "int8"],
) -> None:
    said_as_served = said(assistant, OnnxEncoder(settings.cache, precision=precision))
    same = [ours == theirs for ours, theirs in zip(said_as_served, said_in_torch, strict=True)]
    assert np.mean(same) >= 0.98


def test_a_question_meets_its_own_language_with_other_tokens(encoder: OnnxEncoder) -> None:
    for text in QUESTIONS:
        question = encoder.encode_question(text)
        as_query = question.tokens_for(own_language=True)
        assert as_query.shape == question.tokens.shape
        assert np.linalg.norm(as_query, axis=1) == pytest.approx(1, abs=1e-5)
        assert 0.5 < float((as_query * question.tokens).sum(axis=1).mean()) < 0.999
        assert question.tokens_for(own_language=False) is question.tokens


@pytest.mark.parametrize("text", ["", "a\u0000b", " \u00a0 a \n", "mot " * 900, "Ελλάς ½ µm", "ﬁ"])
def test_tokens_are_counted_and_placed_as_by_the_builder(
    encoder: OnnxEncoder, builder: SentenceEncoder, text: str
) -> None:
    assert encoder.count_tokens(text) == builder.count_tokens(text)
    assert encoder.encode_question(text).spans.tolist() == builder.encode_question(text).spans.tolist()


class Cutters:
    """The builder's and the one that serves, side by side."""

    def __init__(self, directory: Path) -> None:
        self.whole = Tokenizer.from_file(str(bundled_model(Settings().cache) / "tokenizer.json"))
        self.whole.no_truncation()
        weights = bundled_weights()
        self.scores = [score for _, score in weights.vocabulary]
        model, self.kept = served_pieces(weights)
        (directory / "pieces.model").write_bytes(model)
        self.served = Pieces(directory / "pieces.model")

    def theirs(self, text: str) -> list[tuple[int, int, int]]:
        """(start, end, the wheel's number) of each token, by the builder's tokenizer."""
        found = self.whole.encode(text, add_special_tokens=False)
        return self._placed(Tokens(found.ids, found.offsets), text)

    def ours(self, text: str) -> list[tuple[int, int, int]]:
        ids, offsets = self.served.of(text)
        return self._placed(Tokens([self.kept[token] for token in ids], offsets), text)

    @staticmethod
    def _placed(tokens: Tokens, text: str) -> list[tuple[int, int, int]]:
        own, spans = own_spans(tokens.offsets, text, 0)
        return [(*span, token) for span, token in zip(spans.tolist(), np.array(tokens.ids)[own].tolist(), strict=True)]


@pytest.fixture(scope="module")
def cutters(tmp_path_factory: pytest.TempPathFactory) -> Cutters:
    return Cutters(tmp_path_factory.mktemp("pieces"))


@given(text=st.text(st.sampled_from("acdeéèàùçœßüöäÄÖÜłđşαβμΩ0123456789 .,;:!?'’«»„“-–()/%€°²\u00ad"), max_size=40))
def test_served_tokens_are_as_likely_as_the_builders(cutters: Cutters, text: str) -> None:
    """Not always the same: what is "aa" and "a" is "a" and "aa" as well."""
    theirs, ours = cutters.theirs(f"query: {text}"), cutters.ours(f"query: {text}")
    assert len(ours) == len(theirs)
    likelihoods = (sum(cutters.scores[token] for _, _, token in tokens) for tokens in (ours, theirs))
    assert next(likelihoods) == pytest.approx(next(likelihoods), abs=1e-3)
    assert {at for start, end, _ in ours for at in range(start, end)} == {
        at for start, end, _ in theirs for at in range(start, end)
    }


def test_served_tokens_are_the_builders_in_articles(cutters: Cutters) -> None:
    """One in 100,000 words has two spellings of nearly the same likelihood, and rounding chooses."""
    paths = [*(ROOT / "eval" / "bulletins").rglob("*.md"), *(ROOT / "tests" / "pages").rglob("*.json")]
    texts = [path.read_text("utf-8") for path in paths]
    differing = sum(len({*cutters.ours(text)} ^ {*cutters.theirs(text)}) for text in texts)
    tokens = sum(len(cutters.theirs(text)) for text in texts)
    assert tokens > 20_000
    assert differing <= tokens / 10_000
    assert len(cutters.kept) < cutters.whole.get_vocab_size() / 2


def test_a_letter_has_its_accent_with_it(encoder: OnnxEncoder) -> None:
    assert encoder.encode_question("e\u0301 la").spans.tolist() == [[0, 2], [3, 5]]


def test_a_special_token_in_a_text_is_letters(encoder: OnnxEncoder) -> None:
    assert encoder.encode_question("un </s> deux").spans.tolist() == [[0, 2], [3, 5], [5, 6], [6, 7], [8, 12]]


def test_a_letter_of_another_script_is_an_unknown_word(encoder: OnnxEncoder) -> None:
    mixed = encoder.encode_question("Was macht 中国 in Berlin?")
    assert mixed.spans.tolist()[:4] == encoder.encode_question("Was macht ДД in Berlin?").spans.tolist()[:4]
    assert np.isfinite(mixed.vector).all()


def test_words_are_those_of_the_file() -> None:
    path = served_model(Settings().cache) / "words.npy"
    rows, words = np.load(path, mmap_mode="r"), [5, 0, 120_796, 5]
    assert rows.dtype == np.float32
    assert np.array_equal(_Words(path).of(words), rows[words])


# What is imported


def test_a_question_is_served_without_torch(settings: Settings, assistant: Assistant) -> None:
    assert assistant.encoder  # makes the encoder and the reader where they are missing, which takes torch
    code = """if True:
        import json, sys
        import answer.__main__, index.__main__
        assert index.__main__.main(["build"]) == 0  # nothing is new
        assert answer.__main__.main(["ask", "how many clusters are in go-cluster?"]) == 0
        print(json.dumps(sorted(sys.modules)))
    """
    output, _ = python(code, BULLETIN_INDEX=str(settings.index)).communicate(timeout=100)
    up_to_date, *_, modules = output.splitlines()
    assert "up to date" in up_to_date
    assert "onnxruntime" in json.loads(modules)
    assert not {"torch", "transformers", "tokenizers", "sentence_transformers", "onnx"} & set(json.loads(modules))


# Its directory


def test_a_directory_whose_maker_was_killed_is_not_there(tmp_path: Path) -> None:
    target = tmp_path / "cache" / "model"
    code = """if True:
        import time
        from pathlib import Path
        from index.encoding.weights import bundled_model, publish_once

        def half(work):
            (work / "half").write_text("written")
            print("writing", flush=True)
            time.sleep(60)

        publish_once(Path(%r), half)
    """
    maker = python(code % str(target))
    assert maker.stdout and maker.stdout.readline() == "writing\n"
    maker.send_signal(signal.SIGKILL)
    maker.communicate()
    assert not target.exists()
    publish_once(target, lambda work: (work / "whole").touch())
    assert [path.name for path in target.iterdir()] == ["whole"]
    assert [path.name for path in target.parent.glob("[!.]*")] == ["model"]
    assert not list(target.parent.glob(".*.work"))


def test_a_directory_that_could_not_be_filled_is_not_there(tmp_path: Path) -> None:
    def full(work: Path) -> None:
        (work / "half").touch()
        raise OSError(28, "No space left on device")

    with pytest.raises(OSError, match="No space left"):
        publish_once(tmp_path / "model", full)
    assert [path for path in tmp_path.iterdir() if path.is_dir()] == []


def test_a_directory_that_is_there_is_not_made_again(tmp_path: Path) -> None:
    for name in ("first", "second"):
        publish_once(tmp_path / "model", lambda work, name=name: (work / name).touch())  # type: ignore[misc]
    assert [path.name for path in (tmp_path / "model").iterdir()] == ["first"]


def test_a_cache_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "cache").write_text("")
    with pytest.raises(ModelError, match=r"onnx-split4-\d+ cannot be made: .*File exists"):
        served_model(tmp_path / "cache")

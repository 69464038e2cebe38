"""Training, on a few articles made up here: splits, spans, negatives; loss falls, a killed run goes on."""

from __future__ import annotations

import hashlib
import itertools
import json
import random
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from tokenizers import Tokenizer

import train.states
from answer.joint_reader import JointReader, load_reader, low_rank, save_weights
from errors import BulletinError
from index.encoding.bert import SplitEncoder
from index.encoding.weights import bundled_model, bundled_weights, question_weights
from settings import ROOT, Settings
from train.__main__ import TRANSLATED, main
from train.__main__ import WRITTEN as SHIPPED
from train.data import Library, read_library
from train.generated import MISSED, WRITTEN, read_translated, read_written
from train.loop import CHECKPOINT, CURVE
from train.pairs import Corpus, Pair, contrasts, targets, token_span
from train.sets import AFRIQA, hashed
from train.states import States, cached_states
from train.typed import as_typed, key_words, slipped

TOWNS = [f"Town{chr(65 + i // 26)}{chr(65 + i % 26)}" for i in range(70)]
SENTENCES = {
    "fr": "La ville de {} compte {} habitants. Elle est dirigée par Anne {}.",
    "en": "The town of {} has {} inhabitants. It is led by Anne {}.",
    "de": "Die Stadt {} hat {} Einwohner. Sie wird von Anne {} geleitet.",
    "es": "La ciudad de {} tiene {} habitantes. La dirige Anne {}.",
}
QUESTIONS = {
    "fr": ("Combien d'habitants compte {} ?", "Qui dirige {} ?"),
    "en": ("How many people live in {}?", "Who leads {}?"),
    "de": ("Wie viele Einwohner hat {}?", "Wer leitet {}?"),
    "es": ("¿Cuántos habitantes tiene {}?", "¿Quién dirige {}?"),
}


def squad(lang: str, towns: list[str], impossible: bool = False) -> dict[str, Any]:
    """A set in SQuAD's JSON: a paragraph and two questions a town."""
    data = []
    for town in towns:
        answers = (str(1000 + 37 * TOWNS.index(town)), f"Anne {town}son")
        qas: list[dict[str, Any]] = [
            {"id": f"{town}{i}", "question": question.format(town), "answers": [{"text": answer}]}
            for i, (question, answer) in enumerate(zip(QUESTIONS[lang], answers, strict=True))
        ]
        if impossible:
            qas = [qa | {"is_impossible": False} for qa in qas]
            qas.append({"id": f"{town}x", "question": f"How old is {town}?", "answers": [], "is_impossible": True})
        context = SENTENCES[lang].format(town, answers[0], f"{town}son")
        data.append({"title": town, "paragraphs": [{"context": context, "qas": qas}]})
    return {"data": data}


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("data")
    sets = {
        "piaf/piaf-v1.1.json": squad("fr", TOWNS),
        "squad-en/squad-dev-v1.1.rebuilt.json": squad("en", TOWNS[:20]),
        "squad-en/squad-dev-v2.0.rebuilt.json": squad("en", TOWNS[:20], impossible=True),
        **{f"xquad/xquad.{lang}.json": squad(lang, TOWNS[:20]) for lang in ("de", "en", "es")},
    }
    for name, content in sets.items():
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text(json.dumps(content), "utf-8")
    line = {
        "id": "1", "title": "Lyon", "context": "Lyon est sur le Rhône.", "question_translated": "Où est Lyon ?",
        "answer_pivot": {"text": ["le Rhône"], "answer_start": [12]},
    }  # fmt: skip
    (folder / "afriqa-fr").mkdir()
    (folder / "afriqa-fr" / "gold_span_passages.afriqa.fon.fr.train.json").write_text(
        json.dumps(line) + "\n\n", "utf-8"
    )
    return folder


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Questions on a paragraph of French, on one that no set has, and on passages of their own."""
    path = tmp_path_factory.mktemp("written") / "written.jsonl"
    town = TOWNS[-1]
    asked = [
        {"lang": "en", "question": f"Who runs {town}?", "answer": f"Anne {town}son"},
        {"lang": "fr", "question": f"Qui dirigeait {town} avant ?", "answer": None},
    ]
    paragraph = SENTENCES["fr"].format(town, 1000 + 37 * (len(TOWNS) - 1), f"{town}son")
    own = {"lang": "fr", "title": "Un prix", "text": f"Le prix va à Anne {town}son, de {town}.", "questions": asked}
    lines = [
        {"lang": "fr", "sha256": hashed(paragraph), "questions": asked},
        {"lang": "fr", "sha256": hashed("lost"), "questions": asked},
        own | {"split": "train"},
        own | {"split": "val", "title": "Deux prix"},
    ]
    path.write_text("".join(json.dumps(line) + "\n" for line in lines), "utf-8")
    return path


@pytest.fixture(scope="module")
def translated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A town of SQuAD in French, with a question that it answers and one that it does not; a paragraph lost; a question
    of PIAF in German."""
    path = tmp_path_factory.mktemp("translated") / "translated.jsonl"
    town = TOWNS[0]
    english, french = (SENTENCES[lang].format(town, 1000, f"{town}son") for lang in ("en", "fr"))
    asked = [
        {"id": f"{town}1", "question": f"Qui mène {town} ?", "answer": f"Anne {town}son"},
        {"id": f"{town}x", "question": f"Quel âge a {town} ?", "answer": None},
    ]
    lines: list[dict[str, Any]] = [
        {"lang": "fr", "sha256": hashed(text), "text": french, "questions": asked} for text in (english, "a lost one")
    ]
    questions = [{"id": f"{TOWNS[1]}0", "question": f"Wie viele wohnen in {TOWNS[1]}?"}]
    paragraph = squad("fr", TOWNS[1:2])["data"][0]["paragraphs"][0]["context"]
    lines.append({"lang": "de", "sha256": hashed(paragraph), "questions": questions})
    path.write_text("".join(json.dumps(line) + "\n" for line in lines), "utf-8")
    return path


@pytest.fixture(scope="module")
def library(data: Path, written: Path, translated: Path) -> Library:
    return read_library(data, lambda text: len(text.split()), written, translated)


def test_an_answer_is_where_its_span_says(library: Library) -> None:
    answered = [example for example in library.examples if example.answer]
    assert len(answered) > 400
    for example in answered:
        assert example.answer
        assert library.windows[example.window].text[slice(*example.answer)] == example.golds[0]


def test_no_title_is_trained_on_and_reported(library: Library) -> None:
    split_of: dict[str, set[str]] = {}
    for example in library.examples:
        split_of.setdefault(library.windows[example.window].title, set()).add(example.split)
    assert all(len(splits) == 1 for splits in split_of.values())
    assert {split for splits in split_of.values() for split in splits} == {"train", "val", "test"}


def test_near_misses_and_follow_ups_are_among_the_examples(library: Library) -> None:
    sources = {example.source for example in library.examples}
    assert {"piaf", "squad1", "squad2", "xquad-en-de", "xquad-de-es", "afriqa", "follow-up"} <= sources
    assert all(example.answer is None for example in library.examples if example.source == "squad2")
    followed = next(example for example in library.examples if example.source == "follow-up")
    assert followed.question.count("?") == 2


def test_what_squad_asks_in_vain_is_asked_of_translated_paragraphs_too(library: Library) -> None:
    asked = [example for example in library.examples if example.source == "squad2-de"]
    assert len(asked) == 20
    for example in asked:
        town = example.question.removeprefix("How old is ").rstrip("?")
        window = library.windows[example.window]
        assert (example.lang, example.answer, window.lang, window.title) == ("en", None, "de", town)


def test_questions_written_for_training_are_asked_of_their_passages(library: Library) -> None:
    asked = [example for example in library.examples if example.source in (WRITTEN, MISSED)]
    found = [(library.windows[e.window].title, e.source, e.split, e.lang, bool(e.answer)) for e in asked]
    split = next(e.split for e in library.examples if library.windows[e.window].title == TOWNS[-1])
    titles = [(TOWNS[-1], split), ("Un prix", "train"), ("Deux prix", "val")]
    assert sorted(found) == sorted(
        line for title, use in titles
        for line in ((title, WRITTEN, use, "en", True), (title, MISSED, use, "fr", False))
    )  # fmt: skip
    assert len({example.window for example in asked}) == 3


def test_a_translation_is_asked_in_every_language_and_its_questions_of_every_passage(library: Library) -> None:
    town = TOWNS[0]
    asked = [e for e in library.examples if e.source.startswith("translated-") and e.id.startswith(town)]
    assert {(e.source, e.question, bool(e.answer)) for e in asked} == {
        *((f"translated-{lang}-fr", QUESTIONS[lang][1].format(town), True) for lang in ("en", "de", "es")),
        *((f"translated-fr-{lang}", f"Qui mène {town} ?", True) for lang in ("fr", "en", "de", "es")),
        *((f"translated-fr-{lang}", f"Quel âge a {town} ?", False) for lang in ("fr", "en", "de", "es")),
        ("translated-en-fr", f"How old is {town}?", False),
    }
    for example in asked:
        window = library.windows[example.window]
        assert (window.title, window.lang) == (town, example.source.rsplit("-", 1)[1])
    assert {e.split for e in asked} == {e.split for e in library.examples if e.id == f"{town}1"}


def test_a_translated_question_alone_is_asked_of_its_paragraph(library: Library) -> None:
    (asked,) = (e for e in library.examples if e.source == "translated-de-fr" and e.id.startswith(TOWNS[1]))
    own = next(e for e in library.examples if (e.source, e.id) == ("piaf", asked.id))
    assert asked.question == f"Wie viele wohnen in {TOWNS[1]}?"
    assert (asked.lang, asked.window, asked.answer) == ("de", own.window, own.answer)


@pytest.mark.parametrize(
    "line", ["{", "[]", '{"lang": "fr", "text": "x"}', '{"lang": "fr", "text": "x", "sha256": "0", "questions": [{}]}']
)
def test_a_line_that_is_no_paragraph_with_questions_is_named(data: Path, tmp_path: Path, line: str) -> None:
    (tmp_path / "t.jsonl").write_text(f"{line}\n", "utf-8")
    with pytest.raises(BulletinError, match=r"t\.jsonl:1: not a paragraph with questions"):
        read_library(data, len, translated=tmp_path / "t.jsonl")


def test_a_translated_answer_that_its_passage_lacks_is_named(data: Path, tmp_path: Path) -> None:
    asked = {"id": "1", "question": "Où va le prix ?", "answer": "Lyo"}
    line = {"lang": "fr", "sha256": "0", "text": "Le prix va à Lyon.", "questions": [asked]}
    (tmp_path / "t.jsonl").write_text(json.dumps(line) + "\n", "utf-8")
    with pytest.raises(BulletinError, match=r"t\.jsonl:1: the passage has no 'Lyo'"):
        read_library(data, len, translated=tmp_path / "t.jsonl")


@pytest.mark.parametrize(
    "line", ["{", "[]", '{"lang": "fr", "questions": []}', '{"lang": "fr", "text": "x", "questions": []}']
)
def test_a_line_that_is_no_passage_with_questions_is_named(data: Path, tmp_path: Path, line: str) -> None:
    (tmp_path / "w.jsonl").write_text(f"{line}\n", "utf-8")
    with pytest.raises(BulletinError, match=r"w\.jsonl:1: not a passage with questions"):
        read_library(data, len, tmp_path / "w.jsonl")


@pytest.mark.parametrize("answer", ["", "Lyo", "Paris"])
def test_an_answer_that_its_passage_lacks_is_named(data: Path, tmp_path: Path, answer: str) -> None:
    asked = {"lang": "fr", "question": "Où va le prix ?", "answer": answer}
    line = {"lang": "fr", "title": "Un prix", "text": "Le prix va à Lyon.", "split": "train", "questions": [asked]}
    (tmp_path / "w.jsonl").write_text(json.dumps(line) + "\n", "utf-8")
    with pytest.raises(BulletinError, match=rf"w\.jsonl:1: the passage has no '{answer}'"):
        read_library(data, len, tmp_path / "w.jsonl")


def test_the_questions_in_the_tree_are_read(data: Path) -> None:
    asked = read_written(SHIPPED, data)  # checks every answer whose passage is here: those on invented articles
    assert {source for source, *_ in asked} == {WRITTEN, MISSED}
    assert {lang for _, *langs in asked for lang in langs} == {"fr", "en", "de"}
    assert {article["split"] for articles in asked.values() for article in articles} == {"train", "val"}
    public = [sha for line in SHIPPED.read_text("utf-8").splitlines() if (sha := json.loads(line).get("sha256"))]
    assert len({*public}) == len(public) > 1000


def test_the_translations_in_the_tree_are_read(data: Path) -> None:
    assert read_translated(TRANSLATED, data) == {}  # every answer is checked, also where its paragraph is not here
    lines = [json.loads(line) for line in TRANSLATED.read_text("utf-8").splitlines()]
    assert {line["lang"] for line in lines} == {"fr", "en", "de"}
    assert len({line["sha256"] for line in lines}) == len(lines) > 1000


def test_the_occurrence_that_the_set_names_is_the_answer(data: Path, tmp_path: Path) -> None:
    shutil.copytree(data, tmp_path / "data")
    text = "Anne est née à Lyon. Ensuite Anne a écrit."
    qas = [
        {"id": f"{start}", "question": "Qui ?", "answers": [{"text": "Anne", "answer_start": start}]}
        for start in (0, text.rindex("Anne"))
    ]
    piaf = tmp_path / "data" / "piaf" / "piaf-v1.1.json"
    piaf.write_text(json.dumps({"data": [{"title": "Anne", "paragraphs": [{"context": text, "qas": qas}]}]}), "utf-8")
    examples = read_library(tmp_path / "data", lambda text: len(text.split())).examples
    assert [e.answer for e in examples if e.source == "piaf"] == [(0, 4), (29, 33)]


@pytest.mark.parametrize(
    ("lang", "question", "words"),
    [
        ("fr", "Quand est-ce que l'Institut Fraunhofer a-t-il été fondé ?", "Institut Fraunhofer fondé"),
        ("en", "How many clusters are there in the go-cluster programme?", "clusters go-cluster programme"),
        ("de", "Wie viele Teilnehmer kamen 2014 zum Kongress?", "Teilnehmer kamen 2014 Kongress"),
    ],
)
def test_key_words_are_what_a_question_says(lang: str, question: str, words: str) -> None:
    assert " ".join(key_words(question, lang)) == words


def test_a_slip_changes_one_long_word_by_one_letter_or_two(library: Library) -> None:
    chance = random.Random(0)
    for question in {example.question for example in library.examples}:
        before, after = question.split(" "), slipped(question, 1, chance).split(" ")
        changed = [(b, a) for b, a in zip(before, after, strict=True) if a != b]
        assert len(changed) <= 1
        assert all(len(b) >= 5 and abs(len(a) - len(b)) <= 1 and a[0] == b[0] for b, a in changed)
    assert slipped("qui est là ?", 2, chance) == "qui est là ?"


def test_questions_are_also_asked_as_they_are_typed(library: Library) -> None:
    by_id = {f"{example.source}-{example.id}": example for example in library.examples}
    typed = [example for example in library.examples if example.source in ("typed", "typed-missed")]
    assert len(typed) > 100 and {example.source for example in typed} == {"typed", "typed-missed"}
    for example in typed:
        asked = by_id[example.id]
        assert example.question != asked.question
        assert (example.window, example.answer, example.split) == (asked.window, asked.answer, asked.split)
    assert as_typed("Et après ?", "fr", random.Random(1)).strip()


def test_states_of_a_text_are_computed_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    encoder = SplitEncoder(bundled_weights()).eval()
    tokenizer = Tokenizer.from_file(str(bundled_model(Settings.from_environment().cache) / "tokenizer.json"))
    compute, computed = train.states._compute, []

    def spy(*arguments: Any) -> States:
        computed.append(list(arguments[3]))
        return compute(*arguments)

    monkeypatch.setattr(train.states, "_compute", spy)

    def states(folder: str, *texts: str) -> States:
        return cached_states(tmp_path / folder, "questions", encoder, tokenizer, ["query: "] * len(texts), texts)

    first = states("cache", "Wer kam?", "who came to the congress?")
    second = states("cache", "qui est venu ?", "who came to the congress?", "Wer kam?")
    states("cache", "qui est venu ?", "who came to the congress?", "Wer kam?")
    assert computed == [["Wer kam?", "who came to the congress?"], ["qui est venu ?"]]

    alone = states("another", "qui est venu ?")
    for theirs, row, theirs_row in ((first, 1, 1), (first, 2, 0), (alone, 0, 0)):
        np.testing.assert_array_equal(second.of(row), theirs.of(theirs_row))
        np.testing.assert_array_equal(second.spans_of(row), theirs.spans_of(theirs_row))
        np.testing.assert_array_equal(second.vectors[row], theirs.vectors[theirs_row])


@pytest.fixture(scope="module")
def corpus(library: Library) -> Corpus:
    """Each word is a token whose state is its place in the text."""
    spans = [[m.span() for m in re.finditer(r"\w+|\S", window.text)] for window in library.windows]
    lengths = [len(own) for own in spans]
    rows = np.concatenate([np.arange(n, dtype=np.int8) for n in lengths])[:, None]
    ones = np.ones((len(rows), 1), np.float32)
    starts = np.cumsum([0, *lengths])
    states = States(rows, ones, np.concatenate(spans).astype(np.int32), starts, np.zeros((len(lengths), 1), np.float32))
    return Corpus(library, states, states, [0] * len(library.examples))


def test_a_passage_without_a_sentence_still_answers_or_does_not_any_more(library: Library, corpus: Corpus) -> None:
    groups = corpus.training_pairs({number: [] for number in corpus.examples("train")}, 0)
    pairs = list(itertools.chain(*groups))
    near_misses = [pair for pair in pairs if pair.without and not pair.answer]
    assert near_misses
    for pair in near_misses:
        assert pair.without
        first, last = corpus.passages.spans_of(pair.window)[list(pair.without)]
        left_out = library.windows[pair.window].text[first[0] : last[1]]
        golds = [e.golds for e in library.examples if e.window == pair.window and e.split == "train"]
        assert any(gold in left_out for own in golds for gold in own)


def test_passages_mined_for_a_question_are_near_it_in_words_and_lack_its_answer(
    library: Library, corpus: Corpus
) -> None:
    numbers = corpus.examples("train", ["piaf"])
    for number, mined in corpus.hard_negatives(numbers).items():
        example = library.examples[number]
        assert mined
        assert all((library.windows[w].lang, library.splits[w]) == ("fr", "train") for w in mined)
        assert not any(gold in library.windows[w].text for w in mined for gold in example.golds)


def test_a_question_and_what_contrasts_with_it_meet_in_one_batch(corpus: Corpus) -> None:
    groups = [[Pair(n, n % 3, (0, 1) if i == 0 else None) for i in range(1 + n % 3)] for n in range(40)]
    batches = list(corpus.batches(groups, 5, 0))
    assert sorted(pair.question for batch in batches for pair in batch) == sorted(p.question for g in groups for p in g)
    assert all(len(batch) <= 5 for batch in batches)
    found = {batch[answer].question: len(numbers) for batch in batches for answer, numbers in contrasts(batch)}
    assert found == {n: 1 + n % 3 for n in range(40) if n % 3}


def test_targets_follow_the_tokens_that_are_left(corpus: Corpus) -> None:
    window = next(w for w, own in enumerate(corpus.library.windows) if len(own.text.split()) >= 8)
    pairs = [
        Pair(0, window, (4, 5)),
        Pair(0, window, (4, 5), (1, 2)),
        Pair(0, window, (1, 1), (4, 5)),
        Pair(0, window, None),
    ]
    starts, ends, relevant = targets(pairs)
    _, _, states, mask = corpus.batch(pairs)
    assert (starts.tolist(), ends.tolist(), relevant.tolist()) == ([5, 3, 2, 0], [6, 4, 2, 0], [1, 1, 1, 0])
    assert [states[i, starts[i] - 1, 0].item() for i in range(3)] == [4, 4, 1]
    assert (mask.sum(1)[1] - mask.sum(1)[0]).item() == -2


def test_tokens_that_overlap_the_answer_are_its_span() -> None:
    spans = np.array([[0, 2], [3, 5], [5, 9], [10, 12]], np.int32)
    assert token_span(spans, (3, 9)) == (1, 2)
    assert token_span(spans, (4, 6)) == (1, 2)
    assert token_span(spans, (9, 10)) is None


def test_a_missing_set_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["run", "--data", str(tmp_path), "--out", str(tmp_path)]) == 2
    assert "piaf-v1.1.json" in capsys.readouterr().err
    assert main(["run", "--data", str(tmp_path), "--written", str(tmp_path / "none")]) == 2
    assert "--written wants a file such as train/written.jsonl" in capsys.readouterr().err
    with pytest.raises(BulletinError, match="wants the folder of the sets"):
        read_library(tmp_path / "none", len)


def test_loss_falls_a_killed_run_goes_on_and_exports(
    data: Path, written: Path, translated: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out, states, weights = (tmp_path / name for name in ("out", "states", "reader.safetensors"))
    generated = ["--written", str(written), "--translated", str(translated)]
    shared = ["--data", str(data), *generated, "--states", str(states)]
    run = ["run", *shared, "--out", str(out), "--validate-every", "12", "--steps"]
    process = subprocess.Popen([sys.executable, "-m", "train", *run, "24"], cwd=ROOT, stderr=subprocess.DEVNULL)
    while not (out / CURVE).exists():
        assert process.poll() is None
        time.sleep(0.05)
    process.kill()
    process.wait()
    before = torch.load(out / CHECKPOINT, weights_only=True)["step"]

    assert main([*run, "24"]) == 0
    curve = json.loads((out / CURVE).read_text("utf-8"))
    assert (before, [point["step"] for point in curve["curve"]]) == (12, [12, 24])
    assert curve["curve"][1]["loss"] < curve["curve"][0]["loss"] * 0.8
    assert len(curve["from"]["data"]) == 9
    assert main([*run, "30"]) == 2
    assert "of another recipe or other data" in capsys.readouterr().err

    picture = tmp_path / "curve.png"
    assert main(["export", "--out", str(out), "--weights", str(weights), "--picture", str(picture)]) == 0
    assert picture.read_bytes().startswith(b"\x89PNG")
    assert weights.stat().st_size < 20e6
    half = tmp_path / "half.safetensors"
    averaged = ["export", "--out", str(out), "--weights", str(half), "--start", str(weights), "--share", "0.5"]
    assert main(averaged) == 0
    model = bundled_weights()
    ours, theirs = (load_reader(model, path).state_dict() for path in (weights, half))
    assert all(torch.allclose(tensor, theirs[name], atol=0.01) for name, tensor in ours.items())
    further = ["run", *shared, "--out", str(tmp_path / "further"), "--start", str(weights), "--steps", "1"]
    assert main(further) == 0
    origin = json.loads((tmp_path / "further" / CURVE).read_text("utf-8"))["from"]
    assert origin["start"] == hashlib.sha256(weights.read_bytes()).hexdigest()
    assert main(["evaluate", *shared, "--weights", str(weights), "--split", "val"]) == 0
    assert "| fr |" in capsys.readouterr().out


def test_in_training_layers_multiply_in_16_bits_where_asked_and_mark_the_same() -> None:
    reader = JointReader(bundled_weights(), dropout=0.0)
    torch.manual_seed(0)
    states = torch.randn(2, 40, reader.first.numel())
    seen = (states[:, :8], torch.ones(2, 8, dtype=torch.bool), states[:, 8:], torch.ones(2, 32, dtype=torch.bool))
    exact = reader(*seen)
    reader.in_bfloat16 = True
    rounded = reader(*seen)
    assert rounded.start.dtype == torch.float32
    assert not torch.equal(rounded.start, exact.start)
    torch.testing.assert_close(rounded.start, exact.start, atol=0.05, rtol=0.05)
    rounded.start[:, 1:].sum().backward()
    assert {p.grad.dtype for p in reader.layers.parameters() if p.grad is not None} == {torch.float32}
    torch.testing.assert_close(reader.eval()(*seen).start, exact.start)


@pytest.mark.parametrize("share", ["-0.1", "1.5", "nan", "half"])
def test_a_share_is_a_part_of_the_whole(share: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["export", "--share", share])
    assert "--share" in capsys.readouterr().err


def test_nothing_is_exported_where_nothing_was_trained(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["export", "--out", str(tmp_path)]) == 2
    assert "python -m train run" in capsys.readouterr().err


def test_weights_come_back_but_for_what_the_rank_cannot_hold(tmp_path: Path) -> None:
    model = bundled_weights()
    reader = JointReader(model)
    torch.manual_seed(0)
    changes = {name: torch.randn(len(tensor), 3) @ torch.randn(3, tensor.shape[1]) / 50
               for name, tensor in reader.state_dict().items() if low_rank(tensor)}  # fmt: skip
    reader.load_state_dict(reader.state_dict() | {n: reader.state_dict()[n] + change for n, change in changes.items()})
    save_weights(reader, model, tmp_path / "w", {})
    after = load_reader(model, tmp_path / "w").state_dict()
    for name, before in reader.state_dict().items():
        assert torch.allclose(before, after[name], atol=float(before.abs().max()) / 200), name
    assert (tmp_path / "w").stat().st_size < 20e6


def test_a_questions_last_layers_are_trained_to_find_and_no_others(
    data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    weights = tmp_path / "question.safetensors"
    assert main(["question", "--data", str(data), "--weights", str(weights), "--steps", "2", "--share", "1"]) == 0
    assert re.search(r"^\| 1 of step 2 \| [\d.]+ · [\d.]+ \|", capsys.readouterr().out, re.MULTILINE)
    before, after = bundled_weights().tensors, question_weights(weights).tensors
    assert before.keys() == after.keys()
    differ = {name.split(".")[0] for name in before if not np.array_equal(before[name], after[name])}
    assert differ == {"l8", "l9", "l10", "l11"}


def test_too_few_articles_to_train_a_question_on_are_told(
    data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    few = shutil.copytree(data, tmp_path / "few")
    for path in few.rglob("*.json"):
        if path.parent.name != "afriqa-fr":
            path.write_text(json.dumps({"data": json.loads(path.read_text("utf-8"))["data"][:1]}), "utf-8")
    (few / AFRIQA).write_text("", "utf-8")
    weights = tmp_path / "question.safetensors"
    assert main(["question", "--data", str(few), "--weights", str(weights)]) == 2
    assert "no question to train on" in capsys.readouterr().err
    assert not weights.exists()

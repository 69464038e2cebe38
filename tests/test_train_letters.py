"""Training what finds the question in a letter, on a few made up here: what is marked stays marked, and is learnt."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors import safe_open

from answer.letter import LetterReader
from errors import BulletinError
from index.question import clean
from records import Encoder
from settings import ROOT
from train.__main__ import main
from train.letters import LETTERS, MarkedLetter, bare_questions, read_letters, variants
from train.tagger import encoded, train_tagger
from train.typed import without_signs

TOWNS = ("Lyon", "Brest", "Nantes", "Lille", "Dijon", "Tours", "Metz", "Reims", "Nice", "Caen", "Rennes", "Pau")


def line(*parts: tuple[str, str], lang: str = "fr") -> str:
    return json.dumps({"lang": lang, "parts": parts}, ensure_ascii=False) + "\n"


@pytest.fixture(scope="module")
def letters(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("letters") / "letters.jsonl"
    path.write_text(
        "".join(
            line(
                ("around", f"Bonjour,\nje vous écris de {town}. Dites-moi "),
                ("question", f"qui est maire de {town} ?"),
                ("around", " Merci  beaucoup, Paul"),
            )
            for town in TOWNS
        ),
        "utf-8",
    )
    return path


@pytest.fixture(scope="module")
def bare(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("bare") / "written.jsonl"
    asked = [{"lang": lang, "question": f"Wer leitet {n}?"} for n in range(60) for lang in ("fr", "en", "de")]
    path.write_text(json.dumps({"questions": asked}) + "\n", "utf-8")
    return path


def test_what_is_marked_is_where_its_spans_say(letters: Path) -> None:
    letter = read_letters(letters)[0]
    assert (
        letter.text
        == clean(letter.text)
        == "Bonjour, je vous écris de Lyon. Dites-moi qui est maire de Lyon ? Merci beaucoup, Paul"
    )
    assert [letter.text[slice(*span)] for span in letter.asked] == ["qui est maire de Lyon ?"]


def test_a_letter_without_signs_asks_the_same(letters: Path) -> None:
    for letter in read_letters(letters):
        unsigned = letter.without_signs()
        assert unsigned.text == without_signs(letter.text)
        assert [unsigned.text[slice(*span)].strip() for span in unsigned.asked] == [
            without_signs(letter.text[slice(*span)]) for span in letter.asked
        ]


def test_another_question_stands_where_its_own_did(letters: Path) -> None:
    letter = read_letters(letters)[0]
    other = letter.asking("Où est né Pascal ?")
    assert other is not None and other.text == letter.text.replace("qui est maire de Lyon ?", "où est né Pascal ?")
    assert [other.text[slice(*span)] for span in other.asked] == ["où est né Pascal ?"]
    indirect = MarkedLetter("fr", [(False, "Dites-moi "), (True, "qui est maire")])
    assert indirect.asking("Où est né Pascal ?") is None
    assert MarkedLetter("fr", [(True, "Qui est maire ?")]).asking("Où est né Pascal ?") is None


def test_no_letter_that_is_held_is_trained_on(letters: Path, bare: Path) -> None:
    read = read_letters(LETTERS)
    train, held = variants(read, bare_questions(ROOT / "train" / "written.jsonl"), 0)
    texts = {letter.text for letter in train}
    assert 0.07 < len({letter.text for letter in read if letter.held}) / len(read) < 0.13
    assert not {letter.text for letter in read if letter.held} & texts and held


@pytest.mark.parametrize(
    "wrong",
    ["{", '{"lang": "fr"}', '{"lang": "es", "parts": [["question", "a"]]}', '{"lang": "fr", "parts": [["asked", "a"]]}',
     '{"lang": "fr", "parts": [["around", "Bonjour"]]}', '{"lang": "fr", "parts": []}'],
)  # fmt: skip
def test_a_line_that_is_no_letter_is_named(
    letters: Path, tmp_path: Path, wrong: str, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "letters.jsonl"
    path.write_text(letters.read_text("utf-8") + wrong + "\n", "utf-8")
    weights = tmp_path / "letter.safetensors"
    assert main(["letters", "--letters", str(path), "--weights", str(weights)]) == 2
    assert f"{path}:13" in capsys.readouterr().err and not weights.exists()


def test_a_language_without_bare_questions_is_told(tmp_path: Path) -> None:
    path = tmp_path / "written.jsonl"
    path.write_text('{"questions": [{"lang": "fr", "question": "Qui ?"}, {"lang": "de", "question": "Wer?"}]}', "utf-8")
    with pytest.raises(BulletinError, match="no question in 'en'"):
        bare_questions(path)


def test_loss_falls_and_what_is_written_serves_as_it_was_trained(
    letters: Path, bare: Path, tmp_path: Path, encoder: Encoder
) -> None:
    train, held = variants(read_letters(letters), bare_questions(bare), 0)
    examples = encoded(train, encoder)
    tagger, curve = train_tagger(examples, 12, 0)
    assert curve[-1] < 0.5 * curve[0]

    tagger.save(tmp_path / "letter.safetensors", {"made": "here"})
    reader = LetterReader.open(tmp_path / "letter.safetensors")
    for example in examples[:5]:
        encoding = encoder.encode_question(example.letter.text)
        inputs = torch.from_numpy(np.concatenate([encoding.states, encoding.tokens], 1))[None]
        with torch.inference_mode():
            reference = tagger(inputs, torch.tensor([inputs.shape[1]]))[0].numpy()
        np.testing.assert_allclose(reader.logits(encoding), reference, atol=0.05)  # kept in 16 bits


def test_the_command_writes_weights_that_say_what_made_them(
    letters: Path, bare: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    weights = tmp_path / "letter.safetensors"
    given = ["letters", "--letters", str(letters), "--written", str(bare), "--weights", str(weights)]
    assert main([*given, "--epochs", "1"]) == 0
    with safe_open(weights, "np") as file:
        made = json.loads(file.metadata()["made"])
    assert (made["epochs"], made["seed"], set(made["data"])) == (1, 0, {"letters.jsonl", "written.jsonl"})
    assert "| bare" in capsys.readouterr().out

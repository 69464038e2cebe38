"""Public sets as bulletins, and the time table of asking."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from answer.ask import Assistant
from bench.__main__ import main
from bench.ask import measure
from bench.sets import SETS, SourceSet, convert
from corpus.articles import read_articles
from errors import BulletinError
from eval.questions import QuestionCase, read_questions
from settings import ROOT, Settings

FRENCH = SourceSet("mini", "mini.json", "fr")
CROSS = SourceSet("cross", "mini.json", "fr", "other.json", "en")
TITLES = ['L\'été : "oui"', "1999", "Yes", "A" * 120, "Ville_de_Berlin", "#tag", "Œuvre 中国", "- x"]


def entry(title: str, *questions: tuple[str, list[str]]) -> dict[str, Any]:
    qas = [
        {"id": f"{title}-{i}", "question": text, "answers": [{"text": a, "answer_start": 0} for a in answers]}
        for i, (text, answers) in enumerate(questions)
    ]
    return {
        "title": title,
        "paragraphs": [{"context": "Un\u00a0 texte\nqui dit oui.", "qas": qas}, {"context": "Fin.", "qas": []}],
    }


def write_set(path: Path, articles: list[dict[str, Any]]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps({"data": articles}), "utf-8")


def converted(data: Path, source: SourceSet = FRENCH, *, articles: int = 40, per_article: int = 8) -> Path:
    convert(source, data, data / "out", articles=articles, per_article=per_article)
    return data / "out" / source.name


def test_a_set_becomes_articles_and_questions_that_our_readers_take(tmp_path: Path) -> None:
    write_set(tmp_path / "mini.json", [entry(title, ("Que dit-il ?", ["oui", "oui"])) for title in TITLES])
    counts = convert(FRENCH, tmp_path, tmp_path / "out", articles=40, per_article=8)
    articles = read_articles(tmp_path / "out" / "mini" / "articles")
    cases = read_questions(tmp_path / "out" / "mini" / "mini.jsonl")
    assert counts == (len(articles), len(cases)) == (6, 8)
    assert {article.title for article in articles} < {title.replace("_", " ") for title in TITLES}
    assert {(article.lang, article.body) for article in articles} == {("fr", "Un texte qui dit oui.\n\nFin.")}
    for case in cases:
        kept = any(article.id in case.articles for article in articles)
        assert (case.answerable, case.tags) == ((True, ("answerable",)) if kept else (False, ("left-out",)))
        assert case.answers == (("oui",) if kept else ())


def test_every_fourth_article_is_left_out_and_its_questions_stay(tmp_path: Path) -> None:
    write_set(tmp_path / "mini.json", [entry(title, ("Quoi ?", ["oui"])) for title in TITLES])
    cases = read_questions(converted(tmp_path) / "mini.jsonl")
    assert [case.answerable for case in cases] == [True, True, True, False] * 2


def test_a_question_without_answers_is_a_near_miss(tmp_path: Path) -> None:
    write_set(tmp_path / "mini.json", [entry("T", ("Quoi ?", []), ("Qui ?", ["oui"]))])
    cases = read_questions(converted(tmp_path) / "mini.jsonl")
    assert {(case.question, case.answerable, case.tags) for case in cases} == {
        ("Quoi ?", False, ("near-miss",)),
        ("Qui ?", True, ("answerable",)),
    }


def test_articles_and_questions_are_limited_and_always_the_same(tmp_path: Path) -> None:
    write_set(tmp_path / "mini.json", [entry(t, *((f"Q{i} ?", ["oui"]) for i in range(9))) for t in TITLES])
    folder = converted(tmp_path, articles=2, per_article=3)
    first = (folder / "mini.jsonl").read_text("utf-8")
    assert len(list((folder / "articles").glob("*.md"))) == 2
    assert len(first.splitlines()) == 6
    converted(tmp_path, articles=2, per_article=3)
    assert (folder / "mini.jsonl").read_text("utf-8") == first


def test_converting_again_leaves_nothing_of_the_time_before(tmp_path: Path) -> None:
    write_set(tmp_path / "mini.json", [entry(title, ("Quoi ?", ["oui"])) for title in TITLES])
    converted(tmp_path)
    assert len(read_articles(converted(tmp_path, articles=2) / "articles")) == 2


def test_questions_of_another_language_are_taken_by_their_ids(tmp_path: Path) -> None:
    write_set(tmp_path / "mini.json", [entry("T", ("Quoi ?", ["oui"]))])
    write_set(tmp_path / "other.json", [entry("T", ("What?", ["yes"]))])
    (case,) = read_questions(converted(tmp_path, CROSS) / "cross.jsonl")
    assert (case.lang, case.question, case.answers) == ("en", "What?", ("oui",))


@pytest.mark.parametrize("text", [None, "{", "{}", "[]"])
def test_what_is_no_set_is_named(tmp_path: Path, text: str | None) -> None:
    if text is not None:
        (tmp_path / "mini.json").write_text(text)
    with pytest.raises(BulletinError, match=r"mini\.json: not a question-answering set"):
        convert(FRENCH, tmp_path, tmp_path / "out", articles=1, per_article=1)


def test_sets_are_converted_on_the_command_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for source in SETS:
        write_set(tmp_path / source.file, [entry("T", ("Quoi ?", ["oui"]))])
    assert main(["sets", "--data", str(tmp_path), "--out", str(tmp_path / "out")]) == 0
    assert capsys.readouterr().out.splitlines() == [
        f"{tmp_path / 'out' / source.name}: 1 articles, 1 questions" for source in SETS
    ]
    assert main(["sets", "--data", str(tmp_path / "none"), "--out", str(tmp_path / "out")]) == 2
    assert capsys.readouterr().err.count("\n") == 1


CASE = QuestionCase(id="q", lang="fr", question="Combien de clusters ?", answerable=True)


def test_the_table_has_the_four_stages_and_their_shares(assistant: Assistant) -> None:
    table = measure(assistant, [CASE, CASE], 2)
    first, _, head, _, *rows = table.splitlines()
    assert first.startswith("2 questions × 2 rounds, 8 passages; ")
    assert head == "| stage | p50 ms | p95 ms | share of the time | p50 by round |"
    assert [row.split("|")[1].strip() for row in rows] == ["encode", "search", "read", "total"]
    shares = [int(re.findall(r"(\d+)%", row)[0]) for row in rows]
    assert shares[3] == 100
    assert 95 <= sum(shares[:3]) <= 101
    for row in rows:
        p50, p95 = (float(cell) for cell in row.split("|")[2:4])
        assert 0 < p50 <= p95


def test_asking_is_timed_on_the_command_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], assistant: Assistant, tmp_path: Path
) -> None:
    opened: list[Path] = []

    def open_assistant(settings: Settings) -> Assistant:
        opened.append(settings.index)
        return assistant

    monkeypatch.setattr("app.open_assistant", open_assistant)
    questions = (ROOT / "eval" / "questions" / "go-cluster.jsonl").read_text("utf-8").splitlines()[:3]
    (tmp_path / "three.jsonl").write_text("\n".join(questions), "utf-8")
    options = ["--questions", str(tmp_path / "three.jsonl"), "--index", str(tmp_path / "index"), "--rounds", "1"]
    assert main(["ask", *options]) == 0
    assert opened == [tmp_path / "index"]
    assert capsys.readouterr().out.startswith("3 questions × 1 rounds, 8 passages; ")

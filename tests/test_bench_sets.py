"""Public sets as bulletins: what is asked of which, by title, and that our own readers take it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from bench.sets import ABOUT, SETS, SPLIT, USE, WIKIPEDIA, AskedSet, SourceSet, convert, convert_paragraphs
from corpus.articles import read_articles
from errors import BulletinError
from eval.questions import QuestionCase, read_questions
from train.data import Library, Window, article_uses
from train.sets import PIAF, SQUAD1, SQUAD2, XQUAD, plain_title, read_squad, splits

SOURCES = {source.name: source for source in SETS}
ODD = ['L\'été : "oui"', "1999", "Yes", "A" * 120, "Ville_de_Berlin", "#tag", "Œuvre 中国", "- x"]


def article(title: str, suffix: str = "") -> dict[str, Any]:
    """Two paragraphs, two questions that are answered and one that is not."""
    qas: list[dict[str, Any]] = [
        {"id": f"{title}-{i}", "question": f"Quoi{suffix} {i} ?", "answers": [{"text": a} for a in answers]}
        for i, answers in enumerate((["oui", "oui"], ["non"], []))
    ]
    qas[2]["is_impossible"] = True
    return {
        "title": title,
        "paragraphs": [
            {"context": f"Un\u00a0 texte\nsur {title} qui dit oui.", "qas": [qas[0], qas[2]]},
            {"context": f"La fin de {title} : non.", "qas": [qas[1]]},
        ],
    }


def translated(title: str, suffix: str) -> dict[str, Any]:
    """As XQuAD has it: without the question that is not answered."""
    whole = article(title, suffix)
    whole["paragraphs"][0]["qas"].pop()
    return whole


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("data")
    write_sets(folder)
    return folder


def write_sets(folder: Path) -> None:
    english = [f"Title_{i}" for i in range(20)]
    sets = {
        PIAF: [article(title) for title in [*ODD, *(f"Titre {i}" for i in range(62))]],
        SQUAD1: [article(title) for title in english],
        SQUAD2: [article(title) for title in english],
        XQUAD.format("de"): [translated(title, " de") for title in english],
        XQUAD.format("en"): [translated(title, " en") for title in english],
    }
    for name, articles in sets.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(json.dumps({"data": articles}), "utf-8")


def converted(
    data: Path, out: Path, source: SourceSet, most: int = 1000
) -> dict[str, tuple[AskedSet, list[QuestionCase]]]:
    return {asked.name: (asked, read_questions(asked.questions)) for asked in convert(source, data, out, most)}


def test_a_set_is_asked_whole_without_its_articles_and_by_paragraph(data: Path, tmp_path: Path) -> None:
    made = converted(data, tmp_path, SOURCES["piaf"])
    assert set(made) == {f"piaf{suffix}-{part}" for suffix in ("", "-absent", "-given") for part in ("val", "test")}
    counts = {name: len(read_articles(asked.bulletin / "articles")) for name, (asked, _) in made.items()}
    assert [counts[f"piaf{suffix}-test"] for suffix in ("", "-absent", "-given")] == [70, 6, 2 * 64]
    assert [len(made[f"piaf-{part}"][1]) for part in ("test", "val")] == [3 * 48, 3 * 16]
    assert len(made["piaf-absent-test"][1]) == 2 * 48


def test_what_is_asked_is_where_it_is_said_to_be(data: Path, tmp_path: Path) -> None:
    for name, (asked, cases) in converted(data, tmp_path, SOURCES["piaf"]).items():
        articles = {found.id: found for found in read_articles(asked.bulletin / "articles")}
        split = splits(data)
        for case in cases:
            about = next(tag.removeprefix(ABOUT) for tag in case.tags if tag.startswith(ABOUT))
            assert case.answerable == bool(case.answers) == (case.articles == (about,))
            assert (about in articles) == ("absent" not in name)
            if about in articles:
                assert split(articles[about].title) == name.rpartition("-")[2]
                assert all(answer in articles[about].body for answer in case.answers)
            assert case.tags[0] == ("answerable" if case.answerable else "absent" if "absent" in name else "near-miss")


def test_questions_of_another_language_are_taken_by_their_ids(data: Path, tmp_path: Path) -> None:
    _, cases = converted(data, tmp_path, SOURCES["xquad-en-de"])["xquad-en-de-test"]
    assert {case.lang for case in cases} == {"en"}
    answerable = [case for case in cases if case.answerable]
    assert len(answerable) == 2 * 12
    assert all(case.question.startswith("Quoi en") for case in answerable)


def test_what_squad_asks_in_vain_is_a_near_miss_of_the_translation(data: Path, tmp_path: Path) -> None:
    made = converted(data, tmp_path, SOURCES["xquad-en-de"])
    for name in ("xquad-en-de-test", "xquad-en-de-given-test"):
        missed = [case for case in made[name][1] if not case.answerable]
        assert [(case.question, case.tags[0]) for case in missed] == [("Quoi 2 ?", "near-miss")] * 12
    assert all(case.tags[0] == "absent" for case in made["xquad-en-de-absent-test"][1])
    assert len(made["xquad-en-de-absent-test"][1]) == 2 * 12


def test_questions_are_limited_always_the_same_and_nothing_is_left_of_before(data: Path, tmp_path: Path) -> None:
    first = converted(data, tmp_path, SOURCES["squad2"], 7)["squad2-test"]
    (first[0].bulletin / "articles" / "stale.md").write_text("---\nid: stale\n---\nx")
    again = converted(data, tmp_path, SOURCES["squad2"], 7)["squad2-test"]
    assert len(again[1]) == 7
    assert again == first
    assert not (first[0].bulletin / "articles" / "stale.md").exists()


def tag(case: QuestionCase, begin: str) -> str:
    return next(tag.removeprefix(begin) for tag in case.tags if tag.startswith(begin))


def test_every_paragraph_is_an_article_and_every_answerable_question_is_asked(data: Path, tmp_path: Path) -> None:
    asked = convert_paragraphs(SOURCES["piaf"], data, tmp_path)
    articles = {found.id: found for found in read_articles(asked.bulletin / "articles")}
    cases = read_questions(asked.questions)
    assert (len(articles), len(cases)) == (2 * 70, 2 * 70)
    for case in cases:
        (gold,) = case.articles
        assert all(answer in articles[gold].body for answer in case.answers)
        assert tag(case, WIKIPEDIA) == articles[gold].title
        assert tag(case, SPLIT) == splits(data)(articles[gold].title)


def test_results_are_of_half_of_the_wikipedia_articles_and_nothing_is_trained_on_these(
    data: Path, tmp_path: Path
) -> None:
    titles = sorted({plain_title(article["title"]) for name in (PIAF, SQUAD1) for article in read_squad(data / name)})
    library = Library(windows=[Window("fr", title, "", 0, 0, ()) for title in titles])
    trained = {title for title, use in zip(titles, article_uses(data, library), strict=True) if use == "train"}
    reported: list[set[str]] = []
    for name in ("piaf", "xquad-en-de", "xquad-de-en", "squad2"):
        cases = read_questions(convert_paragraphs(SOURCES[name], data, tmp_path).questions)
        about = {use: {tag(c, WIKIPEDIA) for c in cases if tag(c, USE) == use} for use in ("train", "val", "test")}
        others = about["train"] | about["val"]
        assert not about["test"] & others and not about["train"] & about["val"] and about["val"]
        assert abs(len(about["test"]) - len(others)) <= 1
        assert not trained & (about["test"] | about["val"])
        held_out = {tag(case, WIKIPEDIA) for case in cases if tag(case, SPLIT) == "test"}
        assert not trained & held_out
        assert held_out <= about["test"] or about["test"] <= held_out  # sets as small as these are held out in the main
        reported.append(about["test"])
    assert reported[1] == reported[2] == reported[3]  # the same articles in translation
    assert trained


@pytest.mark.parametrize("text", [None, "{", "{}", "[]"])
def test_what_is_no_set_is_named(data: Path, tmp_path: Path, text: str | None) -> None:
    for name in (PIAF, SQUAD1):
        (tmp_path / name).parent.mkdir()
        (tmp_path / name).write_bytes((data / name).read_bytes())
    if text is not None:
        (tmp_path / SQUAD2).write_text(text)
    with pytest.raises(BulletinError, match=r"squad-dev-v2\.0\.rebuilt\.json"):
        convert(SOURCES["squad2"], tmp_path, tmp_path / "out", 1)

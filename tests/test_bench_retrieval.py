"""Rankers by themselves and fused, what their rankings are worth, and the answers read from each."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable, Sequence
from operator import attrgetter
from pathlib import Path

import numpy as np
import pytest

from answer.ask import PASSAGES_READ, Assistant
from bench import answers
from bench.__main__ import main
from bench.rankers import DENSE, LATE, OURS, WORDS, Scores, Tokens, article_rankings, plain_rankers, score
from bench.retrieval import COLUMNS, Found, Ranked, best_weight, candidates, judge, lead, limits, rank, table
from bench.sets import USE, WIKIPEDIA
from eval.questions import QuestionCase, read_questions
from eval.run import evaluate, summarize
from index.question import prepare
from index.search import search
from index.versions.build import build
from index.versions.store import Index, open_index
from records import Article, Hit, Question, Reading
from settings import ROOT
from tests.test_bench_sets import write_sets
from tests.test_index_fake_encoder import WordEncoder
from train.sets import Split

BODIES = {
    "clusters": "Les clusters de Berlin parlent.\n\nLe budget des clusters grandit.",
    "ministre": "Madame Roth ouvre le congrès de Berlin.",
    "loire": "La Loire coule vers la mer.",
}
ENCODER = WordEncoder()


def case(question: str, *answers: str, article: str = "clusters", use: Split = "test") -> QuestionCase:
    tags = (f"{WIKIPEDIA}{article}", f"{USE}{use}")
    return QuestionCase(question, "fr", question, True, articles=(article,), answers=answers, tags=tags)


CASES = [
    case("Que fait le budget des clusters ?", "grandit"),
    case("Madame Roth et le congrès", "Berlin", article="ministre"),
    case("La mer ?", "Loire", article="loire", use="val"),
    case("La plage ?", "Loire", article="loire", use="train"),
]


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> Index:
    folder = tmp_path_factory.mktemp("index")
    build([Article(name, name.title(), "fr", body) for name, body in BODIES.items()], ENCODER, folder)
    return open_index(folder)


def test_max_sim_is_the_mean_of_the_best_products_and_nothing_scores_nothing() -> None:
    random = np.random.default_rng(7)
    passages = [random.normal(size=(n, 4)).astype(np.float32) for n in (3, 0, 1, 5, *[2] * 70)]
    questions = [random.normal(size=(n, 4)).astype(np.float32) for n in (2, 0, 4)]
    expected = [
        [
            float(np.mean([max(q @ p for p in rows) for q in asked])) if len(asked) and len(rows) else 0.0
            for rows in passages
        ]
        for asked in questions
    ]
    np.testing.assert_allclose(Tokens(passages).max_sims(questions), expected, rtol=1e-5)


def test_every_passage_is_scored_as_search_scores_its_candidates(index: Index) -> None:
    scores = score(CASES, index, ENCODER)
    assert {part.shape for part in scores} == {(len(CASES), len(index.passages))}
    rows = {(passage.article_id, passage.start): row for row, passage in enumerate(index.passages)}
    for number, asked in enumerate(CASES):
        hits = search(index, prepare(asked.question, ENCODER, lang="fr"), 60)
        found = [rows[hit.article.id, hit.passage.start] for hit in hits]
        assert scores.dense[number, found] == pytest.approx([hit.dense for hit in hits], abs=1e-6)
        assert scores.late[number, found] == pytest.approx([hit.late for hit in hits], abs=1e-6)
        # Search divides BM25 by what the question could give at most, which orders nothing anew.
        ratios = [scores.words[number, row] / hit.words for row, hit in zip(found, hits, strict=True) if hit.words]
        assert ratios == pytest.approx([ratios[0]] * len(ratios), rel=1e-5)


def test_plain_fusions_by_hand() -> None:
    dense, words = np.array([[0.9, 0.8, 0.7]], np.float32), np.array([[0, 4, 2]], np.float32)
    rankers = plain_rankers(Scores(dense, words, dense))
    z = math.sqrt(1.5)  # of the first and the last of three in equal steps
    assert rankers["z(e5) + 0.5 · z(BM25)"][0] == pytest.approx([z - z / 2, z / 2, -z], abs=1e-4)
    reciprocal = rankers["reciprocal rank fusion, k = 60"][0]
    assert reciprocal == pytest.approx([1 / 61 + 1 / 63, 1 / 62 + 1 / 61, 1 / 63 + 1 / 62])
    flat = plain_rankers(Scores(dense, np.zeros((1, 3), np.float32), dense))  # a question without a known word
    assert np.isfinite(flat["z(e5) + 0.5 · z(BM25)"]).all()


def test_articles_are_ranked_by_their_best_passage_and_equals_stay_in_order() -> None:
    owners = ["a", "b", "b", "c"]
    scores = np.array([[0.5, 0.1, 0.9, 0.5], [0, 0, 0, 0]], np.float32)
    assert article_rankings(scores, owners, 3) == [["b", "a", "c"], ["a", "b", "c"]]
    assert article_rankings(scores, owners, 1) == [["b"], ["a"]]


def test_what_a_ranking_is_worth_by_hand() -> None:
    first, third, never = CASES[0], dataclasses.replace(CASES[0], id="third"), CASES[1]
    rankings = [["clusters", "loire"], ["loire", "ministre", "clusters"], ["loire", "clusters"]]
    gains = judge([first, third, never], rankings, BODIES)
    assert gains[0].tolist() == [1] * len(COLUMNS)
    assert gains[1] == pytest.approx([0, 1, 1, 1 / 3, 0.5, 0, 1])
    # Not on the paragraph that the question was written on, but Berlin is in the second one found.
    assert gains[2].tolist() == [0, 0, 0, 0, 0, 0, 1]


def test_a_ranking_of_nothing_is_worth_nothing() -> None:
    assert judge(CASES[:1], [[]], BODIES).tolist() == [[0] * len(COLUMNS)]


def test_results_are_of_the_half_that_was_neither_trained_nor_tuned_on(index: Index) -> None:
    ranked = rank("set", CASES, index, ENCODER)
    assert list(ranked.wikipedia) == ["clusters", "ministre"]
    assert {len(gains) for gains in ranked.gains.values()} == {2}
    assert ranked.gains[OURS][:, 0].tolist() == [1, 1]
    (tuned,) = candidates(CASES, index, ENCODER)
    assert tuned.right.sum() == 1


def test_the_weight_chosen_is_the_smallest_of_the_best() -> None:
    def found(right: int, late: list[float], words: list[float]) -> Found:
        return Found(np.arange(len(late)) == right, np.array(late), np.array(words))

    # Words have to lift the right one by 0.1 over a difference of 1; above 0.5 they lift a wrong one in the other set.
    sets = [[found(1, [0.9, 0.8], [0.0, 0.9])], [found(0, [0.9, 0.7], [0.1, 0.5])]]
    assert best_weight(sets) == 0.15
    assert best_weight([[found(-1, [0.9], [0.5])]]) == 0


def test_the_table_has_half_the_width_of_intervals_over_wikipedia_articles() -> None:
    sure, halves = np.ones((4, len(COLUMNS))), np.repeat([[1.0], [1.0], [0.0], [0.0]], len(COLUMNS), axis=1)
    ranked = Ranked("s", ["Qui ?"] * 4, ["a", "a", "b", "b"], {WORDS: halves, DENSE: 0 * sure, OURS: sure})
    lines = table(ranked).splitlines()
    # Two articles, one all right and one all wrong: drawn anew, all or nothing a quarter of the time each.
    assert lines[0].startswith("| s (4) | words (BM25) | 0.500 ± 0.500 |")
    assert lines[2].startswith("| s (4) | ours | 1.000 ± 0.000 |")
    assert lead(ranked) == "s: ours is +0.500 ± 0.500 ahead of words (BM25) at recall@1."


def test_what_is_missed_is_told_by_part_and_by_what_the_question_names() -> None:
    questions = ["Qui est Roth ?", "Quoi en 2014 ?", "Que fait il ?"]

    def hits(*found: int) -> np.ndarray:
        return np.repeat(np.array(found, float)[:, None], len(COLUMNS), axis=1)

    gains = {WORDS: hits(1, 0, 0), DENSE: hits(1, 0, 0), LATE: hits(0, 0, 1), OURS: hits(1, 1, 0)}
    assert limits(Ranked("s", questions, ["a"] * 3, gains)) == (
        "s: recall@10 would be 0.667 by the best part of each question; ours is, of questions, 1.000 for the 2 with a"
        " name or number; 0.000 for the 1 without a name or number."
    )


class Echo:
    """A Reader that finds nothing and remembers what it was given."""

    def __init__(self) -> None:
        self.given: list[list[Hit]] = []

    def read(self, question: Question, hits: Sequence[Hit]) -> list[Reading]:
        self.given.append(list(hits))
        return []


@pytest.mark.parametrize("part", [attrgetter("dense"), attrgetter("words")])
def test_a_part_reads_what_it_puts_first_itself(assistant: Assistant, part: Callable[[Hit], float]) -> None:
    echo = Echo()
    question = prepare("Qui a ouvert le congrès ?", assistant.encoder)
    answers.PartReader(echo, assistant.index, part).read(question, [])
    (given,) = echo.given
    every = search(assistant.index, question, len(assistant.index.passages))
    assert [part(hit) for hit in given] == sorted(map(part, every), reverse=True)[:PASSAGES_READ]


def test_the_answers_of_ours_are_those_of_eval(assistant: Assistant) -> None:
    cases = read_questions(ROOT / "eval" / "questions" / "go-cluster.jsonl")[:4]
    rates = answers.measure(assistant, cases)
    assert list(rates) == [WORDS, DENSE, OURS]
    assert rates[OURS] == summarize(evaluate(assistant, cases))["all"]["rates"]
    lines = answers.table("go", 4, rates).splitlines()
    assert [line.split(" | ")[1] for line in lines] == [WORDS, DENSE, OURS]


def test_retrieval_and_answers_on_the_command_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_sets(tmp_path / "data")
    options = ["--data", str(tmp_path / "data"), "--out", str(tmp_path / "out"), "--sets", "piaf"]
    assert main(["retrieval", *options]) == 0
    lines = capsys.readouterr().out.splitlines()
    cases = read_questions(tmp_path / "out" / "questions" / "piaf.jsonl")
    reported = sum(f"{USE}test" in asked.tags for asked in cases)
    assert sum(line.startswith(f"| piaf ({reported}) | ") for line in lines) == 6
    assert [line[:13] for line in lines[-4:]] == ["piaf: ours is", "piaf: recall@", "piaf: late in", "Best weight o"]
    assert lines[-1].endswith(" in one language, not asked across.")
    assert main(["answers", *options, "--questions", "2"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split(" | ")[:2] for line in lines[2:]] == [["| piaf (2)", part] for part in (WORDS, DENSE, OURS)]

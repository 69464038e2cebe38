from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from eval.metrics import (
    Bin,
    citation_true,
    contains,
    exact_match,
    expected_calibration_error,
    f1,
    marked_words,
    normalize,
    ratio_intervals,
    reliability,
)
from eval.retrieval import NOT_RETRIEVED, article_ranking, first_relevant, judge_passages, rank_scores
from records import Article, Citation, Hit, Lang, Passage

BODY = "Voici. Le congrès a réuni 200 participants à Berlin."
QUOTE = "Le congrès a réuni 200 participants à Berlin."


def cite(start: int = 7, end: int = 52, quote: str = QUOTE, answer: tuple[int, int] = (26, 29)) -> Citation:
    return Citation("a", "A", "", None, "", start, end, quote, *answer, "")


def hit(article: str, start: int, text: str) -> Hit:
    passage = Passage(article, start, start + len(text), text, "body", ((start, start + len(text)),))
    nothing = np.zeros((0, 2), np.float32), np.zeros((0, 2), np.int32), np.zeros((0, 0), np.float32)
    return Hit(Article(article, article, "fr", text), passage, 0.0, 0.0, 0.0, 0.0, *nothing, (0.0,))


@pytest.mark.parametrize(
    ("text", "langs", "normalized"),
    [
        ("The  Cluster, an example!", ["en"], "cluster example"),
        ("« La Suisse »", ["fr"], "suisse"),
        ("l’énergie et l'économie", ["fr"], "énergie et économie"),
        ("d’avenir", ["fr"], "davenir"),
        ("„Die Schweiz“ – das Gastland", ["de"], "schweiz gastland"),
        ("die Schweiz", ["en", "fr"], "die schweiz"),
        ("der Bau des Hauses", ["de"], "bau hauses"),
        ("go-cluster.de", ["en"], "goclusterde"),
        ("Élan\u00a0№ ﬁn", ["fr"], "élan no fin"),
        ("+ 3 $", ["en"], "3"),
        ("la", ["fr"], ""),
        ("", ["fr"], ""),
        ("All that", ["en"], "all that"),
    ],
)
def test_normalize(text: str, langs: list[Lang], normalized: str) -> None:
    assert normalize(text, langs) == normalized


def test_exact_match_needs_one_of_the_answers() -> None:
    assert exact_match("la Suisse", ["Schweiz", "Suisse"], ["fr"])
    assert not exact_match("la Suisse romande", ["Suisse"], ["fr"])
    assert not exact_match("la Suisse", [], ["fr"])


def test_f1_counts_shared_tokens_as_a_multiset() -> None:
    # tokens x x y against x y y: two are shared, so 2·2 / (3 + 3)
    assert f1("x x y", ["x y y"], ["en"]) == pytest.approx(4 / 6)
    assert f1("mars 2014", ["6 mars 2014", "juin"], ["fr"]) == pytest.approx(2 * 2 / 5)


def test_f1_zero_cases() -> None:
    assert f1("Berlin", ["Bonn"], ["en"]) == 0.0
    assert f1("Berlin", [], ["en"]) == 0.0
    assert f1("", ["Bonn"], ["en"]) == 0.0
    assert f1("la", ["le"], ["fr"]) == 1.0  # nothing is left of either


TEXTS = st.text(alphabet="aàl'’ \u00a0leuns.,-ß91éxA", max_size=20)


@given(TEXTS, st.lists(TEXTS, max_size=3))
def test_f1_is_a_share_and_one_for_an_exact_match(prediction: str, answers: list[str]) -> None:
    score = f1(prediction, answers, ["fr", "de"])
    assert 0.0 <= score <= 1.0
    if exact_match(prediction, answers, ["fr", "de"]):
        assert score == 1.0


@given(TEXTS, TEXTS)
def test_f1_is_symmetric(one: str, other: str) -> None:
    assert f1(one, [other], ["fr"]) == f1(other, [one], ["fr"])


@pytest.mark.parametrize(
    ("quote", "answer"),
    [
        ("Il compte 91 clusters.", "91"),
        ("Il compte 91.", "91"),
        ("91", "91"),
        ("le ministère de l’énergie (BMWi) a", "l'énergie (BMWi)"),
        ("pour façonner l'avenir", "outils pour façonner l’avenir"[7:]),
        ("(BMWi)", "BMWI"),
        ("mesures de «\u00a0smart  specialisation\u00a0»", "« smart specialisation »"),
        ("la STRASSE", "Straße"),
        ("le 6.3.2014 à Bonn", "2014"),
        ("en 2014 200 personnes", "200"),
        ("1\u202f200 personnes", "1 200"),
        ("site http://www.go-cluster.de/ (en allemand)", "go-cluster.de"),
        ("go\u2011cluster", "go-cluster"),
        ("une co\u00adopération", "coopération"),
        ("l’an 2014, 91 projets", "91"),
    ],
)
def test_contains(quote: str, answer: str) -> None:
    assert contains(quote, ["nowhere", answer])


@pytest.mark.parametrize(
    ("quote", "answer"),
    [
        ("en 1991", "91"),
        ("en 1991", "199"),
        ("91e congrès", "91"),
        ("1 200 personnes", "200"),
        ("1\u202f200 personnes", "1"),
        ("1.200 personnes", "200"),
        ("200,5 millions", "200"),
        ("2,5 millions", "5"),
        ("le 16 mars", "6 mars"),
        ("la spécialisation", "IA"),
        ("l'économie", "l’énergie"),
        ("smart specialisation", "« smart specialisation »"),
        ("Berlin", ""),
        ("Berlin", "\u00a0"),
        ("", "Berlin"),
    ],
)
def test_does_not_contain(quote: str, answer: str) -> None:
    assert not contains(quote, [answer])


def test_contains_nothing_without_answers() -> None:
    assert not contains("Berlin", [])


@given(st.integers(0, 9999), st.integers(0, 9999))
def test_a_number_is_found_only_whole(found: int, wanted: int) -> None:
    assert contains(f"environ {found} projets", [str(wanted)]) == (found == wanted)


@given(st.text(max_size=10), st.text(min_size=1, max_size=10), st.text(max_size=10))
def test_words_between_spaces_and_full_stops_are_found(before: str, answer: str, after: str) -> None:
    if answer.strip().isalpha():
        assert contains(f"{before} | {answer} | {after}", [answer])


def test_citation_true() -> None:
    article = Article("a", "A", "fr", BODY)
    assert citation_true(cite(), article)
    assert marked_words(cite()) == "200"
    assert citation_true(cite(answer=(7, 52)), article)


@pytest.mark.parametrize(
    "citation",
    [
        cite(quote=QUOTE.replace("200", "201")),
        cite(start=6),
        cite(answer=(6, 9)),
        cite(answer=(50, 53)),
        cite(answer=(26, 26)),
        cite(start=-45, answer=(-26, -23)),
        cite(end=53),
    ],
)
def test_citation_untrue(citation: Citation) -> None:
    assert not citation_true(citation, Article("a", "A", "fr", BODY))


def test_citation_of_another_or_no_article_is_untrue() -> None:
    assert not citation_true(cite(), Article("b", "B", "fr", BODY))
    assert not citation_true(cite(), None)


def test_reliability_bins_are_open_below() -> None:
    bins = reliability([0.0, 0.5, 0.51, 1.0], [False, True, True, False], bins=2)
    assert bins == [Bin(0.0, 0.5, 2, 0.25, 0.5), Bin(0.5, 1.0, 2, 0.755, 0.5)]


def test_expected_calibration_error_by_hand() -> None:
    # bin (0.6, 0.7]: two, sure 0.65, right 0.5; bin (0.9, 1]: two, sure 0.95, right 1
    error = expected_calibration_error([0.64, 0.66, 0.92, 0.98], [True, False, True, True])
    assert error == pytest.approx(0.5 * 0.15 + 0.5 * 0.05)


def test_expected_calibration_error_zero_cases() -> None:
    assert expected_calibration_error([], []) is None
    assert expected_calibration_error([1.0, 0.0], [True, False]) == 0.0
    assert expected_calibration_error([1.0, 1.0], [False, False]) == 1.0


def test_calibration_refuses_what_is_no_probability() -> None:
    with pytest.raises(ValueError, match="outside 0 to 1"):
        reliability([math.nan], [True])
    with pytest.raises(ValueError, match="2 confidences for 1 outcomes"):
        reliability([0.1, 0.2], [True])


@given(st.lists(st.tuples(st.floats(0, 1), st.booleans()), min_size=1, max_size=30), st.integers(1, 12))
def test_calibration_error_against_brute_force(claims: list[tuple[float, bool]], bins: int) -> None:
    edges = np.linspace(0, 1, bins + 1)
    expected = 0.0
    for low, high in zip(edges, edges[1:], strict=False):
        inside = [(c, r) for c, r in claims if low < c <= high or (low == 0 and c == 0)]
        expected += abs(sum(c for c, _ in inside) - sum(r for _, r in inside)) / len(claims)
    error = expected_calibration_error([c for c, _ in claims], [r for _, r in claims], bins)
    assert error == pytest.approx(expected, abs=1e-9)


def test_ratio_intervals() -> None:
    ones, zeros = [[1, 0]] * 8, [[1, 1]] * 8
    assert ratio_intervals(ones, zeros).tolist() == [[1.0, 0.0], [1.0, 0.0]]
    tops = [[i % 2] for i in range(100)]
    low, high = ratio_intervals(tops, [[1]] * 100)[:, 0]
    # a share of one half of 100: 0.5 ± 1.96 · 0.05, drawn
    assert (low, high) == (pytest.approx(0.402, abs=0.02), pytest.approx(0.598, abs=0.02))
    assert ratio_intervals(tops, [[1]] * 100)[:, 0].tolist() == [low, high]


def test_ratio_intervals_survive_draws_without_a_chance() -> None:
    # one question of fifty counts: a third of the draws miss it, none makes it anything but 1
    counted = [[1.0]] + [[0.0]] * 49
    assert ratio_intervals(counted, counted).tolist() == [[1.0], [1.0]]


def test_rank_scores_by_hand() -> None:
    scores = rank_scores(["x", "gold", "y"], {"gold"})
    assert scores == {
        "R@1": 0.0, "R@5": 1.0, "R@10": 1.0, "RR@10": 0.5, "nDCG@10": pytest.approx(1 / math.log2(3)), "Success@3": 1.0,
    }  # fmt: skip


def test_rank_scores_zero_cases() -> None:
    zero = dict.fromkeys(("R@1", "R@5", "R@10", "RR@10", "nDCG@10", "Success@3"), 0.0)
    assert rank_scores(["x", "y"], {"gold"}) == zero
    assert rank_scores([], {"gold"}) == zero
    assert rank_scores([f"x{i}" for i in range(10)] + ["gold"], {"gold"}) == zero


def test_success_ends_at_three_and_recall_counts_what_was_not_retrieved() -> None:
    scores = rank_scores(["a", "b", "c", "gold"], {"gold", "never found"})
    assert (scores["Success@3"], scores["R@5"], scores["RR@10"]) == (0.0, 0.5, 0.25)
    assert scores["nDCG@10"] == pytest.approx((1 / math.log2(5)) / (1 + 1 / math.log2(3)))


@given(st.permutations(list("abcdefghijklm")), st.sets(st.sampled_from("abcdefghijklmnop"), min_size=1))
def test_rank_scores_against_brute_force(ranking: list[str], relevant: set[str]) -> None:
    scores = rank_scores(ranking, relevant)
    gains = [item in relevant for item in ranking[:10]]
    ideal = sum(1 / math.log2(rank + 2) for rank in range(min(10, len(relevant))))
    assert scores["R@5"] == pytest.approx(sum(gains[:5]) / len(relevant))
    assert scores["RR@10"] == pytest.approx(next((1 / (i + 1) for i, gain in enumerate(gains) if gain), 0.0))
    assert scores["Success@3"] == float(any(gains[:3]))
    assert scores["nDCG@10"] == pytest.approx(sum(g / math.log2(i + 2) for i, g in enumerate(gains)) / ideal)


def test_an_article_ranks_where_its_best_passage_does() -> None:
    hits = [hit("b", 0, "x"), hit("a", 0, "y"), hit("b", 5, "z")]
    assert article_ranking(hits) == ("b", "a")
    assert rank_scores([h.passage.article_id for h in hits], {"a"})["RR@10"] == 0.5


def test_a_passage_is_relevant_with_the_answer_and_of_a_gold_article() -> None:
    hits = [hit("b", 0, "91 projets"), hit("a", 9, "en 1991"), hit("a", 0, "91 clusters")]
    ranking, relevant = judge_passages(hits, ["a"], ["91"])
    assert ranking == ["b:0-10", "a:9-16", "a:0-11"]
    assert relevant == {"a:0-11"}
    assert first_relevant(ranking, relevant) == 3
    assert judge_passages(hits, [], ["91"])[1] == {"b:0-10", "a:0-11"}


def test_a_gold_passage_that_was_not_retrieved_counts() -> None:
    ranking, relevant = judge_passages([hit("a", 0, "91 clusters")], ["a", "c"], ["91"])
    assert relevant == {"a:0-11", f"c:{NOT_RETRIEVED}"}
    assert rank_scores(ranking, relevant)["R@10"] == 0.5
    ranking, relevant = judge_passages([hit("a", 0, "Berlin")], [], ["91"])
    assert relevant == {NOT_RETRIEVED}
    assert first_relevant(ranking, relevant) is None
    assert rank_scores(ranking, relevant)["RR@10"] == 0.0

"""`bench scale`: bulletins sampled around real ones, and one built, served and measured from end to end."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from bench import scale
from bench.scale import Case, cases, table
from bench.scale_corpus import PASSAGES_EACH, Real, nearness, sample_articles, sample_vectors
from bench.scale_plot import plot
from bench.scale_worker import FOUND, Best
from errors import BulletinError
from index.stores.lexical import words
from index.versions.store import open_index
from records import LANGS
from settings import Settings
from tests.test_index_vectors import clouds, unit_rows

SENTENCES = {
    "fr": ["Le congrès a réuni 200 participants.", "La Suisse était invitée."],
    "de": ["Die Forscher aus Ulm kamen."],
    "en": ["Researchers came from York.", "They stayed."],
}


def real() -> Real:
    return Real(clouds(500), {lang: SENTENCES[lang] for lang in LANGS})


def test_sampled_passages_are_where_they_say_and_made_of_real_sentences_and_new_names() -> None:
    sampled = list(sample_articles(real(), 100))
    assert sum(len(passages) for _, passages in sampled) == 100
    assert [len(passages) for _, passages in sampled][:-1] == [PASSAGES_EACH] * (len(sampled) - 1)
    assert len({article.id for article, _ in sampled}) == len(sampled)
    assert {article.lang for article, _ in sampled} == set(LANGS)
    for article, passages in sampled:
        for passage in passages:
            assert passage.article_id == article.id and article.body[passage.start : passage.end] == passage.text
            for start, end in passage.sentences:
                assert article.body[start:end].startswith(tuple(SENTENCES[article.lang]))
                assert passage.start <= start < end <= passage.end
            known = {word for sentence in SENTENCES[article.lang] for word in words(sentence)}
            assert 1 <= len(set(words(passage.text)) - known) <= 2
    assert sampled == list(sample_articles(real(), 100))


def test_new_words_keep_coming_as_a_bulletin_grows() -> None:
    found = [
        len({word for article, _ in sample_articles(real(), size) for word in words(article.body)})
        for size in (100, 1000, 4000)
    ]
    assert found[0] < found[1] / 4 < found[2] / 8


def test_as_many_sampled_vectors_lie_about_as_the_real_ones() -> None:
    rows = clouds(2000)
    sampled = sample_vectors(rows, 2000)
    assert np.linalg.norm(sampled, axis=1) == pytest.approx(1, abs=1e-5)
    assert np.array_equal(sampled, sample_vectors(rows, 2000))
    one, other = nearness(rows), nearness(sampled)
    assert other.first == pytest.approx(one.first, abs=0.06)
    assert other.tenth == pytest.approx(one.tenth, abs=0.06)
    assert sample_vectors(rows, 7).shape == (7, 32)


def test_the_local_dimension_is_that_of_the_plane_points_lie_in() -> None:
    """Points on a sphere of three dimensions within ones of twenty lie on a surface of two."""
    turned = np.linalg.qr(np.random.default_rng(0).normal(size=(20, 3)))[0].astype(np.float32)
    assert nearness(unit_rows(3000, 3) @ turned.T).dimension == pytest.approx(2, abs=0.2)


def test_the_truth_is_brute_force_piece_by_piece() -> None:
    rows, asked = unit_rows(100, 8), unit_rows(5, 8, 1)
    best = Best(5)
    for start in range(0, 100, 30):
        best.add(asked @ rows[start : start + 30].T, start)
    expected = np.argsort(-(asked @ rows.T), axis=1)[:, :FOUND]
    assert np.sort(best.rows).tolist() == np.sort(expected).tolist()


def test_small_sizes_are_measured_with_tokens_too() -> None:
    assert [case.name for case in cases([100_000, 1_000])] == ["1 000", "1 000 with tokens", "100 000"]


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """Of 240 passages, with real processes; what real passages and questions are is written here."""
    out = tmp_path_factory.mktemp("scale")
    vectors = unit_rows(300, 384)
    asked = [["Qui a réuni 200 participants ?", "fr"], ["Who came from York?", "en"], ["xyzzy", "de"]]
    tokens = {"tokens": unit_rows(9, 384), "token_starts": np.array([0, 4, 9, 9])}
    np.savez(out / "real.npz", passages=vectors, questions=vectors[[3, 70, 200]], **tokens)  # type: ignore[arg-type]
    (out / "real.json").write_text(json.dumps({"questions": asked, "sentences": SENTENCES}))
    found = scale.measure([240], out, out, out, Settings(), again=False)
    return {**found, "out": out}


def test_a_size_is_built_served_and_measured(results: dict[str, Any]) -> None:
    assert list(results["cases"]) == ["240", "240 with tokens"]
    plain, tokens = results["cases"].values()
    for case in (plain, tokens):
        assert case["recall"] == case["filtered_recall"] == 1  # so few are searched exactly
        assert 0 < case["open_s"] < case["start_s"] and 0 < case["search"]["wall_50"] <= case["search"]["wall_95"]
        assert 20 < case["anonymous_mb"] < case["resident_mb"] and case["mapped_mb"] > 0
        index = open_index(Case(240, case["tokens"]).folder(results["out"]) / "index")
        assert len(index.passages) == 240 and case["terms"] == len(index.lexical.vocabulary)
    assert 80 < (tokens["disk_mb"] - plain["disk_mb"]) / 240 * 1000 < 90  # kB a passage


def test_what_was_built_is_not_built_again(results: dict[str, Any]) -> None:
    folder = Case(240, False).folder(results["out"])
    before = (folder / "build.json").stat().st_mtime_ns
    scale.measure([240], results["out"], results["out"], results["out"], Settings(), again=False)
    assert (folder / "build.json").stat().st_mtime_ns == before


def test_the_report_has_a_line_for_each_size_and_the_figure_is_a_png(results: dict[str, Any]) -> None:
    lines = table(results).splitlines()
    assert [line.split(" | ")[0] for line in lines if line.startswith("| 240")] == 2 * ["| 240", "| 240 with tokens"]
    assert plot(results).startswith(b"\x89PNG")


def test_a_worker_that_fails_is_an_error_with_its_command(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(BulletinError, match=r"bench\.scale_worker build .* ended with status 1"):
        scale.measure([1], tmp_path, tmp_path, _without_questions(tmp_path), Settings(), again=False)
    assert "real.npz" in capfd.readouterr().err


def _without_questions(folder: Path) -> Path:
    (folder / "real.json").write_text("{}")
    return folder

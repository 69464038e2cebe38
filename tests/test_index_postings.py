"""Pruned search over postings against adding everything up, and names found by halving against a dictionary."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from index.stores import postings as module
from index.stores.names import Names
from index.stores.postings import Postings


def some_postings(rows: int, shares: list[float], seed: int, steps: int = 8) -> Postings:
    """Terms in about these shares of the rows; few different scores, so that there are ties."""
    chance = np.random.default_rng(seed)
    own = [np.flatnonzero(chance.random(rows) < share).astype(np.int32) for share in shares]
    scores = [
        (chance.integers(1, steps + 1, len(held)) * -np.log(share + 1e-3) / steps + 0.01).astype(np.float32)
        for held, share in zip(own, shares, strict=True)
    ]
    starts = np.cumsum([0, *map(len, own)], dtype=np.int64)
    most = np.array([held.max(initial=0) for held in scores], np.float32)
    return Postings(rows, starts, np.concatenate(own), np.concatenate(scores), most)


def brute_force(
    postings: Postings, weights: dict[int, float], k: int, admitted: NDArray[np.bool_] | None
) -> list[tuple[int, float]]:
    """The definition: every term read, all rows sorted."""
    total = np.zeros(postings.count, np.float32)
    for term, weight in weights.items():
        own = slice(postings.starts[term], postings.starts[term + 1])
        np.add.at(total, postings.rows[own], np.float32(weight) * postings.scores[own])
    rows = [row for row in range(postings.count) if total[row] > 0 and (admitted is None or admitted[row])]
    return [(row, float(total[row])) for row in sorted(rows, key=lambda row: (-total[row], row))[:k]]


def found(
    postings: Postings, weights: dict[int, float], k: int, admitted: NDArray[np.bool_] | None = None
) -> list[tuple[int, float]]:
    rows, scores = postings.best(weights, k, admitted)
    return list(zip(rows.tolist(), scores.tolist(), strict=True))


@settings(max_examples=150, deadline=None)
@given(
    shares=st.lists(st.floats(0, 1), min_size=1, max_size=7),
    weights=st.lists(st.floats(0.05, 3), min_size=7, max_size=7),
    k=st.integers(0, 60),
    share=st.none() | st.floats(0, 1),
    seed=st.integers(0, 2**16),
)
def test_the_best_are_those_of_adding_everything_up(
    shares: list[float], weights: list[float], k: int, share: float | None, seed: int
) -> None:
    """With terms so short that pruning would never begin, it begins at once here."""
    postings = some_postings(400, shares, seed)
    admitted = None if share is None else np.random.default_rng(seed + 1).random(400) < share
    asked = dict(enumerate(weights[: len(shares)]))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "_FIRST", 1)
        assert found(postings, asked, k, admitted) == brute_force(postings, asked, k, admitted)


def test_frequent_terms_are_looked_up_and_not_read_where_rare_ones_decide(monkeypatch: pytest.MonkeyPatch) -> None:
    postings = some_postings(200_000, [0.0005, 0.001, 0.9, 0.95], seed=3, steps=1000)
    asked = {0: 1.0, 1: 1.0, 2: 1.0, 3: 1.0}
    looked_up: list[int] = []
    whole = module._looked_up

    def watched(term: module._Term, rows: NDArray[np.int64]) -> NDArray[np.float32]:
        looked_up.append(len(rows))
        return whole(term, rows)

    monkeypatch.setattr(module, "_looked_up", watched)
    assert found(postings, asked, 10) == brute_force(postings, asked, 10, None)
    assert max(looked_up) < 400  # of 200,000; those that hold one of the rare terms are 300


@pytest.mark.parametrize("admitted", [0, 1, 40, 30_000])
def test_filters_leave_the_best_of_what_they_admit(admitted: int) -> None:
    postings = some_postings(60_000, [0.001, 0.3, 0.9], seed=5)
    mask = np.zeros(60_000, np.bool_)
    mask[np.random.default_rng(0).choice(60_000, admitted, replace=False)] = True
    asked = {0: 1.0, 1: 0.5, 2: 2.0}
    assert found(postings, asked, 30, mask) == brute_force(postings, asked, 30, mask)
    assert len(found(postings, asked, 30, mask)) <= admitted


def test_scores_of_some_rows_are_those_of_all() -> None:
    postings = some_postings(500, [0.01, 0.5, 1], seed=7)
    asked = {2: 0.5, 0: 2.0, 1: 1.0}
    rows = np.array([499, 0, 3, 3, 250], np.int64)
    assert postings.scores_of(asked, rows).tolist() == postings.all_scores(asked)[rows].tolist()
    assert postings.scores_of({}, rows).tolist() == [0] * 5
    assert postings.scores_of(asked, rows[:0]).shape == (0,)
    assert found(postings, {}, 5) == []


def test_postings_come_back_mapped(tmp_path: Path) -> None:
    postings = some_postings(500, [0.01, 0.5, 1], seed=7)
    postings.save(tmp_path)
    loaded = Postings.load(tmp_path)
    assert found(loaded, {0: 1.0, 1: 1.0}, 20) == found(postings, {0: 1.0, 1: 1.0}, 20)
    assert loaded.count == 500 and [loaded.frequency(i) for i in range(3)] == [postings.frequency(i) for i in range(3)]
    assert isinstance(loaded.rows.base, np.memmap) and isinstance(loaded.scores.base, np.memmap)


# Names


@settings(max_examples=100, deadline=None)
@given(names=st.lists(st.text(st.characters(exclude_categories=["Cs"])), min_size=1, unique=True), other=st.text())
def test_a_name_is_found_under_the_number_it_was_given(names: list[str], other: str) -> None:
    stored = Names.of(names)
    assert list(stored) == names
    assert [stored.number(name) for name in names] == list(range(len(names)))
    assert stored.number(other) == (names.index(other) if other in names else None)


def test_names_come_back_from_disk_with_a_file_that_shows_them(tmp_path: Path) -> None:
    names = ["zwei", "eins", "", "drei\nvier", "été"]
    Names.of(names).save(tmp_path, "names")
    stored = Names.load(tmp_path, "names")
    assert list(stored) == names and len(stored) == 5
    assert [stored.number(name) for name in [*names, "vier", "\ud800"]] == [0, 1, 2, 3, 4, None, None]
    assert (tmp_path / "names.txt").read_text("utf-8") == "zwei\neins\n\ndrei\nvier\nété\n"

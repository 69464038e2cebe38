"""Vectors in FAISS against brute force, and token vectors in 8 bits against what went in."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import faiss
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from index.stores import vectors
from index.stores.arrays import in_memory, mapped
from index.stores.vectors import FaissVectors, TokenRows, TokenVectors, eight_bits
from records import Encoding


def unit_rows(count: int, dim: int, seed: int = 0) -> NDArray[np.float32]:
    rows = np.random.default_rng(seed).normal(size=(count, dim)).astype(np.float32)
    return np.asarray(rows / np.linalg.norm(rows, axis=1, keepdims=True), np.float32)


def encoding(tokens: NDArray[np.float32], states: NDArray[np.float32] | None = None) -> Encoding:
    spans = np.array([(i, i + 1) for i in range(len(tokens))], np.int32).reshape(-1, 2)
    none = np.empty((len(tokens), 0), np.float32)
    return Encoding(np.zeros(4, np.float32), tokens, spans, none if states is None else states)


# One vector a passage


@settings(max_examples=60, deadline=None)
@given(count=st.integers(1, 40), k=st.integers(1, 60), seed=st.integers(0, 2**16))
def test_search_is_brute_force(count: int, k: int, seed: int) -> None:
    rows, query = unit_rows(count, 8, seed), unit_rows(1, 8, seed + 1)[0]
    found, scores = FaissVectors.build(rows).search(query, k)
    expected = np.argsort(-(rows @ query), kind="stable")[:k]
    assert found.tolist() == expected.tolist()
    assert scores == pytest.approx((rows @ query)[expected], abs=1e-6)


def test_ties_are_all_found_and_in_one_order() -> None:
    rows = np.repeat(np.eye(3, dtype=np.float32), [2, 5, 2], axis=0)
    stored = FaissVectors.build(rows)
    found, scores = stored.search(rows[3], 5)
    assert found.tolist() == [2, 3, 4, 5, 6]
    assert scores.tolist() == [1, 1, 1, 1, 1]
    assert all(stored.search(rows[3], 5)[0].tolist() == found.tolist() for _ in range(5))


def test_more_than_there_is_gives_all_there_is() -> None:
    found, scores = FaissVectors.build(np.eye(3, dtype=np.float32)).search(np.eye(3, dtype=np.float32)[1], 100)
    assert found[0] == 1
    assert sorted(found.tolist()) == [0, 1, 2]
    assert scores.tolist() == [1, 0, 0]


def test_rows_come_back_as_they_went_in(tmp_path: Path) -> None:
    rows = unit_rows(20, 16)
    FaissVectors.build(rows).save(tmp_path)
    loaded = FaissVectors.load(tmp_path)
    assert len(loaded) == 20
    assert np.array_equal(loaded.rows([7, 0, 7]), rows[[7, 0, 7]])
    assert loaded.rows([]).shape == (0, 16)


def test_the_file_is_a_flat_inner_product_index(tmp_path: Path) -> None:
    FaissVectors.build(unit_rows(2, 4)).save(tmp_path)
    index = faiss.read_index(str(tmp_path / "vectors.faiss"))
    assert (index.metric_type, index.d, index.ntotal) == (faiss.METRIC_INNER_PRODUCT, 4, 2)


def test_a_file_that_cannot_be_written_is_an_os_error(tmp_path: Path) -> None:
    with pytest.raises(OSError):
        FaissVectors.build(unit_rows(2, 4)).save(tmp_path / "no such folder")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full here")
@pytest.mark.parametrize("count", [5, 5000])  # within one write buffer, and beyond it
def test_a_full_disk_is_an_os_error(count: int, tmp_path: Path) -> None:
    (tmp_path / "vectors.faiss").symlink_to("/dev/full")
    with pytest.raises(OSError, match="No space left"):
        FaissVectors.build(unit_rows(count, 64)).save(tmp_path)


# Among some rows


@settings(max_examples=60, deadline=None)
@given(count=st.integers(1, 60), k=st.integers(1, 30), some=st.sets(st.integers(0, 59)), few=st.sampled_from([0, 1000]))
def test_search_among_some_rows_is_brute_force_over_these(count: int, k: int, some: set[int], few: int) -> None:
    rows, query = unit_rows(count, 8, count), unit_rows(1, 8, 99)[0]
    among = np.array(sorted(row for row in some if row < count), np.int64)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(vectors, "_FEW", few)  # scored one by one, or by the library with a selector
        found, scores = FaissVectors.build(rows).search(query, k, among)
    expected = among[np.argsort(-(rows[among] @ query), kind="stable")[:k]]
    assert found.tolist() == expected.tolist()
    assert scores == pytest.approx(rows[expected] @ query, abs=1e-6)


# Many


def clouds(count: int, dim: int = 32) -> NDArray[np.float32]:
    """Rows in clouds, as texts on one subject are."""
    middles, chance = unit_rows(count // 50, dim, 1), np.random.default_rng(2)
    rows = np.repeat(middles, 50, axis=0) + chance.normal(0, 0.12, (count // 50 * 50, dim)).astype(np.float32)
    return np.asarray(rows / np.linalg.norm(rows, axis=1, keepdims=True), np.float32)


@pytest.fixture(scope="module")
def many(tmp_path_factory: pytest.TempPathFactory) -> tuple[NDArray[np.float32], FaissVectors]:
    """As many as are searched in cells, saved and mapped."""
    folder, rows = tmp_path_factory.mktemp("many"), clouds(20_000)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(vectors, "EXACT", 20_000)
        FaissVectors.build(rows).save(folder)
    assert {path.name for path in folder.iterdir()} == {"vectors.faiss", "near.faiss"}
    return rows, FaissVectors.load(folder)


def recall(rows: NDArray[np.float32], index: FaissVectors, among: NDArray[np.int64] | None = None) -> float:
    """Of the exact ten nearest of 100 questions near some rows."""
    asked = rows[::200] + np.random.default_rng(3).normal(0, 0.08, (100, rows.shape[1])).astype(np.float32)
    allowed = np.arange(len(rows)) if among is None else among
    hits = 0
    for question in asked:
        found, scores = index.search(question, 10, among)
        expected = allowed[np.argsort(-(rows[allowed] @ question), kind="stable")[:10]]
        assert np.isin(found, allowed).all() and len(found) == min(10, len(allowed))
        assert scores == pytest.approx(rows[found] @ question, abs=1e-5)  # not those of eight bits
        assert (np.diff(scores) <= 0).all()
        hits += len(np.intersect1d(found, expected))
    return hits / (100 * min(10, len(allowed)))


def test_many_vectors_are_searched_in_cells_and_nearly_all_of_the_nearest_found(
    many: tuple[NDArray[np.float32], FaissVectors],
) -> None:
    assert recall(*many) >= 0.98


@pytest.mark.parametrize("share", [0.001, 0.01, 0.1, 0.5])
def test_filters_work_on_cells_whether_they_admit_scattered_rows_or_clouds_far_away(
    many: tuple[NDArray[np.float32], FaissVectors], share: float
) -> None:
    count = len(many[0])
    scattered = np.flatnonzero(np.random.default_rng(4).random(count) < share)
    together = np.arange(int(count * share))
    assert recall(*many, scattered) >= 0.98
    assert recall(*many, together) >= 0.98


def test_nothing_is_found_among_none(many: tuple[NDArray[np.float32], FaissVectors]) -> None:
    found, scores = many[1].search(many[0][0], 10, np.empty(0, np.int64))
    assert (found.tolist(), scores.tolist()) == ([], [])


def test_rows_of_a_mapped_index_are_read_as_they_went_in(many: tuple[NDArray[np.float32], FaissVectors]) -> None:
    numbers = [19_999, 0, 7, 7]
    assert np.array_equal(many[1].rows(numbers), many[0][numbers])
    assert len(many[1]) == 20_000


def test_vectors_are_mapped_and_not_read_into_memory(tmp_path: Path) -> None:
    FaissVectors.build(np.ones((40_000, 128), np.float32)).save(tmp_path)  # 20 MB
    before = own_memory()
    loaded = FaissVectors.load(tmp_path)
    assert len(loaded.search(np.ones(128, np.float32), 10)[0]) == 10
    assert own_memory() - before < 5e6


def own_memory() -> int:
    """Bytes of this process that are of no file."""
    (line,) = (line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("RssAnon"))
    return int(line.split()[1]) * 1024


# One vector a token


@settings(max_examples=100, deadline=None)
@given(count=st.integers(0, 12), dim=st.integers(1, 40), seed=st.integers(0, 2**16))
def test_eight_bits_stay_within_half_a_step_of_the_largest_value(count: int, dim: int, seed: int) -> None:
    rows = unit_rows(count, dim, seed) * np.float32(seed)  # states are of any length
    values, scales = eight_bits(rows)
    step = np.abs(rows).max(axis=1, keepdims=True, initial=0) / 127
    assert values.dtype == np.int8
    assert scales.dtype == np.float32
    assert (np.abs(values * scales - rows) <= step * 0.501).all()


def test_tokens_and_states_are_kept_apart() -> None:
    tokens, states = unit_rows(5, 8, 1), 20 * unit_rows(5, 6, 2)
    stored = TokenRows.of(encoding(tokens, states))
    assert stored.vectors().dtype == stored.states().dtype == np.float32
    assert stored.vectors() == pytest.approx(tokens, abs=0.004)
    assert stored.states() == pytest.approx(states, abs=0.08)


def test_cosines_survive_eight_bits() -> None:
    tokens, question = unit_rows(200, 384, 1), unit_rows(30, 384, 2)
    assert np.abs(question @ (TokenRows.of(encoding(tokens)).vectors() - tokens).T).max() < 0.004


def test_a_zero_row_stays_zero() -> None:
    assert TokenRows.of(encoding(np.zeros((2, 3), np.float32))).vectors().tolist() == [[0, 0, 0], [0, 0, 0]]


@pytest.mark.parametrize("width", [0, 6])
def test_each_passage_gets_its_own_tokens_back_from_disk(tmp_path: Path, width: int) -> None:
    passages = [TokenRows.of(encoding(unit_rows(n, 8, n), unit_rows(n, width, n + 9))) for n in (3, 0, 1, 5)]
    TokenVectors.build(passages).save(tmp_path)
    loaded = TokenVectors.load(tmp_path)
    for number, passage in enumerate(passages):
        assert [column.tolist() for column in loaded.of(number)] == [column.tolist() for column in passage]
        assert loaded.of(number).states().shape == (len(passage.spans), width)


def test_token_vectors_are_mapped_and_not_read_into_memory(tmp_path: Path) -> None:
    TokenVectors.build([TokenRows.of(encoding(unit_rows(3, 8), unit_rows(3, 6)))]).save(tmp_path)
    for column in TokenVectors.load(tmp_path).of(0):
        assert column.base is not None and isinstance(column.base.base, np.memmap)


def test_arrays_are_opened_one_at_a_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path, load, inside, together = tmp_path / "a.npy", np.load, [0], []
    np.save(path, np.arange(6).reshape(2, 3))

    def watched(*arguments: Any, **named: Any) -> Any:
        inside[0] += 1
        together.append(inside[0])
        time.sleep(0.002)
        array = load(*arguments, **named)
        inside[0] -= 1
        return array

    monkeypatch.setattr(np, "load", watched)
    with ThreadPoolExecutor(8) as pool:
        arrays = list(pool.map(lambda number: (in_memory, mapped)[number % 2](path), range(32)))
    assert set(together) == {1}
    assert {array.tobytes() for array in arrays} == {np.arange(6).tobytes()}

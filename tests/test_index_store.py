"""A built index on disk: what was written comes back, and any damage to it is noticed, named and got around."""

from __future__ import annotations

import datetime
import gc
import hashlib
import json
import pickletools
import random
import re
import shutil
from collections.abc import Callable, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from errors import IndexDamaged, IndexMismatch, IndexUnavailable
from index.passages.chunk import chunk
from index.question import prepare
from index.search import search
from index.stores.columns import Columns
from index.versions.build import build
from index.versions.store import FORMAT, open_index, verify, version_names
from records import Article, Filters
from tests.test_index_fake_encoder import WordEncoder

FILES = (
    "articles.jsonl",
    "articles_starts.npy",
    "columns/articles.npy",
    "columns/dates.npy",
    "columns/kinds.npy",
    "columns/langs.npy",
    "columns/section_names.txt",
    "columns/section_names_order.npy",
    "columns/section_names_starts.npy",
    "columns/sections.npy",
    "ids.txt",
    "ids_order.npy",
    "ids_starts.npy",
    "keys.npy",
    "lexical/count.npy",
    "lexical/most.npy",
    "lexical/rows.npy",
    "lexical/scores.npy",
    "lexical/starts.npy",
    "lexical/terms.txt",
    "lexical/terms_order.npy",
    "lexical/terms_starts.npy",
    "manifest.json",
    "passages.jsonl",
    "passages_starts.npy",
    "tokens/*/token_scales.npy",
    "tokens/*/token_spans.npy",
    "tokens/*/token_starts.npy",
    "tokens/*/token_state_scales.npy",
    "tokens/*/token_state_values.npy",
    "tokens/*/token_values.npy",
    "tokens/places.npy",
    "vectors.faiss",
)
OLD = [
    Article(
        "berlin", "Le congrès de Berlin", "fr", "Le congrès a réuni 200 participants.\n\nSources :\n– BMWi",
        "https://example.org/a?b=1#c", datetime.date(2014, 3, 6), "Recherche, innovation", ("Kenny Abbey", "Ä. Ö."),
    ),
    Article("jena", "Optik in Jena", "de", "Das Institut wurde 2014 eröffnet.\u2028Es forscht „am Licht“."),
]  # fmt: skip
NEW = [*OLD, Article("york", "A visit", "en", "Researchers from York came.")]


def file_of(version: Path, name: str) -> Path:
    """The first of those that `name`, out of FILES, stands for."""
    return min(version.glob(name))


def snapshot(directory: Path) -> dict[str, tuple[int, int, int]]:
    """Every file with its number on disk, size and time of writing; the lock aside, which is opened by each build."""
    found = ((path, path.stat()) for path in directory.rglob("*") if path.is_file() and path.name != ".lock")
    return {str(path): (stat.st_ino, stat.st_size, stat.st_mtime_ns) for path, stat in found}


def set_format(directory: Path, number: int) -> None:
    """Make the live version one of another format, whole in every other way."""
    live = directory / version_names(directory)[0]
    raw = json.dumps({**json.loads((live / "manifest.json").read_text()), "format": number}).encode()
    (live / "manifest.json").write_bytes(raw)
    renamed = live.rename(directory / f"v-{hashlib.sha256(raw).hexdigest()[:16]}")
    (directory / "CURRENT").write_text(f"{renamed.name}\n")


def published(directory: Path, *editions: Sequence[Article]) -> list[Path]:
    """A version for each edition; newest first."""
    for articles in editions:
        build(articles, WordEncoder(), directory)
    return [directory / name for name in (directory / "CURRENT").read_text().split()]


@pytest.fixture(scope="module")
def two_versions(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("index")
    published(directory, OLD, NEW)
    return directory


@pytest.fixture
def index(tmp_path: Path, two_versions: Path) -> Path:
    """A copy to damage: two versions, the newer one live."""
    return shutil.copytree(two_versions, tmp_path / "index", copy_function=shutil.copy2)


def damages(data: bytes) -> list[tuple[str, bytes]]:
    """One bit flipped at the first, the middle, the last and five other bytes; cut to nothing, to half, by one byte."""
    places = {0, len(data) // 2, len(data) - 1, *(random.Random(len(data)).randrange(len(data)) for _ in range(5))}
    flips = [
        (f"bit {at % 8} of byte {at}", data[:at] + bytes([data[at] ^ 1 << at % 8]) + data[at + 1 :]) for at in places
    ]
    cuts = [(f"cut to {size} bytes", data[:size]) for size in (0, len(data) // 2, len(data) - 1)]
    return [*flips, *cuts, ("one byte more", data + b"\n")]


# What was written


def test_what_was_built_comes_back(tmp_path: Path) -> None:
    encoder = WordEncoder()
    (version,) = published(tmp_path, NEW)
    index = open_index(tmp_path, encoder.id)
    assert index.version == version.name
    assert list(index.articles.values()) == NEW
    assert list(index.passages) == [passage for article in NEW for passage in chunk(article, 160, encoder.count_tokens)]
    assert index.columns.langs.tolist() == [0, 0, 2, 1]
    assert len(index.vectors) == len(index.keys) == len(index.passages) == 4
    for row, passage in enumerate(index.passages):
        (encoding,) = encoder.encode_passages([passage.text], [index.articles[passage.article_id].title])
        assert np.array_equal(index.vectors.rows([row])[0], encoding.vector)
        assert np.allclose(index.tokens.of(row).vectors(), encoding.tokens, atol=1e-6)
        assert np.allclose(index.tokens.of(row).states(), encoding.states, atol=1e-6)
        assert np.array_equal(index.tokens.of(row).spans, encoding.spans)


def test_articles_and_passages_are_read_when_they_are_asked_for(two_versions: Path) -> None:
    index = open_index(two_versions)
    assert index.articles["jena"] == NEW[1]
    assert [index.articles.number(article.id) for article in NEW] == [0, 1, 2]
    assert index.articles.get("none") is None and "none" not in index.articles and len(index.articles) == 3
    assert [index.rows_of(article.id).tolist() for article in NEW] == [[0, 1], [2], [3]]
    assert index.rows_of("none").tolist() == []
    assert index.passages[-1] == index.passages[3:][0] == index.passages[3]
    assert index.keys[1:3] == [index.keys[1], index.keys[2]] and len(set(index.keys)) == 4
    for row in (4, -5):
        with pytest.raises(IndexError):
            index.passages[row]


def test_an_index_that_was_opened_stays_whole_when_its_version_is_removed(index: Path) -> None:
    """Its files are mapped and held open: a builder may remove them while questions are answered."""
    opened = open_index(index)
    shutil.rmtree(index)
    assert list(opened.articles.values()) == NEW
    assert [passage.article_id for passage in opened.passages] == ["berlin", "berlin", "jena", "york"]
    found = search(opened, prepare("Forscher in Jena", WordEncoder(), lang="de"), 1)
    assert found[0].article == NEW[1]


def test_an_opened_index_closes_its_files(index: Path) -> None:
    gc.collect()
    before = len([*Path("/proc/self/fd").iterdir()])
    opened = open_index(index)
    assert list(opened.passages) and len([*Path("/proc/self/fd").iterdir()]) > before
    del opened
    assert len([*Path("/proc/self/fd").iterdir()]) == before


_DAYS = st.none() | st.dates(datetime.date(2010, 1, 1), datetime.date(2010, 1, 6))
_SECTIONS = st.sampled_from(["", "Focus", "FOCUS", "Énergie", "énergie", "Straße", "STRASSE"])


@given(st.lists(st.tuples(_DAYS, _SECTIONS), min_size=1, max_size=6), _DAYS, _DAYS, _SECTIONS)
def test_columns_admit_what_filters_admit(
    fields: list[tuple[datetime.date | None, str]],
    since: datetime.date | None, until: datetime.date | None, section: str,
) -> None:  # fmt: skip
    articles = [Article(str(i), "T", "fr", "Un. Deux.", "", *field) for i, field in enumerate(fields)]
    passages = [passage for article in articles for passage in chunk(article, 160, len)] * 2
    filters = Filters(section, since, until)
    with TemporaryDirectory() as folder:
        Columns.of(articles, passages).save(Path(folder, "columns"))
        admitted = Columns.load(Path(folder, "columns")).admitted(filters)
    owners = {article.id: article for article in articles}
    assert admitted.tolist() == [filters.admit(owners[passage.article_id]) for passage in passages]


def test_the_manifest_says_what_the_index_is(two_versions: Path) -> None:
    version = two_versions / version_names(two_versions)[0]
    manifest = json.loads((version / "manifest.json").read_text())
    assert manifest["format"] == FORMAT
    assert manifest["encoder"] == {"id": "words", "dimension": 512}
    assert manifest["chunk"]["tokens"] == 160
    assert manifest["counts"] == {"articles": 3, "passages": 4}
    assert datetime.datetime.fromisoformat(manifest["created"]).tzinfo is not None
    assert manifest["files"] == {
        path.relative_to(version).as_posix(): {"bytes": len(data), "sha256": hashlib.sha256(data).hexdigest()}
        for path in version.rglob("*")
        if path.is_file() and path.name != "manifest.json" and (data := path.read_bytes())
    }
    assert verify(version) == manifest


def test_these_are_the_files_of_a_version(two_versions: Path) -> None:
    version = two_versions / version_names(two_versions)[0]
    names = {path.relative_to(version).as_posix() for path in version.rglob("*") if path.is_file()}
    assert sorted({re.sub(r"/[0-9a-f]{16}/", "/*/", name) for name in names}) == list(FILES)
    assert sorted(path.name for path in two_versions.iterdir()) == sorted(
        [".lock", "CURRENT", *version_names(two_versions)]
    )


def test_there_is_no_pickle(two_versions: Path) -> None:
    for path in two_versions.rglob("v-*/**/*"):
        if path.suffix == ".npy":
            np.load(path, allow_pickle=False)
        elif path.is_file():
            with pytest.raises((ValueError, IndexError)):
                list(pickletools.genops(path.read_bytes()))


# Damage


@pytest.mark.parametrize("name", FILES)
def test_a_damaged_file_is_named_and_the_version_before_is_served(
    index: Path, caplog: pytest.LogCaptureFixture, name: str
) -> None:
    live, earlier = version_names(index)
    path = file_of(index / live, name)
    whole = path.read_bytes()
    for damage, data in damages(whole):
        caplog.clear()
        path.write_bytes(data)
        served = open_index(index)
        assert served.version == earlier, damage
        assert list(served.articles.values()) == OLD
        assert [record.levelname for record in caplog.records] == ["WARNING"]
        assert str(path) in caplog.text and earlier in caplog.text and "python -m index build" in caplog.text
        with pytest.raises(IndexDamaged, match=path.name):
            verify(index / live)
    caplog.clear()
    path.unlink()
    assert open_index(index).version == earlier
    assert str(path) in caplog.text


@pytest.mark.parametrize("name", FILES)
def test_nothing_is_served_when_every_version_is_damaged(index: Path, name: str) -> None:
    paths = [file_of(index / version, name) for version in version_names(index)]
    for path in paths:
        path.write_bytes(damages(path.read_bytes())[2][1])
    with pytest.raises(IndexDamaged) as caught:
        open_index(index)
    assert all(str(path) in str(caught.value) for path in paths)
    assert f"python -m index build --index {index}" in str(caught.value)


def test_a_whole_index_is_opened_without_a_word(index: Path, caplog: pytest.LogCaptureFixture) -> None:
    open_index(index)
    assert caplog.records == []


def test_a_version_that_is_no_directory_is_passed_over(index: Path, caplog: pytest.LogCaptureFixture) -> None:
    live, earlier = version_names(index)
    shutil.rmtree(index / live)
    (index / live).write_text("not a version")
    assert open_index(index).version == earlier
    assert live in caplog.text


def test_a_version_that_vanishes_meanwhile_is_passed_over(index: Path) -> None:
    """A build beside us removes the oldest version after we have listed it."""
    live = version_names(index)[0]
    (index / "v-0123456789abcdef").symlink_to(index / "gone")
    assert open_index(index).version == live


# The pointer


def test_a_damaged_pointer_still_leads_to_the_newest_version(index: Path, caplog: pytest.LogCaptureFixture) -> None:
    pointer = index / "CURRENT"
    whole = pointer.read_bytes()
    live = version_names(index)[0]
    cuts = [whole[:size] for size in range(len(whole))]
    flips = [whole[:at] + bytes([whole[at] ^ 1 << at % 8]) + whole[at + 1 :] for at in range(len(whole))]
    for data in cuts + flips:
        caplog.clear()
        pointer.write_bytes(data)
        assert open_index(index).version == live, data
        # A pointer that still says just the same may pass in silence; any other is named.
        assert str(pointer) in caplog.text or data.split()[:1] == whole.split()[:1], data


def test_a_missing_pointer_leads_to_the_newest_version(index: Path, caplog: pytest.LogCaptureFixture) -> None:
    live = version_names(index)[0]
    (index / "CURRENT").unlink()
    assert open_index(index).version == live
    assert f"{index / 'CURRENT'} is missing or damaged" in caplog.text


def test_a_damaged_pointer_and_a_damaged_version_lead_to_the_newest_whole_one(index: Path) -> None:
    live, earlier = version_names(index)
    (index / "CURRENT").write_bytes(b"")
    (index / live / "articles.jsonl").write_bytes(b"")
    assert open_index(index).version == earlier


def test_the_pointer_decides_what_is_live(index: Path, caplog: pytest.LogCaptureFixture) -> None:
    newer, older = version_names(index)
    (index / "CURRENT").write_text(f"{older}\n{newer}\n")
    assert open_index(index).version == older
    assert caplog.records == []


# What cannot be served


@pytest.mark.parametrize("make", [Path.mkdir, lambda path: None], ids=["empty", "missing"])
def test_a_missing_index_is_said_with_the_command_that_makes_one(tmp_path: Path, make: Callable[[Path], None]) -> None:
    make(tmp_path / "index")
    with pytest.raises(IndexUnavailable, match="^No index in .*python -m index build") as caught:
        open_index(tmp_path / "index")
    assert not isinstance(caught.value, IndexDamaged | IndexMismatch)
    assert str(tmp_path / "index") in str(caught.value)


def test_an_index_that_is_a_file_is_said_to_be_missing(tmp_path: Path) -> None:
    (tmp_path / "index").write_text("")
    with pytest.raises(IndexUnavailable, match="No index in"):
        open_index(tmp_path / "index")


def test_another_encoder_is_named(index: Path) -> None:
    with pytest.raises(IndexMismatch, match=r"built with 'words'; configured is 'other'.*python -m index build"):
        open_index(index, "other")


def test_another_format_is_named(index: Path) -> None:
    set_format(index, FORMAT + 1)
    with pytest.raises(
        IndexMismatch, match=rf"format {FORMAT + 1}; this program reads {FORMAT}\. Run `python -m index build"
    ):
        open_index(index)

"""Publishing and going back: what versions share, what is read back before it is live, what stays, what is refused."""

from __future__ import annotations

import dataclasses
import json
import shutil
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import index.__main__
from corpus.write import write_article
from errors import BuildRefused, IndexDamaged, IndexMismatch, IndexUnavailable
from index.versions.build import build
from index.versions.publish import building, publish, roll_back
from index.versions.seen import SeenFiles
from index.versions.segments import MOST, kept_segments
from index.versions.store import FORMAT, live_name, open_index, verify, version_name, version_names
from records import Article, Encoding
from tests.test_index_build import BULLETIN, CLUSTERS, JENA, YORK, require_equal_to_a_fresh_build
from tests.test_index_fake_encoder import WordEncoder
from tests.test_index_store import snapshot

LONG = Article("long", "Long", "fr", "\n\n".join(f"[{n}] Note {n} sur Paris." for n in range(1, 41)))


def published(directory: Path, *editions: Sequence[Article]) -> list[str]:
    """The version of each edition, in order."""
    return [build(articles, WordEncoder(), directory).version for articles in editions]


def inodes(version: Path) -> set[int]:
    return {path.stat().st_ino for path in version.rglob("*") if path.is_file()}


def article(number: int) -> Article:
    return Article(f"n{number}", f"Titre {number}", "fr", f"Le numéro {number} parle de Berlin.")


class CountingEncoder(WordEncoder):
    """Lists the texts whose tokens it counted."""

    def __init__(self) -> None:
        super().__init__()
        self.counted: list[str] = []

    def count_tokens(self, text: str) -> int:
        self.counted.append(text)
        return super().count_tokens(text)


class IdleEncoder(WordEncoder):
    """May be asked for its name and for nothing else."""

    def count_tokens(self, text: str) -> int:
        raise AssertionError(text)

    def encode_passages(self, texts: Sequence[str], contexts: Sequence[str]) -> list[Encoding]:
        raise AssertionError(texts)


# What versions share


def test_a_version_with_one_more_article_links_the_segments_before(tmp_path: Path) -> None:
    first, second = published(tmp_path, [LONG], [LONG, YORK])
    segments = {path.parent.name for path in (tmp_path / first).glob("tokens/*/*")}
    assert len(segments) == 1
    for path in (tmp_path / first / "tokens" / segments.pop()).iterdir():
        linked = tmp_path / second / path.relative_to(tmp_path / first)
        assert linked.stat().st_ino == path.stat().st_ino
        assert path.stat().st_nlink == 2
    assert sorted(open_index(tmp_path).manifest["segments"].values()) == [1, 40]


def test_only_the_new_article_is_cut_and_encoded(tmp_path: Path) -> None:
    published(tmp_path, [LONG, CLUSTERS])
    encoder = CountingEncoder()
    assert build([LONG, YORK, CLUSTERS], encoder, tmp_path).encoded == 1
    assert encoder.encoded == [YORK.body]
    assert encoder.counted and all(text in YORK.body for text in encoder.counted)
    require_equal_to_a_fresh_build(tmp_path, tmp_path / "fresh", [LONG, YORK, CLUSTERS])


def test_where_nothing_is_new_nothing_is_cut_encoded_or_written(tmp_path: Path) -> None:
    (version,) = published(tmp_path, BULLETIN)
    before = snapshot(tmp_path)
    report = build(BULLETIN, IdleEncoder(), tmp_path)
    assert (report.version, report.changed, report.encoded, report.passages) == (version, False, 0, 4)
    assert snapshot(tmp_path) == before


def test_a_withdrawn_passage_is_in_no_file_of_the_next_version(tmp_path: Path) -> None:
    secret = Article("secret", "Secret", "fr", "Zanzibar.\n\n[1] Une note.")
    first, second = published(tmp_path, [LONG, secret], [LONG])
    encoder = WordEncoder()
    row = np.flatnonzero(encoder.encode_question("Zanzibar").tokens[0] > 0)[0]

    def holds(version: str) -> bool:
        files = [path for path in (tmp_path / version).rglob("*") if path.is_file()]
        values = [np.load(path) for path in files if path.name == "token_values.npy"]
        return any(b"anzibar" in path.read_bytes() for path in files) or any(v[:, row].any() for v in values)

    assert holds(first)
    assert not holds(second)
    assert not inodes(tmp_path / first) & inodes(tmp_path / second)
    assert sum(open_index(tmp_path).manifest["segments"].values()) == 40
    require_equal_to_a_fresh_build(tmp_path, tmp_path / "fresh", [LONG])


def test_after_many_versions_there_are_few_segments_and_every_passage_has_its_tokens(tmp_path: Path) -> None:
    articles = [LONG, *map(article, range(14))]
    for end in range(1, len(articles) + 1):
        build(articles[:end], WordEncoder(), tmp_path)
    assert len(open_index(tmp_path).manifest["segments"]) <= 6
    require_equal_to_a_fresh_build(tmp_path, tmp_path / "fresh", articles)
    changed = [*articles[5:7], dataclasses.replace(YORK, title="T"), *articles[12:8:-1], articles[0], YORK]
    build(changed, WordEncoder(), tmp_path)
    require_equal_to_a_fresh_build(tmp_path, tmp_path / "fresh", changed)


def test_passages_of_the_same_words_share_their_tokens(tmp_path: Path) -> None:
    twin = dataclasses.replace(YORK, id="york-2")
    encoder = WordEncoder()
    assert build([YORK, twin], encoder, tmp_path).passages == 2
    assert encoder.encoded == [YORK.body]
    opened = open_index(tmp_path)
    assert [*opened.manifest["segments"].values()] == [1]
    assert np.array_equal(opened.tokens.of(0).values, opened.tokens.of(1).values)


@given(sizes=st.lists(st.integers(1, MOST), max_size=40), dead=st.sets(st.integers(0, 39)), new=st.integers(0, 50))
def test_segments_stay_whole_or_go(sizes: list[int], dead: set[int], new: int) -> None:
    held = {f"s{i}": [f"{i}.{j}" for j in range(size)] for i, size in enumerate(sizes)}
    living = {key for i, keys in enumerate(held.values()) for key in (keys[1:] if i in dead else keys)}
    wanted = living | {f"new{i}" for i in range(new)}
    kept = kept_segments(held, wanted)
    assert all(set(held[name]) <= wanted for name in kept)
    written = len(wanted) - sum(len(held[name]) for name in kept)
    if not new and not dead & set(range(len(sizes))):
        assert written == 0  # nothing is rewritten for its own sake
    small = [name for name in kept if len(held[name]) + written <= MOST]
    assert not written or all(len(held[name]) > written for name in small)


def test_a_hundred_small_additions_leave_ten_segments_at_most() -> None:
    held: dict[str, list[str]] = {}
    for number in range(300):
        wanted = {key for keys in held.values() for key in keys} | {f"k{number}"}
        kept = kept_segments(held, wanted)
        rest = sorted(wanted - {key for name in kept for key in held[name]})
        held = {name: held[name] for name in kept} | {f"s{number}": rest}
        assert len(held) <= 10
    assert sum(map(len, held.values())) == 300


# What is read back


def _writer(source: Path, spoil: Callable[[Path], object]) -> Callable[[Path], Mapping[str, Any]]:
    """Writes what the live version `source` holds, spoilt."""

    def write(work: Path) -> Mapping[str, Any]:
        for path in source.iterdir():
            if path.name != "manifest.json":
                (shutil.copytree if path.is_dir() else shutil.copy2)(path, work / path.name)
        spoil(work)
        manifest = open_index(source.parent).manifest
        return {key: value for key, value in manifest.items() if key not in ("format", "created", "files")}

    return write


def _mix_places(work: Path) -> None:
    """Every passage with the tokens of the one after it."""
    places = np.load(work / "tokens" / "places.npy")
    np.save(work / "tokens" / "places.npy", np.roll(places, 1, axis=0))


@pytest.mark.parametrize("spoil", [_mix_places, lambda work: (work / "articles.jsonl").write_bytes(b"")])
def test_a_version_that_does_not_come_back_is_not_published(tmp_path: Path, spoil: Callable[[Path], object]) -> None:
    (live,) = published(tmp_path, [*map(article, range(9)), CLUSTERS, JENA])
    before = snapshot(tmp_path)
    with building(tmp_path), pytest.raises((IndexDamaged, ValueError)):
        publish(tmp_path, _writer(tmp_path / live, spoil), "words")
    assert snapshot(tmp_path) == before
    assert open_index(tmp_path).version == live


def test_a_file_that_changes_between_writing_and_reading_back_is_not_published(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (live,) = published(tmp_path, BULLETIN)
    before = snapshot(tmp_path)

    def rotten(source: Path, target: Path) -> Path:
        """A rename on a disk that loses a bit."""
        (path,) = source.glob("vectors.faiss")
        data = path.read_bytes()
        path.write_bytes(data[:-1] + bytes([data[-1] ^ 1]))
        shutil.move(source, target)
        return target

    monkeypatch.setattr(Path, "rename", rotten)
    with building(tmp_path), pytest.raises(IndexDamaged, match=r"vectors\.faiss.*not published"):
        publish(tmp_path, _writer(tmp_path / live, lambda work: None), "words")
    monkeypatch.undo()
    assert snapshot(tmp_path) == before


def test_seen_files_are_read_again_when_they_were_written(tmp_path: Path) -> None:
    (live,) = published(tmp_path, BULLETIN)
    seen = SeenFiles()
    verify(tmp_path / live, seen)
    path = tmp_path / live / "vectors.faiss"
    data = path.read_bytes()
    path.write_bytes(data[:-1] + bytes([data[-1] ^ 1]))
    with pytest.raises(IndexDamaged, match="vectors.faiss"):
        verify(tmp_path / live, seen)


# Going back


def test_back_to_the_version_before_and_forward_again(tmp_path: Path) -> None:
    first, second, third = published(tmp_path, [CLUSTERS], [CLUSTERS, JENA], BULLETIN)
    assert roll_back(tmp_path, "words") == second
    assert open_index(tmp_path).version == second
    assert roll_back(tmp_path, "words") == first
    assert sorted(version_names(tmp_path)) == sorted([first, second, third])
    forward = build(BULLETIN, IdleEncoder(), tmp_path)
    assert (forward.version, forward.changed) == (third, False)
    assert live_name(tmp_path) == third
    assert version_names(tmp_path) == [third, second, first]


def test_back_to_a_version_by_name(tmp_path: Path) -> None:
    first, _, _ = published(tmp_path, [CLUSTERS], [CLUSTERS, JENA], BULLETIN)
    assert roll_back(tmp_path, "words", first) == first
    assert list(open_index(tmp_path).articles) == ["clusters"]


def test_a_version_gone_back_from_makes_room_first(tmp_path: Path) -> None:
    first, second, third = published(tmp_path, [CLUSTERS], [CLUSTERS, JENA], BULLETIN)
    roll_back(tmp_path, "words")
    (fourth,) = published(tmp_path, [CLUSTERS, YORK])
    assert version_names(tmp_path) == [fourth, second, first]


def test_when_the_live_version_fails_one_gone_back_to_comes_before_one_gone_back_from(tmp_path: Path) -> None:
    first, second, _ = published(tmp_path, [CLUSTERS], [CLUSTERS, JENA], BULLETIN)
    roll_back(tmp_path, "words")
    (tmp_path / second / "articles.jsonl").write_bytes(b"")
    assert open_index(tmp_path).version == first


def test_a_damaged_version_is_passed_over_on_the_way_back(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    first, second, _ = published(tmp_path, [CLUSTERS], [CLUSTERS, JENA], BULLETIN)
    (tmp_path / second / "vectors.faiss").write_bytes(b"")
    with pytest.raises(IndexDamaged, match="vectors.faiss"):
        roll_back(tmp_path, "words", second)
    assert roll_back(tmp_path, "words") == first
    assert second in caplog.text


def test_what_cannot_be_gone_back_to_is_said(tmp_path: Path) -> None:
    with pytest.raises(IndexUnavailable, match="no version older than any"):
        roll_back(tmp_path, "words")
    (only,) = published(tmp_path, BULLETIN)
    with pytest.raises(IndexUnavailable, match=f"no version older than {only}.*index verify"):
        roll_back(tmp_path, "words")
    with pytest.raises(IndexUnavailable, match=f"no version v-none; it holds {only}"):
        roll_back(tmp_path, "words", "v-none")
    published(tmp_path, [CLUSTERS])
    with pytest.raises(IndexMismatch, match="built with 'words'; configured is 'other'"):
        roll_back(tmp_path, "other")
    with building(tmp_path), pytest.raises(BuildRefused, match="Another build is at work"):
        roll_back(tmp_path, "words")


def test_as_many_versions_stay_as_are_wanted(tmp_path: Path) -> None:
    versions = [build([article(n)], WordEncoder(), tmp_path, keep=5).version for n in range(7)]
    assert version_names(tmp_path) == versions[:1:-1]
    (last,) = [build([YORK], WordEncoder(), tmp_path, keep=1).version]
    assert version_names(tmp_path) == [last]


# The commands


@pytest.fixture
def command(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Callable[..., int]:
    """`python -m index`, with the words' encoder, over articles and an index of its own."""
    monkeypatch.setattr("index.__main__.open_updater", lambda settings: WordEncoder())
    monkeypatch.setattr("index.__main__.open_builder", lambda settings: WordEncoder())
    (tmp_path / "articles").mkdir()
    monkeypatch.setenv("BULLETIN_ARTICLES", str(tmp_path / "articles"))
    monkeypatch.setenv("BULLETIN_INDEX", str(tmp_path / "index"))
    return lambda *arguments: int(index.__main__.main([*arguments]))


def test_publish_go_back_and_forward_on_the_command_line(
    command: Callable[..., int], capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    versions = []
    for number in range(3):
        write_article(article(number), tmp_path / "articles")
        assert command("publish", "--keep", "2") == 0
        versions.append(live_name(tmp_path / "index"))
        one = f"{number + 1} articles, {number + 1} passages (1 encoded, {number} reused)"
        assert capsys.readouterr().out == f"{versions[-1]}: {one} in {tmp_path / 'index'}\n"
    assert version_names(tmp_path / "index") == versions[:0:-1]
    assert command("rollback") == 0
    assert capsys.readouterr().out == f"{versions[1]}: live again instead of {versions[2]}\n"
    assert command("verify") == 0
    first, second = capsys.readouterr().out.splitlines()
    assert first.startswith(f"{versions[1]} (live): whole, 2 articles") and second.startswith(
        f"{versions[2]}: whole, 3"
    )
    assert command("publish") == 0
    assert capsys.readouterr().out == f"{versions[2]}: live again, 3 articles, 3 passages\n"
    assert command("rollback", versions[2]) == 0
    assert command("rollback", "v-none") == 2
    with building(tmp_path / "index"):
        assert command("publish") == 2
    assert f"error: Another build is at work in {tmp_path / 'index'}" in capsys.readouterr().err
    assert live_name(tmp_path / "index") == versions[2]


# Damage, bit by bit


def alone(version: Path, path: Path) -> Path:
    """A version of this one file of `version`, which is quickly verified."""
    name = path.relative_to(version).as_posix()
    entry = json.loads((version / "manifest.json").read_bytes())["files"][name]
    raw = json.dumps({"format": FORMAT, "files": {name: entry}}).encode()
    single = version.parent.parent / "alone" / version_name(raw)
    (single / name).parent.mkdir(parents=True)
    shutil.copy2(path, single / name)
    (single / "manifest.json").write_bytes(raw)
    verify(single)
    return single / name


def unnoticed(version: Path, path: Path) -> list[str]:
    """The damages to a file that `verify` lets pass: a bit of every byte flipped and every length cut to, or of a large
    file at 200 places, the first and the last among them."""
    whole, passed = path.read_bytes(), []
    places = range(len(whole)) if len(whole) <= 2048 else np.linspace(0, len(whole) - 1, 200).astype(int).tolist()
    for at in places:
        for data in (whole[:at] + bytes([whole[at] ^ 1 << at % 8]) + whole[at + 1 :], whole[:at]):
            path.write_bytes(data)
            try:
                verify(version)
            except IndexDamaged as error:
                passed += [] if path.name in str(error) else [str(error)]
            else:
                passed.append(f"{path.name} at {at}")
    path.write_bytes(whole)
    return passed


def test_every_bit_that_flips_and_every_byte_that_is_cut_off_is_noticed(tmp_path: Path) -> None:
    (live,) = published(tmp_path / "index", [CLUSTERS])
    version = tmp_path / "index" / live
    files = sorted(path for path in version.rglob("*") if path.is_file())
    assert len(files) > 20
    for path in files:
        if path.name == "manifest.json":
            assert unnoticed(version, path) == []
        else:
            single = alone(version, path)
            assert unnoticed(next(p for p in single.parents if p.name.startswith("v-")), single) == []

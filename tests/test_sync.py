"""Syncing a folder, and what holds for every source: whose article is whose, what is remembered, what is said."""

from __future__ import annotations

import dataclasses
import os
import re
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from corpus.__main__ import main
from corpus.articles import read_article
from corpus.ledger import Item, open_ledger
from corpus.sources.folder import Folder
from corpus.sources.recognise import source_name
from corpus.sources.source import Taken, Wanted
from corpus.sync import Summary
from corpus.sync import sync as bring_in_step
from corpus.sync_verb import report
from corpus.write import write_article
from errors import SourceError
from tests.syncing import HAND, counts, kept, page, sync, text, written


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    (tmp_path / "articles").mkdir()
    (tmp_path / "articles" / "by-hand.md").write_text(HAND)
    return tmp_path / "articles"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Three pages, one of them deeper; and what is none."""
    folder = tmp_path / "source"
    (folder / "2012").mkdir(parents=True)
    (folder / ".git").mkdir()
    for name in ("un", "deux", "2012/trois", ".git/hidden", ".hidden"):
        (folder / f"{name}.html").write_text(page(name))
    (folder / "picture.png").write_bytes(b"\x89PNG")
    return folder


def article_file(id_: str, body: str = "Un texte.") -> str:
    return f"---\nid: {id_}\ntitle: Un titre\nlang: fr\n---\n\n{body}\n"


# A folder


def test_a_folder_is_kept_in_step(folder: Path, directory: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert sync(folder, directory) == 0
    assert kept(directory).keys() == {"un", "deux", "trois"}
    assert counts(capsys.readouterr().out) == {"added": 3}
    before = written(directory)
    assert sync(folder, directory) == 0
    assert capsys.readouterr().out == "folder\nnothing new: 3 unchanged\n"
    (folder / "un.html").write_text(page("un", text("Munich")))
    (folder / "2012" / "trois.html").unlink()
    (folder / "quatre.html").write_text(page("quatre"))
    assert sync(folder, directory) == 0
    assert counts(capsys.readouterr().out) == {"added": 1, "changed": 1, "removed": 1}
    assert {article.id: article.body for article in kept(directory).values()} == {
        "un": text("Munich"),
        "deux": text("deux"),
        "quatre": text("quatre"),
    }
    assert {name for name, at in written(directory).items() if before.get(name) != at} == {"un.md", "quatre.md"}


def test_a_file_that_is_saved_again_with_the_same_text_changes_nothing(folder: Path, directory: Path) -> None:
    assert sync(folder, directory) == 0
    before = written(directory)
    (folder / "un.html").write_text(page("un").replace("<article>", "<article >"))
    assert sync(folder, directory) == 0
    assert written(directory) == before


def test_what_cannot_be_read_is_named_each_time_until_it_can(
    folder: Path, directory: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "bad.pdf").write_bytes(b"%PDF-1.4 not really")
    (folder / "empty.html").write_text("")
    (folder / "front.md").write_text("---\nid: front\nlang: fr\n---\n\nUn texte.\n")
    for _ in range(2):
        assert sync(folder, directory) == 1
        printed = capsys.readouterr().out
        assert [line.split(":")[0] for line in printed.splitlines()[-3:]] == ["  bad.pdf", "  empty.html", "  front.md"]
        assert kept(directory).keys() == {"un", "deux", "trois"}
    (folder / "empty.html").write_text(page("empty"))
    (folder / "bad.pdf").unlink()
    (folder / "front.md").unlink()
    assert sync(folder, directory) == 0
    assert kept(directory).keys() == {"un", "deux", "trois", "empty"}


def test_a_dry_run_writes_nothing(folder: Path, directory: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert sync(folder, directory, "--dry-run") == 0
    assert counts(capsys.readouterr().out) == {"added": 3}
    assert [path.name for path in directory.iterdir()] == ["by-hand.md"]
    assert sync(folder, directory) == 0
    (folder / "un.html").write_text(page("un", text("Munich")))
    (folder / "deux.html").unlink()
    capsys.readouterr()
    before = {path: path.read_bytes() for path in directory.iterdir()}
    assert sync(folder, directory, "--dry-run") == 0
    assert counts(capsys.readouterr().out) == {"changed": 1, "removed": 1}
    assert {path: path.read_bytes() for path in directory.iterdir()} == before


def test_names_that_are_no_utf_8_are_names(folder: Path, directory: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = folder.rename(folder.with_name(os.fsdecode(b"\xe9t\xe9")))
    named = folder / os.fsdecode(b"caf\xe9.html")
    named.write_text(page("café"))
    (folder / os.fsdecode(b"\xe9.html")).write_text("")
    assert sync(folder, directory) == 1
    assert capsys.readouterr().out.endswith("\\udce9.html: is empty; expected an article.\n")
    (folder / os.fsdecode(b"\xe9.html")).unlink()
    assert sync(folder, directory) == 0
    assert kept(directory).keys() == {"un", "deux", "trois", "caf"}
    capsys.readouterr()
    assert sync(folder, directory) == 0
    assert capsys.readouterr().out == "folder\nnothing new: 4 unchanged\n"
    named.unlink()
    assert sync(folder, directory) == 0
    assert kept(directory).keys() == {"un", "deux", "trois"}


def test_a_language_that_is_known_better(folder: Path, directory: Path) -> None:
    assert sync(folder, directory, "--lang", "de") == 0
    assert {article.lang for article in kept(directory).values()} == {"de"}


STATES = st.dictionaries(st.sampled_from(["a", "b", "c", "deeper/d"]), st.sampled_from(["un", "deux", "trois", "bad"]))


@settings(max_examples=25, deadline=None)
@given(st.lists(STATES, min_size=1, max_size=5))
def test_whatever_happens_to_a_folder_the_articles_are_what_could_last_be_read(states: list[dict[str, str]]) -> None:
    with tempfile.TemporaryDirectory() as place:
        folder, directory, expected = Path(place, "source"), Path(place, "articles"), dict[str, str]()
        for state in states:
            shutil.rmtree(folder, ignore_errors=True)
            (folder / "deeper").mkdir(parents=True)
            for name, body in state.items():
                (folder / f"{name}.md").write_text("" if body == "bad" else article_file(Path(name).name, body))
            readable = {Path(name).name: body for name, body in state.items() if body != "bad"}
            listed = {Path(name).name for name in state}
            expected = {id_: body for id_, body in expected.items() if id_ in listed} | readable
            with open_ledger(directory, "a") as ledger:
                summary = bring_in_step(Folder(folder), ledger, directory, remove_all=True)
            assert len(summary.failed) == len(state) - len(readable)
            assert {path.stem: read_article(path).body for path in directory.glob("*.md")} == expected


def test_afresh_what_did_not_change_is_read_again(
    folder: Path, directory: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert sync(folder, directory) == 0
    before = written(directory)
    assert sync(folder, directory, "--lang", "de") == 0
    assert sync(folder, directory, "--afresh") == 0
    assert written(directory) == before  # it was read again, and is the same
    capsys.readouterr()
    assert sync(folder, directory, "--afresh", "--lang", "de") == 0
    assert counts(capsys.readouterr().out) == {"changed": 3}
    assert {article.lang for article in kept(directory).values()} == {"de"}


# Whose article is whose


def test_an_article_made_by_hand_is_never_touched(
    folder: Path, directory: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "x.md").write_text(article_file("by-hand", "Autre chose."))
    assert sync(folder, directory) == 1
    assert "x.md: the id 'by-hand' is that of" in capsys.readouterr().out
    assert kept(directory).keys() == {"un", "deux", "trois"}
    (folder / "x.md").unlink()
    assert sync(folder, directory) == 0
    assert kept(directory).keys() == {"un", "deux", "trois"}


def test_one_that_is_named_otherwise_than_its_file_is_not_either(folder: Path, directory: Path) -> None:
    deeper = directory / "2011"
    deeper.mkdir()
    hand = {deeper / "a.md": article_file("un"), directory / "deux.md": article_file("b"), deeper / "bad.md": "nothing"}
    for path, content in hand.items():
        path.write_text(content)
    assert sync(folder, directory) == 1
    assert {path: path.read_text() for path in hand} == hand
    assert not (directory / "un.md").exists()
    assert read_article(directory / "trois.md").id == "trois"


def test_one_of_another_source_is_not_either(folder: Path, directory: Path, tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.mkdir()
    (other / "un.html").write_text(page("un", text("ailleurs")))
    assert sync(folder, directory) == 0
    assert sync(other, directory) == 1
    assert kept(directory)["un"].body == text("un")
    shutil.rmtree(other)
    other.mkdir()
    assert sync(other, directory) == 0
    assert kept(directory).keys() == {"un", "deux", "trois"}


def edit_by_hand(file: Path) -> str:
    edited = file.read_text().replace("trois millions", "quatre millions")
    file.write_text(edited)
    return edited


def test_one_that_was_edited_by_hand_is_not_overwritten(
    folder: Path, directory: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert sync(folder, directory) == 0
    edited = edit_by_hand(directory / "un.md")
    assert sync(folder, directory) == 0  # the source has not changed
    (folder / "un.html").write_text(page("un", text("Munich")))
    assert sync(folder, directory) == 1
    assert "un.md: edited by hand since the last sync, and not overwritten" in capsys.readouterr().out
    assert (directory / "un.md").read_text() == edited
    (directory / "un.md").unlink()
    assert sync(folder, directory) == 0
    assert kept(directory)["un"].body == text("Munich")


def test_one_that_was_edited_by_hand_is_not_removed(
    folder: Path, directory: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert sync(folder, directory) == 0
    edited = edit_by_hand(directory / "un.md")
    (folder / "un.html").unlink()
    assert sync(folder, directory) == 1
    assert "un.md: edited by hand since the last sync, and kept" in capsys.readouterr().out
    assert (directory / "un.md").read_text() == edited
    assert sync(folder, directory) == 0  # said once: it is a file made by hand now


def move(directory: Path) -> Path:
    """`un.md` to a folder of its own, as an editor tidies up."""
    (directory / "2012").mkdir()
    return (directory / "un.md").rename(directory / "2012" / "un.md")


@pytest.mark.parametrize("changed", [True, False])
def test_one_that_was_moved_is_kept_in_step_where_it_lies(
    folder: Path, directory: Path, changed: bool, capsys: pytest.CaptureFixture[str]
) -> None:
    assert sync(folder, directory) == 0
    moved = move(directory)
    if changed:
        (folder / "un.html").write_text(page("un", text("Munich")))
    capsys.readouterr()
    assert sync(folder, directory) == 0
    assert counts(capsys.readouterr().out) == ({"changed": 1} if changed else {})
    assert kept(directory).keys() == {"un", "deux", "trois"}
    assert read_article(moved).body == text("Munich" if changed else "un") and not (directory / "un.md").exists()
    assert sync(folder, directory) == 0
    assert capsys.readouterr().out == "folder\nnothing new: 3 unchanged\n"
    (folder / "un.html").unlink()
    assert sync(folder, directory) == 0
    assert kept(directory).keys() == {"deux", "trois"}


def test_one_that_was_moved_and_is_withdrawn_goes(folder: Path, directory: Path) -> None:
    assert sync(folder, directory) == 0
    move(directory)
    (folder / "un.html").unlink()
    assert sync(folder, directory) == 0
    assert kept(directory).keys() == {"deux", "trois"}


def test_one_that_was_moved_and_edited_is_neither_overwritten_nor_removed(
    folder: Path, directory: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert sync(folder, directory) == 0
    moved = move(directory)
    edited = edit_by_hand(moved)
    assert sync(folder, directory) == 1
    assert f"{moved}: edited by hand since the last sync, and not overwritten" in capsys.readouterr().out
    (folder / "un.html").unlink()
    assert sync(folder, directory) == 1
    assert f"{moved}: edited by hand since the last sync, and kept" in capsys.readouterr().out
    assert moved.read_text() == edited and not (directory / "un.md").exists()
    assert kept(directory).keys() == {"un", "deux", "trois"}


def test_a_site_is_one_source_with_and_without_its_slash(tmp_path: Path) -> None:
    assert source_name("https://site.example") == source_name("https://site.example/") == "https://site.example/"
    assert source_name("https://site.example?feed=rss") == "https://site.example?feed=rss"
    item = Item("k", article_id="a", path="a.md")
    with open_ledger(tmp_path, "https://site.example") as ledger:  # as it was once remembered
        ledger.begin("feed")
        ledger.put(item)
    with open_ledger(tmp_path, "https://site.example/") as ledger:
        assert (ledger.kind, ledger.items()) == ("feed", {"k": item})
    with open_ledger(tmp_path, "https://site.example/feed/") as ledger:
        ledger.begin("feed")
    with open_ledger(tmp_path, "https://site.example/feed") as ledger:  # another address, maybe another feed
        assert ledger.kind == ""


def test_two_items_that_name_one_id_are_for_people_to_settle(
    folder: Path, directory: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "a.md").write_text(article_file("same", "Le premier."))
    (folder / "b.md").write_text(article_file("same", "Le second."))
    assert sync(folder, directory) == 1
    assert "the id 'same' is another item's already" in capsys.readouterr().out
    assert kept(directory)["same"].body == "Le premier."
    (folder / "a.md").unlink()
    assert sync(folder, directory) == 0  # what was first is removed first
    assert kept(directory)["same"].body == "Le second."


def test_an_id_leads_nowhere_else(folder: Path, directory: Path) -> None:
    class Elsewhere(Folder):
        def read(self, wanted: Sequence[Wanted]) -> Iterator[Taken]:
            for taken in super().read(wanted):
                assert taken.article
                yield dataclasses.replace(taken, article=dataclasses.replace(taken.article, id="../outside"))

    with open_ledger(directory, "a") as ledger:
        summary = bring_in_step(Elsewhere(folder), ledger, directory)
    assert {problem for _, problem in summary.failed} == {"the id '../outside' cannot be the name of a file"}
    assert sorted(path.name for path in directory.parent.iterdir()) == ["articles", "source"]
    assert kept(directory) == {}


def test_a_ledger_that_was_lost_costs_nothing_but_reading_again(folder: Path, directory: Path) -> None:
    assert sync(folder, directory) == 0
    before = written(directory)
    (directory / ".sync.sqlite").unlink()
    assert sync(folder, directory) == 0
    assert written(directory) == before
    (folder / "un.html").unlink()
    assert sync(folder, directory) == 0
    assert kept(directory).keys() == {"deux", "trois"}


def test_a_file_that_is_no_ledger_is_said_to_be_none(
    folder: Path, directory: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (directory / ".sync.sqlite").write_text("This is no database, and it is longer than a header. " * 20)
    for options in ([], ["--dry-run"]):
        assert sync(folder, directory, *options) == 2
        assert ".sync.sqlite: file is not a database; expected what syncs remember." in capsys.readouterr().err
    assert kept(directory) == {}


# An outage empties nothing


def test_most_of_a_source_is_not_removed_unasked(
    folder: Path, directory: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for n in range(9):
        (folder / f"{n}.html").write_text(page(f"Article {n}"))
    assert sync(folder, directory) == 0
    for n in range(5):
        (folder / f"{n}.html").unlink()
    assert sync(folder, directory) == 0  # five are few
    for name in ("un", "deux", "2012/trois", "5"):
        (folder / f"{name}.html").unlink()
    assert sync(folder, directory) == 0  # four are fewer than five
    assert kept(directory).keys() == {"6", "7", "8"}
    for name in ("6", "7", "8"):
        (folder / f"{name}.html").unlink()
    assert sync(folder, directory) == 1
    assert "3 of its 3 articles are gone at once; not removed. If that is meant, pass --remove-all" in (
        capsys.readouterr().out
    )
    assert kept(directory).keys() == {"6", "7", "8"}
    assert sync(folder, directory, "--remove-all") == 0
    assert kept(directory) == {}


def test_a_folder_that_is_missing_removes_nothing(
    folder: Path, directory: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert sync(folder, directory) == 0
    folder.rename(folder.with_name("moved"))
    assert sync(folder, directory) == 2
    assert "no such folder" in capsys.readouterr().err
    assert kept(directory).keys() == {"un", "deux", "trois"}


# Killed in between


@pytest.mark.parametrize("moment", ["before", "after"])
def test_whoever_is_killed_while_writing_knows_the_file_for_its_own(
    folder: Path, directory: Path, moment: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And what the source says by then is taken, not what was half done."""

    def killed(*given: object, **named: object) -> Path:
        if moment == "after":
            write_article(*given, **named)  # type: ignore[arg-type]
        raise SystemExit

    with monkeypatch.context() as patched:
        patched.setattr("corpus.sync.write_article", killed)
        with pytest.raises(SystemExit):
            sync(folder, directory)
    assert len(kept(directory)) == (1 if moment == "after" else 0)
    for name in ("un", "deux", "2012/trois"):
        (folder / f"{name}.html").write_text(page(name, text("Munich")))
    assert sync(folder, directory) == 0
    assert {article.id: article.body for article in kept(directory).values()} == dict.fromkeys(
        ("un", "deux", "trois"), text("Munich")
    )


def test_a_disk_that_is_full_is_a_failure_of_that_article_only(
    folder: Path, directory: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(article: object, *given: object, **named: object) -> Path:
        if getattr(article, "id", "") == "deux":
            raise OSError(28, "No space left on device")
        return write_article(article, *given, **named)  # type: ignore[arg-type]

    with monkeypatch.context() as patched:
        patched.setattr("corpus.sync.write_article", full)
        assert sync(folder, directory) == 1
    assert "deux.html: [Errno 28] No space left on device" in capsys.readouterr().out
    assert kept(directory).keys() == {"un", "trois"}
    assert sync(folder, directory) == 0
    assert kept(directory).keys() == {"un", "deux", "trois"}


def test_a_run_that_did_not_end_is_gone_on_with_for_a_day(tmp_path: Path) -> None:
    with open_ledger(tmp_path, "a") as ledger:
        run = ledger.begin("feed")
        assert ledger.begin("feed") == run
        ledger.finish({"etag": "1"})
        assert (ledger.kind, ledger.memory) == ("feed", {"etag": "1"})
        assert ledger.begin("feed") != run
        ledger._database.execute("UPDATE sources SET run = '2011-06-21T08:00:00+00:00'")
        assert ledger.begin("feed") > "2026"


def test_sources_know_of_each_others_articles_only(tmp_path: Path) -> None:
    with open_ledger(tmp_path, "a") as ledger:
        ledger.put(Item("1", article_id="un", path="un.md"))
    with open_ledger(tmp_path, "b") as ledger:
        assert (ledger.items(), ledger.owners(), ledger.kind, ledger.memory) == ({}, {"un": "un.md"}, "", {})
        ledger.drop("1")
    with open_ledger(tmp_path, "a") as ledger:
        assert ledger.items() == {"1": Item("1", article_id="un", path="un.md")}


def test_one_sync_at_a_time(tmp_path: Path) -> None:
    with (
        open_ledger(tmp_path, "a"),
        pytest.raises(SourceError, match="another sync is at work"),
        open_ledger(tmp_path, "b"),
    ):
        pass


# The command


def test_a_bar_shows_rate_and_time_left(folder: Path, directory: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with open_ledger(directory, "a") as ledger:
        bring_in_step(Folder(folder), ledger, directory, progress=True)
    assert re.search(r"reading: 100%.*3/3 \[\d+:\d+<\d+:\d+, .*(page/s|s/page)\]", capsys.readouterr().err)


def test_the_summary_names_what_was_done() -> None:
    summary = Summary(
        added=["a", "b"],
        changed=[str(n) for n in range(11)],
        unchanged=7,
        failed=[("http://a/", "answers 500")],
        resumed=3,
    )
    assert report(summary, "feed") == (
        "feed\n"
        "went on after 3 that were done before\n"
        "added         2  a, b\n"
        "changed      11\n"
        "removed       0\n"
        "unchanged     7\n"
        "failed        1\n"
        "  http://a/: answers 500"
    )


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (["--delay", "-1"], "invalid _seconds value"),
        (["--delay", "nan"], "invalid _seconds value"),
        (["--max-bytes", "0"], "invalid positive value"),
        (["--kind", "rss"], "invalid choice"),
    ],
)
def test_options_that_cannot_be_used(
    folder: Path, directory: Path, options: list[str], told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        main(["sync", str(folder), "--articles", str(directory), *options])
    assert told in capsys.readouterr().err


@pytest.mark.parametrize(
    "source", ["http://", "http://[::1", "https://xn--/", "ftp://a.example/", "file:///etc/passwd"]
)
def test_addresses_that_cannot_be_asked(directory: Path, source: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert sync(source, directory) == 2
    assert capsys.readouterr().err.startswith(f"error: {source}: is no address of the web")


def test_a_host_that_cannot_be_listed(folder: Path, directory: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert sync(folder, directory, "--allow", "http://intranet/") == 2
    assert "cannot allow 'http://intranet/'" in capsys.readouterr().err


def test_keys_of_a_folder_are_the_same_wherever_it_is_asked_from(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folder)
    assert Folder(Path()).survey({}).stamps.keys() == Folder(folder).survey({}).stamps.keys()
    assert "2012/trois.html" in Folder(folder).survey({}).stamps

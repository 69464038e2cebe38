"""Thumbs: kept with the server's own answer, forgotten in time, never half-written, turned into question lines."""

from __future__ import annotations

import asyncio
import contextlib
import json
import multiprocessing
import sqlite3
import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from answer.feedback import MAX_COMMENT, Feedback
from errors import StorageError
from eval.__main__ import main
from eval.questions import read_questions
from tests.public import CLUSTERS, a_citation, an_answer, an_article
from web import serving

ANSWER = an_answer(a_citation(an_article(), CLUSTERS, "91"), text="The bulletin says: 91.")


def test_a_thumb_comes_back_with_its_answer(tmp_path: Path) -> None:
    feedback = Feedback(tmp_path / "new" / "f.sqlite", days=90)
    number = feedback.add("down", ANSWER, ["Combien ?"], "x" * 5000)
    feedback.add("up", ANSWER)
    down, up = feedback.entries()
    assert (down.id, down.verdict, down.turns, down.comment) == (number, "down", ("Combien ?",), "x" * MAX_COMMENT)
    assert down.answer == ANSWER.to_json()
    assert (up.verdict, up.turns, up.comment) == ("up", (), "")


def test_a_comment_may_follow_and_holds_what_a_file_can(tmp_path: Path) -> None:
    feedback = Feedback(tmp_path / "f.sqlite", days=90)
    feedback.comment(feedback.add("down", ANSWER), "half \ud800 a character'; DROP TABLE feedback; --")
    assert feedback.entries()[0].comment == "half  a character'; DROP TABLE feedback; --"


def test_what_is_too_old_is_forgotten(tmp_path: Path) -> None:
    path = tmp_path / "f.sqlite"
    feedback = Feedback(path, days=30)
    for _ in range(3):
        feedback.add("down", ANSWER)
    with sqlite3.connect(path) as database:
        database.execute("UPDATE feedback SET at = '2020-01-01T00:00:00+00:00' WHERE id = 1")
        database.execute("UPDATE feedback SET at = date('now', '-29 days') WHERE id = 2")
    database.close()
    feedback.add("up", ANSWER)
    assert [entry.id for entry in feedback.entries()] == [2, 3, 4]
    assert [entry.id for entry in Feedback(path).entries()] == [2, 3, 4]
    assert [entry.id for entry in Feedback(path, days=7).entries()] == [3, 4]


def test_the_latest_questions_are_kept_and_no_more_thumbs_than_a_disk_bears(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    feedback = Feedback(tmp_path / "f.sqlite", days=30)
    monkeypatch.setattr("answer.feedback.MAX_THUMBS", 2)
    for _ in range(2):
        feedback.add("up", ANSWER, [*"abc", "x" * 5000])
    with pytest.raises(StorageError, match="holds 2 thumbs"):
        feedback.add("up", ANSWER)
    assert [entry.turns for entry in feedback.entries()] == [("b", "c", "x" * MAX_COMMENT)] * 2


def test_what_is_too_old_goes_though_nobody_says_anything_more(tmp_path: Path) -> None:
    path = tmp_path / "f.sqlite"
    feedback = Feedback(path, days=30)
    feedback.add("up", ANSWER)
    with contextlib.closing(sqlite3.connect(path)) as database, database:
        database.execute("UPDATE feedback SET at = '2020-01-01T00:00:00+00:00'")
    feedback.forget()
    assert Feedback(path).entries() == []


def test_a_server_forgets_in_time_and_goes_on_after_a_failure(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "f.sqlite"
    feedback = Feedback(path, days=30)
    feedback.add("up", ANSWER)

    async def serve() -> None:
        with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as other:
            other.execute("UPDATE feedback SET at = '2020-01-01T00:00:00+00:00'")
            other.execute("BEGIN EXCLUSIVE")
            forgetting = asyncio.create_task(serving._forget_in_time(feedback))
            while "could not be deleted" not in caplog.text:
                await asyncio.sleep(0.01)
            other.execute("COMMIT")
            while other.execute("SELECT count(*) FROM feedback").fetchone()[0]:
                await asyncio.sleep(0.01)
        forgetting.cancel()

    monkeypatch.setattr(serving, "FORGET_EVERY_S", 0.01)
    monkeypatch.setattr("answer.feedback._WAIT_S", 0.1)
    with ThreadPoolExecutor(1) as pool:  # Playwright has a loop in this thread, where other tests have used it
        pool.submit(lambda: asyncio.run(asyncio.wait_for(serve(), 60))).result()


def test_who_only_reads_deletes_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "f.sqlite"
    Feedback(path, days=3650).add("down", ANSWER)
    with contextlib.closing(sqlite3.connect(path)) as database, database:
        database.execute("UPDATE feedback SET at = '2020-01-01T00:00:00+00:00'")
    monkeypatch.setenv("BULLETIN_FEEDBACK_DAYS", "0")
    for _ in range(2):
        assert main(["from-feedback", "--feedback", str(path)]) == 0
        assert len(capsys.readouterr().out.splitlines()) == 1


def _add(path: Path) -> None:
    for _ in range(20):
        Feedback(path, days=90).add("up", ANSWER)


def test_two_processes_may_write_at_once(tmp_path: Path) -> None:
    processes = [multiprocessing.get_context("spawn").Process(target=_add, args=(tmp_path / "f",)) for _ in range(2)]
    for process in processes:
        process.start()
    for process in processes:
        process.join()
    assert len(Feedback(tmp_path / "f", days=90).entries()) == 40


def test_a_file_that_is_no_database_is_named_and_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "f.sqlite"
    path.write_text("something else entirely, for long enough " * 50)
    with pytest.raises(StorageError, match=r"f\.sqlite \(file is not a database\)"):
        Feedback(path, days=90)
    assert path.read_text().startswith("something else")


def test_a_full_disk_is_said_and_what_was_kept_stays(tmp_path: Path) -> None:
    disk = tmp_path / "disk"
    disk.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", str(disk)], capture_output=True)
    if mounted.returncode:
        pytest.skip("a small disk cannot be mounted here (not root)")
    try:
        feedback = Feedback(disk / "f.sqlite", days=90)
        kept = 0
        with pytest.raises(StorageError, match="f.sqlite"):
            for _ in range(200):
                feedback.add("up", ANSWER, comment="y" * 900)
                kept += 1
        assert kept > 5
        assert len(Feedback(disk / "f.sqlite", days=90).entries()) == kept
    finally:
        subprocess.run(["umount", str(disk)], check=True)


def test_thumbs_down_become_lines_of_a_question_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    feedback = Feedback(tmp_path / "f.sqlite", days=90)
    for comment in ("91, not 200", "", "91, not 200", "wrong year"):
        feedback.add("down", ANSWER, ["before"], comment)
    feedback.add("up", ANSWER)
    out = tmp_path / "questions.jsonl"
    assert main(["from-feedback", "--feedback", str(tmp_path / "f.sqlite"), "--out", str(out)]) == 0
    assert "1 questions" in capsys.readouterr().out
    (line,) = map(json.loads, out.read_text("utf-8").splitlines())
    assert (line["comment"], line["times"], line["said"]) == ("91, not 200 / wrong year", 4, "The bulletin says: 91.")
    (case,) = read_questions(out)
    assert (case.id, case.question, case.turns, case.articles) == ("feedback-1", "q", ("before",), ("a",))
    assert not case.scorable

    assert main(["from-feedback", "--feedback", str(tmp_path / "f.sqlite"), "--out", str(out)]) == 2
    assert "exists" in capsys.readouterr().err
    assert main(["from-feedback", "--feedback", str(tmp_path / "f.sqlite")]) == 0
    assert json.loads(capsys.readouterr().out) == line


def test_no_feedback_yet_is_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["from-feedback", "--feedback", str(tmp_path / "none")]) == 2
    assert "nobody has given a thumb yet" in capsys.readouterr().err
    assert not (tmp_path / "none").exists()

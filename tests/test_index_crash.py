"""Whoever builds, publishes or goes back may die anywhere, run out of room, find the disk read-only, or meet another:
in processes of their own, with real kills, limits and file systems. What is served next is whole, old or new."""

from __future__ import annotations

import errno
import json
import os
import random
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from errors import BuildRefused, IndexUnavailable
from index.versions.build import build
from index.versions.publish import roll_back
from index.versions.store import live_name, open_index, verify, version_names
from records import Article, Encoding
from settings import ROOT
from tests.test_index_fake_encoder import WordEncoder

OLD = [Article("a", "T", "fr", "Une phrase.\n\n" + "\n\n".join(f"[{n}] Une note." for n in range(1, 7)))]
"""Passages enough that NEW links the segment they are in."""
NEW = [*OLD, Article("b", "T", "fr", "Une autre phrase.\n\nSources :\n– BMWi")]


class WaitingEncoder(WordEncoder):
    """Says that it has begun, and goes on when it is told to."""

    def encode_passages(self, texts: Sequence[str], contexts: Sequence[str]) -> list[Encoding]:
        print("encoding", flush=True)
        sys.stdin.readline()
        return super().encode_passages(texts, contexts)


def python(code: str, *, within: Sequence[str] = ()) -> subprocess.Popen[str]:
    """A Python of its own, with one thread, that runs `code` with the names of this module; `within`: a command that
    runs it."""
    return subprocess.Popen(
        [*within, sys.executable, "-c", f"from tests.test_index_crash import *\n{code}"],
        cwd=ROOT,
        env={**os.environ, "OMP_NUM_THREADS": "1", "PYTHONPATH": str(ROOT)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def result(process: subprocess.Popen[str], given: str = "") -> str:
    output, errors = process.communicate(given, timeout=100)
    assert process.returncode == 0, errors
    return output


# What the processes of their own do


def _forked(task: Callable[[], object]) -> int:
    """The number of a forked process whose exit status is 0, or an OSError's number."""
    child = os.fork()
    if child == 0:
        status = 1
        try:
            task()
            status = 0
        except OSError as error:
            status = error.errno or 1
        finally:
            os._exit(status)
    return child


def _status(child: int) -> int:
    """Its exit status, or minus the signal that killed it."""
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def _in_fork(directory: Path, articles: Sequence[Article], before: Callable[[], object] = lambda: None) -> int:
    return _status(_forked(lambda: (before(), build(articles, WordEncoder(), directory))))


def _kill_before_step(directory: Path, step: int) -> None:
    """Die by SIGKILL right before this process's `step`-th change of a file or folder in `directory`."""
    seen = 0

    def watch(event: str, arguments: tuple[Any, ...]) -> None:
        nonlocal seen
        changes = event in ("os.mkdir", "os.rename", "os.remove", "os.rmdir", "os.link", "shutil.rmtree")
        writes = event == "open" and isinstance(arguments[1], str) and arguments[1][:1] in ("w", "x", "a")
        if (changes or writes) and str(arguments[0]).startswith(str(directory)):
            seen += 1
            if seen == step:
                os.kill(os.getpid(), signal.SIGKILL)

    sys.addaudithook(watch)


def _survey(directory: Path, status: int) -> dict[str, Any]:
    """What an index is like after a build in it ended, and after the next one."""
    opened = sorted(open_index(directory).articles)
    again = _in_fork(directory, NEW)
    after = open_index(directory)
    names = sorted(path.name for path in directory.iterdir())
    known = [".lock", "CURRENT", *(directory / "CURRENT").read_text().split()]
    return {
        "status": status,
        "opened": opened,
        "again": again,
        "after": sorted(after.articles),
        "live": after.version == (directory / "CURRENT").read_text().split()[0],
        "junk": sorted(set(names) - set(known)),
    }


def kill_at_every_step() -> None:
    """Prints one survey a step, until a build comes through alive."""
    surveys: list[dict[str, Any]] = []
    with tempfile.TemporaryDirectory() as folder:
        base = Path(folder, "base")
        _in_fork(base, OLD)
        while not surveys or surveys[-1]["status"]:
            directory = Path(folder, str(len(surveys)))
            shutil.copytree(base, directory, copy_function=shutil.copy2)
            step = len(surveys) + 1
            status = _in_fork(directory, NEW, lambda: _kill_before_step(directory, step))  # noqa: B023
            surveys.append(_survey(directory, status))
    print(json.dumps(surveys))


def limit_every_file() -> None:
    """Prints one survey for each limit on the size of a file; a write beyond it fails as on a full disk."""
    surveys: list[dict[str, Any]] = []
    with tempfile.TemporaryDirectory() as folder:
        base = Path(folder, "base")
        _in_fork(base, OLD)
        for size in (0, 1, 64, 200, 500, 1000, 2000, 3000, 4000, 5000, 6000, 1_000_000):
            directory = Path(folder, str(size))
            shutil.copytree(base, directory, copy_function=shutil.copy2)
            before = sorted(str(path) for path in directory.rglob("*"))
            status = _in_fork(directory, NEW, lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (size, size)))  # noqa: B023
            left = status != 0 and sorted(str(path) for path in directory.rglob("*")) != before
            surveys.append({**_survey(directory, status), "left": left, "size": size})
    print(json.dumps(surveys))


def kill_at_random_moments(most: int, folder: str) -> None:
    """Prints a survey for each of `most` killed first builds, as many publications, as many goings back."""
    tasks: dict[str, tuple[Sequence[Sequence[Article]], Callable[[Path], object]]] = {
        "first": ([], lambda directory: build(NEW, WordEncoder(), directory)),
        "publish": ([OLD], lambda directory: build(NEW, WordEncoder(), directory)),
        "rollback": ([OLD, NEW], lambda directory: roll_back(directory, "words")),
    }
    surveys = []
    for name, (editions, task) in tasks.items():
        base = Path(folder, name)
        base.mkdir()
        for articles in editions:
            _in_fork(base, articles)  # never here: what builds has threads, and a process with threads is not to fork
        took, killed, chance = 1.0, 0, random.Random(name)
        while killed < most:
            directory = Path(folder, "killed")
            shutil.copytree(base, directory, copy_function=shutil.copy2)
            child = _forked(lambda: task(directory))  # noqa: B023
            time.sleep(chance.uniform(0, took))
            os.kill(child, signal.SIGKILL)
            if _status(child) == -signal.SIGKILL:
                killed += 1
                surveys.append({"task": name, **_after_a_kill(directory)})
            else:
                took *= 0.8  # it was through before: soon this is what it takes
            shutil.rmtree(directory)
    print(json.dumps(surveys))


def _after_a_kill(directory: Path) -> dict[str, Any]:
    """What is served, whether it is what CURRENT says and whole, and whether the next publication comes through."""
    try:
        opened = open_index(directory)
        served, live = "".join(sorted(opened.articles)), live_name(directory) in ("", opened.version)
    except IndexUnavailable as error:
        served, live = str(error), not version_names(directory)
    again = _in_fork(directory, NEW)
    for version in version_names(directory):
        verify(directory / version)
    left = {path.name for path in directory.iterdir()} - {".lock", "CURRENT", *version_names(directory)}
    return {
        "served": served,
        "live": live and again == 0,
        "next": sorted(open_index(directory).articles),
        "left": sorted(left),
    }


def fill_a_disk(folder: str) -> None:
    """Prints a survey for each room left on a file system of its own, and what a read-only one lets be done."""
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", folder], check=True)
    directory, ballast = Path(folder, "index"), Path(folder, "ballast")
    surveys: list[dict[str, Any]] = []
    for room in range(0, 200_000, 8192):
        shutil.rmtree(directory, ignore_errors=True)
        build(OLD, WordEncoder(), directory)
        before = sorted(map(str, directory.rglob("*")))
        disk = os.statvfs(folder)
        ballast.write_bytes(bytes(max(0, disk.f_bavail * disk.f_frsize - room)))
        status = _in_fork(directory, NEW)
        left = status != 0 and sorted(map(str, directory.rglob("*"))) != before
        opened = sorted(open_index(directory).articles)
        ballast.unlink()
        surveys.append(
            {"room": room, "status": status, "left": left, "opened": opened, "again": _in_fork(directory, NEW)}
        )
    subprocess.run(["mount", "-o", "remount,ro", folder], check=True)
    tasks = (lambda: build(OLD, WordEncoder(), directory), lambda: roll_back(directory, "words"))
    read_only = [_status(_forked(task)) for task in tasks]
    print(json.dumps({"surveys": surveys, "read_only": read_only, "opened": sorted(open_index(directory).articles)}))


# The tests


def test_a_build_killed_at_any_step_leaves_an_index_that_opens_and_builds() -> None:
    *killed, alive = json.loads(result(python("kill_at_every_step()")))
    assert len(killed) > 15
    assert {survey["status"] for survey in killed} == {-signal.SIGKILL}
    assert [survey for survey in killed if survey["opened"] not in (["a"], ["a", "b"])] == []
    # Before the pointer is renamed the old version is live; afterwards the new one.
    assert [survey["opened"] for survey in killed] == sorted(survey["opened"] for survey in killed)
    for survey in [*killed, alive]:
        rest = {key: survey[key] for key in ("again", "after", "live", "junk")}
        assert rest == {"again": 0, "after": ["a", "b"], "live": True, "junk": []}


def test_two_hundred_and_ten_kills_at_random_moments_leave_the_old_or_the_new_whole(tmp_path: Path) -> None:
    memory = Path("/dev/shm")  # what a killed process wrote stays, wherever it wrote; a disk only takes longer
    with tempfile.TemporaryDirectory(dir=memory if memory.is_dir() else tmp_path) as folder:
        surveys = json.loads(result(python(f"kill_at_random_moments(70, {folder!r})")))
    assert len(surveys) == 210
    for survey in surveys:
        nothing = survey["task"] == "first" and survey["served"].startswith("No index in")
        assert nothing or survey["served"] in ("a", "ab"), survey
        assert survey["live"], survey
        assert (survey["next"], survey["left"]) == (["a", "b"], []), survey


NAMESPACE = ("unshare", "--user", "--map-root-user", "--mount")


@pytest.mark.skipif(
    subprocess.run([*NAMESPACE, "true"], capture_output=True).returncode != 0,
    reason="this kernel lets nobody mount a file system of their own",
)
def test_a_full_disk_and_a_read_only_one_leave_the_old_or_the_new_whole(tmp_path: Path) -> None:
    told = json.loads(result(python(f"fill_a_disk({str(tmp_path)!r})", within=NAMESPACE)))
    full = [survey for survey in told["surveys"] if survey["status"]]
    assert len(full) > 5 and len(full) < len(told["surveys"])
    assert {survey["status"] for survey in full} == {errno.ENOSPC}
    assert [survey for survey in full if survey["left"] or survey["opened"] != ["a"]] == []
    assert [survey for survey in told["surveys"] if survey["again"]] == []
    assert told["read_only"] == [errno.EROFS, errno.EROFS]
    assert told["opened"] == ["a", "b"]


def test_a_build_without_room_leaves_the_live_version_and_nothing_else() -> None:
    surveys = json.loads(result(python("limit_every_file()")))
    assert [survey["size"] for survey in surveys if survey["status"] not in (0, errno.EFBIG)] == []
    failed = [survey for survey in surveys if survey["status"]]
    assert len(failed) > 3
    assert not surveys[-1]["status"]
    assert [survey["opened"] for survey in failed] == [["a"]] * len(failed)
    assert [survey["size"] for survey in failed if survey["left"]] == []
    assert [survey for survey in surveys if survey["junk"] or survey["again"] or survey["after"] != ["a", "b"]] == []


def test_of_two_builders_in_two_processes_one_works_and_the_other_is_refused(tmp_path: Path) -> None:
    build(OLD, WordEncoder(), tmp_path)
    first = python(f"print(build(NEW, WaitingEncoder(), Path({str(tmp_path)!r})).version)")
    assert first.stdout
    assert first.stdout.readline() == "encoding\n"
    with pytest.raises(BuildRefused, match=f"Another build is at work in {tmp_path}; wait for it to end"):
        build(NEW, WordEncoder(), tmp_path)
    assert sorted(open_index(tmp_path).articles) == ["a"]
    version = result(first, "\n").strip()
    assert open_index(tmp_path).version == version
    assert not build(NEW, WordEncoder(), tmp_path).changed


def test_a_builder_killed_while_it_encodes_leaves_the_lock_free(tmp_path: Path) -> None:
    build(OLD, WordEncoder(), tmp_path)
    first = python(f"build(NEW, WaitingEncoder(), Path({str(tmp_path)!r}))")
    assert first.stdout
    assert first.stdout.readline() == "encoding\n"
    first.kill()
    first.communicate()
    assert sorted(open_index(tmp_path).articles) == ["a"]
    assert build(NEW, WordEncoder(), tmp_path).changed

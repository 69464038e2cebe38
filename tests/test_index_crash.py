"""Builds that die, run out of room or meet each other: in processes of their own, with real kills and real limits."""

from __future__ import annotations

import json
import os
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from errors import BuildRefused
from index.build import build
from index.store import open_index
from records import Article, Encoding
from settings import ROOT
from tests.test_index_fake_encoder import WordEncoder

OLD = [Article("a", "T", "fr", "Une phrase.")]
NEW = [*OLD, Article("b", "T", "fr", "Une autre phrase.\n\nSources :\n– BMWi")]


class WaitingEncoder(WordEncoder):
    """Says that it has begun, and goes on when it is told to."""

    def encode_passages(self, texts: Sequence[str], contexts: Sequence[str]) -> list[Encoding]:
        print("encoding", flush=True)
        sys.stdin.readline()
        return super().encode_passages(texts, contexts)


def python(code: str) -> subprocess.Popen[str]:
    """A Python of its own, with one thread, that runs `code` with the names of this module."""
    return subprocess.Popen(
        [sys.executable, "-c", f"from tests.test_index_crash import *\n{code}"],
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


def _in_fork(directory: Path, articles: Sequence[Article], before: Callable[[], object] = lambda: None) -> int:
    """Exit status of a forked process that builds: 0 built, 28 an OSError, minus the signal that killed it."""
    child = os.fork()
    if child == 0:
        status = 1
        try:
            before()
            build(articles, WordEncoder(), directory)
            status = 0
        except OSError:
            status = 28
        finally:
            os._exit(status)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def _kill_before_step(directory: Path, step: int) -> None:
    """Die by SIGKILL right before this process's `step`-th change of a file or folder in `directory`."""
    seen = 0

    def watch(event: str, arguments: tuple[Any, ...]) -> None:
        nonlocal seen
        changes = event in ("os.mkdir", "os.rename", "os.remove", "os.rmdir", "shutil.rmtree")
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


def test_a_build_without_room_leaves_the_live_version_and_nothing_else() -> None:
    surveys = json.loads(result(python("limit_every_file()")))
    assert [survey["size"] for survey in surveys if survey["status"] not in (0, 28)] == []
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

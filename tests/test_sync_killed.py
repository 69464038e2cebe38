"""A sync of a thousand pages that is killed again and again goes on where it was, and ends as if it never had been."""

from __future__ import annotations

import collections
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from corpus.articles import read_article
from settings import ROOT
from tests.misbehaving import Misbehaving, misbehaving
from tests.syncing import HAND, kept, page, sitemap, text

PAGES = 1000
BAD = {n for n in range(PAGES) if n % 100 == 7}
"""These cannot be read: half of them are gone, half hold nothing."""
KILLED_AFTER = (1, 310, 620, 985)
WAIT_S = 300


@pytest.fixture(scope="module")
def server() -> Iterator[Misbehaving]:
    with misbehaving() as server:
        for n in range(PAGES):
            if n not in BAD:
                server.page(f"/article-{n}", page(f"Article {n}"))
            elif n % 200 == 7:
                server.page(f"/article-{n}", "")
        server.page("/sitemap.xml", sitemap({f"{server.address}/article-{n}": "" for n in range(PAGES)}))
        yield server


def started(server: Misbehaving, directory: Path) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "corpus", "sync", f"{server.address}/sitemap.xml", "--articles", str(directory)]
    options = ["--allow", "127.0.0.2", "--delay", "0"]
    return subprocess.Popen([*command, *options], cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def kill_after(server: Misbehaving, directory: Path, pages: int) -> None:
    """SIGKILL, which no program can put anything in order at, once so many pages have been asked for."""
    with started(server, directory) as running:
        until = time.monotonic() + WAIT_S
        while len(server.pages()) < pages and running.poll() is None and time.monotonic() < until:
            time.sleep(0.001)
        running.kill()
        running.wait()
    assert running.returncode == -9, running.communicate()


def test_a_thousand_pages(server: Misbehaving, tmp_path: Path) -> None:
    (tmp_path / "by-hand.md").write_text(HAND)
    for pages in KILLED_AFTER:
        kill_after(server, tmp_path, pages)
        for file in sorted(tmp_path.glob("*.md"), key=lambda file: file.stat().st_mtime_ns)[-5:]:
            read_article(file)  # whole, the one that was being written too
    with started(server, tmp_path) as last:
        printed, said = last.communicate(timeout=WAIT_S)
    assert (last.returncode, said) == (1, "")

    asked = collections.Counter(server.pages())
    assert asked.keys() == {f"/article-{n}" for n in range(PAGES)}
    twice = {path for path, times in asked.items() if times > 1}
    assert sum(asked.values()) - PAGES <= len(KILLED_AFTER), twice  # none but those in flight

    articles = kept(tmp_path)
    assert articles.keys() == {f"article-{n}" for n in range(PAGES) if n not in BAD}
    assert all(article.body == text(article.title) for article in articles.values())

    lines = printed.splitlines()
    failed = {line.split(": ")[0].rpartition("/")[2] for line in lines if line.startswith("  http")}
    assert failed == {f"article-{n}" for n in BAD}
    assert any(line.startswith("went on after ") for line in lines)


def test_two_syncs_at_once_do_not_mix(server: Misbehaving, tmp_path: Path) -> None:
    (tmp_path / "by-hand.md").write_text(HAND)
    server.asked = []
    with started(server, tmp_path) as first:
        while not server.pages():
            time.sleep(0.01)
        with started(server, tmp_path) as second:
            _, said = second.communicate(timeout=WAIT_S)
        assert second.returncode == 2
        assert said == f"error: another sync is at work on {tmp_path}; wait for it to end.\n"
        first.kill()
    kept(tmp_path)

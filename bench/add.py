"""How long from an article's file to the first answer of a running server that cites it, among 10,000 passages.

The bulletin is made of public question sets' paragraphs, four an article, again and again in editions whose sentences
stand in another order, until there are enough. A few hundred passages are really encoded; the others' vectors are
sampled around theirs (token rows in another order, the passage's vector with noise): what publishing and serving cost
depends on how many and how long they are. The article that is added goes the way of every article: its file is put
into the folder, `python -m index publish` is run, and `python app.py`, which has been serving, is asked.
"""

from __future__ import annotations

import contextlib
import dataclasses
import json
import os
import random
import re
import resource
import shutil
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from tqdm import tqdm

from app import open_updater
from bench.machines import free_port, resident_bytes
from corpus.articles import read_article
from corpus.write import render
from errors import BulletinError
from index.passages.chunk import chunk
from index.versions.build import PASSAGE_TOKENS, build
from index.versions.store import live_name, open_index
from records import Article, Encoder, Encoding, Lang
from settings import ROOT, Settings
from train.sets import PIAF, SQUAD1, XQUAD, plain_title, read_squad

_SOURCES: tuple[tuple[str, Lang], ...] = ((PIAF, "fr"), (SQUAD1, "en"), (XQUAD.format("de"), "de"))
_PARAGRAPHS = 4
_REAL = 256
_WAIT_S = 120.0
ADDED = ROOT / "corpus" / "articles" / "go-cluster-2014.md"
QUESTION = "how many clusters are in go-cluster?"


class SampledEncoder:
    """Encodes the first `_REAL` passages; gives the others vectors sampled around theirs."""

    def __init__(self, encoder: Encoder) -> None:
        self.id, self.dim, self.count_tokens = encoder.id, encoder.dim, encoder.count_tokens
        self._encoder, self._real, self._chance = encoder, list[Encoding](), np.random.default_rng(0)

    def encode_passages(self, texts: Sequence[str], contexts: Sequence[str]) -> list[Encoding]:
        if len(self._real) < _REAL:
            encoded = self._encoder.encode_passages(texts, contexts)
            self._real += encoded
            return encoded
        return [self._sampled(text) for text in texts]

    def encode_question(self, text: str) -> Encoding:
        return self._encoder.encode_question(text)

    def _sampled(self, text: str) -> Encoding:
        like = self._real[self._chance.integers(len(self._real))]
        order = self._chance.permutation(len(like.tokens))
        vector = like.vector + self._chance.normal(0, 0.02, self.dim).astype(np.float32)
        places = np.linspace(0, len(text), len(order) + 1).astype(np.int32)
        spans = np.stack([places[:-1], places[1:]], axis=1)
        return Encoding(vector / np.linalg.norm(vector), like.tokens[order], spans, like.states[order])


def articles(data: Path, passages: int, encoder: Encoder) -> list[Article]:
    """Articles that are cut into about `passages` passages. Raises BulletinError when `data` does not hold the sets."""
    paragraphs = [
        (plain_title(article["title"]), lang, paragraph["context"])
        for file, lang in _SOURCES
        for article in read_squad(data / file)
        for paragraph in article["paragraphs"]
    ]
    made: list[Article] = []
    count, chance = 0, random.Random(0)
    with tqdm(total=passages, desc="cutting", unit="passage", disable=not sys.stderr.isatty()) as bar:
        while count < passages:
            for start in range(0, len(paragraphs), _PARAGRAPHS):
                article = _article(
                    len(made), paragraphs[start : start + _PARAGRAPHS], chance, shuffled=start < len(made)
                )
                found = len(chunk(article, PASSAGE_TOKENS, encoder.count_tokens))
                made.append(article)
                count += found
                bar.update(found)
                if count >= passages:
                    break
    return made


def _article(
    number: int, paragraphs: Sequence[tuple[str, Lang, str]], chance: random.Random, shuffled: bool
) -> Article:
    title, lang, _ = paragraphs[0]
    bodies = []
    for _, _, text in paragraphs:
        sentences = re.split(r"(?<=[.!?])\s+", text.strip())
        if shuffled:
            chance.shuffle(sentences)
        bodies.append(" ".join(sentences))
    return Article(f"made-{number:05}", f"{title} ({number})", lang, "\n\n".join(bodies))


def prepare(data: Path, out: Path, passages: int, settings: Settings) -> Settings:
    """A bulletin and its index under `out`, made once. Raises BulletinError."""
    made = dataclasses.replace(settings, articles=out / "articles", index=out / "index")
    encoder = open_updater(settings)
    with contextlib.suppress(BulletinError):
        open_index(made.index, encoder.id)
        return made
    shutil.rmtree(out, ignore_errors=True)
    made.articles.mkdir(parents=True)
    bulletin = articles(data, passages, encoder)
    for article in bulletin:
        (made.articles / f"{article.id}.md").write_text(render(article), "utf-8")
    read = [read_article(path) for path in sorted(made.articles.glob("*.md"))]
    build(read, SampledEncoder(encoder), made.index, progress=sys.stderr.isatty())
    return made


@dataclasses.dataclass(frozen=True, slots=True)
class Added:
    """Seconds from the article's file being there; bytes written into the index."""

    published: float
    taken: float
    answered: float
    processor: float
    """Seconds of the processor that publishing took."""
    written: int
    resident: tuple[int, int]
    """Bytes of the server's memory, before the new version and after it was first asked."""
    said: str


def add(made: Settings) -> Added:
    """Add the article to a copy of the bulletin, under a server of its own. Raises BulletinError."""
    with TemporaryDirectory(dir=made.index.parent) as folder:
        copy = dataclasses.replace(made, articles=Path(folder, "articles"), index=Path(folder, "index"))
        shutil.copytree(made.articles, copy.articles)
        shutil.copytree(made.index, copy.index, copy_function=os.link)  # nothing in there is ever changed
        os.sync()  # what was copied is not to be waited for later
        before = live_name(copy.index)
        with _server(copy) as (address, process):
            resident = resident_bytes(process)
            start = time.perf_counter()
            shutil.copy(ADDED, copy.articles)
            publishing = _command("-m", "index", "publish", "--articles", copy.articles, "--index", copy.index)
            said, processor = _ended(publishing)
            published = time.perf_counter() - start
            if publishing.returncode:
                raise BulletinError(f"Publishing failed: {said}")
            _until(
                lambda: f'version="{before}"' not in _get(f"{address}/metrics"), "the server to take the new version"
            )
            taken = time.perf_counter() - start
            _require_cited(address)
            answered = time.perf_counter() - start
            return Added(
                published,
                taken,
                answered,
                processor,
                _written(copy.index, before),
                (resident, resident_bytes(process)),
                said,
            )


def measure(made: Settings, rounds: int) -> str:
    """A Markdown table of `rounds` additions, each to a fresh copy."""
    rows = [
        f"| {number} | {each.published:.1f} | {each.taken:.1f} | {each.answered:.1f} | {each.processor:.1f} |"
        f" {each.written / 1e6:.1f} | {each.resident[0] / 1e6:.0f} → {each.resident[1] / 1e6:.0f} | {_encoded(each)} |"
        for number, each in enumerate((add(made) for _ in range(rounds)), 1)
    ]
    index = open_index(made.index)
    size = sum(path.stat().st_size for path in (made.index / index.version).rglob("*") if path.is_file())
    return "\n".join(
        [
            f"{len(index.articles)} articles, {len(index.passages)} passages, {size / 1e6:.0f} MB;"
            f" load {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores.",
            "",
            "| round | published, s | taken by the server, s | first answer citing it, s |"
            " of the processor to publish, s | written, MB | the server's memory, MB | passages encoded |",
            "| --- | --- | --- | --- | --- | --- | --- | --- |",
            *rows,
        ]
    )


def _encoded(added: Added) -> str:
    found = re.search(r"\((\d+) encoded", added.said)
    return found[1] if found else added.said


def _command(*arguments: str | Path, **environment: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, *map(str, arguments)], cwd=ROOT, env={**os.environ, **environment},
        stdout=subprocess.PIPE, text=True,
    )  # fmt: skip


def _ended(process: subprocess.Popen[str]) -> tuple[str, float]:
    """What it printed, and the seconds of the processor it took."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    said = process.communicate()[0].strip()
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return said, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


@contextlib.contextmanager
def _server(settings: Settings) -> Iterator[tuple[str, int]]:
    """Its address and the number of its process."""
    port = free_port()
    server = _command(
        "app.py", "--index", settings.index, "--port", str(port), BULLETIN_FEEDBACK_DAYS="0", BULLETIN_RATE="99/second"
    )
    try:
        address = f"http://127.0.0.1:{port}"
        _until(lambda: bool(_get(f"{address}/healthz")), "the server to start")
        _ask(address)  # what is loaded at the first question is loaded
        yield address, server.pid
    finally:
        server.terminate()
        server.communicate()


def _until(done: Callable[[], bool], what: str) -> None:
    deadline = time.monotonic() + _WAIT_S
    while not done():
        if time.monotonic() > deadline:
            raise BulletinError(f"Waited {_WAIT_S:.0f} s for {what}.")
        time.sleep(0.05)


def _get(address: str) -> str:
    with contextlib.suppress(OSError), urllib.request.urlopen(address, timeout=10) as reply:
        return str(reply.read().decode())
    return ""


def _ask(address: str) -> list[str]:
    """The ids of the articles that are cited."""
    body = json.dumps({"question": QUESTION}).encode()
    request = urllib.request.Request(f"{address}/api/ask", body, {"content-type": "application/json"})
    with urllib.request.urlopen(request, timeout=60) as reply:
        return [citation["article_id"] for citation in json.loads(reply.read())["citations"]]


def _require_cited(address: str) -> None:
    added = read_article(ADDED).id
    if added not in (cited := _ask(address)):
        raise BulletinError(f"The first answer cites {cited or 'nothing'}, not {added}.")


def _written(index: Path, before: str) -> int:
    """Bytes of the live version's files that the version before does not share."""
    shared = {path.stat().st_ino for path in (index / before).rglob("*")}
    files = [path for path in (index / live_name(index)).rglob("*") if path.is_file()]
    return sum(path.stat().st_size for path in files if path.stat().st_ino not in shared)

"""Past one machine, as far as one machine can show: the two vector stores side by side, and one server or two.

Milvus Lite stands in for a cluster: the same client and protocol over TCP, but a single process in Python. Its times
say what a round trip and our own side of it cost, not how fast a cluster is. Two servers on two cores cannot give twice
the answers of one; what shows is what nginx and a second process cost.
"""

from __future__ import annotations

import itertools
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from tqdm import tqdm

from bench.machines import AppServer, LiteServer, Nginx, a_cluster, post
from bench.peer_rounds import machine
from index.milvus.publish import publish_to_milvus
from index.milvus.store import MilvusStore, connect
from index.search import CANDIDATES
from index.stores.lexical import question_stems
from index.versions.store import Index
from records import LANGS, VectorStore
from settings import Settings

ASKED = 200
CLIENTS = 8
_WORDS = 8
"""Of a question."""
Calls = Mapping[str, Callable[[VectorStore, int], object]]


def stores(index: Index, uri: str = "") -> str:
    """A Markdown table: milliseconds of each call that a question makes, at both stores, and what the copy costs; in
    the cluster at `uri`, else in a Milvus Lite of its own.

    Asked are the vectors and first words of ASKED passages from all over the index.
    """
    if uri:
        return _stores(index, uri, lambda: "")
    with tempfile.TemporaryDirectory() as name, a_cluster(Path(name)) as cluster:
        return _stores(index, cluster.uri, lambda: _held(Path(name), cluster))


def _stores(index: Index, uri: str, held: Callable[[], str]) -> str:
    client = connect(uri)
    begun = time.perf_counter()
    publish_to_milvus(index, client)
    copied = time.perf_counter() - begun
    calls, asked = _calls(index), min(ASKED, len(index.passages))
    columns = [_timed(store, calls, asked) for store in (index.store, MilvusStore.open(client, index))]
    rows = [
        f"| {name} | {files[0]:.2f} | {files[1]:.2f} | {milvus[0]:.1f} | {milvus[1]:.1f} |"
        for name, files, milvus in zip(calls, *columns, strict=True)
    ]
    return "\n".join(
        [
            f"{len(index.passages):,} passages, {asked} questions; {machine()}. Copied in {copied:.1f} s.{held()}",
            "",
            "| ms | files p50 | p95 | Milvus p50 | p95 |",
            "| --- | --- | --- | --- | --- |",
            *rows,
        ]
    )


def _held(folder: Path, cluster: LiteServer) -> str:
    disk = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file()) / 1e6
    return f" Milvus Lite then holds {disk:.0f} MB on disk and {cluster.resident_mb:.0f} MB in memory."


def _calls(index: Index) -> Calls:
    chance = np.random.default_rng(0)
    asked = chance.choice(len(index.passages), min(ASKED, len(index.passages)), replace=False)
    vectors = index.store.vectors(asked)
    terms = [
        dict.fromkeys(
            (term for lang in LANGS for term in question_stems(_first_words(index, row), "fr", lang)), 1 / _WORDS
        )
        for row in asked.tolist()
    ]
    rows = np.sort(chance.choice(len(index.passages), (len(asked), 2 * CANDIDATES)))
    return {
        f"nearest {CANDIDATES}": lambda store, i: store.nearest(vectors[i], CANDIDATES),
        f"wordiest {CANDIDATES}": lambda store, i: store.wordiest(terms[i], CANDIDATES),
        f"words of {2 * CANDIDATES} rows": lambda store, i: store.word_scores(terms[i], rows[i]),
        f"vectors of {2 * CANDIDATES} rows": lambda store, i: store.vectors(rows[i]),
    }


def _first_words(index: Index, row: int) -> str:
    return " ".join(index.passages[row].text.split()[:_WORDS])


def _timed(store: VectorStore, calls: Calls, asked: int) -> list[tuple[float, float]]:
    """p50 and p95 of each call in milliseconds."""
    return [_percentiles([_milliseconds(call, store, i) for i in range(asked)]) for call in calls.values()]


def _milliseconds(call: Callable[[VectorStore, int], object], store: VectorStore, i: int) -> float:
    begun = time.perf_counter()
    call(store, i)
    return (time.perf_counter() - begun) * 1000


def _percentiles(times: Sequence[float]) -> tuple[float, float]:
    p50, p95 = np.percentile(times, (50, 95))
    return float(p50), float(p95)


@dataclass(frozen=True, slots=True)
class Setup:
    name: str
    servers: int
    threads: int
    nginx: bool


SETUPS = (
    Setup("one server, 2 threads", 1, 2, nginx=False),
    Setup("one server, 1 thread", 1, 1, nginx=False),
    Setup("one server, 1 thread, nginx", 1, 1, nginx=True),
    Setup("two servers, 1 thread each, nginx", 2, 1, nginx=True),
)


def servers(settings: Settings, questions: Sequence[str], seconds: float) -> str:
    """A Markdown table: answers a second and their times with CLIENTS clients that ask one question after the other."""
    rows = [_served(setup, settings, questions, seconds) for setup in tqdm(SETUPS, desc="servers")]
    return "\n".join(
        [
            f"{CLIENTS} clients, {seconds:.0f} s each, the {settings.reader} reader; {machine()}.",
            "",
            "| | answers a second | p50 ms | p95 ms | turned away |",
            "| --- | --- | --- | --- | --- |",
            *rows,
        ]
    )


def _served(setup: Setup, settings: Settings, questions: Sequence[str], seconds: float) -> str:
    own = {
        "BULLETIN_INDEX": str(settings.index), "BULLETIN_READER": settings.reader, "BULLETIN_FEEDBACK_DAYS": "0",
        "BULLETIN_THREADS": str(setup.threads), "BULLETIN_RATE": "1000000/minute", "BULLETIN_WAITING": str(CLIENTS),
    }  # fmt: skip
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        processes = [AppServer(folder, own) for _ in range(setup.servers)]
        for process in processes:
            process.wait_until_ready()
        ports = processes[0].port, processes[-1].port
        nginx = Nginx(folder, ports, {"rate=30r/m": "rate=60000r/m"}) if setup.nginx else None
        try:
            port = nginx.port if nginx else ports[0]
            _ask(port, questions, min(seconds, 2))  # whatever is made at the first use is made
            times, turned_away = _ask(port, questions, seconds)
        finally:
            for process in processes:
                process.kill()
            if nginx:
                nginx.kill()
    p50, p95 = _percentiles(times)
    return f"| {setup.name} | {len(times) / seconds:.1f} | {p50:.0f} | {p95:.0f} | {turned_away} |"


def _ask(port: int, questions: Sequence[str], seconds: float) -> tuple[list[float], int]:
    """Milliseconds of each answer, and how many questions got none."""
    until = time.monotonic() + seconds

    def client(number: int) -> list[float]:
        times: list[float] = []
        for turn in itertools.count(number):
            begun = time.monotonic()
            if begun >= until:
                return times
            status, _, _ = post(port, "/api/ask", {"question": questions[turn % len(questions)]})
            times.append((time.monotonic() - begun) * 1000 if status == 200 else np.nan)
        raise AssertionError

    with ThreadPoolExecutor(CLIENTS) as pool:
        every = np.concatenate(list(pool.map(client, range(CLIENTS))))
    return every[~np.isnan(every)].tolist(), int(np.isnan(every).sum())

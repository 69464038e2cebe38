"""One system of `python -m bench peers` in a process of its own: `python -m bench.peer_worker NAME TASK.json`.

A command comes in as a line of JSON, `{"do": "retrieve", "texts": [...]}`, and its reply goes out as one. Times are
taken here, around the one call that does the work. A system's libraries are imported when it loads, not before: the
peers run in an environment without ours, and the import belongs to the cold start.
"""

from __future__ import annotations

import dataclasses
import functools
import json
import os
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Protocol

FOUND = 5
"""Passages that each system is asked for."""


class System(Protocol):
    """`load` the model and what `build` is given; `build` and save an index; `open` model and index to be asked.

    `encode` gives the vector of a question, `retrieve` the ids of the first FOUND passages, `answer` a cited answer.
    """

    def load(self) -> None: ...
    def build(self) -> None: ...
    def open(self) -> None: ...
    def encode(self, text: str) -> object: ...
    def retrieve(self, text: str) -> list[str]: ...


class Ours:
    """As `python -m answer ask` and `python -m index build` do it."""

    def __init__(self, task: dict[str, Any]) -> None:
        from settings import Settings

        articles, index = Path(task["articles"]), Path(task["index"])
        self._settings = dataclasses.replace(Settings.from_environment(), articles=articles, index=index)

    def load(self) -> None:
        from app import open_builder
        from corpus.articles import read_articles

        self._encoder = open_builder(self._settings)
        self._encoder.encode_question("chargé")  # it loads its model at the first use, and that is no part of a build
        self._articles = read_articles(self._settings.articles)

    def build(self) -> None:
        from index.versions.build import build

        build(self._articles, self._encoder, self._settings.index)

    def open(self) -> None:
        from app import open_assistant

        self._assistant = open_assistant(self._settings)

    def encode(self, text: str) -> object:
        return self._assistant.encoder.encode_question(text)

    def retrieve(self, text: str) -> list[str]:
        from index.question import prepare
        from index.search import search

        hits = search(self._assistant.index, prepare(text, self._assistant.encoder), FOUND)
        return [f"{hit.passage.article_id}:{hit.passage.start}" for hit in hits]

    def answer(self, text: str) -> object:
        return self._assistant.ask(text)


class LangChain:
    """The plain composition: HuggingFaceEmbeddings and FAISS as their documentation has them, every default kept.

    So no prefixes, an exact index by Euclidean distance, passages in a pickle.
    """

    def __init__(self, task: dict[str, Any]) -> None:
        self._task = task

    def load(self) -> None:
        import faiss  # noqa: F401  # LangChain imports it at the first use, and imports are no part of a build
        from langchain_community.embeddings import HuggingFaceEmbeddings  # type: ignore[import-not-found]
        from langchain_community.vectorstores import FAISS  # type: ignore[import-not-found]
        from langchain_core.documents import Document

        self._faiss = FAISS
        self._embeddings = HuggingFaceEmbeddings(model_name=self._task["model"])
        self._documents = [
            Document(page_content=passage["text"], metadata={"title": passage["title"]}, id=passage["id"])
            for passage in _passages(self._task)
        ]

    def build(self) -> None:
        self._faiss.from_documents(self._documents, self._embeddings).save_local(self._task["index"])

    def open(self) -> None:
        from langchain_community.embeddings import HuggingFaceEmbeddings
        from langchain_community.vectorstores import FAISS

        self._embeddings = HuggingFaceEmbeddings(model_name=self._task["model"])
        self._store = FAISS.load_local(self._task["index"], self._embeddings, allow_dangerous_deserialization=True)

    def encode(self, text: str) -> object:
        return self._embeddings.embed_query(text)

    def retrieve(self, text: str) -> list[str]:
        return [document.id for document in self._store.similarity_search(text, k=FOUND)]


class Txtai:
    """`Embeddings(path, content=True)` and no other option: it reads the prefixes from the weights' folder itself."""

    def __init__(self, task: dict[str, Any]) -> None:
        self._task = task

    def load(self) -> None:
        from txtai import Embeddings  # type: ignore[import-not-found]

        self._embeddings = Embeddings(path=self._task["model"], content=True)
        self._passages = _passages(self._task)

    def build(self) -> None:
        self._embeddings.index(self._passages)
        self._embeddings.save(self._task["index"])

    def open(self) -> None:
        from txtai import Embeddings

        self._embeddings = Embeddings()
        self._embeddings.load(self._task["index"])

    def encode(self, text: str) -> object:
        return self._embeddings.transform(text)

    def retrieve(self, text: str) -> list[str]:
        return [row["id"] for row in self._embeddings.search(text, FOUND)]


SYSTEMS: dict[str, Callable[[dict[str, Any]], System]] = {"ours": Ours, "langchain": LangChain, "txtai": Txtai}


def _passages(task: dict[str, Any]) -> list[dict[str, str]]:
    return [json.loads(line) for line in Path(task["passages"]).read_bytes().splitlines()]


def _reply(system: System, task: dict[str, Any], do: str, texts: Sequence[str]) -> dict[str, Any]:
    if do == "memory":
        return _memory()
    if do == "installed":
        return _installed(task["requirements"])
    step = getattr(system, do)
    calls = [functools.partial(step, text) for text in texts] or [step]
    results, seconds = [], []
    for call in calls:
        start = time.perf_counter()
        result = call()
        seconds.append(time.perf_counter() - start)
        if do == "retrieve":  # an answer holds its passages' vectors: kept, all of them would count as memory
            results.append(result)
    return {"seconds": seconds, "results": results}


def _memory() -> dict[str, Any]:
    """Bytes of this process that are resident now, and the most that ever were (proc(5))."""
    fields = dict(line.split(":", 1) for line in Path("/proc/self/status").read_text().splitlines())
    return {name: int(fields[field].split()[0]) * 1024 for name, field in (("rss", "VmRSS"), ("peak", "VmHWM"))}


def _installed(requirements: Sequence[str]) -> dict[str, Any]:
    """Bytes on disk of all that the requirements bring; of what the imported ones bring; and the versions of these."""
    from importlib.metadata import version

    from packaging.requirements import Requirement

    from bench.peer_sizes import closure, imported, installed_bytes

    used = imported(requirements)
    return {
        "all": installed_bytes(closure(requirements)),
        "used": installed_bytes(closure(used)),
        "versions": {name: version(name) for name in (Requirement(text).name for text in used)},
    }


def main() -> None:
    # What libraries print must not stand among the replies: they get standard error.
    replies = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    task = json.loads(Path(sys.argv[2]).read_bytes())
    system = SYSTEMS[sys.argv[1]](task)
    for line in sys.stdin:
        command = json.loads(line)
        replies.write(json.dumps(_reply(system, task, command["do"], command.get("texts", []))) + "\n")
        replies.flush()


if __name__ == "__main__":
    main()

"""A folder of documents as a source: what is deleted from it is withdrawn."""

from __future__ import annotations

import functools
import hashlib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from corpus.documents.read import SUFFIXES, read_document
from corpus.sources.source import Survey, Taken, Wanted, attempt, storable
from errors import SourceError

__all__ = ["Folder"]


class Folder:
    """Keys are paths from the folder, made storable; stamps are SHA-256 of the files. What is hidden is left out."""

    kind = "folder"

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._paths: dict[str, Path] = {}

    def survey(self, memory: Mapping[str, str]) -> Survey:
        if not self._folder.is_dir():
            raise SourceError(f"{self._folder}: no such folder; expected one that holds documents.")
        stamps, problems = {}, []
        for path in sorted(self._folder.rglob("*")):
            inside = path.relative_to(self._folder)
            if path.suffix.lower() not in SUFFIXES or any(part.startswith(".") for part in inside.parts):
                continue
            key = storable(str(inside))
            try:
                if not path.is_dir():
                    stamps[key], self._paths[key] = _digest(path), path
            except OSError as error:
                problems.append((key, str(error)))
        return Survey(stamps, tuple(problems))

    def read(self, wanted: Sequence[Wanted]) -> Iterator[Taken]:
        for one in wanted:
            yield attempt(one.key, functools.partial(read_document, self._paths[one.key]))

    def withdrawn(self, missing: Sequence[str]) -> set[str]:
        return {key for key in missing if not (self._folder / key).exists()}


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()

"""A built index on disk, as it is read: checked byte for byte on loading. Knows no encoder. `publish` writes it.

    DIR/CURRENT            the names of the versions, the live one first
    DIR/v-<hash>/          one version; the hash is of its manifest, so the manifest is checked too
        manifest.json      format, encoder, chunk settings, counts, size and SHA-256 of every other file
        articles.jsonl  passages.jsonl, and where their lines begin; ids*  keys.npy  columns/*
        vectors.faiss and, when it is large, near.faiss (`index.stores.vectors`); lexical/*
        tokens/* (`index.versions.segments`)

Nothing is read into memory but the columns; the rest is mapped or read where a question needs it.

A version that is damaged is named in a warning and the next older one that is whole is served.
"""

from __future__ import annotations

import hashlib
import json
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from errors import IndexDamaged, IndexMismatch, IndexUnavailable
from index.stores.columns import Columns
from index.stores.lexical import LexicalIndex
from index.stores.local_store import LocalStore
from index.stores.names import Names
from index.stores.vectors import FaissVectors
from index.versions.lines import Keys, Lines, StoredArticles, StoredPassages
from index.versions.seen import SeenFiles
from index.versions.segments import TokenSegments
from records import Passage, VectorStore

FORMAT = 4
CURRENT, MANIFEST = "CURRENT", "manifest.json"
log = logging.getLogger("bulletin.index")


@dataclass(frozen=True, slots=True)
class Index:
    """A loaded version. Row i of `vectors`, `tokens` and `lexical` is `passages[i]`, of content hash `keys[i]`."""

    version: str
    manifest: Mapping[str, Any]
    articles: StoredArticles
    passages: Sequence[Passage]
    keys: Sequence[str]
    vectors: FaissVectors
    tokens: TokenSegments
    lexical: LexicalIndex
    columns: Columns
    store: VectorStore
    """Where search looks: the files of this version themselves, or a cluster that holds the same."""

    def rows_of(self, article_id: str) -> NDArray[np.int64]:
        """The passages of an article."""
        number = self.articles.number(article_id)
        return np.empty(0, np.int64) if number is None else self.columns.rows_of(number)


def open_index(directory: Path, encoder_id: str | None = None, seen: SeenFiles | None = None) -> Index:
    """The live version, or the newest whole one when it is damaged (with a warning that names the file). Files that
    were `seen` already are not read again to check them.

    Raises IndexUnavailable when there is none to serve, IndexMismatch when it was built by another encoder than
    `encoder_id` or in another format.
    """
    live = live_name(directory)
    names = version_names(directory)
    if not names:
        raise IndexUnavailable(f"No index in {directory}. Run `python -m index build --index {directory}`.")
    if live not in names[:1]:
        pointer = directory / CURRENT
        log.warning("%s is missing or damaged; the newest version beside it is taken as the live one.", pointer)
    problems = []
    for name in names:
        try:
            index = _load(directory / name, seen)
        except (IndexDamaged, OSError) as error:  # OSError: a builder removed it since it was verified
            problems.append(str(error))
            continue
        for problem in problems:
            log.warning("%s Serving the earlier version %s instead; `python -m index build` mends it.", problem, name)
        _require_encoder(index, encoder_id)
        return index
    raise IndexDamaged(
        f"{' '.join(problems)} No whole version is left: run `python -m index build --index {directory}`."
    )


def open_version(version: Path, encoder_id: str, seen: SeenFiles | None = None) -> Index:
    """This version and no other. Raises IndexDamaged, IndexMismatch, and OSError when it vanishes meanwhile."""
    index = _load(version, seen)
    _require_encoder(index, encoder_id)
    return index


def version_names(directory: Path) -> list[str]:
    """Versions to try, best first: as CURRENT lists them; newest first where it is missing or not to be believed."""
    listed = _listed(directory)  # before the folders: a version published in between is one more, not one less
    names = [path.name for path in sorted(directory.glob("v-*"), key=_age, reverse=True)]
    if not listed or not set(listed) <= set(names):
        return names
    return listed + [name for name in names if name not in listed]


def _listed(directory: Path) -> list[str]:
    pointer = directory / CURRENT
    return pointer.read_bytes().decode("utf-8", "replace").split() if pointer.is_file() else []


def _age(path: Path) -> int:
    try:
        return path.stat().st_mtime_ns
    except FileNotFoundError:  # removed by a builder since it was listed
        return 0


def live_name(directory: Path) -> str:
    """What CURRENT names first; "" when there is no such file."""
    return next(iter(_listed(directory)), "")


def verify(version: Path, seen: SeenFiles | None = None) -> dict[str, Any]:
    """The manifest of a version whose every byte is as written. Raises IndexDamaged, naming the first file that is not.
    Files that were `seen` before are not read again.

    Raises IndexMismatch when the format is another one.
    """
    try:
        raw = (version / MANIFEST).read_bytes()
    except OSError as error:
        raise IndexDamaged(f"{version / MANIFEST} cannot be read ({error.strerror}).") from error
    if version_name(raw) != version.name:
        raise IndexDamaged(f"{version / MANIFEST} is not what was written: its SHA-256 does not match {version.name}.")
    manifest: dict[str, Any] = json.loads(raw)
    if manifest["format"] != FORMAT:
        raise IndexMismatch(
            f"{version} has format {manifest['format']}; this program reads {FORMAT}. Run `python -m index build`."
        )
    files = {version / name: expected for name, expected in manifest["files"].items()}
    for path, expected in files.items():
        _require_size(path, expected["bytes"])
    for (path, expected), found in zip(files.items(), (seen or SeenFiles()).of(files), strict=True):
        _require_digest(path, expected["sha256"], found)
    return manifest


def _require_size(path: Path, expected: int) -> None:
    if not path.is_file():
        raise IndexDamaged(f"{path} is missing.")
    size = path.stat().st_size
    if size != expected:
        raise IndexDamaged(f"{path} has {size} bytes; {expected} were written.")


def _require_digest(path: Path, expected: str, found: str) -> None:
    if found != expected:
        raise IndexDamaged(f"{path} is not what was written: its SHA-256 differs from the manifest's.")


def _load(version: Path, seen: SeenFiles | None) -> Index:
    manifest = verify(version, seen)
    columns = Columns.load(version / "columns")
    articles = StoredArticles(Names.load(version, "ids"), Lines(version / "articles.jsonl"))
    vectors = FaissVectors.load(version)
    lexical = LexicalIndex.load(version / "lexical")
    return Index(
        version=version.name,
        manifest=manifest,
        articles=articles,
        passages=StoredPassages(Lines(version / "passages.jsonl"), articles, columns.articles),
        keys=Keys.load(version / "keys.npy"),
        vectors=vectors,
        tokens=TokenSegments.load(version / "tokens", manifest["segments"]),
        lexical=lexical,
        columns=columns,
        store=LocalStore(vectors, lexical, columns),
    )


def _require_encoder(index: Index, encoder_id: str | None) -> None:
    built = index.manifest["encoder"]["id"]
    if encoder_id is not None and built != encoder_id:
        raise IndexMismatch(
            f"Index {index.version} was built with {built!r}; configured is {encoder_id!r}."
            " Run `python -m index build`, or set BULLETIN_MODEL back."
        )


def version_name(manifest: bytes) -> str:
    return f"v-{hashlib.sha256(manifest).hexdigest()[:16]}"


def sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()

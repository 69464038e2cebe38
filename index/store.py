"""A built index on disk, as it is read: checked byte for byte on loading. Knows no encoder. `publish` writes it.

    DIR/CURRENT            the names of the versions, the live one first
    DIR/v-<hash>/          one version; the hash is of its manifest, so the manifest is checked too
        manifest.json      format, encoder, chunk settings, counts, size and SHA-256 of every other file
        articles.jsonl  passages.jsonl  vectors.faiss  token_*.npy  lexical/*

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
from index.lexical import LexicalIndex
from index.lines import read_lines, to_article, to_passage
from index.vectors import FaissVectors, TokenVectors
from records import LANGS, Article, Passage

FORMAT = 2
CURRENT, MANIFEST = "CURRENT", "manifest.json"
log = logging.getLogger("bulletin.index")


@dataclass(frozen=True, slots=True)
class Index:
    """A loaded version. Row i of `vectors`, `tokens` and `lexical` is `passages[i]`, of content hash `keys[i]`."""

    version: str
    manifest: Mapping[str, Any]
    articles: Mapping[str, Article]
    passages: Sequence[Passage]
    keys: Sequence[str]
    vectors: FaissVectors
    tokens: TokenVectors
    lexical: LexicalIndex
    langs: NDArray[np.int8]
    """The language of each passage, as a number into `records.LANGS`."""


def open_index(directory: Path, encoder_id: str | None = None) -> Index:
    """The live version, or the newest whole one when it is damaged (with a warning that names the file).

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
            index = _load(directory / name)
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


def verify(version: Path) -> dict[str, Any]:
    """The manifest of a version whose every byte is as written. Raises IndexDamaged, naming the first file that is not.

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
    for name, expected in manifest["files"].items():
        _verify_file(version / name, expected)
    return manifest


def _verify_file(path: Path, expected: Mapping[str, Any]) -> None:
    if not path.is_file():
        raise IndexDamaged(f"{path} is missing.")
    size = path.stat().st_size
    if size != expected["bytes"]:
        raise IndexDamaged(f"{path} has {size} bytes; {expected['bytes']} were written.")
    if sha256(path) != expected["sha256"]:
        raise IndexDamaged(f"{path} is not what was written: its SHA-256 differs from the manifest's.")


def _load(version: Path) -> Index:
    manifest = verify(version)
    lines = read_lines(version / "passages.jsonl")
    articles = {record["id"]: to_article(record) for record in read_lines(version / "articles.jsonl")}
    passages = [to_passage(line, articles) for line in lines]
    return Index(
        version=version.name,
        manifest=manifest,
        articles=articles,
        passages=passages,
        keys=[line["key"] for line in lines],
        vectors=FaissVectors.load(version / "vectors.faiss"),
        tokens=TokenVectors.load(version),
        lexical=LexicalIndex.load(version / "lexical"),
        langs=np.array([LANGS.index(articles[passage.article_id].lang) for passage in passages], np.int8),
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

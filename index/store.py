"""A built index on disk: written once, checked byte for byte on loading, published by one rename. Knows no encoder.

    DIR/CURRENT            the names of the versions, the live one first
    DIR/v-<hash>/          one version; the hash is of its manifest, so the manifest is checked too
        manifest.json      format, encoder, chunk settings, counts, size and SHA-256 of every other file
        articles.jsonl  passages.jsonl  vectors.faiss  token_*.npy  lexical/*

A version that is damaged is named in a warning and the next older one that is whole is served.
"""

from __future__ import annotations

import datetime
import hashlib
import json
import logging
import os
import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from errors import BuildRefused, IndexDamaged, IndexMismatch, IndexUnavailable
from index.lexical import LexicalIndex
from index.lines import article_record, passage_record, read_lines, to_article, to_passage, write_lines
from index.vectors import FaissVectors, TokenVectors
from records import LANGS, Article, Passage

FORMAT = 2
KEPT_VERSIONS = 3
_CURRENT, _MANIFEST, _LOCK, _WORK = "CURRENT", "manifest.json", ".lock", ".building-"
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
        pointer = directory / _CURRENT
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
    pointer = directory / _CURRENT
    return pointer.read_bytes().decode("utf-8", "replace").split() if pointer.is_file() else []


def _age(path: Path) -> int:
    try:
        return path.stat().st_mtime_ns
    except FileNotFoundError:  # removed by a builder since it was listed
        return 0


def live_name(directory: Path) -> str:
    """What CURRENT names first; "" when there is no such file."""
    return next(iter(_listed(directory)), "")


def promote(directory: Path, name: str) -> None:
    """Make a version that is there the live one again, and drop those that are damaged. Call it under `building`."""
    others = [other for other in version_names(directory) if other != name and _is_whole(directory / other)]
    _point_to(directory, [name, *others][:KEPT_VERSIONS])


def _is_whole(version: Path) -> bool:
    try:
        verify(version)
    except IndexUnavailable:
        return False
    return True


def verify(version: Path) -> dict[str, Any]:
    """The manifest of a version whose every byte is as written. Raises IndexDamaged, naming the first file that is not.

    Raises IndexMismatch when the format is another one.
    """
    try:
        raw = (version / _MANIFEST).read_bytes()
    except OSError as error:
        raise IndexDamaged(f"{version / _MANIFEST} cannot be read ({error.strerror}).") from error
    if _version_name(raw) != version.name:
        raise IndexDamaged(f"{version / _MANIFEST} is not what was written: its SHA-256 does not match {version.name}.")
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
    if _sha256(path) != expected["sha256"]:
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


def publish(
    directory: Path,
    articles: Sequence[Article],
    passages: Sequence[Passage],
    keys: Sequence[str],
    vectors: FaissVectors,
    tokens: TokenVectors,
    lexical: LexicalIndex,
    manifest: Mapping[str, Any],
) -> str:
    """Write a version beside the others, then make it the live one; returns its name.

    Nothing is visible before its rename. On any error (disk full) what was written is removed and the live version
    stays. Call it under `building`.
    """
    work = directory / f"{_WORK}{os.getpid()}"
    shutil.rmtree(work, ignore_errors=True)
    try:
        work.mkdir()
        write_lines(work / "articles.jsonl", (article_record(article) for article in articles))
        write_lines(work / "passages.jsonl", map(passage_record, passages, keys))
        vectors.save(work / "vectors.faiss")
        tokens.save(work)
        lexical.save(work / "lexical")
        name = _seal(work, manifest)
        if (directory / name).exists():  # the same bytes, built again after damage
            shutil.rmtree(directory / name)
        work.rename(directory / name)
    except BaseException:
        shutil.rmtree(work, ignore_errors=True)
        raise
    promote(directory, name)
    return name


def _seal(work: Path, manifest: Mapping[str, Any]) -> str:
    """Flush every file to disk, describe them in the manifest, and return the version's name."""
    files = sorted(path for path in work.rglob("*") if path.is_file())
    for path in files:
        _sync(path)
    entries = {
        path.relative_to(work).as_posix(): {"bytes": path.stat().st_size, "sha256": _sha256(path)} for path in files
    }
    created = datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")
    whole = {"format": FORMAT, "created": created, **manifest, "files": entries}
    raw = json.dumps(whole, indent=2, ensure_ascii=False).encode()
    (work / _MANIFEST).write_bytes(raw)
    _sync(work / _MANIFEST)
    _sync(work)
    return _version_name(raw)


def _point_to(directory: Path, names: Sequence[str]) -> None:
    """Make `names` the versions there are, the first one live; the rename is the moment of publishing."""
    fresh = directory / f"{_CURRENT}.new"
    fresh.write_text("\n".join(names) + "\n")
    _sync(fresh)
    fresh.replace(directory / _CURRENT)
    _sync(directory)
    for path in directory.glob("v-*"):
        if path.name not in names:
            shutil.rmtree(path)


@contextmanager
def building(directory: Path) -> Iterator[None]:
    """Hold the one builder's lock of an index directory. Raises BuildRefused when another build holds it."""
    import fcntl

    directory.mkdir(parents=True, exist_ok=True)
    with (directory / _LOCK).open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise BuildRefused(f"Another build is at work in {directory}; wait for it to end.") from None
        for stale in directory.glob(f"{_WORK}*"):  # left by a build that was killed
            shutil.rmtree(stale, ignore_errors=True)
        yield


def _version_name(manifest: bytes) -> str:
    return f"v-{hashlib.sha256(manifest).hexdigest()[:16]}"


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)

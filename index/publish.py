"""Writing and publishing a built index: whole or not at all, by one rename.

Nothing is visible before its rename, and CURRENT (see `index.store`) is replaced, never changed.
"""

from __future__ import annotations

import datetime
import json
import os
import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from errors import BuildRefused, IndexUnavailable
from index.lexical import LexicalIndex
from index.lines import article_record, passage_record, write_lines
from index.store import CURRENT, FORMAT, MANIFEST, sha256, verify, version_name, version_names
from index.vectors import FaissVectors, TokenVectors
from records import Article, Passage

KEPT_VERSIONS = 3
_LOCK, _WORK = ".lock", ".building-"


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
        path.relative_to(work).as_posix(): {"bytes": path.stat().st_size, "sha256": sha256(path)} for path in files
    }
    created = datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")
    whole = {"format": FORMAT, "created": created, **manifest, "files": entries}
    raw = json.dumps(whole, indent=2, ensure_ascii=False).encode()
    (work / MANIFEST).write_bytes(raw)
    _sync(work / MANIFEST)
    _sync(work)
    return version_name(raw)


def _point_to(directory: Path, names: Sequence[str]) -> None:
    """Make `names` the versions there are, the first one live; the rename is the moment of publishing."""
    fresh = directory / f"{CURRENT}.new"
    fresh.write_text("\n".join(names) + "\n")
    _sync(fresh)
    fresh.replace(directory / CURRENT)
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


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)

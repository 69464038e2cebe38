"""Writing, publishing and going back: a version is written aside, read back, and made the live one by one rename.

Nothing is visible before its rename, and CURRENT (see `index.versions.store`) is replaced, never changed. Whoever is
killed, wherever, leaves CURRENT and every version it names as they were, or the new ones.
"""

from __future__ import annotations

import datetime
import json
import logging
import os
import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from errors import BuildRefused, IndexDamaged, IndexUnavailable
from index.versions.findable import require_findable
from index.versions.seen import SeenFiles
from index.versions.store import (
    CURRENT,
    FORMAT,
    MANIFEST,
    Index,
    live_name,
    open_version,
    sha256,
    verify,
    version_name,
    version_names,
)

KEPT_VERSIONS = 3
Copy = Callable[[Index], object]
"""Brings a version to where servers search it, before it is live. Raises IndexUnavailable when it cannot."""
_LOCK, _WORK = ".lock", ".building-"

log = logging.getLogger("bulletin.index")


@contextmanager
def building(directory: Path) -> Iterator[None]:
    """Hold the one builder's lock of an index directory. Raises BuildRefused when another build holds it.

    The lock is the kernel's: it ends with the process that holds it, however that ends.
    """
    import fcntl

    directory.mkdir(parents=True, exist_ok=True)
    with (directory / _LOCK).open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise BuildRefused(f"Another build is at work in {directory}; wait for it to end.") from None
        for stale in directory.glob(f"{_WORK}*"):  # left by a build that was killed
            shutil.rmtree(stale, ignore_errors=True)
        (directory / f"{CURRENT}.new").unlink(missing_ok=True)
        yield


def publish(
    directory: Path,
    write: Callable[[Path], Mapping[str, Any]],
    encoder_id: str,
    keep: int = KEPT_VERSIONS,
    seen: SeenFiles | None = None,
    copy: Copy | None = None,
) -> str:
    """Have `write` fill the folder of a new version and say what its manifest holds besides its files; read the version
    back, find some of its passages in it, and make it the live one, of `keep` that stay. Returns its name.

    Files `seen` before and linked into the version are not read again. Raises IndexDamaged when what comes back is not
    what was written. On this and any other error (disk full) what was written is removed and the live version stays.
    Call it under `building`.
    """
    seen = seen or SeenFiles()
    work = directory / f"{_WORK}{os.getpid()}"
    shutil.rmtree(work, ignore_errors=True)
    version = work
    try:
        work.mkdir()
        name = _seal(work, write(work), seen)
        version = work.rename(directory / name)
        _sync(directory)
        index = _read_back(version, encoder_id, seen)
        if copy:
            copy(index)
        promote(directory, name, keep, seen)
    except BaseException:
        if live_name(directory) != version.name:
            shutil.rmtree(version, ignore_errors=True)
        raise
    return name


def _seal(work: Path, manifest: Mapping[str, Any], seen: SeenFiles) -> str:
    """Flush every file to disk, describe them in the manifest, and return the version's name."""
    paths = sorted(work.rglob("*"))
    files = [path for path in paths if path.is_file()]
    for path in paths:
        if not seen.knows(path):  # what is linked from an older version is on the disk
            _sync(path)
    entries = {
        path.relative_to(work).as_posix(): {
            "bytes": path.stat().st_size, "sha256": seen.sha256(path) if seen.knows(path) else sha256(path)
        }
        for path in files
    }  # fmt: skip
    created = datetime.datetime.now(datetime.UTC).isoformat(timespec="microseconds")
    whole = {"format": FORMAT, "created": created, **manifest, "files": entries}
    raw = json.dumps(whole, indent=2, ensure_ascii=False).encode()
    (work / MANIFEST).write_bytes(raw)
    _sync(work / MANIFEST)
    _sync(work)
    return version_name(raw)


def _read_back(version: Path, encoder_id: str, seen: SeenFiles) -> Index:
    try:
        require_findable(index := open_version(version, encoder_id, seen))
        return index
    except IndexUnavailable as error:
        raise IndexDamaged(f"{error} It was just written, and is not published. Is the disk sound?") from error


def promote(directory: Path, name: str, keep: int = KEPT_VERSIONS, seen: SeenFiles | None = None) -> None:
    """Make a version that is there the live one; of the others the best that are whole stay, `keep` with it. Call it
    under `building`."""
    others = [other for other in version_names(directory) if other != name and _is_whole(directory / other, seen)]
    _point_to(directory, [name, *others][:keep])


def return_to(directory: Path, name: str, keep: int = KEPT_VERSIONS, seen: SeenFiles | None = None) -> None:
    """Make a version that was live before the live one again. Of the others that are whole `keep` stay with it: first
    those that are older, then those left behind, which are so the last to be served and the first to make room."""
    made = {other: _created(directory / other) for other in version_names(directory)}
    others = [other for other in made if other != name and _is_whole(directory / other, seen)]
    others.sort(key=lambda other: (made[other] < made[name], made[other]), reverse=True)
    _point_to(directory, [name, *others][:keep])


def roll_back(directory: Path, encoder_id: str, version: str = "", copy: Copy | None = None) -> str:
    """Make an older version the live one again: `version`, or the newest that is older than the live one and whole.
    Returns its name.

    Raises IndexUnavailable when there is none, IndexDamaged or IndexMismatch when `version` cannot be served,
    BuildRefused when a build is at work.
    """
    with building(directory):
        seen = SeenFiles()
        chosen = version or _one_before(directory, seen)
        if chosen not in (names := version_names(directory)):
            raise IndexUnavailable(f"{directory} holds no version {chosen}; it holds {', '.join(names) or 'none'}.")
        require_findable(index := open_version(directory / chosen, encoder_id, seen))
        if copy:
            copy(index)
        return_to(directory, chosen, len(names), seen)
        return chosen


def _one_before(directory: Path, seen: SeenFiles) -> str:
    live = live_name(directory)
    now = _created(directory / live) if live else ""
    older = {name: created for name in version_names(directory) if (created := _created(directory / name)) < now}
    for name in sorted(older, key=lambda name: older[name], reverse=True):
        if _is_whole(directory / name, seen):
            return name
        log.warning("%s is damaged and passed over.", directory / name)
    raise IndexUnavailable(
        f"{directory} holds no version older than {live or 'any'}; `python -m index verify` lists them."
    )


def _created(version: Path) -> str:
    """When a version was made, in ISO 8601, which sorts; "" where its manifest cannot be read."""
    try:
        return str(json.loads((version / MANIFEST).read_bytes())["created"])
    except (OSError, ValueError, LookupError, TypeError):
        return ""


def _is_whole(version: Path, seen: SeenFiles | None) -> bool:
    try:
        verify(version, seen)
    except (IndexUnavailable, OSError):
        return False
    return True


def _point_to(directory: Path, names: Sequence[str]) -> None:
    """Make `names` the versions there are, the first one live; the rename is the moment of publishing."""
    fresh = directory / f"{CURRENT}.new"
    try:
        fresh.write_text("\n".join(names) + "\n")
        _sync(fresh)
        fresh.replace(directory / CURRENT)
    except BaseException:
        fresh.unlink(missing_ok=True)
        raise
    _sync(directory)
    for path in directory.glob("v-*"):
        if path.name not in names:
            shutil.rmtree(path)


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)

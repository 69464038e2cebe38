"""What is kept of the passages' tokens, in segments that the versions of an index share by hard link.

Of the 85 kB that a passage takes on disk, all but three are these. So a version that holds a few new passages links
the segments of the version before it, writes the new passages into one of its own, and copies nothing else. A segment
is never changed; its name is a hash of what it holds and of whose it is. A passage that is withdrawn is in no file of
the next version: a segment that holds one is written anew without it. The price: a disk that damages a segment damages
all versions that share it.

    tokens/places.npy         int32 (n, 2): of each passage its segment, numbered in the order of names, and its place
    tokens/<hash>/token_*.npy
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Collection, Iterable, Mapping, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from index.stores.arrays import in_memory
from index.stores.vectors import TokenRows, TokenVectors
from index.versions.seen import SeenFiles

MOST = 1024
"""Passages of a segment at most: 85 MB, so that one withdrawn passage costs that much writing and no more."""
_PLACES = "places.npy"


class TokenSegments:
    """The tokens of all passages of a version, memory-mapped."""

    def __init__(self, segments: Mapping[str, TokenVectors], places: NDArray[np.int32]) -> None:
        self.names = sorted(segments)
        self.places = places
        self._segments = [segments[name] for name in self.names]

    @classmethod
    def load(cls, directory: Path, names: Iterable[str]) -> TokenSegments:
        segments = {name: TokenVectors.load(directory / name) for name in names}
        return cls(segments, in_memory(directory / _PLACES))

    def of(self, passage: int) -> TokenRows:
        segment, place = self.places[passage]
        return self._segments[int(segment)].of(int(place))

    def held(self, keys: Sequence[str]) -> dict[str, list[str]]:
        """Of each segment by name the keys of its passages, in its order. `keys`: of the version's passages, (n,)."""
        found: dict[str, dict[int, str]] = {name: {} for name in self.names}
        for (segment, place), key in zip(self.places.tolist(), keys, strict=True):
            found[self.names[segment]][place] = key
        return {name: [own[place] for place in sorted(own)] for name, own in found.items()}


def kept_segments(held: Mapping[str, Sequence[str]], wanted: Collection[str]) -> list[str]:
    """Names of the segments that a version of the passages `wanted` (keys) links as they are.

    Not those that hold a passage that is not wanted; and of the small ones not those at most twice as large as what is
    written anyway: so there are never more small ones than MOST has binary digits, however many versions there were.
    """
    whole = [name for name, keys in held.items() if all(key in wanted for key in keys)]
    written = len(wanted) - sum(len(held[name]) for name in whole)
    kept = []
    for name in sorted(whole, key=lambda name: len(held[name])):
        if written and len(held[name]) <= 2 * written and written + len(held[name]) <= MOST:
            written += len(held[name])
        else:
            kept.append(name)
    return kept


class SegmentWriter:
    """Fills the folder `tokens` of a version, which it makes: first `link`, then `add`, `finish` last."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._held: dict[str, Sequence[str]] = {}
        directory.mkdir()

    def link(self, segment: Path, keys: Sequence[str]) -> None:
        """Share a segment of another version; `keys` of its passages in its order."""
        target = self._directory / segment.name
        target.mkdir()
        for path in segment.iterdir():
            os.link(path, target / path.name)
        self._held[segment.name] = keys

    def add(self, keys: Sequence[str], rows: Iterable[TokenRows]) -> None:
        """Write a segment of the passages of these keys."""
        work = self._directory / "new"
        work.mkdir()
        TokenVectors.build(list(rows)).save(work)
        digests = SeenFiles().of(sorted(work.iterdir()))
        name = hashlib.sha256("".join((*digests, *keys)).encode()).hexdigest()[:16]
        work.rename(self._directory / name)
        self._held[name] = keys

    def finish(self, keys: Sequence[str]) -> dict[str, int]:
        """`keys` of the version's passages, (n,): each in a segment that was linked or added. Returns the segments'
        names, each with the number of its passages."""
        places = {
            key: (number, place)
            for number, (_, held) in enumerate(sorted(self._held.items()))
            for place, key in enumerate(held)
        }
        np.save(self._directory / _PLACES, np.array([places[key] for key in keys], np.int32), allow_pickle=False)
        return {name: len(held) for name, held in sorted(self._held.items())}

"""Many distinct strings on disk, found by halving: nothing is read at start, and one text file shows them all."""

from __future__ import annotations

import bisect
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from index.stores.arrays import mapped


@dataclass(frozen=True, slots=True)
class Names:
    """Strings, numbered as they were given."""

    text: memoryview
    """One a line, in UTF-8."""
    starts: memoryview
    """int64 (n + 1,), where each line begins"""
    order: memoryview
    """int32 (n,), their numbers in the order of their bytes"""

    @classmethod
    def of(cls, names: Sequence[str]) -> Names:
        """`names`: each once."""
        lines = [name.encode() for name in names]
        starts = np.cumsum([0, *(len(line) + 1 for line in lines)], dtype=np.int64)
        order = np.array(sorted(range(len(lines)), key=lines.__getitem__), np.int32)
        return cls(memoryview(b"".join(line + b"\n" for line in lines)), starts.data, order.data)

    def save(self, directory: Path, name: str) -> None:
        (directory / f"{name}.txt").write_bytes(self.text)
        np.save(directory / f"{name}_starts.npy", self.starts, allow_pickle=False)
        np.save(directory / f"{name}_order.npy", self.order, allow_pickle=False)

    @classmethod
    def load(cls, directory: Path, name: str) -> Names:
        """Memory-mapped."""
        # Not as arrays: halving takes one number at a time, which memoryviews give ten times as fast.
        text = np.memmap(directory / f"{name}.txt", np.uint8, "r")
        return cls(text.data, *(mapped(directory / f"{name}_{part}.npy").data for part in ("starts", "order")))

    def __len__(self) -> int:
        return len(self.order)

    def __iter__(self) -> Iterator[str]:
        return map(self.__getitem__, range(len(self)))

    def __getitem__(self, number: int) -> str:
        return self._bytes(number).decode()

    def number(self, name: str) -> int | None:
        """The number of a string; None when it is not among these."""
        wanted = name.encode("utf-8", "surrogatepass")
        place = bisect.bisect_left(range(len(self)), wanted, key=lambda i: self._bytes(self.order[i]))
        if place == len(self) or self._bytes(self.order[place]) != wanted:
            return None
        number: int = self.order[place]
        return number

    def _bytes(self, number: int) -> bytes:
        return bytes(self.text[self.starts[number] : self.starts[number + 1] - 1])

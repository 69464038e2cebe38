"""Arrays out of .npy files, opened one at a time.

numpy has Python parse each header, and Python 3.11's parser fails with "AST constructor recursion depth mismatch" when
the garbage collector lets another thread parse in between (python/cpython#106905).
"""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

_one = threading.Lock()


def in_memory(path: Path) -> NDArray[Any]:
    """The array of a .npy file."""
    with _one:
        array: NDArray[Any] = np.load(path, allow_pickle=False)
    return array


def mapped(path: Path) -> NDArray[Any]:
    """The same, memory-mapped; a plain array, whose slices cost a tenth of those of numpy.memmap."""
    with _one:
        return np.asarray(np.load(path, mmap_mode="r", allow_pickle=False))

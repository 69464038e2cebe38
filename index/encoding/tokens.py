"""Which tokens are a text's own, and where they stand in it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray


class Tokens(NamedTuple):
    """The tokens of a text, and where each stands in it, in characters, end exclusive."""

    ids: list[int]
    offsets: list[tuple[int, int]]


def own_spans(offsets: Sequence[tuple[int, int]], text: str, start: int) -> tuple[NDArray[np.bool_], NDArray[np.int32]]:
    """`offsets`: where each token stands in `text`, whose first `start` characters are not the text proper.

    Returns bool (tokens,), True for those of the text proper, and int32 (own tokens, 2), where these stand in it. A
    leading space, which the tokenizer counts to the token, is left out; special tokens and bare spaces are nobody's.
    """
    trimmed = np.array([_without_leading_space(text, a, b) for a, b in offsets], np.int32).reshape(-1, 2)
    own = (trimmed[:, 0] >= start) & (trimmed[:, 1] > trimmed[:, 0])
    return own, trimmed[own] - np.int32(start)


def _without_leading_space(text: str, start: int, end: int) -> tuple[int, int]:
    while start < end and text[start].isspace():
        start += 1
    return start, end

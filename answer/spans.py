"""From what the reader marks to the words that answer."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

MAX_TOKENS = 40
"""The longest answer; what is longer is a sentence, and is quoted as one."""


def best_span(start: NDArray[np.float32], end: NDArray[np.float32]) -> tuple[int, int, float]:
    """The most likely span of one passage and by how much it beats "not here".

    `start`, `end`: float32 (1 + tokens,) logits, column 0 for "not here" (Devlin et al. 2019). Returns first and last
    token and `start + end` of the span minus that of column 0. A passage without tokens: (0, 0, -inf).
    """
    if len(start) < 2:
        return 0, 0, float("-inf")
    scores = start[1:, None] + end[None, 1:]
    longer = np.arange(len(scores))[None, :] - np.arange(len(scores))[:, None]
    scores = np.where((longer >= 0) & (longer < MAX_TOKENS), scores, -np.inf)
    first, last = divmod(int(scores.argmax()), len(scores))
    return first, last, float(scores[first, last] - start[0] - end[0])

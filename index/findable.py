"""Whether an index that was just opened finds what it holds: some of its passages are searched for with their own
words and vectors, as a reader's question would be. No encoder is needed."""

from __future__ import annotations

import numpy as np

from errors import IndexDamaged
from index.search import search
from index.store import Index
from records import Encoding, Question

PROBES = 5
_FOUND = 10


def require_findable(index: Index, probes: int = PROBES) -> None:
    """Search for `probes` passages from the first to the last. Raises IndexDamaged when one is not among the first ten,
    nor another of the same text."""
    count = len(index.passages)
    for row in sorted({int(row) for row in np.linspace(0, count - 1, min(probes, count))}):
        passage = index.passages[row]
        if passage.text not in (hit.passage.text for hit in search(index, _question(index, row), _FOUND)):
            where = f"{passage.article_id} [{passage.start}:{passage.end}]"
            raise IndexDamaged(f"Version {index.version} does not find its own passage {where}.")


def _question(index: Index, row: int) -> Question:
    passage, rows = index.passages[row], index.tokens.of(row)
    encoding = Encoding(index.vectors.rows([row])[0], rows.vectors(), rows.spans, rows.states())
    return Question(passage.text, index.articles[passage.article_id].lang, encoding)

"""Whether an index that was just opened finds what it holds: some of its passages are searched for with the words they
begin with and the vectors they have, as a reader's question would be. No encoder is needed."""

from __future__ import annotations

import numpy as np

from errors import IndexDamaged
from index.search import search
from index.versions.store import Index
from records import Encoding, Question

PROBES = 5
_TOKENS = 16
"""As many as a long question has."""
_FOUND = 3


def require_findable(index: Index, probes: int = PROBES) -> None:
    """Search for `probes` passages from the first to the last. Raises IndexDamaged when one is not among the first
    three, nor another that begins with the same words."""
    count = len(index.passages)
    for row in sorted({int(row) for row in np.linspace(0, count - 1, min(probes, count))}):
        question = _question(index, row)
        if not any(hit.passage.text.startswith(question.text) for hit in search(index, question, _FOUND)):
            passage = index.passages[row]
            where = f"{passage.article_id} [{passage.start}:{passage.end}]"
            raise IndexDamaged(f"Version {index.version} does not find its own passage {where}.")


def _question(index: Index, row: int) -> Question:
    """The first tokens of a passage, as it holds them."""
    passage, rows = index.passages[row], index.tokens.of(row)
    if rows.spans.max(initial=0) > len(passage.text):
        raise IndexDamaged(f"Version {index.version} holds for passage {row} the tokens of another.")
    first = slice(_TOKENS)
    vector = index.store.vectors(np.array([row]))[0]
    encoding = Encoding(vector, rows.vectors()[first], rows.spans[first], rows.states()[first])
    end = int(rows.spans[first][-1, 1]) if len(rows.spans) else len(passage.text)
    return Question(passage.text[:end], index.articles[passage.article_id].lang, encoding)

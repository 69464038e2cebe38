"""Reading given the passage: how good the marked words are, and how well "not here" is told from an answer."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple, cast

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import roc_auc_score

from answer.spans import best_span
from eval.metrics import exact_match, f1
from records import Lang
from train.generated import MISSED, WRITTEN
from train.pairs import Corpus, Pair


class Found(NamedTuple):
    """What the reader found in one window."""

    text: str
    margin: float
    relevance: float


Run = Callable[[Sequence[Pair]], tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.float32]]]
"""Start, end and relevance logits of some pairs, as `answer.joint_reader.Marks`."""
NEAR_MISSES = {"near misses": ("squad1", "squad2"), "near misses, bulletins": (WRITTEN, MISSED)}
"""Lines on telling questions that their passage does not answer, the latter source's, from those that it does."""
_BATCH = 32


def read(corpus: Corpus, run: Run, pairs: Sequence[Pair]) -> list[Found]:
    """What the reader finds in each pair, in order."""
    order = sorted(range(len(pairs)), key=lambda i: corpus.passages.length(pairs[i].window))
    found: list[Found | None] = [None] * len(pairs)
    for begin in range(0, len(order), _BATCH):
        part = order[begin : begin + _BATCH]
        starts, ends, relevances = run([pairs[i] for i in part])
        for i, start, end, relevance in zip(part, starts, ends, relevances, strict=True):
            window = pairs[i].window
            n = corpus.passages.length(window) + 1
            first, last, margin = best_span(start[:n], end[:n])
            spans = corpus.passages.spans_of(window)
            text = corpus.library.windows[window].text[spans[first, 0] : spans[last, 1]]
            found[i] = Found(text, margin, float(relevance))
    return cast(list[Found], found)


def reading_scores(corpus: Corpus, run: Run, numbers: Sequence[int]) -> dict[str, Any]:
    """Exact match and F1 in percent of the answerable examples, their paragraph given: its best window is believed."""
    examples = [corpus.library.examples[number] for number in numbers]
    pairs = [
        (i, Pair(corpus.question_of[number], window, None))
        for i, (number, example) in enumerate(zip(numbers, examples, strict=True))
        for window in corpus.library.by_context[example.context]
    ]
    best: dict[int, Found] = {}
    for (i, _), found in zip(pairs, read(corpus, run, [pair for _, pair in pairs]), strict=True):
        if i not in best or found.margin > best[i].margin:
            best[i] = found
    langs = [cast(list[Lang], [corpus.library.windows[example.window].lang]) for example in examples]
    hits = [exact_match(best[i].text, e.golds, langs[i]) for i, e in enumerate(examples)]
    overlaps = [f1(best[i].text, e.golds, langs[i]) for i, e in enumerate(examples)]
    return {
        "n": len(examples),
        "em": round(100 * float(np.mean(hits)), 1),
        "f1": round(100 * float(np.mean(overlaps)), 1),
    }


def refusal_scores(corpus: Corpus, run: Run, answerable: Sequence[int], near_misses: Sequence[Pair]) -> dict[str, Any]:
    """Area under the curve that tells windows with the answer from `near_misses`, by margin and by relevance."""
    examples = [corpus.library.examples[number] for number in answerable]
    good = [Pair(corpus.question_of[n], e.window, None) for n, e in zip(answerable, examples, strict=True)]
    found = read(corpus, run, [*good, *near_misses])
    labels = [1] * len(good) + [0] * len(near_misses)
    return {
        "n": len(labels),
        "auc_margin": round(float(roc_auc_score(labels, [f.margin for f in found])), 3),
        "auc_relevance": round(float(roc_auc_score(labels, [f.relevance for f in found])), 3),
    }


def near_miss_scores(corpus: Corpus, run: Run, some: Callable[[str], Sequence[int]]) -> dict[str, Any]:
    """`refusal_scores` of each line of NEAR_MISSES for which `some` finds examples of both its sources."""
    scores = {}
    for line, sources in NEAR_MISSES.items():
        answered, missed = (some(source) for source in sources)
        if answered and missed:
            near = [Pair(corpus.question_of[n], corpus.library.examples[n].window, None) for n in missed]
            scores[line] = refusal_scores(corpus, run, answered, near)
    return scores

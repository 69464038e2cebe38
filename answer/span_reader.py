"""The trained Reader: it marks the words that answer in each retrieved passage, or says that they are not there.

The encoder's lower layers have seen question and passage each alone (`Encoding.states`; the passage's are in the
index); here the upper ones, trained for it (`train/`), see them together. Of each sentence or list item the likeliest
words are taken; sentences are put in order by a logistic regression on what the model says of them and on what search
knows; a second one says how likely the first of them answers (`python -m eval fit`).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from answer.calibration import Calibration, Features, Logistic
from answer.spans import best_span
from errors import ModelError
from index.encoding.onnx_encoder import open_session
from records import Hit, Question, Reading, Span

CALIBRATION = Path(__file__).with_name("span_calibration.json")
FIRST = 3
"""Passages read first; the others only where these leave a doubt."""
_SURE = 0.05
"""Below this share of all the probability an answer is a whole sentence: a list, a reason, a description. F1 on the
articles for calibration falls as this rises, and at nothing reasons are torn."""


@dataclass(frozen=True, slots=True)
class Find:
    """The likeliest words of one sentence of a passage, in characters of the body, and how much speaks for them."""

    hit: Hit
    words: Span
    quote: Span
    """The sentence or list item."""
    margin: float
    """Logit of the words over that of "not here"."""
    relevance: float
    """Logit that the passage answers."""
    certainty: float
    """Share of these words among all words of the passage that might answer, 0 to 1."""
    late: float
    """Late interaction of the question with the sentence's own tokens."""
    coverage: float
    """Share of the question's terms, weighed by idf, that the sentence holds; 0 in another language."""
    weakest: float
    """Mean, over the third of the question's tokens that are least in the passage, of the best cosine with it: a name
    that the passage does not know."""

    @property
    def answer(self) -> Span:
        """The words; where none stand out, all that is quoted."""
        return self.words if self.certainty >= _SURE else self.quote


class SpanModel:
    """What the trained layers say of a question and its passages."""

    def __init__(self, path: Path, threads: int = 2) -> None:
        """`path`: a graph that `answer.export` wrote. Raises ModelError when it cannot be opened."""
        try:
            self._session = open_session(path, threads)
        except Exception as error:  # onnxruntime's own errors have no common ancestor but this one
            cause = " ".join(str(error).split())
            raise ModelError(f"{path} cannot be loaded ({cause}). Delete {path.parent}; it is made again.") from error

    def find(self, question: Question, hits: Sequence[Hit]) -> list[Find]:
        """A Find for each sentence of each passage, in the order of `hits`; what has no tokens is left out."""
        asked = question.encoding.states[None]
        read = [hit for hit in hits if len(hit.spans)] if asked.shape[1] else []
        return [find for hit in read for find in _finds(question, hit, *self._marks(asked, hit.states[None]))]

    def _marks(self, asked: NDArray[np.float32], passage: NDArray[np.float32]) -> list[NDArray[np.float32]]:
        """Start and end, (1 + tokens,) each, and relevance, (), as `answer.joint_reader.Marks`.

        One passage at a time: on two cores a batch is no faster, even without the padding it would need, and holds
        three times the memory.
        """
        inputs = {
            "question": asked, "question_mask": np.ones(asked.shape[:2], np.bool_),
            "passage": passage, "passage_mask": np.ones(passage.shape[:2], np.bool_),
        }  # fmt: skip
        return [part[0] for part in self._session.run(["start", "end", "relevance"], inputs)]


class SpanReader:
    """The Reader described above."""

    def __init__(self, model: SpanModel, calibration: Calibration) -> None:
        """Raises ModelError when `calibration` does not rank: then it is another reader's."""
        if calibration.rank is None:
            raise ModelError(f"{CALIBRATION} does not say how sentences rank; `python -m eval fit` writes it.")
        self.model, self.calibration, self._rank = model, calibration, calibration.rank

    def read(self, question: Question, hits: Sequence[Hit]) -> list[Reading]:
        rank = self._rank
        finds = self.model.find(question, hits[:FIRST])
        if not any(rank.logit(rank_features(find)) >= self.calibration.stop for find in finds):
            finds += self.model.find(question, hits[FIRST:])
        return [
            Reading(find.hit, find.answer, find.quote, self.calibration.answer.probability(features))
            for find, features in evidence(question, finds, rank)
        ]


def evidence(question: Question, finds: Sequence[Find], rank: Logistic) -> list[tuple[Find, Features]]:
    """The best find of each passage, best first, each with the features of how likely it answers."""
    best: dict[int, tuple[float, Find]] = {}
    for find in finds:
        score = rank.logit(rank_features(find))
        if id(find.hit) not in best or score > best[id(find.hit)][0]:
            best[id(find.hit)] = score, find
    ranked = sorted(best.values(), key=lambda scored: -scored[0])
    return [(find, _features(question, find, score, ranked)) for score, find in ranked]


def rank_features(find: Find) -> Features:
    """What speaks for a sentence by itself."""
    return {
        "margin": find.margin,
        "relevance": find.relevance,
        "search": find.hit.score,
        "late": find.late,
        "coverage": find.coverage,
    }


def _features(question: Question, find: Find, score: float, ranked: Sequence[tuple[float, Find]]) -> Features:
    others = [other for other, rival in ranked if rival is not find]
    return {
        **rank_features(find),
        "score": score,
        "lead": score - max(others, default=score),
        "certainty": find.certainty,
        "weakest": find.weakest,
        "same_language": float(question.lang == find.hit.article.lang),
    }


def _finds(
    question: Question, hit: Hit, start: NDArray[np.float32], end: NDArray[np.float32], relevance: NDArray[Any]
) -> Iterator[Find]:
    starts, ends = _softmax(start[1:]), _softmax(end[1:])
    cosines = question.encoding.tokens @ hit.tokens.T
    known = np.sort(cosines.max(axis=1))
    weakest = float(known[: max(1, len(known) // 3)].mean())
    at = hit.passage.start
    same_language = question.lang == hit.article.lang
    for quote, coverage in zip(hit.passage.sentences, hit.coverage, strict=True):
        own = np.flatnonzero((hit.spans[:, 0] >= quote[0] - at) & (hit.spans[:, 0] < quote[1] - at))
        if not len(own) or hit.article.body[slice(*quote)] == hit.article.title:
            continue
        inside = np.concatenate([[0], own + 1])
        first, last, margin = best_span(start[inside], end[inside])
        first, last = own[first], own[last]
        yield Find(
            hit,
            (at + int(hit.spans[first, 0]), at + int(hit.spans[last, 1])),
            quote,
            margin,
            float(relevance),
            float(starts[first] * ends[last]),
            float(cosines[:, own].max(axis=1).mean()),
            coverage * same_language,
            weakest,
        )


def _softmax(logits: NDArray[np.float32]) -> NDArray[np.float32]:
    powers = np.exp(logits - logits.max())
    return np.asarray(powers / powers.sum(), np.float32)

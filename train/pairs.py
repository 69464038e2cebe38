"""Examples to what one step sees: question and window, where the answer's tokens are, and passages that lack it."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from index.stores.lexical import LexicalIndex
from records import LANGS, Span
from train.data import Example, Library
from train.generated import MISSED, WRITTEN
from train.sets import Split
from train.states import States

HARD = 8
"""Passages a question is mined for: those that search ranks highest and that lack the answer."""
_WORDS = 0.5
"""Weight of BM25's z-score beside e5's when they are mined: what search finds is near in words, too."""
_NEGATIVE, _ANYWHERE = 0.5, 0.1
"""How many questions bring a negative with them, and how many of these take it from anywhere in the language."""
_CUT, _SHORTENED = 0.35, 0.35
"""How many questions are also put to their own passage without the sentence that answers, a near miss in any language;
and how many answered passages lose another sentence, so that a gap gives nothing away."""
_OFTEN = ("piaf", WRITTEN, MISSED)
"""Sets seen twice an epoch: they say more than XQuAD, which asks the same seven times over its pairs of languages."""

Tokens = tuple[int, int]
"""First and last."""


@dataclass(frozen=True, slots=True)
class Pair:
    """A question's number, a window's number, and the tokens of the window that answer; None: not here.

    `without`: tokens that are left out of the window, none of the answer.
    """

    question: int
    window: int
    answer: Tokens | None
    without: Tokens | None = None


@dataclass(frozen=True, slots=True)
class Corpus:
    """The library with its states: all that training and scoring read."""

    library: Library
    passages: States
    questions: States
    question_of: list[int]
    """For each example the number of its question's states."""

    def examples(self, split: Split, sources: Sequence[str] = ()) -> list[int]:
        """Numbers of the examples of a split, of these sources only if any are named."""
        return [
            number
            for number, example in enumerate(self.library.examples)
            if example.split == split and (not sources or example.source in sources)
        ]

    def hard_negatives(self, numbers: Sequence[int]) -> dict[int, list[int]]:
        asked = self.questions.vectors[[self.question_of[number] for number in numbers]]
        return hard_negatives(self.library, numbers, asked, self.passages.vectors)

    def training_pairs(self, negatives: dict[int, list[int]], seed: int) -> list[list[Pair]]:
        """Every training example once, those of _OFTEN twice, in a random order, each with what contrasts with it: half
        of the answerable ones with a passage that lacks the answer, a third with their own without the sentence that
        answers."""
        chance = random.Random(seed)
        groups = []
        for number, hard in negatives.items():
            example = self.library.examples[number]
            question = self.question_of[number]
            tokens = token_span(self.passages.spans_of(example.window), example.answer) if example.answer else None
            for _ in range(2 if example.source in _OFTEN else 1):
                group = []
                if tokens or example.answer is None:
                    left_out = self._other_sentence(example, chance) if chance.random() < _SHORTENED else None
                    group.append(Pair(question, example.window, tokens, left_out))
                if example.answer and hard and chance.random() < _NEGATIVE:
                    group.append(Pair(question, self._negative(example, hard, chance), None))
                if chance.random() < _CUT and (left_out := self._answering_sentence(example)):
                    group.append(Pair(question, example.window, None, left_out))
                if group:
                    groups.append(group)
        chance.shuffle(groups)
        return groups

    def _answering_sentence(self, example: Example) -> Tokens | None:
        """The tokens of the one sentence that holds an answer; None where it is the only one, or another does too."""
        window = self.library.windows[example.window]
        holding = [span for span in window.sentences if example.answered_in(window.text[slice(*span)])]
        alone = len(holding) == 1 and len(window.sentences) > 1
        return token_span(self.passages.spans_of(example.window), holding[0]) if alone else None

    def _other_sentence(self, example: Example, chance: random.Random) -> Tokens | None:
        """The tokens of a sentence beside the answer; None where too little would be left."""
        if not example.answer:
            return None
        begin, end = example.answer
        window = self.library.windows[example.window]
        others = [(a, b) for a, b in window.sentences if b <= begin or a >= end]
        if len(window.sentences) < 3 or not others:
            return None
        return token_span(self.passages.spans_of(example.window), chance.choice(others))

    def _negative(self, example: Example, hard: list[int], chance: random.Random) -> int:
        if chance.random() >= _ANYWHERE:
            return hard[min(int(chance.expovariate(0.4)), len(hard) - 1)]
        own = self.library.windows[example.window]
        while True:
            window = chance.randrange(len(self.library.windows))
            other = self.library.windows[window]
            if self.library.splits[window] == "train" and other.lang == own.lang and other.title != own.title:
                return window

    def batch(self, pairs: Sequence[Pair]) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """The four inputs of `answer.joint_reader.JointReader`, padded to the longest."""
        question, question_mask = _padded([self.questions.of(pair.question) for pair in pairs])
        passage, passage_mask = _padded([_shorter(self.passages.of(p.window), p.without) for p in pairs])
        return question, question_mask, passage, passage_mask

    def batches(self, groups: Sequence[Sequence[Pair]], size: int, seed: int) -> Iterator[list[Pair]]:
        """About `size` pairs of like length together, groups whole, in an order that `seed` alone decides."""
        chance = random.Random(seed)
        made: list[list[Pair]] = []
        for start in range(0, len(groups), 50 * size):
            near = sorted(
                groups[start : start + 50 * size], key=lambda g: max(self.passages.length(p.window) for p in g)
            )
            some: list[list[Pair]] = [[]]
            for group in near:
                if len(some[-1]) + len(group) > size:
                    some.append([])
                some[-1] += group
            chance.shuffle(some)
            made += some
        return iter(made)


def hard_negatives(
    library: Library, numbers: Sequence[int], questions: NDArray[np.float32], passages: NDArray[np.float32]
) -> dict[int, list[int]]:
    """For each example the HARD best windows, by e5 and words, of its language and split that lack its answers.

    `questions` float32 (numbers, hidden), `passages` float32 (windows, hidden): pooled, unit length.
    """
    windows = library.windows
    langs = np.array([window.lang for window in windows])
    splits = np.array(library.splits)
    stemmed = np.flatnonzero(np.isin(langs, LANGS))
    lexical = LexicalIndex.build([windows[w].text for w in stemmed], [windows[w].lang for w in stemmed])  # type: ignore[misc]
    found: dict[int, list[int]] = {}
    for number, vector in zip(numbers, questions, strict=True):
        example = library.examples[number]
        pool = np.flatnonzero((langs == windows[example.window].lang) & (splits == example.split))
        nearness = _standard(passages[pool] @ vector)
        if example.lang in LANGS:
            words = np.zeros(len(windows), np.float32)
            words[stemmed] = lexical.scores(example.question, example.lang)
            nearness += _WORDS * _standard(words[pool])
        ranked = (int(pool[i]) for i in np.argsort(-nearness)[: 3 * HARD])
        lacking = (w for w in ranked if w != example.window and not example.answered_in(windows[w].text))
        found[number] = list(islice(lacking, HARD))
    return found


def targets(pairs: Sequence[Pair]) -> tuple[Tensor, Tensor, Tensor]:
    """Columns of start and end (0: not here), int64 (b,) each, and whether the passage answers, float32 (b,)."""
    shifts = [_length(p.without) if p.answer and p.without and p.without < p.answer else 0 for p in pairs]
    starts, ends = (
        torch.tensor([p.answer[side] + 1 - shift if p.answer else 0 for p, shift in zip(pairs, shifts, strict=True)])
        for side in (0, 1)
    )
    return starts, ends, (starts > 0).float()


def contrasts(pairs: Sequence[Pair]) -> list[tuple[int, list[int]]]:
    """Of each question asked of more passages than the one that answers: the pair that does, and all its pairs."""
    asked: dict[int, list[int]] = {}
    for number, pair in enumerate(pairs):
        asked.setdefault(pair.question, []).append(number)
    rows = [([n for n in numbers if pairs[n].answer], numbers) for numbers in asked.values()]
    return [(answered[0], numbers) for answered, numbers in rows if len(answered) == 1 and len(numbers) > 1]


def _standard(scores: NDArray[np.float32]) -> NDArray[np.float32]:
    """z-scores; zeros where all are alike."""
    return np.asarray((scores - scores.mean()) / (scores.std() or 1), np.float32)


def _length(tokens: Tokens) -> int:
    return tokens[1] - tokens[0] + 1


def _shorter(states: NDArray[np.float32], without: Tokens | None) -> NDArray[np.float32]:
    return np.delete(states, slice(without[0], without[1] + 1), 0) if without else states


def token_span(spans: NDArray[np.int32], answer: Span) -> Tokens | None:
    """The tokens that overlap the characters of `answer`; None where no token does."""
    inside = np.flatnonzero((spans[:, 1] > answer[0]) & (spans[:, 0] < answer[1]))
    return (int(inside[0]), int(inside[-1])) if len(inside) else None


def _padded(states: Sequence[NDArray[np.float32]]) -> tuple[Tensor, Tensor]:
    longest = max(len(rows) for rows in states)
    padded = np.zeros((len(states), longest, states[0].shape[1]), np.float32)
    mask = np.zeros((len(states), longest), np.bool_)
    for i, rows in enumerate(states):
        padded[i, : len(rows)] = rows
        mask[i, : len(rows)] = True
    return torch.from_numpy(padded), torch.from_numpy(mask)

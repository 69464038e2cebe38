"""Examples to what one step sees: question and window, where the answer's tokens are, and passages that lack it."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from records import Span
from train.data import Example, Library, Split
from train.states import States

HARD = 8
"""Passages a question is mined for: the nearest to it that lack the answer."""
_NEGATIVE, _ANYWHERE = 0.5, 0.1
"""How many questions bring a negative with them, and how many of these take it from anywhere in the language."""


@dataclass(frozen=True, slots=True)
class Pair:
    """A question's number, a window's number, and the tokens (first, last) that answer; None: not here."""

    question: int
    window: int
    answer: tuple[int, int] | None


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
        """For each example the HARD nearest windows of its language and split without any of its answers in them."""
        langs = np.array([window.lang for window in self.library.windows])
        splits = np.array(self.library.splits)
        texts = [window.text.casefold() for window in self.library.windows]
        found: dict[int, list[int]] = {}
        for number in numbers:
            example = self.library.examples[number]
            lang = self.library.windows[example.window].lang
            pool = np.flatnonzero((langs == lang) & (splits == example.split))
            nearness = self.passages.vectors[pool] @ self.questions.vectors[self.question_of[number]]
            golds = [gold.casefold() for gold in example.golds]
            ranked = (int(pool[i]) for i in np.argsort(-nearness)[: 3 * HARD])
            found[number] = [w for w in ranked if not _holds(example, golds, w, texts[w])][:HARD]
        return found

    def training_pairs(self, negatives: dict[int, list[int]], seed: int) -> list[Pair]:
        """Every training example once, half of the answerable ones with a passage that lacks the answer; shuffled."""
        chance = random.Random(seed)
        pairs = []
        for number, hard in negatives.items():
            example = self.library.examples[number]
            question = self.question_of[number]
            tokens = token_span(self.passages.spans_of(example.window), example.answer) if example.answer else None
            if tokens or example.answer is None:
                pairs.append(Pair(question, example.window, tokens))
            if example.answer and hard and chance.random() < _NEGATIVE:
                pairs.append(Pair(question, self._negative(example, hard, chance), None))
        chance.shuffle(pairs)
        return pairs

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
        passage, passage_mask = _padded([self.passages.of(pair.window) for pair in pairs])
        return question, question_mask, passage, passage_mask

    def batches(self, pairs: Sequence[Pair], size: int, seed: int) -> Iterator[list[Pair]]:
        """Pairs of like length together, in an order that `seed` alone decides."""
        chance = random.Random(seed)
        made = []
        for start in range(0, len(pairs), 50 * size):
            near = sorted(pairs[start : start + 50 * size], key=lambda pair: self.passages.length(pair.window))
            some = [near[i : i + size] for i in range(0, len(near), size)]
            chance.shuffle(some)
            made += some
        return iter(made)


def targets(pairs: Sequence[Pair]) -> tuple[Tensor, Tensor, Tensor]:
    """Columns of start and end (0: not here), int64 (b,) each, and whether the passage answers, float32 (b,)."""
    starts = torch.tensor([pair.answer[0] + 1 if pair.answer else 0 for pair in pairs])
    ends = torch.tensor([pair.answer[1] + 1 if pair.answer else 0 for pair in pairs])
    return starts, ends, (starts > 0).float()


def token_span(spans: NDArray[np.int32], answer: Span) -> tuple[int, int] | None:
    """First and last token that overlap the characters of `answer`; None where no token does."""
    inside = np.flatnonzero((spans[:, 1] > answer[0]) & (spans[:, 0] < answer[1]))
    return (int(inside[0]), int(inside[-1])) if len(inside) else None


def _holds(example: Example, golds: Sequence[str], window: int, text: str) -> bool:
    return window == example.window or any(gold in text for gold in golds)


def _padded(states: Sequence[NDArray[np.float32]]) -> tuple[Tensor, Tensor]:
    longest = max(len(rows) for rows in states)
    padded = np.zeros((len(states), longest, states[0].shape[1]), np.float32)
    mask = np.zeros((len(states), longest), np.bool_)
    for i, rows in enumerate(states):
        padded[i, : len(rows)] = rows
        mask[i, : len(rows)] = True
    return torch.from_numpy(padded), torch.from_numpy(mask)

"""The question in a letter: without greeting and thanks, and apart from what its writer says around it.

"Good morning, I teach in Lyon and read your June issue. Could you tell me who opened the congress?" asks who opened the
congress. Encoder and reader were trained on bare questions, and words that ask for nothing hide those that do
(`python -m bench letters`). What is asked is marked by a small network on the encoder's own token states, trained on
letters (`train.tagger`, docs/letters.md); of a bare question that is all of it.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.numpy import load_file

from errors import ModelError
from records import Encoding, Question

WEIGHTS = Path(__file__).with_name("letter.safetensors")
_NAMES = (
    "narrow.weight", "narrow.bias", "mark.weight", "mark.bias",
    *(f"gru.{kind}_l0{way}" for kind in ("weight_ih", "weight_hh", "bias_ih", "bias_hh") for way in ("", "_reverse")),
)  # fmt: skip
_WORD = re.compile(r"\S+")
_ASKED = -1.0
"""Mean logit above which a word is asked: one too many does less harm than one too few."""
_NOT_ASKED = -3.0
"""What a word's is below where a run of words is left out with it."""
_GAP = 2
"""Words between two that are asked, which are asked then, too."""


@dataclass(frozen=True, slots=True)
class Letter:
    """`question`: what is asked, with what it leans on; the whole text where it is nothing but that. `around`: what
    else is said."""

    question: str
    around: str = ""


class LetterReader:
    """Marks the words of a text that ask: a linear layer, a GRU (Cho et al. 2014) from both sides, a logit a token."""

    def __init__(self, weights: Mapping[str, NDArray[np.float32]]) -> None:
        """`weights`: named as `train.tagger.Tagger.save` does."""
        self._weights = weights

    @classmethod
    def open(cls, path: Path = WEIGHTS) -> LetterReader:
        """Raises ModelError when `path` does not hold its weights."""
        try:
            weights = load_file(path)
            return cls({name: weights[name].astype(np.float32) for name in _NAMES})
        except (OSError, SafetensorError, KeyError) as error:
            raise ModelError(f"{path} is not the weights that find a question in a letter ({error}).") from error

    def read(self, question: Question) -> Letter:
        """The question in a text that was encoded whole; all of it where all is asked, or not two words are, or the
        encoder gives no states."""
        text, encoding = question.text, question.encoding
        if not len(encoding.spans) or not encoding.states.shape[1]:
            return Letter(text)
        asked = words_asked(text, encoding.spans, self.logits(encoding))
        if asked.all() or asked.sum() < 2:
            return Letter(text)
        words = np.array(_WORD.findall(text))
        return Letter(" ".join(words[asked]).rstrip(",;:"), " ".join(words[~asked]))

    def logits(self, encoding: Encoding) -> NDArray[np.float32]:
        """Of each token, float32 (n,): above 0 it is likely asked."""
        weights = self._weights
        narrow = np.maximum(token_inputs(encoding) @ weights["narrow.weight"].T + weights["narrow.bias"], 0)
        forward = self._recur(narrow, "")
        backward = self._recur(narrow[::-1], "_reverse")[::-1]
        seen = np.concatenate([forward, backward], 1)
        return np.asarray(seen @ weights["mark.weight"] + weights["mark.bias"], np.float32)

    def _recur(self, rows: NDArray[np.float32], direction: str) -> NDArray[np.float32]:
        """The GRU's states, float32 (n, hidden), gates in torch's order: reset, update, new."""
        of_input, of_state, input_bias, state_bias = (
            self._weights[f"gru.{name}_l0{direction}"] for name in ("weight_ih", "weight_hh", "bias_ih", "bias_hh")
        )
        hidden = of_state.shape[1]
        states = np.zeros((len(rows) + 1, hidden), np.float32)
        for n, gates in enumerate(rows @ of_input.T + input_bias):
            before = of_state @ states[n] + state_bias
            reset, update = np.split(_sigmoid(gates[: 2 * hidden] + before[: 2 * hidden]), 2)
            new = np.tanh(gates[2 * hidden :] + reset * before[2 * hidden :])
            states[n + 1] = new + update * (states[n] - new)
        return states[1:]


def token_inputs(encoding: Encoding) -> NDArray[np.float32]:
    """What the encoder made of each token half-way and at its end, float32 (n, width + dim)."""
    return np.concatenate([encoding.states, encoding.tokens], 1)


def words_asked(text: str, spans: NDArray[np.int32], logits: NDArray[np.floating]) -> NDArray[np.bool_]:
    """Of each word of a cleaned text, bool (words,), whether it is asked: by the mean of its tokens, signs left out.

    A word without any (a sign, or what is beyond the encoder's reach) goes with the one before it, in front with the
    first that has some. A run of words is left out only where one of them is surely not asked.
    """
    lettered = np.array([any(map(str.isalnum, text[start:end])) for start, end in spans], np.bool_)
    means: list[float | None] = []
    for word in _WORD.finditer(text):
        own = logits[lettered & (spans[:, 0] < word.end()) & (spans[:, 1] > word.start())]
        means.append(float(own.mean()) if len(own) else None)
    last = next((mean for mean in means if mean is not None), 0.0)
    sure = np.array([last := last if mean is None else mean for mean in means])
    asked = sure > _ASKED
    for before, after in itertools.pairwise(np.flatnonzero(asked).tolist()):
        asked[before:after] |= after - before <= 1 + _GAP
    ends = np.flatnonzero(np.diff(asked)) + 1
    for start, end in itertools.pairwise([0, *ends.tolist(), len(asked)]):
        asked[start:end] |= sure[start:end].min(initial=0.0) > _NOT_ASKED
    return asked


def _sigmoid(values: NDArray[np.float32]) -> NDArray[np.float32]:
    return np.asarray((1 + np.tanh(values / 2)) / 2, np.float32)  # never overflows

"""A fake Encoder that depends on its text, so that other tests can work out scores by hand; and its promises."""

from __future__ import annotations

import re
import zlib
from collections.abc import Sequence

import numpy as np
import pytest

from records import Encoding

WORD = re.compile(r"\w+")


class WordEncoder:
    """Every word has an axis of its own; a text is the unit sum of its words, a passage's title counting too.
    Half-way states are three times the tokens, so that they are of another length.

    `encoded` lists the passages that went through it, so that a test sees what was encoded again.
    """

    dim = 512

    def __init__(self, id: str = "words") -> None:
        self.id = id
        self.encoded: list[str] = []

    def count_tokens(self, text: str) -> int:
        return len(WORD.findall(text))

    def encode_passages(self, texts: Sequence[str], contexts: Sequence[str]) -> list[Encoding]:
        self.encoded += texts
        return [self._encode(text, context) for text, context in zip(texts, contexts, strict=True)]

    def encode_question(self, text: str) -> Encoding:
        return self._encode(text, "")

    def _encode(self, text: str, context: str) -> Encoding:
        tokens = self._axes(text)
        vector = tokens.sum(axis=0) + self._axes(context).sum(axis=0)
        length = max(float(np.linalg.norm(vector)), 1e-12)
        spans = [match.span() for match in WORD.finditer(text)]
        return Encoding(vector / np.float32(length), tokens, np.array(spans, np.int32).reshape(-1, 2), 3 * tokens)

    def _axes(self, text: str) -> np.ndarray[tuple[int, int], np.dtype[np.float32]]:
        axes = [zlib.crc32(word.lower().encode()) % self.dim for word in WORD.findall(text)]
        return np.eye(self.dim, dtype=np.float32)[axes]


def test_a_text_is_the_unit_sum_of_its_words() -> None:
    one = WordEncoder().encode_question("Roth parle")
    other = WordEncoder().encode_question("Berlin parle")
    assert float(one.vector @ other.vector) == pytest.approx(0.5)
    assert one.spans.tolist() == [[0, 4], [5, 10]]
    assert (one.tokens @ other.tokens.T).tolist() == [[0, 0], [0, 1]]


def test_the_title_colours_the_vector_but_not_the_tokens() -> None:
    (passage,) = WordEncoder().encode_passages(["Roth parle"], ["Berlin"])
    question = WordEncoder().encode_question("Berlin")
    assert float(passage.vector @ question.vector) == pytest.approx(1 / 3**0.5)
    assert passage.tokens.shape == (2, 512)


def test_it_lists_what_it_encoded() -> None:
    encoder = WordEncoder()
    encoder.encode_passages(["a", "b"], ["", ""])
    assert encoder.encoded == ["a", "b"]

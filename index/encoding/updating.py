"""The Encoder that brings an index up to date: few passages without torch, which takes longer to load than they take.

Six seconds of the processor go into loading torch, sentence-transformers and the model; onnxruntime over the same
weights in 32 bits is there in half a second and a fifth slower afterwards. Both give the same vectors (tests hold them
to a cosine of 0.9999), under the same id.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cached_property

from records import Encoder, Encoding

MANY = 128
"""Passages asked for at once from which on the encoder for many is loaded."""


class UpdatingEncoder:
    """`few` makes the encoder for few passages, when it is first wanted; `many` loads by itself when it encodes."""

    def __init__(self, few: Callable[[], Encoder], many: Encoder) -> None:
        self.id, self.dim = many.id, many.dim
        self._make, self._many, self._loaded = few, many, False

    @cached_property
    def _few(self) -> Encoder:
        return self._make()

    def count_tokens(self, text: str) -> int:
        return self._few.count_tokens(text)

    def encode_passages(self, texts: Sequence[str], contexts: Sequence[str]) -> list[Encoding]:
        """One Encoding a text, in order."""
        if self._loaded or len(texts) >= MANY:
            self._loaded = True
            self.__dict__.pop("_few", None)  # two models need not be in memory
            return self._many.encode_passages(texts, contexts)
        return self._few.encode_passages(texts, contexts)

    def encode_question(self, text: str) -> Encoding:
        return self._few.encode_question(text)

"""Texts to vectors with sentence-transformers: one vector a text and one a token, from the same forward pass."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from errors import ModelError
from index.weights import BUNDLED, bundled_model
from records import Encoding

_BATCH = 16


class SentenceEncoder:
    """The Encoder over any sentence-transformers model; never reaches for the network for the bundled one.

    `id` names the model and its prefixes. Passages are encoded behind their context (the article's title), whose
    tokens colour the vectors but are not among `Encoding.tokens`.
    """

    def __init__(
        self,
        model: str,
        cache: Path,
        *,
        query_prefix: str | None = None,
        passage_prefix: str | None = None,
        threads: int = 2,
    ) -> None:
        """Load `model`: the bundled one, or a sentence-transformers model by name or path. Raises ModelError."""
        if model == BUNDLED:
            os.environ["HF_HUB_OFFLINE"] = "1"
        import torch
        from sentence_transformers import SentenceTransformer
        from transformers.utils import logging

        logging.disable_progress_bar()
        torch.set_num_threads(threads)
        source = str(bundled_model(cache)) if model == BUNDLED else model
        try:
            self._model = SentenceTransformer(source, device="cpu")
        except Exception as error:  # the loader raises whatever its layers raise; the user needs the name and the cause
            cause = " ".join(str(error).split())
            if model == BUNDLED:
                raise ModelError(f"{source} cannot be loaded ({cause}). Delete it; it is made again.") from error
            raise ModelError(f"BULLETIN_MODEL={model!r} cannot be loaded: {cause}") from error
        prompts = self._model.prompts
        self._query_prefix = query_prefix if query_prefix is not None else prompts.get("query", "")
        self._passage_prefix = passage_prefix if passage_prefix is not None else prompts.get("document", "")
        self._tokenizer = self._model.tokenizer
        name = Path(source).name if model == BUNDLED else model
        self.id = f"{name} [{self._query_prefix}|{self._passage_prefix}]"
        self.dim = int(self._model.get_embedding_dimension() or 0)

    def count_tokens(self, text: str) -> int:
        """Tokens of `text` alone, without prefix and special tokens."""
        return len(self._tokenizer(text, add_special_tokens=False, verbose=False)["input_ids"])

    def encode_passages(self, texts: Sequence[str], contexts: Sequence[str]) -> list[Encoding]:
        """One Encoding a text, in order."""
        heads = [f"{context}\n" if context else "" for context in contexts]
        whole = [self._passage_prefix + head + text for head, text in zip(heads, texts, strict=True)]
        return self._encode(whole, [len(self._passage_prefix) + len(head) for head in heads])

    def encode_question(self, text: str) -> Encoding:
        return self._encode([self._query_prefix + text], [len(self._query_prefix)])[0]

    def _encode(self, texts: list[str], starts: list[int]) -> list[Encoding]:
        features = self._model.encode(texts, prompt="", output_value=None, batch_size=_BATCH, show_progress_bar=False)
        return [self._encoding(text, start, f) for text, start, f in zip(texts, starts, features, strict=True)]

    def _encoding(self, text: str, start: int, feature: dict[str, object]) -> Encoding:
        states = np.asarray(feature["token_embeddings"], np.float32)
        offsets = self._tokenizer(
            text, return_offsets_mapping=True, truncation=True, max_length=self._model.max_seq_length
        )["offset_mapping"]
        spans = np.asarray([_without_leading_space(text, a, b) for a, b in offsets], np.int32).reshape(-1, 2)
        own = (spans[:, 0] >= start) & (spans[:, 1] > spans[:, 0])
        return Encoding(
            _unit(np.asarray(feature["sentence_embedding"], np.float32)),
            _unit(states[: len(spans)][own]),
            spans[own] - np.int32(start),
        )


def _without_leading_space(text: str, start: int, end: int) -> tuple[int, int]:
    while start < end and text[start].isspace():
        start += 1
    return start, end


def _unit(rows: NDArray[np.float32]) -> NDArray[np.float32]:
    return np.asarray(rows / np.maximum(np.linalg.norm(rows, axis=-1, keepdims=True), 1e-12), np.float32)

"""Texts to vectors: one vector a text and one a token, from the same forward pass; here with sentence-transformers.

`TextEncoder` is what is the same whatever runs the transformer.
"""

from __future__ import annotations

import json
import os
import sys
from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from errors import ModelError
from index.encoding.tokens import Tokens, own_spans
from index.encoding.weights import (
    BUNDLED,
    PASSAGE_PREFIX,
    QUERY_PREFIX,
    QUESTION_LAYER,
    SPLIT_LAYER,
    bundled_model,
    bundled_name,
    question_weights,
)
from records import Encoding

if TYPE_CHECKING:
    from tokenizers import Tokenizer

_BATCH = 16
_PADDED = 1.2
"""How much longer than its shortest text the longest of a batch may be: what is padded is computed for nothing."""


class Pass(NamedTuple):
    """What one forward pass gives for a batch of texts, padded on the right to the longest, n tokens."""

    vectors: NDArray[np.float32]
    """(b, dim)"""
    last: NDArray[np.float32]
    """(b, n, dim), the last layer's states"""
    half: NDArray[np.float32]
    """(b, n, width), those after SPLIT_LAYER layers; width 0 where the model has none to give"""
    before: NDArray[np.float32]
    """(b, n, width), those after QUESTION_LAYER layers, likewise"""


class TextEncoder(ABC):
    """The Encoder around any transformer, its prefixes and its tokens, cut to the model's reach.

    `id` names the model and its prefixes. Passages are encoded behind their context (the article's title), whose
    tokens colour the vectors but are not among `Encoding.tokens`.
    """

    def __init__(self, name: str, dim: int, query_prefix: str, passage_prefix: str) -> None:
        self.id = f"{name} [{query_prefix}|{passage_prefix}]"
        self.dim = dim
        self._query_prefix, self._passage_prefix = query_prefix, passage_prefix

    @abstractmethod
    def count_tokens(self, text: str) -> int:
        """Tokens of `text` alone, without prefix and special tokens, however long it is."""

    @abstractmethod
    def _tokens(self, text: str) -> Tokens:
        """As many as the model can read, special ones included."""

    @abstractmethod
    def _forward(self, texts: Sequence[str], ids: Sequence[Sequence[int]]) -> Pass:
        """`ids`: the tokens of each text, special ones included."""

    def encode_passages(self, texts: Sequence[str], contexts: Sequence[str]) -> list[Encoding]:
        """One Encoding a text, in order."""
        heads = [f"{context}\n" if context else "" for context in contexts]
        whole = [self._passage_prefix + head + text for head, text in zip(heads, texts, strict=True)]
        return self._encode(whole, [len(self._passage_prefix) + len(head) for head in heads])

    def encode_question(self, text: str) -> Encoding:
        return self._encode([self._query_prefix + text], [len(self._query_prefix)], asked=True)[0]

    @abstractmethod
    def _question_layers(self, before: NDArray[np.float32]) -> NDArray[np.float32]:
        """The last states of a question by layers of its own; float32 (n, dim) both."""

    def _encode(self, texts: Sequence[str], starts: Sequence[int], *, asked: bool = False) -> list[Encoding]:
        tokens = [self._tokens(text) for text in texts]
        encodings: dict[int, Encoding] = {}
        for batch in _batches([len(own.ids) for own in tokens]):
            passed = self._forward([texts[i] for i in batch], [tokens[i].ids for i in batch])
            for i, vector, last, half, before in zip(batch, *passed, strict=True):
                own, spans = own_spans(tokens[i].offsets, texts[i], starts[i])
                states = (rows[: len(own)][own] for rows in (last, half))
                as_query = partial(self._as_query, before[: len(own)], own) if asked and before.shape[1] else None
                encodings[i] = Encoding(_unit(vector), _unit(next(states)), spans, next(states), as_query)
        return [encodings[i] for i in range(len(texts))]

    def _as_query(self, before: NDArray[np.float32], own: NDArray[np.bool_]) -> NDArray[np.float32]:
        return _unit(self._question_layers(before)[own])


class SentenceEncoder(TextEncoder):
    """The Encoder over any sentence-transformers model; never reaches for the network for the bundled one.

    It gives half-way states for the bundled model alone: a reader is trained on its layers and no other's.
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
        """`model`: the bundled one, or a sentence-transformers model by name or path. Raises ModelError.

        Of the bundled one all that takes time is loaded when it is first used, and may raise ModelError then: a build
        with nothing to encode imports no torch.
        """
        self._bundled, self._threads = model == BUNDLED, threads
        self._source = str(bundled_model(cache)) if self._bundled else model
        if self._bundled:
            with self._loading():
                config = json.loads(Path(self._source, "config.json").read_bytes())
            name, dim, self._reach = bundled_name(), config["hidden_size"], config["max_position_embeddings"]
            prompts = {"query": QUERY_PREFIX, "document": PASSAGE_PREFIX}
        else:
            # A tokenizer that knows no length says None or 10^30.
            name, dim = model, int(self._model.get_embedding_dimension() or 0)
            self._reach = min(self._model.max_seq_length or sys.maxsize, sys.maxsize)
            prompts = self._model.prompts
        super().__init__(
            name, dim,
            query_prefix if query_prefix is not None else prompts.get("query", ""),
            passage_prefix if passage_prefix is not None else prompts.get("document", ""),
        )  # fmt: skip

    def count_tokens(self, text: str) -> int:
        encoded = self._tokenizer.encode(text, add_special_tokens=False)
        return len(encoded.ids) + sum(len(beyond.ids) for beyond in encoded.overflowing)

    def _tokens(self, text: str) -> Tokens:
        encoded = self._tokenizer.encode(text)
        return Tokens(encoded.ids, encoded.offsets)

    @cached_property
    def _tokenizer(self) -> Tokenizer:
        """Not the model's own, which torch comes with, and which the model sets to pad and to cut as it goes."""
        from tokenizers import Tokenizer

        with self._loading():
            if self._bundled:
                tokenizer = Tokenizer.from_file(str(Path(self._source, "tokenizer.json")))
            else:
                tokenizer = Tokenizer.from_str(self._model.tokenizer.backend_tokenizer.to_str())
            tokenizer.no_padding()
            tokenizer.enable_truncation(self._reach)
            return tokenizer

    @cached_property
    def _model(self) -> Any:
        if self._bundled:
            os.environ["HF_HUB_OFFLINE"] = "1"
        import torch
        from sentence_transformers import SentenceTransformer
        from transformers.utils import logging

        logging.disable_progress_bar()
        torch.set_num_threads(self._threads)
        with self._loading():
            return SentenceTransformer(
                self._source, device="cpu", config_kwargs={"output_hidden_states": self._bundled}
            ).eval()

    @contextmanager
    def _loading(self) -> Iterator[None]:
        try:
            yield
        except Exception as error:  # the loader raises whatever its layers raise; the user needs the name and the cause
            cause = " ".join(str(error).split())
            if self._bundled:
                raise ModelError(f"{self._source} cannot be loaded ({cause}). Delete it; it is made again.") from error
            raise ModelError(f"BULLETIN_MODEL={self._source!r} cannot be loaded: {cause}") from error

    def _forward(self, texts: Sequence[str], ids: Sequence[Sequence[int]]) -> Pass:
        model = self._model  # before torch: loading it says where the network is not to be asked
        import torch

        with torch.inference_mode():
            features = model(model.preprocess(list(texts)))
        last = features["token_embeddings"].numpy()
        half, before = (
            features["all_layer_embeddings"][layer].numpy() if self._bundled else last[..., :0]
            for layer in (SPLIT_LAYER, QUESTION_LAYER)
        )
        return Pass(features["sentence_embedding"].numpy(), last, half, before)

    @cached_property
    def _own_layers(self) -> Any:
        from index.encoding.bert import QuestionLayers

        return QuestionLayers(question_weights()).eval()

    def _question_layers(self, before: NDArray[np.float32]) -> NDArray[np.float32]:
        import torch

        with torch.inference_mode():
            rows = torch.from_numpy(before)[None]
            last: NDArray[np.float32] = self._own_layers(rows, torch.ones(rows.shape[:2], dtype=torch.int64))[0].numpy()
        return last


def _batches(lengths: Sequence[int]) -> Iterator[list[int]]:
    """Numbers of all texts, those of like length together.

    >>> list(_batches([30, 100, 33]))
    [[0, 2], [1]]
    """
    batch: list[int] = []
    for number in sorted(range(len(lengths)), key=lengths.__getitem__):
        if batch and (len(batch) == _BATCH or lengths[number] > _PADDED * lengths[batch[0]]):
            yield batch
            batch = []
        batch.append(number)
    if batch:
        yield batch


def _unit(rows: NDArray[np.float32]) -> NDArray[np.float32]:
    return np.asarray(rows / np.maximum(np.linalg.norm(rows, axis=-1, keepdims=True), 1e-12), np.float32)

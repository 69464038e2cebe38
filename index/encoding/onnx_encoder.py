"""The bundled encoder without torch: onnxruntime over the graphs that `index.encoding.export` wrote."""

from __future__ import annotations

import os
import weakref
from collections.abc import Sequence
from pathlib import Path
from typing import Literal

import numpy as np
import onnxruntime
from numpy.typing import NDArray

from errors import ModelError
from index.encoding.encoder import Pass, TextEncoder
from index.encoding.export import served_model
from index.encoding.pieces import Pieces
from index.encoding.tokens import Tokens
from index.encoding.weights import PASSAGE_PREFIX, QUERY_PREFIX, bundled_name
from index.stores.arrays import mapped


class OnnxEncoder(TextEncoder):
    """The Encoder that serves. Its `id` is that of the SentenceEncoder over the bundled model: their vectors agree."""

    def __init__(
        self,
        cache: Path,
        *,
        precision: Literal["fp32", "int8"] = "int8",
        query_prefix: str | None = None,
        passage_prefix: str | None = None,
        threads: int = 2,
    ) -> None:
        """Open the bundled model, prepared on first use. Raises ModelError when it cannot be prepared or opened."""
        folder = served_model(cache)
        try:
            self._pieces = Pieces(folder / "pieces.model")
            self._words = _Words(folder / "words.npy")
            self._session = open_session(folder / f"{precision}.onnx", threads)
            self._question = open_session(folder / f"question-{precision}.onnx", threads)
        except Exception as error:  # each library has errors of its own, down to bare Exception
            cause = " ".join(str(error).split())
            raise ModelError(f"{folder} cannot be loaded ({cause}). Delete it; it is made again.") from error
        super().__init__(
            bundled_name(), self._words.dim,
            query_prefix if query_prefix is not None else QUERY_PREFIX,
            passage_prefix if passage_prefix is not None else PASSAGE_PREFIX,
        )  # fmt: skip

    def count_tokens(self, text: str) -> int:
        return len(self._pieces.of(text).ids)

    def _tokens(self, text: str) -> Tokens:
        return self._pieces.between_special(text)

    def _forward(self, texts: Sequence[str], ids: Sequence[Sequence[int]]) -> Pass:
        mask = np.zeros((len(ids), max(map(len, ids))), np.int64)
        rows = np.zeros((*mask.shape, self.dim), np.float32)
        for text, tokens in enumerate(ids):
            mask[text, : len(tokens)] = 1
            rows[text, : len(tokens)] = self._words.of(tokens)
        half, before, last = self._session.run(None, {"rows": rows, "mask": mask})
        means = (last * mask[..., None].astype(np.float32)).sum(axis=1) / mask.sum(axis=1, keepdims=True)
        return Pass(means, last, half, before)

    def _question_layers(self, before: NDArray[np.float32]) -> NDArray[np.float32]:
        inputs = {"rows": before[None], "mask": np.ones((1, len(before)), np.int64)}
        last: NDArray[np.float32] = self._question.run(None, inputs)[0][0]
        return last


class _Words:
    """The rows of a file of float32 (words, dim), read one at a time.

    Not mapped: the kernel maps the neighbourhood of every row that is touched, 140 MB of it for 193 words.
    """

    def __init__(self, path: Path) -> None:
        rows = mapped(path)
        self.dim, self._start = rows.shape[1], path.stat().st_size - rows.nbytes
        self._file = os.open(path, os.O_RDONLY)
        weakref.finalize(self, os.close, self._file)

    def of(self, words: Sequence[int]) -> NDArray[np.float32]:
        """float32 (len(words), dim)"""
        size = self.dim * 4
        rows = b"".join(os.pread(self._file, size, self._start + word * size) for word in words)
        return np.frombuffer(rows, np.float32).reshape(-1, self.dim)


def open_session(path: Path, threads: int) -> onnxruntime.InferenceSession:
    """A graph ready to run on `threads` threads, which sleep between two runs: what they would spin away is others'.

    No plan of the memory is kept for each shape of the inputs: every question has another, and 30 MB more were held.
    """
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.enable_mem_pattern = False
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    return onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])

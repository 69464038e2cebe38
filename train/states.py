"""What never changes in training, computed once: the lower layers' states of every window and question."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from tokenizers import Tokenizer
from tqdm import tqdm

from index.encoding.bert import SPLIT_LAYER, SplitEncoder
from index.encoding.tokens import own_spans
from index.encoding.weights import bundled_name
from index.stores.arrays import mapped
from index.stores.vectors import eight_bits
from train.data import Library

_TOKENS_A_BATCH = 2048
_FILES = ("values", "scales", "spans", "starts", "vectors")
_KEYS = "keys.txt"
"""A line for each text, in order."""


@dataclass(frozen=True, slots=True)
class States:
    """States of many texts, one after the other, in 8 bits, as the index holds them; memory-mapped.

    `values` int8 (rows, hidden), `scales` float32 (rows, 1), `spans` int32 (rows, 2) characters of the text, `starts`
    int64 (texts + 1), `vectors` float32 (texts, hidden): mean of the last layer, unit length.
    """

    values: NDArray[np.int8]
    scales: NDArray[np.float32]
    spans: NDArray[np.int32]
    starts: NDArray[np.int64]
    vectors: NDArray[np.float32]

    def of(self, text: int) -> NDArray[np.float32]:
        rows = slice(self.starts[text], self.starts[text + 1])
        return self.values[rows] * self.scales[rows]

    def spans_of(self, text: int) -> NDArray[np.int32]:
        return self.spans[self.starts[text] : self.starts[text + 1]]

    def length(self, text: int) -> int:
        return int(self.starts[text + 1] - self.starts[text])


def cached_states(
    directory: Path, name: str, encoder: SplitEncoder, tokenizer: Tokenizer, heads: Sequence[str], texts: Sequence[str]
) -> States:
    """States of `texts`, each encoded behind its head; read from `directory` where they were computed before, all or
    some of them."""
    made_of = json.dumps([bundled_name(), SPLIT_LAYER, list(heads), list(texts)])
    folder = directory / f"{name}-{hashlib.sha256(made_of.encode()).hexdigest()[:16]}"
    if not (folder / "complete").exists():
        folder.mkdir(parents=True, exist_ok=True)
        keys = [_key(head, text) for head, text in zip(heads, texts, strict=True)]
        known = _computed_before(directory, name)
        missing = [i for i, key in enumerate(keys) if key not in known]
        if missing:
            fresh = _compute(encoder, tokenizer, [heads[i] for i in missing], [texts[i] for i in missing], name)
            known |= {keys[i]: (fresh, row) for row, i in enumerate(missing)}
        for file, array in zip(_FILES, _gathered([known[key] for key in keys]), strict=True):
            np.save(folder / f"{file}.npy", array, allow_pickle=False)
        (folder / _KEYS).write_text("\n".join(keys), "utf-8")
        (folder / "complete").touch()
    return States(*(mapped(folder / f"{file}.npy") for file in _FILES))


def _key(head: str, text: str) -> str:
    """What tells one text's states from any others."""
    return hashlib.sha256(json.dumps([bundled_name(), SPLIT_LAYER, head, text]).encode()).hexdigest()


def _computed_before(directory: Path, name: str) -> dict[str, tuple[States, int]]:
    """By key, the states that a text is among, and which of them are its."""
    known: dict[str, tuple[States, int]] = {}
    for complete in directory.glob(f"{name}-*/complete"):
        if (complete.parent / _KEYS).exists():
            states = States(*(mapped(complete.parent / f"{file}.npy") for file in _FILES))
            keys = (complete.parent / _KEYS).read_text("utf-8").split("\n")
            known |= {key: (states, row) for row, key in enumerate(keys)}
    return known


def _gathered(rows: Sequence[tuple[States, int]]) -> tuple[NDArray[np.generic], ...]:
    """The arrays of `States`, of a text after the other."""
    parts = [(states, slice(states.starts[row], states.starts[row + 1])) for states, row in rows]
    return (
        np.concatenate([states.values[part] for states, part in parts]),
        np.concatenate([states.scales[part] for states, part in parts]),
        np.concatenate([states.spans[part] for states, part in parts]),
        np.cumsum([0, *(states.length(row) for states, row in rows)], dtype=np.int64),
        np.stack([states.vectors[row] for states, row in rows]),
    )


@torch.inference_mode()
def _compute(
    encoder: SplitEncoder, tokenizer: Tokenizer, heads: Sequence[str], texts: Sequence[str], name: str
) -> States:
    device = next(encoder.parameters()).device
    encoded = tokenizer.encode_batch([head + text for head, text in zip(heads, texts, strict=True)])
    order = sorted(range(len(texts)), key=lambda i: len(encoded[i].ids))
    values: list[NDArray[np.int8]] = [np.empty((0, 0), np.int8)] * len(texts)
    scales: list[NDArray[np.float32]] = [np.empty((0, 0), np.float32)] * len(texts)
    spans: list[NDArray[np.int32]] = [np.empty((0, 0), np.int32)] * len(texts)
    vectors = np.empty((len(texts), encoder.type_row.shape[0]), np.float32)
    with tqdm(total=sum(len(e.ids) for e in encoded), desc=name, unit="token", unit_scale=True) as bar:
        while order:
            size = max(1, _TOKENS_A_BATCH // len(encoded[order[min(len(order), 64) - 1]].ids))
            batch, order = order[:size], order[size:]
            longest = max(len(encoded[i].ids) for i in batch)
            ids = torch.tensor([e.ids + [1] * (longest - len(e.ids)) for e in (encoded[i] for i in batch)])
            mask = torch.tensor([[1] * len(e.ids) + [0] * (longest - len(e.ids)) for e in (encoded[i] for i in batch)])
            half, last = (part.cpu() for part in encoder(ids.to(device), mask.to(device)))
            pooled = (last * mask[..., None]).sum(1) / mask.sum(1, keepdim=True)
            for row, i in enumerate(batch):
                own, where = own_spans(encoded[i].offsets, heads[i] + texts[i], len(heads[i]))
                states = half[row, : len(encoded[i].ids)].numpy()[own]
                values[i], scales[i] = eight_bits(states)
                spans[i] = where
                vectors[i] = (pooled[row] / pooled[row].norm()).numpy()
                bar.update(len(encoded[i].ids))
    starts = np.cumsum([0, *(len(v) for v in values)], dtype=np.int64)
    return States(np.concatenate(values), np.concatenate(scales), np.concatenate(spans), starts, vectors)


def library_states(
    directory: Path, encoder: SplitEncoder, tokenizer: Tokenizer, library: Library
) -> tuple[States, States, list[int]]:
    """States of the library's windows and of its questions, and for each example the number of its question's text."""
    windows = library.windows
    passages = cached_states(
        directory, "windows", encoder, tokenizer,
        [f"passage: {w.title}\n" for w in windows], [w.text for w in windows],
    )  # fmt: skip
    texts = list(dict.fromkeys(example.question for example in library.examples))
    numbers = {text: i for i, text in enumerate(texts)}
    questions = cached_states(directory, "questions", encoder, tokenizer, ["query: "] * len(texts), texts)
    return passages, questions, [numbers[example.question] for example in library.examples]

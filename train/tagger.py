"""What finds the question in a letter (`answer.letter`), trained on letters in which it is marked (`train.letters`).

The encoder stays as it is: on its token states a small recurrent network (GRU, Cho et al. 2014) says of each token,
from both sides, whether it is asked.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors.torch import save
from torch import Tensor, nn
from torch.nn.functional import binary_cross_entropy_with_logits
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence, pad_sequence
from tqdm import tqdm

from answer.letter import token_inputs, words_asked
from eval.files import write_atomically
from records import Encoder
from train.letters import MarkedLetter
from train.typed import without_signs

HIDDEN = 48
EPOCHS = 10
_BATCH, _RATE, _DROPOUT = 32, 2e-3, 0.2


@dataclass(frozen=True, slots=True)
class Example:
    """`inputs`: float16 (n, width), `answer.letter.token_inputs`; `spans`: int32 (n, 2), each token's characters;
    `asked`: bool (n,)."""

    letter: MarkedLetter
    inputs: NDArray[np.float16]
    spans: NDArray[np.int32]
    asked: NDArray[np.bool_]


def encoded(letters: Sequence[MarkedLetter], encoder: Encoder) -> list[Example]:
    examples = []
    for letter in tqdm(letters, "letters", unit="letter"):
        encoding = encoder.encode_question(letter.text)
        mask = np.zeros(len(letter.text) + 1, np.bool_)
        for start, end in letter.asked:
            mask[start:end] = True
        asked = mask[encoding.spans[:, 1] - 1]
        examples.append(Example(letter, token_inputs(encoding).astype(np.float16), encoding.spans, asked))
    return examples


class Tagger(nn.Module):
    """Inputs float32 (b, n, width) and their lengths (b,) to logits (b, n): whether a token is asked."""

    def __init__(self, width: int, hidden: int = HIDDEN) -> None:
        super().__init__()
        self.mean: Tensor
        self.scale: Tensor
        self.register_buffer("mean", torch.zeros(width))
        self.register_buffer("scale", torch.ones(width))
        self.narrow = nn.Linear(width, hidden)
        self.gru = nn.GRU(hidden, hidden, bidirectional=True, batch_first=True)
        self.mark = nn.Linear(2 * hidden, 1)
        self.dropout = nn.Dropout(_DROPOUT)

    def forward(self, inputs: Tensor, lengths: Tensor) -> Tensor:
        narrow = torch.relu(self.narrow(self.dropout((inputs - self.mean) / self.scale)))
        packed = pack_padded_sequence(self.dropout(narrow), lengths, batch_first=True, enforce_sorted=False)
        seen, _ = pad_packed_sequence(self.gru(packed)[0], batch_first=True)
        logits: Tensor = self.mark(self.dropout(seen))[..., 0]
        return logits

    def save(self, path: Path, made: dict[str, str]) -> None:
        """As `answer.letter.LetterReader` reads it, the scaling of the inputs a part of the first layer."""
        weight = self.narrow.weight / self.scale  # (hidden, width)
        state = {
            "narrow.weight": weight,
            "narrow.bias": self.narrow.bias - weight @ self.mean,
            **{f"gru.{name}": tensor for name, tensor in self.gru.named_parameters()},
            "mark.weight": self.mark.weight[0],
            "mark.bias": self.mark.bias,
        }
        halves = {name: tensor.detach().half().contiguous() for name, tensor in state.items()}
        write_atomically(path, save(halves, made))  # a file cut short would be taken for the weights


def train_tagger(examples: Sequence[Example], epochs: int, seed: int) -> tuple[Tagger, list[float]]:
    """The tagger, and its mean loss in each epoch."""
    torch.manual_seed(seed)
    chance = random.Random(seed)
    tagger = Tagger(examples[0].inputs.shape[1])
    some = np.concatenate([example.inputs for example in examples[::10]]).astype(np.float32)
    tagger.mean.copy_(torch.from_numpy(some.mean(0)))
    tagger.scale.copy_(torch.from_numpy(some.std(0) + 1e-6))
    optimizer = torch.optim.AdamW(tagger.parameters(), lr=_RATE, weight_decay=0.01)
    steps = -(-len(examples) // _BATCH)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, _RATE, total_steps=epochs * steps)
    curve = []
    for _ in tqdm(range(epochs), "training", unit="epoch"):
        losses = []
        for batch in _batches(examples, chance):
            inputs, lengths, asked = _batch(batch)
            logits = tagger(inputs, lengths)
            there = torch.arange(logits.shape[1])[None] < lengths[:, None]
            loss = binary_cross_entropy_with_logits(logits[there], asked[there])
            optimizer.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            nn.utils.clip_grad_norm_(tagger.parameters(), 1.0)
            optimizer.step()
            schedule.step()
            losses.append(float(loss.detach()))
        curve.append(round(float(np.mean(losses)), 4))
    return tagger.eval(), curve


def _batches(examples: Sequence[Example], chance: random.Random) -> list[list[Example]]:
    """All examples once, of like length together: what is padded is computed for nothing."""
    order = sorted(chance.sample(list(examples), len(examples)), key=lambda example: len(example.asked) // 8)
    batches = [order[start : start + _BATCH] for start in range(0, len(order), _BATCH)]
    chance.shuffle(batches)
    return batches


def _batch(examples: Sequence[Example]) -> tuple[Tensor, Tensor, Tensor]:
    inputs = pad_sequence([torch.from_numpy(e.inputs.astype(np.float32)) for e in examples], batch_first=True)
    asked = pad_sequence([torch.from_numpy(e.asked.astype(np.float32)) for e in examples], batch_first=True)
    return inputs, torch.tensor([len(e.asked) for e in examples]), asked


def table(tagger: Tagger, examples: Sequence[Example]) -> str:
    """Markdown: of letters, letters without signs and bare questions, how many are parted as marked, and nearly."""
    exact: dict[str, list[bool]] = {}
    near: dict[str, list[bool]] = {}
    for example in examples:
        inputs, lengths, _ = _batch([example])
        with torch.inference_mode():
            logits = tagger(inputs, lengths)[0].numpy()
        text = example.letter.text
        marked = words_asked(text, example.spans, logits)
        wanted = words_asked(text, example.spans, np.where(example.asked, 99.0, -99.0))
        kind = "bare" if wanted.all() else "without signs" if text == without_signs(text) else "letters"
        exact.setdefault(kind, []).append(bool((marked == wanted).all()))
        near.setdefault(kind, []).append((marked & wanted).sum() >= 0.8 * (marked | wanted).sum())
    rows = [
        f"| {kind} ({len(exact[kind])}) | {np.mean(exact[kind]):.3f} | {np.mean(near[kind]):.3f} |"
        for kind in sorted(exact)
    ]
    return "\n".join(["| | as marked | four fifths of the words |", "| --- | --- | --- |", *rows])

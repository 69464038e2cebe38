"""What finds the question in a letter (`answer.letter`), trained on letters in which it is marked.

A language model wrote them for this (docs/letters.md). The encoder stays as it is: on its token states a small
recurrent network (GRU, Cho et al. 2014) says of each token, from both sides, whether it is asked. Each letter is also
seen as phones are typed on, without signs, and with another question in its place; beside it stand a bare question, of
which all is asked, and one between a greeting and thanks that other letters have.
"""

from __future__ import annotations

import json
import random
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors.torch import save_file
from torch import Tensor, nn
from torch.nn.functional import binary_cross_entropy_with_logits
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence, pad_sequence
from tqdm import tqdm

from answer.days import plain
from answer.letter import token_inputs, words_asked
from errors import BulletinError
from records import LANGS, Encoder, Lang, Span
from train.sets import hashed, read_text
from train.typed import ASKING, without_signs

LETTERS = Path(__file__).with_name("letters.jsonl")
HIDDEN = 48
EPOCHS = 10
_BATCH, _RATE, _DROPOUT = 32, 2e-3, 0.2
_HELD = 10
"""One letter in so many is kept to judge by."""
_UNSIGNED = 3
"""One bare question in so many is without signs."""
_COURTESY = 6
"""Words of the longest greeting, request or thanks that other questions are put between."""

Part = tuple[bool, str]
"""Whether it is asked, and its words."""


class Letter(NamedTuple):
    lang: Lang
    parts: list[Part]

    @property
    def text(self) -> str:
        return "".join(words for _, words in self.parts)

    @property
    def asked(self) -> list[Span]:
        """Where in the text."""
        spans, at = [], 0
        for asked, words in self.parts:
            spans += [(at, at + len(words))] if asked else []
            at += len(words)
        return spans

    @property
    def held(self) -> bool:
        return int(hashed(self.text)[:8], 16) % _HELD == 0

    def without_signs(self) -> Letter:
        words = [(asked, without_signs(words)) for asked, words in self.parts]
        kept = [(asked, some) for asked, some in words if some]
        return Letter(self.lang, [(asked, f"{' ' * bool(n)}{some}") for n, (asked, some) in enumerate(kept)])

    def asking(self, question: str) -> Letter | None:
        """Another question in the place of its own; None unless that is one, and a direct one in something else."""
        at = [n for n, (asked, words) in enumerate(self.parts) if asked and words.rstrip().endswith("?")]
        if len(at) != 1 or sum(asked for asked, _ in self.parts) != 1 or len(self.parts) == 1:
            return None
        own = self.parts[at[0]][1]
        new = question if own.lstrip()[0].isupper() else _small(question)
        new = own[: len(own) - len(own.lstrip())] + new + own[len(own.rstrip()) :]
        return Letter(self.lang, [(asked, new if n == at[0] else words) for n, (asked, words) in enumerate(self.parts)])


def _small(question: str) -> str:
    """Its first letter small where that is no noun's and no name's."""
    return question[0].lower() + question[1:] if plain(question.split()[0]) in ASKING else question


def read_letters(path: Path) -> list[Letter]:
    """One a line: its language, and its parts, each with whether it is asked. Raises BulletinError."""
    letters = []
    for number, line in enumerate(read_text(path).splitlines(), 1):
        try:
            read = json.loads(line)
            kinds, texts = zip(*read["parts"], strict=True)
            asked = [{"question": True, "around": False}[kind] for kind in kinds]
            letter = Letter(LANGS[LANGS.index(read["lang"])], list(zip(asked, _cleaned(texts), strict=True)))
        except (ValueError, KeyError, TypeError) as error:
            raise BulletinError(f"{path}:{number}: not a letter ({error!r}).") from error
        if not any(asked):
            raise BulletinError(f"{path}:{number}: asks nothing; mark what is asked as a part of the kind 'question'.")
        letters.append(letter)
    return letters


def _cleaned(parts: Sequence[str]) -> Iterator[str]:
    """White space in runs of one, none at both ends of the whole."""
    blank = True
    for n, part in enumerate(parts):
        words = re.sub(r"\s+", " ", part)
        words = words.lstrip() if blank else words
        yield words.rstrip() if n == len(parts) - 1 else words
        blank = words.endswith(" ") or blank and not words


def bare_questions(path: Path) -> dict[Lang, list[str]]:
    """Those written for the reader (`train.generated`), by language. Raises BulletinError where one has none."""
    found: dict[Lang, list[str]] = {lang: [] for lang in LANGS}
    for number, line in enumerate(read_text(path).splitlines(), 1):
        try:
            for question in json.loads(line)["questions"]:
                found[question["lang"]].append(question["question"])
        except (ValueError, KeyError, TypeError) as error:
            raise BulletinError(f"{path}:{number}: not a passage with questions ({error!r}).") from error
    for lang, questions in found.items():
        if not questions:
            raise BulletinError(f"{path} holds no question in {lang!r}; --written wants some in each of {LANGS}.")
    return found


@dataclass(frozen=True, slots=True)
class Example:
    """`inputs`: float16 (n, width), `answer.letter.token_inputs`; `spans`: int32 (n, 2), each token's characters;
    `asked`: bool (n,)."""

    letter: Letter
    inputs: NDArray[np.float16]
    spans: NDArray[np.int32]
    asked: NDArray[np.bool_]


def variants(
    letters: Sequence[Letter], bare: Mapping[Lang, Sequence[str]], seed: int
) -> tuple[list[Letter], list[Letter]]:
    """What is trained on and what is held, no question of the one in the other: letters as they are and without signs,
    bare questions, the same between courtesies; and, to train on, others in the letters' places."""
    chance = random.Random(seed)
    held = [letter for letter in letters if letter.held]
    train = [letter for letter in letters if not letter.held]
    return _seen(train, bare, chance, held=False), _seen(held, bare, chance, held=True)


def _seen(
    letters: Sequence[Letter], bare: Mapping[Lang, Sequence[str]], chance: random.Random, held: bool
) -> list[Letter]:
    pools: dict[Lang, list[list[str]]] = {}
    for lang in LANGS:
        ours = [Letter(lang, [(True, question)]) for question in bare[lang]]
        hard = [letter for letter in letters if letter.lang == lang and len(letter.parts) == 1]
        pools[lang] = [[letter.text for letter in some if letter.held == held] for some in (ours, hard)]
    edges = {lang: _courtesies([letter for letter in letters if letter.lang == lang]) for lang in LANGS}
    seen: list[Letter] = []
    for letter in letters:
        seen += [letter, letter.without_signs()]
        some = [pool for pool in pools[letter.lang] if pool]
        alone = Letter(letter.lang, [(True, chance.choice(chance.choice(some)))])
        seen.append(alone.without_signs() if chance.randrange(_UNSIGNED) == 0 else alone)
        polite = _polite(letter.lang, chance.choice(chance.choice(some)), *edges[letter.lang], chance)
        seen.append(polite.without_signs() if chance.random() < 0.5 else polite)
        if not held and (other := letter.asking(chance.choice(chance.choice(some)))):
            seen.append(other.without_signs() if chance.random() < 0.5 else other)
    return seen


def _courtesies(letters: Sequence[Letter]) -> tuple[list[str], list[str]]:
    """What stands before and behind the questions of these letters, where that is short."""
    short = [letter for letter in letters if len(letter.parts) > 1]
    first = [words for (asked, words), *_ in (letter.parts for letter in short) if not asked]
    last = [words for *_, (asked, words) in (letter.parts for letter in short) if not asked]
    behind = [f" {words.lstrip(' ?.,!')}" for words in last]
    return tuple([words for words in some if 0 < len(words.split()) <= _COURTESY] for some in (first, behind))  # type: ignore[return-value]


def _polite(lang: Lang, question: str, before: Sequence[str], behind: Sequence[str], chance: random.Random) -> Letter:
    """The question between a courtesy and another, or with one of them."""
    sides = chance.choice(((True, False), (False, True), (True, True)))
    front = chance.choice(before) if sides[0] and before else ""
    back = chance.choice(behind) if sides[1] and behind else ""
    asked = question if not front or front.rstrip()[-1] in ".!?" else _small(question)
    parts = [(False, front and f"{front.rstrip()} "), (True, asked), (False, back)]
    return Letter(lang, [(asked, words) for asked, words in parts if words])


def encoded(letters: Sequence[Letter], encoder: Encoder) -> list[Example]:
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
        beside = path.with_suffix(".new")  # a file cut short would be taken for the weights
        save_file({name: tensor.detach().half().contiguous() for name, tensor in state.items()}, beside, made)
        beside.replace(path)


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

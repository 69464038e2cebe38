"""The training itself: steps, a learning curve, checkpoints that a killed run goes on from."""

from __future__ import annotations

import json
import math
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn.functional import binary_cross_entropy_with_logits, cross_entropy
from tqdm import tqdm

from answer.joint_reader import JointReader
from errors import BulletinError
from train.generated import WRITTEN
from train.pairs import Corpus, Pair, contrasts, targets
from train.score import Run, near_miss_scores, reading_scores, refusal_scores

VALIDATED = {
    "fr": "piaf",
    "en": "squad1",
    "de": "xquad-de-de",
    "en-de": "xquad-en-de",
    "de-en": "xquad-de-en",
    "follow-up": "follow-up",
    "typed": "typed",
    "bulletins": WRITTEN,
}
"""The curve's lines: question language (and passage language, where it is another) and the source it is measured on."""

RATE = 1.5e-4
CHECKPOINT, CURVE = "checkpoint.pt", "curve.json"


@dataclass(frozen=True, slots=True)
class Recipe:
    """Everything that decides the weights, with the data and the encoder."""

    steps: int
    batch: int = 16
    rate: float = RATE
    head_rate: float = 1e-3
    warm_up: float = 0.06
    relevance_weight: float = 0.5
    ranking_weight: float = 0.5
    seed: int = 0
    bfloat16: bool = False
    """Multiply in bfloat16 (Kalamkar et al. 2019), which quickens a step where the processor can."""
    validate_every: int = 600
    validated: int = 105
    """Questions a line of the curve."""


def runner(model: JointReader, corpus: Corpus) -> Run:
    """The model as `train.score` wants it."""
    device = next(model.parameters()).device

    def run(pairs: Sequence[Pair]) -> tuple[NDArray[np.float32], ...]:
        model.eval()
        with torch.inference_mode():
            marks = model(*(part.to(device) for part in corpus.batch(pairs)))
        return tuple(part.float().cpu().numpy() for part in marks)

    return run  # type: ignore[return-value]


def train(model: JointReader, corpus: Corpus, recipe: Recipe, out: Path, origin: dict[str, Any]) -> None:
    """Train `model` in place. `out` holds CHECKPOINT and CURVE, and is gone on from if they are there.

    `origin` goes into the curve beside the recipe: what the weights come from. Raises BulletinError when the checkpoint
    is of another recipe.
    """
    out.mkdir(parents=True, exist_ok=True)
    model.in_bfloat16 = recipe.bfloat16
    device = next(model.parameters()).device
    body = [parameter for name, parameter in model.named_parameters() if name.startswith("layers")]
    head = [parameter for name, parameter in model.named_parameters() if not name.startswith("layers")]
    optimizer = torch.optim.AdamW(
        [{"params": body, "lr": recipe.rate}, {"params": head, "lr": recipe.head_rate}], weight_decay=0.01, fused=True
    )
    schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda step: pace(step, recipe.steps, recipe.warm_up))
    validation = corpus.examples("val")
    negatives = corpus.hard_negatives(corpus.examples("train") + validation)
    hard = {number: negatives.pop(number) for number in validation}
    done, curve = _resume(out, model, optimizer, schedule, recipe, origin)
    torch.manual_seed(recipe.seed + done)
    losses: list[float] = []
    started = time.monotonic()
    with tqdm(total=recipe.steps, initial=done, desc="training", unit="step") as bar:
        for step, pairs in enumerate(_stream(corpus, negatives, recipe)):
            if step < done:
                continue
            if step == recipe.steps:
                break
            model.train()
            loss = _loss(model, tuple(part.to(device) for part in corpus.batch(pairs)), pairs, recipe)
            optimizer.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            optimizer.step()
            schedule.step()
            losses.append(float(loss.detach()))
            bar.update()
            bar.set_postfix(loss=f"{np.mean(losses[-50:]):.2f}")
            if (step + 1) % recipe.validate_every == 0 or step + 1 == recipe.steps:
                point = {
                    "step": step + 1,
                    "loss": round(float(np.mean(losses)), 3),
                    **_validate(model, corpus, hard, recipe),
                }
                curve.append({**point, "seconds": round(time.monotonic() - started)})
                losses.clear()
                tqdm.write(json.dumps(curve[-1]))
                _save(out, step + 1, model, optimizer, schedule, recipe, curve, origin)


def _loss(model: JointReader, inputs: tuple[Tensor, ...], pairs: Sequence[Pair], recipe: Recipe) -> Tensor:
    marks = model(*inputs)
    starts, ends, relevant = (part.to(inputs[0].device) for part in targets(pairs))
    spans = (cross_entropy(marks.start, starts) + cross_entropy(marks.end, ends)) / 2
    total: Tensor = spans + recipe.relevance_weight * binary_cross_entropy_with_logits(marks.relevance, relevant)
    rows = contrasts(pairs)
    if rows:  # a question's passages are put in order, too (shared normalization, Clark & Gardner 2018)
        ranked = [torch.logsumexp(marks.relevance[numbers], 0) - marks.relevance[answer] for answer, numbers in rows]
        total = total + recipe.ranking_weight * torch.stack(ranked).mean()
    return total


def _stream(corpus: Corpus, negatives: dict[int, list[int]], recipe: Recipe) -> Any:
    """Batches without end, epoch after epoch; the same for the same seed: a resumed run sees what it had not."""
    epoch = 0
    while True:
        seed = recipe.seed * 1000 + epoch
        yield from corpus.batches(corpus.training_pairs(negatives, seed), recipe.batch, seed)
        epoch += 1


def pace(step: int, steps: int, warm_up: float) -> float:
    """Of the highest rate: linear warm-up for that share of the steps, then linear decay to nothing."""
    warm = max(1, math.ceil(warm_up * steps))
    return min((step + 1) / warm, max(0.0, (steps - step) / max(1, steps - warm)))


def _validate(model: JointReader, corpus: Corpus, hard: dict[int, list[int]], recipe: Recipe) -> dict[str, Any]:
    run = runner(model, corpus)
    scores = {}
    for line, source in VALIDATED.items():
        numbers = corpus.examples("val", [source])[: recipe.validated]
        if numbers:
            scores[line] = reading_scores(corpus, run, numbers)["f1"]
    answerable = [n for n in corpus.examples("val", list(VALIDATED.values())) if hard[n]][::8]
    if answerable:
        wrong = [Pair(corpus.question_of[n], hard[n][0], None) for n in answerable]
        scores["retrieved"] = refusal_scores(corpus, run, answerable, wrong)
    near = near_miss_scores(corpus, run, lambda source: corpus.examples("val", [source])[: 2 * recipe.validated])
    return scores | near


def _save(
    out: Path, step: int, model: JointReader, optimizer: Any, schedule: Any, recipe: Recipe, curve: list[Any],
    origin: dict[str, Any],
) -> None:  # fmt: skip
    state = {"model": model.state_dict(), "optimizer": optimizer.state_dict(), "schedule": schedule.state_dict()}
    fresh = out / f"{CHECKPOINT}.new"
    torch.save({"step": step, "recipe": asdict(recipe), "from": origin, "curve": curve, **state}, fresh)
    fresh.replace(out / CHECKPOINT)
    written = {"recipe": asdict(recipe), "from": origin, "curve": curve}
    (out / CURVE).write_text(json.dumps(written, indent=1) + "\n", "utf-8")


def _resume(
    out: Path, model: JointReader, optimizer: Any, schedule: Any, recipe: Recipe, origin: dict[str, Any]
) -> tuple[int, list[Any]]:
    path = out / CHECKPOINT
    if not path.exists():
        return 0, []
    saved = torch.load(path, weights_only=True, map_location=next(model.parameters()).device)
    if (saved["recipe"], saved["from"]) != (asdict(recipe), origin):
        raise BulletinError(f"{path} is of another recipe or other data; give another --out or delete it.")
    model.load_state_dict(saved["model"])
    optimizer.load_state_dict(saved["optimizer"])
    schedule.load_state_dict(saved["schedule"])
    return int(saved["step"]), list(saved["curve"])

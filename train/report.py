"""What a run came to: its curve as a picture, and how well its weights read articles no one trained or chose on."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from train.loop import VALIDATED
from train.pairs import Corpus, Pair
from train.score import Run, near_miss_scores, reading_scores, refusal_scores
from train.sets import Split


def curve_picture(curve: Path, picture: Path) -> None:
    """The loss and, for each language, F1 on the articles kept for choosing, over the steps."""
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    points = json.loads(curve.read_text())["curve"]
    steps = [point["step"] for point in points]
    figure, (left, right) = plt.subplots(1, 2, figsize=(10, 3.6), layout="constrained")
    left.plot(steps, [point["loss"] for point in points], color="black", marker="o", markersize=3)
    left.set(title="Training loss", xlabel="steps", ylim=(0, None))
    for line in VALIDATED:
        scored = [(point["step"], point[line]) for point in points if line in point]
        right.plot(*zip(*scored, strict=True), marker="o", markersize=3, label=line)
    right.set(title="F1, the passage given, validation articles", xlabel="steps", ylim=(0, 100))
    right.legend(title="question (-passage)", fontsize=8)
    for axes in (left, right):
        axes.grid(alpha=0.3)
    figure.savefig(picture, dpi=110)
    plt.close(figure)


def evaluate(corpus: Corpus, run: Run, split: Split, most: int | None = None) -> dict[str, Any]:
    """Exact match and F1 by language, and how well near misses and other passages are told from answers."""

    def some(source: str) -> Sequence[int]:
        return _some(corpus.examples(split, [source]), most)

    scores: dict[str, Any] = {
        line: reading_scores(corpus, run, numbers) for line, source in VALIDATED.items() if (numbers := some(source))
    }
    scores |= near_miss_scores(corpus, run, some)
    asked = _some(corpus.examples(split, list(VALIDATED.values())), most)
    hard = corpus.hard_negatives(asked)
    wrong = [Pair(corpus.question_of[n], hard[n][0], None) for n in asked if hard[n]]
    scores["retrieved passages"] = refusal_scores(corpus, run, asked, wrong)
    return scores


def _some(numbers: Sequence[int], most: int | None) -> Sequence[int]:
    """Evenly over the articles, `most` of them."""
    return numbers if most is None or len(numbers) <= most else numbers[:: -(-len(numbers) // most)]


def table(scores: dict[str, Any]) -> str:
    """Markdown."""
    lines = ["| question (-passage) | questions | EM | F1 |", "| --- | --- | --- | --- |"]
    lines += [f"| {line} | {row['n']} | {row['em']} | {row['f1']} |" for line, row in scores.items() if "f1" in row]
    lines += ["", "| told from answers | pairs | AUC of the margin | AUC of relevance |", "| --- | --- | --- | --- |"]
    for line, row in scores.items():
        if "auc_margin" in row:
            lines.append(f"| {line} | {row['n']} | {row['auc_margin']} | {row['auc_relevance']} |")
    return "\n".join(lines)

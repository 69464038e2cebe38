"""How the weights are best kept small: what each way costs in megabytes and in F1 on the validation articles."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from torch import Tensor

from answer.joint_reader import JointReader, adapters, low_rank
from index.encoding.weights import WheelModel
from train.loop import VALIDATED, runner
from train.pairs import Corpus
from train.score import reading_scores

RANKS = (16, 32, 64, 128)
State = Mapping[str, Tensor]


def table(trained: State, model: WheelModel, corpus: Corpus, most: int) -> str:
    """Markdown: a line for each way, with the mean F1 over the lines of the curve, `most` questions each."""
    reader = JointReader(model)
    untrained = {name: tensor.clone() for name, tensor in reader.state_dict().items()}
    lines = ["| kept as | MB | mean F1 | F1 by line |", "| --- | --- | --- | --- |"]
    for name, megabytes, state in _ways(trained, untrained):
        reader.load_state_dict(state)
        run = runner(reader, corpus)
        scores = {
            line: reading_scores(corpus, run, corpus.examples("val", [source])[:most])["f1"]
            for line, source in VALIDATED.items()
        }
        by_line = ", ".join(f"{line} {score}" for line, score in scores.items())
        lines.append(f"| {name} | {megabytes:.1f} | {sum(scores.values()) / len(scores):.1f} | {by_line} |")
    return "\n".join(lines)


def _ways(trained: State, untrained: State) -> Iterator[tuple[str, float, State]]:
    """Name, size in MB and what comes back of the weights."""
    matrices = {name for name, tensor in trained.items() if low_rank(tensor)}
    others = sum(2 * tensor.numel() for name, tensor in trained.items() if name not in matrices) / 1e6
    numbers = sum(trained[name].numel() for name in matrices) / 1e6
    yield "float32", 4 * numbers + 2 * others, trained
    yield "float16", 2 * numbers + others, {name: tensor.half().float() for name, tensor in trained.items()}
    yield (
        "8 bits, a scale a row",
        numbers + others,
        {n: _eight_bits(t) if n in matrices else t for n, t in trained.items()},
    )
    for rank in RANKS:
        size = sum(2 * rank * sum(trained[n].shape) for n in matrices) / 1e6
        changed = {n: _low_rank(t, untrained[n], rank) if n in matrices else t for n, t in trained.items()}
        yield f"change of rank {rank}, float16", size + others, changed


def _eight_bits(matrix: Tensor) -> Tensor:
    scale = matrix.abs().amax(1, keepdim=True).clamp(min=1e-12) / 127
    return (matrix / scale).round() * scale


def _low_rank(matrix: Tensor, before: Tensor, rank: int) -> Tensor:
    left, right = adapters(matrix - before, rank)
    return before + left.float() @ right.float()

"""How long an answer takes, and where the time goes. In one process, model and index loaded, one question at a time."""

from __future__ import annotations

import os
import platform
from collections.abc import Sequence

import numpy as np
from tqdm import tqdm

from answer.ask import Assistant
from eval.questions import QuestionCase

STAGES = ("encode", "search", "read", "total")
_WARM_UP = 5


def measure(assistant: Assistant, cases: Sequence[QuestionCase], rounds: int) -> str:
    """A Markdown table: p50 and p95 of each stage in milliseconds, its share of the p50, and each round's own p50.

    The spread over the rounds tells how far the machine can be trusted.
    """
    for case in cases[:_WARM_UP]:
        assistant.ask(case.question, turns=case.turns)
    times = np.array([_round(assistant, cases) for _ in tqdm(range(rounds), desc="rounds")])  # (rounds, cases, stages)
    p50, p95 = (np.percentile(times, q, axis=(0, 1)) for q in (50, 95))
    by_round = np.median(times, axis=1)
    rows = [
        f"| {stage} | {p50[i]:.1f} | {p95[i]:.1f} | {times[..., i].sum() / times[..., -1].sum():.0%} "
        f"| {by_round[:, i].min():.1f} – {by_round[:, i].max():.1f} |"
        for i, stage in enumerate(STAGES)
    ]
    return "\n".join(
        [
            f"{len(cases)} questions × {rounds} rounds, {len(assistant.index.passages)} passages; "
            f"{os.cpu_count()} cores, {platform.machine()}, Python {platform.python_version()}",
            "",
            "| stage | p50 ms | p95 ms | share of the time | p50 by round |",
            "| --- | --- | --- | --- | --- |",
            *rows,
        ]
    )


def _round(assistant: Assistant, cases: Sequence[QuestionCase]) -> list[list[float]]:
    timings = [assistant.ask(case.question, turns=case.turns).timings_ms for case in cases]
    return [[timing[stage] for stage in STAGES] for timing in timings]

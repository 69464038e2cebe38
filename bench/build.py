"""How fast an index is built and how large it is, by part, beside the plain composition of the same packages."""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence

from bench.peer_rounds import Built, System, build, in_turn, machine, shared_task
from bench.peers import times
from settings import Settings


def measure(systems: Sequence[System], settings: Settings, rounds: int) -> str:
    """A Markdown table of `rounds` builds in turn, each from nothing, the model loaded; the first system is ours.

    Ours also cuts the articles and checks what it writes within its time. Raises BulletinError when a system fails.
    """
    builds: dict[str, list[Built]] = {system.name: [] for system in systems}
    with shared_task(settings) as task:
        for system in in_turn(systems, rounds):
            builds[system.name].append(build(system, task))
        count = len(task.passages)
    return "\n".join(
        [
            f"{count} passages, {rounds} rounds in turn; {machine()}. Median over the rounds (lowest – highest).",
            "",
            "| | passages a second | its time over ours | most memory, MB | index, kB a passage: of which |",
            "| --- | --- | --- | --- | --- |",
            *(table_row(system.label, builds[system.name], builds[systems[0].name], count) for system in systems),
        ]
    )


def table_row(label: str, builds: Sequence[Built], ours: Sequence[Built], passages: int) -> str:
    """One system's line; its ratio is the median of those of each round."""
    speeds = [passages / built.seconds for built in builds]
    ratio = statistics.median(theirs.seconds / own.seconds for theirs, own in zip(builds, ours, strict=True))
    peak = statistics.median(built.peak for built in builds) / 1e6
    speed = f"{statistics.median(speeds):.1f} ({min(speeds):.1f} – {max(speeds):.1f})"
    return f"| {label} | {speed} | {times(ratio)} | {peak:.0f} | {_sizes(builds[-1].parts, passages)} |"


def _sizes(parts: Mapping[str, int], passages: int) -> str:
    each = {name: size / 1e3 / passages for name, size in parts.items()}
    named = ", ".join(f"{name} {size:.1f}" for name, size in each.items() if size >= 0.05)
    return f"{sum(each.values()):.1f}: {named}"

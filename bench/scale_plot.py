"""One figure: what an index costs over how many passages it holds, each measure in a panel of its own."""

from __future__ import annotations

import functools
import io
import operator
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from bench.peer_plot import COLOURS, FAINT, INK

Case = Mapping[str, Any]


def _of(*names: str) -> Callable[[Case], float]:
    return lambda case: float(functools.reduce(operator.getitem, names, case))  # type: ignore[arg-type]


class Line(NamedTuple):
    label: str
    value: Callable[[Case], float]


class Panel(NamedTuple):
    title: str
    lines: Sequence[Line]
    aim: float | None
    """What the largest size is held to, where there is such a number."""


PANELS = (
    Panel("search, ms", (Line("p95", _of("search", "wall_95")), Line("p50", _of("search", "wall_50"))), 25),
    Panel(
        "recall@10 of the exact search", (Line("all", _of("recall")), Line("filtered", _of("filtered_recall"))), 0.98
    ),
    Panel(
        "resident while serving, MB", (Line("with files", _of("resident_mb")), Line("own", _of("anonymous_mb"))), 1500
    ),
    Panel("start to first answer, s", (Line("from disk", _of("cold_start_s")), Line("cached", _of("start_s"))), 5),
    Panel("disk, MB", (Line("without tokens", _of("disk_mb")),), None),
    Panel("building", (Line("seconds", _of("build_s")), Line("most memory, MB", _of("peak_mb"))), None),
)


def plot(results: Mapping[str, Any]) -> bytes:
    """A PNG of six panels; dashed is what a million passages are held to."""
    found = sorted(
        (case for case in results["cases"].values() if not case["tokens"]), key=lambda case: int(case["size"])
    )
    figure = Figure(figsize=(12, 7), dpi=110, layout="constrained")
    FigureCanvasAgg(figure)
    for axes, panel in zip(figure.subplots(2, 3).flat, PANELS, strict=True):
        _draw(axes, panel, found)
    figure.suptitle(f"An index as it grows · {results['machine']}", color=INK, fontsize=11)
    file = io.BytesIO()
    figure.savefig(file, format="png")
    return file.getvalue()


def _draw(axes: Axes, panel: Panel, found: Sequence[Case]) -> None:
    sizes = [case["size"] for case in found]
    for line, colour in zip(panel.lines, COLOURS, strict=False):
        values = [line.value(case) for case in found]
        axes.plot(sizes, values, color=colour, marker="o", label=line.label)
        axes.annotate(
            f"{values[-1]:.3g}", (sizes[-1], values[-1]), xytext=(4, 4), textcoords="offset points", fontsize=9
        )
    if panel.aim is not None:
        axes.axhline(panel.aim, color=INK, lw=1, ls="--")
    axes.set_xscale("log")
    if "recall" in panel.title:
        axes.set_ylim(0.95, 1.002)
    else:
        axes.set_yscale("log")
    axes.set_title(panel.title, loc="left", color=INK, fontsize=10)
    axes.set_xlabel("passages", color=INK, fontsize=9)
    axes.grid(color=FAINT, lw=0.8)
    axes.set_axisbelow(True)
    axes.legend(frameon=False, fontsize=8)
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)

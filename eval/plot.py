"""One figure: how each language does, and whether confidence can be believed.

Drawn without pyplot, so that no window, backend or style of the process is touched.
"""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from eval.metrics import BINS, reliability
from eval.run import GROUPS, claims
from eval.score import Result

BARS = {
    "success@3": ("passage among the first three", "#0072B2"),
    "containment": ("quote holds the answer", "#009E73"),
    "false_answer_rate": ("false answers", "#D55E00"),
    "false_refusal_rate": ("false refusals", "#E69F00"),
}
"""Rate to label and colour; colours of Okabe & Ito, told apart by colour-blind readers."""
INK, FAINT = "#333333", "#DDDDDD"


def plot(summary: Mapping[str, Any], results: Sequence[Result]) -> bytes:
    """A PNG. Left: rates by language with their 95 % intervals. Right: reliability over a histogram of confidence."""
    figure = Figure(figsize=(12, 5.2), dpi=120, layout="constrained")
    FigureCanvasAgg(figure)
    grid = figure.add_gridspec(2, 2, width_ratios=(3, 2), height_ratios=(3, 1))
    _languages(figure.add_subplot(grid[:, 0]), summary)
    diagram = figure.add_subplot(grid[0, 1])
    _reliability(diagram, results, summary["all"]["ece_answered"]["value"])
    _histogram(figure.add_subplot(grid[1, 1], sharex=diagram), results)
    file = io.BytesIO()
    figure.savefig(file, format="png")
    return file.getvalue()


def _languages(axes: Axes, summary: Mapping[str, Any]) -> None:
    width = 0.8 / len(BARS)
    for i, (name, (label, colour)) in enumerate(BARS.items()):
        places = np.arange(len(GROUPS)) + (i - (len(BARS) - 1) / 2) * width
        axes.bar(0, 0, color=colour, label=label)  # the legend's, should no group have the rate
        for place, group in zip(places, GROUPS, strict=True):
            _bar(axes, float(place), summary[group]["rates"][name], width, colour)
    axes.set_xticks(range(len(GROUPS)), [f"{group}\n({summary[group]['questions']})" for group in GROUPS])
    axes.set_ylim(0, 1.12)
    axes.set_yticks(np.linspace(0, 1, 6))
    axes.legend(loc="upper center", bbox_to_anchor=(0.5, -0.1), ncols=2, frameon=False, fontsize=9, handlelength=1.2)
    _dress(axes, "By language (questions), with 95 % intervals", "share")


def _bar(axes: Axes, place: float, rate: Mapping[str, float | None], width: float, colour: str) -> None:
    value, low, high = rate["value"], rate["low"], rate["high"]
    if value is None or low is None or high is None:
        axes.text(place, 0.01, "–", ha="center", color=INK, fontsize=8)
        return
    axes.bar(place, value, width * 0.92, color=colour)
    # A percentile interval can end on this side of the value itself.
    error = np.array([[max(value - low, 0)], [max(high - value, 0)]])
    axes.errorbar(place, value, error, color=INK, lw=0.9, capsize=2, capthick=0.9)
    axes.text(place, max(high, value) + 0.015, f"{value:.2f}", ha="center", color=INK, fontsize=8)


def _reliability(axes: Axes, results: Sequence[Result], error: float | None) -> None:
    filled = reliability(*claims(results))
    axes.plot((0, 1), (0, 1), color=INK, lw=0.9, ls="--", label="as sure as right")
    sure, right = [b.confidence for b in filled], [b.accuracy for b in filled]
    sizes = [20 + 10 * b.count**0.5 for b in filled]
    axes.plot(sure, right, color="#0072B2", lw=1.4)
    axes.scatter(sure, right, s=sizes, color="#0072B2", zorder=3, label="answers, ten bins")
    axes.set_xlim(0, 1)
    axes.set_ylim(-0.03, 1.03)
    axes.tick_params(labelbottom=False)
    axes.legend(loc="upper left", frameon=False, fontsize=9)
    _dress(axes, f"Calibration of answers (error {'–' if error is None else f'{error:.3f}'})", "right")


def _histogram(axes: Axes, results: Sequence[Result]) -> None:
    kinds = {
        "refused": [r.answer.confidence for r in results if r.status == "refused"],
        "answered": [r.answer.confidence for r in results if r.answered],
    }
    colours = ("#BBBBBB", "#0072B2")
    axes.hist(list(kinds.values()), bins=np.linspace(0, 1, BINS + 1).tolist(), stacked=True, color=colours, rwidth=0.9)
    for label, colour in zip(kinds, colours, strict=True):
        axes.bar(0, 0, color=colour, label=label)
    axes.legend(loc="upper center", ncols=2, frameon=False, fontsize=9)
    axes.set_xlabel("confidence", color=INK)
    axes.set_ylim(0, axes.get_ylim()[1] * 1.35)
    _dress(axes, "", "questions")


def _dress(axes: Axes, title: str, ylabel: str) -> None:
    axes.set_title(title, loc="left", color=INK, fontsize=11)
    axes.set_ylabel(ylabel, color=INK)
    axes.tick_params(colors=INK, labelsize=9)
    axes.grid(axis="y", color=FAINT, lw=0.8)
    axes.set_axisbelow(True)
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)

"""One figure: how many times ours each peer costs. Drawn without pyplot, as eval's is."""

from __future__ import annotations

import io

from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.ticker import NullFormatter, NullLocator

from bench.peer_rounds import System
from bench.peers import MEASURES, Comparison, Spread, times

COLOURS = ("#0072B2", "#E69F00")
"""Of Okabe & Ito, told apart by colour-blind readers."""
INK, FAINT = "#333333", "#DDDDDD"
_MARGIN = 1.5
"""Room beside the longest bar for its number."""
_TICKS = (0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50, 100)


def plot(comparison: Comparison) -> bytes:
    """A PNG of horizontal bars on a logarithmic scale from 1, ours; whiskers are the lowest and highest round."""
    own, *peers = comparison.systems
    drawn = [measure for measure in MEASURES if any(comparison.ratio(peer, measure) for peer in peers)]
    figure = Figure(figsize=(10, 1.6 + 0.55 * len(drawn)), dpi=120, layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.add_subplot()
    height = 0.8 / len(peers)
    for i, (peer, colour) in enumerate(zip(peers, COLOURS, strict=False)):
        axes.barh(0, 0, color=colour, label=f"{peer.label} ({_quality(comparison, peer)})")
        for place, measure in enumerate(drawn):
            if ratio := comparison.ratio(peer, measure):
                _bar(axes, place + (i - (len(peers) - 1) / 2) * height, height * 0.9, ratio, colour)
    axes.set_yticks(range(len(drawn)), [measure.label.rpartition(",")[0] for measure in drawn])
    axes.invert_yaxis()
    ratios = [ratio for peer in peers for measure in drawn if (ratio := comparison.ratio(peer, measure))]
    _scale(axes, min(1, *(ratio.low for ratio in ratios)), max(1, *(ratio.high for ratio in ratios)))
    axes.set_title(f"How many times what {own.label} needs ({_quality(comparison, own)})", loc="left", color=INK)
    axes.set_xlabel("← less than ours · more than ours →", color=INK)
    figure.legend(loc="outside lower center", ncols=len(peers), frameon=False, fontsize=9)
    file = io.BytesIO()
    figure.savefig(file, format="png")
    return file.getvalue()


def _bar(axes: Axes, at: float, height: float, ratio: Spread, colour: str) -> None:
    axes.barh(at, ratio.median - 1, height, left=1, color=colour)
    axes.plot((ratio.low, ratio.high), (at, at), color=INK, lw=0.9)
    more = ratio.median >= 1
    axes.annotate(
        times(ratio.median), (ratio.high if more else ratio.low, at), xytext=(4 if more else -4, 0),
        textcoords="offset points", va="center", ha="left" if more else "right", color=INK, fontsize=9,
    )  # fmt: skip


def _quality(comparison: Comparison, system: System) -> str:
    """The first of the measures that are no cost: speed says nothing without it."""
    measure = next(measure for measure in MEASURES if not measure.is_cost)
    spread = comparison.spread(system, measure)
    return f"{measure.name} {'—' if spread is None else f'{spread.median:.2f}'}"


def _scale(axes: Axes, low: float, high: float) -> None:
    axes.set_xscale("log")
    axes.set_xlim(low / _MARGIN, high * _MARGIN)
    axes.set_xticks([tick for tick in _TICKS if low / _MARGIN <= tick <= high * _MARGIN])
    axes.xaxis.set_major_formatter(lambda value, _: f"×{value:g}")
    axes.xaxis.set_minor_locator(NullLocator())
    axes.xaxis.set_minor_formatter(NullFormatter())
    axes.axvline(1, color=INK, lw=1.2)
    axes.grid(axis="x", color=FAINT, lw=0.8)
    axes.set_axisbelow(True)
    axes.tick_params(colors=INK, labelsize=9)
    for side in ("top", "right", "left"):
        axes.spines[side].set_visible(False)

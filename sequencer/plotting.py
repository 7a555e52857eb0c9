"""The plot of a replay: price, liquidations, the insurance fund and congestion over time."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from itertools import accumulate
from pathlib import Path
from typing import TYPE_CHECKING, Final

from matplotlib import rc_context
from matplotlib.dates import ConciseDateFormatter
from matplotlib.figure import Figure

from sequencer.errors import OptionInvalid

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from sequencer.manifest import BatchEntry

__all__ = ["plot_replay"]

_SUFFIXES: Final = (".svg", ".png", ".pdf")
_TICKS_PER_USD: Final = 10**6
_ATOMS_PER_USD: Final = 10**18
_PPM_PER_PERCENT: Final = 10**4
_BLUE, _ORANGE, _RED, _GREY = "#1f5fa8", "#d9822b", "#b3261e", "#5c6670"
_STYLE: Final = {"svg.hashsalt": "zkmargin", "font.size": 9, "axes.spines.top": False, "axes.spines.right": False}


def plot_replay(batches: Sequence[BatchEntry], title: str, path: Path) -> None:
    """Write the plot to `path`: SVG, PNG or PDF by its suffix. The same batches give the same SVG.

    Raises OptionInvalid for another suffix.
    """
    if path.suffix not in _SUFFIXES:
        raise OptionInvalid("--plot", path.name, f"a name that ends in {', '.join(_SUFFIXES)}")
    with rc_context(_STYLE):
        figure = Figure(figsize=(9, 8), layout="constrained")
        panels = figure.subplots(4, 1, sharex=True, height_ratios=(3, 2, 2, 2))
        for draw, axes in zip((_draw_price, _draw_liquidations, _draw_fund, _draw_congestion), panels, strict=True):
            draw(axes, [datetime.fromtimestamp(batch.timestamp_s, UTC) for batch in batches], batches)
            axes.grid(visible=True, color="#dddddd", linewidth=0.5)
        locator = panels[-1].xaxis.get_major_locator()
        panels[-1].xaxis.set_major_formatter(ConciseDateFormatter(locator, tz=UTC))
        panels[-1].set_xlabel("UTC")
        panels[0].set_title(title, loc="left")
        figure.savefig(path, metadata={"Date": None} if path.suffix == ".svg" else None)


def _draw_price(axes: Axes, times: Sequence[datetime], batches: Sequence[BatchEntry]) -> None:
    axes.plot(times, [batch.mark_ticks / _TICKS_PER_USD for batch in batches], color=_BLUE, linewidth=1, label="mark")
    traded = [(time, batch) for time, batch in zip(times, batches, strict=True) if batch.fills]
    prices = [batch.price_ticks / _TICKS_PER_USD for _, batch in traded]
    axes.plot([time for time, _ in traded], prices, ".", color=_ORANGE, markersize=2, label="clearing price")
    axes.set_ylabel("USD")
    axes.legend(frameon=False)


def _draw_liquidations(axes: Axes, times: Sequence[datetime], batches: Sequence[BatchEntry]) -> None:
    kinds = (("liquidations", _ORANGE), ("takeovers", _RED), ("deleveraged", _GREY))
    for name, color in kinds:
        totals = list(accumulate(getattr(batch, name) for batch in batches))
        axes.step(times, totals, where="post", color=color, linewidth=1, label=f"{name} ({totals[-1]})")
    axes.set_ylabel("so far")
    axes.legend(frameon=False)


def _draw_fund(axes: Axes, times: Sequence[datetime], batches: Sequence[BatchEntry]) -> None:
    axes.step(times, [batch.fund_atoms / _ATOMS_PER_USD for batch in batches], where="post", color=_BLUE, linewidth=1)
    axes.set_ylabel("fund equity, USD")


def _draw_congestion(axes: Axes, times: Sequence[datetime], batches: Sequence[BatchEntry]) -> None:
    percent = [batch.congestion_ppm / _PPM_PER_PERCENT for batch in batches]
    axes.step(times, percent, where="post", color=_GREY, linewidth=1)
    axes.set_ylabel("congestion, %")
    axes.set_ylim(0, 100)

"""The plot of a replay: price, liquidations, the insurance fund and congestion over time."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import accumulate
from pathlib import Path
from typing import Any, Final, TypeAlias

import numpy as np
from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.dates import AutoDateLocator, ConciseDateFormatter
from matplotlib.figure import Figure
from numpy.typing import NDArray

from sequencer.errors import OptionInvalid
from sequencer.manifest import BatchEntry

__all__ = ["check_suffix", "plot_replay"]

_SUFFIXES: Final = (".svg", ".png", ".pdf")
_TICKS_PER_USD: Final = 10**6
_ATOMS_PER_USD: Final = 10**18
_PPM_PER_PERCENT: Final = 10**4
_BLUE, _ORANGE, _RED, _GREY = "#1f5fa8", "#d9822b", "#b3261e", "#5c6670"
_STYLE: Final[Any] = {  # the stubs list every setting there is
    "svg.hashsalt": "zkmargin",
    "svg.fonttype": "none",
    "font.size": 9,
    "axes.spines.top": False,
    "axes.spines.right": False,
}

_Times: TypeAlias = NDArray[np.datetime64]
_Draw: TypeAlias = Callable[[Axes, _Times, Sequence[BatchEntry]], None]


def check_suffix(path: Path) -> None:
    """Raise OptionInvalid unless the name says SVG, PNG or PDF."""
    if path.suffix not in _SUFFIXES:
        raise OptionInvalid("--plot", path.name, f"a name that ends in {', '.join(_SUFFIXES)}")


def plot_replay(batches: Sequence[BatchEntry], title: str, path: Path) -> None:
    """Write the plot to `path`: SVG, PNG or PDF by its suffix. The same batches give the same SVG.

    Raises OptionInvalid for another suffix.
    """
    check_suffix(path)
    times = np.array([batch.timestamp_s for batch in batches], dtype="datetime64[s]")
    with rc_context(_STYLE):
        figure = Figure(figsize=(9, 8), layout="constrained")
        panels = figure.subplots(len(_PANELS), 1, sharex=True, height_ratios=[height for _, height in _PANELS])
        for (draw, _), axes in zip(_PANELS, panels, strict=True):
            draw(axes, times, batches)
            axes.grid(visible=True, color="#dddddd", linewidth=0.5)
        # matplotlib leaves its dates module untyped
        locator = AutoDateLocator()  # type: ignore[no-untyped-call] # untyped
        panels[-1].xaxis.set_major_locator(locator)
        panels[-1].xaxis.set_major_formatter(ConciseDateFormatter(locator))  # type: ignore[no-untyped-call]
        panels[-1].set_xlabel("UTC")
        panels[0].set_title(title, loc="left")
        figure.savefig(path, metadata={"Date": None} if path.suffix == ".svg" else None)


def _draw_price(axes: Axes, times: _Times, batches: Sequence[BatchEntry]) -> None:
    marks = [batch.mark_ticks / _TICKS_PER_USD for batch in batches]
    has_traded = np.array([batch.fills > 0 for batch in batches])
    prices = np.array([batch.price_ticks / _TICKS_PER_USD for batch in batches])
    axes.plot(times, marks, color=_BLUE, linewidth=1, label="mark")
    axes.plot(times[has_traded], prices[has_traded], ".", color=_ORANGE, markersize=2, label="clearing price")
    axes.set_ylabel("USD")
    axes.legend(frameon=False)


def _draw_liquidations(axes: Axes, times: _Times, batches: Sequence[BatchEntry]) -> None:
    for name, color in (("liquidations", _ORANGE), ("takeovers", _RED), ("deleveraged", _GREY)):
        totals = list(accumulate(getattr(batch, name) for batch in batches))
        axes.step(times, totals, where="post", color=color, linewidth=1, label=f"{name} ({totals[-1]})")
    axes.set_ylabel("so far")
    axes.legend(frameon=False)


def _draw_fund(axes: Axes, times: _Times, batches: Sequence[BatchEntry]) -> None:
    fund, bad_debt = (
        [getattr(batch, name) / _ATOMS_PER_USD for batch in batches] for name in ("fund_atoms", "bad_debt_atoms")
    )
    axes.step(times, fund, where="post", color=_BLUE, linewidth=1, label="fund equity")
    axes.step(times, bad_debt, where="post", color=_RED, linewidth=1, label="bad debt")
    axes.set_ylabel("USD")
    axes.legend(frameon=False)


def _draw_congestion(axes: Axes, times: _Times, batches: Sequence[BatchEntry]) -> None:
    percent = [batch.congestion_ppm / _PPM_PER_PERCENT for batch in batches]
    axes.step(times, percent, where="post", color=_GREY, linewidth=1)
    axes.set_ylabel("congestion, %")
    axes.set_ylim(bottom=0)


_PANELS: Final[tuple[tuple[_Draw, int], ...]] = (
    (_draw_price, 3),
    (_draw_liquidations, 2),
    (_draw_fund, 2),
    (_draw_congestion, 2),
)

"""The plot of a replay: price, liquidations, the insurance fund and congestion over time."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import accumulate
from pathlib import Path
from typing import Final, Protocol, TypeAlias

import numpy as np
from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from sequencer.manifest import BatchEntry
from sequencer.plot_style import BLUE, GREY, ORANGE, RED, STYLE, check_suffix, draw_grid, save_figure, show_dates

__all__ = ["DrawnBatch", "Times", "draw_congestion", "draw_fund", "draw_liquidations", "make_times", "plot_replay"]

_TICKS_PER_USD: Final = 10**6
_ATOMS_PER_USD: Final = 10**18
_PPM_PER_PERCENT: Final = 10**4

Times: TypeAlias = NDArray[np.datetime64]


class DrawnBatch(Protocol):
    """What the panels below the price take of a batch. Of a node what accounts owe is not known (None)."""

    @property
    def timestamp_s(self) -> int: ...
    @property
    def liquidations(self) -> int: ...
    @property
    def takeovers(self) -> int: ...
    @property
    def deleveraged(self) -> int: ...
    @property
    def fund_atoms(self) -> int | None: ...
    @property
    def bad_debt_atoms(self) -> int | None: ...
    @property
    def congestion_ppm(self) -> int: ...


_Draw: TypeAlias = Callable[[Axes, Times, Sequence[BatchEntry]], None]


def make_times(batches: Sequence[DrawnBatch]) -> Times:
    """Return when the batches were, as matplotlib takes it."""
    return np.array([batch.timestamp_s for batch in batches], dtype="datetime64[s]")


def plot_replay(batches: Sequence[BatchEntry], title: str, path: Path) -> None:
    """Write the plot to `path`: SVG, PNG or PDF by its suffix. The same batches give the same SVG.

    Raises OptionInvalid for another suffix.
    """
    check_suffix(path)
    times = make_times(batches)
    with rc_context(STYLE):
        figure = Figure(figsize=(9, 8), layout="constrained")
        panels = figure.subplots(len(_PANELS), 1, sharex=True, height_ratios=[height for _, height in _PANELS])
        for (draw, _), axes in zip(_PANELS, panels, strict=True):
            draw(axes, times, batches)
            draw_grid(axes)
        show_dates(panels[-1])
        panels[0].set_title(title, loc="left", parse_math=False)  # a dollar sign in a name is one
        save_figure(figure, path)


def _draw_price(axes: Axes, times: Times, batches: Sequence[BatchEntry]) -> None:
    marks = [batch.mark_ticks / _TICKS_PER_USD for batch in batches]
    has_traded = np.array([batch.fills > 0 for batch in batches])
    prices = np.array([batch.price_ticks / _TICKS_PER_USD for batch in batches])
    axes.plot(times, marks, color=BLUE, linewidth=1, label="mark")
    axes.plot(times[has_traded], prices[has_traded], ".", color=ORANGE, markersize=2, label="clearing price")
    axes.set_ylabel("USD")
    axes.legend(frameon=False)


def draw_liquidations(axes: Axes, times: Times, batches: Sequence[DrawnBatch]) -> None:
    """Draw how many accounts were liquidated, taken over and deleveraged so far."""
    for name, color in (("liquidations", ORANGE), ("takeovers", RED), ("deleveraged", GREY)):
        totals = list(accumulate(getattr(batch, name) for batch in batches))
        axes.step(times, totals, where="post", color=color, linewidth=1, label=f"{name} ({totals[-1]})")
    axes.set_ylabel("so far")
    axes.set_ylim(bottom=0)
    axes.legend(frameon=False)


def draw_fund(axes: Axes, times: Times, batches: Sequence[DrawnBatch]) -> None:
    """Draw the insurance fund's equity, and what accounts owe beyond all they have where that is known."""
    for name, color, label in (("fund_atoms", BLUE, "fund equity"), ("bad_debt_atoms", RED, "bad debt")):
        amounts = [getattr(batch, name) for batch in batches]
        if any(amount is not None for amount in amounts):
            usd = [np.nan if amount is None else amount / _ATOMS_PER_USD for amount in amounts]
            axes.step(times, usd, where="post", color=color, linewidth=1, label=label)
    axes.set_ylabel("USD")
    axes.legend(frameon=False)


def draw_congestion(axes: Axes, times: Times, batches: Sequence[DrawnBatch]) -> None:
    """Draw the average use of the proving capacity."""
    percent = [batch.congestion_ppm / _PPM_PER_PERCENT for batch in batches]
    axes.step(times, percent, where="post", color=GREY, linewidth=1)
    axes.set_ylabel("congestion, %")
    axes.set_ylim(bottom=0)


_PANELS: Final[tuple[tuple[_Draw, int], ...]] = (
    (_draw_price, 3),
    (draw_liquidations, 2),
    (draw_fund, 2),
    (draw_congestion, 2),
)

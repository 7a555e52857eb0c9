"""Plot of prices over time, with who was liquidated, taken over or deleveraged, the fund and congestion below."""

from __future__ import annotations

from typing import Final

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from sequencer.plot_style import BLUE, GREY, ORANGE, RED, draw_grid, show_dates
from sequencer.plotting import Times, draw_congestion, draw_fund, draw_liquidations, make_times
from sequencer.report.figures import Subject
from sequencer.report.plain_text import clean

__all__ = ["draw_prices"]

_MARKET_HEIGHT, _PANEL_HEIGHT = 3.0, 1.6  # inches
_WIDTH: Final = 9.0
_MANY, _VERY_MANY = 1_000, 5_000  # batches, from which an SVG holds dots, and lines, as an image
_MARKERS: Final = (
    ("liquidations", "v", ORANGE, "liquidated"),
    ("takeovers", "x", RED, "taken over"),
    ("deleveraged", "D", GREY, "deleveraged"),
)
_NAME_LENGTH: Final = 40
_PALE: Final = "#9aa3ab"  # clearing prices lie on the mark most of the time
_MARKER_POINTS: Final = 14  # area of a marker that stands for one account


def draw_prices(figure: Figure, subject: Subject) -> None:
    """Draw a panel for each market, then totals, fund and congestion. Sets the figure's size."""
    below = (draw_liquidations, *([draw_fund] if _is_fund_known(subject) else []), draw_congestion)
    heights = [_MARKET_HEIGHT] * len(subject.markets) + [_PANEL_HEIGHT] * len(below)
    figure.set_size_inches(_WIDTH, sum(heights))
    panels = figure.subplots(len(heights), 1, sharex=True, height_ratios=heights, squeeze=False)[:, 0]
    times = make_times(subject.batches)
    for market, axes in enumerate(panels[: len(subject.markets)]):
        _draw_market(axes, times, subject, market)
    for draw, axes in zip(below, panels[len(subject.markets) :], strict=True):
        draw(axes, times, subject.batches)
    for axes in panels:
        draw_grid(axes)
        if len(subject.batches) > _VERY_MANY:
            _spare(axes)
    show_dates(panels[-1])


def _is_fund_known(subject: Subject) -> bool:
    return any(batch.fund_atoms is not None for batch in subject.batches)


def _spare(axes: Axes) -> None:
    """Let lines be an image too, and the legend stand where nothing has to be looked for: a day has 86,400 batches."""
    for line in axes.lines:
        line.set_rasterized(True)
    if axes.get_legend() is not None:
        axes.legend(frameon=False, loc="upper left")


def _draw_market(axes: Axes, times: Times, subject: Subject, market: int) -> None:
    scale = 10 ** subject.markets[market].price_decimals
    figures = [batch.markets[market] for batch in subject.batches]
    marks = np.array([one.mark_ticks / scale for one in figures])
    prices = np.array([np.nan if one.price_ticks is None else one.price_ticks / scale for one in figures])
    is_many = len(figures) > _MANY
    axes.plot(times, marks, color=BLUE, linewidth=1, label="mark")
    axes.plot(times, prices, ".", color=_PALE, markersize=2, label="clearing price", rasterized=is_many)
    for name, marker, color, label in _MARKERS:
        counts = np.array([getattr(one, name) for one in figures])
        if not counts.any():
            continue
        hit = counts > 0
        sizes = _MARKER_POINTS * np.sqrt(counts[hit])
        label = f"{label} ({counts.sum()})"
        drawn = axes.scatter(times[hit], marks[hit], s=sizes, label=label, marker=marker, color=color, linewidths=0.8)
        drawn.set(zorder=3, rasterized=is_many, alpha=0.8)
    axes.set_ylabel("USD")
    name = clean(subject.markets[market].name, _NAME_LENGTH) or f"market {market}"
    axes.set_title(name, loc="left", parse_math=False)  # a dollar sign in a name is one
    axes.legend(frameon=False)

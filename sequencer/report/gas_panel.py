"""Plot of gas an order: what full batches cost by the orders in a proof, and where the groups of the run stand."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from matplotlib.figure import Figure

from sequencer.gas_curve import fit_law
from sequencer.gas_curve_plot import draw_curve
from sequencer.pinned_gas import SETTLE_GAS
from sequencer.plot_style import ORANGE, draw_grid
from sequencer.report.figures import GroupGas

__all__ = ["draw_gas"]

_LABELLED: Final = 8  # groups at most, else their labels would hide one another


def draw_gas(figure: Figure, groups: Sequence[GroupGas]) -> None:
    """Draw the curve on log scales and a point for each group that has orders. Sets the figure's size."""
    figure.set_size_inches(9, 5.5)
    axes = figure.subplots()
    axes.set_xscale("log")
    axes.set_yscale("log")
    draw_grid(axes)
    drawn = [(group, gas) for group in groups if (gas := group.gas_per_order) is not None]
    if drawn:
        orders = [group.orders / group.batches for group, _ in drawn]
        axes.plot(orders, [gas for _, gas in drawn], "o", color=ORANGE, markersize=6, label="settled here", zorder=3)
        for (group, gas), x in zip(drawn, orders, strict=True):
            if len(drawn) <= _LABELLED:
                text = f"{group.batches} in one transaction: {gas:,.0f}"
                axes.annotate(text, (x, gas), xytext=(7, 3), textcoords="offset points", color=ORANGE)
    draw_curve(axes, fit_law(SETTLE_GAS))
    axes.set_ylabel("gas an order, blob gas apart")

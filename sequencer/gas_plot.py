"""The plot of `zkmargin compare --evm`: gas for an order, of the run's batches and as a curve, all on log scales."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Final

from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from sequencer.comparing_gas import GasComparison
from sequencer.gas_backends import BatchCost
from sequencer.gas_curve import fit_law
from sequencer.gas_curve_plot import draw_curve
from sequencer.gas_model import RollupGas
from sequencer.plot_style import BLUE, GREY, RED, STYLE, check_suffix, draw_grid, save_figure
from sequencer.published_gas import PUBLISHED

__all__ = ["plot_gas"]

_COLOURS: Final = {"direct": RED, "rollup": BLUE}
_MAX_ORDERS: Final = 1_000


def plot_gas(comparison: GasComparison, rollup: RollupGas, title: str, path: Path) -> None:
    """Write the plot to `path`: SVG, PNG or PDF by its suffix. The same figures give the same SVG.

    On the left each batch is a point. A rollup's batch costs the same whatever it holds: a dotted line says what that
    is for an order, also of batches larger than any shape here. On the right, what `Rollup` takes for an order where
    every place of a proof is filled. Raises OptionInvalid for another suffix.
    """
    check_suffix(path)
    with rc_context(STYLE):
        figure = Figure(figsize=(13, 5.5), layout="constrained")
        panels = figure.subplots(1, 2)
        for axes in panels:
            axes.set_xscale("log")
            axes.set_yscale("log")
            draw_grid(axes)
        _draw_run(panels[0], comparison)
        panels[0].set_title(title, loc="left", parse_math=False)  # a dollar sign in a name is one
        draw_curve(panels[1], fit_law(rollup.settle_gas))
        panels[1].set_title("Rollup: all places filled", loc="left")
        save_figure(figure, path)


def _draw_run(axes: Axes, comparison: GasComparison) -> None:
    for column, costs in zip(comparison.columns, comparison.costs, strict=True):
        _draw_backend(axes, column.name, [cost for cost in costs if cost.orders])
    _draw_published(axes)
    axes.set_xlim(1, _MAX_ORDERS)
    axes.set_xlabel("orders a batch")
    axes.set_ylabel("gas an order")
    axes.legend(frameon=False, loc="center right")


def _draw_backend(axes: Axes, name: str, costs: Sequence[BatchCost]) -> None:
    if not costs:
        return
    colour = _COLOURS.get(name, GREY)
    orders, gas = [cost.orders for cost in costs], [cost.gas_per_order for cost in costs]
    axes.plot(orders, gas, "o", color=colour, markersize=3, label=name)
    if name == "rollup":
        batch_gas = max(cost.auction.gas for cost in costs)
        shared = [batch_gas, batch_gas / _MAX_ORDERS]
        axes.plot([1, _MAX_ORDERS], shared, ":", color=colour, linewidth=0.8, label="the same gas, shared by more")


def _draw_published(axes: Axes) -> None:
    for figure in PUBLISHED:
        if figure.low_gas == figure.high_gas:
            axes.axhline(figure.low_gas, color=GREY, linewidth=0.8, linestyle="--")
        else:
            axes.axhspan(figure.low_gas, figure.high_gas, color=GREY, alpha=0.2, linewidth=0)
        axes.annotate(figure.name, (1.1, figure.high_gas), color=GREY, va="bottom")

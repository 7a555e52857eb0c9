"""The panel that shows gas an order against the orders of a proof, a line for each number of proofs a transaction."""

from __future__ import annotations

from typing import Final

from matplotlib import colormaps
from matplotlib.axes import Axes

from rollup.shapes import BLOCK
from sequencer.gas_curve import ORDER_STEPS, PROOF_STEPS, TARGET_GAS, AffineLaw, compute_curve, count_fitting_orders
from sequencer.plot_style import GREY, RED

__all__ = ["draw_curve"]

_BLUES: Final = colormaps["Blues"]


def draw_curve(axes: Axes, law: AffineLaw) -> None:
    """Draw the curve on log scales; dotted where the data of the group do not fit one blob."""
    for position, n_proofs in enumerate(PROOF_STEPS):
        _draw_line(axes, law, n_proofs, _BLUES(0.35 + 0.65 * position / (len(PROOF_STEPS) - 1)))
    axes.plot([], [], ":", color=GREY, linewidth=1, label="data fill more than a blob")
    axes.axvline(BLOCK.max_orders, color=GREY, linewidth=0.8, linestyle="--")
    axes.annotate("block", (BLOCK.max_orders * 1.04, 1.0), xycoords=axes.get_xaxis_transform(), color=GREY, va="top")
    axes.axhline(TARGET_GAS, color=RED, linewidth=0.8, linestyle="--")
    axes.annotate(f"{TARGET_GAS:.0f}: half of StarkEx", (ORDER_STEPS[0], TARGET_GAS), color=RED, va="bottom")
    axes.set_xlabel("orders a proof")
    axes.legend(frameon=False, title="a transaction")


def _draw_line(axes: Axes, law: AffineLaw, n_proofs: int, colour: tuple[float, float, float, float]) -> None:
    first, last = ORDER_STEPS[0], ORDER_STEPS[-1]
    turn = min(last, count_fitting_orders(n_proofs))
    label = f"{n_proofs} proof" + ("s" if n_proofs > 1 else "")
    for ends, style, name in (((first, turn), "-", label), ((turn, last), ":", None)):  # straight on log scales
        gas = [point.gas_per_order for point in compute_curve(law, [n_proofs], ends)]
        axes.plot(ends, gas, style, color=colour, linewidth=1, label=name)
    (block,) = compute_curve(law, [n_proofs], [BLOCK.max_orders])
    axes.plot([block.orders], [block.gas_per_order], "o", color=colour, markersize=3)

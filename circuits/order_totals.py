"""What a lane with order places adds to the running totals of the batch, read off its trace."""

from __future__ import annotations

from collections import Counter

from circuits.fill_views import view_fills
from circuits.lane_inputs import Prices
from circuits.market_totals import CHANGE_SHIFT, FILLS_SHIFT, RATION_SHIFT
from rollup.rent import compute_rent
from rollup.resources import ORDER_FILL
from rollup.trace import TradeLaneTrace
from rollup.units import MARKET_COUNT

__all__ = ["sum_order_lane"]

Sums = Counter[tuple[str, str]]


def sum_order_lane(lane: TradeLaneTrace, prices: Prices, position: int) -> Sums:
    """Return what the lane adds to each chain it carries, by chain and index; `position` is its first order place.

    A QuoteLane carries no penalties: there the sum of them is 0.
    """
    sums: Sums = Counter({("position", ""): lane.capacity})
    for m in range(MARKET_COUNT):
        change = abs(lane.after.sizes_lots[m]) - abs(lane.before.sizes_lots[m])
        net = lane.after.sizes_lots[m] - lane.before.sizes_lots[m]
        sums["lots", f"[{m}]"] = net + (change << CHANGE_SHIFT)
        sums["ration", f"[{m}]"] = 0
    for view in view_fills(lane, prices, position):
        index = f"[{view.order.market}]"
        sums["lots", index] += view.lots << FILLS_SHIFT
        sums["ration", index] += (view.lots << RATION_SHIFT) + view.lots + view.rest_now if view.shares else 0
        sums["fees", ""] += view.fee_atoms
        sums["base_fees_e6", ""] += view.charge.fee_e6
        sums["tips_e6", ""] += view.charge.tip_e6
    sums["usage", ""] = ORDER_FILL.packed * (len(lane.fills) + (lane.liquidation is not None))
    if lane.liquidation:
        sums["lots", f"[{lane.liquidation.market}]"] += lane.liquidation.fill_lots << FILLS_SHIFT
        sums["penalties", ""] = lane.liquidation.penalty_atoms
    if lane.fills or lane.liquidation:
        sums["rent", ""] = compute_rent(lane.before, prices.tick)
    return sums

"""What happened in a batch, as far as the prices of the next one follow it: volume, open interest, units used."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import reduce

from rollup.resources import ACCOUNT_CREATION, CASH_OPERATION, NOTHING, ORDER_FILL, Units
from rollup.trace import CashLaneTrace, TradeLaneTrace
from rollup.units import MARKET_COUNT

__all__ = ["Activity", "count_activity", "count_cash_units", "list_fills"]


@dataclass(frozen=True)
class Activity:
    """Volume and open interest by market, in lots; units of each resource."""

    volume_lots: tuple[int, ...]  # bought in the auction
    open_interest_change_lots: tuple[int, ...]  # of what is held long
    used: Units


def count_activity(
    cash_lanes: Sequence[CashLaneTrace], trade_lanes: Sequence[TradeLaneTrace], gross_change_lots: Sequence[int]
) -> Activity:
    """Return the activity of a batch; `gross_change_lots` is the change of sum |size| over all accounts, by market."""
    used = [count_cash_units(lane) for lane in cash_lanes]
    volume_lots = [0] * MARKET_COUNT
    for lane in trade_lanes:
        for market, delta_lots in list_fills(lane):
            volume_lots[market] += max(delta_lots, 0)
            used.append(ORDER_FILL)
    # longs and shorts of a market are equal, so their sum is even
    change_lots = tuple(change // 2 for change in gross_change_lots)
    return Activity(tuple(volume_lots), change_lots, reduce(Units.plus, used, NOTHING))


def count_cash_units(lane: CashLaneTrace) -> Units:
    """Return the units that a CashLane uses."""
    if lane.op is None:
        return NOTHING
    is_created = lane.before.is_empty and not lane.after.is_empty
    return ACCOUNT_CREATION if is_created else CASH_OPERATION


def list_fills(lane: TradeLaneTrace) -> list[tuple[int, int]]:
    """Return (market, signed lots) of each fill of the lane in the auction."""
    fills = [(fill.order.market, fill.order.direction * fill.fill_lots) for fill in lane.fills]
    if lane.liquidation is not None:
        market, lots = lane.liquidation.market, lane.liquidation.fill_lots
        fills.append((market, -lots if lane.before.sizes_lots[market] > 0 else lots))
    return fills

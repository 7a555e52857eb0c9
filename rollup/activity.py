"""What happened in a batch, as far as the prices of the next one follow it: volume, open interest, units used."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import reduce

from rollup.accounts import Account
from rollup.resources import ACCOUNT_CREATION, CASH_OPERATION, NOTHING, ORDER_FILL, RESCUE_OPERATION, Units
from rollup.trace import CashLaneTrace, FundLaneTrace, RescueLaneTrace, TradeLaneTrace
from rollup.units import MARKET_COUNT

__all__ = ["Activity", "count_activity", "count_cash_units", "count_operation_units", "sum_activity"]


@dataclass(frozen=True)
class Activity:
    """Volume and open interest by market, in lots; units of each resource."""

    volume_lots: tuple[int, ...]  # bought in the auction
    open_interest_change_lots: tuple[int, ...]  # of what is held long
    used: Units


def count_activity(
    cash_lanes: Sequence[CashLaneTrace],
    rescue_lanes: Sequence[RescueLaneTrace],
    order_lanes: Sequence[TradeLaneTrace],
    fund_lane: FundLaneTrace,
    gross_change_lots: Sequence[int],
) -> Activity:
    """Return the activity of a batch; `gross_change_lots` is the change of sum |size| over all accounts, by market."""
    used = [count_cash_units(lane) for lane in cash_lanes]
    used += [RESCUE_OPERATION for lane in rescue_lanes if lane.op is not None]
    fills = [fill for lane in order_lanes for fill in _list_fills(lane)]
    fills += [(fund_lane.fill.market, fund_lane.fill.fill_lots)] if fund_lane.fill else []
    return sum_activity(used, fills, gross_change_lots)


def sum_activity(used: Iterable[Units], fills: Iterable[tuple[int, int]], gross_change_lots: Sequence[int]) -> Activity:
    """Return the activity of a batch: units of its Cash- and RescueLanes, (market, lots) of each fill of its auction.

    Every fill uses the units of an order's.
    """
    filled_lots, units = [0] * MARKET_COUNT, list(used)
    for market, fill_lots in fills:
        filled_lots[market] += fill_lots
        units.append(ORDER_FILL)
    volume_lots = tuple(lots // 2 for lots in filled_lots)  # as much was bought as sold
    # longs and shorts of a market are equal, so their sum is even
    change_lots = tuple(change // 2 for change in gross_change_lots)
    return Activity(volume_lots, change_lots, reduce(Units.plus, units, NOTHING))


def count_cash_units(lane: CashLaneTrace) -> Units:
    """Return the units that a CashLane uses."""
    return NOTHING if lane.op is None else count_operation_units(lane.before, lane.after)


def count_operation_units(before: Account, after: Account) -> Units:
    """Return the units that a cash operation uses, by what it does to its account."""
    return ACCOUNT_CREATION if before.is_empty and not after.is_empty else CASH_OPERATION


def _list_fills(lane: TradeLaneTrace) -> list[tuple[int, int]]:
    """Return (market, lots) of each fill of the lane in the auction."""
    fills = [(fill.order.market, fill.fill_lots) for fill in lane.fills]
    return fills + ([(lane.liquidation.market, lane.liquidation.fill_lots)] if lane.liquidation else [])

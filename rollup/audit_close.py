"""The rules of the close, checked on a trace as docs/rules.md words them, in exact fractions.

Volume, open interest and units are counted again from the lanes; nothing of `rollup/close.py` is used.
"""

from __future__ import annotations

from fractions import Fraction
from math import floor

from rollup.accounts import Account
from rollup.audit_lanes import require
from rollup.audit_tick import get_elapsed
from rollup.rescue import Takeover
from rollup.trace import BatchTrace, RescueLaneTrace
from rollup.units import BASE_FEE_BITS, MARKET_COUNT, PPM, PREMIUM_ONE

__all__ = ["audit_close"]


def audit_close(trace: BatchTrace) -> None:
    """Raise BatchRuleBroken unless premiums, open interest, base fees and congestion follow from the lanes."""
    for market in range(MARKET_COUNT):
        _audit_premium(trace, market)
        _audit_open_interest(trace, market)
    used = _count_units(trace)
    for resource in range(len(used)):
        _audit_base_fee(trace, resource, used[resource])
    _audit_congestion(trace, used[0])


def _audit_premium(trace: BatchTrace, market: int) -> None:
    """The average takes in the batch's premium for its share of the window and of the impact volume."""
    before, after, params = trace.header_before, trace.header_after, trace.params
    price, mark = trace.clearing_prices_ticks[market], after.marks_ticks[market]
    sample = floor(Fraction(price - mark, mark) * PREMIUM_ONE)
    volume = sum(moved for moved in _list_moved(trace, market) if moved > 0)
    weight = Fraction(min(PPM, floor(Fraction(volume * PPM, params.markets[market].impact_lots))), PPM)
    share = weight * min(Fraction(1), Fraction(get_elapsed(trace), params.funding_window_s))
    expected = floor(before.premiums[market] * (1 - share) + sample * share)
    require(after.premiums[market] == expected, f"market {market}", "premium", after.premiums[market], expected)


def _list_moved(trace: BatchTrace, market: int) -> list[int]:
    """Return the signed lots of every fill of a market."""
    moved = [
        fill.fill_lots * fill.order.direction
        for lane in trace.order_lanes
        for fill in lane.fills
        if fill.order.market == market
    ]
    if trace.fund_lane.fill is not None and trace.fund_lane.fill.market == market:
        taken = sum(_get_taken(lane, market) for lane in trace.rescue_lanes)
        before, after = (
            account.sizes_lots[market] for account in (trace.fund_lane.fund_before, trace.fund_lane.fund_after)
        )
        moved.append(after - before - taken)
    liquidated = [lane for lane in trace.order_lanes if lane.liquidation is not None]
    return moved + [lane.after.sizes_lots[market] - lane.before.sizes_lots[market] for lane in liquidated]


def _audit_open_interest(trace: BatchTrace, market: int) -> None:
    """It grows by what accounts hold long at the end of their lanes and did not before; as much is held short."""
    ends = [(lane.before, lane.after) for lane in trace.cash_lanes]
    ends += [(lane.before, lane.after) for lane in trace.rescue_lanes]
    ends += [(lane.before, lane.after) for lane in trace.order_lanes]
    fund = trace.fund_lane
    ends += [(fund.fund_before, fund.fund_after), (fund.treasury_before, fund.treasury_after)]
    grown = sum(_get_long(after, market) - _get_long(before, market) for before, after in ends)
    expected = trace.header_before.open_interest_lots[market] + grown
    got = trace.header_after.open_interest_lots[market]
    require(got == expected, f"market {market}", "open_interest", got, expected)


def _get_taken(lane: RescueLaneTrace, market: int) -> int:
    """Return the lots that the fund takes over in a lane."""
    return lane.before.sizes_lots[market] if isinstance(lane.op, Takeover) else 0


def _get_long(account: Account, market: int) -> int:
    return max(account.sizes_lots[market], 0)


def _count_units(trace: BatchTrace) -> tuple[int, int, int]:
    """A fill takes 1 of proving and 14 bytes; a cash or rescue operation 2 and 32 bytes; a new account one leaf."""
    n_fills = sum(len(lane.fills) + (lane.liquidation is not None) for lane in trace.order_lanes)
    n_fills += trace.fund_lane.fill is not None
    worked = [lane for lane in trace.cash_lanes if lane.op is not None]
    n_created = sum(lane.before.is_empty and not lane.after.is_empty for lane in worked)
    n_worked = len(worked) + sum(lane.op is not None for lane in trace.rescue_lanes)
    return n_fills + 2 * n_worked, n_created, 14 * n_fills + 32 * n_worked


def _audit_base_fee(trace: BatchTrace, resource: int, used: int) -> None:
    """EIP-1559: an eighth up at twice the target, an eighth down at no use, in proportion between; up by at least 1."""
    params, base_fee = trace.params, trace.header_before.resources.base_fees[resource]
    target = params.target_per_s[resource] * get_elapsed(trace)
    excess = Fraction(min(used, 2 * target) - target, target)
    if excess > 0:
        expected = min(base_fee + max(1, floor(base_fee * excess / 8)), 2**BASE_FEE_BITS - 1)
    else:
        expected = max(base_fee - floor(base_fee * -excess / 8), params.min_base_fee[resource])
    got = trace.header_after.resources.base_fees[resource]
    require(got == expected, f"resource {resource}", "base_fee", got, expected)


def _audit_congestion(trace: BatchTrace, used_proving: int) -> None:
    """The average takes in the batch's use of the proving capacity, twice the target, for its share of the window."""
    capacity = 2 * trace.params.target_per_s[0] * get_elapsed(trace)
    utilisation_ppm = min(PPM, floor(Fraction(used_proving * PPM, capacity)))
    share = min(Fraction(1), Fraction(get_elapsed(trace), trace.params.congestion_window_s))
    before, after = (header.resources.congestion_ppm for header in (trace.header_before, trace.header_after))
    expected = floor(before * (1 - share) + utilisation_ppm * share)
    require(after == expected, "header_after", "congestion", after, expected)

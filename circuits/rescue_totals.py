"""What RescueLanes and the FundLane add to the running totals, and what RescueLanes carry, read off the trace."""

from __future__ import annotations

from circuits.account_inputs import Values
from circuits.carry import NOTHING_CARRIED
from circuits.market_totals import CHANGE_SHIFT, FILLS_SHIFT
from circuits.rescue_inputs import carry_values
from rollup.accounts import Account
from rollup.fund import compute_notional
from rollup.margin import compute_equity
from rollup.rescue import ForcedTradeLeg, Takeover, Victim, compute_lane_rent
from rollup.resources import ORDER_FILL, RESCUE_OPERATION
from rollup.trace import BatchTrace, RescueLaneTrace
from rollup.units import MARKET_COUNT

__all__ = ["carry_values_of", "sum_fund_lane", "sum_rescue_lane"]


def sum_rescue_lane(trace: BatchTrace, lane: RescueLaneTrace) -> Values:
    """Return what the lane adds to each total that it carries, by chain and index."""
    sums = _lots_moved(lane.before, lane.after)
    taken = lane.before.sizes_lots if isinstance(lane.op, Takeover) else (0,) * MARKET_COUNT
    sums |= {f"takeover_lots[{m}]": lots for m, lots in enumerate(taken)}
    return sums | {
        "takeover_cash": _takeover_cash(trace, lane),
        "rent": compute_lane_rent(lane.op, lane.before, trace.tick),
        "usage": RESCUE_OPERATION.packed * (lane.op is not None),
        "queue": int(isinstance(lane.op, ForcedTradeLeg) and not lane.op.leg.is_second),
    }


def sum_fund_lane(trace: BatchTrace) -> Values:
    """Return what the FundLane adds to the totals: its fill counts as traded."""
    lane = trace.fund_lane
    sums = _lots_moved(lane.fund_before, lane.fund_after)
    if lane.fill is not None:
        sums[f"lots[{lane.fill.market}]"] += lane.fill.fill_lots << FILLS_SHIFT
        sums |= {"usage": ORDER_FILL.packed, "budget": -compute_notional(lane.fill, trace.clearing_prices_ticks)}
    return sums


def carry_values_of(trace: BatchTrace) -> Values:
    """Return what runs from RescueLane to RescueLane; without one, what FundLane and close see of it."""
    lanes = trace.rescue_lanes
    if not lanes:
        fund, header = trace.fund_lane.fund_before, trace.header_after
        equity = compute_equity(fund.cash_atoms, fund.sizes_lots, header.marks_ticks, header.funding_index)
        return {"carry[0]/fund_equity": equity} | {f"carry[0]/{name}": 0 for name in NOTHING_CARRIED}
    carries = [lanes[0].carry_in, *(lane.carry_out for lane in lanes)]
    return {f"carry[{i}]/{name}": v for i, carry in enumerate(carries) for name, v in carry_values(carry).items()}


def _lots_moved(before: Account, after: Account) -> Values:
    """Return the change of each market's lots: net + change of |s| * 2**160."""
    ends = enumerate(zip(before.sizes_lots, after.sizes_lots, strict=True))
    return {f"lots[{m}]": new - old + (abs(new) - abs(old) << CHANGE_SHIFT) for m, (old, new) in ends}


def _takeover_cash(trace: BatchTrace, lane: RescueLaneTrace) -> int:
    """Return what the lane brings the fund in cash, beside rent, in atoms."""
    if isinstance(lane.op, Takeover):
        return lane.before.cash_atoms - compute_lane_rent(lane.op, lane.before, trace.tick)
    if isinstance(lane.op, Victim):
        return lane.carry_out.fund_equity_atoms - lane.carry_in.fund_equity_atoms
    return 0

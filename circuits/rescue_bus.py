"""The bus between RescueLanes, and from them to the FundLane, read off the trace."""

from __future__ import annotations

from itertools import accumulate

from circuits.account_inputs import Values
from circuits.carry import NOTHING_CARRIED
from circuits.fund_inputs import compute_takeover_lots
from circuits.lanes.fund import USAGE as FUND_USAGE
from circuits.lanes.rescue import SIZE_CHANGE_SHIFT, USAGE
from circuits.rescue_inputs import carry_values
from rollup.accounts import Account
from rollup.margin import compute_equity
from rollup.rescue import ForcedTradeLeg, Takeover, Victim, compute_lane_rent
from rollup.trace import BatchTrace, RescueLaneTrace
from rollup.units import MARKET_COUNT


def compute_rescue_bus(trace: BatchTrace) -> Values:
    """Return the wires that chain the RescueLanes. Totals that other lanes share count lanes from the batch's first."""
    lanes, first = trace.rescue_lanes, len(trace.cash_lanes)
    values = _carry_values(trace)
    for m in range(MARKET_COUNT):
        values |= {f"takeover_lots[{i}][{m}]": lots for i, lots in enumerate(compute_takeover_lots(lanes, m))}
    cash = accumulate((_compute_takeover_cash(trace, lane) for lane in lanes), initial=0)
    values |= {f"takeover_cash[{i}]": atoms for i, atoms in enumerate(cash)}
    rents = accumulate((compute_lane_rent(lane.op, lane.before, trace.tick) for lane in lanes), initial=0)
    values |= {f"rent[{first + i}]": atoms for i, atoms in enumerate(rents)}
    units = [*(USAGE * (lane.op is not None) for lane in lanes), FUND_USAGE * (trace.fund_lane.fill is not None)]
    values |= {f"usage[{first + i}]": total for i, total in enumerate(accumulate(units, initial=0))}
    entries = accumulate(map(count_entries, lanes), initial=trace.header_after.queue_consumed - _count_all(trace))
    return values | {f"queue[{first + i}]": count for i, count in enumerate(entries)}


def count_entries(lane: RescueLaneTrace) -> int:
    """Return how many entries of the queue the lane consumes: a forced trade's with its first leg."""
    return int(isinstance(lane.op, ForcedTradeLeg) and not lane.op.leg.is_second)


def compute_lots_moved(before: Account, after: Account, market: int) -> int:
    """Return what a lane adds to the market's running total: net lots + change of |s| * 2**160."""
    old, new = before.sizes_lots[market], after.sizes_lots[market]
    return new - old + (abs(new) - abs(old) << SIZE_CHANGE_SHIFT)


def _count_all(trace: BatchTrace) -> int:
    return sum(map(count_entries, trace.rescue_lanes))


def _carry_values(trace: BatchTrace) -> Values:
    """Return what runs from lane to lane; without a lane, what FundLane and close see of it."""
    lanes = trace.rescue_lanes
    if not lanes:
        fund, header = trace.fund_lane.fund_before, trace.header_after
        equity = compute_equity(fund.cash_atoms, fund.sizes_lots, header.marks_ticks, header.funding_index)
        return {"carry[0]/fund_equity": equity} | {f"carry[0]/{name}": 0 for name in NOTHING_CARRIED}
    carries = [lanes[0].carry_in, *(lane.carry_out for lane in lanes)]
    return {f"carry[{i}]/{name}": v for i, carry in enumerate(carries) for name, v in carry_values(carry).items()}


def _compute_takeover_cash(trace: BatchTrace, lane: RescueLaneTrace) -> int:
    """Return what the lane brings the fund in cash, beside rent, in atoms."""
    if isinstance(lane.op, Takeover):
        return lane.before.cash_atoms - compute_lane_rent(lane.op, lane.before, trace.tick)
    if isinstance(lane.op, Victim):
        return lane.carry_out.fund_equity_atoms - lane.carry_in.fund_equity_atoms
    return 0

"""The rules of the FundLane, checked on a trace as docs/rules.md words them: dues, takeovers, one fill that shrinks."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from math import floor
from operator import add

from rollup.accounts import Account
from rollup.audit_lanes import LaneDues
from rollup.audit_rescue import RescueTotals
from rollup.audit_rules import require
from rollup.audit_tick import get_elapsed
from rollup.trace import BatchTrace
from rollup.units import ATOMS_PER_E6, LOT_TICK_ATOMS, PPM, TREASURY_ACCOUNT, USD_E12

__all__ = ["audit_fund_lane"]

_HOUR_S = 3_600


def audit_fund_lane(trace: BatchTrace, dues: LaneDues, taken: RescueTotals) -> None:
    """Raise BatchRuleBroken unless fund and treasury get what is due, and the fund trades by its rules."""
    lane = trace.fund_lane
    due_atoms = dues.penalties_atoms + dues.base_fees_e6 * ATOMS_PER_E6 + dues.rent_atoms + taken.taken_cash_atoms
    sizes = tuple(map(add, lane.fund_before.sizes_lots, taken.taken_lots))
    fund = replace(lane.fund_before, cash_atoms=lane.fund_before.cash_atoms + due_atoms, sizes_lots=sizes)
    fund, spent = _audit_fill(trace, fund)
    _audit_budget(trace, spent)
    is_held = lane.fund_after.sizes_lots == fund.sizes_lots
    require(is_held, "fund_lane", "positions_of_fund", lane.fund_after.sizes_lots, fund.sizes_lots)
    require(lane.fund_after == fund, "fund_lane", "dues_to_fund", lane.fund_after.cash_atoms, fund.cash_atoms)
    due_atoms = dues.fees_atoms + dues.tips_e6 * ATOMS_PER_E6
    treasury = replace(lane.treasury_before, cash_atoms=lane.treasury_before.cash_atoms + due_atoms)
    is_paid = lane.treasury_after == treasury
    require(is_paid, "fund_lane", "fees_to_treasury", lane.treasury_after.cash_atoms, treasury.cash_atoms)
    sibling = lane.account_path[0][TREASURY_ACCOUNT]
    is_opened = sibling == lane.treasury_before.leaf_hash()
    require(is_opened, "fund_lane", "treasury_path", hex(sibling), "the treasury's leaf")


def _audit_fill(trace: BatchTrace, fund: Account) -> tuple[Account, int]:
    """Return the fund after its fill, and the notional of it. It only shrinks a position, near the mark, for no fee."""
    fill, where = trace.fund_lane.fill, "fund_lane"
    if fill is None:
        return fund, 0
    market, lots, held_lots = fill.market, fill.fill_lots, fund.sizes_lots[fill.market]
    require(1 <= lots <= abs(held_lots), where, "fund_fill_shrinks", lots, f"1 to {abs(held_lots)}")
    delta_lots = -lots if held_lots > 0 else lots
    price, mark = trace.clearing_prices_ticks[market], trace.header_after.marks_ticks[market]
    loss = Fraction((price - mark) * (1 if delta_lots > 0 else -1), mark)
    most = Fraction(trace.params.fund_band_ppm, PPM)
    require(loss <= most, where, "fund_price_in_band", price, f"no worse than {mark} by more than {most}")
    sizes = tuple(size + delta_lots if m == market else size for m, size in enumerate(fund.sizes_lots))
    paid = delta_lots * (price * LOT_TICK_ATOMS - trace.header_after.funding_index[market])
    return replace(fund, sizes_lots=sizes, cash_atoms=fund.cash_atoms - paid), lots * price


def _audit_budget(trace: BatchTrace, spent: int) -> None:
    """Refilled within its hour's cap, then less by the fill's notional; notional in 1e-12 USD."""
    cap = trace.params.fund_rate_usd * USD_E12
    refill = floor(Fraction(cap * get_elapsed(trace), _HOUR_S))
    budget = min(cap, trace.header_before.resources.fund_budget + refill)
    require(spent <= budget, "fund_lane", "fund_budget_covers_the_fill", spent, f"at most {budget}")
    got = trace.header_after.resources.fund_budget
    require(got == budget - spent, "header_after", "fund_budget", got, budget - spent)

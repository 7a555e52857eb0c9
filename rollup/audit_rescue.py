"""The rules of RescueLanes, checked on a trace as docs/rules.md words them: who may be rescued, and at whose expense.

Shares and leverage are compared as exact fractions; nothing of what chose the counterparties is used.
"""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from math import floor
from operator import add
from typing import NamedTuple

from rollup.accounts import NO_POSITIONS, Account
from rollup.audit_forced import audit_forced_leg
from rollup.audit_lanes import compute_margin_in, open_account
from rollup.audit_rules import require
from rollup.deleverage import NOTHING_LEFT, Deleveraging
from rollup.margin import Margin
from rollup.rescue import Carry, Counterparty, ForcedTradeLeg, Victim
from rollup.trace import BatchTrace, RescueLaneTrace
from rollup.units import FIRST_USER_ACCOUNT, LOT_TICK_ATOMS

__all__ = ["RescueTotals", "audit_rescue_lanes"]


class RescueTotals(NamedTuple):
    """What the lanes leave to the rest of the batch: rent, what the fund takes, entries of the queue."""

    rent_atoms: int = 0
    taken_cash_atoms: int = 0
    taken_lots: tuple[int, ...] = NO_POSITIONS
    queue_entries: int = 0

    def plus(self, other: RescueTotals) -> RescueTotals:
        """Return both together."""
        lots = tuple(map(add, self.taken_lots, other.taken_lots))
        return RescueTotals(
            self.rent_atoms + other.rent_atoms,
            self.taken_cash_atoms + other.taken_cash_atoms,
            lots,
            self.queue_entries + other.queue_entries,
        )


class _Due(NamedTuple):
    """What a lane has to do."""

    after: Account
    carry: Carry
    totals: RescueTotals = RescueTotals()


def audit_rescue_lanes(trace: BatchTrace) -> RescueTotals:
    """Return what the lanes leave to the rest of the batch. Raises BatchRuleBroken."""
    carry = Carry(compute_margin_in(trace, trace.fund_lane.fund_before).equity, NOTHING_LEFT, None)
    totals = RescueTotals()
    for position, lane in enumerate(trace.rescue_lanes):
        where = f"rescue_lanes[{position}]"
        require(lane.carry_in == carry, where, "carry_is_handed_on", lane.carry_in, carry)
        due = _audit_lane(trace, lane, where)
        require(lane.after == due.after, where, "rescue_effect", "another account", "what the operation leaves")
        require(lane.carry_out == due.carry, where, "rescue_carry", lane.carry_out, due.carry)
        carry, totals = due.carry, totals.plus(due.totals)
    is_ended = carry.deleveraging.notional == 0 and carry.first_leg is None
    require(is_ended, "rescue_lanes", "nothing_is_carried_out", carry, "nothing")
    return totals


def _audit_lane(trace: BatchTrace, lane: RescueLaneTrace, where: str) -> _Due:
    """Return what the lane has to leave."""
    op, carry = lane.op, lane.carry_in
    if isinstance(op, ForcedTradeLeg):
        _require_no_rest(carry, where)
        leg = audit_forced_leg(trace, lane, op, where)
        return _Due(leg.after, leg.carry, RescueTotals(leg.rent_atoms, queue_entries=leg.queue_entries))
    require(carry.first_leg is None, where, "second_leg_comes_next", op, "the other leg of the forced trade")
    if op is None:
        _require_no_rest(carry, where)
        return _Due(lane.before, carry)
    require(lane.account_id >= FIRST_USER_ACCOUNT, where, "rescue_of_a_user", lane.account_id, "2 or more")
    opened = open_account(trace, lane.before)
    margin = compute_margin_in(trace, opened)
    if isinstance(op, Counterparty):
        due = _audit_counterparty(trace, carry, op, opened, margin, where)
    else:
        _require_no_rest(carry, where)
        is_due = margin.equity < 0 or Fraction(margin.equity) < Fraction(margin.maintenance, 2)
        require(is_due, where, "rescue_is_due", margin.equity, f"below 0, or half of {margin.maintenance}")
        due = (_audit_victim if isinstance(op, Victim) else _audit_takeover)(trace, carry, opened, margin, where)
    rent = RescueTotals(rent_atoms=lane.before.cash_atoms - opened.cash_atoms)
    return due._replace(totals=due.totals.plus(rent))


def _require_no_rest(carry: Carry, where: str) -> None:
    """A victim ends before anything else begins."""
    left_lots = carry.deleveraging.left_lots
    require(not any(left_lots), where, "counterparty_comes_next", left_lots, "nothing left of the victim before")


def _audit_takeover(trace: BatchTrace, carry: Carry, opened: Account, margin: Margin, where: str) -> _Due:
    """The fund takes positions and cash, and is not worse than nothing after it."""
    equity = carry.fund_equity_atoms + margin.equity
    require(equity >= 0, where, "fund_bears_the_takeover", equity, "0 or more left to the fund")
    taken = RescueTotals(taken_cash_atoms=opened.cash_atoms, taken_lots=opened.sizes_lots)
    return _Due(_empty(opened), replace(carry, fund_equity_atoms=equity), taken)


def _audit_victim(trace: BatchTrace, carry: Carry, opened: Account, margin: Margin, where: str) -> _Due:
    """The fund cannot take it; what it owes is shared out, what it owns goes to the fund."""
    equity = carry.fund_equity_atoms + margin.equity
    require(equity < 0, where, "fund_cannot_bear_the_victim", equity, "below 0")
    require(any(opened.sizes_lots), where, "victim_has_positions", opened.sizes_lots, "a position")
    worth = sum(abs(size) * mark for size, mark in zip(opened.sizes_lots, trace.header_after.marks_ticks, strict=True))
    owned, owed = max(margin.equity, 0), max(-margin.equity, 0)
    handed = Carry(carry.fund_equity_atoms + owned, Deleveraging(opened.sizes_lots, owed, worth), None)
    return _Due(_empty(opened), handed, RescueTotals(taken_cash_atoms=owned))


def _audit_counterparty(
    trace: BatchTrace, carry: Carry, op: Counterparty, opened: Account, margin: Margin, where: str
) -> _Due:
    """It closes against what is left, at the mark, and bears of the deficit what is its part of the notional."""
    rest, market = carry.deleveraging, op.market
    mark_ticks, index = trace.header_after.marks_ticks[market], trace.header_after.funding_index[market]
    left_lots, held_lots = rest.left_lots[market], opened.sizes_lots[market]
    require(left_lots * held_lots < 0, where, "counterparty_is_opposite", held_lots, f"opposite to {left_lots}")
    most = min(abs(left_lots), abs(held_lots))
    require(1 <= op.lots <= most, where, "counterparty_lots", op.lots, f"1 to {most}")
    require(margin.equity > 0, where, "counterparty_has_equity", margin.equity, "above 0")
    _audit_order(rest, market, abs(held_lots) * mark_ticks, margin.equity, where)
    worth = op.lots * mark_ticks
    share = floor(rest.deficit_atoms * Fraction(worth, rest.notional))
    require(margin.equity >= share, where, "counterparty_bears_its_share", margin.equity, f"{share} or more")
    delta_lots = op.lots if left_lots > 0 else -op.lots
    sizes = _shift(opened.sizes_lots, market, delta_lots)
    cash_atoms = opened.cash_atoms - delta_lots * (mark_ticks * LOT_TICK_ATOMS - index) - share
    left = Deleveraging(
        left_lots=_shift(rest.left_lots, market, -delta_lots),
        deficit_atoms=rest.deficit_atoms - share,
        notional=rest.notional - worth,
        last_market=market,
        last_notional=abs(held_lots) * mark_ticks,
        last_equity_atoms=margin.equity,
    )
    return _Due(replace(opened, sizes_lots=sizes, cash_atoms=cash_atoms), replace(carry, deleveraging=left))


def _audit_order(rest: Deleveraging, market: int, worth: int, equity_atoms: int, where: str) -> None:
    """Markets rise; within one, whoever is more leveraged comes first. Equity 0 stands before the first of all."""
    require(market >= rest.last_market, where, "markets_rise", market, f"{rest.last_market} or later")
    if market == rest.last_market and rest.last_equity_atoms > 0:
        leverage, before = Fraction(worth, equity_atoms), Fraction(rest.last_notional, rest.last_equity_atoms)
        require(leverage <= before, where, "leverage_falls", leverage, f"at most {before}")


def _empty(account: Account) -> Account:
    """Return the account without positions and cash; the rest of it stays."""
    return replace(account, cash_atoms=0, sizes_lots=NO_POSITIONS)


def _shift(sizes: tuple[int, ...], market: int, by: int) -> tuple[int, ...]:
    return tuple(size + by if m == market else size for m, size in enumerate(sizes))

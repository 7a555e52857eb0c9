"""The rules of forced trades, checked on a trace as docs/rules.md words them: both legs, or neither, and why."""

from __future__ import annotations

from dataclasses import replace
from typing import NamedTuple

from rollup.accounts import Account
from rollup.audit_lanes import compute_margin_in, open_account
from rollup.audit_rules import require
from rollup.margin import is_valid_close
from rollup.rescue import Carry, ForcedTradeLeg
from rollup.trace import BatchTrace, RescueLaneTrace
from rollup.txs.forced_trade import FirstLeg, ForcedLeg
from rollup.units import CASH_BITS, LOT_TICK_ATOMS, SIZE_BITS

__all__ = ["LegDue", "audit_forced_leg"]


class LegDue(NamedTuple):
    """What the lane of a leg has to leave, and what it adds to the totals."""

    after: Account
    carry: Carry
    rent_atoms: int
    queue_entries: int


def audit_forced_leg(trace: BatchTrace, lane: RescueLaneTrace, op: ForcedTradeLeg, where: str) -> LegDue:
    """Return what the leg has to leave. The entry is counted with its first leg. Raises BatchRuleBroken."""
    leg, first = op.leg, lane.carry_in.first_leg
    require(leg.account == lane.account_id, where, "operation_names_account", leg.account, lane.account_id)
    require(leg.is_second == (first is not None), where, "second_leg_comes_next", leg.is_second, first)
    opened = open_account(trace, lane.before)
    moved = _move(trace, opened, leg)
    is_valid = _is_valid(trace, leg, opened, moved)
    if first is not None:
        _audit_second(op, first, is_valid, where)
    handed = FirstLeg(leg, is_valid, op.is_applied) if first is None else None
    after, rent_atoms = (moved, lane.before.cash_atoms - opened.cash_atoms) if op.is_applied else (lane.before, 0)
    return LegDue(after, replace(lane.carry_in, first_leg=handed), rent_atoms, int(first is None))


def _audit_second(op: ForcedTradeLeg, first: FirstLeg, is_valid: bool, where: str) -> None:
    """Both legs are of one entry; they are applied if both are valid and the accounts differ, else neither is."""
    terms = (first.leg.market, 1 - first.leg.side, first.leg.lots, first.leg.price_ticks)
    own = (op.leg.market, op.leg.side, op.leg.lots, op.leg.price_ticks)
    require(own == terms, where, "legs_are_of_one_entry", own, terms)
    is_due = first.is_valid and is_valid and op.leg.account != first.leg.account
    outcome = (first.is_applied, op.is_applied)
    require(outcome == (is_due, is_due), where, "forced_trade_outcome", outcome, (is_due, is_due))


def _move(trace: BatchTrace, opened: Account, leg: ForcedLeg) -> Account:
    """Return the account after the leg, in its bounds or not."""
    delta_lots, index = -leg.lots if leg.side else leg.lots, trace.header_after.funding_index[leg.market]
    sizes = tuple(size + delta_lots if m == leg.market else size for m, size in enumerate(opened.sizes_lots))
    cash_atoms = opened.cash_atoms - delta_lots * (leg.price_ticks * LOT_TICK_ATOMS - index)
    return replace(opened, sizes_lots=sizes, cash_atoms=cash_atoms)


def _is_valid(trace: BatchTrace, leg: ForcedLeg, opened: Account, moved: Account) -> bool:
    """The owner is the entry's, the account holds what the leg leaves, and it may close so."""
    is_held = abs(moved.sizes_lots[leg.market]) < 2**SIZE_BITS and abs(moved.cash_atoms) < 2**CASH_BITS
    if not is_held or opened.owner != leg.owner:
        return False
    margins = (compute_margin_in(trace, opened), compute_margin_in(trace, moved))
    return is_valid_close(*margins, opened.sizes_lots, moved.sizes_lots)

"""The rules of single lanes, checked on a trace as docs/rules.md words them: no closed forms, no shortcuts.

`build_batch` finds what may trade; these functions know nothing of how it does so.
"""

from __future__ import annotations

from dataclasses import replace
from operator import add
from typing import NamedTuple

from rollup.accounts import Account
from rollup.audit_orders import PlacedFill, audit_order_fill, audit_quote, audit_slot
from rollup.audit_rules import BatchRuleBroken, require
from rollup.liquidation import compute_penalty, find_largest_markets
from rollup.margin import Margin, compute_margin, is_healthier, is_valid_close
from rollup.settle import apply_liquidation_fill
from rollup.trace import BatchTrace, TradeLaneTrace
from rollup.units import FIRST_USER_ACCOUNT

__all__ = [
    "BatchRuleBroken",
    "LaneDues",
    "audit_order_lane",
    "audit_slot",
    "compute_margin_in",
    "open_account",
    "require",
]


class LaneDues(NamedTuple):
    """What one lane, or all of them, pay."""

    fees_atoms: int = 0
    tips_e6: int = 0
    base_fees_e6: int = 0
    rent_atoms: int = 0
    penalties_atoms: int = 0

    def plus(self, other: LaneDues) -> LaneDues:
        """Return both together."""
        return LaneDues(*map(add, self, other))


def audit_order_lane(
    trace: BatchTrace, lane: TradeLaneTrace, start: int, where: str, *, is_quote_lane: bool
) -> tuple[LaneDues, list[PlacedFill]]:
    """Return what a TradeLane or QuoteLane pays, and its fills placed. Raises BatchRuleBroken.

    `start` is the position of the lane's first order place.
    """
    if not lane.fills and lane.liquidation is None:
        require(lane.before == lane.after, where, "unused_lane_changes_nothing", "a change", "none")
        return LaneDues(), []
    require((lane.quote is not None) == is_quote_lane, where, "quote_in_quote_lane", lane.quote, "one in a QuoteLane")
    places = [fill.place for fill in lane.fills]
    is_rising = places == sorted(set(places)) and (is_quote_lane or places == list(range(len(places))))
    require(is_rising, where, "places_rise", places, "0, 1, .. in a TradeLane, rising in a QuoteLane")
    is_within = not places or places[-1] < lane.capacity
    require(is_within, where, "lane_capacity", places, f"places below {lane.capacity}")
    opened = open_account(trace, lane.before)
    dues = LaneDues(rent_atoms=lane.before.cash_atoms - opened.cash_atoms)
    if lane.liquidation is not None:
        require(not places and not is_quote_lane, where, "liquidation_alone", places, "no order fills, a TradeLane")
        return dues._replace(penalties_atoms=_audit_liquidation(trace, lane, opened, where)), []
    if is_quote_lane:
        audit_quote(trace, lane, where)
    account, placed = opened, []
    for fill in lane.fills:
        at = f"{where}.fills[{fill.place}]"
        account, paid, place = audit_order_fill(trace, lane, account, fill, start + fill.place, at)
        dues = dues.plus(LaneDues(paid.trading_fee_atoms, paid.charge.tip_e6, paid.charge.fee_e6))
        placed.append(place)
    before, after = compute_margin_in(trace, opened), compute_margin_in(trace, account)
    is_valid = is_valid_close(before, after, opened.sizes_lots, account.sizes_lots)
    require(is_valid, where, "margin_at_close", after.equity, f"at least {after.initial}, or only reducing")
    require(lane.after == account, where, "fills_effect", "another account", "what the fills leave")
    return dues, placed


def open_account(trace: BatchTrace, account: Account) -> Account:
    """Return the account as a lane opens it: its rent paid."""
    timestamp_s = trace.header_after.timestamp_s
    rent_atoms = (timestamp_s - account.last_touched_s) * trace.tick.rent_rate
    return replace(account, cash_atoms=account.cash_atoms - rent_atoms, last_touched_s=timestamp_s)


def _audit_liquidation(trace: BatchTrace, lane: TradeLaneTrace, before: Account, where: str) -> int:
    """Return the penalty; `before` is the account with its rent paid."""
    liquidation = lane.liquidation
    assert liquidation is not None
    market, fill_lots = liquidation.market, liquidation.fill_lots
    size_lots, opened = before.sizes_lots[market], compute_margin_in(trace, before)
    require(lane.account_id >= FIRST_USER_ACCOUNT, where, "liquidation_of_a_user", lane.account_id, "2 or more")
    is_unhealthy = opened.equity < opened.maintenance
    require(is_unhealthy, where, "liquidation_below_maintenance", opened.equity, f"below {opened.maintenance}")
    largest = find_largest_markets(before.sizes_lots, trace.header_after.marks_ticks, trace.tick.fractions)
    require(market in largest, where, "liquidation_market", market, f"one of {largest}")
    require(1 <= fill_lots <= abs(size_lots), where, "liquidation_closes", fill_lots, f"1 to {abs(size_lots)}")
    unpunished = _close_lots(trace, before, market, fill_lots)
    closed = compute_margin_in(trace, unpunished)
    require(is_healthier(opened, closed), where, "liquidation_health", closed.equity, "no worse health")
    one_less = compute_margin_in(trace, _close_lots(trace, before, market, fill_lots - 1))
    require(one_less.equity < one_less.initial, where, "liquidation_size", fill_lots, "no more than needed")
    price_ticks, fee_ppm = trace.clearing_prices_ticks[market], trace.params.markets[market].liquidation_fee_ppm
    penalty_atoms = compute_penalty(fill_lots, price_ticks, fee_ppm, closed.equity)
    is_exact = liquidation.penalty_atoms == penalty_atoms
    require(is_exact, where, "liquidation_penalty", liquidation.penalty_atoms, penalty_atoms)
    after = replace(unpunished, cash_atoms=unpunished.cash_atoms - penalty_atoms)
    require(lane.after == after, where, "fills_effect", "another account", "what the fill leaves")
    return penalty_atoms


def _close_lots(trace: BatchTrace, account: Account, market: int, fill_lots: int) -> Account:
    """Return the account after closing some of its position at the clearing price, without penalty."""
    delta_lots = -fill_lots if account.sizes_lots[market] > 0 else fill_lots
    price_ticks = trace.clearing_prices_ticks[market]
    return apply_liquidation_fill(account, market, delta_lots, price_ticks, trace.tick, 0)


def compute_margin_in(trace: BatchTrace, account: Account) -> Margin:
    """Return the account's standing at the prices and fractions of the batch."""
    prices = (trace.header_after.marks_ticks, trace.header_after.funding_index)
    return compute_margin(account.cash_atoms, account.sizes_lots, *prices, trace.tick.fractions)

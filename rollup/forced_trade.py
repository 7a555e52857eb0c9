"""Forced trades: two RescueLanes in a row. Each leg is valid or not by exact rules, so that every entry is consumed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from rollup.accounts import Account
from rollup.errors import check_bits
from rollup.margin import Margin, is_valid_close
from rollup.rescue import ForcedTradeLeg
from rollup.rescue_chain import RescueChain
from rollup.txs.forced_trade import FirstLeg, ForcedLeg, ForcedTrade
from rollup.units import COUNTER_BITS

__all__ = ["LANES_PER_TRADE", "ForcedTradeReport", "is_leg_valid", "is_trade_applied", "settle_forced_trade"]

LANES_PER_TRADE = 2


@dataclass(frozen=True)
class ForcedTradeReport:
    """One entry of the queue, and what became of it."""

    trade: ForcedTrade
    is_applied: bool


def is_leg_valid(
    leg: ForcedLeg, opened: Account, funding_index: int, compute_margin: Callable[[Account], Margin]
) -> bool:
    """Return whether the owner is the entry's and the account, its rent paid, would close validly after the leg."""
    closed = leg.try_apply(opened, funding_index)
    if closed is None or not leg.is_owned(opened):
        return False
    return is_valid_close(compute_margin(opened), compute_margin(closed), opened.sizes_lots, closed.sizes_lots)


def is_trade_applied(first: FirstLeg, second: ForcedLeg, is_second_valid: bool) -> bool:
    """Return whether both legs are valid and the accounts differ."""
    return first.is_valid and is_second_valid and first.leg.account != second.account


def settle_forced_trade(chain: RescueChain, trade: ForcedTrade) -> ForcedTradeReport:
    """Consume the entry in the next two lanes: both legs are applied, or neither account changes at all."""
    workspace, (first, second) = chain.workspace, trade.legs
    check_bits("queue_consumed", workspace.queue_consumed + 1, COUNTER_BITS)
    workspace.queue_consumed += 1
    funding_index = workspace.funding_index[trade.market]
    opened = {leg.account: chain.open(leg.account)[0] for leg in trade.legs}
    validity = [is_leg_valid(leg, opened[leg.account], funding_index, workspace.compute_margin) for leg in trade.legs]
    handed = FirstLeg(first, validity[0], is_applied=False)
    is_applied = is_trade_applied(handed, second, validity[1])
    carry = chain.carry
    for leg, carry_out in ((first, replace(carry, first_leg=replace(handed, is_applied=is_applied))), (second, carry)):
        after = leg.apply(opened[leg.account], funding_index) if is_applied else workspace.get(leg.account)
        chain.add(leg.account, ForcedTradeLeg(leg, is_applied), after, carry_out)
    return ForcedTradeReport(trade, is_applied)

"""Whether a forced trade is applied: each leg is valid or not by exact rules, so that every entry can be consumed."""

from __future__ import annotations

from collections.abc import Callable

from rollup.accounts import Account
from rollup.margin import Margin, is_valid_close
from rollup.txs.forced_trade import FirstLeg, ForcedLeg

__all__ = ["is_leg_valid", "is_trade_applied"]


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

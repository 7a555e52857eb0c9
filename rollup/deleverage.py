"""Deleveraging: a victim's positions end against accounts of the opposite side, at the mark; they share its deficit.

What is left of the victim runs from lane to lane. A counterparty that takes t lots of market m bears
`floor(D * t * P_m / N)` of the deficit D, N being the notional left: the last has t * P_m = N and bears the whole rest.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from rollup.accounts import NO_POSITIONS, Account
from rollup.margin import compute_fill_cash

__all__ = ["NOTHING_LEFT", "Deleveraging", "apply_counterparty", "open_deleveraging"]


@dataclass(frozen=True)
class Deleveraging:
    """What of a victim is left (nothing where notional is 0), and the place of the counterparty before in the order.

    Bounds: |left| < 2**48, deficit < 2**125, notional < 2**100; D * t * P_m < 2**(125 + 96), below the field's half.
    """

    left_lots: tuple[int, ...]  # signed, by market, in the victim's direction
    deficit_atoms: int  # D, not negative
    notional: int  # N = sum |left_m| * P_m, 1e-12 USD
    last_market: int = 0
    last_notional: int = 1  # |s_m| * P_m of the counterparty before, 1e-12 USD; 1 over equity 0 stands before all
    last_equity_atoms: int = 0

    def compute_share(self, lots: int, mark_ticks: int) -> int:
        """Return what taking `lots` costs, in atoms, floored. Assumes 1 <= lots * mark <= notional left."""
        return self.deficit_atoms * lots * mark_ticks // self.notional

    def can_take(self, market: int, lots: int, size_lots: int) -> bool:
        """Return whether an account that holds `size_lots` of the market can take `lots` of what is left there."""
        left_lots = self.left_lots[market]
        return left_lots * size_lots < 0 and 1 <= lots <= min(abs(left_lots), abs(size_lots))

    def is_in_order(self, market: int, notional: int, equity_atoms: int) -> bool:
        """Return whether a counterparty may follow the one before: by market, then |s_m| * P_m / equity not rising.

        Compared by multiplying: products below 2**(96 + 125).
        """
        if market != self.last_market:
            return market > self.last_market
        return notional * self.last_equity_atoms <= self.last_notional * equity_atoms

    def take(self, market: int, lots: int, mark_ticks: int, notional: int, equity_atoms: int) -> Deleveraging:
        """Return what is left after a counterparty of that notional and equity took `lots`."""
        left = list(self.left_lots)
        left[market] -= lots if left[market] > 0 else -lots
        return Deleveraging(
            left_lots=tuple(left),
            deficit_atoms=self.deficit_atoms - self.compute_share(lots, mark_ticks),
            notional=self.notional - lots * mark_ticks,
            last_market=market,
            last_notional=notional,
            last_equity_atoms=equity_atoms,
        )


NOTHING_LEFT = Deleveraging(NO_POSITIONS, 0, 0)


def open_deleveraging(sizes_lots: tuple[int, ...], equity_atoms: int, marks_ticks: Sequence[int]) -> Deleveraging:
    """Return all of a victim: its positions, max(-equity, 0), and its notional."""
    notional = sum(abs(size) * mark for size, mark in zip(sizes_lots, marks_ticks, strict=True))
    return replace(NOTHING_LEFT, left_lots=sizes_lots, deficit_atoms=max(-equity_atoms, 0), notional=notional)


def apply_counterparty(
    account: Account, market: int, delta_lots: int, mark_ticks: int, funding_index: int, share_atoms: int
) -> Account:
    """Return the account after taking `delta_lots` at the mark and bearing the share. Raises ValueOutOfRange.

    At the mark equity falls by exactly the share.
    """
    sizes = list(account.sizes_lots)
    sizes[market] += delta_lots
    received = compute_fill_cash(delta_lots, mark_ticks, funding_index)
    return account.with_changes(sizes_lots=tuple(sizes), cash_atoms=account.cash_atoms + received - share_atoms)

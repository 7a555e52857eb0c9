"""Forced trade: a queue entry by which two accounts trade at a price of their own, authorised by both owners.

It takes two RescueLanes in a row, a leg each. Both legs are applied if both are valid and the accounts differ, else
neither is, and nothing is charged: whatever an entry says, it can be consumed.
"""

from __future__ import annotations

from dataclasses import dataclass

from rollup.accounts import Account
from rollup.errors import ValueOutOfRange, check_bits, check_range
from rollup.margin import compute_fill_cash
from rollup.packing import pack
from rollup.units import ACCOUNT_BITS, MARKET_COUNT, OWNER_BITS, PRICE_BITS, SIZE_BITS

__all__ = ["BRIDGE_FORCED_FIRST", "BRIDGE_FORCED_SECOND", "FirstLeg", "ForcedLeg", "ForcedTrade"]

BRIDGE_FORCED_FIRST = 7
BRIDGE_FORCED_SECOND = 8


@dataclass(frozen=True)
class ForcedLeg:
    """What one of the two accounts does. `side` is its own: 0 buys, 1 sells."""

    is_second: bool
    account: int
    owner: int  # as the entry says
    market: int
    side: int
    lots: int
    price_ticks: int

    @property
    def delta_lots(self) -> int:
        """Change of the position, signed."""
        return -self.lots if self.side else self.lots

    def apply(self, account: Account, funding_index: int) -> Account:
        """Return the account after the leg: s += d, cash -= d * (price * 10**6 - F). Raises ValueOutOfRange."""
        sizes = list(account.sizes_lots)
        sizes[self.market] += self.delta_lots
        received = compute_fill_cash(self.delta_lots, self.price_ticks, funding_index)
        return account.with_changes(sizes_lots=tuple(sizes), cash_atoms=account.cash_atoms + received)

    def try_apply(self, account: Account, funding_index: int) -> Account | None:
        """Return the account after the leg, or None where its size or cash would leave their bounds."""
        try:
            return self.apply(account, funding_index)
        except ValueOutOfRange:
            return None

    def is_owned(self, account: Account) -> bool:
        """Return whether the account's owner is the entry's. An entry has an owner, so an empty account has another."""
        return account.owner == self.owner

    def bridge_words(self, is_applied: bool) -> tuple[int, int, int, int]:
        """Return kind | account | lots | market | side | outcome, the entry's owner, the price, 0."""
        kind = BRIDGE_FORCED_SECOND if self.is_second else BRIDGE_FORCED_FIRST
        fields = ((kind, 4), (self.account, ACCOUNT_BITS), (self.lots, SIZE_BITS), (self.market, 4), (self.side, 1))
        return pack(*fields, (int(is_applied), 1)), self.owner, self.price_ticks, 0


@dataclass(frozen=True)
class FirstLeg:
    """What the first lane of a forced trade hands to the second, which must be the other leg of the same entry."""

    leg: ForcedLeg
    is_valid: bool  # owner equal, and the lane would close validly
    is_applied: bool


@dataclass(frozen=True)
class ForcedTrade:
    """The entry. `side` is that of the first account; the second does the opposite."""

    accounts: tuple[int, int]
    owners: tuple[int, int]
    market: int
    side: int
    lots: int
    price_ticks: int

    def __post_init__(self) -> None:
        """Raise ValueOutOfRange for what the base layer would not have let in."""
        for account, owner in zip(self.accounts, self.owners, strict=True):
            check_bits("account", account, ACCOUNT_BITS)
            check_range("owner", owner, 1, 2**OWNER_BITS - 1)
        check_range("market", self.market, 0, MARKET_COUNT - 1)
        check_range("side", self.side, 0, 1)
        check_bits("lots", self.lots, SIZE_BITS)
        check_bits("price_ticks", self.price_ticks, PRICE_BITS)

    @property
    def legs(self) -> tuple[ForcedLeg, ForcedLeg]:
        """The first account's leg and the second's."""
        terms = (self.lots, self.price_ticks)
        first = ForcedLeg(False, self.accounts[0], self.owners[0], self.market, self.side, *terms)
        return first, ForcedLeg(True, self.accounts[1], self.owners[1], self.market, 1 - self.side, *terms)

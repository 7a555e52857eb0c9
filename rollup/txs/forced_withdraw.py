"""Forced withdrawal: an entry of the queue by the account's owner; pays what is free, up to what is asked."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from rollup.accounts import Account
from rollup.errors import check_bits
from rollup.rejections import PricesStale
from rollup.rent import charge_rent
from rollup.tick import Tick
from rollup.txs.effect import Effect, Flows, compute_margin_at
from rollup.txs.queue import BridgeWords, QueueEntry, is_owned_by, leave_untouched, pack_bridge_word
from rollup.units import AMOUNT_E6_BITS, ATOMS_PER_E6, OWNER_BITS

__all__ = ["BRIDGE_FORCED_WITHDRAWAL", "ForcedWithdraw"]

BRIDGE_FORCED_WITHDRAWAL: Final = 4


@dataclass(frozen=True)
class ForcedWithdraw(QueueEntry):
    """At most `amount_e6` of 1e-6 USD to the owner on the base layer. No fee, no signature of the account's key."""

    amount_e6: int
    owner: int

    def __post_init__(self) -> None:
        """Raise ValueOutOfRange for what the base layer would not have let in."""
        super().__post_init__()
        check_bits("amount_e6", self.amount_e6, AMOUNT_E6_BITS)
        check_bits("owner", self.owner, OWNER_BITS)

    def is_valid(self, account: Account, tick: Tick) -> bool:
        """Return whether the owner asks."""
        return is_owned_by(self.account, self.owner, account)

    def apply(self, account: Account, tick: Tick) -> Effect:
        """Return the account after rent, less what is paid: min(request, floor(max(equity - initial, 0) / 1e12)).

        Raises PricesStale with positions and no fresh prices; ValueOutOfRange if cash overflows.
        """
        if not self.is_valid(account, tick):
            return leave_untouched(account)
        if tick.stale and any(account.sizes_lots):
            raise PricesStale(self.account)
        charged, rent_atoms = charge_rent(account, tick)
        margin = compute_margin_at(charged, tick)
        # floored: never pays out more than is free
        paid_e6 = min(self.amount_e6, max(margin.equity - margin.initial, 0) // ATOMS_PER_E6)
        after = charged.with_changes(cash_atoms=charged.cash_atoms - paid_e6 * ATOMS_PER_E6)
        return Effect(after, Flows(queue_entries=1, vault_e6=-paid_e6, rent_atoms=rent_atoms))

    def bridge_words(self, is_applied: bool, paid_e6: int) -> BridgeWords:
        """Return kind | account | amount asked | outcome, the entry's owner, the amount paid, 0."""
        word = pack_bridge_word(BRIDGE_FORCED_WITHDRAWAL, self.account, self.amount_e6, is_applied)
        return word, self.owner, paid_e6, 0

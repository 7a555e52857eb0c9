"""Forced cancel all: an entry of the queue by the account's owner; the next epoch voids all that was signed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from rollup.accounts import Account
from rollup.errors import check_bits
from rollup.rent import charge_rent
from rollup.tick import Tick
from rollup.txs.effect import Effect, Flows
from rollup.txs.queue import BridgeWords, QueueEntry, can_raise_epoch, is_owned_by, leave_untouched, pack_bridge_word
from rollup.units import OWNER_BITS

__all__ = ["BRIDGE_FORCED_CANCEL_ALL", "ForcedCancelAll"]

BRIDGE_FORCED_CANCEL_ALL: Final = 5


@dataclass(frozen=True)
class ForcedCancelAll(QueueEntry):
    """Void everything the account signed so far. No fee."""

    owner: int

    def __post_init__(self) -> None:
        """Raise ValueOutOfRange for what the base layer would not have let in."""
        super().__post_init__()
        check_bits("owner", self.owner, OWNER_BITS)

    def is_valid(self, account: Account, tick: Tick) -> bool:
        """Return whether the owner asks and the epoch can rise."""
        return is_owned_by(self.account, self.owner, account) and can_raise_epoch(account)

    def apply(self, account: Account, tick: Tick) -> Effect:
        """Return the account after rent in its next epoch, or as it was. Raises ValueOutOfRange."""
        if not self.is_valid(account, tick):
            return leave_untouched(account)
        charged, rent_atoms = charge_rent(account, tick)
        return Effect(charged.with_changes(epoch=account.epoch + 1), Flows(queue_entries=1, rent_atoms=rent_atoms))

    def bridge_words(self, is_applied: bool, paid_e6: int) -> BridgeWords:
        """Return kind | account | 0 | outcome, the entry's owner, and two zeros."""
        return pack_bridge_word(BRIDGE_FORCED_CANCEL_ALL, self.account, 0, is_applied), self.owner, 0, 0

"""Forced key change: an entry of the queue by the account's owner; replaces a lost or stolen key."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from rollup.accounts import Account
from rollup.babyjubjub import is_on_curve
from rollup.errors import check_bits
from rollup.rent import charge_rent
from rollup.tick import Tick
from rollup.txs.effect import Effect, Flows
from rollup.txs.queue import BridgeWords, QueueEntry, can_raise_epoch, is_owned_by, leave_untouched, pack_bridge_word
from rollup.units import OWNER_BITS

__all__ = ["BRIDGE_FORCED_KEY_CHANGE", "ForcedKeyChange"]

BRIDGE_FORCED_KEY_CHANGE: Final = 6


@dataclass(frozen=True)
class ForcedKeyChange(QueueEntry):
    """Give the account another key, without the old one's signature. No fee."""

    owner: int
    key: tuple[int, int]

    def __post_init__(self) -> None:
        """Raise ValueOutOfRange for what the base layer would not have let in."""
        super().__post_init__()
        check_bits("owner", self.owner, OWNER_BITS)

    def is_valid(self, account: Account, tick: Tick) -> bool:
        """Return whether the owner asks, the key is on the curve and the epoch can rise."""
        is_owner = is_owned_by(self.account, self.owner, account)
        return is_owner and is_on_curve(self.key) and can_raise_epoch(account)

    def apply(self, account: Account, tick: Tick) -> Effect:
        """Return the account after rent with the key and the next epoch, or as it was. Raises ValueOutOfRange."""
        if not self.is_valid(account, tick):
            return leave_untouched(account)
        charged, rent_atoms = charge_rent(account, tick)
        after = charged.with_changes(key=self.key, epoch=account.epoch + 1)
        return Effect(after, Flows(queue_entries=1, rent_atoms=rent_atoms))

    def bridge_words(self, is_applied: bool, paid_e6: int) -> BridgeWords:
        """Return kind | account | 0 | outcome, the entry's owner, and the key."""
        return pack_bridge_word(BRIDGE_FORCED_KEY_CHANGE, self.account, 0, is_applied), self.owner, *self.key

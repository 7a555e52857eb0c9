"""Set tier: an entry of the queue by governance; the account's fees are those of the tier from then on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from rollup.accounts import Account
from rollup.errors import check_bits
from rollup.rent import charge_rent
from rollup.tick import Tick
from rollup.txs.effect import Effect, Flows
from rollup.txs.queue import BridgeWords, QueueEntry, leave_untouched, pack_bridge_word
from rollup.units import AMOUNT_E6_BITS, FIRST_USER_ACCOUNT, TIER_COUNT

__all__ = ["BRIDGE_SET_TIER", "SetTier"]

BRIDGE_SET_TIER: Final = 9


@dataclass(frozen=True)
class SetTier(QueueEntry):
    """Give the account a tier. It stands where other entries have their amount."""

    tier: int

    def __post_init__(self) -> None:
        """Raise ValueOutOfRange for what the base layer would not have let in."""
        super().__post_init__()
        check_bits("tier", self.tier, AMOUNT_E6_BITS)

    def is_valid(self, account: Account, tick: Tick) -> bool:
        """Return whether the account is an open user account and there is such a tier."""
        return self.account >= FIRST_USER_ACCOUNT and not account.is_empty and self.tier < TIER_COUNT

    def apply(self, account: Account, tick: Tick) -> Effect:
        """Return the account after rent in its tier, or as it was. Raises ValueOutOfRange."""
        if not self.is_valid(account, tick):
            return leave_untouched(account)
        charged, rent_atoms = charge_rent(account, tick)
        return Effect(charged.with_changes(tier=self.tier), Flows(queue_entries=1, rent_atoms=rent_atoms))

    def bridge_words(self, is_applied: bool, paid_e6: int) -> BridgeWords:
        """Return kind | account | tier | outcome, and three zeros."""
        return pack_bridge_word(BRIDGE_SET_TIER, self.account, self.tier, is_applied), 0, 0, 0

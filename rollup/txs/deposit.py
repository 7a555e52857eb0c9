"""Deposit: an entry of the queue. It creates the account where there is none; where it cannot, it is returned."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from rollup.accounts import Account
from rollup.babyjubjub import is_on_curve
from rollup.errors import check_bits
from rollup.rent import charge_rent
from rollup.tick import Tick
from rollup.txs.effect import CREATION_UNITS, Effect, Flows
from rollup.txs.queue import BridgeWords, QueueEntry, can_raise_epoch, is_owned_by, leave_untouched, pack_bridge_word
from rollup.units import AMOUNT_E6_BITS, ATOMS_PER_E6, FIRST_USER_ACCOUNT, OWNER_BITS

__all__ = ["BRIDGE_DEPOSIT", "BRIDGE_RETURNED", "Deposit"]

BRIDGE_DEPOSIT: Final = 1
BRIDGE_RETURNED: Final = 3


@dataclass(frozen=True)
class Deposit(QueueEntry):
    """Collateral for an account, 1e-6 USD. `owner` sent it; `key` counts only where it creates the account."""

    amount_e6: int
    owner: int
    key: tuple[int, int]

    def __post_init__(self) -> None:
        """Raise ValueOutOfRange for what the base layer would not have let in."""
        super().__post_init__()
        check_bits("amount_e6", self.amount_e6, AMOUNT_E6_BITS)
        check_bits("owner", self.owner, OWNER_BITS)

    def is_valid(self, account: Account, tick: Tick) -> bool:
        """Return whether the account is the sender's, or empty and this may create it."""
        return is_owned_by(self.account, self.owner, account) or self._is_creating(account, tick)

    def apply(self, account: Account, tick: Tick) -> Effect:
        """Return the account with the deposit in it, or as it was. Raises ValueOutOfRange if cash overflows."""
        if not self.is_valid(account, tick):
            return leave_untouched(account)
        if account.is_empty:
            return self._create(account, tick)
        charged, rent_atoms = charge_rent(account, tick)
        after = charged.with_changes(cash_atoms=charged.cash_atoms + self.amount_e6 * ATOMS_PER_E6)
        return Effect(after, Flows(queue_entries=1, vault_e6=self.amount_e6, rent_atoms=rent_atoms))

    def bridge_words(self, is_applied: bool, paid_e6: int) -> BridgeWords:
        """Return kind | account | amount | outcome, the sender, and the key."""
        kind = BRIDGE_DEPOSIT if is_applied else BRIDGE_RETURNED
        return pack_bridge_word(kind, self.account, self.amount_e6, is_applied), self.owner, *self.key

    def _is_creating(self, account: Account, tick: Tick) -> bool:
        may_own = self.account >= FIRST_USER_ACCOUNT and self.owner != 0 and is_on_curve(self.key)
        is_enough = self.amount_e6 >= tick.leaf_fee_e6
        return account.is_empty and may_own and is_enough and can_raise_epoch(account)

    def _create(self, account: Account, tick: Tick) -> Effect:
        after = account.with_changes(
            key=self.key,
            owner=self.owner,
            epoch=account.epoch + 1,
            cash_atoms=(self.amount_e6 - tick.leaf_fee_e6) * ATOMS_PER_E6,
            last_touched_s=tick.header.timestamp_s,
        )
        fees = {"base_fees_e6": tick.leaf_fee_e6, "units": CREATION_UNITS}
        return Effect(after, Flows(queue_entries=1, vault_e6=self.amount_e6, **fees))

"""Key change: signed by the old key; the new epoch voids everything that one signed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Final

from rollup.accounts import Account
from rollup.babyjubjub import is_on_curve
from rollup.rejections import KeyInvalid, NonceExhausted
from rollup.tick import Tick
from rollup.txs.effect import Effect, Flows
from rollup.txs.queue import can_raise_epoch
from rollup.txs.signed import SignedOp

__all__ = ["KIND_KEY_CHANGE", "KeyChange"]

KIND_KEY_CHANGE: Final = 6


@dataclass(frozen=True)
class KeyChange(SignedOp):
    """Give the account another key."""

    kind: ClassVar[int] = KIND_KEY_CHANGE
    key: tuple[int, int]

    def check_fields(self) -> None:
        """Raise KeyInvalid unless the new key is on the curve; of what order is left to its holder."""
        if not is_on_curve(self.key):
            raise KeyInvalid(self.account, self.key)

    def operands(self) -> tuple[int, int]:
        """Return the new key."""
        return self.key

    def apply(self, account: Account, tick: Tick) -> Effect:
        """Return the account with the key and the next epoch. Raises NonceExhausted, ValueOutOfRange."""
        if not can_raise_epoch(account):
            raise NonceExhausted(self.account, "epoch", account.epoch)
        charged, rent_atoms = self.charge(account, tick)
        after = charged.with_changes(key=self.key, epoch=account.epoch + 1)
        return Effect(after, Flows(base_fees_e6=tick.cash_fee_e6, rent_atoms=rent_atoms))

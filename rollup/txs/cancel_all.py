"""Cancel all: signed; the next epoch voids every order and message of the account."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Final

from rollup.accounts import Account
from rollup.rejections import NonceExhausted
from rollup.tick import Tick
from rollup.txs.effect import Effect, Flows
from rollup.txs.queue import can_raise_epoch
from rollup.txs.signed import SignedOp

__all__ = ["KIND_CANCEL_ALL", "CancelAll"]

KIND_CANCEL_ALL: Final = 7


@dataclass(frozen=True)
class CancelAll(SignedOp):
    """Void everything signed so far."""

    kind: ClassVar[int] = KIND_CANCEL_ALL

    def check_fields(self) -> None:
        """There are none."""

    def operands(self) -> tuple[int, int]:
        """Return two zeros."""
        return 0, 0

    def apply(self, account: Account, tick: Tick) -> Effect:
        """Return the account in its next epoch. Raises NonceExhausted, ValueOutOfRange."""
        if not can_raise_epoch(account):
            raise NonceExhausted(self.account, "epoch", account.epoch)
        charged, rent_atoms = self.charge(account, tick)
        after = charged.with_changes(epoch=account.epoch + 1)
        return Effect(after, Flows(base_fees_e6=tick.cash_fee_e6, rent_atoms=rent_atoms))

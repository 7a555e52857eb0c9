"""Cancel: signed; raises an order's slot to `(nonce + 1, 0)`, so that the order and all before it are void."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Final

from rollup.accounts import Account
from rollup.errors import check_bits
from rollup.orders import pack_slot, unpack_slot
from rollup.rejections import NonceExhausted, SlotNonceInvalid
from rollup.tick import Tick
from rollup.txs.effect import Effect, Flows
from rollup.txs.signed import SignedOp
from rollup.units import COUNTER_BITS, SLOT_BITS

__all__ = ["KIND_CANCEL", "Cancel"]

KIND_CANCEL: Final = 3


@dataclass(frozen=True)
class Cancel(SignedOp):
    """Void the order `nonce` in `slot`, and every lower nonce there."""

    kind: ClassVar[int] = KIND_CANCEL
    slot: int
    nonce: int

    @property
    def message_slot(self) -> int:
        """The order slot named in word 1."""
        return self.slot

    def check_fields(self) -> None:
        """Raise ValueOutOfRange for slot or nonce, NonceExhausted for the last nonce."""
        check_bits("slot", self.slot, SLOT_BITS)
        check_bits("nonce", self.nonce, COUNTER_BITS)
        if self.nonce + 1 >= 2**COUNTER_BITS:
            raise NonceExhausted(self.account, "order nonce", self.nonce)

    def operands(self) -> tuple[int, int]:
        """Return the order's nonce and 0."""
        return self.nonce, 0

    def apply(self, account: Account, tick: Tick) -> Effect:
        """Return the account with the slot raised. Raises SlotNonceInvalid unless it rises, ValueOutOfRange."""
        slot_before = account.orders.get(self.slot)
        if pack_slot(self.nonce + 1, 0) <= slot_before:
            raise SlotNonceInvalid(self.account, self.slot, self.nonce, unpack_slot(slot_before)[0])
        charged, rent_atoms = self.charge(account, tick)
        after = charged.with_changes(orders=account.orders.set(self.slot, pack_slot(self.nonce + 1, 0)))
        return Effect(after, Flows(base_fees_e6=tick.cash_fee_e6, rent_atoms=rent_atoms))

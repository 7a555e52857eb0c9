"""Cancel: signed; raises an order's slot to `(nonce + 1, 0)`, so that the order and all before it are void."""

from __future__ import annotations

from dataclasses import dataclass

from rollup.accounts import Account
from rollup.errors import check_bits, check_range
from rollup.orders import pack_slot, unpack_slot
from rollup.packing import pack
from rollup.poseidon import poseidon
from rollup.rejections import NonceExhausted, SlotNonceInvalid
from rollup.txs.signed import check_signed_op
from rollup.units import ACCOUNT_BITS, COUNTER_BITS, FIRST_USER_ACCOUNT, SLOT_BITS

__all__ = ["KIND_CANCEL", "Cancel"]

KIND_CANCEL = 3


@dataclass(frozen=True)
class Cancel:
    """Void the order `nonce` in `slot`, and every lower nonce there."""

    account: int
    cash_nonce: int
    epoch: int
    slot: int
    nonce: int

    def check(self, account: Account) -> None:
        """Raise unless in range, for this epoch, in turn, and the slot's value rises.

        Raises ValueOutOfRange, AccountNotOpen, EpochMismatch, CashNonceMismatch, NonceExhausted, SlotNonceInvalid.
        """
        check_range("account", self.account, FIRST_USER_ACCOUNT, 2**ACCOUNT_BITS - 1)
        check_bits("cash_nonce", self.cash_nonce, COUNTER_BITS)
        check_bits("epoch", self.epoch, COUNTER_BITS)
        check_bits("slot", self.slot, SLOT_BITS)
        check_bits("nonce", self.nonce, COUNTER_BITS)
        check_signed_op(self.account, self.epoch, self.cash_nonce, account)
        if self.nonce + 1 >= 2**COUNTER_BITS:
            raise NonceExhausted(self.account, "order nonce", self.nonce)
        before = account.orders.get(self.slot)
        if pack_slot(self.nonce + 1, 0) <= before:
            raise SlotNonceInvalid(self.account, self.slot, self.nonce, unpack_slot(before)[0])

    def apply(self, account: Account) -> Account:
        """Return the account with the slot raised and its cash nonce raised by one. Assumes `check`."""
        orders = account.orders.set(self.slot, pack_slot(self.nonce + 1, 0))
        return account.with_changes(cash_nonce=account.cash_nonce + 1, orders=orders)

    def words(self) -> tuple[int, int, int]:
        """Return the three words that are signed (docs/architecture.md)."""
        word_1 = pack(
            (KIND_CANCEL, 4),
            (self.account, ACCOUNT_BITS),
            (self.cash_nonce, COUNTER_BITS),
            (self.epoch, COUNTER_BITS),
            (self.slot, SLOT_BITS),
        )
        return word_1, pack((self.nonce, COUNTER_BITS)), 0

    def message(self, domain: int) -> int:
        """Return the field element the account's key signs: H4(domain, words)."""
        return poseidon((domain, *self.words()))

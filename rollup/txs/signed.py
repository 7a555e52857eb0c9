"""What every signed cash operation has in common: an open account, its epoch, its exact cash nonce, its fee."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from typing import ClassVar

from rollup.accounts import Account
from rollup.errors import check_bits, check_range
from rollup.packing import pack
from rollup.poseidon import poseidon
from rollup.rejections import AccountNotOpen, CashNonceMismatch, EpochMismatch, FeeAboveMaximum, NonceExhausted
from rollup.rent import charge_rent
from rollup.tick import Tick
from rollup.txs.effect import Effect
from rollup.units import ACCOUNT_BITS, ATOMS_PER_E6, COUNTER_BITS, FIRST_USER_ACCOUNT, MAX_FEE_E6_BITS, SLOT_BITS

__all__ = ["SignedOp"]


@dataclass(frozen=True)
class SignedOp(ABC):
    """One operation of the account's own key, good once: for this epoch, at this cash nonce."""

    kind: ClassVar[int]
    account: int
    cash_nonce: int
    epoch: int
    max_fee_e6: int = field(default=0, kw_only=True)

    @abstractmethod
    def check_fields(self) -> None:
        """Raise ValueOutOfRange unless the operation's own fields fit their places."""

    @abstractmethod
    def operands(self) -> tuple[int, int]:
        """Return words 2 and 3 of the message."""

    @abstractmethod
    def apply(self, account: Account, tick: Tick) -> Effect:
        """Return what the operation does. Assumes `check`. Raises TxRejected for what only the effect shows."""

    @property
    def message_slot(self) -> int:
        """The order slot named in word 1: a cancel's, else 0."""
        return 0

    def check_message(self) -> None:
        """Raise ValueOutOfRange, or NonceExhausted for a cancel, unless every field fits its signed place."""
        check_range("account", self.account, FIRST_USER_ACCOUNT, 2**ACCOUNT_BITS - 1)
        check_bits("cash_nonce", self.cash_nonce, COUNTER_BITS)
        check_bits("epoch", self.epoch, COUNTER_BITS)
        check_bits("max_fee_e6", self.max_fee_e6, MAX_FEE_E6_BITS)
        self.check_fields()

    def check(self, account: Account, tick: Tick) -> None:
        """Raise unless in range, by an open account, for its epoch, in turn, and allowing the fee.

        Raises ValueOutOfRange, AccountNotOpen, EpochMismatch, CashNonceMismatch, NonceExhausted, FeeAboveMaximum.
        """
        self.check_message()
        if account.is_empty:
            raise AccountNotOpen(self.account)
        if self.epoch != account.epoch:
            raise EpochMismatch(self.account, self.epoch, account.epoch)
        if self.cash_nonce != account.cash_nonce:
            raise CashNonceMismatch(self.account, self.cash_nonce, account.cash_nonce)
        if self.cash_nonce + 1 >= 2**COUNTER_BITS:
            raise NonceExhausted(self.account, "cash_nonce", self.cash_nonce)
        if tick.cash_fee_e6 > self.max_fee_e6:
            raise FeeAboveMaximum(self.account, tick.cash_fee_e6, self.max_fee_e6)

    def charge(self, account: Account, tick: Tick) -> tuple[Account, int]:
        """Return the account after rent and fee, its cash nonce raised, and the rent in atoms. Raises ValueOutOfRange.

        Either may take cash below zero.
        """
        charged, rent_atoms = charge_rent(account, tick)
        cash_atoms = charged.cash_atoms - tick.cash_fee_e6 * ATOMS_PER_E6
        return charged.with_changes(cash_atoms=cash_atoms, cash_nonce=account.cash_nonce + 1), rent_atoms

    def words(self) -> tuple[int, int, int]:
        """Return the three words that are signed (docs/rules.md, Formats)."""
        word_1 = pack(
            (self.kind, 4),
            (self.account, ACCOUNT_BITS),
            (self.cash_nonce, COUNTER_BITS),
            (self.epoch, COUNTER_BITS),
            (self.message_slot, SLOT_BITS),
            (self.max_fee_e6, MAX_FEE_E6_BITS),
        )
        return word_1, *self.operands()

    def message(self, domain: int) -> int:
        """Return the field element the account's key signs: H4(domain, words)."""
        return poseidon((domain, *self.words()))

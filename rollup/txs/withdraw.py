"""Withdrawal: signed, by the exact cash nonce, and only down to the initial requirement."""

from __future__ import annotations

from dataclasses import dataclass

from rollup.accounts import Account
from rollup.errors import check_bits, check_range
from rollup.margin import Margin
from rollup.packing import pack
from rollup.poseidon import poseidon
from rollup.rejections import BelowInitial
from rollup.txs.signed import check_signed_op
from rollup.units import ACCOUNT_BITS, AMOUNT_E6_BITS, ATOMS_PER_E6, COUNTER_BITS, FIRST_USER_ACCOUNT

__all__ = ["BRIDGE_WITHDRAWAL", "KIND_WITHDRAW", "Withdraw", "check_withdraw_margin"]

KIND_WITHDRAW = 2
BRIDGE_WITHDRAWAL = 2


@dataclass(frozen=True)
class Withdraw:
    """Collateral back to the account's owner on the base layer, 1e-6 USD."""

    account: int
    cash_nonce: int
    epoch: int
    amount_e6: int

    def check(self, account: Account) -> None:
        """Raise unless in range, for this epoch and in turn. Margin is `check_withdraw_margin`.

        Raises ValueOutOfRange, AccountNotOpen, EpochMismatch, CashNonceMismatch, NonceExhausted.
        """
        check_range("account", self.account, FIRST_USER_ACCOUNT, 2**ACCOUNT_BITS - 1)
        check_range("amount_e6", self.amount_e6, 1, 2**AMOUNT_E6_BITS - 1)
        check_bits("cash_nonce", self.cash_nonce, COUNTER_BITS)
        check_bits("epoch", self.epoch, COUNTER_BITS)
        check_signed_op(self.account, self.epoch, self.cash_nonce, account)

    def apply(self, account: Account) -> Account:
        """Return the account less the amount, its cash nonce raised. Raises ValueOutOfRange if cash overflows."""
        cash_atoms = account.cash_atoms - self.amount_e6 * ATOMS_PER_E6
        return account.with_changes(cash_nonce=account.cash_nonce + 1, cash_atoms=cash_atoms)

    def words(self) -> tuple[int, int, int]:
        """Return the three words that are signed (docs/architecture.md)."""
        word_1 = pack(
            (KIND_WITHDRAW, 4),
            (self.account, ACCOUNT_BITS),
            (self.cash_nonce, COUNTER_BITS),
            (self.epoch, COUNTER_BITS),
        )
        return word_1, pack((self.amount_e6, AMOUNT_E6_BITS)), 0

    def message(self, domain: int) -> int:
        """Return the field element the account's key signs: H4(domain, words)."""
        return poseidon((domain, *self.words()))

    def bridge_words(self, owner: int) -> tuple[int, int, int, int]:
        """Return kind | account | amount, the owner, and two zeros: what the base layer makes claimable."""
        fields = ((BRIDGE_WITHDRAWAL, 4), (self.account, ACCOUNT_BITS), (self.amount_e6, AMOUNT_E6_BITS))
        return pack(*fields), owner, 0, 0


def check_withdraw_margin(account_id: int, after: Margin) -> None:
    """Raise BelowInitial unless equity after the withdrawal meets the initial requirement."""
    if after.equity < after.initial:
        raise BelowInitial(account_id, after.equity, after.initial)

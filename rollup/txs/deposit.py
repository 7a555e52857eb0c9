"""Deposit: an entry of the base layer's queue, not signed. It creates the account where there is none."""

from __future__ import annotations

from dataclasses import dataclass

from rollup.accounts import Account
from rollup.babyjubjub import IDENTITY, is_in_subgroup
from rollup.errors import check_bits, check_range
from rollup.packing import pack
from rollup.rejections import DepositMismatch, KeyInvalid, NonceExhausted
from rollup.units import ACCOUNT_BITS, AMOUNT_E6_BITS, ATOMS_PER_E6, COUNTER_BITS, FIRST_USER_ACCOUNT, OWNER_BITS

__all__ = ["BRIDGE_DEPOSIT", "Deposit"]

BRIDGE_DEPOSIT = 1


@dataclass(frozen=True)
class Deposit:
    """Collateral for an account, 1e-6 USD."""

    account: int
    amount_e6: int
    owner: int
    key: tuple[int, int]

    def check(self, account: Account) -> None:
        """Raise unless the deposit is in range and names this account's owner and key, or creates it.

        Raises ValueOutOfRange, KeyInvalid, NonceExhausted, DepositMismatch.
        """
        check_range("account", self.account, FIRST_USER_ACCOUNT, 2**ACCOUNT_BITS - 1)
        check_range("amount_e6", self.amount_e6, 1, 2**AMOUNT_E6_BITS - 1)
        check_bits("owner", self.owner, OWNER_BITS)
        if account.is_empty:
            self._check_new(account)
        elif (self.owner, self.key) != (account.owner, account.key):
            raise DepositMismatch(self.account, self.owner, account.owner)

    def apply(self, account: Account) -> Account:
        """Return the account with the deposit in it. Assumes `check`. Raises ValueOutOfRange if cash overflows."""
        cash_atoms = account.cash_atoms + self.amount_e6 * ATOMS_PER_E6
        if not account.is_empty:
            return account.with_changes(cash_atoms=cash_atoms)
        return account.with_changes(key=self.key, owner=self.owner, epoch=account.epoch + 1, cash_atoms=cash_atoms)

    def bridge_words(self) -> tuple[int, int, int, int]:
        """Return kind | account | amount, the owner, and the key: what the base layer checks against its queue."""
        fields = ((BRIDGE_DEPOSIT, 4), (self.account, ACCOUNT_BITS), (self.amount_e6, AMOUNT_E6_BITS))
        return pack(*fields), self.owner, *self.key

    def _check_new(self, account: Account) -> None:
        if self.owner == 0 or self.key == IDENTITY or not is_in_subgroup(self.key):
            raise KeyInvalid(self.account, self.key, self.owner)
        if account.epoch + 1 >= 2**COUNTER_BITS:
            raise NonceExhausted(self.account, "epoch", account.epoch)

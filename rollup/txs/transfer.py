"""Transfer between accounts: two lanes in a row, the sender's signed one, then the recipient's, which pays no fee."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Final

from rollup.accounts import Account
from rollup.errors import check_range
from rollup.rejections import AccountNotOpen
from rollup.rent import charge_rent
from rollup.tick import Tick
from rollup.txs.effect import Effect, Flows
from rollup.txs.signed import SignedOp
from rollup.txs.withdraw import pay_out
from rollup.units import ACCOUNT_BITS, AMOUNT_E6_BITS, ATOMS_PER_E6, FIRST_USER_ACCOUNT

__all__ = ["KIND_TRANSFER", "Transfer", "TransferIn"]

KIND_TRANSFER: Final = 5


@dataclass(frozen=True)
class Transfer(SignedOp):
    """Collateral to another account, 1e-6 USD: the outgoing leg."""

    kind: ClassVar[int] = KIND_TRANSFER
    amount_e6: int
    recipient: int

    @property
    def incoming(self) -> TransferIn:
        """The leg that must follow in the next lane."""
        return TransferIn(self.recipient, self.amount_e6)

    def check_fields(self) -> None:
        """Raise ValueOutOfRange unless the amount is 1 to 2**64 - 1 and the recipient a user account."""
        check_range("amount_e6", self.amount_e6, 1, 2**AMOUNT_E6_BITS - 1)
        check_range("recipient", self.recipient, FIRST_USER_ACCOUNT, 2**ACCOUNT_BITS - 1)

    def operands(self) -> tuple[int, int]:
        """Return the amount and the recipient."""
        return self.amount_e6, self.recipient

    def apply(self, account: Account, tick: Tick) -> Effect:
        """Return the sender less rent, fee and amount. Raises PricesStale, BelowInitial, ValueOutOfRange."""
        charged, rent_atoms = self.charge(account, tick)
        after = pay_out(self.account, charged, self.amount_e6, tick)
        return Effect(after, Flows(base_fees_e6=tick.cash_fee_e6, rent_atoms=rent_atoms))


@dataclass(frozen=True)
class TransferIn:
    """The incoming leg: not signed, allowed only right behind the outgoing leg that names it."""

    account: int
    amount_e6: int

    def apply(self, account: Account, tick: Tick) -> Effect:
        """Return the recipient less rent, with the amount. Raises AccountNotOpen, ValueOutOfRange if cash overflows."""
        if account.is_empty:
            raise AccountNotOpen(self.account)
        charged, rent_atoms = charge_rent(account, tick)
        after = charged.with_changes(cash_atoms=charged.cash_atoms + self.amount_e6 * ATOMS_PER_E6)
        return Effect(after, Flows(rent_atoms=rent_atoms))

"""Withdrawal: signed, by the exact cash nonce, and only down to the initial requirement."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Final

from rollup.accounts import Account
from rollup.errors import check_range
from rollup.rejections import BelowInitial, PricesStale
from rollup.tick import Tick
from rollup.txs.effect import Effect, Flows, compute_margin_at
from rollup.txs.queue import BridgeWords, pack_bridge_word
from rollup.txs.signed import SignedOp
from rollup.units import AMOUNT_E6_BITS, ATOMS_PER_E6

__all__ = ["BRIDGE_WITHDRAWAL", "KIND_WITHDRAW", "Withdraw", "pay_out"]

KIND_WITHDRAW: Final = 2
BRIDGE_WITHDRAWAL: Final = 2


@dataclass(frozen=True)
class Withdraw(SignedOp):
    """Collateral back to the account's owner on the base layer, 1e-6 USD."""

    kind: ClassVar[int] = KIND_WITHDRAW
    amount_e6: int

    def check_fields(self) -> None:
        """Raise ValueOutOfRange unless the amount is 1 to 2**64 - 1."""
        check_range("amount_e6", self.amount_e6, 1, 2**AMOUNT_E6_BITS - 1)

    def operands(self) -> tuple[int, int]:
        """Return the amount and 0."""
        return self.amount_e6, 0

    def apply(self, account: Account, tick: Tick) -> Effect:
        """Return the account less rent, fee and amount. Raises PricesStale, BelowInitial, ValueOutOfRange."""
        charged, rent_atoms = self.charge(account, tick)
        after = pay_out(self.account, charged, self.amount_e6, tick)
        return Effect(after, Flows(vault_e6=-self.amount_e6, base_fees_e6=tick.cash_fee_e6, rent_atoms=rent_atoms))

    def bridge_words(self, owner: int) -> BridgeWords:
        """Return kind | account | amount | 1, the account's owner, and two zeros: what becomes claimable."""
        return pack_bridge_word(BRIDGE_WITHDRAWAL, self.account, self.amount_e6, is_applied=True), owner, 0, 0


def pay_out(account_id: int, charged: Account, amount_e6: int, tick: Tick) -> Account:
    """Return the account less the amount: a withdrawal or an outgoing transfer, rent and fee already taken.

    Raises PricesStale with positions and no fresh prices; BelowInitial unless equity still meets the initial
    requirement; ValueOutOfRange if cash overflows.
    """
    if tick.stale and any(charged.sizes_lots):
        raise PricesStale(account_id)
    after = charged.with_changes(cash_atoms=charged.cash_atoms - amount_e6 * ATOMS_PER_E6)
    margin = compute_margin_at(after, tick)
    if margin.equity < margin.initial:
        raise BelowInitial(account_id, margin.equity, margin.initial)
    return after

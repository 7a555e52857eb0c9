"""Closing an account: signed; pays its cash out to the owner, floored, and gives the leaf back.

The epoch stays, and creation raises it: what was signed for the closed account is void for whoever comes next.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Final

from rollup.accounts import Account
from rollup.errors import check_bits
from rollup.rejections import CloseAmountMismatch, PositionsOpen
from rollup.tick import Tick
from rollup.txs.effect import Effect, Flows
from rollup.txs.queue import BridgeWords, pack_bridge_word
from rollup.txs.signed import SignedOp
from rollup.txs.withdraw import BRIDGE_WITHDRAWAL
from rollup.units import AMOUNT_E6_BITS, ATOMS_PER_E6

__all__ = ["KIND_CLOSE", "CloseAccount"]

KIND_CLOSE: Final = 8


@dataclass(frozen=True)
class CloseAccount(SignedOp):
    """Pay out everything, `amount_e6` of 1e-6 USD, and empty the leaf."""

    kind: ClassVar[int] = KIND_CLOSE
    amount_e6: int

    def check_fields(self) -> None:
        """Raise ValueOutOfRange unless the amount fits; it may be 0."""
        check_bits("amount_e6", self.amount_e6, AMOUNT_E6_BITS)

    def operands(self) -> tuple[int, int]:
        """Return the amount and 0."""
        return self.amount_e6, 0

    def apply(self, account: Account, tick: Tick) -> Effect:
        """Return the emptied leaf; the dust below 1e-6 USD is rent.

        Raises PositionsOpen; CloseAmountMismatch unless the amount is the cash after rent and fee, floored.
        """
        if any(account.sizes_lots):
            raise PositionsOpen(self.account)
        charged, rent_atoms = self.charge(account, tick)
        amount_e6, dust_atoms = divmod(charged.cash_atoms, ATOMS_PER_E6)  # negative cash: no amount is right
        if self.amount_e6 != amount_e6:
            raise CloseAmountMismatch(self.account, self.amount_e6, amount_e6)
        fees = {"base_fees_e6": tick.cash_fee_e6, "rent_atoms": rent_atoms + dust_atoms}
        return Effect(charged.emptied(), Flows(vault_e6=-amount_e6, **fees))

    def bridge_words(self, owner: int) -> BridgeWords:
        """Return the words of a withdrawal by the account's owner before the close."""
        return pack_bridge_word(BRIDGE_WITHDRAWAL, self.account, self.amount_e6, is_applied=True), owner, 0, 0

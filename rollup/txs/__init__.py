"""Cash operations: one file a kind, each a frozen record with its message, checks and effect."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from rollup.signature import Signature
from rollup.txs.cancel import Cancel
from rollup.txs.deposit import Deposit
from rollup.txs.withdraw import Withdraw

__all__ = ["Cancel", "CashOp", "Deposit", "SignedCashOp", "Withdraw", "compute_bridge_words"]

CashOp: TypeAlias = Deposit | Withdraw | Cancel


@dataclass(frozen=True)
class SignedCashOp:
    """A cash operation as it reached the sequencer; a deposit has no signature."""

    op: CashOp
    signature: Signature | None = None


def compute_bridge_words(op: CashOp | None, owner: int) -> tuple[int, int, int, int]:
    """Return the four elements a CashLane adds to the data commitment; `owner` is the account's, paid by a withdrawal.

    A cancel and an unused lane concern the base layer not at all: zeros.
    """
    if isinstance(op, Deposit):
        return op.bridge_words()
    if isinstance(op, Withdraw):
        return op.bridge_words(owner)
    return 0, 0, 0, 0

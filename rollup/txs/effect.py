"""What a cash operation reads of its batch, and what it leaves: an account, and what its lane adds to the totals."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from rollup.accounts import Account
from rollup.margin import Margin

__all__ = ["CASH_UNITS", "CREATION_UNITS", "NO_FLOWS", "Effect", "Flows", "Terms"]

# proving + 2**32 * state + 2**64 * bandwidth
CASH_UNITS: Final = 2 + (32 << 64)
CREATION_UNITS: Final = 2 + (1 << 32) + (32 << 64)


@dataclass(frozen=True)
class Terms:
    """Time, prices and fees of the batch, as every CashLane reads them."""

    timestamp_s: int
    stale: bool  # too few fresh prices: no withdrawal by accounts with positions
    cash_fee_e6: int  # a signed operation
    leaf_fee_e6: int  # creating an account
    rent_rate: int  # atoms a second
    compute_margin: Callable[[Account], Margin]  # at the batch's marks


@dataclass(frozen=True)
class Flows:
    """What one used CashLane adds to the batch's totals."""

    queue_entries: int = 0
    vault_e6: int = 0  # in less out
    base_fees_e6: int = 0
    rent_atoms: int = 0
    units: int = CASH_UNITS


NO_FLOWS: Final = Flows(units=0)  # of an unused lane


@dataclass(frozen=True)
class Effect:
    """What an operation does. Not applied: a returned deposit or a dropped request, which change no account."""

    after: Account
    flows: Flows
    is_applied: bool = True

"""What a cash operation leaves: an account, and what its lane adds to the totals of the batch."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, fields
from typing import Final

from rollup.accounts import Account
from rollup.margin import Margin, compute_margin
from rollup.resources import ACCOUNT_CREATION, CASH_OPERATION
from rollup.tick import Tick

__all__ = ["CASH_UNITS", "CREATION_UNITS", "NO_FLOWS", "Effect", "Flows", "compute_margin_at", "sum_flows"]

CASH_UNITS: Final = CASH_OPERATION.packed
CREATION_UNITS: Final = ACCOUNT_CREATION.packed


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


def compute_margin_at(account: Account, tick: Tick) -> Margin:
    """Return equity and requirements at the batch's marks, funding and fractions, in atoms."""
    prices = (tick.header.marks_ticks, tick.header.funding_index)
    return compute_margin(account.cash_atoms, account.sizes_lots, *prices, tick.fractions)


def sum_flows(parts: Iterable[Flows]) -> Flows:
    """Return the sum, name by name."""
    rows = list(parts)
    return Flows(**{field.name: sum(getattr(row, field.name) for row in rows) for field in fields(Flows)})

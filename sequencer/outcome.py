"""What a batch did, in figures: the counts of `manifest.json`."""

from __future__ import annotations

from collections import Counter

from rollup.errors import BatchInvalid
from rollup.identity import check_solvency
from rollup.margin import MarginFractions
from rollup.rescue import Counterparty, Takeover, Victim
from rollup.state import State
from rollup.transition import BatchResult
from rollup.units import FUND_ACCOUNT

__all__ = ["count_rescues", "get_bad_debt_atoms", "get_fund_atoms", "is_identity_held"]


def count_rescues(result: BatchResult) -> dict[str, int]:
    """Return takeovers, victims of deleveraging, and the lots that their counterparties took."""
    ops = [lane.op for lane in result.trace.rescue_lanes if lane.op is not None]
    kinds = Counter(type(op) for op in ops)
    adl_lots = sum(op.lots for op in ops if isinstance(op, Counterparty))
    return {"takeovers": kinds[Takeover], "deleveraged": kinds[Victim], "adl_lots": adl_lots}


def get_fund_atoms(state: State, fractions: MarginFractions) -> int:
    """Return the insurance fund's equity at the marks."""
    return state.get_margin(FUND_ACCOUNT, fractions).equity


def get_bad_debt_atoms(state: State, fractions: MarginFractions) -> int:
    """Return what accounts owe beyond all they have, at the marks: the sum of negative equities, made positive."""
    return sum(max(0, -state.get_margin(account_id, fractions).equity) for account_id in state.accounts)


def is_identity_held(state: State) -> bool:
    """Return whether all cash adds up to the vault, and longs to shorts."""
    try:
        check_solvency(state)
    except BatchInvalid:
        return False
    return True

"""Where a CashLane's money goes: rent first, then fee and flow; what an emptied leaf still holds is rent as well."""

from __future__ import annotations

from dataclasses import dataclass

from circuits.cash_holder import Applied
from circuits.cash_kinds import Kinds
from circuits.cash_leaf import CashLeaf
from circuits.linear import LC
from circuits.margin import assert_cash_in_range
from circuits.system import ConstraintSystem
from circuits.tables import Tables
from rollup.units import ATOMS_PER_E6, CASH_BITS

__all__ = ["CashFlows", "move_cash"]


@dataclass(frozen=True)
class CashFlows:
    """Cash in atoms, fees and flows in 1e-6 USD."""

    settled: LC  # cash after rent, fee and flow, were the leaf not emptied
    left_at_close: LC  # what a closed account leaves behind
    cash_after: LC
    rent_atoms: LC
    base_fees_e6: LC
    vault_e6: LC  # in less out


def move_cash(
    cs: ConstraintSystem,
    kinds: Kinds,
    applied: Applied,
    tables: Tables,
    leaf: CashLeaf,
    *,
    amount_e6: LC,
    paid_e6: LC,
) -> CashFlows:
    """Return the lane's flows, the cash after in range; for an eviction, no more cash than rent is due.

    Constraints: 8 + 122, named rent/.., fee/.., flow/.., left/.., account/cash_after/...
    """
    elapsed_s = tables.timestamp - leaf.last_touched  # not negative: time rises, and every lane that is used renews it
    due = cs.mul(elapsed_s, tables.rent_rate, name="rent/due")  # below 2**104: 40 bits by 64
    rent = cs.mul(applied.touches(kinds) - applied.creates, due, name="rent/charged")
    signed_fee = cs.mul(kinds.signed, tables.cash_fee_e6, name="fee/signed")
    base_fees = signed_fee + cs.mul(applied.creates, tables.leaf_fee_e6, name="fee/creation")
    vault = cs.mul(applied.deposit - kinds.withdraw - kinds.close, amount_e6, name="flow/vault") - paid_e6
    between = cs.mul(kinds.transfer_in - kinds.transfer_out, amount_e6, name="flow/between_accounts")
    settled = leaf.cash - rent + (vault + between - base_fees) * ATOMS_PER_E6
    at_close = cs.mul(kinds.close, settled, name="left/at_close")
    overdue = -cs.mul(kinds.evict, settled, name="left/evicted")  # rent less cash
    cash_after = settled - at_close + overdue
    # |flow| < 2**105 atoms and rent < 2**104. An evicted leaf's cash needs no range: the bits hold what is overdue
    in_range = cash_after + overdue - kinds.evict * (1 << CASH_BITS)
    assert_cash_in_range(cs, in_range, name="account/cash_after")
    return CashFlows(settled, at_close, cash_after, rent + at_close - overdue, base_fees, vault)

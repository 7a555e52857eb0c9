"""Liquidation step 1: one bounded, unsigned, reducing fill. Twin of rollup/liquidation.py."""

from __future__ import annotations

from collections.abc import Sequence

from circuits.fills import Fill
from circuits.inputs import private_flag
from circuits.linear import LC
from circuits.loans import BitLender, assert_in_range_if
from circuits.margin import Margin
from circuits.select import inner_product
from circuits.system import ConstraintSystem
from circuits.tables import Tables
from rollup.units import LOT_TICK_ATOMS, MARKET_COUNT

# Bounds on what can be proved, not on what is sound: a market's maintenance below 2**92 atoms (5e9 USD); equities,
# requirements and penalties in a liquidation below 2**100 atoms (1e12 USD).
GAP_BITS = 92
SURPLUS_BITS = 100


def assert_largest_market(
    cs: ConstraintSystem,
    liquidation: LC,
    fill: Fill,
    sizes_before: Sequence[LC],
    tables: Tables,
    lender: BitLender,
) -> None:
    """Constrain the fill's market to be one of the largest maintenance requirement, in a liquidation.

    Sixteen gaps are proved not negative. Widths: size < 2**48, weight < 2**68: each requirement is below 2**116 and no
    gap can wrap. Constraints: 33 and the bits that are not lent.
    """
    largest = cs.mul(fill.size_before, fill.maintenance_weight, name="largest")
    for m in range(MARKET_COUNT):
        own = cs.mul(sizes_before[m], tables.maintenance_weight[m], name=f"requirement[{m}]")
        assert_in_range_if(cs, liquidation, largest - own, GAP_BITS, lender, name=f"gap[{m}]")


def assert_unhealthy(cs: ConstraintSystem, liquidation: LC, before: Margin, lender: BitLender) -> None:
    """Constrain equity_0 < maintenance_0 in a liquidation. Constraints: 1 and the bits that are not lent."""
    shortfall = before.maintenance - before.equity - 1
    assert_in_range_if(cs, liquidation, shortfall, SURPLUS_BITS, lender, name="unhealthy")


def assert_not_too_large(cs: ConstraintSystem, liquidation: LC, fill: Fill, after: Margin, lender: BitLender) -> None:
    """Constrain that with one lot less equity would be below initial, both before the penalty.

    One lot less sold gives up p* and keeps the mark: equity - (p* - P) * 10**6; one less bought, the opposite; funding
    cancels. The requirement is larger by the market's weight. Constraints: 1 and the bits that are not lent.
    """
    edge = (fill.clearing_price - fill.mark - 2 * fill.edge_of_sale) * LOT_TICK_ATOMS
    lacking = after.initial + fill.initial_weight - (after.equity + edge) - 1
    assert_in_range_if(cs, liquidation, lacking, SURPLUS_BITS, lender, name="not_too_large")


def compute_penalty(
    cs: ConstraintSystem, liquidation: LC, fill: Fill, tables: Tables, equity: LC, lender: BitLender
) -> LC:
    """Return min(cap, max(equity, 0)) in a liquidation, else 0; cap = fill * p* * liquidation_fee_ppm, atoms.

    The prover names the case: `full` (the cap), `none` (equity is negative), else the rest of the equity; each case's
    inequalities are proved. Constraints: 27 and the bits that are not lent, named penalty/...
    """
    cap = cs.mul(
        fill.fill, inner_product(cs, fill.hot, tables.penalty_weight, name="penalty/weight"), name="penalty/cap"
    )
    full, none = private_flag(cs, "penalty/full"), private_flag(cs, "penalty/none")
    cs.assert_product(full, none, 0, name="penalty/one_case")
    cs.assert_product(full + none, 1 - liquidation, 0, name="penalty/only_in_liquidation")
    partial = liquidation - full - none  # a boolean, by the two lines above
    full_cap = cs.mul(full, cap, name="penalty/full_cap")
    partial_equity = cs.mul(partial, equity, name="penalty/partial_equity")
    partial_cap = cs.mul(partial, cap, name="penalty/partial_cap")
    # full: equity - cap >= 0; none: -equity - 1 >= 0; partial: equity >= 0 and cap - equity >= 0
    signed_equity = cs.mul(liquidation - 2 * none, equity, name="penalty/signed_equity")
    sides = (("equity_side", signed_equity - full_cap - none), ("cap_side", partial_cap - partial_equity))
    for side, surplus in sides:
        assert_in_range_if(cs, liquidation, surplus, SURPLUS_BITS, lender, name=f"penalty/{side}")
    return full_cap + partial_equity

"""Liquidation step 1: one bounded, unsigned, reducing fill. Twin of rollup/liquidation.py."""

from __future__ import annotations

from collections.abc import Sequence

from circuits.bits import assert_in_range, from_bits
from circuits.fills import Fill
from circuits.inputs import assert_equal_if, private_flag
from circuits.linear import LC
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
    idle_bits: Sequence[LC],
) -> None:
    """Constrain the fill's market to be one of the largest maintenance requirement, in a liquidation.

    Sixteen gaps are proved not negative. A liquidation carries no signed order, so the order's bits stand idle; the
    first gaps are held by them at one constraint each, the others by bits of their own.
    Widths: size < 2**48, weight < 2**68: each requirement is below 2**116 and no gap can wrap.
    """
    largest = cs.mul(fill.size_before, fill.maintenance_weight, name="largest")
    borrowed = [idle_bits[i : i + GAP_BITS] for i in range(0, len(idle_bits) - GAP_BITS + 1, GAP_BITS)]
    for m in range(MARKET_COUNT):
        own = cs.mul(sizes_before[m], tables.maintenance_weight[m], name=f"requirement[{m}]")
        if m < len(borrowed):
            assert_equal_if(cs, liquidation, from_bits(borrowed[m]), largest - own, name=f"gap[{m}]/idle_bits")
        else:
            gap = cs.mul(liquidation, largest - own, name=f"gap[{m}]/if_liquidation")
            assert_in_range(cs, gap, GAP_BITS, name=f"gap[{m}]")


def assert_unhealthy(cs: ConstraintSystem, liquidation: LC, before: Margin) -> None:
    """Constrain equity_0 < maintenance_0 in a liquidation. Constraints: 102."""
    shortfall = cs.mul(liquidation, before.maintenance - before.equity - 1, name="shortfall")
    assert_in_range(cs, shortfall, SURPLUS_BITS, name="unhealthy")


def assert_not_too_large(cs: ConstraintSystem, liquidation: LC, fill: Fill, after: Margin) -> None:
    """Constrain that with one lot less equity would be below initial, both before the penalty. Constraints: 103.

    One lot less sold gives up p* and keeps the mark: equity - (p* - P) * 10**6; one less bought, the opposite; funding
    cancels. The requirement is larger by the market's weight.
    """
    edge = (fill.clearing_price - fill.mark) * LOT_TICK_ATOMS
    edge_of_sale = cs.mul(fill.side, edge, name="edge_of_sale")
    equity = after.equity + edge - 2 * edge_of_sale
    lacking = cs.mul(liquidation, after.initial + fill.initial_weight - equity - 1, name="one_lot_less")
    assert_in_range(cs, lacking, SURPLUS_BITS, name="not_too_large")


def compute_penalty(cs: ConstraintSystem, liquidation: LC, fill: Fill, tables: Tables, equity: LC) -> LC:
    """Return min(cap, max(equity, 0)) in a liquidation, else 0; cap = fill * p* * liquidation_fee_ppm, atoms.

    The prover names the case: `full` (the cap), `none` (equity is negative), else the rest of the equity; each case's
    inequalities are proved. Constraints: 2 * 101 + 27, named penalty/...
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
    assert_in_range(cs, signed_equity - full_cap - none, SURPLUS_BITS, name="penalty/equity_side")
    assert_in_range(cs, partial_cap - partial_equity, SURPLUS_BITS, name="penalty/cap_side")
    return full_cap + partial_equity

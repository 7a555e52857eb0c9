"""Equity and requirements of an account, and the rule under which a lane may close. Twin of rollup/margin.py."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from circuits.bits import assert_in_range
from circuits.linear import LC, sum_lc
from circuits.select import inner_product, select
from circuits.system import ConstraintSystem
from circuits.tables import Tables
from rollup.units import CASH_BITS, EQUITY_BITS, MARKET_COUNT, REQUIREMENT_BITS

# At open |cash| < 2**120, and 16 positions of |s| < 2**48 lots are worth less than 2**72.1 atoms a lot each:
# |equity_0| < 2**124.2. A fill changes equity by d * (P - p*) * 10**6 < 2**116 and a fee < 2**116:
# |equity_1| < 2**125 after 16 fills. A requirement is below 16 * 2**48 * 2**68 = 2**120. A product of the two is below
# 2**246, a difference of two such below 2**247 < r / 2: no comparison here can wrap the field.
# Cash alone moves by less than 2**121 a fill: |cash_1| < 2**126.
assert EQUITY_BITS + REQUIREMENT_BITS + 1 < 252

# Proving a difference non-negative takes a bit a constraint; 208 bits hold any equity below 2**108 atoms (3e14 USD)
# times any requirement below 2**100 (1e12 USD): a bound on what can be proved, not on what is sound.
CLOSE_BITS = 208


class LotValues(Protocol):
    """Whatever knows the price of every market: a batch's tables, or a state's records."""

    def value_per_lot(self, market: int) -> LC:
        """Return what one lot is worth against the funding-folded cash, in atoms."""
        ...


@dataclass(frozen=True)
class Margin:
    """Atoms (1e-18 USD) at the mark; exact."""

    equity: LC
    initial: LC
    maintenance: LC


def compute_margin(
    cs: ConstraintSystem, cash: LC, sizes: Sequence[LC], signs: Sequence[LC], tables: Tables, *, name: str
) -> Margin:
    """Return equity and requirements of absolute sizes and short flags. Constraints: 64, named {name}/.."""
    signed = sign_sizes(cs, sizes, signs, name=f"{name}/signed")
    return weigh_positions(cs, cash, sizes, signed, tables, name=name)


def sign_sizes(cs: ConstraintSystem, sizes: Sequence[LC], signs: Sequence[LC], *, name: str) -> list[LC]:
    """Return the signed sizes of absolute ones and short flags. Constraints: 16, named {name}[m]."""
    return [sizes[m] - 2 * cs.mul(signs[m], sizes[m], name=f"{name}[{m}]") for m in range(MARKET_COUNT)]


def compute_equity(cs: ConstraintSystem, cash: LC, signed: Sequence[LC], prices: LotValues, *, name: str) -> LC:
    """Return cash + sum s_m * (P_m * 10**6 - F_m), in atoms. Constraints: 16, named {name}[m]."""
    return cash + inner_product(cs, signed, [prices.value_per_lot(m) for m in range(MARKET_COUNT)], name=name)


def weigh_positions(
    cs: ConstraintSystem, cash: LC, sizes: Sequence[LC], signed: Sequence[LC], tables: Tables, *, name: str
) -> Margin:
    """Return equity and requirements of sizes given absolute and signed. Constraints: 48, named {name}/.."""
    with cs.scope(name):
        return Margin(
            equity=compute_equity(cs, cash, signed, tables, name="value"),
            initial=inner_product(cs, sizes, tables.initial_weight, name="initial"),
            maintenance=inner_product(cs, sizes, tables.maintenance_weight, name="maintenance"),
        )


def compute_free_collateral(
    cs: ConstraintSystem, cash: LC, sizes: Sequence[LC], signs: Sequence[LC], tables: Tables, *, name: str
) -> LC:
    """Return equity - initial requirement, in two products a market. Constraints: 32."""
    with cs.scope(name):
        parts = []
        for m in range(MARKET_COUNT):
            value = tables.value_per_lot(m)
            short_value = cs.mul(signs[m], value, name=f"short_value[{m}]")
            parts.append(cs.mul(sizes[m], value - 2 * short_value - tables.initial_weight[m], name=f"free[{m}]"))
        return cash + sum_lc(parts)


def assert_valid_close(cs: ConstraintSystem, before: Margin, after: Margin, healthy: LC, *, name: str) -> None:
    """Constrain the lane's close: with `healthy` 1, equity_1 >= initial_1; else the ratio has not worsened,
    equity_1 * maintenance_0 >= equity_0 * maintenance_1.

    The caller constrains the second case further (every fill reduces). An unused lane passes by the second.
    Constraints: 3 + 209, named {name}/ratio_after, {name}/ratio_before, {name}/case, {name}/not_negative/...
    """
    ratio_after = cs.mul(after.equity, before.maintenance, name=f"{name}/ratio_after")
    ratio_before = cs.mul(before.equity, after.maintenance, name=f"{name}/ratio_before")
    surplus = select(cs, healthy, after.equity - after.initial, ratio_after - ratio_before, name=f"{name}/case")
    assert_in_range(cs, surplus, CLOSE_BITS, name=f"{name}/not_negative")


def assert_cash_in_range(cs: ConstraintSystem, cash: LC, *, name: str) -> None:
    """Constrain -2**120 <= cash < 2**120. Constraints: 122.

    Assumes |cash| < 2**126 before, so that the shifted value cannot wrap.
    """
    assert_in_range(cs, cash + (1 << CASH_BITS), CASH_BITS + 1, name=name)

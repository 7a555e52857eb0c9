"""Bits against a constant, exhaustively where small."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from circuits.bits import to_bits
from circuits.constant_compare import assert_at_most
from circuits.system import ConstraintSystem
from rollup.babyjubjub import JUBJUB_SUBORDER
from rollup.bls_field import P
from rollup.field import R

WIDTH = 5


def _accepts(value: int, bound: int, width: int, unit: int = 1, slack: int = 0) -> bool:
    cs = ConstraintSystem()
    bits = [cs.witness(unit * (value >> i & 1)) for i in range(width)]
    assert_at_most(cs, bits, bound, unit=cs.witness(unit), slack=cs.witness(slack), name="cmp")
    return cs.first_unsatisfied() is None


@pytest.mark.parametrize("bound", range(2**WIDTH))
def test_every_small_value_against_every_small_bound(bound: int) -> None:
    for value in range(2**WIDTH):
        assert _accepts(value, bound, WIDTH) == (value <= bound)


@given(value=st.integers(0, 2**WIDTH - 1), bound=st.integers(0, 2**WIDTH - 1), unit=st.integers(1, R - 1))
def test_bits_in_units_compare_like_bits(value: int, bound: int, unit: int) -> None:
    assert _accepts(value, bound, WIDTH, unit) == (value <= bound)


def test_slack_waives_the_bound() -> None:
    assert _accepts(2**WIDTH - 1, 0, WIDTH, slack=1)


@pytest.mark.parametrize(("value", "accepted"), [(-1, True), (0, False), (1, False)])
@pytest.mark.parametrize(("order", "width"), [(JUBJUB_SUBORDER, 251), (P, 255)], ids=["subgroup", "BLS12-381"])
def test_order_is_an_exact_limit(order: int, width: int, value: int, accepted: bool) -> None:
    assert _accepts(order + value, order - 1, width) == accepted


@pytest.mark.parametrize("quotient", [0, 1, R - 1])
def test_invalid_excess_whatever_the_quotient(quotient: int) -> None:
    cs = ConstraintSystem(lies={"cmp/zeros[3]": lambda _: quotient, "cmp/zeros[1]": lambda _: quotient})
    bits = to_bits(cs, cs.witness(0b10101), WIDTH, name="bits")
    assert_at_most(cs, bits, 0b10100, slack=cs.witness(0), name="cmp")
    assert cs.first_unsatisfied() == "cmp/zeros[1]"


def test_invalid_lie_about_a_quotient_that_matters() -> None:
    cs = ConstraintSystem(lies={"cmp/zeros[0]": lambda honest: honest + 1})
    bits = to_bits(cs, cs.witness(0b00101), WIDTH, name="bits")
    assert_at_most(cs, bits, 0b10110, name="cmp")
    assert cs.first_unsatisfied() == "cmp/zeros[0]"


def test_a_constraint_for_each_run_of_zeros() -> None:
    cs = ConstraintSystem(evaluate=False)
    bits = [cs.private(f"bit[{i}]") for i in range(WIDTH)]
    assert_at_most(cs, bits, 0b01001, name="cmp")
    assert [row.name for row in cs.iter_rows()] == ["cmp/zeros[4]", "cmp/zeros[2]"]

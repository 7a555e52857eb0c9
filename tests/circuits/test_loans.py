"""Lent bits: each is lent once, own bits make up what is lacking, and a flag of 0 asks for nothing."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from circuits.bits import assert_boolean
from circuits.linear import LC
from circuits.loans import BitLender, assert_in_range_if
from circuits.system import ConstraintSystem


def _lend(cs: ConstraintSystem, word: int, n_bits: int) -> list[LC]:
    bits = [cs.witness(word >> i & 1) for i in range(n_bits)]
    for i, bit in enumerate(bits):
        assert_boolean(cs, bit, name=f"lent[{i}]")
    return bits


@given(n_lent=st.integers(0, 20), value=st.integers(-5, 2**11), flag=st.integers(0, 1))
def test_range_is_held_by_lent_and_own_bits(n_lent: int, value: int, flag: int) -> None:
    cs = ConstraintSystem({"x": max(value, 0) >> n_lent})
    lender = BitLender(_lend(cs, max(value, 0), n_lent))
    assert_in_range_if(cs, cs.witness(flag), cs.witness(value), 10, lender, name="x")
    assert (cs.unsatisfied() == []) == (not flag or 0 <= value < 2**10)
    assert cs.n_constraints == n_lent + max(10 - n_lent, 0) + 1


def test_bits_are_lent_once_and_in_order() -> None:
    cs = ConstraintSystem({"b": 3})
    lender = BitLender(_lend(cs, 0b10110, 5))
    first, second = lender.take(cs, 3, name="a"), lender.take(cs, 4, name="b")
    assert [cs.value(bit) for bit in (*first, *second)] == [0, 1, 1, 0, 1, 1, 1]
    assert not {bit.single_wire() for bit in first} & {bit.single_wire() for bit in second}


@pytest.mark.parametrize("value", [-1, 2**10])
def test_invalid_number_out_of_range(value: int) -> None:
    cs = ConstraintSystem({"x": value % 2**10})
    assert_in_range_if(cs, cs.witness(1), cs.witness(value), 10, BitLender([]), name="x")
    assert cs.unsatisfied() == ["x/if_flagged"]

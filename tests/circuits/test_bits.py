"""Booleans and ranges: agreement with plain integers, and every lie refused where it should be."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from circuits.bits import (
    MAX_BITS,
    assert_boolean,
    assert_in_range,
    assert_nonzero,
    from_bits,
    is_equal,
    is_zero,
    logical_and,
    logical_or,
    to_bits,
)
from circuits.linear import LC
from circuits.system import ConstraintSystem, Lie
from rollup.field import R

field_elements = st.integers(0, R - 1) | st.sampled_from([0, 1, R - 1])


def _bits_of(value: int, lie: Lie | None = None, n_bits: int = 4) -> ConstraintSystem:
    cs = ConstraintSystem(lies={"x": lie} if lie else {})
    to_bits(cs, cs.witness(value), n_bits, name="x")
    return cs


@given(value=st.integers(0, 2**48 - 1))
def test_to_bits_agrees_with_the_integer(value: int) -> None:
    cs = ConstraintSystem()
    bits = to_bits(cs, cs.witness(value), 48, name="x")
    assert [cs.value(bit) for bit in bits] == [value >> i & 1 for i in range(48)]
    assert cs.value(from_bits(bits)) == value
    assert cs.first_unsatisfied() is None
    assert cs.n_constraints == 49


@pytest.mark.parametrize("n_bits", [1, 4, 48, MAX_BITS])
def test_to_bits_at_the_largest_value(n_bits: int) -> None:
    assert _bits_of(2**n_bits - 1, n_bits=n_bits).first_unsatisfied() is None


@pytest.mark.parametrize("n_bits", [1, 4, 48, MAX_BITS])
@pytest.mark.parametrize("beyond", [0, 1])
def test_invalid_value_beyond_the_range(n_bits: int, beyond: int) -> None:
    assert _bits_of(2**n_bits + beyond, n_bits=n_bits).first_unsatisfied() == "x/sum"


def test_invalid_negative_value() -> None:
    assert _bits_of(-1).first_unsatisfied() == "x/sum"


@pytest.mark.parametrize("n_bits", [0, MAX_BITS + 1])
def test_invalid_width(n_bits: int) -> None:
    with pytest.raises(AssertionError, match="could wrap the field"):
        _bits_of(0, n_bits=n_bits)


def test_invalid_bits_of_another_number_from_a_lying_hint() -> None:
    assert _bits_of(5, lambda bits: [1, 1, 1, 0]).unsatisfied() == ["x/sum"]


def test_invalid_bit_of_two_from_a_lying_hint_that_keeps_the_sum() -> None:
    assert _bits_of(5, lambda bits: [3, R - 1, 1, 0]).unsatisfied() == ["x/bit[0]", "x/bit[1]"]


@pytest.mark.parametrize("place", range(4))
def test_invalid_bit_at_each_place_from_a_lying_hint(place: int) -> None:
    broken = _bits_of(5, lambda bits: [2 if i == place else bit for i, bit in enumerate(bits)]).unsatisfied()
    assert broken == [f"x/bit[{place}]", "x/sum"]


def test_to_bits_takes_a_combination_and_a_constant() -> None:
    cs = ConstraintSystem()
    x = cs.witness(3)
    assert cs.value(from_bits(to_bits(cs, x * 2 + 1, 4, name="x"))) == 7
    assert cs.value(from_bits(to_bits(cs, 9, 4, name="y"))) == 9
    assert cs.first_unsatisfied() is None


@pytest.mark.parametrize(("value", "broken"), [(-1, "x"), (0, None), (1, None), (2, "x")])
def test_assert_boolean(value: int, broken: str | None) -> None:
    cs = ConstraintSystem()
    assert_boolean(cs, cs.witness(value), name="x")
    assert cs.first_unsatisfied() == broken
    assert cs.n_constraints == 1


@pytest.mark.parametrize(("value", "broken"), [(-1, "x/sum"), (0, None), (255, None), (256, "x/sum")])
def test_assert_in_range(value: int, broken: str | None) -> None:
    cs = ConstraintSystem()
    assert_in_range(cs, cs.witness(value), 8, name="x")
    assert cs.first_unsatisfied() == broken


@given(value=field_elements)
def test_is_zero_agrees_with_the_integer(value: int) -> None:
    cs = ConstraintSystem()
    assert cs.value(is_zero(cs, cs.witness(value), name="x")) == int(value == 0)
    assert cs.first_unsatisfied() is None
    assert cs.n_constraints == 2


@given(value=st.integers(1, R - 1), inverse=field_elements)
def test_invalid_inverse_from_a_lying_hint(value: int, inverse: int) -> None:
    cs = ConstraintSystem(lies={"x/inverse": lambda honest: inverse})
    is_zero(cs, cs.witness(value), name="x")
    assert cs.first_unsatisfied() == (None if value * inverse % R == 1 else "x/annihilates")


def test_any_inverse_of_zero_gives_the_same_answer() -> None:
    cs = ConstraintSystem(lies={"x/inverse": lambda honest: 12345})
    zero = is_zero(cs, cs.witness(0), name="x")
    assert cs.first_unsatisfied() is None
    assert cs.value(zero) == 1


@pytest.mark.parametrize(("value", "told"), [(0, 1), (5, 0)])
def test_invalid_product_in_is_zero(value: int, told: int) -> None:
    cs = ConstraintSystem(lies={"x/product": lambda honest: told})
    is_zero(cs, cs.witness(value), name="x")
    assert cs.first_unsatisfied() == "x/product"


@pytest.mark.parametrize(("value", "broken"), [(-1, None), (0, "x"), (1, None)])
def test_assert_nonzero(value: int, broken: str | None) -> None:
    cs = ConstraintSystem()
    assert_nonzero(cs, cs.witness(value), name="x")
    assert cs.first_unsatisfied() == broken


def test_invalid_inverse_of_zero_from_a_lying_hint() -> None:
    cs = ConstraintSystem(lies={"x/inverse": lambda honest: 7})
    assert_nonzero(cs, cs.witness(0), name="x")
    assert cs.first_unsatisfied() == "x"


@pytest.mark.parametrize(("a", "b", "equal"), [(4, 5, 0), (5, 5, 1), (6, 5, 0), (R - 1, -1, 1)])
def test_is_equal(a: int, b: int, equal: int) -> None:
    cs = ConstraintSystem()
    assert cs.value(is_equal(cs, cs.witness(a), cs.witness(b), name="x")) == equal
    assert cs.value(is_equal(cs, cs.witness(a), b, name="y")) == equal
    assert cs.first_unsatisfied() is None


@pytest.mark.parametrize("a", [0, 1])
@pytest.mark.parametrize("b", [0, 1])
def test_logic_of_two_booleans(a: int, b: int) -> None:
    cs = ConstraintSystem()
    x, y = cs.witness(a), cs.witness(b)
    assert cs.value(logical_and(cs, x, y, name="and")) == (a & b)
    assert cs.value(logical_or(cs, x, y, name="or")) == (a | b)
    assert cs.first_unsatisfied() is None
    assert cs.n_constraints == 2


@pytest.mark.parametrize("name", ["and", "or"])
def test_invalid_logic_from_a_lying_prover(name: str) -> None:
    cs = ConstraintSystem(lies={name: lambda honest: 1 - honest})
    x: LC = cs.witness(1)
    logical_and(cs, x, x, name="and")
    logical_or(cs, x, x, name="or")
    assert cs.unsatisfied() == [name]

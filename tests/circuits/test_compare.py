"""Order and division against plain integers; bounds in threes; each lie refused by its constraint."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from circuits.compare import assert_less_or_equal, divide, is_less_than
from circuits.system import ConstraintSystem, Lie
from rollup.field import R

BITS = 48
sizes = st.integers(0, 2**BITS - 1)


def _less(a: int, b: int, n_bits: int, lie: Lie | None = None) -> tuple[int, str | None, int]:
    cs = ConstraintSystem(lies={"x/shifted": lie} if lie else {})
    less = is_less_than(cs, cs.witness(a), cs.witness(b), n_bits, name="x")
    return cs.value(less), cs.first_unsatisfied(), cs.n_constraints


def _divide(a: int, b: int, lies: dict[str, Lie] | None = None, bits: int = 8) -> ConstraintSystem:
    cs = ConstraintSystem({"a": a, "b": b}, lies=lies)
    divide(cs, cs.port("a"), cs.port("b"), quotient_bits=bits, divisor_bits=bits, name="x")
    return cs


@given(a=sizes, b=sizes)
def test_is_less_than_agrees_with_the_integers(a: int, b: int) -> None:
    assert _less(a, b, BITS) == (int(a < b), None, BITS + 2)


@pytest.mark.parametrize("n_bits", [1, 8, 251])
def test_is_less_than_at_both_ends(n_bits: int) -> None:
    top = 2**n_bits - 1
    assert [_less(a, b, n_bits)[0] for a, b in ((0, top), (top, 0), (top, top), (0, 0))] == [1, 0, 0, 0]


@pytest.mark.parametrize(("a", "less"), [(99, 1), (100, 0), (101, 0)])
def test_is_less_than_around_equality(a: int, less: int) -> None:
    assert _less(a, 100, 8)[:2] == (less, None)


def test_is_less_than_takes_constants_on_either_side() -> None:
    cs = ConstraintSystem()
    x = cs.witness(7)
    assert cs.value(is_less_than(cs, 6, x, 8, name="low")) == 1
    assert cs.value(is_less_than(cs, x, 7, 8, name="high")) == 0
    assert cs.first_unsatisfied() is None


def test_invalid_order_from_a_lying_top_bit() -> None:
    less, broken, _ = _less(5, 9, 8, lambda bits: [*bits[:-1], 1 - bits[-1]])
    assert (less, broken) == (0, "x/shifted/sum")


def test_invalid_order_from_a_top_bit_that_is_none() -> None:
    # 5 - 9 + 256 = 252: told as 508 in the lowest place and -1 in the top one the sum agrees
    _, broken, _ = _less(5, 9, 8, lambda bits: [508, *[0] * 7, R - 1])
    assert broken == "x/shifted/bit[0]"


def test_invalid_width_that_could_wrap() -> None:
    with pytest.raises(AssertionError, match="could wrap the field"):
        _less(0, 0, 252)


@pytest.mark.parametrize(
    ("a", "b", "broken"),
    [(99, 100, None), (100, 100, None), (101, 100, "x/sum"), (0, 255, None), (0, 256, "x/sum"), (-1, 254, None)],
)
def test_assert_less_or_equal(a: int, b: int, broken: str | None) -> None:
    cs = ConstraintSystem()
    assert_less_or_equal(cs, cs.witness(a), cs.witness(b), 8, name="x")
    assert cs.first_unsatisfied() == broken
    assert cs.n_constraints == 9


def test_invalid_less_or_equal_from_a_lying_hint() -> None:
    cs = ConstraintSystem(lies={"x": lambda bits: [0] * 8})
    assert_less_or_equal(cs, cs.witness(101), cs.witness(100), 8, name="x")
    assert cs.first_unsatisfied() == "x/sum"


@given(quotient=sizes, divisor=st.integers(1, 2**BITS - 1), data=st.data())
def test_divide_agrees_with_divmod(quotient: int, divisor: int, data: st.DataObject) -> None:
    dividend = quotient * divisor + data.draw(st.integers(0, divisor - 1))
    cs = ConstraintSystem()
    got = divide(cs, cs.witness(dividend), cs.witness(divisor), quotient_bits=BITS, divisor_bits=BITS, name="x")
    assert tuple(cs.value(part) for part in got) == divmod(dividend, divisor)
    assert cs.first_unsatisfied() is None
    assert cs.n_constraints == BITS + 2 * BITS + 4


def test_divide_by_a_constant() -> None:
    cs = ConstraintSystem()
    quotient, remainder = divide(cs, cs.witness(1000), 37, quotient_bits=8, divisor_bits=8, name="x")
    assert (cs.value(quotient), cs.value(remainder)) == (27, 1)
    assert cs.first_unsatisfied() is None


@pytest.mark.parametrize(("dividend", "broken"), [(255 * 3 + 2, None), (256 * 3, "x/quotient/sum")])
def test_divide_around_the_largest_quotient(dividend: int, broken: str | None) -> None:
    assert _divide(dividend, 3).first_unsatisfied() == broken


@pytest.mark.parametrize(
    ("divisor", "broken"), [(0, "x/below/sum"), (1, None), (255, None), (256, None), (257, "x/below/sum")]
)
def test_divide_around_the_divisor_bounds(divisor: int, broken: str | None) -> None:
    # a divisor of 2**divisor_bits still leaves a remainder in range; beyond it `below` refuses what it cannot hold
    assert _divide(0, divisor).first_unsatisfied() == broken


@pytest.mark.parametrize(
    ("lie", "broken"),
    [
        (lambda qr: [qr[0] - 1, qr[1] + 37], ["x/below/sum"]),
        (lambda qr: [qr[0] + 1, qr[1] - 37], ["x/remainder/sum"]),
        (lambda qr: [qr[0] + 1, qr[1]], ["x/product"]),
        (lambda qr: [qr[0], qr[1] + 1], ["x/product"]),
        (lambda qr: list(divmod(1000 + R, 37)), ["x/quotient/sum"]),
    ],
)
def test_invalid_division_from_a_lying_hint(lie: Lie, broken: list[str]) -> None:
    assert _divide(1000, 37, {"x": lie}).unsatisfied() == broken


@pytest.mark.parametrize("part", ["quotient", "remainder", "below"])
def test_invalid_bits_inside_a_division(part: str) -> None:
    keeps_sum = _divide(1000, 37, {f"x/{part}": lambda bits: [bits[0] + 2, bits[1] - 1, *bits[2:]]})
    assert keeps_sum.first_unsatisfied() == f"x/{part}/bit[0]"
    assert f"x/{part}/sum" not in keeps_sum.unsatisfied()
    flips = _divide(1000, 37, {f"x/{part}": lambda bits: [1 - bits[0], *bits[1:]]})
    assert flips.unsatisfied() == [f"x/{part}/sum"]


def test_invalid_widths_that_could_wrap() -> None:
    with pytest.raises(AssertionError, match="could wrap the field"):
        _divide(0, 1, bits=127)

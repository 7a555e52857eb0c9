"""Division by constants against plain integers; bounds in threes; each lie refused by its constraint."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from circuits.division import ceil_divide, compute_share, floor_divide, floor_divide_signed
from circuits.system import Lie
from rollup.field import R
from rollup.units import PPM, USD_E12
from tests.circuits.forging import tell
from tests.circuits.gadget_cases import Ran, run_gadget

DIVISORS = (3, 3_600, PPM, USD_E12, 28_800 * PPM)
BITS = 16


def floored(a: int, divisor: int, lies: dict[str, Lie] | None = None, n_bits: int = BITS) -> Ran:
    return run_gadget(lambda cs, x: floor_divide(cs, x, divisor, n_bits, name="x"), a, lies=lies)


@given(divisor=st.sampled_from(DIVISORS), quotient=st.integers(0, 2**BITS - 1), data=st.data())
def test_floor_and_ceiling_agree_with_the_integers(divisor: int, quotient: int, data: st.DataObject) -> None:
    rest = data.draw(st.sampled_from([0, 1, divisor - 1]) | st.integers(0, divisor - 1))
    a = quotient * divisor + rest
    floor = floored(a, divisor)
    ceiling = run_gadget(lambda cs, x: ceil_divide(cs, x, divisor, BITS + 1, name="x"), a)
    assert (floor.value, ceiling.value) == (a // divisor, -(-a // divisor))
    assert floor.broken == ceiling.broken == floor.free == ceiling.free == ()


@given(divisor=st.sampled_from(DIVISORS), a=st.integers(-(2**60), 2**60))
def test_signed_floor_agrees_with_the_integers(divisor: int, a: int) -> None:
    ran = run_gadget(lambda cs, x: floor_divide_signed(cs, x, divisor, 60, name="x"), a)
    assert (ran.value, ran.broken, ran.free) == (a // divisor, (), ())


@pytest.mark.parametrize(
    ("a", "broken"), [(-8 * PPM - 1, "x/quotient/sum"), (-8 * PPM, ""), (8 * PPM - 1, ""), (8 * PPM, "x/quotient/sum")]
)
def test_signed_floor_at_its_edges(a: int, broken: str) -> None:
    ran = run_gadget(lambda cs, x: floor_divide_signed(cs, x, PPM, 3, name="x"), a)
    assert broken in ("", *ran.broken)
    assert bool(ran.broken) == bool(broken)


@given(part=st.integers(0, 2**20 - 1), whole=st.integers(1, 2**16 - 1))
def test_share_agrees_with_the_integers(part: int, whole: int) -> None:
    ran = run_gadget(lambda cs, x, y: compute_share(cs, x, y, part_bits=20, whole_bits=16, name="x"), part, whole)
    assert (ran.value, ran.broken, ran.free) == (min(PPM, part * PPM // whole), (), ())


def test_invalid_share_of_nothing() -> None:
    ran = run_gadget(lambda cs, x, y: compute_share(cs, x, y, part_bits=20, whole_bits=16, name="x"), 5, 0)
    assert ran.broken == ("x/below/sum",)


def test_count_of_a_division_by_ppm() -> None:
    # 16 bits and their sum, 20 bits and theirs, three runs of zeros in 999999, the product
    assert floored(0, PPM).n_constraints == 17 + 21 + 3 + 1


@pytest.mark.parametrize("quotient", [2**BITS - 1, 2**BITS])
def test_quotient_at_the_edge_of_its_bits(quotient: int) -> None:
    assert floored(quotient * PPM, PPM).broken == (() if quotient < 2**BITS else ("x/quotient/sum",))


def test_invalid_quotient_one_too_low() -> None:
    ran = floored(5 * PPM, PPM, {"x": tell(4, PPM)})
    assert (ran.value, set(map(_class_of, ran.broken))) == (4, {"x/below"})


def test_invalid_quotient_one_too_high() -> None:
    assert floored(5 * PPM - 1, PPM, {"x": tell(5, -1)}).broken == ("x/remainder/sum",)


def test_invalid_quotient_exact_in_the_field_alone() -> None:
    a = 5 * PPM - 1
    assert floored(a, PPM, {"x": tell(a * pow(PPM, -1, R), 0)}).broken == ("x/quotient/sum",)


def test_invalid_quotient_and_remainder_of_another_dividend() -> None:
    assert floored(5 * PPM, PPM, {"x": tell(4, 0)}).broken == ("x/product",)


def _class_of(name: str) -> str:
    return "/".join(name.split("/")[:2])

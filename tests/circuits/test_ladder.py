"""-h * Q: agreement with the model, challenges at the edges, and digits that spell another scalar."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from circuits.ladder import CURVE_ORDER, GREATEST_INDEX, N_DIGITS, SMALLEST, multiply_negated
from circuits.montgomery import MontgomeryPoint
from circuits.system import ConstraintSystem
from rollup.babyjubjub import BASE8, JUBJUB_SUBORDER, Point, multiply, negate
from rollup.field import R, inverse

L = JUBJUB_SUBORDER
GREATEST = SMALLEST + 2 * GREATEST_INDEX  # the greatest K'
POINT = multiply(BASE8, 0x123456789)
START = multiply(POINT, 5 * pow(2, -1, L) % L)
Lies = dict[str, Callable[[Any], Any]]


def _run(challenge: int, lies: Lies | None = None) -> tuple[ConstraintSystem, Point]:
    cs = ConstraintSystem(lies=lies)
    (u, v), start = _wires(cs, POINT), _wires(cs, START)
    x, y = multiply_negated(cs, cs.witness(challenge), (u, v), start, name="ladder")
    return cs, (cs.value(x), cs.value(y))


def _wires(cs: ConstraintSystem, point: Point) -> MontgomeryPoint:
    u, v = _montgomery(point)
    return cs.witness(u), cs.witness(v)


def _montgomery(point: Point) -> Point:
    x, y = point
    u = (1 + y) * inverse((1 - y) % R) % R
    return u, u * inverse(x) % R


def _lies_for(scalar: int, *, is_upper: int) -> Lies:
    """Return the lies of a prover who wants the ladder to run on the integer `scalar`."""
    is_even = 1 - scalar % 2
    index = (scalar + is_even - SMALLEST) // 2
    return {
        "ladder/recode/is_upper": lambda _: is_upper,
        "ladder/recode/is_even": lambda _: is_even,
        "ladder/recode/digit": lambda _: _signs(index),
    }


def _signs(index: int) -> list[int]:
    _, v = _montgomery(POINT)
    return [v if index >> i & 1 else -v for i in range(N_DIGITS)]


@settings(max_examples=8, deadline=None)
@given(challenge=st.integers(2**128, R - 2**128).filter(lambda challenge: challenge % L))  # no point stands for 0 * Q
def test_product_agrees_with_model(challenge: int) -> None:
    cs, product = _run(challenge)
    assert cs.first_unsatisfied() is None
    assert product == negate(multiply(POINT, challenge))


EDGES = {
    "least provable": CURVE_ORDER - GREATEST,
    "greatest provable": GREATEST,
    "even below the greatest": GREATEST - 1,
    "last of the lower half": (R - 1) // 2,
    "first of the upper half": (R + 1) // 2,
    "scalar's top bits 01, odd": 2**253 - 1,
    "scalar's top bits 10, even": 2**253,
    "scalar's top bits 11, odd": 2**253 + 2**252 + 1,
    "scalar's low bits all zero": 2**253 + 2**251,
    "2 over one order": L + 2,
    "3 over two orders": 2 * L + 3,
    "5 below four orders": 4 * L - 5,
    "4 over four orders": 4 * L + 4,
    "2 over six orders": 6 * L + 2,
    "1 over seven orders": 7 * L + 1,
}


@pytest.mark.parametrize("challenge", EDGES.values(), ids=EDGES.keys())
def test_product_at_an_edge(challenge: int) -> None:
    cs, product = _run(challenge)
    assert cs.first_unsatisfied() is None
    assert product == negate(multiply(POINT, challenge))


@pytest.mark.parametrize("lie", [0, 1, 12345])
@pytest.mark.parametrize(("challenge", "step"), [(L, 251), (2 * L, 250), (3 * L, 251), (4 * L, 249), (7 * L, 251)])
def test_invalid_multiple_of_the_order_whatever_the_slope(challenge: int, step: int, lie: int) -> None:
    name = f"ladder/step[{step}]/second_slope"
    cs, _ = _run(challenge, {name: lambda _: lie})
    assert cs.first_unsatisfied() == name


@pytest.mark.parametrize("challenge", [0, 1, R - 1])
def test_invalid_challenge_without_a_recoding(challenge: int) -> None:
    assert _run(challenge)[0].first_unsatisfied() is not None


@pytest.mark.parametrize("above", [2, 2**100, R - 2 - GREATEST, R - GREATEST])
def test_invalid_scalar_above_the_range(above: int) -> None:
    scalar = GREATEST + above
    cs, _ = _run(scalar % R, _lies_for(scalar, is_upper=1))
    assert cs.first_unsatisfied() == "ladder/recode/range/zeros[128]"


@pytest.mark.parametrize("challenge", [1, 2, 2**127, 2**250 + 1])
def test_invalid_alias_one_modulus_above(challenge: int) -> None:
    """The digits of h + r spell h in the field, and every other constraint holds: only the range refuses them."""
    cs, product = _run(challenge, _lies_for(challenge + R, is_upper=1))
    assert {name.rsplit("/", 1)[0] for name in cs.unsatisfied()} == {"ladder/recode/range"}
    assert product == negate(multiply(POINT, challenge + R)) != negate(multiply(POINT, challenge))


@pytest.mark.parametrize("challenge", [4 * L + 12345, 4 * L - 12345])
@pytest.mark.parametrize("is_upper", [0, 1])
def test_either_form_gives_the_same_product(challenge: int, is_upper: int) -> None:
    scalar = challenge if is_upper else CURVE_ORDER - challenge
    cs, product = _run(challenge, _lies_for(scalar, is_upper=is_upper))
    assert cs.first_unsatisfied() is None
    assert product == negate(multiply(POINT, challenge))


HONEST = 5 * L + 123456789
LIES: dict[str, tuple[str, Callable[[Any], Any], str]] = {
    "half not boolean": ("recode/is_upper", lambda _: 2, "recode/is_upper"),
    "wrong half": ("recode/is_upper", lambda bit: 1 - bit, "recode/sum"),
    "kept product": ("recode/kept", lambda kept: kept + 1, "recode/kept"),
    "parity not boolean": ("recode/is_even", lambda bit: bit + 2, "recode/is_even"),
    "wrong parity": ("recode/is_even", lambda bit: 1 - bit, "recode/sum"),
    "flipped digit": ("recode/digit", lambda signed: [-signed[0], *signed[1:]], "recode/sum"),
    "digit of zero": ("recode/digit", lambda signed: [0, *signed[1:]], "recode/digit[0]"),
    "digits of 3 and 0": (
        "recode/digit",
        lambda signed: [3 * signed[0], signed[1] - signed[0], *signed[2:]],
        "recode/digit[0]",
    ),
    "ordinate squared": ("recode/v_squared", lambda square: square + 1, "recode/v_squared"),
    "range": ("recode/range/zeros[128]", lambda quotient: quotient + 1, "recode/range/zeros[128]"),
    "first slope": ("step[0]/first_slope", lambda slope: slope + 1, "step[0]/first_slope"),
    "slope squared": ("step[100]/first_square", lambda square: square + 1, "step[100]/first_square"),
    "second slope": ("step[7]/second_slope", lambda slope: slope + 1, "step[7]/second_slope"),
    "second slope squared": ("step[9]/second_square", lambda square: square + 1, "step[9]/second_square"),
    "ordinate": ("step[251]/v", lambda v: v + 1, "step[251]/v"),
    "materialised ordinate": ("step[15]/ordinate", lambda v: v + 1, "step[15]/ordinate"),
    "correction's slope": ("even/less/slope", lambda slope: slope + 1, "even/less/slope"),
    "correction's abscissa": ("even/less/u", lambda u: u + 1, "even/less/u"),
    "correction's ordinate": ("even/less/v", lambda v: v + 1, "even/less/v"),
    "chosen abscissa": ("even/u", lambda u: u + 1, "even/u"),
    "chosen ordinate": ("even/v", lambda v: v + 1, "even/v"),
    "sign": ("sign", lambda v: -v, "sign"),
    "Edwards x": ("edwards/x", lambda x: -x, "edwards/x"),
    "Edwards y": ("edwards/y", lambda y: -y, "edwards/y"),
}


@pytest.mark.parametrize(("hint", "lie", "refused_by"), LIES.values(), ids=LIES.keys())
def test_invalid_hint(hint: str, lie: Callable[[Any], Any], refused_by: str) -> None:
    cs, _ = _run(HONEST, {f"ladder/{hint}": lie})
    assert cs.first_unsatisfied() == f"ladder/{refused_by}"


def test_costs_1570_constraints() -> None:
    assert _run(HONEST)[0].n_constraints == 1570

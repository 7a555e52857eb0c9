"""Which points of G2's curve the kernel takes: those of order r, by a criterion whose condition is worked out here."""

from __future__ import annotations

from functools import cache, reduce
from math import gcd, prod

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from py_ecc.fields import optimized_bn128_FQ2 as FQ2
from py_ecc.optimized_bn128.optimized_curve import G2, add, is_inf, multiply

from prover.kernel import msm_g2
from rollup.field import R
from tests.prover.knowledge_model import encode_g2, find_points
from verifier.points import Q

X = 4965661367192848881  # the curve's parameter
TRACE = 6 * X**2 + 1
COFACTOR_PRIMES = (10069, 5864401, 1875725156269, 197620364512881247228717050342013327560683201906968909)
COFACTOR = 2 * Q - R
Point = tuple[FQ2, FQ2, FQ2]
CURVE_POINT = next(find_points(b""))  # of order h r, but for a chance of 1 in 10,000


def is_taken(point: Point) -> bool:
    """Return whether the kernel takes a point of the curve."""
    try:
        msm_g2(bytes(128) if is_inf(point) else encode_g2(point), (1).to_bytes(32, "big"))
    except ValueError as error:
        if "outside the subgroup of order r" not in str(error):
            raise
        return False
    return True


def reduce_psi(coefficients: list[int]) -> tuple[int, int]:
    """Return a, b with sum_i c_i psi^i = a + b psi, where psi^2 = t psi - q."""
    left = list(coefficients)
    while len(left) > 2:
        top = left.pop()
        left[-1] += TRACE * top
        left[-2] -= Q * top
    return left[0], left[1]


def compute_norm(coefficients: list[int]) -> int:
    """Return the integer that is the combination times its conjugate."""
    a, b = reduce_psi(coefficients)
    return a * a + a * b * TRACE + b * b * Q


CRITERION = [X + 1, X, X, -2 * X]  # [x + 1]P + psi([x]P) + psi^2([x]P) - psi^3([2x]P)


def test_curve_is_what_the_criterion_takes_it_for() -> None:
    assert Q == 36 * X**4 + 36 * X**3 + 24 * X**2 + 6 * X + 1
    assert Q + 1 - TRACE == R
    assert prod(COFACTOR_PRIMES) == COFACTOR
    # of the six twists' orders over Fq2 (Hess, Smart, Vercauteren 2006), that which R divides: q^2 + 1 - (3 f + t2) / 2
    t2 = TRACE**2 - 2 * Q
    f_squared, rest = divmod(4 * Q**2 - t2**2, 3)
    assert rest == 0
    f = TRACE * (6 * X**2 + 4 * X + 1)
    assert f**2 == f_squared
    assert {Q**2 + 1 - (3 * f + t2) // 2, Q**2 + 1 - (-3 * f + t2) // 2} & {COFACTOR * R}


def test_criterion_holds_for_order_r_and_for_nothing_else() -> None:
    """Whoever satisfies it is of an order that divides the norm and h r: their greatest common divisor is r."""
    assert sum(c * pow(Q, i, R) for i, c in enumerate(CRITERION)) % R == 0  # psi is q on points of order r
    assert gcd(compute_norm(CRITERION), COFACTOR * R) == R
    assert all(compute_norm(CRITERION) % p for p in COFACTOR_PRIMES)


@pytest.mark.parametrize("coefficients", [[X, X, X, -2 * X], [0, 1], [1, 1]])
def test_other_combinations_would_not_do(coefficients: list[int]) -> None:
    assert gcd(compute_norm(coefficients), COFACTOR * R) != R


@cache
def get_part(prime: int) -> Point:
    """Return a point of the curve of this order, which divides the cofactor."""
    part: Point = multiply(CURVE_POINT, R * COFACTOR // prime)
    assert not is_inf(part)
    assert is_inf(multiply(part, prime))
    return part


def test_generator_and_infinity() -> None:
    assert is_taken(G2)
    assert is_taken(multiply(G2, R))


@given(k=st.integers(1, R - 1), parts=st.lists(st.sampled_from(COFACTOR_PRIMES), max_size=3), m=st.integers(1, 10068))
@settings(max_examples=25, deadline=None)
def test_a_point_is_taken_if_and_only_if_it_has_no_part_in_the_cofactor(k: int, parts: list[int], m: int) -> None:
    rest = reduce(add, (multiply(get_part(prime), m) for prime in parts), multiply(G2, R))
    point = add(multiply(G2, k), rest)
    assert is_taken(point) == is_inf(multiply(point, R)) == is_inf(rest)
    assert is_taken(rest) == is_inf(rest)


def test_invalid_point_of_the_curve_of_full_order() -> None:
    assert not is_taken(CURVE_POINT)
    assert is_taken(multiply(CURVE_POINT, COFACTOR))

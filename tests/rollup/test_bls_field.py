"""Polynomials over the BLS12-381 scalar field: Horner's rule against powers, windows against Horner."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from py_ecc.optimized_bls12_381 import curve_order

from rollup.bls_field import ELEMENT_BITS, P, evaluate
from rollup.horner import evaluate_in_windows, split_windows

MAX_COEFFICIENT = 2**ELEMENT_BITS - 1
coefficients = st.sampled_from([0, 1, MAX_COEFFICIENT]) | st.integers(0, MAX_COEFFICIENT)
polynomials = st.lists(coefficients, min_size=2, max_size=40)
points = st.sampled_from([0, 1, 2, MAX_COEFFICIENT, P - 1]) | st.integers(0, P - 1)


def test_order_is_the_curve_order_of_py_ecc() -> None:
    assert curve_order == P
    assert P.bit_length() == 255


@given(polynomial=polynomials, z=points)
def test_value_is_the_sum_of_coefficients_times_powers(polynomial: list[int], z: int) -> None:
    assert evaluate(polynomial, z) == sum(c * pow(z, k, P) for k, c in enumerate(polynomial)) % P


@pytest.mark.parametrize(
    ("polynomial", "z", "value"),
    [([], 5, 0), ([7], 5, 7), ([7, 2], 0, 7), ([1, 1, 1], 1, 3), ([0, 1], P - 1, P - 1), ([1, 1], P - 1, 0)],
)
def test_values_known_by_hand(polynomial: list[int], z: int, value: int) -> None:
    assert evaluate(polynomial, z) == value


# --- windows ---------------------------------------------------------------------------------------------------------
@given(polynomial=polynomials, z=points, window=st.integers(1, 15))
@example(polynomial=[MAX_COEFFICIENT] * 64, z=MAX_COEFFICIENT, window=8)
def test_windows_lead_to_the_same_value(polynomial: list[int], z: int, window: int) -> None:
    assert evaluate_in_windows(polynomial, z, window).value == evaluate(polynomial, z)


@given(n=st.integers(2, 100), window=st.integers(1, 15))
def test_windows_are_the_coefficients_from_the_top(n: int, window: int) -> None:
    windows = split_windows(range(n), window)
    assert [k for group in reversed(windows) for k in group] == list(range(n))
    assert 2 <= len(windows[0]) <= window + 1
    assert all(len(group) == window for group in windows[1:])

"""Equity, requirements and the close rule, exact to one atom."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from rollup.margin import (
    CLOSE_BITS,
    Margin,
    compute_equity,
    compute_fill_cash,
    compute_margin,
    compute_requirement,
    is_healthier,
    is_only_reducing,
    is_provable_close,
    is_valid_close,
)
from rollup.units import EQUITY_BITS, MARKET_COUNT, REQUIREMENT_BITS
from tests.scenarios import PARAMS

sizes = st.tuples(*[st.integers(1 - 2**48, 2**48 - 1)] * MARKET_COUNT)
prices = st.tuples(*[st.integers(1, 2**48 - 1)] * MARKET_COUNT)
indices = st.tuples(*[st.integers(1 - 2**72, 2**72 - 1)] * MARKET_COUNT)
cash = st.integers(1 - 2**120, 2**120 - 1)
atoms = st.integers(-(2**60), 2**60)


@given(cash, sizes, prices, indices)
def test_margin_is_exact_and_within_its_bits(
    cash_atoms: int, sizes: tuple[int, ...], marks: tuple[int, ...], funding: tuple[int, ...]
) -> None:
    margin = compute_margin(cash_atoms, sizes, marks, funding, PARAMS)
    usd = Fraction(cash_atoms, 10**18) + sum(
        Fraction(size * mark, 10**12) - Fraction(size * index, 10**18)
        for size, mark, index in zip(sizes, marks, funding, strict=True)
    )
    assert Fraction(margin.equity, 10**18) == usd
    notional = [Fraction(abs(size) * mark, 10**12) for size, mark in zip(sizes, marks, strict=True)]
    initial = sum(n * ppm / 10**6 for n, ppm in zip(notional, PARAMS.initial_ppm, strict=True))
    assert Fraction(margin.initial, 10**18) == initial
    assert abs(margin.equity) < 2**EQUITY_BITS
    assert 0 <= margin.maintenance <= margin.initial < 2**REQUIREMENT_BITS


@given(st.integers(1 - 2**47, 2**47 - 1), st.integers(1, 2**40), st.integers(1, 2**40), st.integers(-(2**60), 2**60))
def test_fill_at_the_mark_leaves_equity_alone(delta: int, price: int, mark: int, index: int) -> None:
    at_mark = compute_equity(compute_fill_cash(delta, mark, index), [delta], [mark], [index])
    assert at_mark == 0
    off_mark = compute_equity(compute_fill_cash(delta, price, index), [delta], [mark], [index])
    assert off_mark == delta * (mark - price) * 10**6


@given(st.integers(-(2**40), 2**40), st.integers(-(2**60), 2**60), st.integers(-(2**60), 2**60))
def test_funding_is_paid_by_longs_to_shorts_as_the_index_rises(size: int, index_0: int, index_1: int) -> None:
    cash_atoms = compute_fill_cash(size, 100, index_0)
    before = compute_equity(cash_atoms, [size], [100], [index_0])
    after = compute_equity(cash_atoms, [size], [100], [index_1])
    assert after - before == -size * (index_1 - index_0)


def test_requirement_of_a_known_position() -> None:
    # 2 AVAX at 25 USD: 50 USD notional, 5 % is 2.5 USD
    assert compute_requirement(-2_000_000, 25_000_000, 50_000) == 25 * 10**17


@pytest.mark.parametrize(("equity", "is_valid"), [(101, True), (100, True), (99, False)])
def test_close_around_the_initial_requirement(equity: int, is_valid: bool) -> None:
    opened, closed = Margin(0, 0, 0), Margin(equity, 100, 60)
    assert is_valid_close(opened, closed, [0], [5]) is is_valid


@pytest.mark.parametrize(("equity", "is_valid"), [(31, True), (30, True), (29, False)])
def test_reducing_close_around_the_health_before(equity: int, is_valid: bool) -> None:
    opened, closed = Margin(40, 100, 80), Margin(equity, 75, 60)  # 40 / 80 == 30 / 60
    assert is_valid_close(opened, closed, [8], [6]) is is_valid


@pytest.mark.parametrize(("size_0", "size_1"), [(8, 9), (8, -1), (-8, -9), (-8, 1), (0, 1)])
def test_invalid_close_below_initial_that_does_not_only_reduce(size_0: int, size_1: int) -> None:
    opened, closed = Margin(40, 100, 80), Margin(50, 75, 60)
    assert is_valid_close(opened, closed, [8], [6])
    assert not is_only_reducing([size_0], [size_1])
    assert not is_valid_close(opened, closed, [size_0], [size_1])


def test_invalid_close_of_an_account_without_positions_below_zero() -> None:
    assert not is_valid_close(Margin(-5, 0, 0), Margin(-5, 0, 0), [0], [0])


@given(atoms, st.integers(1, 2**60), atoms, st.integers(1, 2**60))
def test_healthier_is_the_order_of_the_ratios(e_0: int, m_0: int, e_1: int, m_1: int) -> None:
    assert is_healthier(Margin(e_0, m_0, m_0), Margin(e_1, m_1, m_1)) == (Fraction(e_1, m_1) >= Fraction(e_0, m_0))


@given(st.lists(st.tuples(st.integers(-9, 9), st.integers(-9, 9)), max_size=4))
def test_only_reducing_is_between_zero_and_before(pairs: list[tuple[int, int]]) -> None:
    before, after = [a for a, _ in pairs], [b for _, b in pairs]
    expected = all(b in range(min(a, 0), max(a, 0) + 1) for a, b in pairs)
    assert is_only_reducing(before, after) is expected


@given(atoms, st.integers(1, 2**60), st.integers(0, 2**60))
def test_ordinary_closes_are_provable(equity: int, maintenance: int, closed_maintenance: int) -> None:
    closed = Margin(equity, maintenance, closed_maintenance)
    assume(closed.equity < closed.initial)
    assert is_provable_close(Margin(equity, maintenance, maintenance), closed)


@pytest.mark.parametrize(("excess", "is_provable"), [(-1, True), (0, False)])
def test_close_around_the_bits_of_the_circuit(excess: int, is_provable: bool) -> None:
    opened = Margin(0, 1, 1)
    closed = Margin(2**CLOSE_BITS + excess, 2**250, 0)
    assert is_provable_close(opened, closed) is is_provable

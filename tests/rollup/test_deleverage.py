"""Deleveraging as arithmetic: shares sum to the deficit, cash and lots are conserved, the order is exact."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rollup.accounts import NO_POSITIONS, Account
from rollup.deleverage import NOTHING_LEFT, apply_counterparty, open_deleveraging
from rollup.errors import ValueOutOfRange
from rollup.margin import compute_equity
from rollup.units import MARKET_COUNT

MARKS = (7, 25, 4_000, *[1] * 13)
FUNDING = (-3, 10**6, 5, *[0] * 13)
sizes = st.tuples(*[st.integers(-40, 40)] * 3).map(lambda own: (*own, *NO_POSITIONS[3:]))


@st.composite
def cuts(draw: st.DrawFn, size_lots: int) -> list[int]:
    """Return lots in which counterparties might take a position."""
    left, parts = abs(size_lots), []
    while left:
        parts.append(draw(st.integers(1, left)))
        left -= parts[-1]
    return parts


@given(sizes.filter(any), st.integers(-(10**12), 10**12), st.data())
def test_shares_sum_to_the_deficit_and_nothing_is_made_or_lost(
    victim: tuple[int, ...], equity: int, data: st.DataObject
) -> None:
    cash = equity - compute_equity(0, victim, MARKS, FUNDING)
    rest = open_deleveraging(victim, equity, MARKS)
    assert rest.deficit_atoms == max(-equity, 0)
    shares, moved, other = 0, 0, Account()
    for market in range(MARKET_COUNT):
        for lots in data.draw(cuts(victim[market])):
            share = rest.compute_share(lots, MARKS[market])
            delta = lots if victim[market] > 0 else -lots
            after = apply_counterparty(other, market, delta, MARKS[market], FUNDING[market], share)
            before_equity, after_equity = (
                compute_equity(own.cash_atoms, own.sizes_lots, MARKS, FUNDING) for own in (other, after)
            )
            assert before_equity - after_equity == share >= 0  # at the mark equity falls by exactly the share
            moved += after.cash_atoms - other.cash_atoms
            shares, other = shares + share, after
            rest = rest.take(market, lots, MARKS[market], 1, 1)
    assert shares == max(-equity, 0)
    assert (rest.left_lots, rest.deficit_atoms, rest.notional) == (NO_POSITIONS, 0, 0)
    assert other.sizes_lots == victim
    assert moved + max(equity, 0) == cash  # what the fund gets is what the victim had left


@given(st.integers(0, 10**9), st.lists(st.integers(1, 50), min_size=1, max_size=6))
def test_share_is_within_an_atom_a_lane_of_the_part_of_the_notional(deficit: int, parts: list[int]) -> None:
    rest = open_deleveraging((sum(parts), *NO_POSITIONS[1:]), -deficit, MARKS)
    for n_before, lots in enumerate(parts):
        exact = deficit * lots // sum(parts)
        assert exact - 1 <= rest.compute_share(lots, MARKS[0]) <= exact + 1 + n_before
        rest = rest.take(0, lots, MARKS[0], 1, 1)


@pytest.mark.parametrize(
    ("left", "held", "lots", "can"),
    [
        (5, -5, 5, True),
        (5, -5, 6, False),
        (5, -9, 6, False),
        (9, -5, 6, False),
        (5, -5, 0, False),
        (5, 5, 1, False),
        (-5, -5, 1, False),
        (-5, 3, 3, True),
        (0, -3, 1, False),
        (5, 0, 1, False),
    ],
)
def test_counterparty_takes_what_both_have_at_most(left: int, held: int, lots: int, can: bool) -> None:
    rest = open_deleveraging((left, *NO_POSITIONS[1:]), 0, MARKS)
    assert rest.can_take(0, lots, held) is can


@pytest.mark.parametrize(
    ("market", "notional", "equity", "follows"),
    [(2, 30, 10, True), (2, 31, 10, False), (2, 3, 1, True), (2, 299, 100, True), (1, 1, 100, False), (3, 99, 1, True)],
)
def test_order_is_by_market_and_then_by_leverage(market: int, notional: int, equity: int, follows: bool) -> None:
    last = replace(NOTHING_LEFT, last_market=2, last_notional=30, last_equity_atoms=10)
    assert last.is_in_order(market, notional, equity) is follows


@given(st.integers(0, 15), st.integers(0, 2**96), st.integers(1, 2**125))
def test_anybody_may_be_first(market: int, notional: int, equity: int) -> None:
    assert open_deleveraging((1, *NO_POSITIONS[1:]), -5, MARKS).is_in_order(market, notional, equity)


def test_invalid_counterparty_whose_cash_would_not_fit() -> None:
    with pytest.raises(ValueOutOfRange):
        apply_counterparty(Account(cash_atoms=1 - 2**120), 0, 1, 7, 0, 0)

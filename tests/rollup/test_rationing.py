"""Shares of marginal orders: exact, in order of position, and nobody in the batch without one."""

from __future__ import annotations

from fractions import Fraction
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rollup.rationing import compute_cutoff, find_sharers, ration

remaining_by_position = st.dictionaries(st.integers(0, 99), st.integers(1, 40) | st.integers(1, 2**42), min_size=1)


@st.composite
def rations(draw: st.DrawFn) -> tuple[int, dict[int, int]]:
    remaining = draw(remaining_by_position)
    total = sum(remaining.values())
    return draw(st.integers(0, min(total, 60)) | st.integers(0, total)), remaining


@given(rations())
def test_shares_add_up_and_stay_within_what_may_trade(case: tuple[int, dict[int, int]]) -> None:
    lots, remaining = case
    rationing, shares = ration(1, lots, remaining)
    assert sum(shares.values()) == lots == rationing.marginal_lots
    assert rationing.marginal_remaining == sum(remaining.values())
    assert all(0 <= shares[position] <= remaining[position] for position in remaining)


@given(rations())
def test_each_share_is_the_floor_or_one_lot_more_and_the_first_positions_have_the_more(
    case: tuple[int, dict[int, int]],
) -> None:
    lots, remaining = case
    rationing, shares = ration(0, lots, remaining)
    extra = []
    for position in sorted(remaining):
        floor = Fraction(remaining[position] * lots, sum(remaining.values())).__floor__()
        extra.append(shares[position] - floor)
        assert shares[position] == rationing.compute_share(remaining[position], position)
    assert extra == sorted(extra, reverse=True)
    assert set(extra) <= {0, 1}


@given(rations())
def test_of_two_orders_the_larger_and_the_earlier_never_gets_less(case: tuple[int, dict[int, int]]) -> None:
    lots, remaining = case
    _, shares = ration(0, lots, remaining)
    for one, other in pairwise(sorted(remaining)):
        assert remaining[one] < remaining[other] or shares[one] >= shares[other]


@given(rations())
def test_no_lower_cutoff_gives_the_same_shares(case: tuple[int, dict[int, int]]) -> None:
    lots, remaining = case
    cutoff = compute_cutoff(lots, remaining)
    assert cutoff == 0 or cutoff - 1 in remaining


@given(rations())
def test_sharers_all_get_something_and_together_everything(case: tuple[int, dict[int, int]]) -> None:
    lots, remaining = case
    sharers = find_sharers(lots, remaining)
    assert sharers.items() <= remaining.items()
    shares = ration(0, lots, sharers)[1]
    assert sum(shares.values()) == lots
    assert all(shares.values())
    assert bool(sharers) == bool(lots)


@given(rations())
def test_who_is_left_out_would_have_got_nothing_by_the_floor(case: tuple[int, dict[int, int]]) -> None:
    lots, remaining = case
    sharers = find_sharers(lots, remaining)
    left_out = remaining.keys() - sharers.keys()
    assert all(remaining[position] * lots < sum(remaining.values()) for position in left_out)


def test_shares_of_one_lot_among_equals_go_to_the_first() -> None:
    rationing, shares = ration(0, 1, {3: 5, 7: 5, 9: 5})
    assert (rationing.cutoff, shares) == (4, {3: 1, 7: 0, 9: 0})
    assert find_sharers(1, {3: 5, 7: 5, 9: 5}) == {3: 5}


@pytest.mark.parametrize(("lots", "cutoff"), [(0, 0), (1, 1), (2, 3), (3, 0), (4, 1), (6, 0)])
def test_cutoff_counts_the_lots_that_the_floors_leave(lots: int, cutoff: int) -> None:
    assert compute_cutoff(lots, {0: 2, 2: 2, 5: 2}) == cutoff

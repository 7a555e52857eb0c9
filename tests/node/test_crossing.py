"""The crossing in arrays against the auction of the rules, entry by entry."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rollup.auction import Entry, clear_market, compute_band
from rollup.fund_entry import FUND_RANK
from rollup.orders import ANY_BUY_TICKS, ANY_SELL_TICKS
from sequencer.node import crossing
from sequencer.node.crossing import find_crossing

MARK, BAND_PPM = 50, 200_000  # band 40 to 60
limits = st.one_of(st.integers(35, 65), st.sampled_from([40, 60, 50, ANY_BUY_TICKS, ANY_SELL_TICKS]))
small = st.tuples(st.sampled_from([1, -1]), limits, st.integers(1, 9))
large = st.tuples(st.sampled_from([1, -1]), st.integers(1, 2**48 - 1), st.sampled_from([1, 2**48 - 1]))
books = st.one_of(st.lists(small, max_size=14), st.lists(large, max_size=14))
# liquidations and the fund stand first, and cross like everybody else
ranks = st.sampled_from([0, -2, FUND_RANK])


def assert_same(raw: list[tuple[int, int, int]], mark: int, band_ppm: int, first: int) -> None:
    rows = np.array(raw, np.int64).reshape(-1, 3)
    got = find_crossing(rows[:, 0], rows[:, 1], rows[:, 2], mark, band_ppm)
    entries = [Entry(first + i, 2 + i, *one) for i, one in enumerate(raw)]
    expected = clear_market(entries, mark, band_ppm)
    assert (got.price_ticks, got.reach) == (expected.price_ticks, expected.reach)
    volume = sum(lots for rank, lots in expected.full_lots.items() if raw[rank - first][0] > 0)
    assert got.volume_lots == volume + (expected.marginal_lots if expected.side == 0 else 0)
    demand = sum(lots for direction, limit, lots in raw if direction > 0 and limit >= got.price_ticks)
    supply = sum(lots for direction, limit, lots in raw if direction < 0 and limit <= got.price_ticks)
    assert (got.demand_lots, got.supply_lots) == (demand, supply)


@settings(max_examples=600)
@given(books, st.sampled_from([0, 1, 100_000, BAND_PPM, 10**6]), ranks)
def test_price_and_reach_are_those_of_the_rules(raw: list[tuple[int, int, int]], band_ppm: int, first: int) -> None:
    assert_same(raw, MARK, band_ppm, first)


@settings(max_examples=200)
@given(books, st.one_of(st.integers(1, 2**48 - 1), st.sampled_from([1, 2**48 - 1])), st.integers(0, 10**6))
def test_at_any_mark_and_any_band(raw: list[tuple[int, int, int]], mark: int, band_ppm: int) -> None:
    low, high = compute_band(mark, band_ppm)
    n_near = high - low + 3
    near = [(way, min(max(1, low + limit % n_near - 1), 2**48 - 1), lots) for way, limit, lots in raw]
    assert_same(near, mark, band_ppm, 0)


@given(st.lists(large, min_size=3, max_size=14))
def test_sums_that_int64_might_not_hold_are_integers(raw: list[tuple[int, int, int]]) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(crossing, "MAX_INT64_ORDERS", 2)
        assert_same(raw, 2**47, 10**6, 0)


def test_more_lots_than_int64_holds() -> None:
    n_orders = 2**16 + 2
    directions = np.repeat([1, -1], [n_orders, n_orders])
    limits, lots = np.full(2 * n_orders, MARK), np.full(2 * n_orders, 2**48 - 1)
    got = find_crossing(directions, limits, lots, MARK, BAND_PPM)
    assert (got.price_ticks, got.volume_lots) == (MARK, n_orders * (2**48 - 1))
    assert got.volume_lots > 2**63


@settings(max_examples=300)
@given(books, st.lists(st.tuples(st.integers(1, 30), st.booleans(), st.integers(1, 9)), max_size=6), ranks)
def test_orders_beyond_the_reach_change_nothing(
    raw: list[tuple[int, int, int]], more: list[tuple[int, bool, int]], first: int
) -> None:
    entries = [Entry(first + i, 2 + i, *one) for i, one in enumerate(raw)]
    before = clear_market(entries, MARK, BAND_PPM)
    beyond = []
    for i, (away, is_buy, lots) in enumerate(more):
        limit = before.reach.lowest_ticks - away if is_buy else before.reach.highest_ticks + away
        if 1 <= limit < 2**48:
            beyond.append(Entry(1_000 + i, 99, 1 if is_buy else -1, limit, lots))
    assert clear_market(entries + beyond, MARK, BAND_PPM) == before


def test_reach_is_as_wide_as_said() -> None:
    # one tick further in, an order does change the price
    entries = [Entry(0, 2, 1, 50, 10), Entry(1, 3, -1, 40, 10)]
    before = clear_market(entries, 42, 10**6)
    assert (before.price_ticks, before.reach) == (42, (40, 50))
    assert clear_market([*entries, Entry(2, 4, 1, 45, 10)], 42, 10**6).price_ticks == 46

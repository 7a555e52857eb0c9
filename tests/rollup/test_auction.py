"""The uniform-price auction against trying every price of the band."""

from __future__ import annotations

from dataclasses import replace
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rollup.auction import (
    Clearing,
    Edges,
    Entry,
    clear_market,
    compute_band,
    compute_edges,
    find_self_trades,
    is_marginal,
    pack_auction_word,
)
from rollup.orders import ANY_BUY_TICKS, ANY_SELL_TICKS
from rollup.rationing import Rationing, ration

MARK, BAND_PPM = 50, 200_000  # band 40 to 60
LOW, HIGH = 40, 60

raw_entries = st.lists(
    st.tuples(st.integers(2, 4), st.sampled_from([1, -1]), st.integers(35, 65), st.integers(1, 9)), max_size=10
)


def make_entries(raw: list[tuple[int, int, int, int]]) -> list[Entry]:
    return [Entry(rank, *fields) for rank, fields in enumerate(raw)]


def is_willing(entry: Entry, price: int) -> bool:
    return entry.direction * (entry.limit_ticks - price) >= 0


def is_better(entry: Entry, price: int) -> bool:
    """Whether some price of the band is less good for the entry than this one, and still within its limit."""
    worse = price + entry.direction
    return entry.direction * (entry.limit_ticks - worse) >= 0 and LOW <= worse <= HIGH


def sum_lots(entries: list[Entry], direction: int) -> int:
    return sum(entry.size_lots for entry in entries if entry.direction == direction)


def choose_price_by_trying(entries: list[Entry]) -> tuple[int, int]:
    """Return (price, volume) by the rule as the design words it, over every tick of the band."""
    scores = []
    for price in range(LOW, HIGH + 1):
        willing = [entry for entry in entries if is_willing(entry, price)]
        demand, supply = sum_lots(willing, 1), sum_lots(willing, -1)
        better = [entry for entry in entries if is_better(entry, price)]
        volume = min(demand, supply)
        if max(sum_lots(better, 1), sum_lots(better, -1)) <= volume:
            scores.append((-volume, abs(demand - supply), abs(price - MARK), price))
    volume, _, _, price = min(scores)
    return (price, -volume) if volume else (MARK, 0)


def list_fills(clearing: Clearing) -> dict[int, int]:
    """Return all lots by rank, the rationed ones by arrival."""
    shares = ration(clearing.side, clearing.marginal_lots, clearing.marginal_remaining)[1]
    return clearing.full_lots | shares


def sum_bought(entries: list[Entry], fills: dict[int, int]) -> int:
    return sum(fills.get(entry.rank, 0) for entry in entries if entry.direction > 0)


@settings(max_examples=300)
@given(raw_entries)
def test_price_is_the_one_found_by_trying_all(raw: list[tuple[int, int, int, int]]) -> None:
    entries = make_entries(raw)
    clearing = clear_market(entries, MARK, BAND_PPM)
    assert (clearing.price_ticks, sum_bought(entries, list_fills(clearing))) == choose_price_by_trying(entries)


@settings(max_examples=300)
@given(raw_entries)
def test_every_fill_keeps_every_rule(raw: list[tuple[int, int, int, int]]) -> None:
    entries = make_entries(raw)
    clearing = clear_market(entries, MARK, BAND_PPM)
    fills, price = list_fills(clearing), clearing.price_ticks
    by_rank = {entry.rank: entry for entry in entries}
    assert all(is_willing(by_rank[rank], price) for rank in fills)
    assert all(1 <= lots <= by_rank[rank].size_lots for rank, lots in fills.items())
    assert 2 * sum_bought(entries, fills) == sum(fills.values())
    assert all(fills.get(e.rank) == e.size_lots for e in entries if fills and is_better(e, price))
    rationed = 1 - 2 * clearing.side
    other = [e for e in entries if e.direction != rationed and is_willing(e, price)]
    assert all(fills.get(e.rank) == e.size_lots for e in other if fills and e.rank >= 0)


@settings(max_examples=300)
@given(raw_entries)
def test_no_price_trades_more(raw: list[tuple[int, int, int, int]]) -> None:
    entries = make_entries(raw)
    volume = sum_bought(entries, list_fills(clear_market(entries, MARK, BAND_PPM)))
    for price in range(LOW, HIGH + 1):
        willing = [entry for entry in entries if is_willing(entry, price)]
        assert min(sum_lots(willing, 1), sum_lots(willing, -1)) <= volume


@settings(max_examples=200)
@given(raw_entries, st.randoms())
def test_outcome_does_not_depend_on_the_order_of_the_list(raw: list[tuple[int, int, int, int]], random: Random) -> None:
    entries = make_entries(raw)
    shuffled = list(entries)
    random.shuffle(shuffled)
    assert clear_market(shuffled, MARK, BAND_PPM) == clear_market(entries, MARK, BAND_PPM)


@settings(max_examples=300)
@given(raw_entries, st.integers(1, 4))
def test_entries_below_rank_zero_stand_before_all_marginal_orders(
    raw: list[tuple[int, int, int, int]], n_first: int
) -> None:
    entries = [replace(entry, rank=entry.rank - n_first) for entry in make_entries(raw)]
    clearing = clear_market(entries, MARK, BAND_PPM)
    fills = list_fills(clearing)
    assert all(rank >= 0 for rank in clearing.marginal_remaining)
    for entry in (e for e in entries if e.rank < 0 and fills and is_willing(e, clearing.price_ticks)):
        is_short = fills.get(entry.rank, 0) < entry.size_lots
        behind = [e for e in entries if e.direction == entry.direction and e.rank > entry.rank]
        assert not is_short or all(fills.get(e.rank, 0) == 0 or is_better(e, clearing.price_ticks) for e in behind)


def test_short_side_takes_the_whole_surplus() -> None:
    # one seller of 5 at 45, one buyer of 10 at 55: below 55 the buyer would be better than the price and left partial
    clearing = clear_market([Entry(0, 2, 1, 55, 10), Entry(1, 3, -1, 45, 5)], MARK, BAND_PPM)
    assert clearing == Clearing(55, {1: 5}, 0, 5, {0: 10})


def test_balanced_book_clears_nearest_the_mark() -> None:
    for buy, sell, price in ((55, 45, 50), (49, 45, 49), (58, 53, 53)):
        clearing = clear_market([Entry(0, 2, 1, buy, 5), Entry(1, 3, -1, sell, 5)], MARK, BAND_PPM)
        assert clearing.price_ticks == price


def test_one_lot_each_in_arrival_order() -> None:
    buys = [Entry(rank, 2 + rank, 1, 50, 3) for rank in range(3)]
    clearing = clear_market([*buys, Entry(9, 9, -1, 50, 5)], MARK, BAND_PPM)
    assert list_fills(clearing) == {0: 2, 1: 2, 2: 1, 9: 5}


def test_those_who_would_get_nothing_are_left_out() -> None:
    buys = [Entry(rank, 2 + rank, 1, 50, 3) for rank in range(9)]
    clearing = clear_market([*buys, Entry(9, 9, -1, 50, 4)], MARK, BAND_PPM)
    assert clearing == Clearing(50, {9: 4}, 0, 4, dict.fromkeys(range(4), 3))


def test_market_without_volume_clears_at_the_mark_without_fills() -> None:
    assert clear_market([], MARK, BAND_PPM) == Clearing(MARK)
    assert clear_market([Entry(0, 2, 1, 49, 5), Entry(1, 3, -1, 51, 5)], MARK, BAND_PPM) == Clearing(MARK)


def test_orders_beyond_the_band_share_at_its_edge() -> None:
    # at the band's edge, 60, supply is 5: two buyers above it want 8, and the edge is all that either may pay
    entries = [Entry(0, 2, 1, 61, 4), Entry(1, 3, 1, 65, 4), Entry(2, 4, -1, 60, 5)]
    assert clear_market(entries, MARK, BAND_PPM) == Clearing(60, {2: 5}, 0, 5, {0: 4, 1: 4})
    mirrored = [Entry(e.rank, e.account, -e.direction, 100 - e.limit_ticks, e.size_lots) for e in entries]
    assert clear_market(mirrored, MARK, BAND_PPM) == Clearing(40, {2: 5}, 1, 5, {0: 4, 1: 4})


def test_market_orders_trade_up_to_the_edge_of_the_band() -> None:
    entries = [Entry(0, 2, 1, ANY_BUY_TICKS, 8), Entry(1, 3, -1, ANY_SELL_TICKS, 8)]
    assert clear_market(entries, MARK, BAND_PPM).price_ticks == MARK
    dearest = [entries[0], Entry(1, 3, -1, 58, 5), Entry(2, 4, -1, 60, 5), Entry(3, 4, -1, 61, 5)]
    clearing = clear_market(dearest, MARK, BAND_PPM)
    assert (clearing.price_ticks, list_fills(clearing)) == (60, {0: 8, 1: 5, 2: 3})


def test_better_orders_are_full_before_a_liquidation_at_its_limit_and_that_before_orders_there() -> None:
    buys = [Entry(0, 2, 1, 51, 3), Entry(1, 3, 1, 50, 4), Entry(-1, 4, 1, 50, 4)]
    for sold, fills in ((5, {0: 3, -1: 2}), (8, {0: 3, -1: 4, 1: 1}), (11, {0: 3, -1: 4, 1: 4})):
        clearing = clear_market([*buys, Entry(9, 9, -1, 45, sold)], MARK, BAND_PPM)
        assert list_fills(clearing) == {**fills, 9: sold}


@given(st.integers(1, 2**48 - 1), st.integers(0, 10**6))
def test_band_is_the_widest_that_keeps_the_rule(mark: int, band_ppm: int) -> None:
    low, high = compute_band(mark, band_ppm)
    for price in (low, high):
        assert abs(price - mark) * 10**6 <= band_ppm * mark
        assert 1 <= price < 2**48
    assert (mark - (low - 1)) * 10**6 > band_ppm * mark or low == 1
    assert (high + 1 - mark) * 10**6 > band_ppm * mark or high == 2**48 - 1


@given(st.integers(1, 2**48 - 1), st.integers(0, 10**6), st.integers(-3, 3))
def test_edges_are_where_the_next_price_leaves_the_band(mark: int, band_ppm: int, step: int) -> None:
    low, high = compute_band(mark, band_ppm)
    for edge in (low, high):
        price = min(max(edge + step, low), high)
        edges = compute_edges(price, mark, band_ppm)
        assert edges.at_high == ((price + 1 - mark) * 10**6 > band_ppm * mark)
        assert edges.at_low == ((mark - (price - 1)) * 10**6 > band_ppm * mark)
        # at the ends of the range of prices no limit lies beyond: there it is all the same
        assert edges.at_high == (price == high) or price == 2**48 - 1
        assert edges.at_low == (price == low) or price == 1


@pytest.mark.parametrize(
    ("direction", "limit", "edges", "expected"),
    [
        (1, 50, (False, False), True),
        (1, 51, (False, False), False),
        (1, 51, (False, True), False),
        (1, 51, (True, False), True),
        (-1, 50, (False, False), True),
        (-1, 49, (False, False), False),
        (-1, 49, (True, False), False),
        (-1, 49, (False, True), True),
    ],
)
def test_marginal_is_at_the_limit_or_at_the_bands_edge(
    direction: int, limit: int, edges: tuple[bool, bool], expected: bool
) -> None:
    assert is_marginal(direction, limit, 50, Edges(*edges)) is expected


def test_auction_word_holds_cutoff_side_and_edges() -> None:
    word = pack_auction_word(Rationing(side=1, marginal_lots=5, marginal_remaining=9, cutoff=77), Edges(True, False))
    assert word == 77 + 2**16 + 2**17
    assert pack_auction_word(Rationing(cutoff=2**16 - 1), Edges(False, True)) == 2**16 - 1 + 2**18


@given(raw_entries)
def test_after_holding_back_self_trades_no_account_crosses_itself(raw: list[tuple[int, int, int, int]]) -> None:
    entries = make_entries(raw)
    held = find_self_trades(entries)
    kept = [entry for entry in entries if entry.rank not in held]
    crossing = [
        (buy, sell)
        for buy in kept
        for sell in kept
        if buy.account == sell.account and buy.direction > sell.direction and buy.limit_ticks >= sell.limit_ticks
    ]
    assert crossing == []


@pytest.mark.parametrize(("sell_limit", "held"), [(51, []), (50, [1]), (49, [1])])
def test_self_trade_holds_back_the_newer_order(sell_limit: int, held: list[int]) -> None:
    assert find_self_trades([Entry(0, 2, 1, 50, 5), Entry(1, 2, -1, sell_limit, 5)]) == held
    assert find_self_trades([Entry(0, 2, 1, 50, 5), Entry(1, 3, -1, sell_limit, 5)]) == []

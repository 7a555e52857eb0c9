"""The uniform-price auction against trying every price of the band."""

from __future__ import annotations

from fractions import Fraction
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rollup.auction import Clearing, Entry, clear_market, compute_band, find_self_trades

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
    return entry.direction * (entry.limit_ticks - price) > 0


def sum_lots(entries: list[Entry], direction: int) -> int:
    return sum(entry.size_lots for entry in entries if entry.direction == direction)


def choose_price_by_trying(entries: list[Entry]) -> tuple[int, int]:
    """Return (price, volume) by the rule as DESIGN.md words it, over every tick of the band."""
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


def check_fills(entries: list[Entry], clearing: Clearing) -> None:
    """Assert every rule a fill must keep, as the circuit will."""
    fills, price = clearing.fills_lots, clearing.price_ticks
    by_rank = {entry.rank: entry for entry in entries}
    assert all(is_willing(by_rank[rank], price) for rank in fills)
    assert all(1 <= lots <= by_rank[rank].size_lots for rank, lots in fills.items())
    bought = sum(lots for rank, lots in fills.items() if by_rank[rank].direction > 0)
    assert bought == sum(fills.values()) - bought == clearing.volume_lots
    assert all(fills.get(e.rank) == e.size_lots for e in entries if fills and is_better(e, price))


@settings(max_examples=300)
@given(raw_entries)
def test_price_is_the_one_found_by_trying_all(raw: list[tuple[int, int, int, int]]) -> None:
    entries = make_entries(raw)
    clearing = clear_market(entries, MARK, BAND_PPM)
    kept = [entry for entry in entries if entry.rank not in clearing.held]
    assert (clearing.price_ticks, clearing.volume_lots) == choose_price_by_trying(kept)
    check_fills(kept, clearing)


@settings(max_examples=300)
@given(raw_entries)
def test_no_price_trades_more_when_nothing_is_held_back(raw: list[tuple[int, int, int, int]]) -> None:
    entries = make_entries([(a, d, min(max(limit, LOW), HIGH), size) for a, d, limit, size in raw])
    clearing = clear_market(entries, MARK, BAND_PPM)
    assert clearing.held == ()
    for price in range(LOW, HIGH + 1):
        willing = [entry for entry in entries if is_willing(entry, price)]
        assert min(sum_lots(willing, 1), sum_lots(willing, -1)) <= clearing.volume_lots


@settings(max_examples=300)
@given(raw_entries)
def test_marginal_orders_share_pro_rata_within_one_lot(raw: list[tuple[int, int, int, int]]) -> None:
    entries = make_entries(raw)
    clearing = clear_market(entries, MARK, BAND_PPM)
    for direction in (1, -1):
        own = [e for e in entries if e.direction == direction and e.rank not in clearing.held]
        marginal = [entry for entry in own if entry.limit_ticks == clearing.price_ticks]
        better = sum(entry.size_lots for entry in own if is_better(entry, clearing.price_ticks))
        left, total = clearing.volume_lots - better, sum(entry.size_lots for entry in marginal)
        extra = []
        for entry in marginal if clearing.volume_lots else []:
            floor = Fraction(entry.size_lots * left, total).__floor__()
            extra.append(clearing.fills_lots.get(entry.rank, 0) - floor)
        assert extra == sorted(extra, reverse=True)  # one lot each in arrival order
        assert set(extra) <= {0, 1}


@settings(max_examples=200)
@given(raw_entries, st.randoms())
def test_outcome_does_not_depend_on_the_order_of_the_list(raw: list[tuple[int, int, int, int]], random: Random) -> None:
    entries = make_entries(raw)
    shuffled = list(entries)
    random.shuffle(shuffled)
    assert clear_market(shuffled, MARK, BAND_PPM) == clear_market(entries, MARK, BAND_PPM)


def test_short_side_takes_the_whole_surplus() -> None:
    # one seller of 5 at 45, one buyer of 10 at 55: below 55 the buyer would be better than the price and left partial
    clearing = clear_market([Entry(0, 2, 1, 55, 10), Entry(1, 3, -1, 45, 5)], MARK, BAND_PPM)
    assert clearing == Clearing(55, {0: 5, 1: 5}, ())


def test_balanced_book_clears_nearest_the_mark() -> None:
    for buy, sell, price in ((55, 45, 50), (49, 45, 49), (58, 53, 53)):
        clearing = clear_market([Entry(0, 2, 1, buy, 5), Entry(1, 3, -1, sell, 5)], MARK, BAND_PPM)
        assert clearing.price_ticks == price


def test_one_lot_each_in_arrival_order() -> None:
    buys = [Entry(rank, 2 + rank, 1, 50, 3) for rank in range(3)]
    clearing = clear_market([*buys, Entry(9, 9, -1, 50, 5)], MARK, BAND_PPM)
    assert clearing.fills_lots == {0: 2, 1: 2, 2: 1, 9: 5}


def test_market_without_volume_clears_at_the_mark_without_fills() -> None:
    assert clear_market([], MARK, BAND_PPM) == Clearing(MARK, {}, ())
    assert clear_market([Entry(0, 2, 1, 49, 5), Entry(1, 3, -1, 51, 5)], MARK, BAND_PPM) == Clearing(MARK, {}, ())


def test_orders_beyond_the_band_are_held_back_newest_first() -> None:
    # at the band's edge, 60, supply is 5: two buyers above it want 8, so the newer one waits
    entries = [Entry(0, 2, 1, 61, 4), Entry(1, 3, 1, 65, 4), Entry(2, 4, -1, 60, 5)]
    assert clear_market(entries, MARK, BAND_PPM) == Clearing(60, {0: 4, 2: 4}, (1,))
    mirrored = [Entry(e.rank, e.account, -e.direction, 100 - e.limit_ticks, e.size_lots) for e in entries]
    assert clear_market(mirrored, MARK, BAND_PPM) == Clearing(40, {0: 4, 2: 4}, (1,))


@given(st.integers(1, 2**48 - 1), st.integers(0, 10**6))
def test_band_is_the_widest_that_keeps_the_rule(mark: int, band_ppm: int) -> None:
    low, high = compute_band(mark, band_ppm)
    for price in (low, high):
        assert abs(price - mark) * 10**6 <= band_ppm * mark
        assert 1 <= price < 2**48
    assert (mark - (low - 1)) * 10**6 > band_ppm * mark or low == 1
    assert (high + 1 - mark) * 10**6 > band_ppm * mark or high == 2**48 - 1


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

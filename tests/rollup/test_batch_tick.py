"""Batches whose tick and close matter: stale prices, clamped marks, funding paid, margins raised, fees stepped."""

from __future__ import annotations

from dataclasses import replace

import pytest

from rollup.audit import check_batch
from rollup.identity import check_solvency
from rollup.params import MarketParams
from rollup.rejections import BelowInitial, MarginInsufficient
from rollup.state import Resources, State
from rollup.tick import compute_elapsed, run_tick
from rollup.transition import BatchResult
from tests.random_day import RandomDay
from tests.scenarios import AVAX_PRICE, PARAMS, Exchange

LOTS = 1_000_000_000  # 25,000 USD of AVAX
AVAX = PARAMS.markets[0]


def trade(ex: Exchange, lots: int, price: int = AVAX_PRICE, **batch: object) -> BatchResult:
    """Let account 2 buy (or sell, where lots are negative) from account 3 at one price; return the audited batch."""
    orders = [ex.order(2, lots, price, slot=1), ex.order(3, -lots, price, slot=1)]
    result = ex.batch(orders=orders, **batch)
    assert len(result.fills) == 2
    check_batch(result.trace)
    check_solvency(result.state)
    return result


def open_exchange(market: MarketParams = AVAX, **params: object) -> Exchange:
    """Return an exchange with these parameters, on which accounts 2 and 3 have 10,000 USD each."""
    ex = Exchange(params=replace(PARAMS, markets=(market, *PARAMS.markets[1:]), **params))
    ex.batch(cash=[ex.deposit(2, 10_000), ex.deposit(3, 10_000)])
    return ex


def with_resources(ex: Exchange, **changes: int) -> None:
    """Give the exchange another fee record."""
    header = replace(ex.state.header, resources=Resources(**changes))
    ex.state = State(header, ex.state.tree, ex.state.accounts)


@pytest.mark.parametrize("signers", [(), (0,), (2,)])
def test_stale_batch_trades_nothing_but_takes_deposits(signers: tuple[int, ...]) -> None:
    ex = open_exchange()
    trade(ex, 7 * LOTS)
    fallen = AVAX_PRICE * 96 // 100  # 2 is below maintenance at this price
    order = ex.order(3, LOTS, fallen)
    result = ex.batch(orders=[order], cash=[ex.deposit(4, 5)], marks=(fallen,), signers=signers)
    check_batch(result.trace)
    assert result.trace.tick.stale
    assert (result.fills, result.liquidations, result.waiting) == ((), (), (order,))
    assert result.state.get_account(4).cash_atoms == 5 * 10**18
    assert result.state.header.marks_ticks[0] == AVAX_PRICE
    times = [ex.now_s if signer in signers else ex.now_s - 1 for signer in range(3)]
    assert list(result.state.header.signer_times_s) == times
    fresh = ex.batch(orders=[order], marks=(fallen,), signers=(0, 1))
    assert not fresh.trace.tick.stale
    assert len(fresh.liquidations) == 1


def test_mark_follows_the_oracle_no_faster_than_its_limit() -> None:
    ex = open_exchange(replace(AVAX, max_move_ppm=1_000))
    trade(ex, LOTS)
    target = AVAX_PRICE * 1_005 // 1_000
    marks = [ex.batch(marks=(target,), elapsed_s=s).state.header.marks_ticks[0] for s in (1, 1, 2, 3)]
    assert marks == [25_025_000, 25_050_025, 25_100_125, target]


def test_market_without_positions_takes_the_median_as_it_is() -> None:
    ex = open_exchange(replace(AVAX, max_move_ppm=0))
    assert ex.batch(marks=(AVAX_PRICE * 3,)).state.header.marks_ticks[0] == AVAX_PRICE * 3
    ex.batch(marks=(AVAX_PRICE,))
    trade(ex, LOTS)
    assert ex.batch(marks=(AVAX_PRICE * 3,)).state.header.marks_ticks[0] == AVAX_PRICE


def test_open_interest_is_what_is_held_long() -> None:
    ex = open_exchange()
    held = [trade(ex, lots * LOTS).state.header.open_interest_lots[0] // LOTS for lots in (2, 3, -1, -6, 2)]
    assert held == [2, 5, 4, 2, 0]


def test_longs_pay_shorts_the_premium_of_the_last_trades() -> None:
    ex = open_exchange(replace(AVAX, funding_clamp_ppm=7_500), funding_window_s=10)
    above = AVAX_PRICE * 1_001 // 1_000
    assert trade(ex, LOTS, above).state.header.premiums[0] == 10**8  # 0.1 % for a tenth of the window
    before = [ex.state.get_margin(account, PARAMS).equity for account in (2, 3)]
    header = ex.batch(elapsed_s=2_880).state.header
    assert header.premiums[0] == 10**8  # no fills, no sample
    paid = 25_000 * 10**18 // 10**5  # a tenth of 0.01 % of 25,000 USD
    after = [ex.state.get_margin(account, PARAMS).equity for account in (2, 3)]
    assert [new - old for old, new in zip(before, after, strict=True)] == [-paid, paid]
    assert header.funding_index[0] * LOTS == paid
    check_solvency(ex.state)


def test_small_volume_moves_the_premium_little() -> None:
    ex = open_exchange(replace(AVAX, impact_lots=4 * LOTS), funding_window_s=1)
    above = AVAX_PRICE * 1_001 // 1_000
    premiums = [trade(ex, lots, above).state.header.premiums[0] for lots in (LOTS, -LOTS, 4 * LOTS)]
    assert premiums == [250_000_000, 437_500_000, 10**9]


def test_initial_margin_rises_with_open_interest() -> None:
    ex = open_exchange(replace(AVAX, oi_low_usd=25_000, oi_high_usd=125_000))
    trade(ex, LOTS)
    assert trade(ex, 1_000).trace.tick.fractions.initial_ppm[:2] == (50_000, 40_000)
    trade(ex, LOTS)  # 50,000 USD of positions: a quarter of the way from 5 % to 100 %
    result = ex.batch(orders=[ex.order(2, LOTS, AVAX_PRICE), ex.order(3, -LOTS, AVAX_PRICE)])
    assert result.trace.tick.fractions.initial_ppm[0] == 287_501  # a lot more than half way: ceiled
    assert {type(error) for _, error in result.rejected} == {MarginInsufficient}
    refused = ex.batch(cash=[ex.withdraw(2, 100)])
    assert {type(error) for _, error in refused.rejected} == {BelowInitial}


def test_congestion_raises_initial_at_once_and_maintenance_an_hour_later() -> None:
    ex = open_exchange(congestion_window_s=65_535)
    trade(ex, 7 * LOTS)
    with_resources(ex, congestion_ppm=10**6)
    lower = AVAX_PRICE * 974 // 1_000  # leaves account 2 with 3.1 %
    tick = ex.batch(marks=(lower,)).trace.tick
    assert (tick.fractions.initial_ppm[0], tick.fractions.maintenance_ppm[0]) == (62_500, 30_000)
    bid = ex.order(3, LOTS, lower)
    assert ex.batch(orders=[bid], marks=(lower,), elapsed_s=3_599).liquidations == ()
    result = ex.batch(orders=[bid], marks=(lower,))
    check_batch(result.trace)
    assert result.trace.tick.fractions.maintenance_ppm[0] > 36_000
    assert [liquidation.account for liquidation in result.liquidations] == [2]


def test_base_fees_rise_above_the_target_and_fall_below_it() -> None:
    ex = open_exchange(target_per_s=(4, 1, 10**6), min_base_fee=(10**14, 10**15, 0), congestion_window_s=2)
    with_resources(ex, base_fees=(10**15, 10**16, 800))
    deposits = [ex.deposit(account, 1_000) for account in (4, 5)]
    result = ex.batch(cash=deposits, orders=[ex.order(2, LOTS, AVAX_PRICE), ex.order(3, -LOTS, AVAX_PRICE)])
    check_batch(result.trace)
    tick = result.trace.tick
    assert (tick.order_fee_e6, tick.cash_fee_e6, tick.leaf_fee_e6) == (1_001, 2_001, 10_000)
    assert tick.rent_rate == 10**16 // 31_536_000
    # used 2 * 2 + 2 = 6 of 4 in proving, 2 of 1 leaves, 92 bytes of a million
    resources = result.state.header.resources
    assert resources.base_fees == (10**15 * 17 // 16, 10**16 * 9 // 8, 701)
    assert resources.congestion_ppm == 375_000  # 6 of 8, half of the window
    idle = ex.batch(elapsed_s=1).state.header.resources
    assert idle.base_fees == (10**15 * 17 // 16 * 7 // 8, 10**16 * 9 // 8 * 7 // 8, 614)
    for _ in range(60):
        ex.batch(elapsed_s=65_535)
    assert ex.state.header.resources.base_fees[:2] == (10**14, 10**15)
    assert ex.state.header.resources.congestion_ppm == 0


@pytest.mark.parametrize(("elapsed_s", "counted_s"), [(1, 1), (65_535, 65_535), (65_536, 65_535), (2**39, 65_535)])
def test_elapsed_time_is_counted_up_to_its_cap(elapsed_s: int, counted_s: int) -> None:
    assert compute_elapsed(100, 100 + elapsed_s) == counted_s


def test_checkers_tick_is_the_one_the_lanes_read() -> None:
    day = RandomDay(7)
    for _ in range(6):
        trace = day.run_batch().trace
        ticked = run_tick(trace.header_before, trace.params, trace.oracle, trace.header_after.timestamp_s)
        assert trace.tick == ticked

"""The insurance fund: what it enters, what it may trade, and what its budget and treasury come to."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rollup.accounts import Account
from rollup.fund import FundDues, apply_fund_fill, compute_notional, get_fund_delta, is_fund_price
from rollup.fund_entry import FUND_RANK, FundEntry, make_fund_entries, make_fund_entry
from rollup.orders import Order
from rollup.state import State
from rollup.trace import FundFillTrace
from rollup.units import ATOMS_PER_E6, FUND_ACCOUNT, PPM, TREASURY_ACCOUNT
from tests.rescue_batches import AVAX, DOLLAR, ETH, RescueStage
from tests.scenarios import AVAX_PRICE, PARAMS, Exchange

BAND_PPM = 20_000
BANDED = replace(PARAMS, fund_band_ppm=BAND_PPM)


def hold(*own: int) -> Account:
    return Account(sizes_lots=(*own, *[0] * (16 - len(own))))


@given(st.integers(1, 2**47), st.integers(0, PPM), st.sampled_from([1, -1]))
def test_worst_price_of_the_fund_is_its_band_and_not_a_tick_more(mark: int, band_ppm: int, direction: int) -> None:
    reach = mark * band_ppm // PPM
    assert is_fund_price(mark + direction * reach, mark, direction, band_ppm)
    assert not is_fund_price(mark + direction * (reach + 1), mark, direction, band_ppm)
    assert is_fund_price(mark - direction * (mark - 1), mark, direction, band_ppm)  # never too good


@pytest.mark.parametrize(("held", "delta"), [(9, -4), (-9, 4)])
def test_fund_always_trades_towards_nothing(held: int, delta: int) -> None:
    assert get_fund_delta(hold(held), FundFillTrace(0, 4)) == delta


def test_fill_of_the_fund_pays_no_fee() -> None:
    after = apply_fund_fill(replace(hold(9), cash_atoms=5), 0, -4, 25, 3)
    assert (after.sizes_lots[0], after.cash_atoms) == (5, 5 + 4 * (25 * 10**6 - 3))
    assert compute_notional(FundFillTrace(1, 4), (0, 25)) == 100
    assert compute_notional(None, (0, 25)) == 0


def test_dues_of_fund_and_treasury() -> None:
    dues = FundDues(penalties_atoms=1, base_fees_e6=2, rent_atoms=3, trading_fees_atoms=4, tips_e6=5)
    assert (dues.fund_atoms, dues.treasury_atoms) == (1 + 2 * ATOMS_PER_E6 + 3, 4 + 5 * ATOMS_PER_E6)


@given(st.integers(1, 10**9), st.sampled_from([1, -1]), st.integers(1, 10**6), st.integers(0, 10**13))
def test_entry_fits_position_band_and_budget_at_any_price_it_may_meet(
    size: int, sign: int, mark: int, budget: int
) -> None:
    entry = make_fund_entry(0, sign * size, mark, BANDED, budget)
    highest = mark + mark * 50_000 // PPM  # of the market's band, 5 %: what a sale may get
    highest = highest if sign > 0 else mark + mark * BAND_PPM // PPM
    if entry is None:
        assert budget < highest
        return
    assert (entry.market, entry.direction) == (0, -sign)
    assert 1 <= entry.size_lots <= size
    assert entry.size_lots * highest <= budget
    assert entry.size_lots == size or (entry.size_lots + 1) * highest > budget
    assert entry.limit_ticks == mark - sign * (mark * BAND_PPM // PPM)


def test_entry_stands_before_everything_in_its_market_alone() -> None:
    entry = FundEntry(1, -1, 90, 5)
    (made,) = make_fund_entries(entry, 1)
    assert (made.rank, made.account, made.direction, made.limit_ticks, made.size_lots) == (FUND_RANK, 0, -1, 90, 5)
    assert make_fund_entries(entry, 0) == make_fund_entries(None, 1) == []


@pytest.mark.parametrize(
    ("market", "lots", "limit", "meets"), [(1, 5, 90, True), (1, 5, 89, False), (1, -5, 90, False), (0, 5, 95, False)]
)
def test_entry_is_made_for_orders_that_may_meet_it(market: int, lots: int, limit: int, meets: bool) -> None:
    order: Order = Exchange().make_order(2, lots, limit, market=market)
    assert FundEntry(1, -1, 90, 5).is_met_by(order) is meets


def run_with_fund(*own: int, price_ppm: int = PPM, lots: int = 9 * AVAX, budget: int | None = None) -> RescueStage:
    """Run a batch in which 4 buys, or sells, AVAX and the fund holds these positions against 3."""
    stage = RescueStage(10_000 * DOLLAR)
    stage.hold(3, 90_000 * DOLLAR, *(-size for size in own))
    stage.hold(4, 90_000 * DOLLAR)
    stage.ex.put(FUND_ACCOUNT, sizes_lots=hold(*own).sizes_lots)
    if budget is not None:
        resources = replace(stage.ex.state.header.resources, fund_budget=budget)
        stage.ex.state = State(
            replace(stage.ex.state.header, resources=resources), stage.ex.state.tree, stage.ex.state.accounts
        )
    stage.run(orders=[stage.ex.order(4, lots, AVAX_PRICE * price_ppm // PPM)])
    return stage


def get_fund_size(stage: RescueStage) -> int:
    return stage.ex.state.get_account(FUND_ACCOUNT).sizes_lots[0]


def test_fund_sells_what_it_holds_and_no_more() -> None:
    assert get_fund_size(run_with_fund(20 * AVAX)) == 11 * AVAX
    assert get_fund_size(run_with_fund(5 * AVAX)) == 0
    assert get_fund_size(run_with_fund(-20 * AVAX, lots=-9 * AVAX)) == -11 * AVAX
    assert get_fund_size(run_with_fund(-20 * AVAX)) == -20 * AVAX  # a buyer is no help


def test_fund_does_not_trade_beyond_its_band() -> None:
    assert get_fund_size(run_with_fund(20 * AVAX, price_ppm=980_000)) == 11 * AVAX
    assert get_fund_size(run_with_fund(20 * AVAX, price_ppm=979_999)) == 20 * AVAX


def test_fund_trades_in_its_largest_market_that_an_order_meets() -> None:
    stage = run_with_fund(20 * AVAX, 3 * ETH)
    assert stage.ex.state.get_account(FUND_ACCOUNT).sizes_lots[:2] == (11 * AVAX, 3 * ETH)


def test_fund_stops_where_its_budget_ends() -> None:
    refill = 10_000 * 10**12 // 3_600
    assert get_fund_size(run_with_fund(20 * AVAX, budget=0)) == 20 * AVAX - refill // (AVAX_PRICE * 105 // 100)
    spent = run_with_fund(20 * AVAX, budget=9_000 * 10**12).ex.state.header.resources.fund_budget
    assert 0 < 9_000 * 10**12 + refill - spent < 9 * AVAX * AVAX_PRICE


def test_treasury_takes_fees_and_tips_and_the_fund_the_rest() -> None:
    stage = RescueStage()
    for account in (2, 3):
        stage.hold(account, 9_000 * DOLLAR)
    orders = [stage.ex.order(2, AVAX, AVAX_PRICE, tip_e6=5), stage.ex.order(3, -AVAX, AVAX_PRICE, tip_e6=0)]
    result = stage.run(orders=orders)
    tick, price = result.trace.tick, result.trace.clearing_prices_ticks[0]
    treasury, fund = (result.state.get_account(account).cash_atoms for account in (TREASURY_ACCOUNT, FUND_ACCOUNT))
    assert treasury == 2 * AVAX * price * 500 + 5 * ATOMS_PER_E6
    assert fund == 2 * tick.order_fee_e6 * ATOMS_PER_E6 + 2 * tick.rent_rate

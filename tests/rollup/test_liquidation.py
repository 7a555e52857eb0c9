"""Liquidation step 1: the closed forms against the rules as worded, and batches that liquidate."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from rollup.accounts import Account
from rollup.forced import find_liquidations
from rollup.liquidation import (
    LiquidationCase,
    compute_penalty,
    find_largest_markets,
    is_liquidatable,
    is_out_of_reach,
    is_provable_fill,
    make_case,
)
from rollup.margin import Margin
from rollup.risk import find_liquidatable
from rollup.settle import settle_liquidation
from rollup.signature_cache import SignatureCache
from rollup.state import make_genesis
from rollup.tick import Tick
from rollup.txs.effect import compute_margin_at
from rollup.workspace import Workspace
from tests.scenarios import AVAX_PRICE, ETH_PRICE, PARAMS, START_S, Exchange

MARK = 1_000


@st.composite
def cases(draw: st.DrawFn) -> LiquidationCase:
    """An account below maintenance: a position here, the rest of its requirements elsewhere."""
    size = draw(st.integers(1, 60)) * draw(st.sampled_from([1, -1]))
    maintenance_ppm = draw(st.integers(1, 200_000))
    initial_ppm = draw(st.integers(maintenance_ppm, 300_000))
    maintenance = abs(size) * MARK * maintenance_ppm + draw(st.integers(0, 10**9))
    initial = max(maintenance, abs(size) * MARK * initial_ppm) + draw(st.integers(0, 10**9))
    equity = draw(st.integers(-maintenance, maintenance - 1))
    margin = Margin(equity, initial, maintenance)
    return LiquidationCase(2, 0, size, margin, MARK, initial_ppm, maintenance_ppm)


def compute_after(case: LiquidationCase, fill_lots: int, price: int) -> Margin:
    """Return the margin after a fill, from the definitions."""
    sold = fill_lots if case.size_lots > 0 else -fill_lots
    equity = case.margin.equity + sold * (price - MARK) * 10**6
    closed = fill_lots * MARK
    initial = case.margin.initial - closed * case.initial_ppm
    return Margin(equity, initial, case.margin.maintenance - closed * case.maintenance_ppm)


prices = st.integers(700, 1_300)


@settings(max_examples=300)
@given(cases(), prices)
def test_max_fill_is_the_largest_that_keeps_the_rule(case: LiquidationCase, price: int) -> None:
    held = abs(case.size_lots)
    allowed = []
    for fill_lots in range(1, held + 1):
        one_less = compute_after(case, fill_lots - 1, price)
        if one_less.equity >= one_less.initial:
            break
        allowed.append(fill_lots)
    assert case.compute_max_fill(price) == allowed[-1]


@settings(max_examples=300)
@given(cases(), prices, st.data())
def test_price_is_allowed_exactly_where_health_does_not_fall(
    case: LiquidationCase, price: int, data: st.DataObject
) -> None:
    fill_lots = data.draw(st.integers(1, abs(case.size_lots)))
    after = compute_after(case, fill_lots, price)
    assert case.compute_equity_pre(fill_lots, price) == after.equity
    healthier = after.equity * case.margin.maintenance >= case.margin.equity * after.maintenance
    assert case.is_price_allowed(price) is healthier


@settings(max_examples=300)
@given(cases(), st.integers(0, 300_000))
def test_entry_is_a_price_of_the_band_and_no_smaller_than_any_fill_it_may_get(
    case: LiquidationCase, band_ppm: int
) -> None:
    entry = case.compute_entry(band_ppm)
    reach = MARK * band_ppm // 10**6
    allowed = [price for price in range(MARK - reach, MARK + reach + 1) if case.is_price_allowed(price)]
    assert (entry is None) == (not allowed)
    if entry is not None:
        limit, size_lots = entry
        assert limit == (min(allowed) if case.direction < 0 else max(allowed))
        assert size_lots == max(case.compute_max_fill(price) for price in allowed)


@given(st.integers(1, 2**40), st.integers(1, 2**40), st.integers(0, 10**6), st.integers(-(2**99), 2**99))
def test_penalty_is_the_fee_but_never_more_than_equity(fill: int, price: int, fee_ppm: int, equity: int) -> None:
    penalty = compute_penalty(fill, price, fee_ppm, equity)
    assert penalty in (fill * price * fee_ppm, max(equity, 0))
    assert 0 <= penalty <= fill * price * fee_ppm
    assert penalty == 0 or equity - penalty >= 0


@pytest.mark.parametrize(("equity", "is_due"), [(99, True), (100, False), (101, False), (-1, True)])
def test_liquidatable_one_atom_around_maintenance(equity: int, is_due: bool) -> None:
    assert is_liquidatable(Margin(equity, 150, 100)) is is_due


def test_invalid_liquidation_of_an_account_without_positions() -> None:
    assert not is_liquidatable(Margin(-1, 0, 0))


def test_largest_markets_are_all_that_tie() -> None:
    sizes = (-4, 3, *[0] * 14)
    marks = (AVAX_PRICE, AVAX_PRICE * 2, *[1] * 14)  # 4 * 1 * 30000 == 3 * 2 * 20000
    assert find_largest_markets(sizes, marks, PARAMS) == (0, 1)
    assert find_largest_markets((-4, 2, *[0] * 14), marks, PARAMS) == (0,)


@pytest.mark.parametrize("account_id", [0, 1])
def test_invalid_liquidation_of_fund_or_treasury(account_id: int) -> None:
    sizes, marks = (1_000_000, *[0] * 15), (AVAX_PRICE, *[1] * 15)
    margin = Margin(0, 10**18, 10**18)
    assert make_case(2, sizes, margin, marks, PARAMS) is not None
    assert make_case(account_id, sizes, margin, marks, PARAMS) is None


def test_invalid_liquidation_beyond_what_the_circuit_proves() -> None:
    sizes, marks = (1_000_000, *[0] * 15), (AVAX_PRICE, *[1] * 15)
    most = Margin(1 - 2**99, 2**99 - 1, 10**18)
    case = make_case(2, sizes, most, marks, PARAMS)
    assert case is not None
    assert make_case(2, sizes, replace_equity(most, -(2**99)), marks, PARAMS) is None
    assert make_case(2, sizes, Margin(0, 2**99, 10**18), marks, PARAMS) is None
    huge = (2**92 // (30_000 * AVAX_PRICE) + 1, *[0] * 15)
    assert make_case(2, huge, Margin(0, 10**18, 10**18), marks, PARAMS) is None
    assert is_provable_fill(case, 1, AVAX_PRICE)
    assert not is_provable_fill(case, 1, 1)  # sold far below the mark: equity falls beyond the bound
    assert not is_provable_fill(replace(case, margin=Margin(0, 9, 9)), 2**40, AVAX_PRICE * 2**20)


def replace_equity(margin: Margin, equity: int) -> Margin:
    return margin._replace(equity=equity)


def open_leveraged(long_usd: int = 2_000) -> Exchange:
    """Account 2 is long 1000 AVAX on its deposit; 3 is short the same; 4 has money and no position."""
    ex = Exchange()
    ex.batch(
        cash=[ex.deposit(2, long_usd), ex.deposit(3, 50_000)],
        orders=[ex.order(2, 1_000_000_000, AVAX_PRICE), ex.order(3, -1_000_000_000, AVAX_PRICE)],
    )
    ex.batch(cash=[ex.deposit(4, 90_000), ex.deposit(5, 90_000)])
    return ex


def test_batch_liquidates_no_more_than_the_rule_allows_and_pays_the_fund() -> None:
    ex = open_leveraged()
    fallen = AVAX_PRICE * 94 // 100
    bid = ex.order(4, 1_000_000_000, fallen)
    result = ex.batch(orders=[bid], marks=(fallen, ETH_PRICE))
    (liquidation,) = result.liquidations
    assert (liquidation.account, liquidation.market) == (2, 0)
    assert liquidation.equity_before_atoms < liquidation.maintenance_before_atoms
    # closing at the mark, k lots free k * mark * 5 %: the largest fill is the shortfall in those, rounded up
    equity_before = liquidation.equity_before_atoms
    shortfall = 1_000_000_000 * fallen * 50_000 - equity_before
    assert -liquidation.delta_lots == -(-shortfall // (fallen * 50_000))
    assert liquidation.penalty_atoms == -liquidation.delta_lots * fallen * 10_000
    assert result.state.get_account(0).cash_atoms == liquidation.penalty_atoms
    margin = result.state.get_margin(2, PARAMS)
    assert margin.equity == equity_before - liquidation.penalty_atoms


def test_account_at_exactly_maintenance_is_left_alone() -> None:
    ex = open_leveraged()
    cash_atoms, lots = ex.state.get_account(2).cash_atoms, 1_000_000_000
    # equity - maintenance is cash + lots * mark * (100 % - 3 %): the lowest mark where that is not negative
    edge = -(cash_atoms // (lots * 970_000))
    assert cash_atoms + lots * (edge - 1) * 970_000 < 0 <= cash_atoms + lots * edge * 970_000
    bid = ex.order(4, lots, edge)
    assert ex.batch(orders=[bid], marks=(edge, ETH_PRICE)).liquidations == ()
    assert len(ex.batch(orders=[ex.order(4, lots, edge - 1)], marks=(edge - 1, ETH_PRICE)).liquidations) == 1


def test_liquidated_account_does_not_trade_its_own_orders() -> None:
    ex = open_leveraged()
    fallen = AVAX_PRICE * 94 // 100
    own = ex.order(2, -1_000_000, fallen)
    result = ex.batch(orders=[own, ex.order(4, 1_000_000_000, fallen)], marks=(fallen, ETH_PRICE))
    assert result.waiting == (own,)
    assert [liquidation.account for liquidation in result.liquidations] == [2]


def test_liquidation_never_sells_below_the_price_that_keeps_health() -> None:
    ex = open_leveraged()
    fallen = AVAX_PRICE * 94 // 100
    (account_id, margin), *_ = find_liquidatable(ex.state.accounts, (fallen, *[1] * 15), (0,) * 16, PARAMS)
    case = make_case(account_id, ex.state.get_account(2).sizes_lots, margin, (fallen, *[1] * 15), PARAMS)
    assert case is not None
    limit = case.compute_limit_ticks()
    low = ex.batch(orders=[ex.order(4, 1_000_000_000, limit - 1)], marks=(fallen, ETH_PRICE))
    assert low.liquidations == ()
    at_limit = ex.batch(orders=[ex.order(4, 1_000_000_000, limit)], marks=(fallen, ETH_PRICE))
    assert [liquidation.price_ticks for liquidation in at_limit.liquidations] == [limit]


def test_short_account_is_bought_back_when_the_price_rises() -> None:
    ex = Exchange()
    ex.batch(
        cash=[ex.deposit(2, 2_000), ex.deposit(3, 50_000)],
        orders=[ex.order(2, -1_000_000_000, AVAX_PRICE), ex.order(3, 1_000_000_000, AVAX_PRICE)],
    )
    risen = AVAX_PRICE * 106 // 100
    result = ex.batch(orders=[ex.order(3, -1_000_000_000, risen)], marks=(risen, ETH_PRICE))
    (liquidation,) = result.liquidations
    assert liquidation.delta_lots > 0
    assert result.state.get_account(2).sizes_lots[0] == -1_000_000_000 + liquidation.delta_lots


@given(cases(), prices)
def test_a_fill_at_an_allowed_price_never_sends_health_below_that_before(case: LiquidationCase, price: int) -> None:
    assume(case.is_price_allowed(price))
    fill_lots = case.compute_max_fill(price)
    after = compute_after(case, fill_lots, price)
    assert after.equity * case.margin.maintenance >= case.margin.equity * after.maintenance


TICK = Exchange(state=make_genesis((MARK,), START_S)).next_tick()


@given(cases(), prices, st.data())
def test_what_is_settled_is_the_fill_and_the_penalty_of_its_case(
    case: LiquidationCase, price: int, data: st.DataObject
) -> None:
    fill_lots = data.draw(st.integers(1, abs(case.size_lots)))
    sizes = (case.size_lots, *[0] * 15)
    account = Account(cash_atoms=case.margin.equity - case.size_lots * MARK * 10**6, sizes_lots=sizes)
    delta_lots = case.direction * fill_lots
    after, penalty_atoms = settle_liquidation(account, 0, delta_lots, price, TICK, PARAMS)
    equity_pre = case.compute_equity_pre(fill_lots, price)
    assert penalty_atoms == compute_penalty(fill_lots, price, PARAMS.markets[0].liquidation_fee_ppm, equity_pre)
    assert compute_margin_at(after, TICK).equity == equity_pre - penalty_atoms
    assert after.sizes_lots == (case.size_lots + delta_lots, *[0] * 15)


@settings(max_examples=400)
@given(
    st.integers(-(10**4), 10**4),
    st.integers(1, 10**6),
    st.integers(1, 10**6),
    st.integers(0, 10**6),
    st.integers(-4, 4),
)
def test_a_debt_out_of_reach_leaves_no_price_and_any_other_may(
    size: int, mark: int, maintenance_ppm: int, band_ppm: int, off: int
) -> None:
    assume(size)
    maintenance = abs(size) * mark * maintenance_ppm
    for equity in (-(band_ppm * maintenance // maintenance_ppm) + off, -maintenance, -off, off * maintenance):
        margin = Margin(equity, max(equity, 0) + maintenance + 1, maintenance)
        case = LiquidationCase(2, 0, size, margin, mark, maintenance_ppm, maintenance_ppm)
        is_out = is_out_of_reach(margin, band_ppm, maintenance_ppm)
        assert not (is_out and case.compute_entry(band_ppm))
        assert is_out == (-equity > abs(size) * mark * band_ppm)  # all it holds, moved by the whole band, pays no debt


def test_an_account_out_of_reach_leaves_its_lane_to_the_next() -> None:
    ex = open_leveraged()
    fallen = AVAX_PRICE * 94 // 100
    ruined = ex.put(5, key=(1, 1), sizes_lots=(10**9, *[0] * 15), cash_atoms=-(10**9) * fallen * 10**6 * 2)
    assert ruined.cash_atoms < 0
    workspace = Workspace(ex.state, PARAMS, replace_marks(ex, fallen), SignatureCache())
    assert [forced.case.account for forced in find_liquidations(workspace, 1).values()] == [2]


def replace_marks(ex: Exchange, avax_ticks: int) -> Tick:
    tick = ex.next_tick()
    marks = (avax_ticks, *tick.header.marks_ticks[1:])
    return replace(tick, header=replace(tick.header, marks_ticks=marks))

"""What trades in a batch: admission, margin, lanes, self-trades, and that everything else is accounted for."""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rollup.errors import ValueOutOfRange
from rollup.fees import compute_trading_fee
from rollup.lanes import assign_lanes, choose_fitting
from rollup.orders import Order, SignedOrder, pack_slot
from rollup.rejections import (
    AccountNotOpen,
    CloseNotProvable,
    EpochMismatch,
    MarginInsufficient,
    MarketNotOpen,
    OrderExpired,
    OrderFilled,
    OrderSuperseded,
    SignatureInvalid,
    SlotNonceInvalid,
)
from rollup.shapes import Shape
from rollup.signature import sign
from rollup.signature_cache import SignatureCache
from rollup.transition import BatchResult, ClockNotRising, build_batch
from rollup.units import TREASURY_ACCOUNT
from tests.scenarios import AVAX_PRICE, ETH_PRICE, PARAMS, START_S, Exchange, sign_prices

LOTS = 1_000_000  # 1 AVAX
SHAPE = Shape("test", (1, 1, 1, 2, 3), 6)


def fund(usd: int = 10_000, shape: Shape = SHAPE) -> Exchange:
    ex = Exchange(shape=shape)
    assert ex.batch(cash=[ex.deposit(account, usd) for account in range(2, 8)]).rejected == ()
    return ex


def resign(ex: Exchange, order: Order, signer: int = 2) -> SignedOrder:
    return SignedOrder(order, sign(ex.key_of(signer), order.message(PARAMS.domain)))


def get_refusal(result: BatchResult, signed: SignedOrder) -> Exception:
    ((refused, error),) = result.rejected
    assert refused == signed
    return error


def trade_against(ex: Exchange, signed: SignedOrder) -> BatchResult:
    """Offer both sides generously and return the batch."""
    makers = [ex.order(3, 5 * LOTS, AVAX_PRICE - 99, slot=1), ex.order(4, -5 * LOTS, AVAX_PRICE + 99, slot=1)]
    return ex.batch(orders=[signed, *makers])


def test_buyer_and_seller_meet_at_one_price_and_pay_their_tiers_fee() -> None:
    ex = fund()
    result = ex.batch(orders=[ex.order(2, 3 * LOTS, AVAX_PRICE + 5), ex.order(3, -3 * LOTS, AVAX_PRICE - 5)])
    assert [(fill.order.account, fill.fill_lots, fill.price_ticks) for fill in result.fills] == [
        (2, 3 * LOTS, AVAX_PRICE),
        (3, 3 * LOTS, AVAX_PRICE),
    ]
    fee, tip = compute_trading_fee(3 * LOTS, AVAX_PRICE, 500), 7 * 10**12
    notional = 3 * LOTS * AVAX_PRICE * 10**6
    assert result.state.get_account(2).cash_atoms == 10_000 * 10**18 - notional - fee - tip
    assert result.state.get_account(3).cash_atoms == 10_000 * 10**18 + notional - fee - tip
    assert result.state.get_account(TREASURY_ACCOUNT).cash_atoms == 2 * (fee + tip)
    assert result.state.get_account(2).orders.get(0) == pack_slot(1, 3 * LOTS)
    assert result.state.get_account(2).last_touched_s == ex.now_s


def test_partial_fills_add_up_in_the_slot_until_the_order_is_used_up() -> None:
    ex = fund()
    buy = ex.order(2, 5 * LOTS, AVAX_PRICE)
    for sold, filled in ((2, 2), (3, 5)):
        result = ex.batch(orders=[buy, ex.order(3, -sold * LOTS, AVAX_PRICE)])
        assert result.state.get_account(2).orders.get(0) == pack_slot(1, filled * LOTS)
    error = get_refusal(ex.batch(orders=[buy]), buy)
    assert isinstance(error, OrderFilled)
    assert (error.filled_lots, error.size_lots) == (5 * LOTS, 5 * LOTS)


@pytest.mark.parametrize(
    ("change", "error"),
    [
        ({"size_lots": 0}, ValueOutOfRange),
        ({"flags": 8}, ValueOutOfRange),
        ({"account": 1}, ValueOutOfRange),
        ({"account": 99}, AccountNotOpen),
        ({"market": 2}, MarketNotOpen),
        ({"epoch": 2}, EpochMismatch),
        ({"epoch": 0}, EpochMismatch),
        ({"expiry_s": START_S + 1}, OrderExpired),
        ({"nonce": 256}, SlotNonceInvalid),  # 255 above the slot at most
    ],
)
def test_invalid_order_is_refused_alone(change: dict[str, int], error: type[Exception]) -> None:
    ex = fund()
    signed = resign(ex, replace(ex.order(2, LOTS, AVAX_PRICE + 99).order, **change))
    result = trade_against(ex, signed)
    assert isinstance(get_refusal(result, signed), error)
    assert result.fills == ()


@pytest.mark.parametrize("change", [{"expiry_s": START_S + 2}, {"nonce": 255}, {"nonce": 0}])
def test_order_at_the_edge_of_its_time_and_nonce_trades(change: dict[str, int]) -> None:
    ex = fund()
    signed = resign(ex, replace(ex.order(2, LOTS, AVAX_PRICE + 99).order, **change))
    result = trade_against(ex, signed)
    assert result.rejected == ()
    assert [fill.order.account for fill in result.fills] == [2, 4]


def test_invalid_order_of_a_nonce_below_its_slots() -> None:
    ex = fund()
    old = ex.order(2, LOTS, AVAX_PRICE + 99, nonce=4)
    ex.batch(cash=[ex.cancel(2, 0, 4)])
    assert isinstance(get_refusal(trade_against(ex, old), old), SlotNonceInvalid)


def test_invalid_order_signed_by_another_key_or_altered_after_signing() -> None:
    ex = fund()
    good = ex.order(2, LOTS, AVAX_PRICE + 99)
    for bad in (resign(ex, good.order, signer=3), replace(good, order=replace(good.order, size_lots=2 * LOTS))):
        result = trade_against(ex, bad)
        assert isinstance(get_refusal(result, bad), SignatureInvalid)


def test_higher_nonce_in_a_slot_replaces_a_lower_one_in_either_order_of_arrival() -> None:
    for nonces in ((1, 2), (2, 1)):
        ex = fund()
        first, second = (ex.order(2, LOTS, AVAX_PRICE, nonce=nonce) for nonce in nonces)
        loser = first if nonces == (1, 2) else second
        result = ex.batch(orders=[first, second, ex.order(3, -2 * LOTS, AVAX_PRICE)])
        error = get_refusal(result, loser)
        assert isinstance(error, OrderSuperseded)
        assert (error.nonce, error.winning_nonce) == (1, 2)
        assert [fill.order.nonce for fill in result.fills if fill.order.account == 2] == [2]


def test_same_nonce_twice_in_a_slot_keeps_the_first() -> None:
    ex = fund()
    first, second = ex.order(2, LOTS, AVAX_PRICE, nonce=1), ex.order(2, 2 * LOTS, AVAX_PRICE, nonce=1)
    assert isinstance(get_refusal(ex.batch(orders=[first, second]), second), OrderSuperseded)


def test_own_orders_that_cross_do_not_trade_with_each_other() -> None:
    ex = fund()
    buy, sell = ex.order(2, LOTS, AVAX_PRICE + 1, slot=0), ex.order(2, -LOTS, AVAX_PRICE - 1, slot=1)
    result = ex.batch(orders=[buy, sell])
    assert (result.fills, result.waiting) == ((), (sell,))


def test_margin_at_one_atom_around_the_initial_requirement() -> None:
    # buying q lots at the mark leaves equity = cash - fee - tip; it must cover q * mark * 5 %
    for excess_lots, n_fills in ((0, 2), (1, 0)):
        ex = fund()
        per_lot = AVAX_PRICE * (50_000 + 500)
        lots = (10_000 * 10**18 - 7 * 10**12) // per_lot + excess_lots
        ex.batch(cash=[ex.deposit(3, 100_000)])
        buy = ex.order(2, lots, AVAX_PRICE)
        result = ex.batch(orders=[buy, ex.order(3, -lots, AVAX_PRICE)])
        assert len(result.fills) == n_fills
        if excess_lots:
            error = get_refusal(result, buy)
            assert isinstance(error, MarginInsufficient)
            assert error.equity_atoms < error.required_atoms


def test_refused_order_leaves_the_other_side_to_the_next_best() -> None:
    ex = fund()
    too_large = ex.order(2, 10_000 * LOTS, AVAX_PRICE + 2)
    result = ex.batch(
        orders=[
            too_large,
            ex.order(3, LOTS, AVAX_PRICE),
            ex.order(4, -10_000 * LOTS, AVAX_PRICE + 1),
            ex.order(5, -LOTS, AVAX_PRICE),
        ]
    )
    assert {fill.order.account for fill in result.fills} == {3, 5}
    assert sorted(signed.order.account for signed, _ in result.rejected) == [2, 4]


def test_margin_blames_the_order_that_opens_and_not_the_one_that_closes() -> None:
    ex = fund()
    ex.batch(orders=[ex.order(2, 100 * LOTS, AVAX_PRICE), ex.order(3, -100 * LOTS, AVAX_PRICE)])
    opens = ex.order(2, 100 * LOTS, ETH_PRICE, market=1, slot=1)
    closes = ex.order(2, -100 * LOTS, AVAX_PRICE, slot=2)
    others = [ex.order(4, -100 * LOTS, ETH_PRICE, market=1), ex.order(5, 100 * LOTS, AVAX_PRICE)]
    result = ex.batch(orders=[opens, closes, *others])
    assert {signed.order.account: signed.order.market for signed, _ in result.rejected} == {2: 1, 4: 1}
    assert result.state.get_account(2).sizes_lots[0] == 0


def test_account_below_initial_may_still_reduce() -> None:
    ex = fund()
    lots = 7_500 * LOTS  # 187,500 USD on 10,000: initial 9,375
    ex.batch(cash=[ex.deposit(3, 100_000)])
    ex.batch(orders=[ex.order(2, lots, AVAX_PRICE), ex.order(3, -lots, AVAX_PRICE)])
    lower = AVAX_PRICE * 98 // 100
    marks = (lower, ETH_PRICE)
    more = ex.batch(orders=[ex.order(2, LOTS, lower, slot=1), ex.order(3, -LOTS, lower)], marks=marks)
    assert isinstance(more.rejected[0][1], MarginInsufficient)
    far_below = lower * 96 // 100  # 4 % under the mark costs more than the 3.4 % of equity per notional it frees
    worse = ex.batch(orders=[ex.order(2, -LOTS, far_below, slot=2), ex.order(4, LOTS, far_below)], marks=marks)
    assert [type(error) for _, error in worse.rejected] == [MarginInsufficient]
    less = ex.batch(orders=[ex.order(2, -LOTS, lower, slot=3), ex.order(4, LOTS, lower, slot=1)], marks=marks)
    assert less.rejected == ()
    margin = less.state.get_margin(2, PARAMS)
    assert margin.maintenance <= margin.equity < margin.initial


def test_close_beyond_the_circuits_bits_is_refused() -> None:
    ex = fund()
    # short 2**47 lots at 2**47 ticks with 4 % equity: below the initial 5 %, above the maintenance of 3 %
    mark, notional = 2**47, 2**94 * 10**6
    ex.batch(marks=(mark, ETH_PRICE))  # while nobody holds a position
    whale = ex.put(2, sizes_lots=(-(2**47), *[0] * 15), cash_atoms=notional + notional * 4 // 100)
    ex.put(3, sizes_lots=(2**47, *[0] * 15), cash_atoms=-notional + notional * 10 // 100)
    low = mark * 96 // 100  # a little bought far below the mark: health rises by more than 208 bits of products
    result = ex.batch(orders=[ex.order(2, 2**42, low), ex.order(3, -(2**42), low)], marks=(mark, ETH_PRICE))
    assert {type(error) for _, error in result.rejected} == {CloseNotProvable}
    assert result.state.get_account(2).sizes_lots == whale.sizes_lots


def test_accounts_beyond_the_lanes_wait_and_trade_later() -> None:
    ex = fund(shape=Shape("narrow", (1, 1), 6))
    orders = [ex.order(account, LOTS * (1 if account % 2 else -1), AVAX_PRICE) for account in range(2, 8)]
    settled: set[int] = set()
    for _ in range(3):
        result = ex.batch(orders=orders)
        assert len(result.fills) == 2
        settled |= {fill.order.account for fill in result.fills}
        orders = [signed for signed in orders if signed.order.account not in settled]
    assert settled == set(range(2, 8))


def test_several_fills_of_one_account_take_one_wide_lane() -> None:
    ex = fund()
    maker = [ex.order(2, LOTS, AVAX_PRICE - i, slot=i) for i in range(3)]
    takers = [ex.order(account, -LOTS, AVAX_PRICE - 3) for account in (3, 4, 5)]
    result = ex.batch(orders=[*maker, *takers])
    (lane,) = (lane for lane in result.trace.trade_lanes if lane.account_id == 2)
    assert (lane.capacity, len(lane.fills)) == (3, 3)
    assert [fill.order.slot for fill in lane.fills] == [0, 1, 2]


def test_fills_beyond_the_widest_lane_wait() -> None:
    ex = fund(shape=Shape("narrow", (1, 1, 2), 6))
    maker = [ex.order(2, LOTS, AVAX_PRICE, slot=i) for i in range(3)]
    result = ex.batch(orders=[*maker, ex.order(3, -3 * LOTS, AVAX_PRICE)])
    assert [fill.order.slot for fill in result.fills if fill.order.account == 2] == [0, 1]
    assert result.waiting == (maker[2],)


def test_every_order_is_filled_rejected_waiting_or_without_a_price() -> None:
    ex = fund()
    orders = [ex.order(2, LOTS, AVAX_PRICE), ex.order(3, -LOTS, AVAX_PRICE), ex.order(4, LOTS, AVAX_PRICE - 9)]
    result = ex.batch(orders=orders)
    assert [fill.order for fill in result.fills] == [orders[0].order, orders[1].order]
    assert (result.rejected, result.waiting) == ((), ())


def test_batch_with_nothing_to_do_is_idle_and_only_ticks() -> None:
    ex = fund()
    before = ex.state
    result = ex.batch(marks=(AVAX_PRICE + 1, ETH_PRICE))
    assert result.is_idle
    assert result.state.header.accounts_root == before.header.accounts_root
    assert result.state.header.batch_number == before.header.batch_number + 1
    assert result.state.header.marks_ticks[:3] == (AVAX_PRICE + 1, ETH_PRICE, 1)


def test_marks_not_given_stay() -> None:
    ex = fund()
    assert ex.batch(marks=(AVAX_PRICE + 1,)).state.header.marks_ticks[:3] == (AVAX_PRICE + 1, ETH_PRICE, 1)


@pytest.mark.parametrize("step_s", [0, -1])
def test_invalid_batch_whose_time_does_not_rise(step_s: int) -> None:
    state = fund().state
    with pytest.raises(ClockNotRising):
        build_batch(state, PARAMS, SHAPE, oracle=(), timestamp_s=state.header.timestamp_s + step_s)


@pytest.mark.parametrize("mark", [0, 2**48])
def test_invalid_batch_with_a_price_out_of_range(mark: int) -> None:
    ex = fund()
    with pytest.raises(ValueOutOfRange):
        ex.batch(marks=(mark,))


def test_building_a_batch_twice_gives_the_same_trace_and_leaves_the_state() -> None:
    ex = fund()
    state, root = ex.state, ex.state.tree.root
    orders = [ex.order(2, LOTS, AVAX_PRICE), ex.order(3, -LOTS, AVAX_PRICE)]
    oracle = sign_prices(PARAMS, (AVAX_PRICE,), ex.now_s)
    args = {"oracle": oracle, "timestamp_s": ex.now_s + 1, "orders": orders}
    first, second = (build_batch(state, PARAMS, SHAPE, **args) for _ in range(2))
    assert first.trace == second.trace
    assert (state.tree.root, state.get_account(2).sizes_lots[0]) == (root, 0)


def test_signature_cache_trusts_only_what_it_was_told_or_verified() -> None:
    ex = fund()
    signed, cache = ex.order(2, LOTS, AVAX_PRICE), SignatureCache(max_entries=1)
    key, message = ex.state.get_account(2).key, signed.order.message(PARAMS.domain)
    assert cache.is_valid(key, message, signed.signature)
    assert not cache.is_valid(key, message + 1, signed.signature)
    cache.trust(key, message + 1, signed.signature)
    assert cache.is_valid(key, message + 1, signed.signature)
    assert not cache.is_valid(key, message + 2, signed.signature)  # the first entry is forgotten, nothing is invented


counts = st.lists(st.integers(1, 5), max_size=5).map(lambda fills: list(enumerate(fills)))
capacities = st.lists(st.integers(1, 4), min_size=1, max_size=5)


@given(counts, capacities)
def test_lanes_hold_what_was_chosen_for_them(counts: list[tuple[int, int]], capacities: list[int]) -> None:
    chosen = choose_fitting(counts, capacities)
    assert all(1 <= chosen[account] <= n_fills for account, n_fills in counts if account in chosen)
    lanes = assign_lanes(list(chosen.items()), capacities)
    assert len(set(lanes.values())) == len(lanes) == len(chosen)
    assert all(capacities[lane] >= chosen[account] for account, lane in lanes.items())


@given(counts, capacities)
def test_account_of_highest_priority_gets_what_the_widest_lane_holds(
    counts: list[tuple[int, int]], capacities: list[int]
) -> None:
    chosen = choose_fitting(counts, capacities)
    assert len(chosen) == min(len(counts), len(capacities))
    if counts:
        assert chosen[0] == min(counts[0][1], max(capacities))


@given(st.lists(st.integers(1, 4), min_size=1, max_size=4), st.lists(st.integers(1, 4), min_size=1, max_size=4))
def test_fills_that_fit_in_some_way_are_all_taken(fills: list[int], capacities: list[int]) -> None:
    lanes = sorted(capacities, reverse=True)
    fits = len(fills) <= len(lanes) and all(map(int.__le__, sorted(fills, reverse=True), lanes))
    by_trying = any(
        all(a <= b for a, b in zip(sorted(fills), sorted(subset), strict=True))
        for subset in combinations(capacities, len(fills))
    )
    chosen = choose_fitting(list(enumerate(fills)), capacities)
    assert (chosen == dict(enumerate(fills))) == fits == by_trying

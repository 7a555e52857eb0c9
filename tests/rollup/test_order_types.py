"""What flags, fees and rent mean for an order: IOC, reduce-only, post-only, market orders, charges, rebates."""

from __future__ import annotations

import pytest

from rollup.audit import check_batch
from rollup.fees import compute_trading_fee
from rollup.orders import ANY_BUY_TICKS, ANY_SELL_TICKS, IOC, POST_ONLY, REDUCE_ONLY, pack_slot
from rollup.rejections import MarginInsufficient, SlotNonceInvalid
from rollup.shapes import Shape
from rollup.transition import BatchResult
from rollup.units import ATOMS_PER_E6, FUND_ACCOUNT, TREASURY_ACCOUNT
from tests.scenarios import AVAX_PRICE, ETH_PRICE, PRICED, Exchange

LOTS = 1_000_000  # 1 AVAX
SHAPE = Shape("test", (1, 1, 1, 2, 3), 6, (3, 2))


def fund(usd: int = 10_000, **sizes_lots: int) -> Exchange:
    """Return an exchange with accounts 2 to 7; `a2=5` gives account 2 five lots of the first market."""
    ex = Exchange(shape=SHAPE)
    assert ex.batch(cash=[ex.deposit(account, usd) for account in range(2, 8)]).rejected == ()
    for name, size in sizes_lots.items():
        account_id = int(name[1:])
        cash_atoms = ex.state.get_account(account_id).cash_atoms - size * AVAX_PRICE * 10**6
        ex.put(account_id, sizes_lots=(size, *[0] * 15), cash_atoms=cash_atoms)
    return ex


def list_fills(result: BatchResult) -> dict[tuple[int, int], int]:
    """Return lots by account and slot, the batch checked."""
    check_batch(result.trace)
    return {(fill.order.account, fill.order.slot): fill.fill_lots for fill in result.fills}


def test_what_an_ioc_order_leaves_is_void() -> None:
    ex = fund()
    buy = ex.order(2, 5 * LOTS, AVAX_PRICE, nonce=9, flags=IOC)
    result = ex.batch(orders=[buy, ex.order(3, -2 * LOTS, AVAX_PRICE)])
    assert list_fills(result)[2, 0] == 2 * LOTS
    assert result.state.get_account(2).orders.get(0) == pack_slot(10, 0)
    ((_, error),) = ex.batch(orders=[buy, ex.order(3, -2 * LOTS, AVAX_PRICE)]).rejected
    assert isinstance(error, SlotNonceInvalid)


def test_ioc_order_filled_completely_moves_its_slot_on_as_well() -> None:
    ex = fund()
    result = ex.batch(orders=[ex.order(2, LOTS, AVAX_PRICE, nonce=9, flags=IOC), ex.order(3, -LOTS, AVAX_PRICE)])
    assert result.state.get_account(2).orders.get(0) == pack_slot(10, 0)


def test_ioc_order_that_meets_nobody_changes_nothing() -> None:
    ex = fund()
    result = ex.batch(orders=[ex.order(2, LOTS, AVAX_PRICE, flags=IOC)])
    assert (result.fills, result.rejected, result.waiting) == ((), (), ())


@pytest.mark.parametrize(("position", "filled"), [(-3 * LOTS, 3 * LOTS), (-9 * LOTS, 5 * LOTS)])
def test_reduce_only_closes_no_more_than_the_position(position: int, filled: int) -> None:
    ex = fund(a2=position, a3=-position)
    buy = ex.order(2, 5 * LOTS, AVAX_PRICE + 9, flags=REDUCE_ONLY)
    result = ex.batch(orders=[buy, ex.order(4, -9 * LOTS, AVAX_PRICE)])
    assert list_fills(result)[2, 0] == filled
    assert result.state.get_account(2).sizes_lots[0] == position + filled
    assert result.state.get_account(2).orders.get(0) == pack_slot(1, filled)


@pytest.mark.parametrize("position", [0, 3 * LOTS])
def test_reduce_only_waits_where_it_would_open_or_grow(position: int) -> None:
    ex = fund(a2=position, a3=-position)
    buy = ex.order(2, 5 * LOTS, AVAX_PRICE + 9, flags=REDUCE_ONLY)
    result = ex.batch(orders=[buy, ex.order(4, -9 * LOTS, AVAX_PRICE)])
    assert (list_fills(result), result.waiting) == ({}, (buy,))


def test_reduce_only_orders_of_one_account_share_its_position_in_lane_order() -> None:
    ex = fund(a2=5 * LOTS, a3=-5 * LOTS)
    first, second, third = (
        ex.order(2, -lots * LOTS, AVAX_PRICE - 9, slot=lots, flags=REDUCE_ONLY) for lots in (3, 4, 1)
    )
    result = ex.batch(orders=[first, second, third, ex.order(4, 9 * LOTS, AVAX_PRICE)])
    assert list_fills(result) == {(2, 3): 3 * LOTS, (2, 4): 2 * LOTS, (4, 0): 5 * LOTS}
    assert result.waiting == (third,)


def test_resting_reduce_only_order_does_not_stand_in_the_way_of_another() -> None:
    ex = fund(a2=5 * LOTS, a3=-5 * LOTS)
    take_profit = ex.order(2, -5 * LOTS, AVAX_PRICE + 999, slot=1, flags=REDUCE_ONLY)
    close = ex.order(2, -5 * LOTS, ANY_SELL_TICKS, slot=2, flags=REDUCE_ONLY | IOC)
    result = ex.batch(orders=[take_profit, close, ex.order(4, 9 * LOTS, AVAX_PRICE)])
    assert list_fills(result) == {(2, 2): 5 * LOTS, (4, 0): 5 * LOTS}


def test_reduce_only_order_that_was_cut_and_still_does_not_fit_waits() -> None:
    # 10 lots over 4 + 4 + 4: the first reduces by 3, which leaves 2 to the second; over 4 + 2 + 4 it reduces by 4
    ex = fund(a2=5 * LOTS, a3=-5 * LOTS)
    own = [ex.order(2, -4 * LOTS, AVAX_PRICE, slot=slot, flags=REDUCE_ONLY) for slot in (1, 2)]
    result = ex.batch(orders=[*own, ex.order(4, 10 * LOTS, AVAX_PRICE), ex.order(5, -4 * LOTS, AVAX_PRICE)])
    assert list_fills(result) == {(2, 1): 4 * LOTS, (5, 0): 4 * LOTS, (4, 0): 8 * LOTS}
    assert result.waiting == (own[1],)


def test_reduce_only_orders_that_share_leave_each_other_room() -> None:
    ex = fund(a2=5 * LOTS, a3=-5 * LOTS)
    own = [ex.order(2, -4 * LOTS, AVAX_PRICE, slot=slot, flags=REDUCE_ONLY) for slot in (1, 2)]
    result = ex.batch(orders=[*own, ex.order(4, 3 * LOTS, AVAX_PRICE), ex.order(5, -4 * LOTS, AVAX_PRICE)])
    assert list_fills(result) == {(2, 1): LOTS, (2, 2): LOTS, (5, 0): LOTS, (4, 0): 3 * LOTS}


@pytest.mark.parametrize(("lots", "limit"), [(LOTS, AVAX_PRICE), (LOTS, AVAX_PRICE + 1), (-LOTS, AVAX_PRICE)])
def test_post_only_waits_at_the_mark_and_across_it(lots: int, limit: int) -> None:
    ex = fund()
    maker = ex.order(2, lots, limit, flags=POST_ONLY)
    result = ex.batch(orders=[maker, ex.order(3, -lots, limit)])
    assert (list_fills(result), result.waiting) == ({}, (maker,))


@pytest.mark.parametrize("direction", [1, -1])
def test_post_only_earns_the_maker_fee_and_the_taker_pays_for_it(direction: int) -> None:
    ex = fund()
    limit = AVAX_PRICE - direction  # one tick from the mark
    maker = ex.order(2, direction * LOTS, limit, flags=POST_ONLY)
    result = ex.batch(orders=[maker, ex.order(3, -direction * LOTS, limit)])
    assert list_fills(result) == {(2, 0): LOTS, (3, 0): LOTS}
    fees = {fill.order.account: fill.dues.trading_fee_atoms for fill in result.fills}
    assert fees == {2: compute_trading_fee(LOTS, limit, -100), 3: compute_trading_fee(LOTS, limit, 500)}
    tips = 2 * 7 * ATOMS_PER_E6
    assert result.state.get_account(TREASURY_ACCOUNT).cash_atoms == sum(fees.values()) + tips


def test_rebate_that_the_batch_does_not_pay_for_waits() -> None:
    ex = fund()
    for account in (2, 3):
        ex.put(account, tier=7)  # maker -300, taker 100
    maker = ex.order(2, LOTS, AVAX_PRICE - 1, flags=POST_ONLY)
    poor = [maker, ex.order(3, -LOTS, AVAX_PRICE - 1)]
    result = ex.batch(orders=poor)
    assert (list_fills(result), result.waiting) == ({}, (maker,))
    payers = [ex.order(4, LOTS, ETH_PRICE, market=1), ex.order(5, -LOTS, ETH_PRICE, market=1)]
    result = ex.batch(orders=[*poor, *payers])
    assert list_fills(result)[2, 0] == LOTS
    assert sum(fill.dues.trading_fee_atoms for fill in result.fills) > 0


def test_of_two_rebate_earners_the_newer_waits() -> None:
    ex = fund()
    for account, tier in ((3, 7), (4, 7), (5, 6)):
        ex.put(account, tier=tier)
    # rebates of 100 and 300 ppm, fees of 100 and 200: without the second maker the takers share one fill
    makers = [ex.order(account, 2 * LOTS, AVAX_PRICE - 1, flags=POST_ONLY) for account in (2, 3)]
    takers = [ex.order(account, -2 * LOTS, AVAX_PRICE - 1) for account in (4, 5)]
    result = ex.batch(orders=[*makers, *takers])
    assert result.waiting == (makers[1],)
    assert list_fills(result) == {(2, 0): 2 * LOTS, (4, 0): LOTS, (5, 0): LOTS}


def test_market_orders_of_both_sides_meet_at_the_mark() -> None:
    ex = fund()
    result = ex.batch(orders=[ex.order(2, LOTS, ANY_BUY_TICKS), ex.order(3, -LOTS, ANY_SELL_TICKS)])
    assert (list_fills(result), result.fills[0].price_ticks) == ({(2, 0): LOTS, (3, 0): LOTS}, AVAX_PRICE)


def test_market_orders_share_what_the_band_holds() -> None:
    ex = fund()
    edge = AVAX_PRICE * 105 // 100
    buys = [ex.order(account, lots, ANY_BUY_TICKS) for account, lots in ((2, 3 * LOTS), (3, 1 * LOTS))]
    result = ex.batch(orders=[*buys, ex.order(4, -2 * LOTS, edge), ex.order(5, -LOTS, edge + 1)])
    assert list_fills(result) == {(2, 0): 3 * LOTS // 2, (3, 0): LOTS // 2, (4, 0): 2 * LOTS}
    assert result.trace.clearing_prices_ticks[0] == edge


def priced(usd: int = 10_000) -> Exchange:
    ex = Exchange(shape=SHAPE, state=PRICED)
    assert ex.batch(cash=[ex.deposit(account, usd) for account in range(2, 8)]).rejected == ()
    return ex


def test_order_pays_its_place_and_its_tip_once() -> None:
    ex = priced()
    buy = ex.order(2, 5 * LOTS, AVAX_PRICE, tip_e6=11, max_fee_e6=ex.next_tick().order_fee_e6)
    for charged in (True, False):
        before, tick = ex.state, ex.next_tick()
        assert tick.order_fee_e6 > 1_000
        result = ex.batch(orders=[buy, ex.order(3, -2 * LOTS, AVAX_PRICE, tip_e6=0)])
        assert list_fills(result)[2, 0] == 2 * LOTS
        paid = {fill.order.account: fill.dues.charge for fill in result.fills}
        assert paid == {2: (tick.order_fee_e6 * charged, 11 * charged), 3: (tick.order_fee_e6, 0)}
        gained = {
            account: result.state.get_account(account).cash_atoms - before.get_account(account).cash_atoms
            for account in (FUND_ACCOUNT, TREASURY_ACCOUNT)
        }
        rent_atoms = 2 * tick.rent_rate  # two accounts, one second
        assert gained[FUND_ACCOUNT] == (1 + charged) * tick.order_fee_e6 * ATOMS_PER_E6 + rent_atoms
        fees_atoms = 2 * compute_trading_fee(2 * LOTS, AVAX_PRICE, 500)
        assert gained[TREASURY_ACCOUNT] == fees_atoms + 11 * charged * ATOMS_PER_E6


def test_order_waits_while_a_place_costs_more_than_it_gives_and_then_no_longer_asks() -> None:
    ex = priced()
    cheap = ex.order(2, 5 * LOTS, AVAX_PRICE, max_fee_e6=0)
    result = ex.batch(orders=[cheap, ex.order(3, -2 * LOTS, AVAX_PRICE)])
    assert (list_fills(result), result.waiting) == ({}, (cheap,))
    ex.put(2, orders=ex.state.get_account(2).orders.set(0, pack_slot(cheap.order.nonce, 1)))  # its first fill is paid
    assert list_fills(ex.batch(orders=[cheap, ex.order(3, -2 * LOTS, AVAX_PRICE)]))[2, 0] == 2 * LOTS


@pytest.mark.parametrize("short_e6", [0, 1])
def test_order_trades_from_exactly_what_a_place_costs(short_e6: int) -> None:
    ex = priced()
    buy = ex.order(2, LOTS, AVAX_PRICE, max_fee_e6=ex.next_tick().order_fee_e6 - short_e6)
    result = ex.batch(orders=[buy, ex.order(3, -LOTS, AVAX_PRICE)])
    assert len(list_fills(result)) == (0 if short_e6 else 2)


def test_lane_charges_rent_before_anything_else() -> None:
    ex = priced()
    before, tick = ex.state.get_account(2), ex.next_tick()
    orders = [ex.order(2, LOTS, AVAX_PRICE), ex.order(3, -LOTS, AVAX_PRICE)]
    result = ex.batch(orders=orders, elapsed_s=1_000)
    spent = before.cash_atoms - result.state.get_account(2).cash_atoms
    dues_atoms = result.fills[0].dues.atoms
    assert tick.rent_rate > 0
    assert spent == LOTS * AVAX_PRICE * 10**6 + dues_atoms + 1_000 * tick.rent_rate
    assert result.state.get_account(2).last_touched_s == ex.now_s


@pytest.mark.parametrize(("short_atoms", "n_fills"), [(0, 2), (1, 0)])
def test_margin_at_close_is_what_rent_and_charges_leave(short_atoms: int, n_fills: int) -> None:
    ex = priced()
    tick = ex.next_tick()
    required = LOTS * AVAX_PRICE * (50_000 + 500) + (tick.order_fee_e6 + 7) * ATOMS_PER_E6 + tick.rent_rate
    ex.put(2, cash_atoms=required - short_atoms)
    result = ex.batch(orders=[ex.order(2, LOTS, AVAX_PRICE), ex.order(3, -LOTS, AVAX_PRICE)])
    assert len(list_fills(result)) == n_fills
    assert [type(error) for _, error in result.rejected] == [MarginInsufficient] * short_atoms


@pytest.mark.parametrize("signers", [(0, 1), (0,)])
def test_nothing_trades_in_a_stale_batch(signers: tuple[int, ...]) -> None:
    ex, fallen = fund(a2=10**10, a3=-(10**10)), AVAX_PRICE * 98 // 100
    assert not ex.batch(orders=[], marks=(fallen, ETH_PRICE)).liquidations  # nobody to take the other side
    orders = [ex.order(4, 2 * LOTS, fallen), ex.order(5, -LOTS, fallen)]
    result = ex.batch(orders=orders, marks=(fallen, ETH_PRICE), signers=signers)
    assert bool(list_fills(result)) is bool(result.liquidations) is (len(signers) == 2)
    assert result.waiting == (() if len(signers) == 2 else tuple(orders))


def test_orders_too_large_to_share_together_wait_newest_first() -> None:
    ex = fund(10**9)
    buys = [ex.order(account, 2**47 - 1, 1) for account in (2, 3, 4)]
    result = ex.batch(orders=[*buys, ex.order(5, -LOTS, 1)], marks=(1, ETH_PRICE))
    assert result.waiting == (buys[2],)
    assert result.trace.rationing[0].marginal_remaining < 2**48


def test_positions_follow_arrival_so_that_the_first_have_the_extra_lots() -> None:
    ex = fund()
    sells = [ex.order(account, -3, AVAX_PRICE) for account in (5, 4, 3)]
    result = ex.batch(orders=[*sells, ex.order(2, 5, AVAX_PRICE)])
    assert list_fills(result) == {(5, 0): 2, (4, 0): 2, (3, 0): 1, (2, 0): 5}
    assert [lane.account_id for lane in result.trace.trade_lanes[:4]] == [5, 4, 3, 2]


def test_wider_turn_has_a_later_position_and_may_lose_its_extra_lot() -> None:
    # 5 came first but needs a lane of three places; the extra lot goes to 4, in front of it
    ex = fund()
    own = [ex.order(5, -3, AVAX_PRICE, slot=0), *(ex.order(5, -3, AVAX_PRICE - 9, slot=slot) for slot in (1, 2))]
    result = ex.batch(orders=[*own, ex.order(4, -3, AVAX_PRICE), ex.order(2, 9, AVAX_PRICE)])
    assert list_fills(result) == {(5, 0): 1, (5, 1): 3, (5, 2): 3, (4, 0): 2, (2, 0): 9}

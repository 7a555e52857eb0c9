"""The reference for rescues refuses what is not allowed, and books the same cash and lots as the rollup."""

from __future__ import annotations

from dataclasses import replace

import pytest

from rollup.direct import DirectTrade
from rollup.direct_cash import DirectRefused
from rollup.direct_rescue import DirectDeleveraging, DirectHouse, DirectTakeover
from rollup.direct_trades import list_rescues
from rollup.tick import Tick
from rollup.txs import Deposit, ForcedTrade
from rollup.units import FUND_ACCOUNT
from tests.rescue_batches import FORCED, SHARED, TAKEOVER, get_rescue_traces
from tests.rollup.cash_ops import KEY, make_tick
from tests.scenarios import AVAX_PRICE, PARAMS

AVAX, DOLLAR = 10**6, 10**18
BANDED = replace(PARAMS, fund_band_ppm=10_000, taker_fee_ppm=(0,) * 8)
TICK = replace(make_tick(), rent_rate=0, leaf_fee_e6=0)
MARKS, NO_FUNDING = TICK.header.marks_ticks, TICK.header.funding_index


def at_price(price_ticks: int) -> Tick:
    """Return the tick of a batch at another mark, the fund's budget 1,000 USD."""
    resources = replace(TICK.header.resources, fund_budget=1_000 * 10**12)
    header = replace(TICK.header, marks_ticks=(price_ticks, *MARKS[1:]), resources=resources)
    return replace(TICK, header=header)


def open_house(fund_usd: int = 0) -> DirectHouse:
    """Return a house where 2 bought 40 AVAX on 60 USD of its own; 3 and 4 sold them."""
    house = DirectHouse(BANDED)
    for account, usd in ((2, 60), (3, 9_000), (4, 9_000)):
        house.serve(Deposit(account, usd * 10**6, 0xA0000 + account, KEY), TICK)
    house.deposit(FUND_ACCOUNT, fund_usd * 10**6)
    trades = [DirectTrade(3, 0, -30 * AVAX, AVAX_PRICE), DirectTrade(4, 0, -10 * AVAX, AVAX_PRICE)]
    house.settle_batch([DirectTrade(2, 0, 40 * AVAX, AVAX_PRICE), *trades], MARKS, NO_FUNDING, PARAMS)
    return house


FALLEN = at_price(AVAX_PRICE - 2_000_000)  # 2 owes 20 USD
TAKINGS = ((3, 0, 30 * AVAX), (4, 0, 10 * AVAX))


def rescue(house: DirectHouse, what: DirectTakeover | DirectDeleveraging | ForcedTrade, tick: Tick = FALLEN) -> None:
    house.open_batch(tick)
    house.rescue(what, tick)


def test_fund_takes_position_and_debt() -> None:
    house = open_house(fund_usd=20)
    rescue(house, DirectTakeover(2))
    assert house.get_positions()[FUND_ACCOUNT] == {0: 40 * AVAX}
    assert 2 not in house.get_positions()
    assert house.get_balances(NO_FUNDING)[FUND_ACCOUNT] == (20 - 20 - 40 * 23) * DOLLAR


def test_counterparties_close_at_the_mark_and_share_the_debt() -> None:
    house = open_house(fund_usd=19)
    before = house.get_balances(NO_FUNDING)
    rescue(house, DirectDeleveraging(2, TAKINGS))
    assert house.get_positions() == {}
    closed = {3: 30 * 23 * DOLLAR + 15 * DOLLAR, 4: 10 * 23 * DOLLAR + 5 * DOLLAR}
    after = {account: before[account] - paid for account, paid in closed.items()}
    assert house.get_balances(NO_FUNDING) == {FUND_ACCOUNT: 19 * DOLLAR, **after}


@pytest.mark.parametrize(
    ("what", "fund_usd", "tick"),
    [
        (DirectTakeover(2), 19, FALLEN),
        (DirectTakeover(2), 99, TICK),
        (DirectDeleveraging(2, TAKINGS), 20, FALLEN),
        (DirectDeleveraging(2, TAKINGS), 0, TICK),
        (DirectDeleveraging(2, TAKINGS[:1]), 0, FALLEN),
        (DirectDeleveraging(2, ((3, 0, 31 * AVAX), (4, 0, 9 * AVAX))), 0, FALLEN),
        (DirectDeleveraging(2, ((3, 0, 0), *TAKINGS)), 0, FALLEN),
        (DirectDeleveraging(2, ((3, 1, AVAX), *TAKINGS)), 0, FALLEN),
        (DirectDeleveraging(2, TAKINGS), 0, at_price(1)),  # 940 USD of debt
    ],
)
def test_invalid_rescue(what: DirectTakeover | DirectDeleveraging, fund_usd: int, tick: Tick) -> None:
    house = open_house(fund_usd)
    if tick.header.marks_ticks[0] == 1:
        house.withdraw(3, 9_200 * 10**6)
    with pytest.raises(DirectRefused):
        rescue(house, what, tick)


def test_fund_gives_up_what_it_holds_near_the_mark_and_within_its_budget() -> None:
    house, price = open_house(fund_usd=20), FALLEN.header.marks_ticks[0]
    rescue(house, DirectTakeover(2))
    for market, lots, at in ((0, 41 * AVAX, price), (0, 0, price), (1, 1, price), (0, AVAX, price * 99 // 100 - 1)):
        with pytest.raises(DirectRefused):
            house.trade_for_fund(market, lots, at, FALLEN)
    short = replace(FALLEN.header.resources, fund_budget=AVAX * price - 1)
    with pytest.raises(DirectRefused):
        house.trade_for_fund(0, AVAX, price, replace(FALLEN, header=replace(FALLEN.header, resources=short)))
    house.trade_for_fund(0, 40 * AVAX, price * 99 // 100, FALLEN)
    assert FUND_ACCOUNT not in house.get_positions()


ENTRY = ForcedTrade((3, 4), (0xA0003, 0xA0004), 0, 0, 5 * AVAX, AVAX_PRICE * 2)


def test_forced_trade_is_judged_from_its_entry() -> None:
    house = open_house()
    before = (house.get_balances(NO_FUNDING), house.get_positions())
    for dropped in (
        replace(ENTRY, owners=(9, 0xA0004)),
        replace(ENTRY, accounts=(3, 3), owners=(0xA0003, 0xA0003)),
        replace(ENTRY, accounts=(3, 9)),
        replace(ENTRY, lots=2**48 - 1),
    ):
        rescue(house, dropped)
        assert (house.get_balances(NO_FUNDING), house.get_positions()) == before
    rescue(house, ENTRY)
    assert house.get_positions()[4] == {0: -15 * AVAX}
    assert house.get_balances(NO_FUNDING)[4] == before[0][4] + 250 * DOLLAR


def test_rescues_are_read_from_a_trace() -> None:
    traces = get_rescue_traces()
    assert list(list_rescues(traces[TAKEOVER])) == [DirectTakeover(2)]
    takings = ((3, 0, 300 * AVAX), (4, 0, 100 * AVAX), (4, 1, 2 * AVAX), (5, 1, AVAX))
    assert list(list_rescues(traces[SHARED])) == [DirectDeleveraging(2, takings)]
    applied, dropped = list_rescues(traces[FORCED])
    assert isinstance(applied, ForcedTrade)
    assert applied == ForcedTrade((2, 3), (0xA0002, 0xA0003), 0, 1, 9 * AVAX, AVAX_PRICE * 9 // 10)
    assert isinstance(dropped, ForcedTrade)

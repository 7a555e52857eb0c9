"""The book answers as the rules do that look at every account: same accounts, same order, same batches."""

from __future__ import annotations

from dataclasses import replace
from random import Random
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import tests.scenarios
from rollup.accounts import EMPTY_ACCOUNT, Account
from rollup.fractions import Fractions
from rollup.margin import compute_margin
from rollup.risk_view import PlainRisk
from rollup.state import State, StateHeader, make_genesis
from rollup.tick import Tick
from rollup.transition import BatchResult, build_batch
from rollup.units import MARKET_COUNT
from sequencer.node.account_table import AccountTable
from sequencer.node.lazy_order import LazyOrder, iterate_in_order
from sequencer.node.risk_book import RiskBook
from sequencer.node.screens import compute_screen
from tests.dense_books import DenseBook
from tests.random_day import RandomDay
from tests.rescue_batches import run_forced, run_shared, run_surplus, run_takeover
from tests.rescue_day import run_rescue_day

MAINTENANCE_PPM = (30_000, 7, 10**6, *[20_000] * 13)
NOW_S = 10_000
EXCESSES = (-(2**80), -2, -1, 0, 1, 2, 2**80)  # atoms around a limit


def make_tick(marks: tuple[int, ...], funding: tuple[int, ...], rent_rate: int = 0) -> Tick:
    header: StateHeader = replace(make_genesis(marks, NOW_S).header, funding_index=funding)
    return Tick(header, Fractions(MAINTENANCE_PPM, MAINTENANCE_PPM), False, 0, 0, 0, rent_rate, 1)


def draw_account(random: Random, tick: Tick, bits: int) -> Account:
    """Return an account whose equity is at, or an atom or much beside, one of the limits that rules compare with."""
    n_held = random.choice([0, 1, 2, 16])
    held = random.sample(range(MARKET_COUNT), n_held)
    top = 2**bits - 1
    sizes = tuple(random.choice([random.randint(-top, top), 1, -1]) if m in held else 0 for m in range(MARKET_COUNT))
    header = tick.header
    flat = compute_margin(0, sizes, header.marks_ticks, header.funding_index, tick.fractions)
    limit = random.choice([0, flat.maintenance // 2, flat.maintenance, flat.maintenance])
    excess = random.choice([*EXCESSES, random.randint(-10, 10) * (flat.maintenance // 7 + 1)])
    cash = max(-(2**120) + 2**100, min(2**120 - 1, limit - flat.equity + excess))
    return Account(key=(1, 1), cash_atoms=cash, sizes_lots=sizes, last_touched_s=random.choice([NOW_S, NOW_S - 7, 0]))


def draw_accounts(random: Random, tick: Tick, bits: int, n_accounts: int) -> dict[int, Account]:
    ids = random.sample(range(2 * n_accounts), n_accounts)
    accounts = {account_id: draw_account(random, tick, bits) for account_id in ids}
    for account_id in ids[: n_accounts // 4]:  # ties
        accounts[account_id] = accounts[ids[-1]]
    return accounts


def draw_tick(random: Random, bits: int) -> Tick:
    marks = tuple(random.choice([random.randint(1, 2**bits - 1), 1]) for _ in range(MARKET_COUNT))
    funding = tuple(random.choice([0, random.randint(1 - 2**72, 2**72 - 1)]) for _ in range(MARKET_COUNT))
    return make_tick(marks, funding, random.choice([0, 3, 2**64 - 1]))


def assert_same_answers(book: RiskBook, accounts: dict[int, Account], changed: dict[int, Account], tick: Tick) -> None:
    plain = PlainRisk(accounts)
    assert list(book.find_liquidatable(changed, tick)) == plain.find_liquidatable(changed, tick)
    assert list(book.find_rescuable(changed, tick)) == plain.find_rescuable(changed, tick)
    holders, expected = book.find_holders(changed, tick), plain.find_holders(changed, tick)
    for market in range(MARKET_COUNT):
        for direction in (1, -1):
            assert list(holders.by_leverage(market, direction)) == expected.by_leverage(market, direction)
            assert list(holders.by_size(market, direction)) == expected.by_size(market, direction)


@settings(max_examples=60, deadline=None)
@given(st.randoms(use_true_random=False), st.sampled_from([4, 30, 48]), st.sampled_from([1, 9, 60]))
def test_same_accounts_in_the_same_order(random: Random, bits: int, n_accounts: int) -> None:
    tick = draw_tick(random, bits)
    accounts = draw_accounts(random, tick, bits, n_accounts)
    changed = {i: draw_account(random, tick, bits) for i in random.sample(range(2 * n_accounts), n_accounts // 3)}
    if changed:
        changed[min(changed)] = EMPTY_ACCOUNT
    book = RiskBook(accounts)
    assert_same_answers(book, accounts, {}, tick)
    assert_same_answers(book, accounts, changed, tick)
    book.apply(changed)
    assert_same_answers(book, accounts | changed, {}, tick)
    assert_same_answers(book, accounts | changed, {}, draw_tick(random, bits))


def test_answers_read_in_part_and_again_are_the_same() -> None:
    random = Random(5)
    tick = draw_tick(random, 30)
    accounts = draw_accounts(random, tick, 30, 900)  # more than are sorted at first
    book, plain = RiskBook(accounts), PlainRisk(accounts).find_rescuable({}, tick)
    assert len(plain) > 300
    first = book.find_rescuable({}, tick)
    assert [next(first) for _ in range(3)] == plain[:3]
    assert list(book.find_rescuable({}, tick)) == plain
    assert [*plain[:3], *first] == plain


@settings(max_examples=60, deadline=None)
@given(st.randoms(use_true_random=False), st.sampled_from([4, 48]))
def test_screen_is_never_further_off_than_it_says(random: Random, bits: int) -> None:
    tick = draw_tick(random, bits)
    table = AccountTable(draw_accounts(random, tick, bits, 20))
    screen = compute_screen(table, tick)
    paid = screen.less_rent(table, tick)
    lower = screen.lower_health()
    for row, account in enumerate(table.accounts):
        margin = compute_margin(
            account.cash_atoms, account.sizes_lots, tick.header.marks_ticks, tick.header.funding_index, tick.fractions
        )
        rent = (NOW_S - account.last_touched_s) * tick.rent_rate
        equity, maintenance, error = (int(part[row]) for part in (screen.equity, screen.maintenance, screen.error))
        assert abs(equity - margin.equity) <= error + 1
        assert abs(maintenance - margin.maintenance) <= error + 1
        assert abs(2 * equity - maintenance - (2 * margin.equity - margin.maintenance)) <= error + 3
        assert abs(int(paid.equity[row]) - (margin.equity - rent)) <= int(paid.error[row]) + 1
        assert (screen.maintenance[row] == 0) == (margin.maintenance == 0)
        if margin.maintenance and lower[row] > -float("inf"):
            numerator, denominator = float(lower[row]).as_integer_ratio()
            assert numerator * margin.maintenance <= margin.equity * denominator


def test_table_grows_and_keeps_what_it_holds() -> None:
    random, tick = Random(1), draw_tick(Random(1), 48)
    table = AccountTable({})
    accounts = {account_id: draw_account(random, tick, 48) for account_id in range(2, 3_002, 2)}
    for account_id, account in accounts.items():
        table.put(account_id, account)
    assert len(table) == 1_500
    assert [tuple(map(int, row)) for row in table.sizes] == [account.sizes_lots for account in accounts.values()]
    assert table.get(2) == accounts[2]
    assert table.get(3) is None
    ids, markets = [2, 3, 4, 2], [0, 0, 15, 1]
    held = [accounts[i].sizes_lots[m] if i in accounts else 0 for i, m in zip(ids, markets, strict=True)]

    assert table.get_positions(np.array(ids), np.array(markets)).tolist() == held


@given(st.lists(st.tuples(st.integers(0, 9), st.integers(0, 3), st.booleans()), max_size=600), st.randoms())
def test_order_is_that_of_the_exact_keys(rows: list[tuple[int, int, bool]], random: Random) -> None:

    keys = [(key, i, "x") if kept else None for i, (key, _, kept) in enumerate(rows)]
    lows = np.array([float(key - slack) for key, slack, _ in rows])
    order = LazyOrder(iterate_in_order(lows, lambda index: keys[index]))
    assert list(order) == sorted(key for key in keys if key is not None)
    assert list(order) == list(order)


# --- batches --------------------------------------------------------------------------------------------------------
class BothWays:
    """`build_batch` with and without a book that follows the state from batch to batch."""

    def __init__(self) -> None:
        self.n_batches = 0
        self._book = RiskBook({})
        self._state: State | None = None

    def __call__(self, state: State, *args: Any, **options: Any) -> BatchResult:  # noqa: ANN401 (as build_batch)
        if state is not self._state:
            self._book = RiskBook(state.accounts)
        plain = build_batch(state, *args, **options)
        booked = build_batch(state, *args, **options, risk=self._book)
        assert booked.trace == plain.trace
        assert booked.changed == plain.changed
        assert (booked.rescue, booked.liquidations, booked.waiting) == (
            plain.rescue,
            plain.liquidations,
            plain.waiting,
        )
        assert dict(state.accounts) | booked.changed == booked.state.accounts
        self._book.apply(booked.changed)
        self._state = plain.state
        self.n_batches += 1
        return plain


@pytest.fixture
def both_ways(monkeypatch: pytest.MonkeyPatch) -> BothWays:
    both = BothWays()
    monkeypatch.setattr(tests.scenarios, "build_batch", both)
    return both


@pytest.mark.parametrize("seed", range(4))
def test_random_days_are_the_same_with_the_book(both_ways: BothWays, seed: int) -> None:
    day = RandomDay(seed)
    for _ in range(25):
        day.run_batch()
    assert both_ways.n_batches > 25


@pytest.mark.parametrize("seed", range(10))
def test_dense_books_are_the_same_with_the_book(both_ways: BothWays, seed: int) -> None:
    book = DenseBook(Random(seed))
    for _ in range(3):
        book.run_batch()
    assert both_ways.n_batches == 3


@pytest.mark.parametrize("run", [run_takeover, run_shared, run_surplus, run_forced, run_rescue_day])
def test_rescues_are_the_same_with_the_book(both_ways: BothWays, run: Any) -> None:  # noqa: ANN401 (any scene)
    run()
    assert both_ways.n_batches > 0

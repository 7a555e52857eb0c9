"""Random days on the exchange: after every batch nothing is created, every rule holds, and direct settlement agrees."""

from __future__ import annotations

from dataclasses import replace
from random import Random

import pytest

from rollup.audit import check_batch
from rollup.direct import DirectLedger, DirectMarginBroken, DirectTrade
from rollup.identity import CashNotConserved, PositionsNotClosed, check_solvency
from rollup.orders import SignedOrder
from rollup.shapes import Shape
from rollup.state import State
from rollup.transition import BatchResult
from rollup.txs import SignedCashOp
from rollup.units import MARKET_COUNT
from tests.scenarios import AVAX_PRICE, ETH_PRICE, PARAMS, Exchange

SHAPE = Shape("random", (1, 1, 1, 2, 4), 3)
USERS = range(2, 8)


class RandomDay:
    """An exchange, its reference ledger, and users who do anything they like."""

    def __init__(self, seed: int) -> None:
        self.random = Random(seed)
        self.ex = Exchange(shape=SHAPE)
        self.ledger = DirectLedger(PARAMS)
        self.marks = (AVAX_PRICE, ETH_PRICE)
        self.resting: list[SignedOrder] = []
        self.seen: set[str] = set()
        for users in (USERS[:3], USERS[3:]):
            settle_directly(self.ledger, self.ex.batch(cash=[self.ex.deposit(user, 500) for user in users]))

    def run_batch(self) -> BatchResult:
        """Let users act, build the batch, keep what is unfilled for the next, and settle the same directly."""
        cash = [self._make_cash_op() for _ in range(self.random.randrange(4))]
        orders = self.resting + [self._make_order() for _ in range(self.random.randrange(3, 10))]
        self.marks = tuple(mark * self.random.randint(950, 1_040) // 1_000 for mark in self.marks)
        self._move_funding()
        result = self.ex.batch(orders=orders, cash=cash, marks=self.marks)
        gone = {id(signed) for signed, _ in result.rejected}
        self.resting = [signed for signed in orders if id(signed) not in gone][-12:]
        self.seen |= {type(signed.op).__name__ for signed in cash} | {error.code for _, error in result.rejected}
        self.seen |= {"fill"} if result.fills else set()
        self.seen |= {"liquidation"} if result.liquidations else set()
        settle_directly(self.ledger, result)
        return result

    def _make_cash_op(self) -> SignedCashOp:
        account, amount = self.random.choice(USERS), self.random.randint(1, 300)
        if self.random.random() < 0.1:
            return self.ex.cancel(account, self.random.randrange(3), self.random.randrange(9))
        make = self.random.choice([self.ex.deposit, self.ex.deposit, self.ex.withdraw])
        return make(account, amount)

    def _make_order(self) -> SignedOrder:
        market = self.random.randrange(2)
        lots, direction = self.random.randint(1, 18 if market else 3_000) * 10**5, self.random.choice([-1, 1])
        limit = self.marks[market] * (1_000 + direction * self.random.randint(-10, 20)) // 1_000
        slot = self.random.randrange(6)
        return self.ex.order(self.random.choice(USERS), direction * lots, limit, market=market, slot=slot)

    def _move_funding(self) -> None:
        """Stand in for the funding tick of a later circuit: the rules must hold at any index."""
        header = self.ex.state.header
        index = tuple(value + self.random.randint(-(10**9), 10**9) for value in header.funding_index)
        state = self.ex.state
        self.ex.state = State(replace(header, funding_index=index), state.tree, state.accounts)


def settle_directly(ledger: DirectLedger, result: BatchResult) -> None:
    """Book what the batch did, from its reports alone."""
    for lane in result.trace.cash_lanes:
        if lane.op is not None and hasattr(lane.op, "amount_e6"):
            book = ledger.deposit if lane.signature is None else ledger.withdraw
            book(lane.op.account, lane.op.amount_e6)
    trades = [
        DirectTrade(fill.order.account, fill.order.market, fill.order.direction * fill.fill_lots, fill.price_ticks)
        for fill in result.fills
    ]
    trades += [
        DirectTrade(forced.account, forced.market, forced.delta_lots, forced.price_ticks, is_liquidation=True)
        for forced in result.liquidations
    ]
    header = result.state.header
    ledger.settle_batch(trades, header.marks_ticks, header.funding_index)


def check_same_as_direct(state: State, ledger: DirectLedger) -> None:
    """Assert equal balances and positions; the rollup's cash has not yet paid sum s_m * F_m."""
    index = state.header.funding_index
    cash = {
        account_id: account.cash_atoms - sum(s * f for s, f in zip(account.sizes_lots, index, strict=True))
        for account_id, account in state.accounts.items()
    }
    assert {account_id: atoms for account_id, atoms in cash.items() if atoms} == ledger.get_balances(index)
    held = {
        account_id: {market: size for market, size in enumerate(account.sizes_lots) if size}
        for account_id, account in state.accounts.items()
    }
    assert {account_id: own for account_id, own in held.items() if own} == ledger.get_positions()


@pytest.mark.parametrize("seed", [1, 3])  # both see everything the last line asks for
def test_random_day_conserves_keeps_the_rules_and_agrees_with_direct_settlement(seed: int) -> None:
    day = RandomDay(seed)
    for _ in range(8):
        result = day.run_batch()
        check_batch(result.trace)
        check_solvency(result.state)
        check_same_as_direct(result.state, day.ledger)
    assert {"Deposit", "Withdraw", "Cancel", "fill", "liquidation", "margin_insufficient"} <= day.seen


def test_invalid_state_with_one_atom_created() -> None:
    ex = Exchange()
    state = ex.batch(cash=[ex.deposit(2, 5)]).state
    check_solvency(state)
    account = state.get_account(2)
    richer = replace(account, cash_atoms=account.cash_atoms + 1)
    with pytest.raises(CashNotConserved) as raised:
        check_solvency(State(state.header, state.tree, {**state.accounts, 2: richer}))
    assert raised.value.cash_atoms - raised.value.vault_atoms == 1


def test_invalid_state_with_one_lot_too_many() -> None:
    ex = Exchange()
    state = ex.batch(cash=[ex.deposit(2, 5)]).state
    longer = replace(state.get_account(2), sizes_lots=(0, 1, *[0] * 14))
    with pytest.raises(PositionsNotClosed) as raised:
        check_solvency(State(state.header, state.tree, {**state.accounts, 2: longer}))
    assert (raised.value.market, raised.value.net_lots) == (1, 1)


MARKS, NO_FUNDING = (100, *[1] * 15), (0,) * MARKET_COUNT


def test_direct_settlement_at_exactly_the_initial_requirement() -> None:
    # 10**6 lots at 100 ticks: 100 USD-e6 of notional, 5 % is 5, and the fee of 500 ppm is 0.05
    for deposits, is_valid in ((5_050_000, True), (5_049_999, False)):
        ledger = DirectLedger(PARAMS)
        ledger.deposit(2, deposits)
        trade = DirectTrade(2, 0, 10**12, 100)
        if is_valid:
            ledger.settle_batch([trade], MARKS, NO_FUNDING)
            assert ledger.get_positions() == {2: {0: 10**12}}
            assert ledger.get_balances(NO_FUNDING)[1] == 50_000 * 10**12
        else:
            with pytest.raises(DirectMarginBroken) as raised:
                ledger.settle_batch([trade], MARKS, NO_FUNDING)
            assert raised.value.required_atoms - raised.value.equity_atoms == 10**12


def test_direct_positions_pay_funding_in_cash() -> None:
    ledger = DirectLedger(PARAMS)
    for account in (2, 3):
        ledger.deposit(account, 1_000_000_000)
    ledger.settle_batch([DirectTrade(2, 0, 10, 100), DirectTrade(3, 0, -10, 100)], MARKS, NO_FUNDING)
    before, later = ledger.get_balances(NO_FUNDING), (7, *[0] * 15)
    assert ledger.get_balances(later) == {**before, 2: before[2] - 70, 3: before[3] + 70}
    ledger.settle_batch([DirectTrade(2, 0, -10, 100), DirectTrade(3, 0, 10, 100)], MARKS, later)
    assert ledger.get_positions() == {}
    assert sum(ledger.get_balances(later).values()) == 2 * 1_000_000_000 * 10**12


def test_direct_tier_sets_the_fee() -> None:
    ledger = DirectLedger(PARAMS, tiers={2: 7})
    ledger.deposit(2, 10**9)
    ledger.settle_batch([DirectTrade(2, 0, 10**6, 100)], MARKS, NO_FUNDING)
    assert ledger.get_balances(NO_FUNDING)[1] == 10**6 * 100 * 100

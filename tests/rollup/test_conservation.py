"""Random days on the exchange: after every batch nothing is created, every rule holds, and direct settlement agrees."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import pytest

from rollup.audit import check_batch
from rollup.direct import DirectLedger, DirectMarginBroken, DirectTrade
from rollup.direct_cash import DirectExchange, DirectMember
from rollup.identity import CashNotConserved, OpenInterestWrong, PositionsNotClosed, check_solvency
from rollup.state import State
from rollup.units import MARKET_COUNT
from tests.random_cash import CASH_KINDS, FAILED_KINDS
from tests.random_day import RandomDay
from tests.scenarios import PARAMS, Exchange

SEEDS = (1, 2, 3)


def check_same_as_direct(state: State, ledger: DirectExchange) -> None:
    """Assert equal members, balances and positions; the rollup's cash has not yet paid sum s_m * F_m."""
    members = {
        account_id: DirectMember(a.owner, a.key, a.epoch, a.cash_nonce, a.tier, a.last_touched_s)
        for account_id, a in state.accounts.items()
        if not a.is_empty
    }
    assert members == ledger.get_members()
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


@cache
def run_day(seed: int) -> set[str]:
    """Check every batch of a random day and return what it saw."""
    day = RandomDay(seed)
    for _ in range(30):
        result = day.run_batch()
        check_batch(result.trace)
        check_solvency(result.state)
        check_same_as_direct(result.state, day.ledger)
    return day.seen


@pytest.mark.parametrize("seed", SEEDS)
def test_random_day_conserves_keeps_the_rules_and_agrees_with_direct_settlement(seed: int) -> None:
    assert "fill" in run_day(seed)


def test_random_days_see_everything() -> None:
    trades = {
        "ioc",
        "reduce only",
        "post only",
        "rebate",
        "later fill",
        "rationed",
        "extra lot",
        "quote",
        "liquidation",
    }
    rescues = {"takeover", "deleveraging", "deficit", "many counterparties", "fund fill"}
    forced = {"forced trade applied", "forced trade dropped"}
    others = {"margin_insufficient", "funding", "raised margin", "stale"}
    assert CASH_KINDS | FAILED_KINDS | trades | rescues | forced | others <= set().union(*map(run_day, SEEDS))


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


def test_invalid_state_with_one_lot_of_open_interest_too_many() -> None:
    ex = Exchange()
    state = ex.batch(cash=[ex.deposit(2, 5)]).state
    header = replace(state.header, open_interest_lots=(0, 1, *[0] * 14))
    with pytest.raises(OpenInterestWrong) as raised:
        check_solvency(State(header, state.tree, state.accounts))
    assert (raised.value.market, raised.value.open_interest_lots, raised.value.held_lots) == (1, 1, 0)


MARKS, NO_FUNDING = (100, *[1] * 15), (0,) * MARKET_COUNT


def test_direct_settlement_at_exactly_the_initial_requirement() -> None:
    # 10**6 lots at 100 ticks: 100 USD-e6 of notional, 5 % is 5, and the fee of 500 ppm is 0.05
    for deposits, is_valid in ((5_050_000, True), (5_049_999, False)):
        ledger = DirectLedger(PARAMS)
        ledger.deposit(2, deposits)
        trade = DirectTrade(2, 0, 10**12, 100)
        if is_valid:
            ledger.settle_batch([trade], MARKS, NO_FUNDING, PARAMS)
            assert ledger.get_positions() == {2: {0: 10**12}}
            assert ledger.get_balances(NO_FUNDING)[1] == 50_000 * 10**12
        else:
            with pytest.raises(DirectMarginBroken) as raised:
                ledger.settle_batch([trade], MARKS, NO_FUNDING, PARAMS)
            assert raised.value.required_atoms - raised.value.equity_atoms == 10**12


def test_direct_positions_pay_funding_in_cash() -> None:
    ledger = DirectLedger(PARAMS)
    for account in (2, 3):
        ledger.deposit(account, 1_000_000_000)
    ledger.settle_batch([DirectTrade(2, 0, 10, 100), DirectTrade(3, 0, -10, 100)], MARKS, NO_FUNDING, PARAMS)
    before, later = ledger.get_balances(NO_FUNDING), (7, *[0] * 15)
    assert ledger.get_balances(later) == {**before, 2: before[2] - 70, 3: before[3] + 70}
    ledger.settle_batch([DirectTrade(2, 0, -10, 100), DirectTrade(3, 0, 10, 100)], MARKS, later, PARAMS)
    assert ledger.get_positions() == {}
    assert sum(ledger.get_balances(later).values()) == 2 * 1_000_000_000 * 10**12


def test_direct_tier_sets_the_fee() -> None:
    ledger = DirectLedger(PARAMS, tiers={2: 7})
    ledger.deposit(2, 10**9)
    ledger.settle_batch([DirectTrade(2, 0, 10**6, 100)], MARKS, NO_FUNDING, PARAMS)
    assert ledger.get_balances(NO_FUNDING)[1] == 10**6 * 100 * 100

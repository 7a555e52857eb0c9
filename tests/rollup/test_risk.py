"""The float64 screen may suspect too many, never too few."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rollup.accounts import Account
from rollup.liquidation import is_liquidatable
from rollup.margin import compute_margin
from rollup.risk import find_liquidatable, find_rescuable, screen_margins
from tests.scenarios import PARAMS

FUNDING = tuple(range(-8, 8))
positions = st.tuples(*[st.integers(-(2**30), 2**30)] * 16)
marks = st.tuples(*[st.integers(1, 2**30)] * 16)


def make_account(sizes: tuple[int, ...], marks: tuple[int, ...], funding: tuple[int, ...], excess: int) -> Account:
    """Return an account whose equity is `excess` atoms above its maintenance requirement."""
    flat = compute_margin(0, sizes, marks, funding, PARAMS)
    return Account(cash_atoms=flat.maintenance - flat.equity + excess, sizes_lots=sizes)


@settings(deadline=None)
@given(positions, marks, st.sampled_from([-(2**80), -2, -1, 0, 1, 2, 2**80]))
def test_exactly_those_below_maintenance_are_found(sizes: tuple[int, ...], marks: tuple[int, ...], excess: int) -> None:
    account = make_account(sizes, marks, FUNDING, excess)
    found = find_liquidatable({7: account}, marks, FUNDING, PARAMS)
    margin = compute_margin(account.cash_atoms, sizes, marks, FUNDING, PARAMS)
    assert found == ([(7, margin)] if any(sizes) and excess < 0 else [])
    assert is_liquidatable(margin) == bool(found)


@settings(deadline=None)
@given(st.tuples(*[st.integers(1 - 2**48, 2**48 - 1)] * 16), st.tuples(*[st.integers(1, 2**48 - 1)] * 16))
def test_screen_never_clears_an_account_one_atom_short(sizes: tuple[int, ...], marks: tuple[int, ...]) -> None:
    funding = (2**72 - 1, 1 - 2**72) * 8
    account = make_account(sizes, marks, funding, -1)
    assert bool(screen_margins([account], marks, funding, PARAMS)[0])


def test_screen_clears_what_is_plainly_healthy() -> None:
    sizes, marks = (5, *[0] * 15), (10**9,) * 16
    accounts = [make_account(sizes, marks, FUNDING, excess) for excess in (10**18, -(10**18))]
    assert screen_margins(accounts, marks, FUNDING, PARAMS).tolist() == [False, True]


def test_worst_health_comes_first_and_ties_go_to_the_lower_account() -> None:
    sizes, marks = (10**6, *[0] * 15), (10**9,) * 16
    accounts = {
        account_id: make_account(sizes, marks, FUNDING, excess)
        for account_id, excess in ((2, -5), (3, -(10**15)), (4, -5), (5, 0), (6, -(10**14)))
    }
    assert [account_id for account_id, _ in find_liquidatable(accounts, marks, FUNDING, PARAMS)] == [3, 6, 2, 4]


@pytest.mark.parametrize("account_id", [0, 1])
def test_fund_and_treasury_are_never_found(account_id: int) -> None:
    sizes, marks = (10**6, *[0] * 15), (10**9,) * 16
    account = make_account(sizes, marks, FUNDING, -5)
    assert find_liquidatable({account_id: account}, marks, FUNDING, PARAMS) == []
    assert len(find_liquidatable({2: account}, marks, FUNDING, PARAMS)) == 1


@settings(deadline=None)
@given(positions, marks, st.sampled_from([-(2**80), -1, 0, 1, 2**80]))
def test_exactly_those_below_half_of_maintenance_are_rescued(
    sizes: tuple[int, ...], marks: tuple[int, ...], excess: int
) -> None:
    whole = make_account(sizes, marks, FUNDING, 0)
    required = compute_margin(whole.cash_atoms, sizes, marks, FUNDING, PARAMS).maintenance
    account = replace(whole, cash_atoms=whole.cash_atoms - required // 2 + excess)
    margin = compute_margin(account.cash_atoms, sizes, marks, FUNDING, PARAMS)
    found = find_rescuable({7: account}, marks, FUNDING, PARAMS)
    assert found == ([(7, margin)] if excess < 0 else [])  # half is rounded up: at 0 nobody is short of it


def test_worst_health_is_rescued_first_and_debts_without_a_position_last() -> None:
    sizes, marks = (10**6, *[0] * 15), (10**9,) * 16
    flat = compute_margin(0, sizes, marks, FUNDING, PARAMS)
    half = flat.maintenance - flat.equity - flat.maintenance // 2
    accounts = {
        account_id: Account(cash_atoms=half + excess, sizes_lots=sizes)
        for account_id, excess in ((2, -5), (3, -(10**15)), (4, -5), (5, 0), (1, -(10**18)))
    }
    accounts |= {6: Account(cash_atoms=-1), 7: Account(cash_atoms=-(10**30)), 8: Account(), 0: Account(cash_atoms=-9)}
    assert [account_id for account_id, _ in find_rescuable(accounts, marks, FUNDING, PARAMS)] == [3, 2, 4, 7, 6]

"""Evictions: who may be evicted, exactly, and what becomes of the leaf."""

from __future__ import annotations

from dataclasses import replace

import pytest

from rollup.accounts import Account
from rollup.errors import ValueOutOfRange
from rollup.rejections import AccountNotOpen, NotEvictable
from rollup.txs import Evict, Flows, compute_bridge_words, compute_effect, find_evictable
from tests.rollup.cash_ops import EMPTY, LONG, NOW_S, OPEN, RENT, TICK


@pytest.mark.parametrize("cash_atoms", [0, 1, RENT])
def test_eviction_of_a_leaf_that_its_rent_uses_up(cash_atoms: int) -> None:
    effect = compute_effect(Evict(2), replace(OPEN, cash_atoms=cash_atoms), TICK)
    assert effect.after == Account(epoch=3, last_touched_s=NOW_S)
    assert effect.flows == Flows(rent_atoms=cash_atoms)
    assert compute_bridge_words(Evict(2), OPEN.owner, True, 0) == (0, 0, 0, 0)


@pytest.mark.parametrize(
    "account", [replace(OPEN, cash_atoms=RENT + 1), replace(OPEN, cash_atoms=-1), replace(LONG, cash_atoms=0)]
)
def test_invalid_eviction_of_whoever_can_pay_or_owes_or_trades(account: Account) -> None:
    with pytest.raises(NotEvictable):
        compute_effect(Evict(2), account, TICK)


def test_invalid_eviction_of_nobody_or_of_the_fund() -> None:
    with pytest.raises(AccountNotOpen):
        compute_effect(Evict(2), EMPTY, TICK)
    for account_id in (0, 1, 2**21):
        with pytest.raises(ValueOutOfRange):
            compute_effect(Evict(account_id), replace(OPEN, cash_atoms=0), TICK)


def test_found_are_those_that_may_be_evicted_longest_untouched_first() -> None:
    poor = replace(OPEN, cash_atoms=RENT)
    accounts = {
        0: Account(),
        1: Account(cash_atoms=1),
        2: poor,
        3: replace(poor, last_touched_s=poor.last_touched_s - 1),
        4: replace(OPEN, cash_atoms=RENT + 1),
        5: EMPTY,
        6: poor,
    }
    found = find_evictable(accounts, TICK)
    assert found == [Evict(3), Evict(2), Evict(6)]
    assert all(compute_effect(op, accounts[op.account], TICK).after.is_empty for op in found)

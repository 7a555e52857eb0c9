"""The reference ledger refuses what the rollup may not do, and books rents and fees to the fund."""

from __future__ import annotations

from dataclasses import replace

import pytest

from rollup.direct import DirectMarginBroken
from rollup.direct_cash import DirectExchange, DirectMember, DirectRefused
from rollup.tick import Tick
from rollup.txs import CashOp, CloseAccount, Deposit, Evict, ForcedWithdraw, SetTier, Transfer, Withdraw
from tests.rollup.cash_ops import ENTRIES, FEE, KEY, LEAF_FEE, NEW_KEY, NOW_S, ONE, OWNER, RENT_RATE, SIGNED_OPS, TICK
from tests.scenarios import PARAMS

NO_FUNDING = (0,) * 16
CREATED = Deposit(2, 1_000 + LEAF_FEE, OWNER, KEY)
LATER = replace(TICK, header=replace(TICK.header, timestamp_s=NOW_S + 100))


def make_ledger(*ops: CashOp, tick: Tick = TICK) -> DirectExchange:
    ledger = DirectExchange(PARAMS)
    for op in (CREATED, *ops):
        ledger.serve(op, tick)
    return ledger


def get_cash(ledger: DirectExchange) -> dict[int, int]:
    return ledger.get_balances(NO_FUNDING)


def test_creating_an_account_pays_the_fund() -> None:
    ledger = make_ledger()
    assert get_cash(ledger) == {0: LEAF_FEE * ONE, 2: 1_000 * ONE}
    assert ledger.get_members() == {2: DirectMember(OWNER, KEY, 1, 0, 0, NOW_S)}


def test_signed_operations_pay_rent_and_fee_to_the_fund() -> None:
    ledger = make_ledger()
    before = get_cash(ledger)
    ledger.serve(Withdraw(2, 0, 1, 7, max_fee_e6=FEE), LATER)
    due = 100 * RENT_RATE + FEE * ONE
    assert get_cash(ledger) == {0: before[0] + due, 2: before[2] - due - 7 * ONE}
    assert ledger.get_members()[2].cash_nonce == 1


@pytest.mark.parametrize("op", SIGNED_OPS)
def test_invalid_signed_operation_out_of_turn(op: CashOp) -> None:
    with pytest.raises(DirectRefused):
        make_ledger(op)  # of epoch 3, nonce 5


def test_invalid_signed_operation_whose_fee_is_too_high() -> None:
    with pytest.raises(DirectRefused):
        make_ledger(Withdraw(2, 0, 1, 7, max_fee_e6=FEE - 1))


@pytest.mark.parametrize("kind", ["withdraw", "transfer"])
def test_invalid_withdrawal_or_transfer_of_more_than_is_free(kind: str) -> None:
    free_e6 = 1_000 - FEE
    for amount_e6 in (free_e6, free_e6 + 1):
        ledger = make_ledger(Deposit(6, LEAF_FEE, OWNER, KEY))
        withdraw = Withdraw(2, 0, 1, amount_e6, max_fee_e6=FEE)
        op = withdraw if kind == "withdraw" else Transfer(2, 0, 1, amount_e6, 6, max_fee_e6=FEE)
        if amount_e6 == free_e6:
            ledger.serve(op, TICK)
            assert 2 not in get_cash(ledger)
        else:
            with pytest.raises(DirectMarginBroken):
                ledger.serve(op, TICK)


def test_entries_of_others_change_nothing() -> None:
    ledger = make_ledger()
    before = (get_cash(ledger), repr(ledger.get_members()))
    for entry in ENTRIES[:4]:
        ledger.serve(replace(entry, owner=OWNER + 1), LATER)
        ledger.serve(replace(entry, account=1), LATER)
    for entry in (SetTier(2, 8), SetTier(3, 1), Deposit(3, LEAF_FEE - 1, OWNER, KEY), Deposit(3, 99, OWNER, (1, 1))):
        ledger.serve(entry, LATER)
    assert (get_cash(ledger), repr(ledger.get_members())) == before


def test_entries_of_the_owner_do_their_effect() -> None:
    deposit, _, cancel_all, key_change, tier = ENTRIES
    ledger = make_ledger(deposit, cancel_all, key_change, tier, ForcedWithdraw(2, 2**64 - 1, OWNER))
    assert ledger.get_members() == {2: DirectMember(OWNER, NEW_KEY, 3, 0, 6, NOW_S)}
    assert get_cash(ledger) == {0: LEAF_FEE * ONE}  # everything was free


def test_invalid_close_that_leaves_a_unit_behind() -> None:
    left_e6 = 1_000 - FEE
    for amount_e6 in (left_e6 - 1, left_e6 + 1):
        with pytest.raises(DirectRefused):
            make_ledger(CloseAccount(2, 0, 1, amount_e6, max_fee_e6=FEE))
    ledger = make_ledger(CloseAccount(2, 0, 1, left_e6, max_fee_e6=FEE))
    assert (ledger.get_members(), get_cash(ledger)) == ({}, {0: (LEAF_FEE + FEE) * ONE})
    ledger.serve(CREATED, TICK)
    assert ledger.get_members()[2].epoch == 2  # the epoch of the first life is over


def test_invalid_eviction_of_who_can_pay_or_of_nobody() -> None:
    for op in (Evict(2), Evict(3)):
        with pytest.raises(DirectRefused):
            make_ledger(op)
    poor = DirectExchange(PARAMS)
    poor.serve(replace(CREATED, amount_e6=LEAF_FEE), TICK)
    poor.serve(Evict(2), LATER)
    assert poor.get_members() == {}

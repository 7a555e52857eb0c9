"""CashLane at its edges, by name: the last value allowed, and the first that is not."""

from __future__ import annotations

from dataclasses import replace

import pytest

from rollup.accounts import EMPTY_ORDERS, Account
from rollup.orders import pack_slot
from rollup.signature import sign
from rollup.txs import CashOp, ForcedCancelAll, ForcedKeyChange, ForcedWithdraw, SignedOp, Withdraw
from rollup.units import ATOMS_PER_E6
from tests.circuits.cash_cases import VENUE, CashCase, load_cash_lane, make_case, make_trader
from tests.circuits.cash_scenes import (
    CANCEL,
    CANCEL_ALL,
    DUST,
    EVICT,
    FEE_E6,
    FORCED_CANCEL_ALL,
    FORCED_KEY_CHANGE,
    FORCED_WITHDRAW,
    KEY_CHANGE,
    LAST,
    LEAF_FEE_E6,
    NEW_KEY,
    OFF_CURVE,
    RENT,
    REQUESTS,
    SET_TIER,
    SIGNED,
    TRADER,
    TRANSFER,
    TRANSFER_IN,
    WITHDRAW,
    close_account,
    deposit,
    empty,
    flat,
    poor,
    trader,
)
from tests.scenarios import key_of


def is_allowed(op: CashOp, before: Account, *, stale: bool = False) -> bool:
    """Return whether the circuit allows the lane; asserts that it agrees with the model."""
    case = make_case(op, before, stale=stale)
    broken = load_cash_lane().find_broken(case.inputs)
    assert (not broken) == case.is_allowed, broken
    return case.is_allowed


def is_applied(op: CashOp, before: Account) -> bool:
    """Return whether an entry is applied; asserts that the circuit allows its lane, applied or not."""
    assert is_allowed(op, before)
    return make_case(op, before).lane.is_applied


# --- signed operations ------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(("left_atoms", "allowed"), [(1, True), (0, True), (-1, False)])
@pytest.mark.parametrize("op", [WITHDRAW, TRANSFER], ids=lambda op: type(op).__name__)
def test_payment_down_to_the_initial_requirement(op: Withdraw, left_atoms: int, allowed: bool) -> None:
    assert is_allowed(op, poor(left_atoms + (op.amount_e6 + FEE_E6) * ATOMS_PER_E6)) is allowed


@pytest.mark.parametrize("op", SIGNED, ids=lambda op: type(op).__name__)
def test_counters_and_fees_of_signed_operations_at_the_edges(op: SignedOp) -> None:
    for cash_nonce, allowed in ((0, True), (LAST - 1, True), (LAST, False)):
        assert is_allowed(replace(op, cash_nonce=cash_nonce), trader(cash_nonce=cash_nonce)) is allowed
    for max_fee_e6, allowed in ((FEE_E6 - 1, False), (FEE_E6, True), (2**48 - 1, True)):
        assert is_allowed(replace(op, max_fee_e6=max_fee_e6), trader()) is allowed
    raises = op in (KEY_CHANGE, CANCEL_ALL)
    for epoch, allowed in ((LAST - 1, True), (LAST, not raises)):
        assert is_allowed(replace(op, epoch=epoch), trader(epoch=epoch)) is allowed


@pytest.mark.parametrize(("amount_e6", "allowed"), [(0, False), (1, True), (2**64 - 1, True)])
@pytest.mark.parametrize("op", [WITHDRAW, TRANSFER], ids=lambda op: type(op).__name__)
def test_amounts_at_the_edges(op: Withdraw, amount_e6: int, allowed: bool) -> None:
    assert is_allowed(replace(op, amount_e6=amount_e6), trader(cash_atoms=2**119)) is allowed


@pytest.mark.parametrize("slot", [0, 511])
@pytest.mark.parametrize(("nonce", "allowed"), [(76, False), (77, True), (LAST - 1, True), (LAST, False)])
def test_cancels_at_the_edges(slot: int, nonce: int, allowed: bool) -> None:
    before = trader(orders=EMPTY_ORDERS.set(slot, pack_slot(77, 1)))
    assert is_allowed(replace(CANCEL, slot=slot, nonce=nonce), before) is allowed


@pytest.mark.parametrize(("key", "allowed"), [(NEW_KEY, True), ((0, 1), True), (OFF_CURVE, False), ((0, 0), False)])
def test_key_change_takes_any_point_of_the_curve(key: tuple[int, int], allowed: bool) -> None:
    assert is_allowed(replace(KEY_CHANGE, key=key), trader()) is allowed
    assert is_applied(replace(FORCED_KEY_CHANGE, key=key), trader()) is allowed
    assert is_applied(deposit(key=key), empty()) is allowed


@pytest.mark.parametrize("dust_atoms", [0, DUST, ATOMS_PER_E6 - 1])
def test_close_for_the_cash_floored_and_nothing_else(dust_atoms: int) -> None:
    before = flat(cash_atoms=10**19 + RENT + dust_atoms)
    assert [is_allowed(close_account(before, off_by), before) for off_by in (-1, 0, 1)] == [False, True, False]


def test_close_without_a_unit_of_cash() -> None:
    for left_atoms, allowed in ((0, True), (ATOMS_PER_E6 - 1, True), (-1, False)):
        before = flat(cash_atoms=RENT + FEE_E6 * ATOMS_PER_E6 + left_atoms)
        assert is_allowed(close_account(before, off_by=int(left_atoms < 0)), before) is allowed


def test_invalid_close_with_a_position() -> None:
    sizes = (0,) * 15 + (-1,)
    assert not is_allowed(close_account(flat(sizes_lots=sizes)), flat(sizes_lots=sizes))


@pytest.mark.parametrize("op", [WITHDRAW, TRANSFER, FORCED_WITHDRAW], ids=lambda op: type(op).__name__)
def test_stale_prices_hold_back_payments_of_accounts_with_positions(op: CashOp) -> None:
    one_lot = (0,) * 15 + (1,)
    assert is_allowed(op, flat(), stale=True)
    assert not is_allowed(op, flat(sizes_lots=one_lot), stale=True)
    assert is_allowed(op, flat(sizes_lots=one_lot))


def test_stale_prices_hold_back_nothing_else() -> None:
    for op in (CANCEL, KEY_CHANGE, CANCEL_ALL, TRANSFER_IN, deposit(), FORCED_CANCEL_ALL, FORCED_KEY_CHANGE, SET_TIER):
        assert is_allowed(op, trader(), stale=True)


def test_invalid_signature_for_another_domain() -> None:
    other = sign(key_of(TRADER), WITHDRAW.message(VENUE.params.domain + 1))
    case = make_case(WITHDRAW, trader(), signature=other)
    assert load_cash_lane().find_broken(case.inputs) == ["signature/r8/x", "signature/r8/y"]


def test_incoming_transfer_needs_an_open_account() -> None:
    assert is_allowed(TRANSFER_IN, trader())
    assert not is_allowed(TRANSFER_IN, empty())


# --- entries of the queue ---------------------------------------------------------------------------------------------
@pytest.mark.parametrize(("over_e6", "applied"), [(-1, False), (0, True), (1, True)])
def test_creation_for_the_leaf_fee(over_e6: int, applied: bool) -> None:
    assert is_applied(deposit(LEAF_FEE_E6 + over_e6), empty()) is applied


@pytest.mark.parametrize(("epoch", "applied"), [(0, True), (LAST - 1, True), (LAST, False)])
def test_entries_that_raise_the_epoch(epoch: int, applied: bool) -> None:
    assert is_applied(deposit(), empty(epoch=epoch)) is applied
    assert is_applied(FORCED_CANCEL_ALL, trader(epoch=epoch)) is applied
    assert is_applied(FORCED_KEY_CHANGE, trader(epoch=epoch)) is applied
    assert is_applied(FORCED_WITHDRAW, trader(epoch=epoch))


@pytest.mark.parametrize(("account", "applied"), [(0, False), (1, False), (2, True), (2**21 - 1, True)])
def test_entries_to_any_account_can_be_consumed(account: int, applied: bool) -> None:
    before = replace(empty(), epoch=0)
    assert is_applied(deposit(account=account), before) is applied
    for request in (*REQUESTS, SET_TIER):
        assert not is_applied(replace(request, account=account), before)


@pytest.mark.parametrize("request_", REQUESTS, ids=lambda op: type(op).__name__)
def test_requests_are_the_owners_alone(request_: ForcedWithdraw | ForcedCancelAll | ForcedKeyChange) -> None:
    assert is_applied(request_, trader())
    for owner in (0, 1, trader().owner ^ 1):
        assert not is_applied(replace(request_, owner=owner), trader())
    assert not is_applied(replace(request_, owner=0), empty())  # nobody is no owner


def test_deposit_joins_whatever_key_it_names() -> None:
    for key in (NEW_KEY, OFF_CURVE, (0, 0)):
        for amount_e6 in (0, 1, 2**64 - 1):
            assert is_applied(deposit(amount_e6, key=key), trader())


@pytest.mark.parametrize(
    ("free_atoms", "paid_e6"),
    [
        (-1, 0),
        (0, 0),
        (ATOMS_PER_E6 - 1, 0),
        (ATOMS_PER_E6, 1),
        (8 * ATOMS_PER_E6 - 1, 7),
        (8 * ATOMS_PER_E6, 8),
        (8 * ATOMS_PER_E6 + 1, 8),
        (9 * ATOMS_PER_E6, 8),
        (10**30, 8),
    ],
)
def test_forced_withdrawal_pays_the_smaller_of_request_and_free(free_atoms: int, paid_e6: int) -> None:
    case = make_case(replace(FORCED_WITHDRAW, amount_e6=8), poor(free_atoms))
    assert load_cash_lane().find_broken(case.inputs) == []
    assert case.inputs["bridge[2]"] == paid_e6
    assert case.inputs["vault_out"] == case.inputs["vault_in"] - paid_e6


@pytest.mark.parametrize("request_e6", [0, 2**64 - 1])
def test_forced_withdrawal_of_nothing_and_of_everything(request_e6: int) -> None:
    for free_atoms in (-(10**21), 0, 10**21):
        assert is_applied(replace(FORCED_WITHDRAW, amount_e6=request_e6), poor(free_atoms))


@pytest.mark.parametrize(("tier", "applied"), [(0, True), (7, True), (8, False), (2**64 - 1, False)])
def test_tiers_at_the_edges(tier: int, applied: bool) -> None:
    assert is_applied(replace(SET_TIER, tier=tier), trader()) is applied


# --- leaves given back ------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("cash_atoms", "allowed"), [(-1, False), (0, True), (1, True), (RENT, True), (RENT + 1, False)]
)
def test_evictions_at_the_edges(cash_atoms: int, allowed: bool) -> None:
    assert is_allowed(EVICT, flat(cash_atoms=cash_atoms)) is allowed


def test_invalid_eviction_of_a_position_and_of_an_empty_leaf() -> None:
    assert not is_allowed(EVICT, flat(cash_atoms=0, sizes_lots=(0,) * 9 + (1,) + (0,) * 6))
    assert not is_allowed(EVICT, empty())


@pytest.mark.parametrize("op", [EVICT, close_account(flat())], ids=lambda op: type(op).__name__)
def test_emptied_leaf_keeps_its_epoch_alone(op: CashOp) -> None:
    before = flat(cash_atoms=RENT) if op is EVICT else flat()
    case: CashCase = make_case(op, before)
    assert load_cash_lane().find_broken(case.inputs) == []
    assert case.lane.after == Account(epoch=3, last_touched_s=VENUE.timestamp_s)
    assert make_trader(TRADER).epoch == 3

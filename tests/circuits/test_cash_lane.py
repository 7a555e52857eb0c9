"""CashLane: satisfied exactly when the model allows it, with the model's outputs; random operations of every kind."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from circuits.determinism import analyse, find_freedom
from rollup.accounts import EMPTY_ACCOUNT, NO_POSITIONS, Account
from rollup.orders import pack_slot
from rollup.txs import (
    Cancel,
    CancelAll,
    CashOp,
    CloseAccount,
    Deposit,
    Evict,
    ForcedCancelAll,
    ForcedKeyChange,
    ForcedWithdraw,
    KeyChange,
    SetTier,
    Transfer,
    TransferIn,
    Withdraw,
)
from rollup.units import ATOMS_PER_E6
from tests.circuits.cash_cases import (
    OUTPUTS,
    CashCase,
    free_atoms,
    load_cash_lane,
    make_case,
    make_trader,
    sign_op,
)
from tests.circuits.cash_forgeries import cash_forgeries
from tests.circuits.cash_scenes import (
    FEE_E6,
    LAST,
    LEAF_FEE_E6,
    NEW_KEY,
    OFF_CURVE,
    OTHER,
    RENT,
    TRADER,
    empty,
    honest_cash_cases,
)
from tests.circuits.forging import assert_refused_as_meant
from tests.scenarios import key_of

MOST_E6 = 2**64 - 1
MOST_CASH = 2**120 - 1


def check_agreement(op: CashOp, before: Account, *, key: bytes = b"", stale: bool = False) -> CashCase:
    """Return the lane, having asserted that the circuit allows it just where the model does, with the same outputs."""
    case = make_case(op, before, signature=sign_op(op, key or key_of(op.account)), stale=stale)
    broken = load_cash_lane().find_broken(case.inputs)
    assert (not broken) == case.is_allowed, broken
    if case.is_allowed:
        check_outputs(case)
    return case


def check_outputs(case: CashCase) -> None:
    """Assert that the outputs which the model gives are those that the circuit leads to from any others."""
    blank = case.inputs | dict.fromkeys(OUTPUTS, 0)
    followed = load_cash_lane().follow(blank, {}, OUTPUTS)
    assert {name: followed[name] for name in OUTPUTS} == {name: case.inputs[name] for name in OUTPUTS}


# --- agreement with the model -----------------------------------------------------------------------------------------
counters = st.sampled_from([0, 1, 6, LAST - 1, LAST]) | st.integers(0, LAST)
amounts = st.sampled_from([0, 1, 2, LEAF_FEE_E6 - 1, LEAF_FEE_E6, LEAF_FEE_E6 + 1, MOST_E6]) | st.integers(0, MOST_E6)
amounts |= st.integers(0, 20_000 * 10**6)
accounts = st.sampled_from([0, 1, 2, TRADER, 2**21 - 1])
epochs = st.sampled_from([1, 3, LAST - 1, LAST])
slots = st.sampled_from([0, 8, 9, 511]) | st.integers(0, 511)
keys = st.sampled_from([NEW_KEY, OFF_CURVE, (0, 0), (0, 1), make_trader(TRADER).key])
max_fees = st.sampled_from([FEE_E6 - 1, FEE_E6, FEE_E6 + 1, 2**48 - 1])
near = st.sampled_from([-2 * ATOMS_PER_E6, -ATOMS_PER_E6, -1, 0, 1, ATOMS_PER_E6 - 1, ATOMS_PER_E6]) | st.integers(
    -(10**13), 10**13
)
sizes = st.tuples(
    *[st.sampled_from([0, 0, 1, -1]) | st.integers(-(10**8), 10**8)] * 2,
    *[st.sampled_from([0, 0, 0, -(2**30), 2**30])] * 14,
)


@st.composite
def traders(draw: st.DrawFn) -> Account:
    """Return an account in use, any field at an edge now and then."""
    base = make_trader(TRADER)
    return replace(
        base,
        epoch=draw(epochs),
        cash_nonce=draw(counters),
        tier=draw(st.integers(0, 7)),
        cash_atoms=draw(st.integers(-(10**22), 10**23) | st.sampled_from([0, MOST_CASH, MOST_CASH - 10**13])),
        sizes_lots=draw(sizes | st.just(NO_POSITIONS)),
        last_touched_s=base.last_touched_s + draw(st.sampled_from([-(10**6), 0, 900])),
    )


leaves = traders() | st.builds(empty, epoch=epochs, last_touched_s=st.just(5)) | st.just(EMPTY_ACCOUNT)


@settings(max_examples=80)
@given(account=accounts, before=leaves, amount_e6=amounts, key=keys, owner=st.sampled_from([0, 7, -1]))
def test_deposits_agree_with_the_model(
    account: int, before: Account, amount_e6: int, key: tuple[int, int], owner: int
) -> None:
    before = before if account >= 2 else EMPTY_ACCOUNT
    check_agreement(Deposit(account, amount_e6, before.owner if owner < 0 else owner, key), before)


@settings(max_examples=60)
@given(
    before=traders(),
    amount_e6=amounts,
    left=st.none() | near,
    max_fee_e6=max_fees,
    stale=st.booleans(),
    pays_out=st.booleans(),
)
def test_withdrawals_and_transfers_agree_with_the_model(
    before: Account, amount_e6: int, left: int | None, max_fee_e6: int, stale: bool, pays_out: bool
) -> None:
    before = replace(before, cash_nonce=6)
    if left is not None:
        before = _leaving(before, left, amount_e6 + FEE_E6)
    common = {"account": TRADER, "cash_nonce": 6, "epoch": before.epoch, "amount_e6": amount_e6}
    op: CashOp = Withdraw(**common, max_fee_e6=max_fee_e6)
    if not pays_out:
        op = Transfer(**common, recipient=OTHER, max_fee_e6=max_fee_e6)
    check_agreement(op, before, stale=stale)


def _leaving(before: Account, left_atoms: int, due_e6: int) -> Account:
    """Return the account with cash such that this much is free once rent and what is due are paid."""
    rent = RENT // 901 * (make_trader(TRADER).last_touched_s + 901 - before.last_touched_s)
    surplus = free_atoms(before) - rent - due_e6 * ATOMS_PER_E6 - left_atoms
    return replace(before, cash_atoms=before.cash_atoms - surplus)


@settings(max_examples=30)
@given(account=accounts, before=leaves, amount_e6=amounts, stale=st.booleans())
def test_incoming_transfers_agree_with_the_model(account: int, before: Account, amount_e6: int, stale: bool) -> None:
    before = before if account >= 2 else EMPTY_ACCOUNT
    check_agreement(TransferIn(account, amount_e6), before, stale=stale)


@settings(max_examples=50)
@given(before=traders(), slot=slots, held=counters, filled=st.sampled_from([0, 1, 2**48 - 1]), step=st.integers(-2, 2))
def test_cancels_agree_with_the_model(before: Account, slot: int, held: int, filled: int, step: int) -> None:
    before = replace(before, orders=before.orders.set(slot, pack_slot(held, filled)))
    nonce = min(max(held + step, 0), LAST)
    check_agreement(Cancel(TRADER, before.cash_nonce, before.epoch, slot, nonce, max_fee_e6=FEE_E6), before)


@settings(max_examples=40)
@given(before=traders(), key=keys, max_fee_e6=max_fees, rekeys=st.booleans())
def test_key_changes_and_cancels_of_all_agree_with_the_model(
    before: Account, key: tuple[int, int], max_fee_e6: int, rekeys: bool
) -> None:
    op: CashOp = CancelAll(TRADER, before.cash_nonce, before.epoch, max_fee_e6=max_fee_e6)
    if rekeys:
        op = KeyChange(TRADER, before.cash_nonce, before.epoch, key, max_fee_e6=max_fee_e6)
    check_agreement(op, before)


@settings(max_examples=40)
@given(before=traders(), off_by=st.sampled_from([0, 0, 0, 1, -1]), max_fee_e6=max_fees)
def test_closes_agree_with_the_model(before: Account, off_by: int, max_fee_e6: int) -> None:
    rent = RENT // 901 * (make_trader(TRADER).last_touched_s + 901 - before.last_touched_s)
    amount_e6 = (before.cash_atoms - rent) // ATOMS_PER_E6 - FEE_E6 + off_by
    amount_e6 = min(max(amount_e6, 0), MOST_E6)
    check_agreement(CloseAccount(TRADER, before.cash_nonce, before.epoch, amount_e6, max_fee_e6=max_fee_e6), before)


@settings(max_examples=70)
@given(before=leaves, amount_e6=amounts, free=st.none() | near, stale=st.booleans(), owner=st.sampled_from([-1, 0, 7]))
def test_forced_withdrawals_agree_with_the_model(
    before: Account, amount_e6: int, free: int | None, stale: bool, owner: int
) -> None:
    if free is not None and not before.is_empty:
        before = _leaving(before, free, amount_e6 if amount_e6 < 2**60 else 0)
    op = ForcedWithdraw(TRADER, amount_e6, before.owner if owner < 0 else owner)
    check_agreement(op, before, stale=stale)


@settings(max_examples=50)
@given(account=accounts, before=leaves, key=keys, rekeys=st.booleans(), owner=st.sampled_from([-1, -1, 0, 7]))
def test_forced_key_changes_and_cancels_of_all_agree_with_the_model(
    account: int, before: Account, key: tuple[int, int], rekeys: bool, owner: int
) -> None:
    before = before if account >= 2 else EMPTY_ACCOUNT
    owner = before.owner if owner < 0 else owner
    check_agreement(
        ForcedKeyChange(account, owner, key) if rekeys else ForcedCancelAll(account, owner), before, stale=True
    )


@settings(max_examples=30)
@given(account=accounts, before=leaves, tier=st.integers(0, 9) | st.sampled_from([2**32, MOST_E6]))
def test_tiers_agree_with_the_model(account: int, before: Account, tier: int) -> None:
    check_agreement(SetTier(account, tier), before if account >= 2 else EMPTY_ACCOUNT)


@settings(max_examples=40)
@given(account=accounts, before=leaves, cash=near | st.none(), over=st.booleans())
def test_evictions_agree_with_the_model(account: int, before: Account, cash: int | None, over: bool) -> None:
    before = before if account >= 2 else EMPTY_ACCOUNT
    if cash is not None:
        rent = RENT // 901 * (make_trader(TRADER).last_touched_s + 901 - before.last_touched_s)
        before = replace(before, cash_atoms=cash + (rent if over else 0), sizes_lots=NO_POSITIONS)
    check_agreement(Evict(account), before)


@settings(max_examples=15)
@given(account_id=st.integers(0, 2**21 - 1), before=traders() | st.just(EMPTY_ACCOUNT))
def test_unused_lane_changes_nothing(account_id: int, before: Account) -> None:
    case = make_case(None, before, account_id=account_id)
    assert load_cash_lane().find_broken(case.inputs) == []
    check_outputs(case)
    assert case.inputs["root_in"] == case.inputs["root_out"]


# --- forgeries and determinism ----------------------------------------------------------------------------------------
def test_invalid_lanes_are_refused_by_the_rule_they_break() -> None:
    assert_refused_as_meant(load_cash_lane(), cash_forgeries())


def test_every_scene_has_the_outputs_of_the_model() -> None:
    for case in honest_cash_cases().values():
        assert load_cash_lane().find_broken(case.inputs) == []
        check_outputs(case)


def test_no_computed_wire_is_free() -> None:
    lane = load_cash_lane()
    systems = {name: lane.evaluate(case.inputs) for name, case in honest_cash_cases().items()}
    everywhere = find_freedom(systems.values())
    assert everywhere.free == everywhere.harmless == ()
    assert not any(analyse(cs).free for cs in systems.values())

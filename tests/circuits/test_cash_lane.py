"""CashLane: satisfied exactly when the model accepts, with the model's outputs; every forgery refused."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from circuits.determinism import analyse, find_freedom
from rollup.accounts import EMPTY_ACCOUNT, EMPTY_ORDERS, Account
from rollup.cash_lanes import apply_cash_op
from rollup.errors import TxRejected
from rollup.margin import compute_margin
from rollup.orders import pack_slot
from rollup.rejections import KeyInvalid
from rollup.signature import sign
from rollup.trace import CashLaneTrace
from rollup.txs import Cancel, CashOp, Deposit, SignedCashOp, Withdraw
from rollup.units import ATOMS_PER_E6
from tests.circuits.cash_cases import (
    OUTPUTS,
    VENUE,
    CashCase,
    key_of,
    load_cash_lane,
    make_case,
    make_trader,
    make_workspace,
    sign_op,
)
from tests.circuits.cash_forgeries import cash_forgeries, honest_cash_cases

TRADER, OTHER = 12, 13
MOST_E6 = 2**64 - 1
MOST_CASH = 2**120 - 1


def run_model(op: CashOp, before: Account, key: bytes = b"") -> CashLaneTrace | None:
    """Return the lane that the model makes of the operation, None where it refuses."""
    signature = sign_op(op, key or key_of(op.account))
    try:
        return apply_cash_op(make_workspace(before, op.account), SignedCashOp(op, signature))
    except TxRejected:
        return None


def check_agreement(op: CashOp, before: Account, key: bytes = b"") -> bool:
    """Return whether the model accepts, having asserted that the circuit does just the same, with the same outputs."""
    lane = run_model(op, before, key)
    case = make_case(op, before, signature=sign_op(op, key or key_of(op.account)))
    broken = load_cash_lane().find_broken(case.inputs)
    assert (not broken) == (lane is not None), broken
    if lane is not None:
        assert lane == case.lane
        check_outputs(case)
    return lane is not None


def check_outputs(case: CashCase) -> None:
    """Assert that the outputs which the model gives are those that the circuit leads to from any others."""
    blank = case.inputs | dict.fromkeys(OUTPUTS, 0)
    lane = load_cash_lane()
    followed = lane.follow(blank, {}, OUTPUTS)
    assert {name: followed[name] for name in OUTPUTS} == {name: case.inputs[name] for name in OUTPUTS}


# --- agreement with the model -----------------------------------------------------------------------------------------
counters = st.sampled_from([0, 1, 6, 2**32 - 2, 2**32 - 1]) | st.integers(0, 2**32 - 1)
amounts = st.sampled_from([0, 1, 2, MOST_E6]) | st.integers(0, 20_000 * 10**6) | st.integers(0, MOST_E6)
slots = st.sampled_from([0, 8, 9, 511]) | st.integers(0, 511)
sizes = st.tuples(
    *[st.sampled_from([0, 0, 1, -1]) | st.integers(-(10**8), 10**8)] * 2,
    *[st.sampled_from([0, 0, 0, -(2**30), 2**30])] * 14,
)


@st.composite
def traders(draw: st.DrawFn) -> Account:
    """Return an account in use, any field at an edge now and then."""
    return make_trader(
        TRADER,
        epoch=draw(st.sampled_from([1, 3, 2**32 - 1])),
        cash_nonce=draw(counters),
        tier=draw(st.integers(0, 7)),
        cash_atoms=draw(st.integers(-(10**22), 10**23) | st.sampled_from([0, MOST_CASH, MOST_CASH - 10**13])),
        sizes_lots=draw(sizes),
    )


@settings(max_examples=40)
@given(before=traders(), amount_e6=amounts, stranger=st.booleans())
def test_deposits_agree_with_the_model(before: Account, amount_e6: int, stranger: bool) -> None:
    holder = make_trader(OTHER) if stranger else before
    check_agreement(Deposit(TRADER, amount_e6, holder.owner, before.key), before)


@settings(max_examples=25)
@given(
    account_id=st.integers(0, 2**21 - 1), amount_e6=amounts, epoch=st.integers(0, 2**32 - 2), owner=st.integers(0, 3)
)
def test_creations_agree_with_the_model(account_id: int, amount_e6: int, epoch: int, owner: int) -> None:
    before = replace(EMPTY_ACCOUNT, epoch=epoch, tier=1, cash_nonce=4)
    check_agreement(Deposit(account_id, amount_e6, owner, make_trader(OTHER).key), before)


@settings(max_examples=50)
@given(before=traders(), amount_e6=amounts, off_by=st.integers(-2, 2), at_edge=st.booleans(), stranger=st.booleans())
def test_withdrawals_agree_with_the_model(
    before: Account, amount_e6: int, off_by: int, at_edge: bool, stranger: bool
) -> None:
    if at_edge:
        amount_e6 = min(max(_free_atoms(before) // ATOMS_PER_E6 + off_by, 0), MOST_E6)
    op = Withdraw(TRADER, before.cash_nonce, before.epoch, amount_e6)
    check_agreement(op, before, key_of(OTHER) if stranger and off_by > 0 else b"")


def _free_atoms(account: Account) -> int:
    margin = compute_margin(account.cash_atoms, account.sizes_lots, VENUE.marks, VENUE.funding, VENUE.params)
    return margin.equity - margin.initial


@settings(max_examples=50)
@given(before=traders(), slot=slots, held=counters, filled=st.sampled_from([0, 1, 2**48 - 1]), step=st.integers(-2, 2))
def test_cancels_agree_with_the_model(before: Account, slot: int, held: int, filled: int, step: int) -> None:
    before = replace(before, orders=before.orders.set(slot, pack_slot(held, filled)))
    nonce = min(max(held + step, 0), 2**32 - 1)
    check_agreement(Cancel(TRADER, before.cash_nonce, before.epoch, slot, nonce), before)


@settings(max_examples=15)
@given(account_id=st.integers(0, 2**21 - 1), before=traders() | st.just(EMPTY_ACCOUNT))
def test_unused_lane_changes_nothing(account_id: int, before: Account) -> None:
    case = make_case(None, before, account_id=account_id)
    assert load_cash_lane().find_broken(case.inputs) == []
    check_outputs(case)
    assert case.inputs["root_in"] == case.inputs["root_out"]


# --- the edges by name ------------------------------------------------------------------------------------------------
def _with_free(account: Account, free_atoms: int, amount_e6: int) -> Account:
    """Return the account with cash such that this much is free once the amount is withdrawn."""
    surplus = _free_atoms(account) - amount_e6 * ATOMS_PER_E6 - free_atoms
    return replace(account, cash_atoms=account.cash_atoms - surplus)


@pytest.mark.parametrize(("free_atoms", "accepted"), [(1, True), (0, True), (-1, False)])
def test_withdrawal_down_to_the_initial_requirement(free_atoms: int, accepted: bool) -> None:
    before = _with_free(make_trader(TRADER), free_atoms, 1_000)
    assert check_agreement(Withdraw(TRADER, 6, 3, 1_000), before) is accepted


@pytest.mark.parametrize(("amount_e6", "accepted"), [(0, False), (1, True), (MOST_E6, True)])
@pytest.mark.parametrize("kind", ["deposit", "withdraw"])
def test_amounts_at_the_edges(kind: str, amount_e6: int, accepted: bool) -> None:
    before = make_trader(TRADER, cash_atoms=2**119)
    named = Deposit(TRADER, amount_e6, before.owner, before.key)
    op = named if kind == "deposit" else Withdraw(TRADER, 6, 3, amount_e6)
    assert check_agreement(op, before) is accepted


@pytest.mark.parametrize(("over_atoms", "accepted"), [(-1, True), (0, True), (1, False)])
def test_deposit_up_to_the_greatest_cash(over_atoms: int, accepted: bool) -> None:
    before = make_trader(TRADER, cash_atoms=MOST_CASH - 7 * ATOMS_PER_E6 + over_atoms)
    assert check_agreement(Deposit(TRADER, 7, before.owner, before.key), before) is accepted


@pytest.mark.parametrize(("cash_nonce", "accepted"), [(0, True), (2**32 - 2, True), (2**32 - 1, False)])
@pytest.mark.parametrize("kind", ["cancel", "withdraw"])
def test_cash_nonces_at_the_edges(kind: str, cash_nonce: int, accepted: bool) -> None:
    before = make_trader(TRADER, cash_nonce=cash_nonce)
    op = Cancel(TRADER, cash_nonce, 3, 8, 77) if kind == "cancel" else Withdraw(TRADER, cash_nonce, 3, 1)
    assert check_agreement(op, before) is accepted


@pytest.mark.parametrize("slot", [0, 511])
@pytest.mark.parametrize(("nonce", "accepted"), [(76, False), (77, True), (2**32 - 2, True), (2**32 - 1, False)])
def test_cancels_at_the_edges(slot: int, nonce: int, accepted: bool) -> None:
    before = make_trader(TRADER, orders=EMPTY_ORDERS.set(slot, pack_slot(77, 1)))
    assert check_agreement(Cancel(TRADER, 6, 3, slot, nonce), before) is accepted


@pytest.mark.parametrize(("account_id", "accepted"), [(0, False), (1, False), (2, True), (2**21 - 1, True)])
def test_accounts_at_the_edges(account_id: int, accepted: bool) -> None:
    holder = make_trader(account_id)
    assert check_agreement(Deposit(account_id, 5, holder.owner, holder.key), EMPTY_ACCOUNT) is accepted
    assert check_agreement(Withdraw(account_id, 6, 3, 5), holder) is accepted


def test_key_of_a_creation_is_left_to_the_first_signature() -> None:
    """The circuit is wider than the model here: the money is its owner's, and such a key signs nothing."""
    bad_key = Deposit(TRADER, 5, 9, (0, 1))
    with pytest.raises(KeyInvalid):
        bad_key.check(EMPTY_ACCOUNT)
    assert load_cash_lane().find_broken(make_case(bad_key, EMPTY_ACCOUNT).inputs) == []


def test_invalid_signature_for_another_domain() -> None:
    op, before = Withdraw(TRADER, 6, 3, 5), make_trader(TRADER)
    other = make_case(op, before, signature=sign(key_of(TRADER), op.message(VENUE.params.domain + 1)))
    assert load_cash_lane().find_broken(other.inputs) == ["signature/r8/x", "signature/r8/y"]


# --- forgeries and determinism ----------------------------------------------------------------------------------------
def test_invalid_lanes_are_refused_by_the_rule_they_break() -> None:
    forgeries, lane = cash_forgeries(), load_cash_lane()
    broken = {forged.name: lane.find_broken_classes(forged.inputs, forged.lies) for forged in forgeries}
    assert len(broken) == len(forgeries), "two forgeries share a name"
    assert broken == {forged.name: forged.refused_by for forged in forgeries}
    assert all(broken.values())


def test_no_computed_wire_is_free() -> None:
    lane = load_cash_lane()
    systems = {name: lane.evaluate(case.inputs) for name, case in honest_cash_cases().items()}
    everywhere = find_freedom(systems.values())
    assert everywhere.free == everywhere.harmless == ()
    # quotients of conditions that do not apply: 0 = 0 * quotient; a lane that the condition applies to pins them
    idle = ("user_account/quotient", "deposit/names_an_owner/quotient", "amount/positive/quotient")
    assert {name: analyse(cs).harmless for name, cs in systems.items()} == {
        **dict.fromkeys(systems, ()),
        "unused": idle,
    }

"""A cheating sequencer's CashLanes: each is refused, and for the rule it breaks."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import cache
from typing import Any

import pytest

from rollup.audit import check_batch
from rollup.shapes import Shape
from rollup.state import Resources, make_genesis
from rollup.trace import BatchTrace, CashLaneTrace
from rollup.txs import (
    CloseAccount,
    Deposit,
    Evict,
    ForcedCancelAll,
    ForcedWithdraw,
    SignedCashOp,
    Transfer,
    TransferIn,
    Withdraw,
)
from tests.rollup.broken_rules import assert_breaks
from tests.rollup.cash_ops import KEY
from tests.scenarios import AVAX_PRICE, PARAMS, START_S, USD, Exchange

SHAPE = Shape("cash", (1,), 8)
FEES = Resources(base_fees=(10**15, 4 * 10**18, 10**13))  # 0.0024 USD an operation, 4 USD an account
FEE_E6 = 2_320
OUT, IN, WITHDRAW, RETURNED, DROPPED, FORCED, EVICT, UNUSED = range(8)


@cache
def get_trace() -> BatchTrace:
    """Return a batch with a lane of each name above; account 4 holds nothing but its leaf."""
    ex = Exchange(
        replace(PARAMS, rent_period_s=4, min_base_fee=FEES.base_fees), SHAPE, make_genesis((AVAX_PRICE,), START_S, FEES)
    )
    ex.batch(cash=[ex.deposit(2, 100), ex.deposit(3, 100), ex.deposit(4, 4)])
    ops = [
        ex.request(Transfer, 2, amount_e6=5 * USD, recipient=3),
        ex.withdraw(3, 1),
        SignedCashOp(Deposit(2, 9, 0xB, KEY)),
        SignedCashOp(ForcedCancelAll(2, 0xB)),
        SignedCashOp(ForcedWithdraw(3, 2**64 - 1, ex.owner_of(3))),
        SignedCashOp(Evict(4)),
    ]
    result = ex.batch(cash=ops)
    assert (result.rejected, result.waiting_cash) == ((), ())
    return result.trace


def change(trace: BatchTrace, position: int, **changes: Any) -> BatchTrace:  # noqa: ANN401 (fields of a lane)
    lanes = list(trace.cash_lanes)
    lanes[position] = replace(lanes[position], **changes)
    return replace(trace, cash_lanes=tuple(lanes))


def change_op(trace: BatchTrace, position: int, **changes: Any) -> BatchTrace:  # noqa: ANN401 (fields of an operation)
    op = trace.cash_lanes[position].op
    assert op is not None
    return change(trace, position, op=replace(op, **changes))


def change_flows(trace: BatchTrace, position: int, **by: int) -> BatchTrace:
    """Return the trace with some of a lane's flows changed by an amount."""
    flows = trace.cash_lanes[position].flows
    return change(trace, position, flows=replace(flows, **{name: getattr(flows, name) + n for name, n in by.items()}))


def reorder(trace: BatchTrace, *positions: int) -> BatchTrace:
    return replace(trace, cash_lanes=tuple(trace.cash_lanes[position] for position in positions))


def pay_fund(trace: BatchTrace, atoms: int) -> BatchTrace:
    """Return the trace with the fund's cash after it changed by some atoms."""
    after = trace.fund_lane.fund_after
    richer = replace(after, cash_atoms=after.cash_atoms + atoms)
    return replace(trace, fund_lane=replace(trace.fund_lane, fund_after=richer))


def pay_more(trace: BatchTrace, position: int) -> BatchTrace:
    """Return the trace with one unit more paid out of an account, as a consistent cheat would."""
    after = trace.cash_lanes[position].after
    poorer = replace(after, cash_atoms=after.cash_atoms - 10**12)
    return change_flows(change(trace, position, after=poorer), position, vault_e6=-1)


def give_account(lane: CashLaneTrace, **changes: int) -> dict[str, object]:
    return {"before": replace(lane.before, **changes)}


def test_honest_batch_passes_and_holds_every_lane() -> None:
    trace = get_trace()
    check_batch(trace)
    assert isinstance(trace.cash_lanes[IN].op, TransferIn)
    assert [lane.is_applied for lane in trace.cash_lanes] == [True, True, True, False, False, True, True, False]
    assert trace.header_after.queue_consumed - trace.header_before.queue_consumed == 3
    assert trace.cash_lanes[FORCED].paid_e6 > 0


LEG = "transfer_is_followed_by_its_incoming_leg"
FORGERIES: list[tuple[str, Callable[[BatchTrace], BatchTrace]]] = [
    (LEG, lambda t: change(t, IN, op=None)),
    (LEG, lambda t: change_op(t, IN, amount_e6=5 * USD + 1)),
    (LEG, lambda t: change_op(t, IN, account=4)),
    ("signature_invalid", lambda t: change_op(t, OUT, amount_e6=5 * USD - 1)),
    ("signature_invalid", lambda t: change_op(t, OUT, recipient=4)),
    (LEG, lambda t: reorder(t, IN, OUT)),
    (LEG, lambda t: reorder(t, OUT, UNUSED, IN)),
    (LEG, lambda t: reorder(t, OUT, OUT, IN)),
    (LEG, lambda t: reorder(t, OUT)),
    (LEG, lambda t: reorder(t, OUT, IN, IN)),
    ("signature_invalid", lambda t: change(t, OUT, signature=t.cash_lanes[WITHDRAW].signature)),
    ("signature_invalid", lambda t: change(t, WITHDRAW, signature=None)),
    ("signature_invalid", lambda t: change_op(t, WITHDRAW, amount_e6=1)),
    ("signature_invalid", lambda t: change_op(t, WITHDRAW, max_fee_e6=FEE_E6)),
    ("fee_above_maximum", lambda t: change_op(t, WITHDRAW, max_fee_e6=FEE_E6 - 1)),
    ("cash_nonce_mismatch", lambda t: change_op(t, WITHDRAW, cash_nonce=1)),
    ("epoch_mismatch", lambda t: change_op(t, WITHDRAW, epoch=2)),
    ("below_initial", lambda t: change(t, WITHDRAW, **give_account(t.cash_lanes[WITHDRAW], cash_atoms=10**18))),
    ("account_not_open", lambda t: change(t, IN, before=t.fund_lane.fund_before)),
    ("not_evictable", lambda t: change(t, EVICT, **give_account(t.cash_lanes[EVICT], cash_atoms=10**18 + 1))),
    ("value_out_of_range", lambda t: change(t, EVICT, account_id=0, op=Evict(0))),
    ("close_amount_mismatch", lambda t: change(t, WITHDRAW, op=CloseAccount(3, 0, 1, 1, max_fee_e6=FEE_E6))),
    ("operation_outcome", lambda t: change(t, RETURNED, is_applied=True)),
    ("operation_outcome", lambda t: change(t, DROPPED, is_applied=True)),
    ("operation_outcome", lambda t: change(t, FORCED, is_applied=False)),
    ("operation_outcome", lambda t: change(t, WITHDRAW, is_applied=False)),
    ("operation_outcome", lambda t: change_op(t, RETURNED, owner=0xA0002)),
    ("operation_effect", lambda t: pay_more(t, WITHDRAW)),
    ("operation_effect", lambda t: pay_more(t, FORCED)),
    ("operation_effect", lambda t: change(t, DROPPED, after=replace(t.cash_lanes[DROPPED].after, epoch=2))),
    ("operation_effect", lambda t: change(t, RETURNED, after=replace(t.cash_lanes[RETURNED].after, cash_atoms=0))),
    ("operation_effect", lambda t: change(t, EVICT, after=replace(t.cash_lanes[EVICT].after, epoch=0))),
    ("operation_flows", lambda t: change_flows(t, WITHDRAW, rent_atoms=-1)),
    ("operation_flows", lambda t: change_flows(t, WITHDRAW, base_fees_e6=-1)),
    ("operation_flows", lambda t: change_flows(t, RETURNED, queue_entries=-1)),
    ("operation_flows", lambda t: change_flows(t, RETURNED, vault_e6=9)),
    ("operation_flows", lambda t: change_flows(t, FORCED, vault_e6=1)),
    ("operation_flows", lambda t: change_flows(t, OUT, units=-1)),
    ("unused_lane_changes_nothing", lambda t: change(t, UNUSED, is_applied=True)),
    ("unused_lane_changes_nothing", lambda t: change_flows(t, UNUSED, vault_e6=-1)),
    ("slot_before", lambda t: change(t, WITHDRAW, slot_before=1)),
    ("dues_to_fund", lambda t: pay_fund(t, 1)),
    ("dues_to_fund", lambda t: pay_fund(t, -FEE_E6 * 10**12)),
]


@pytest.mark.parametrize(
    ("rule", "forge"), FORGERIES, ids=[f"{rule}-{position}" for position, (rule, _) in enumerate(FORGERIES)]
)
def test_invalid_lane_by_a_cheating_sequencer(rule: str, forge: Callable[[BatchTrace], BatchTrace]) -> None:
    assert_breaks(rule, forge(get_trace()))


def test_invalid_withdrawal_in_place_of_the_incoming_leg() -> None:
    trace = get_trace()
    lane = trace.cash_lanes[WITHDRAW]
    assert isinstance(lane.op, Withdraw)
    assert_breaks(LEG, reorder(trace, OUT, WITHDRAW))

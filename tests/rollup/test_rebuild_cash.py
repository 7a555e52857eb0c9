"""Data that do not fit the state before them: the lane is named, and what was expected there."""

from __future__ import annotations

from dataclasses import replace

import pytest

from rollup.batch_record import FundFillRecord
from rollup.cash_record import CASH_KINDS, CashRecord
from rollup.rescue_record import NO_RESCUE, RescueKind
from rollup.turn_record import NO_FILL, FillRecord, TurnRecord
from rollup.units import COUNTER_BITS
from tests.rollup.rebuild_scenes import Change, assert_refused, get_scene, run_cash, set_lane
from tests.scenarios import PRICED


def cash_change(position: int, **changes: object) -> Change:
    return lambda r: replace(r, cash=set_lane(r.cash, position, replace(r.cash[position], **changes)))


def cash_set(position: int, **fields: object) -> Change:
    zero = CashRecord(0, False, 0, 0, 0, (0, 0))
    return lambda r: replace(r, cash=set_lane(r.cash, position, replace(zero, **fields)))  # type: ignore[arg-type]


def number_of(name: str) -> int:
    return 1 + [kind.__name__ for kind in CASH_KINDS].index(name)


# in `run_cash`: 0 a deposit to 2, 1 a withdrawal of 2, 2 and 3 a transfer of 3 to 2, 4 unused
CASH_MISFITS: dict[str, tuple[Change, str, str]] = {
    "number jumps back": (lambda r: replace(r, timestamp_s=PRICED.header.timestamp_s), "header", "above"),
    "mark of nothing": (lambda r: replace(r, marks_ticks=(0, *r.marks_ticks[1:])), "header", "in range"),
    "unknown kind": (cash_change(0, kind=14), "cash[0]", "at most 13"),
    "unused lane names an account": (cash_change(4, account=2), "cash[4]", "all zero"),
    "unused lane is applied": (cash_change(4, is_applied=True), "cash[4]", "all zero"),
    "unused lane has a key": (cash_change(4, key=(0, 1)), "cash[4]", "all zero"),
    "entry of another kind": (cash_change(0, kind=number_of("SetTier")), "cash[0]", "Deposit, queue entry 2"),
    "entry of another account": (cash_change(0, account=3), "cash[0]", "account=2"),
    "entry not applied": (cash_change(0, is_applied=False), "cash[0]", "True"),
    "entry with an operand": (cash_change(0, operand=1), "cash[0]", "operand=0"),
    "signed operation applied": (cash_change(1, is_applied=True), "cash[1]", "is_applied=False"),
    "withdrawal beyond what is free": (cash_change(1, operand=2**63), "cash[1]", "Withdraw by the rules"),
    "withdrawal of nothing": (cash_change(1, operand=0), "cash[1]", "Withdraw by the rules"),
    "withdrawal of nobody": (cash_change(1, account=9), "cash[1]", "Withdraw by the rules"),
    "withdrawal of the fund": (cash_change(1, account=0), "cash[1]", "Withdraw by the rules"),
    "withdrawal with a recipient": (cash_change(1, second=3), "cash[1]", "second=0"),
    "withdrawal with a key": (cash_change(1, key=(1, 0)), "cash[1]", "key=(0, 0)"),
    "transfer to another": (cash_change(2, second=9), "cash[3]", "account=9"),
    "transfer without its other leg": (cash_set(3), "cash[3]", "TransferIn"),
    "transfer out of the last lane": (
        lambda r: replace(r, cash=(*r.cash[2:4], *r.cash[4:], r.cash[4], r.cash[2])),
        "cash",
        "TransferIn",
    ),
    "transfer taken by another operation": (cash_change(3, kind=number_of("Evict")), "cash[3]", "TransferIn"),
    "transfer that nobody sent": (cash_set(2, kind=number_of("TransferIn"), account=2), "cash[2]", "no incoming"),
    "eviction of the rich": (cash_set(4, kind=number_of("Evict"), account=2), "cash[4]", "Evict by the rules"),
    "cancel of a slot that there is not": (
        cash_set(4, kind=number_of("Cancel"), account=2, second=512, operand=1),
        "cash[4]",
        "Cancel by the rules",
    ),
    "cancel of the last nonce": (
        cash_set(4, kind=number_of("Cancel"), account=2, operand=2**COUNTER_BITS - 1),
        "cash[4]",
        "Cancel by the rules",
    ),
    "cancel of a nonce that there is not": (
        cash_set(4, kind=number_of("Cancel"), account=2, operand=2**63),
        "cash[4]",
        "Cancel by the rules",
    ),
    "key off the curve": (
        cash_set(4, kind=number_of("KeyChange"), account=2, key=(1, 1)),
        "cash[4]",
        "KeyChange by the rules",
    ),
    "close of another amount": (
        cash_set(4, kind=number_of("CloseAccount"), account=3),
        "cash[4]",
        "CloseAccount by the rules",
    ),
    "fund without lots": (lambda r: replace(r, fund_fill=FundFillRecord(3, 0)), "fund", "market 0"),
    "fund beyond its budget": (lambda r: replace(r, fund_fill=FundFillRecord(0, 2**47)), "close", "in range"),
    "turn of the treasury": (
        lambda r: replace(r, turns=(TurnRecord(1, (FillRecord(0, 0, 1, 0, 1, 0, 0),)),)),
        "turn[0]",
        "2 or more",
    ),
    "fill in an unused turn": (
        lambda r: replace(r, turns=(TurnRecord(0, (FillRecord(0, 0, 1, 0, 1, 0, 0),)),)),
        "turn[0]",
        "all zero",
    ),
    "turn without a fill": (lambda r: replace(r, turns=(TurnRecord(2, (NO_FILL,)),)), "turn[0]", "a fill"),
    "rescue in an unused lane": (
        lambda r: replace(r, rescue=(replace(NO_RESCUE, market=1), NO_RESCUE)),
        "rescue[0]",
        "all zero",
    ),
    "forced trade where the queue has none": (
        lambda r: replace(r, rescue=(replace(NO_RESCUE, kind=RescueKind.FIRST_LEG), NO_RESCUE)),
        "queue",
        "no entry",
    ),
}


@pytest.mark.parametrize("name", CASH_MISFITS)
def test_invalid_record_of_cash_operations(name: str) -> None:
    change, where, expected = CASH_MISFITS[name]
    scene = get_scene(run_cash, 1)
    assert_refused(scene, change(scene.record), where, expected)

"""Data that do not fit the state before them: the lane is named, and what was expected there."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from rollup.accounts import EMPTY_ORDERS
from rollup.batch_record import BatchRecord
from rollup.orders import pack_slot
from rollup.queue_events import QueueEvents
from rollup.rebuild_rules import RecordMisfit
from rollup.rescue_record import NO_RESCUE, RescueKind
from rollup.signature import derive_public_key
from rollup.turn_record import NO_FILL, FillRecord, TurnRecord
from rollup.txs import SetTier
from rollup.units import COUNTER_BITS, FUND_ACCOUNT
from tests.published import Seen
from tests.rescue_batches import run_forced, run_shared, run_takeover
from tests.rollup.rebuild_scenes import Change, apply, assert_refused, get_scene, set_lane
from tests.scenarios import AVAX_PRICE, PRICED, Exchange, run_day


def fill_change(turn: int, place: int, **changes: int) -> Change:
    def change(record: BatchRecord) -> BatchRecord:
        own = record.turns[turn]
        fills = set_lane(own.fills, place, replace(own.fills[place], **changes))
        return replace(record, turns=set_lane(record.turns, turn, replace(own, fills=fills)))

    return change


# in `run_day`'s third batch: one turn buys, another is liquidated
FILL_MISFITS: dict[str, tuple[Callable[[BatchRecord, int, int], Change], str]] = {
    "flags that no order has": (lambda r, order, forced: fill_change(order, 0, flags=16), "at most 7"),
    "order flagged as a liquidation": (lambda r, order, forced: fill_change(order, 0, flags=8), "flags=8"),
    "liquidation that names a slot": (lambda r, order, forced: fill_change(forced, 0, slot=1), "slot=0"),
    "liquidation with a tip": (lambda r, order, forced: fill_change(forced, 0, tip_e6=1), "tip_e6=0"),
    "liquidation that is IOC": (lambda r, order, forced: fill_change(forced, 0, flags=9), "flags=8"),
    "liquidation that grows": (lambda r, order, forced: fill_change(forced, 0, side=0), "side=1"),
}


@pytest.mark.parametrize("name", FILL_MISFITS)
def test_invalid_record_of_fills(name: str) -> None:
    make, expected = FILL_MISFITS[name]
    scene = get_scene(run_day, 2)
    turns = scene.record.turns
    order = next(i for i, turn in enumerate(turns) if turn.account and not turn.fills[0].is_liquidation)
    forced = next(i for i, turn in enumerate(turns) if turn.fills[0].is_liquidation)
    with pytest.raises(RecordMisfit) as raised:
        apply(scene, make(scene.record, order, forced)(scene.record))
    assert expected in raised.value.expected, str(raised.value)
    assert raised.value.where in (f"turn[{order}].fills[0]", f"turn[{forced}].fills[0]")


def test_invalid_place_without_lots_that_says_something() -> None:
    scene = get_scene(run_day, 2)
    wide = next(i for i, turn in enumerate(scene.record.turns) if len(turn.fills) == 2)
    record = replace(
        scene.record,
        turns=set_lane(
            scene.record.turns, wide, TurnRecord(4, (FillRecord(0, 0, 1, 9, 1, 0, 0), replace(NO_FILL, tip_e6=1)))
        ),
    )
    assert_refused(scene, record, f"turn[{wide}].fills[1]", "all zero")


def rescue_change(position: int, **changes: int) -> Change:
    return lambda r: replace(r, rescue=set_lane(r.rescue, position, replace(r.rescue[position], **changes)))


# `run_takeover`: 0 a takeover; `run_shared`: 0 a victim, 1 to 4 its counterparties; `run_forced`: two trades
RESCUE_MISFITS: dict[str, tuple[Callable[[], Any], Change, str, str]] = {
    "takeover of the fund": (run_takeover, rescue_change(0, account=0), "rescue[0]", "2 or more"),
    "takeover that is applied": (run_takeover, rescue_change(0, is_applied=True), "rescue[0]", "is_applied=False"),
    "takeover with lots": (run_takeover, rescue_change(0, lots=1), "rescue[0]", "lots=0"),
    "kind that there is not": (run_takeover, rescue_change(0, kind=6), "rescue[0]", "a kind that may stand here"),
    "second leg alone": (run_takeover, rescue_change(0, kind=5), "rescue[0]", "a kind that may stand here"),
    "counterparty of nobody": (
        run_takeover,
        rescue_change(0, kind=int(RescueKind.COUNTERPARTY), lots=1),
        "rescue[0]",
        "0 left",
    ),
    "counterparty takes too much": (run_shared, rescue_change(1, lots=2**47), "rescue[1]", "what can be taken"),
    "counterparty takes nothing": (run_shared, rescue_change(1, lots=0), "rescue[1]", "what can be taken"),
    "counterparty of the same side": (run_shared, rescue_change(1, account=5), "rescue[1]", "what can be taken"),
    "counterparty of another market": (run_shared, rescue_change(1, market=9), "rescue[1]", "what can be taken"),
    "victim left to nobody": (
        run_shared,
        lambda r: replace(r, rescue=(r.rescue[0], *[NO_RESCUE] * (len(r.rescue) - 1))),
        "rescue[1]",
        "a counterparty for",
    ),
    "victim in the last lane": (
        run_shared,
        lambda r: replace(r, rescue=(*[NO_RESCUE] * (len(r.rescue) - 1), r.rescue[0])),
        "rescue",
        "a counterparty for",
    ),
    "trade not applied": (run_forced, rescue_change(0, is_applied=False), "rescue[0]", "is_applied=True"),
    "trade applied": (run_forced, rescue_change(2, is_applied=True), "rescue[2]", "is_applied=False"),
    "trade of another": (run_forced, rescue_change(1, account=4), "rescue[1]", "account=3"),
    "trade without its second leg": (
        run_forced,
        lambda r: replace(r, rescue=set_lane(r.rescue, 1, NO_RESCUE)),
        "rescue[1]",
        "kind=<RescueKind.SECOND_LEG: 5>",
    ),
    "trade in the last lane": (
        run_forced,
        lambda r: replace(r, rescue=(*[NO_RESCUE] * (len(r.rescue) - 1), r.rescue[0])),
        "rescue[5]",
        "a lane for the second leg",
    ),
}


@pytest.mark.parametrize("name", RESCUE_MISFITS)
def test_invalid_record_of_rescues(name: str) -> None:
    run, change, where, expected = RESCUE_MISFITS[name]
    scene = get_scene(run)
    assert_refused(scene, change(scene.record), where, expected)


def test_invalid_forced_trade_where_the_queue_has_another_entry() -> None:
    scene = get_scene(run_forced)
    with pytest.raises(RecordMisfit) as raised:
        apply(scene, scene.record, QueueEvents([SetTier(2, 1)], scene.before.header.queue_consumed))
    assert (raised.value.got, raised.value.where) == ("a forced trade", "rescue[0]")


def with_account(scene: Seen, account_id: int, **changes: Any) -> Seen:  # noqa: ANN401 (fields of an account)
    """Return the scene with an account changed before it."""
    ex = Exchange(state=scene.before)
    ex.put(account_id, **changes)
    return replace(scene, before=ex.state)


def find_turn(scene: Seen, *, is_liquidation: bool) -> tuple[int, TurnRecord]:
    """Return the first used turn of a kind."""
    turns = enumerate(scene.record.turns)
    return next((i, turn) for i, turn in turns if turn.account and turn.fills[0].is_liquidation == is_liquidation)


def test_invalid_fill_beyond_the_last_nonce() -> None:
    scene = get_scene(run_day, 2)
    position, turn = find_turn(scene, is_liquidation=False)
    slot, last = turn.fills[0].slot, 2**COUNTER_BITS - 1
    orders = EMPTY_ORDERS.set(slot, pack_slot(last, 0))
    with pytest.raises(RecordMisfit) as raised:
        apply(with_account(scene, turn.account, orders=orders), scene.record)
    assert (raised.value.where, raised.value.expected) == (f"turn[{position}].fills[0]", "a fill that the rules allow")
    assert raised.value.got.startswith(f"nonce {last + turn.fills[0].nonce_step} outside")


@pytest.mark.parametrize("filled_lots", [2**48 - 1, 2**48 - 400_000_000])
def test_invalid_fill_beyond_what_a_slot_can_hold(filled_lots: int) -> None:
    scene = get_scene(run_day, 2)
    position, turn = find_turn(scene, is_liquidation=False)
    orders = EMPTY_ORDERS.set(turn.fills[0].slot, pack_slot(1, filled_lots))
    record = fill_change(position, 0, nonce_step=0, lots=400_000_000)(scene.record)
    with pytest.raises(RecordMisfit) as raised:
        apply(with_account(scene, turn.account, orders=orders), record)
    assert raised.value.got.startswith("filled_lots")


def test_invalid_fill_beyond_what_an_account_can_hold() -> None:
    scene = get_scene(run_day, 2)
    position, turn = find_turn(scene, is_liquidation=False)
    sizes = (2**48 - 1, *[0] * 15)
    with pytest.raises(RecordMisfit) as raised:
        apply(with_account(scene, turn.account, sizes_lots=sizes), scene.record)
    assert raised.value.where == f"turn[{position}].fills[0]"


def test_invalid_turn_of_an_account_that_cannot_pay_its_rent() -> None:
    scene = get_scene(run_rented)
    position, turn = find_turn(scene, is_liquidation=False)
    with pytest.raises(RecordMisfit) as raised:
        apply(with_account(scene, turn.account, cash_atoms=-(2**120) + 1), scene.record)
    assert (raised.value.where, raised.value.expected) == (f"turn[{position}]", "an account that can pay its rent")


def test_invalid_fund_beyond_what_it_can_hold() -> None:
    scene = get_scene(run_rented)
    with pytest.raises(RecordMisfit) as raised:
        apply(with_account(scene, FUND_ACCOUNT, cash_atoms=2**120 - 1), scene.record)
    assert raised.value.where == "fund"


def run_rented() -> None:
    """Two accounts that pay rent trade with one another."""
    ex = Exchange(state=PRICED)
    with_cash = {"cash_atoms": 10**22, "epoch": 1, "owner": 5, "last_touched_s": ex.now_s}
    for account in (2, 3):
        ex.put(account, **with_cash, key=derive_public_key(ex.key_of(account)))
    orders = [ex.order(2, 10**7, AVAX_PRICE), ex.order(3, -(10**7), AVAX_PRICE)]
    assert len(ex.batch(orders=orders).fills) == 2

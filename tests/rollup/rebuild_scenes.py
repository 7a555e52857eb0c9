"""Scenes whose records tests change, and what a rebuild must say of them."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

import pytest

from rollup.batch_record import BatchRecord
from rollup.queue_events import QueueEntryMissing, QueueEvents
from rollup.rebuild import apply_record
from rollup.rebuild_rules import RecordMisfit
from rollup.shapes import Shape
from rollup.state import State
from rollup.txs import Transfer
from tests.published import Seen, listen, run_random_day
from tests.scenarios import PRICED, USD, Exchange

__all__ = ["Change", "apply", "assert_refused", "get_day", "get_scene", "run_cash", "set_lane"]

Change = Callable[[BatchRecord], BatchRecord]


@cache
def get_day() -> tuple[Seen, ...]:
    """Return a random day's batches, from genesis."""
    with listen() as seen:
        run_random_day(5, 12)
    return tuple(seen)


@cache
def get_scene(run: Callable[[], Any], position: int = 0) -> Seen:
    """Return one batch of a scenario."""
    with listen() as seen:
        run()
    return seen[position]


def run_cash() -> None:
    """A batch of four entries and signed operations: a deposit, a withdrawal, both legs of a transfer."""
    ex = Exchange(shape=Shape("cash", (1,), 5, (), 2), state=PRICED)
    ex.batch(cash=[ex.deposit(2, 500), ex.deposit(3, 500)])
    transfer = ex.request(Transfer, 3, amount_e6=9 * USD, recipient=2)
    result = ex.batch(cash=[ex.deposit(2, 7), ex.withdraw(2, 20), transfer])
    assert not result.rejected
    assert not result.waiting_cash


def apply(scene: Seen, record: BatchRecord, events: QueueEvents | None = None) -> State:
    return apply_record(scene.before, scene.params, record, events or scene.events)


def set_lane(lanes: tuple[Any, ...], position: int, lane: object) -> tuple[Any, ...]:
    return (*lanes[:position], lane, *lanes[position + 1 :])


def assert_refused(scene: Seen, record: BatchRecord, where: str, expected: str) -> None:
    """Check that the record is refused at this place of its batch, and that the honest one is not."""
    assert apply(scene, scene.record) is not None
    with pytest.raises((RecordMisfit, QueueEntryMissing)) as raised:
        apply(scene, record)
    if isinstance(raised.value, RecordMisfit):
        assert (raised.value.batch_number, raised.value.where) == (scene.record.batch_number, where)
        assert expected in raised.value.expected, str(raised.value)
    else:
        assert (where, expected) == ("queue", "no entry"), str(raised.value)

"""What is remembered of fills, batches and entries: how many, and that a snapshot's JSON holds all of it."""

from __future__ import annotations

import json
from random import Random
from typing import Any

import msgspec
import pytest

from rollup.field import R
from sequencer.node import history as history_module
from sequencer.node.event_types import FillSeen
from sequencer.node.history import History
from sequencer.node.history_rows import read_batches, read_entries, write_batches, write_entries
from sequencer.node.refusals import LiveStateInvalid
from sequencer.node.view_types import BatchStage, BatchView, EntryStage, EntryView

LIMITS = {"_MAX_FILLS": 5, "_MAX_ALL_FILLS": 12}
ROOT = 2**253 + 7  # more than a JSON writer's 64 bits
ENTRY = EntryView(3, "Deposit", 2, EntryStage.CONSUMED, 9, is_applied=False)


def make_fill(number: int, account: int) -> FillSeen:
    return FillSeen(number, account, 0, 1, 2, 3, 4, 5, 6, -7, 8, is_liquidation=number % 2 == 0)


def spell(value: object) -> Any:  # noqa: ANN401 (JSON)
    """Return a value as a snapshot's reader finds it."""
    return json.loads(msgspec.json.encode(value))


def make_batch(number: int) -> BatchView:
    return BatchView(number, 1, BatchStage.SETTLED, 4, 2, 3, 4, 5, ROOT, ROOT + number, 6, 1.5, bytes(32))


def test_the_last_fills_of_an_account_and_of_all_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in LIMITS.items():
        monkeypatch.setattr(history_module, name, value)
    history, random, fills = History(), Random(3), list[FillSeen]()
    for number in range(200):
        fills.append(make_fill(number, random.choice((2, 2, 2, 3, 4))))
        history._keep_fill(fills[-1])
        known = fills[-LIMITS["_MAX_ALL_FILLS"] :]
        for account in (2, 3, 4):
            expected = [fill for fill in known if fill.account == account][-LIMITS["_MAX_FILLS"] :]
            assert list(history.list_fills(account, 100, None)) == expected[::-1]
    again = History()
    again.load(spell(history.dump()))
    assert again.dump() == history.dump() == history.copy().dump()
    assert [again.list_fills(account, 100, None) for account in (2, 3, 4)] == [
        history.list_fills(account, 100, None) for account in (2, 3, 4)
    ]


def test_batches_are_read_as_if_nothing_had_come_of_them() -> None:
    (read,) = read_batches(spell(write_batches([make_batch(1)])))
    assert (read.stage, read.group, read.prove_s, read.settlement) == (BatchStage.SEQUENCED, None, None, None)
    assert (read.number, read.old_state_root, read.new_state_root, read.sealed_us) == (1, ROOT, ROOT + 1, 6)
    assert (read.fills, read.liquidations, read.cash_ops, read.rescues) == (2, 3, 4, 5)


def test_entries_that_are_not_final_are_in_no_snapshot() -> None:
    seen = EntryView(4, "Deposit", 2, EntryStage.SEEN, None, None)
    assert read_entries(spell(write_entries([ENTRY, seen]))) == [ENTRY]


def test_snapshot_of_before_has_less() -> None:
    history = History()
    history.load(spell(History().markets.dump()))
    assert history.dump() == History().dump()


@pytest.mark.parametrize(
    ("place", "value"),
    [
        ("fills", [[1, 2, 3]]),
        ("fills", [[1] * 12]),
        ("batches", [[1, 2, 3, 4, 5, 6, "x", "1", 9]]),
        ("batches", [[1, 2, 3, 4, 5, 6, "-1", "1", 9]]),
        ("batches", [[1, 2, 3, 4, 5, 6, "1", "1_0", 9]]),
        ("batches", [[1, 2, 3, 4, 5, 6, "1", "1" * 65, 9]]),
        ("batches", [[1, 2, 3, 4, 5, 6, f"{R:x}", "1", 9]]),
        ("batches", 7),
        ("entries", [[1, "Deposit", 2, "gone", None, None]]),
        ("last_prices", [[1, "2"]]),
    ],
)
def test_invalid_history_of_a_snapshot(place: str, value: Any) -> None:  # noqa: ANN401 (JSON)
    data = spell(History().dump())
    History().load(data)
    with pytest.raises(LiveStateInvalid, match="its history"):
        History().load(data | {place: value})

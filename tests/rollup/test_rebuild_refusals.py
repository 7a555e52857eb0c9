"""What a rebuild refuses, by name: batches that are missing or in another order, and data that do not fit."""

from __future__ import annotations

from dataclasses import replace

import pytest

from rollup.errors import BatchInvalid
from rollup.queue_events import QueueEntryMissing, QueueEvents
from rollup.rebuild import BatchData, apply_segment, rebuild
from rollup.rebuild_rules import BatchOutOfOrder, RecordMisfit, RootMismatch
from rollup.segment import ELEMENT_BITS
from rollup.state import State
from rollup.txs import Deposit, ForcedCancelAll, SetTier
from tests.published import Seen
from tests.rollup.rebuild_scenes import apply, get_day, get_scene, run_cash


def join_events(seen: tuple[Seen, ...]) -> QueueEvents:
    return QueueEvents([entry for batch in seen for entry in batch.events.entries])


def rebuild_day(seen: tuple[Seen, ...], published: list[BatchData], events: QueueEvents | None = None) -> State:
    return rebuild(seen[0].before, seen[0].params, published, events or join_events(seen))


def test_invalid_day_with_a_batch_missing() -> None:
    seen = get_day()
    for missing in (0, 4):
        published = [batch.published for batch in seen]
        del published[missing]
        with pytest.raises(BatchOutOfOrder) as raised:
            rebuild_day(seen, published)
        assert (raised.value.batch_number, raised.value.expected) == (missing + 2, missing + 1)


def test_invalid_day_with_two_batches_swapped() -> None:
    seen = get_day()
    published = [batch.published for batch in seen]
    published[5], published[6] = published[6], published[5]
    with pytest.raises(BatchOutOfOrder) as raised:
        rebuild_day(seen, published)
    assert str(raised.value) == "batch 7 stands where batch 6 is expected"


def test_invalid_day_with_a_batch_twice() -> None:
    seen = get_day()
    published = [batch.published for batch in seen]
    with pytest.raises(BatchOutOfOrder) as raised:
        rebuild_day(seen, [*published[:3], published[2]])
    assert (raised.value.batch_number, raised.value.expected) == (3, 4)


def test_invalid_root() -> None:
    seen = get_day()
    published = [batch.published for batch in seen]
    published[2] = replace(published[2], state_root=5)
    with pytest.raises(RootMismatch) as raised:
        rebuild_day(seen, published)
    assert raised.value.get_facts() == {"batch_number": 3, "state_root": seen[2].result.state.state_root, "expected": 5}


def test_invalid_segment_names_its_batch() -> None:
    scene = get_day()[3]
    published = scene.published
    with pytest.raises(RecordMisfit) as raised:
        apply_segment(scene.before, scene.params, replace(published, elements=published.elements[:-1]), scene.events)
    assert (raised.value.batch_number, raised.value.where) == (4, "segment: number of elements")
    padded = [*published.elements[:-1], published.elements[-1] | 1 << ELEMENT_BITS - 1]
    with pytest.raises(RecordMisfit) as raised:
        apply_segment(scene.before, scene.params, replace(published, elements=padded), scene.events)
    assert raised.value.where == "segment: padding"


def test_invalid_queue_with_its_last_entry_missing() -> None:
    seen = get_day()
    events = join_events(seen)
    n_entries = len(events.entries)
    with pytest.raises(QueueEntryMissing) as raised:
        rebuild_day(seen, [batch.published for batch in seen], QueueEvents(events.entries[:-1]))
    assert raised.value.get_facts() == {"position": n_entries - 1, "first": 0, "end": n_entries - 1}


def test_invalid_queue_that_begins_too_late() -> None:
    seen = get_day()
    with pytest.raises(QueueEntryMissing) as raised:
        rebuild_day(seen, [batch.published for batch in seen], QueueEvents(join_events(seen).entries[1:], 1))
    assert (raised.value.position, raised.value.first) == (0, 1)


def test_invalid_queue_with_any_entry_missing_or_altered() -> None:
    seen = get_day()
    published, entries = [batch.published for batch in seen], list(join_events(seen).entries)
    altered = 0
    for position, entry in enumerate(entries):
        with pytest.raises(BatchInvalid):
            rebuild_day(seen, published, QueueEvents([*entries[:position], *entries[position + 1 :]]))
        if isinstance(entry, Deposit) and seen[0].result.state.get_account(entry.account).owner == entry.owner:
            richer = replace(entry, amount_e6=entry.amount_e6 + 1)
            with pytest.raises(BatchInvalid):
                rebuild_day(seen, published, QueueEvents([*entries[:position], richer, *entries[position + 1 :]]))
            altered += 1
    assert altered >= 3


def test_invalid_queue_entry_in_place_of_another() -> None:
    scene = get_scene(run_cash, 1)
    position = scene.before.header.queue_consumed
    for entry in (SetTier(2, 1), ForcedCancelAll(2, 5)):
        with pytest.raises(RecordMisfit) as raised:
            apply(scene, scene.record, QueueEvents([entry], position))
        assert type(entry).__name__ in raised.value.expected

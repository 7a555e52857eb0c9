"""What a view keeps of what was told, and what not."""

from __future__ import annotations

from dataclasses import replace

import msgspec

from sequencer.node.api.past import MAX_SAMPLES
from sequencer.node.api.wire_pulse import Past, Summary
from sequencer.node.api.wire_views import Auction, Entry
from sequencer.node.view_types import BatchStage, EntryStage
from sequencer.top.state import View, begin, hear, lose
from tests.top.recording import NOW_S, get_snapshot, make_view, read_recording, with_summary

_EMPTY = Past((), (), (), (), (), ())


def test_snapshot_takes_the_place_of_everything() -> None:
    before = lose(hear(make_view(), Auction(9, 0, 5, "5", 5), NOW_S), NOW_S + 1)
    facts = msgspec.structs.replace(get_snapshot().facts, instance="other")
    snapshot = msgspec.structs.replace(
        get_snapshot(), facts=facts, past=_EMPTY, batches=(), liquidations=(), rescues=()
    )
    view = begin(before, snapshot, NOW_S + 2)
    assert view == View(facts, snapshot.summary, _EMPTY, (), (), (), NOW_S + 2, restarted_s=NOW_S + 2)
    again = begin(lose(view, NOW_S + 3), snapshot, NOW_S + 4)  # the same process: no news
    assert (again.restarted_s, again.is_live) == (NOW_S + 2, True)


def test_view_follows_what_is_told() -> None:
    view = make_view()
    told = read_recording()
    assert view.summary == [one for one in told if isinstance(one, Summary)][-1]
    assert len(view.past.times_ms) == len(get_snapshot().past.times_ms) + sum(isinstance(one, Summary) for one in told)
    assert [len(column) for column in (view.past.base_fees, view.past.markets[0].marks)] == [
        len(view.past.times_ms)
    ] * 2
    assert view.past.markets[0].marks[-1] == view.summary.markets[0].info.mark_ticks
    numbers = [batch.number for batch in view.batches]
    assert numbers == sorted(set(numbers), reverse=True)
    assert len(view.liquidations) > len(get_snapshot().liquidations)
    assert len(view.rescues) > len(get_snapshot().rescues)


def test_entry_changes_nothing_but_when_the_node_was_heard() -> None:
    view = make_view()
    told = Entry(0, "deposit", 2, EntryStage.SEEN, None, None)
    assert hear(view, told, NOW_S + 1) == replace(view, heard_s=NOW_S + 1)


def test_connection_is_lost_once() -> None:
    assert lose(lose(make_view(), NOW_S), NOW_S + 9).lost_s == NOW_S


def test_batch_in_another_stage_is_the_same_batch() -> None:
    view = make_view()
    assert view.batches[1].stage is not BatchStage.PROVED
    batch = msgspec.structs.replace(view.batches[1], stage=BatchStage.PROVED)
    changed = hear(view, batch, NOW_S)
    assert [one.number for one in changed.batches] == [one.number for one in view.batches]
    assert changed.batches[1].stage is BatchStage.PROVED


def test_view_stays_small() -> None:
    view = make_view()
    for number in range(1_000, 1_060):
        view = hear(view, msgspec.structs.replace(view.batches[0], number=number, stage=BatchStage.SETTLED), NOW_S)
        view = hear(hear(view, view.liquidations[0], NOW_S), view.rescues[0], NOW_S)
    assert sum(batch.stage is BatchStage.SETTLED for batch in view.batches) == 40
    assert (len(view.liquidations), len(view.rescues)) == (50, 50)
    view = replace(view, past=_EMPTY)
    for second in range(MAX_SAMPLES + 5):
        view = hear(view, msgspec.structs.replace(view.summary, time_ms=second), NOW_S)
    assert (view.past.times_ms[0], len(view.past.times_ms), len(view.past.markets[0].marks)) == (5, 600, 600)


def test_market_that_was_opened_since_has_a_past_of_its_own() -> None:
    view = make_view()
    first = view.summary.markets[0]
    other = msgspec.structs.replace(first, info=msgspec.structs.replace(first.info, market=1))
    view = hear(view, with_summary(view, markets=(first, other)).summary, NOW_S)
    assert [len(one.marks) for one in view.past.markets] == [len(view.past.times_ms), 1]
    view = hear(view, with_summary(view, markets=(other,)).summary, NOW_S)  # and one that was closed has none
    assert [(one.market, len(one.marks)) for one in view.past.markets] == [(1, 2)]

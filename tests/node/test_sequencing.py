"""What a restart relies on: the log alone says what rests, and what comes of every auction from there on."""

from __future__ import annotations

import pytest

from sequencer.node.commands import Kind
from sequencer.node.live_codec import decode_live, encode_live
from sequencer.node.refusals import StateDiverged
from sequencer.node.sequencing import Sequencing
from tests.node.node_day import SEEDS, SHAPE, get_day, read
from tests.node.replaying import describe, go_on, replay


def test_the_days_see_everything() -> None:
    days = [get_day(seed) for seed in SEEDS]
    seen = set().union(*(day.seen for day in days))
    assert {"fill", "liquidation", "rescue", "released", "stale", "fresh", "auction without outcome"} <= seen
    assert {"closed filled", "closed ioc", "closed expired", "closed epoch", "closed cancelled", "cash "} <= seen
    assert sum(day.running.n_whole for day in days) > 20


@pytest.mark.parametrize("seed", SEEDS)
def test_log_of_records_and_outcomes_leads_where_the_engine_stands(seed: int) -> None:
    day = get_day(seed)
    assert describe(read(day, len(day.log))) == describe(day.running.live)


@pytest.mark.parametrize("seed", SEEDS)
def test_log_from_its_beginning_makes_the_same_outcomes(seed: int) -> None:
    day = get_day(seed)
    assert describe(replay(day.log, day.genesis, SHAPE)) == describe(day.running.live)


@pytest.mark.parametrize("seed", SEEDS)
def test_any_prefix_goes_on_with_the_same_outcomes(seed: int) -> None:
    day = get_day(seed)
    for n_records in sorted(day.random.sample(range(1, len(day.log)), 5)):
        live = decode_live(encode_live(read(day, n_records)))
        sequencing = Sequencing(live, SHAPE)
        go_on(sequencing, day.log[n_records:])
        assert describe(sequencing.live) == describe(day.running.live)


@pytest.mark.parametrize("seed", SEEDS)
def test_snapshot_comes_back_wherever_it_is_made(seed: int) -> None:
    day = get_day(seed)
    for n_records in range(0, len(day.log), 7):
        live = read(day, n_records)
        assert describe(decode_live(encode_live(live))) == describe(live)


def test_invalid_outcome_of_an_auction_that_was_not_called() -> None:
    day = get_day(0)
    at = next(index for index, record in enumerate(day.log) if record.kind == Kind.OUTCOME)
    live = read(day, at + 1)
    with pytest.raises(StateDiverged, match="none was called"):
        live.apply(day.log[at])


def test_invalid_outcome_on_another_state() -> None:
    day = get_day(0)
    first, *_, last = [index for index, record in enumerate(day.log) if record.kind == Kind.OUTCOME]
    live = read(day, first)
    called = live.auction
    assert called is not None
    outcome = day.log[last]
    auction = max(one.sequence for one in day.log[:last] if one.kind == Kind.AUCTION)
    live.auction = called._replace(sequence=auction)
    with pytest.raises(StateDiverged, match="old_state_root"):
        live.apply(outcome)

"""What was published leads to the very state that the batches led to, whatever they did."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import pytest

from rollup.batch_record import decode_batch, encode_batch
from rollup.queue_events import QueueEvents
from rollup.rebuild import apply_record, rebuild, rebuild_each
from rollup.rescue_record import RescueKind
from rollup.state import State
from rollup.turn_record import FLAG_LIQUIDATION
from tests.published import DAYS, Seen, listen, run_random_day
from tests.random_cash import CASH_KINDS, FAILED_KINDS


def assert_same(rebuilt: State, state: State) -> None:
    """Check every field of the header and every account, with its order slots."""
    assert rebuilt.header == state.header
    assert rebuilt.tree.root == state.header.accounts_root
    for account_id in rebuilt.accounts.keys() | state.accounts.keys():
        account, expected = rebuilt.get_account(account_id), state.get_account(account_id)
        assert replace(account, orders=expected.orders) == expected
        assert list(account.orders.items()) == list(expected.orders.items())


@pytest.mark.parametrize("name", DAYS)
def test_every_batch_is_rebuilt_from_what_it_published(name: str) -> None:
    with listen() as seen:
        DAYS[name]()
    assert seen
    for batch in seen:
        record = decode_batch(encode_batch(batch.record), batch.shape)
        assert record == batch.record
        assert_same(apply_record(batch.before, batch.params, record, batch.events), batch.result.state)


def join_events(seen: list[Seen]) -> QueueEvents:
    return QueueEvents([entry for batch in seen for entry in batch.events.entries])


@pytest.mark.parametrize("seed", [4, 5])
def test_a_whole_day_is_rebuilt_from_genesis(seed: int) -> None:
    with listen() as seen:
        run_random_day(seed)
    genesis, params = seen[0].before, seen[0].params
    assert genesis.accounts == {}
    assert all(one.result.state is two.before for one, two in pairwise(seen))
    published = [batch.published for batch in seen]
    states = list(rebuild_each(genesis, params, published, join_events(seen)))
    assert len(states) == len(seen)
    for state, batch in zip(states, seen, strict=True):
        assert_same(state, batch.result.state)
    assert_same(rebuild(genesis, params, published, join_events(seen)), seen[-1].result.state)


def test_a_rebuild_goes_on_from_a_later_state_with_the_events_since() -> None:
    with listen() as seen:
        run_random_day(6, 8)
    start, rest = seen[5].before, seen[5:]
    events = QueueEvents(join_events(rest).entries, start.header.queue_consumed)
    assert_same(rebuild(start, rest[0].params, [batch.published for batch in rest], events), seen[-1].result.state)


def test_nothing_published_is_genesis() -> None:
    with listen() as seen:
        run_random_day(1, 0)
    before = seen[0].before
    assert rebuild(before, seen[0].params, [], QueueEvents([])) is before


def test_the_days_publish_everything() -> None:
    whats: set[str] = set()
    with listen() as seen:
        for seed in (1, 2, 3):
            whats |= run_random_day(seed)
    assert whats >= CASH_KINDS | FAILED_KINDS | {"quote", "ioc", "post only", "later fill", "fund fill", "stale"}
    records = [batch.record for batch in seen]
    assert {lane.kind for record in records for lane in record.rescue} == set(RescueKind)
    assert {lane.is_applied for record in records for lane in record.rescue} == {False, True}
    flags = {fill.flags for record in records for turn in record.turns for fill in turn.fills}
    assert FLAG_LIQUIDATION in flags
    assert {len(turn.fills) for record in records for turn in record.turns} == {1, 2, 3, 4}

"""What still matters of a log: orders by slot, what is void, and the snapshot that holds it."""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from functools import cache

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rollup.errors import RollupError
from rollup.snapshot import SnapshotInvalid, SnapshotRootWrong
from sequencer.node.bulk_replay import BulkReplay
from sequencer.node.command_codec import encode_command
from sequencer.node.commands import Command, Kind, QueueEntrySeen, Trigger
from sequencer.node.links import LogRecord, Record
from sequencer.node.live import LiveRecord, LiveState, encode_auction
from sequencer.node.live_codec import decode_live, encode_live
from sequencer.node.outcome import Outcome, encode_outcome
from sequencer.node.refusals import LiveStateInvalid, RecordMalformed, StateDiverged
from tests.node.market import Market, make_snapshot
from tests.node.node_day import SEEDS, START_S, get_day, read
from tests.node.replaying import describe

GENESIS = make_snapshot(START_S)


class Log:
    """A live state fed with commands."""

    def __init__(self) -> None:
        self.live, self.market, self.length = LiveState(GENESIS.params, GENESIS.state), Market(GENESIS.params), 0

    def put(self, *commands: Command | Record) -> None:
        """Append records."""
        for command in commands:
            self.length += 1
            record = command if isinstance(command, Record) else encode_command(command)
            self.live.apply(LogRecord(self.length, record.kind, 0, b"", record.body))


ACTIONS = st.lists(st.tuples(st.sampled_from("oooqcx"), st.integers(2, 3), st.integers(0, 2), st.integers(0, 2)))


@settings(max_examples=50)
@given(ACTIONS)
def test_what_rests_is_what_came_last_and_was_not_cancelled(actions: list[tuple[str, int, int, int]]) -> None:
    log, market = Log(), Market(GENESIS.params)
    resting: dict[tuple[int, int], int] = {}
    lowest: dict[tuple[int, int], int] = {}
    for time_ms, (kind, account, slot, back) in enumerate(actions):
        key = (account, slot)
        if kind in "oq":
            order = market.make_order(account, 1, 25, slot=slot)
            log.put(market.place(order) if kind == "o" else market.quote(account, None, order))
            resting[key], lowest[key] = order.nonce, order.nonce + 1
        elif kind == "c":
            nonce = max(0, market.nonces.get(key, 0) - back)
            log.put(market.cancel(account, slot, nonce))
            if resting.get(key, nonce + 1) <= nonce:
                del resting[key]
            lowest[key] = max(lowest.get(key, 0), nonce + 1)
            market.nonces[key] = max(market.nonces.get(key, 0), nonce + 1)
        else:
            log.put(market.cancel_all(account, time_ms))
            resting = {one: nonce for one, nonce in resting.items() if one[0] != account}
    live = log.live
    assert {key: nonce for key, (nonce, _) in live.orders.items()} == resting
    assert {key: live.orders[key][0] + 1 if key in resting else live.floors[key] for key in lowest} == lowest
    assert all(live.rests(*key, nonce) for key, nonce in resting.items())
    assert {record.sequence for record in live.list_records()} == {one.sequence for _, one in live.orders.values()}
    assert describe(decode_live(encode_live(live))) == describe(live)


def test_released_is_the_order_of_the_auction_and_not_what_replaced_it() -> None:
    log = Log()
    stop = Trigger(26_000_000, is_above=True)
    log.put(*(log.market.place(log.market.make_order(2, 1, 25, slot=slot), stop) for slot in (0, 1)))
    log.put(Record(Kind.AUCTION, encode_auction(START_S)))
    log.put(log.market.place(log.market.make_order(2, 1, 25, slot=1), stop))
    outcome = Outcome(3, START_S, ((2, 0), (2, 1)), (), (), None)
    log.put(Record(Kind.OUTCOME, encode_outcome(outcome)))
    assert log.live.released == {(2, 0)}


def test_entry_that_was_written_twice_counts_once() -> None:
    log = Log()
    log.put(*(QueueEntrySeen(0, log.market.deposit(2, usd)) for usd in (5, 6)))
    assert [record.sequence for record in log.live.entries.values()] == [1]
    assert log.live.next_entry == 1


def test_entry_that_a_batch_consumed_does_not_come_again() -> None:
    day = get_day(0)
    live = read(day, len(day.log))
    first = next(record for record in day.log if record.kind == Kind.ENTRY)
    assert live.state.header.queue_consumed > 0
    before = dict(live.entries)
    live.apply(first)
    assert live.entries == before


def test_invalid_auction_of_another_length() -> None:
    with pytest.raises(RecordMalformed, match="length"):
        Log().put(Record(Kind.AUCTION, bytes(4)))


@cache
def get_body() -> bytes:
    """Return a snapshot with something of everything."""
    day = get_day(1)
    return encode_live(read(day, len(day.log) - 3))


@settings(max_examples=150)
@given(place=st.floats(0, 1, exclude_max=True), bit=st.integers(0, 7))
def test_invalid_snapshot_with_a_flipped_bit(place: float, bit: int) -> None:
    body = bytearray(get_body())
    body[int(place * len(body))] ^= 1 << bit
    try:
        live = decode_live(bytes(body))
    except (SnapshotInvalid, SnapshotRootWrong, LiveStateInvalid):
        return
    assert describe(live) == describe(decode_live(get_body()))  # bits that zlib pads with mean nothing


@settings(max_examples=60)
@given(place=st.floats(0, 1, exclude_max=True))
def test_invalid_snapshot_cut_short(place: float) -> None:
    with pytest.raises((SnapshotInvalid, LiveStateInvalid)):
        decode_live(get_body()[: int(place * len(get_body()))])


@given(more=st.binary(min_size=1, max_size=9))
def test_invalid_snapshot_with_more_behind_it(more: bytes) -> None:
    with pytest.raises(LiveStateInvalid):
        decode_live(get_body() + more)


@settings(max_examples=30)
@given(text=st.sampled_from([b"[]", b"{}", b"1", b'{"orders":[1]}', b'{"orders":[[1,2]]}', b'{"orders":{}}', b"{"]))
def test_invalid_snapshot_whose_rest_is_something_else(text: bytes) -> None:
    data = zlib.decompress(get_body()[8:])
    parts = list(cut_parts(data))
    parts[-1] = text
    again = b"".join(len(part).to_bytes(8, "big") + part for part in parts)
    with pytest.raises(RollupError) as raised:
        decode_live(get_body()[:8] + zlib.compress(again))
    assert isinstance(raised.value, LiveStateInvalid)


@pytest.mark.parametrize(("part", "change"), [(1, -1), (2, 1), (3, -1)])
def test_invalid_snapshot_with_a_part_of_another_length(part: int, change: int) -> None:
    parts = list(cut_parts(zlib.decompress(get_body()[8:])))
    parts[part] = parts[part][:change] if change < 0 else parts[part] + bytes(change)
    again = b"".join(len(one).to_bytes(8, "big") + one for one in parts)
    with pytest.raises(LiveStateInvalid):
        decode_live(get_body()[:8] + zlib.compress(again))


def test_invalid_snapshot_of_an_account_that_is_another() -> None:
    parts = list(cut_parts(zlib.decompress(get_body()[8:])))
    parts[1] = parts[1][:-1] + bytes([parts[1][-1] ^ 1])  # when it was touched last
    again = b"".join(len(one).to_bytes(8, "big") + one for one in parts)
    with pytest.raises(SnapshotRootWrong, match="accounts root"):
        decode_live(get_body()[:8] + zlib.compress(again))


def cut_parts(data: bytes) -> Iterator[bytes]:
    at = 0
    while at < len(data):
        end = at + 8 + int.from_bytes(data[at : at + 8], "big")
        yield data[at + 8 : end]
        at = end


def test_state_left_behind_while_a_log_is_read_catches_up() -> None:
    day = get_day(2)
    live = read(day, 0)
    live.behind = {}
    for record in day.log:
        live.apply(record)
    assert not any(number in live.state.accounts for number in range(2, 9))
    live.catch_up()
    assert describe(live) == describe(day.running.live)
    assert live.state.tree.root == live.state.header.accounts_root


def test_invalid_log_whose_accounts_have_another_root() -> None:
    day = get_day(2)
    live = read(day, 0)
    live.behind = {}
    for record in day.log:
        live.apply(record)
    number, account = next(iter(live.behind.items()))
    live.behind[number] = account.with_changes(cash_atoms=account.cash_atoms + 1)
    with pytest.raises(StateDiverged, match="accounts_root"):
        live.catch_up()


@settings(max_examples=60, deadline=None)
@given(seed=st.sampled_from(SEEDS), first=st.floats(0, 1), size=st.integers(1, 200))
def test_log_read_in_parts_is_the_log_read_record_by_record(seed: int, first: float, size: int) -> None:
    day = get_day(seed)
    start = int(first * len(day.log))
    one_by_one, in_parts = read(day, start), read(day, start)
    outcomes = [outcome for record in day.log[start:] if (outcome := one_by_one.apply(record)) is not None]
    replay = BulkReplay(in_parts)
    seen = [pair for at in range(start, len(day.log), size) for pair in replay.apply(day.log[at : at + size])]
    replay.finish()
    assert describe(in_parts) == describe(one_by_one)
    assert in_parts.floors == one_by_one.floors
    others = [one for one in day.log[start:] if one.kind not in (Kind.ORDER, Kind.QUOTE)]
    assert [record for record, _ in seen] == others
    assert [outcome for _, outcome in seen if outcome is not None] == outcomes


@given(ACTIONS, st.integers(1, 12))
def test_orders_read_in_parts_rest_as_read_one_by_one(actions: list[tuple[str, int, int, int]], size: int) -> None:
    market, records = Market(GENESIS.params), []
    for time_ms, (kind, account, slot, back) in enumerate(actions):
        order = market.make_order(account, 1, 25, slot=slot)
        other = market.make_order(account, 0, 24, slot=slot + 1)
        commands: dict[str, Command] = {
            "o": market.place(order),
            "q": market.quote(account, None, order, other),
            "c": market.cancel(account, order.slot, max(0, order.nonce - back)),
            "x": market.cancel_all(account, time_ms),
        }
        record = encode_command(commands[kind])
        records.append(LogRecord(len(records) + 1, record.kind, 0, b"", record.body))
    one_by_one, in_parts = (LiveState(GENESIS.params, GENESIS.state) for _ in range(2))
    for live in (one_by_one, in_parts):
        live.orders[2, 0], live.slots[2] = (0, LiveRecord(0, Kind.ORDER, b"")), {0}
        live.released.add((2, 0))
    for one in records:
        one_by_one.apply(one)
    replay = BulkReplay(in_parts)
    for at in range(0, len(records), size):
        assert all(one.kind not in (Kind.ORDER, Kind.QUOTE) for one, _ in replay.apply(records[at : at + size]))
    replay.finish()
    assert describe(in_parts) == describe(one_by_one)
    assert in_parts.floors == one_by_one.floors


@pytest.mark.parametrize("kind", [Kind.ORDER, Kind.QUOTE])
def test_invalid_record_in_a_part_cut_short(kind: Kind) -> None:
    body = bytes(5) + b"\x01" + bytes(30)
    with pytest.raises(RecordMalformed, match="length"):
        list(BulkReplay(LiveState(GENESIS.params, GENESIS.state)).apply([LogRecord(1, kind, 0, b"", body)]))

"""The node's server-sent events, as the client reads them: from a node, and from what is none."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sequencer.client import NodeClient, OrderSigner, node_events
from sequencer.client.errors import AnswerInvalid, ClientError, CommandRefused, NodeUnreachable
from sequencer.client.node_events import RawEvent, read_told, split_events, watch_events
from sequencer.node.api import ApiLimits
from sequencer.node.api.pulse import TOLD
from sequencer.node.api.wire_pulse import Snapshot, Summary
from sequencer.node.api.wire_views import Fill
from tests.client.desks import with_client
from tests.node.api_client import Served, run
from tests.node.progress import trade
from tests.node.test_api_events import LIQUIDATED
from tests.top.recording import RECORDED, get_snapshot

URL = "http://node/v1/events"


def test_events_of_a_node(tmp_path: Path) -> None:
    async def test(server: Served, client: NodeClient, _: OrderSigner) -> None:
        number = await trade(server.core)
        events = client.events()
        first = await anext(events)
        assert isinstance(first, Snapshot)
        assert [batch.number for batch in first.batches] == [number]
        server.core.publish(LIQUIDATED)
        found = set()
        while found < {Fill, Summary}:
            found.add(type(await anext(events)))
        await events.aclose()

    with_client(tmp_path, test)


def test_client_knows_every_event_that_a_node_tells() -> None:
    assert {name: node_events.WIRES[name] for name in TOLD} == TOLD
    assert node_events.WIRES.keys() - TOLD.keys() == {"snapshot", "summary"}


def test_end_of_a_node_and_its_refusals_are_errors(tmp_path: Path) -> None:
    async def test(server: Served, client: NodeClient, _: OrderSigner) -> None:
        events = client.events()
        await anext(events)
        with pytest.raises(CommandRefused) as refused:
            await anext(client.events())
        assert refused.value.problem_code == "connections_exhausted"
        server.app.state.service.pulse.close()
        with pytest.raises(NodeUnreachable, match="closed the stream"):
            _ = [told async for told in events]

    with_client(tmp_path, test, limits=ApiLimits(max_event_streams=1))


def split(parts: list[bytes]) -> list[RawEvent]:
    async def feed() -> AsyncIterator[bytes]:
        for part in parts:
            yield part

    async def read() -> list[RawEvent]:
        return [event async for event in split_events(feed(), URL)]

    return asyncio.run(read())


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (b"event: a\ndata: 1\n\n", [("a", b"1")]),
        (b"event:a\r\ndata:1\r\n\r\n", [("a", b"1")]),
        (b": ping\n\ndata: 1\ndata: 2\n\n", [("", b"1\n2")]),
        (b"id: 5\nretry: 9\nevent: a\n\ndata: 2\n\n", [("", b"2")]),  # an event without data is none
        (b"data: 1\n", []),  # cut off: never told
        (b"data:  1\n\n", [("", b" 1")]),
    ],
)
def test_stream_is_split_as_the_standard_says(text: bytes, expected: list[tuple[str, bytes]]) -> None:
    assert [tuple(event) for event in split([text])] == expected


@given(st.lists(st.integers(0, 5_000), max_size=20))
def test_stream_may_come_in_any_parts(cuts: list[int]) -> None:
    text = b"event: a\ndata: " + b"x" * 2_000 + b"\n\n: ping\r\n\r\nevent: b\ndata: 1\ndata: 2\n\n"
    places = [0, *sorted(min(cut, len(text)) for cut in cuts), len(text)]
    parts = [text[begin:end] for begin, end in pairwise(places)]
    assert split(parts) == split([text]) == [("a", b"x" * 2_000), ("b", b"1\n2")]


@pytest.mark.parametrize("line", [b"x" * 600, b"data: " + b"x" * 600, b"data: " + b"x" * 90 + b"\n"])
def test_invalid_event_beyond_the_limit(line: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(node_events, "MAX_EVENT_BYTES", 500)
    with pytest.raises(AnswerInvalid, match="more than 500 bytes"):
        split([line] * 10)


def test_event_of_a_later_node_is_passed_over() -> None:
    assert read_told("weather", b"{}", URL) is None


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"[]",
        b"{}",
        b"[" * 100_000,
        b'{"name": "\xff"}',
        b'{"market": 1e999, "batch_number": 1, "price_ticks": 1, "volume_lots": "1", "timestamp_s": 1}',
        b'{"market": 9007199254740993, "batch_number": 1, "price_ticks": 1, "volume_lots": "1", "timestamp_s": 1}',
        b'{"market": 0, "batch_number": 1, "price_ticks": 1, "volume_lots": "x", "timestamp_s": 1}',
        b'{"market": 0, "batch_number": 1, "price_ticks": 1, "volume_lots": "' + b"9" * 100 + b'", "timestamp_s": 1}',
    ],
)
def test_invalid_record(data: bytes) -> None:
    with pytest.raises(AnswerInvalid, match="event auction"):
        read_told("auction", data, URL)


@pytest.mark.parametrize("decimals", [-1, 19, 10**15, None, "6", 1.5])
def test_invalid_decimals_that_nobody_could_reckon_with(decimals: object) -> None:
    found: Any = msgspec.to_builtins(get_snapshot())
    found["summary"]["markets"][0]["info"]["price_decimals"] = decimals
    with pytest.raises(AnswerInvalid, match="snapshot: "):
        read_told("snapshot", msgspec.json.encode(found), URL)


STREAM = {"content-type": "text/event-stream; charset=utf-8"}
SNAPSHOT, _, SUMMARY = RECORDED.read_bytes().partition(b"event: summary")
STRANGE: list[tuple[int, dict[str, str], bytes, type[ClientError], str]] = [
    (200, STREAM, b"", NodeUnreachable, "closed the stream"),
    (200, {}, b"data: 1\n\n", AnswerInvalid, "no plain event stream"),
    (200, STREAM | {"content-encoding": "x"}, b"", AnswerInvalid, "no plain event stream"),
    (200, STREAM, b"event: summary" + SUMMARY, AnswerInvalid, "one snapshot"),
    (200, STREAM, b"event: x\ndata: 1\n\n", AnswerInvalid, "one snapshot"),
    (200, STREAM, SNAPSHOT * 2, AnswerInvalid, "one snapshot"),
    (502, {}, b"<html>", AnswerInvalid, "status 502"),
    (502, {}, b"x" * (17 << 20), AnswerInvalid, "more than"),
]


@pytest.mark.parametrize(("status", "headers", "body", "error", "fact"), STRANGE)
def test_invalid_stream(status: int, headers: dict[str, str], body: bytes, error: type[ClientError], fact: str) -> None:
    async def feed() -> AsyncIterator[bytes]:
        yield body

    async def read() -> list[object]:
        transport = httpx.MockTransport(lambda _: httpx.Response(status, headers=headers, content=feed()))
        async with httpx.AsyncClient(base_url="http://node/v1/", transport=transport) as http:
            return [told async for told in watch_events(http)]

    with pytest.raises(error, match=fact):
        run(read())

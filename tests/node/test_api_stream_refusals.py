"""What is no message of the stream, or too much of it: each is told, and what ends the stream says so."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from websockets.asyncio.client import ClientConnection
from websockets.exceptions import ConnectionClosed

from sequencer.node.api import ApiLimits
from sequencer.node.errors import StoreFull
from tests.node.api_client import Served
from tests.node.stream_client import (
    ask,
    read_until_closed,
    spell,
    streamed,
)
from tests.scenarios import AVAX_PRICE


@pytest.mark.parametrize(
    "message",
    [
        "",
        "{",
        "[]",
        "null",
        '"x"',
        "{}",
        '{"id": -1, "ping": {}}',
        '{"id": 9007199254740992, "ping": {}}',
        '{"id": 1}',
        '{"id": 1, "ping": {}, "subscribe": {}}',
        '{"id": 1, "ping": {"a": 1}}',
        '{"id": 1, "submit": {"commands": []}}',
        '{"id": 1, "submit": {"commands": [{}]}}',
        '{"id": 1, "subscribe": {"accounts": [1]}}',
        '{"id": 1, "subscribe": {"markets": [16]}}',
        b"\xff\xfe",
        "[" * 100_000,
    ],
    ids=lambda message: str(message)[:40],
)
def test_invalid_message_is_told_and_the_stream_goes_on(tmp_path: Path, message: str | bytes) -> None:
    async def test(_: Served, stream: ClientConnection) -> None:
        answer = await ask(stream, message)
        assert answer["problem"]["code"] == "request_malformed"
        assert (await ask(stream, {"id": 2, "ping": {}}))["id"] == 2

    streamed(tmp_path, test)


def test_invalid_messages_in_great_number_close_the_stream(tmp_path: Path) -> None:
    async def test(_: Served, stream: ClientConnection) -> None:
        for _ in range(3):
            await stream.send("nonsense")
        with pytest.raises(ConnectionClosed) as closed:
            await read_until_closed(stream)
        assert closed.value.rcvd is not None
        assert closed.value.rcvd.code == 1008

    streamed(tmp_path, test, ApiLimits(max_bad_messages=3))


def test_invalid_message_too_large_closes_the_stream(tmp_path: Path) -> None:
    async def test(_: Served, stream: ClientConnection) -> None:
        await stream.send(" " * 2000)
        with pytest.raises(ConnectionClosed) as closed:
            await read_until_closed(stream)
        assert closed.value.rcvd is not None
        assert closed.value.rcvd.code == 1009

    streamed(tmp_path, test, ApiLimits(max_message_bytes=1000))


def test_invalid_subscription_too_wide(tmp_path: Path) -> None:
    async def test(_: Served, stream: ClientConnection) -> None:
        answer = await ask(stream, {"id": 1, "subscribe": {"accounts": [2, 3, 4]}})
        assert (answer["id"], answer["problem"]["code"]) == (1, "body_too_large")

    streamed(tmp_path, test, ApiLimits(max_subscribed=2))


def test_invalid_commands_beyond_the_rate_are_refused_by_id(tmp_path: Path) -> None:
    async def test(server: Served, stream: ClientConnection) -> None:
        ex = server.core.exchange
        first = await ask(stream, spell(1, [ex.order(2, 5, AVAX_PRICE, slot=n) for n in range(10)]))
        assert len(first["results"]) == 10
        second = await ask(stream, spell(2, [ex.order(2, 5, AVAX_PRICE, slot=20 + n) for n in range(10)]))
        assert (second["id"], second["problem"]["code"]) == (2, "rate_exceeded")

    streamed(tmp_path, test, ApiLimits(commands_per_s_per_address=5))


def test_invalid_messages_beyond_the_rate(tmp_path: Path) -> None:
    async def test(_: Served, stream: ClientConnection) -> None:
        answers = [await ask(stream, {"id": number, "ping": {}}) for number in range(30)]
        assert "rate_exceeded" in {answer["problem"]["code"] for answer in answers if "problem" in answer}

    streamed(tmp_path, test, ApiLimits(requests_per_s_per_address=5))


def test_store_that_fails_is_told_by_id(tmp_path: Path) -> None:
    async def test(server: Served, stream: ClientConnection) -> None:
        order = server.core.exchange.order(2, 5, AVAX_PRICE)
        server.core.failing = StoreFull("/secret", "full")
        answer = await ask(stream, spell(3, [order]))
        assert (answer["id"], answer["problem"]["code"]) == (3, "store_full")
        assert "secret" not in json.dumps(answer)
        server.core.failing = None
        assert len((await ask(stream, spell(4, [order])))["results"]) == 1

    streamed(tmp_path, test)

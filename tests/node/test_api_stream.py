"""The WebSocket: commands in batches, events, and every way of sending what is none of its messages."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from sequencer.node.api import ApiLimits
from sequencer.node.api.stream_wire import StreamRequest
from sequencer.node.api.wire import Batch
from sequencer.node.api.wire_commands import write_one_of
from sequencer.node.commands import PlaceOrder
from sequencer.node.core import AuctionSeen, OrderClosed
from sequencer.node.errors import StoreFull
from sequencer.node.receipt_codec import decode_receipt_json
from sequencer.node.receipts import verify_chain
from tests.node.api_client import Served, run, serve, serve_in_thread
from tests.scenarios import AVAX_PRICE

PATIENCE_S = 20.0
Test = Callable[[Served, ClientConnection], Coroutine[Any, Any, None]]


def url_of(served: Served) -> str:
    return f"ws://127.0.0.1:{served.port}/v1/stream"


def streamed(folder: Path, test: Test, limits: ApiLimits | None = None) -> None:
    """Run a test over a stream of its own."""

    async def main() -> None:
        async with serve(folder / "store", limits) as server, connect(url_of(server), compression=None) as stream:
            await test(server, stream)

    run(main())


async def ask(stream: ClientConnection, message: object) -> Any:  # noqa: ANN401 (JSON)
    """Send a message and return the answer with its id."""
    await stream.send(message if isinstance(message, str | bytes) else json.dumps(message))
    return await take(stream)


async def take(stream: ClientConnection) -> Any:  # noqa: ANN401 (JSON)
    return json.loads(await asyncio.wait_for(stream.recv(), PATIENCE_S))


def spell(request_id: int, orders: list[Any]) -> bytes:
    batch = Batch(tuple(write_one_of(PlaceOrder(order)) for order in orders))
    return msgspec.json.encode(StreamRequest(request_id, submit=batch))


def test_batches_are_answered_by_id(tmp_path: Path) -> None:
    async def test(server: Served, stream: ClientConnection) -> None:
        core, ex = server.core, server.core.exchange
        for number in range(40):  # more than may be in flight: all are sent before any answer is read
            await stream.send(spell(number, [ex.order(2, 5, AVAX_PRICE, slot=4 * number + n) for n in range(4)]))
        answers = [await take(stream) for _ in range(40)]
        assert sorted(answer["id"] for answer in answers) == list(range(40))
        bodies = [result["receipt"] for answer in answers for result in answer["results"]]
        receipts = sorted((decode_receipt_json(msgspec.json.encode(body)) for body in bodies), key=lambda r: r.sequence)
        assert len(receipts) == 160
        verify_chain(receipts, core.receipt_key, core.params.domain)

    streamed(tmp_path, test)


def test_binary_messages_are_read_alike(tmp_path: Path) -> None:
    async def test(_: Served, stream: ClientConnection) -> None:
        assert (await ask(stream, b'{"id": 1, "ping": {}}'))["pong"]["time_us"] > 0

    streamed(tmp_path, test)


def test_subscriber_hears_what_it_asked_for(tmp_path: Path) -> None:
    async def test(server: Served, stream: ClientConnection) -> None:
        ex = server.core.exchange
        wanted = {"accounts": [2], "markets": [0], "batches": True}
        assert (await ask(stream, {"id": 5, "subscribe": wanted})) == {"id": 5, "subscribed": wanted}
        orders = [ex.order(2, 5, AVAX_PRICE, slot=1), ex.order(3, -5, AVAX_PRICE, slot=1)]
        assert len((await ask(stream, spell(6, orders)))["results"]) == 2
        server.core.clear()
        events = [(await take(stream))["event"] for _ in range(4)]
        assert [name for event in events for name in event] == ["fill", "order_closed", "auction", "batch"]
        assert {event["fill"]["account"] for event in events if "fill" in event} == {2}
        server.core.publish(AuctionSeen(1, 1, 5, 5, 5))
        server.core.publish(OrderClosed(3, 0, 0, "cancelled"))
        assert (await ask(stream, {"id": 7, "ping": {}}))["id"] == 7  # nothing of other markets and accounts

    streamed(tmp_path, test)


def test_second_subscription_takes_the_place_of_the_first(tmp_path: Path) -> None:
    async def test(server: Served, stream: ClientConnection) -> None:
        await ask(stream, {"id": 1, "subscribe": {"accounts": [2]}})
        await ask(stream, {"id": 2, "subscribe": {"accounts": [3]}})
        await asyncio.sleep(0.05)
        for account in (2, 3):
            server.core.publish(OrderClosed(account, 0, 0, "cancelled"))
        assert (await take(stream))["event"]["order_closed"]["account"] == 3

    streamed(tmp_path, test)


def test_subscriber_too_slow_is_told_and_dropped(tmp_path: Path) -> None:
    async def test(server: Served, stream: ClientConnection) -> None:
        await ask(stream, {"id": 1, "subscribe": {"accounts": [2]}})
        await asyncio.sleep(0.05)
        for number in range(200):  # all at once: the queue has no room for them
            server.core.publish(OrderClosed(2, 0, number, "cancelled"))
        with pytest.raises(ConnectionClosed) as closed:
            await read_until_closed(stream)
        assert closed.value.rcvd is not None
        assert (closed.value.rcvd.code, closed.value.rcvd.reason) == (1013, "subscriber_slow")

    streamed(tmp_path, test)


async def read_until_closed(stream: ClientConnection) -> None:
    while True:
        await take(stream)


def test_client_that_reads_nothing_is_cut_off(tmp_path: Path) -> None:
    async def main() -> None:
        async with serve(tmp_path / "store", ApiLimits(send_s=0.3)) as server:
            # a client that takes nothing from its socket: its own buffer fills, then the server's
            reader, writer = await asyncio.open_connection("127.0.0.1", server.port, limit=1)
            writer.write(
                b"GET /v1/stream HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n"
            )
            writer.write(mask(b'{"id": 1, "subscribe": {"accounts": [2]}}'))
            await writer.drain()
            streams = server.app.state.service.metrics.streams
            while streams._value.get() == 0:
                await asyncio.sleep(0.01)
            for _ in range(100_000):
                server.core.publish(OrderClosed(2, 0, 0, "x" * 200_000))
                await asyncio.sleep(0.005)
                if streams._value.get() == 0:
                    break
            else:
                raise AssertionError("the stream is still open")
            writer.close()
            assert reader is not None

    run(main())


def mask(payload: bytes) -> bytes:
    """Return a client's text frame (RFC 6455 §5.2), its mask all zeros."""
    assert len(payload) < 126
    return bytes([0x81, 0x80 | len(payload)]) + bytes(4) + payload


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


@pytest.mark.parametrize("origin", ["https://elsewhere.example", "null"])
def test_invalid_origin_of_another_site(tmp_path: Path, origin: str) -> None:
    async def main() -> None:
        async with serve(tmp_path / "store") as server:
            with pytest.raises(InvalidStatus) as refused:
                await connect(url_of(server), origin=origin)  # type: ignore[arg-type]
            assert refused.value.response.status_code == 403
            assert json.loads(refused.value.response.body or b"")["code"] == "origin_forbidden"

    run(main())


def test_origin_of_the_node_itself_and_of_the_configuration(tmp_path: Path) -> None:
    async def main() -> None:
        async with serve(tmp_path / "store", origins=["https://desk.example"]) as server:
            for origin in (f"http://127.0.0.1:{server.port}", "https://desk.example"):
                async with connect(url_of(server), origin=origin) as stream:  # type: ignore[arg-type]
                    assert (await ask(stream, {"id": 1, "ping": {}}))["id"] == 1

    run(main())


def test_orders_in_hand_are_recorded_though_the_client_hangs_up(tmp_path: Path) -> None:
    async def main() -> None:
        async with serve(tmp_path / "store") as server:
            ex = server.core.exchange
            async with connect(url_of(server)) as stream:
                await stream.send(spell(1, [ex.order(2, 5, AVAX_PRICE, slot=n) for n in range(8)]))
                while not server.core.resting:
                    await asyncio.sleep(0.001)
            while server.core.store.last_sequence < 8:
                await asyncio.sleep(0.01)

    run(main())


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)
names = st.sampled_from(["id", "submit", "subscribe", "ping", "commands", "order", "accounts", "signature"])
near_misses = st.dictionaries(names, json_values | st.dictionaries(names, json_values, max_size=3), max_size=4)
messages = st.one_of(st.binary(max_size=200), st.text(max_size=200), (json_values | near_misses).map(json.dumps))


def test_fuzz_no_message_breaks_a_stream(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """Arbitrary bytes and JSON: each is answered, none with 500, and the node serves the next one."""
    limits = ApiLimits(max_bad_messages=10**9)
    with serve_in_thread(tmp_path / "store", limits) as server, asyncio.Runner() as runner:
        stream = runner.run(open_stream(server))

        @settings(max_examples=400, suppress_health_check=list(HealthCheck))
        @given(messages)
        def fuzz(message: str | bytes) -> None:
            answer = runner.run(ask(stream, message))
            assert answer.get("problem", {}).get("status") != 500, answer

        with caplog.at_level(logging.ERROR):
            fuzz()
        runner.run(stream.close())
    assert "Traceback" not in caplog.text
    assert "Exception in ASGI" not in caplog.text


async def open_stream(server: Served) -> ClientConnection:
    return await connect(url_of(server), compression=None)


def test_fuzz_no_bytes_break_the_server(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """Arbitrary bytes in place of frames, and of HTTP: the connection may end, the server may not."""
    opening = (
        b"GET /v1/stream HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n"
    )

    async def throw(server: Served, data: bytes) -> bytes:
        reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
        writer.write(data)
        writer.write_eof()
        try:
            return await asyncio.wait_for(reader.read(), PATIENCE_S)
        except ConnectionError:
            return b""
        finally:
            writer.close()

    with serve_in_thread(tmp_path / "store", ApiLimits(receive_s=0.2)) as server, asyncio.Runner() as runner:

        @settings(max_examples=100, suppress_health_check=list(HealthCheck))
        @given(st.booleans(), st.binary(max_size=300))
        def fuzz(has_opening: bool, data: bytes) -> None:
            assert b" 500 " not in runner.run(throw(server, opening + data if has_opening else data))

        with caplog.at_level(logging.ERROR):
            fuzz()
        stream = runner.run(open_stream(server))
        assert runner.run(ask(stream, {"id": 1, "ping": {}}))["id"] == 1
        runner.run(stream.close())
    assert "Exception in ASGI" not in caplog.text

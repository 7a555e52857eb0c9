"""The WebSocket: commands in batches, events, and every way of sending what is none of its messages."""

from __future__ import annotations

import asyncio
import json
import socket
from dataclasses import replace
from pathlib import Path

import msgspec
import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from sequencer.node.api import ApiLimits
from sequencer.node.commands import PlaceOrder
from sequencer.node.event_types import AuctionSeen, OrderClosed, PositionGone, RescueKind, RescueSeen
from sequencer.node.receipt_codec import decode_receipt_json
from sequencer.node.receipts import verify_chain
from tests.node.api_client import Served, run, serve, signed_cancel, signed_cancel_all
from tests.node.stream_client import (
    OPENING,
    ask,
    mask,
    read_until_closed,
    spell,
    streamed,
    take,
    url_of,
)
from tests.scenarios import AVAX_PRICE


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
        await server.core.clear()
        events = [(await take(stream))["event"] for _ in range(4)]
        assert [name for event in events for name in event] == ["fill", "order_closed", "auction", "batch"]
        assert {event["fill"]["account"] for event in events if "fill" in event} == {2}
        server.core.publish(AuctionSeen(1, 1, 5, 5, 5))
        server.core.publish(OrderClosed(3, 0, 0, "cancelled"))
        assert (await ask(stream, {"id": 7, "ping": {}}))["id"] == 7  # nothing of other markets and accounts

    streamed(tmp_path, test)


def test_subscriber_hears_of_orders_replaced_and_cancelled(tmp_path: Path) -> None:
    async def test(server: Served, stream: ClientConnection) -> None:
        core = server.core
        await ask(stream, {"id": 1, "subscribe": {"accounts": [2]}})
        slots = (0, 0, 1, 2)
        placed = [core.exchange.order(2, 5, AVAX_PRICE - 9, slot=slot) for slot in slots]
        await core.submit([PlaceOrder(order) for order in placed])
        await core.submit([signed_cancel(core, 2, 1, placed[2].order.nonce), signed_cancel_all(core, 2)])
        gone = [(await take(stream))["event"]["order_closed"] for _ in range(4)]
        assert [(one["slot"], one["reason"]) for one in gone] == [
            (0, "replaced"),
            (1, "cancelled"),
            (0, "cancelled"),
            (2, "cancelled"),
        ]
        assert gone[0]["nonce"] == placed[0].order.nonce

    streamed(tmp_path, test)


def test_subscriber_hears_of_rescues_of_accounts_and_of_their_counterparties(tmp_path: Path) -> None:
    async def test(server: Served, stream: ClientConnection) -> None:
        await ask(stream, {"id": 1, "subscribe": {"accounts": [2]}})
        taken = RescueSeen(1, 2, RescueKind.TAKEOVER, (PositionGone(0, 5, 7),), -1, (), 9)
        for rescue in (replace(taken, account=5), replace(taken, account=6, counterparties=(4, 2)), taken):
            server.core.publish(rescue)
        assert [(await take(stream))["event"]["rescue"]["account"] for _ in range(2)] == [6, 2]

    streamed(tmp_path, test)


def test_second_subscription_takes_the_place_of_the_first(tmp_path: Path) -> None:
    async def test(server: Served, stream: ClientConnection) -> None:
        await ask(stream, {"id": 1, "subscribe": {"accounts": [2]}})
        await ask(stream, {"id": 2, "subscribe": {"accounts": [3]}})
        for account in (2, 3):
            server.core.publish(OrderClosed(account, 0, 0, "cancelled"))
        assert (await take(stream))["event"]["order_closed"]["account"] == 3

    streamed(tmp_path, test)


def test_subscriber_too_slow_is_told_and_dropped(tmp_path: Path) -> None:
    async def test(server: Served, stream: ClientConnection) -> None:
        await ask(stream, {"id": 1, "subscribe": {"accounts": [2]}})
        for number in range(20_000):  # all at once: the queue has no room for them
            server.core.publish(OrderClosed(2, 0, number, "cancelled"))
        with pytest.raises(ConnectionClosed) as closed:
            await read_until_closed(stream)
        assert closed.value.rcvd is not None
        assert (closed.value.rcvd.code, closed.value.rcvd.reason) == (1013, "subscriber_slow")

    streamed(tmp_path, test)


def test_client_that_reads_nothing_is_cut_off(tmp_path: Path) -> None:
    async def main() -> None:
        async with serve(tmp_path / "store", ApiLimits(send_s=0.3)) as server:
            client = socket.create_connection(("127.0.0.1", server.port))  # nothing reads it but the next lines
            client.setblocking(False)
            loop = asyncio.get_running_loop()
            await loop.sock_sendall(client, OPENING)
            assert (await loop.sock_recv(client, 4096)).startswith(b"HTTP/1.1 101")
            await loop.sock_sendall(client, mask(b'{"id": 1, "subscribe": {"accounts": [2]}}'))
            assert b"subscribed" in await loop.sock_recv(client, 4096)
            streams = server.app.state.service.metrics.streams
            assert streams._value.get() == 1
            for _ in range(1_000):
                server.core.publish(OrderClosed(2, 0, 0, "x" * 200_000))
                await asyncio.sleep(0.005)
                if streams._value.get() == 0:
                    break
            else:
                raise AssertionError("the stream is still open")
            client.close()

    run(main())


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
                while not server.core.list_orders(2):
                    await asyncio.sleep(0.001)
            while server.core.store.last_sequence < 8:
                await asyncio.sleep(0.01)

    run(main())

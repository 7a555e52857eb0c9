"""For tests of the stream: one over a core of its own, and its messages."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

import msgspec
from websockets.asyncio.client import ClientConnection, connect

from sequencer.node.api import ApiLimits
from sequencer.node.api.stream_wire import StreamRequest
from sequencer.node.api.wire import Batch
from sequencer.node.api.wire_commands import write_one_of
from sequencer.node.commands import PlaceOrder
from tests.node.api_client import Served, run, serve

PATIENCE_S = 20.0
OPENING = (
    b"GET /v1/stream HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n"
)
StreamTest = Callable[[Served, ClientConnection], Coroutine[Any, Any, None]]


def url_of(served: Served) -> str:
    return f"ws://127.0.0.1:{served.port}/v1/stream"


def streamed(folder: Path, test: StreamTest, limits: ApiLimits | None = None) -> None:
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


async def read_until_closed(stream: ClientConnection) -> None:
    while True:
        await take(stream)


def mask(payload: bytes) -> bytes:
    """Return a client's text frame (RFC 6455 §5.2), its mask all zeros."""
    assert len(payload) < 126
    return bytes([0x81, 0x80 | len(payload)]) + bytes(4) + payload


async def open_stream(server: Served) -> ClientConnection:
    return await connect(url_of(server), compression=None)

"""Loads for a node: as much as it takes, a given rate, or one order at a time."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Final

import msgspec

from sequencer.bench.connections import (
    Connection,
    Message,
    Outcomes,
    PostConnection,
    StreamConnection,
    frame_text,
    open_all,
)
from sequencer.bench.market import Trader, stream_orders
from sequencer.node.api.stream_wire import StreamRequest
from sequencer.node.api.wire import Batch
from sequencer.node.api.wire_commands import write_command, write_one_of
from sequencer.node.commands import PlaceOrder

__all__ = ["Load", "Rate", "make_posts", "make_streams"]

_DRAIN_S: Final = 60.0


@dataclass(frozen=True)
class Rate:
    """What a node acknowledged."""

    per_s: float
    seconds: float
    outcomes: Outcomes


class Load:
    """Connections of one kind, each with traders of its own: nonces rise in the order in which they are sent."""

    def __init__(
        self,
        kind: type[Connection],
        spell: Callable[[Sequence[PlaceOrder]], bytes],
        traders: Sequence[Trader],
        domain: int,
        n_connections: int,
    ) -> None:
        shares = [traders[first::n_connections] for first in range(n_connections)]
        self._orders = [stream_orders(share, domain, share[0].account) for share in shares]
        self._kind, self._spell, self._n = kind, spell, n_connections

    def prepare(self, n_commands: int, batch: int) -> list[deque[Message]]:
        """Return messages by connection that hold so many commands in all, at least: signed and spelled."""
        count = -(-n_commands // (batch * self._n))
        return [deque(self._make(index, batch) for _ in range(count)) for index in range(self._n)]

    def _make(self, index: int, batch: int) -> Message:
        orders = list(islice(self._orders[index], batch))
        return Message(self._spell(orders), batch)

    async def push(self, port: int, prepared: list[deque[Message]], window: int, seconds: float) -> Rate:
        """Keep so many messages of each connection on their way until the time or the messages are over."""
        outcomes = Outcomes()
        connections = await open_all(self._kind, port, self._n, outcomes)
        started = time.perf_counter()

        async def pump(connection: Connection, messages: deque[Message]) -> None:
            while messages and time.perf_counter() < started + seconds:
                await connection.send(messages.popleft())

        # each of a connection's pumps sends as soon as one of its answers is here: their messages stay in order
        pumps = [pump(*pair) for pair in zip(connections, prepared, strict=True) for _ in range(window)]
        try:
            await asyncio.gather(*pumps)
        finally:
            taken_s = time.perf_counter() - started
            _close(connections)
        return Rate(outcomes.n_acknowledged / taken_s, taken_s, outcomes)

    async def pace(self, port: int, prepared: list[deque[Message]], per_s: float) -> tuple[list[float], Outcomes]:
        """Send the messages at a rate of commands, whatever the node does; return milliseconds from when each was due.

        A message that leaves late because the load or the node is late counts from when it should have left.
        """
        outcomes = Outcomes()
        connections = await open_all(self._kind, port, self._n, outcomes)
        taken_ms: list[float] = []
        sent: list[asyncio.Future[None]] = []
        due = time.perf_counter()
        while any(prepared):
            for connection, messages in zip(connections, prepared, strict=True):
                if not messages:
                    continue
                await asyncio.sleep(max(0.0, due - time.perf_counter()))
                message = messages.popleft()
                answered = connection.send(message)
                answered.add_done_callback(_note(taken_ms, due))
                sent.append(answered)
                due += message.n_commands / per_s
        await asyncio.wait_for(asyncio.gather(*sent), _DRAIN_S)
        _close(connections)
        return taken_ms, outcomes

    async def sip(self, port: int, prepared: list[deque[Message]], pause_s: float) -> tuple[list[float], Outcomes]:
        """Send one message after another, with pauses; return milliseconds of each."""
        outcomes, taken_ms = Outcomes(), list[float]()
        connections = await open_all(self._kind, port, self._n, outcomes)
        for connection, messages in zip(connections, prepared, strict=True):
            for message in messages:
                started = time.perf_counter()
                await connection.send(message)
                taken_ms.append(1e3 * (time.perf_counter() - started))
                await asyncio.sleep(pause_s)
        _close(connections)
        return taken_ms, outcomes


def make_streams(traders: Sequence[Trader], domain: int, n_connections: int) -> Load:
    """Return a load of batches over WebSockets."""

    def spell(orders: Sequence[PlaceOrder]) -> bytes:
        return frame_text(msgspec.json.encode(StreamRequest(1, Batch(tuple(map(write_one_of, orders))))))

    return Load(StreamConnection, spell, traders, domain, n_connections)


def make_posts(traders: Sequence[Trader], domain: int, n_connections: int) -> Load:
    """Return a load of single orders by POST on connections that are kept."""

    def spell(orders: Sequence[PlaceOrder]) -> bytes:
        (order,) = orders
        body = msgspec.json.encode(write_command(order))
        head = (
            b"POST /v1/orders HTTP/1.1\r\nhost: bench\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n"
        )
        return head % len(body) + body

    return Load(PostConnection, spell, traders, domain, n_connections)


def _note(taken_ms: list[float], due: float) -> Callable[[asyncio.Future[None]], None]:
    return lambda _: taken_ms.append(1e3 * (time.perf_counter() - due))


def _close(connections: Sequence[Connection]) -> None:
    for connection in connections:
        connection.close()

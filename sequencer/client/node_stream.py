"""The node's WebSocket: batches of commands with their results, and events as they happen."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager, suppress
from typing import Final

import msgspec
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidURI

from rollup.errors import RollupError
from sequencer.client.asking import read_problem, read_results
from sequencer.client.errors import AnswerInvalid, CommandRefused, EventsLost, NodeUnreachable
from sequencer.client.node_client import NodeClient
from sequencer.node.api.stream_wire import Ping, StreamAnswer, StreamRequest, Subscription
from sequencer.node.api.wire import Batch
from sequencer.node.api.wire_answers import read_event
from sequencer.node.api.wire_commands import write_one_of
from sequencer.node.commands import ClientCommand
from sequencer.node.event_types import Event
from sequencer.node.receipts import Receipt

__all__ = ["NodeStream", "open_stream"]

MAX_EVENTS: Final = 10_000
MAX_MESSAGE_BYTES: Final = 16 << 20


@asynccontextmanager
async def open_stream(client: NodeClient) -> AsyncIterator[NodeStream]:
    """Open a client's stream while the body runs. Raises NodeUnreachable."""
    url = "ws" + client.url.removeprefix("http") + "/v1/stream"
    try:
        connection = await connect(url, max_size=MAX_MESSAGE_BYTES, compression=None)
    except (OSError, InvalidHandshake, InvalidURI, TimeoutError) as error:
        raise NodeUnreachable(url, str(error)[:200]) from error
    stream = NodeStream(client, connection, url)
    try:
        yield stream
    finally:
        await stream.close()


class NodeStream:
    """An open stream. Its methods raise NodeUnreachable once it is closed, and CommandRefused."""

    def __init__(self, client: NodeClient, connection: ClientConnection, url: str) -> None:
        """Read from an open connection: see `open_stream`."""
        self._client, self._connection, self._url = client, connection, url
        self._waiting: dict[int, asyncio.Future[StreamAnswer]] = {}
        self._events: asyncio.Queue[Event | RollupError] = asyncio.Queue()
        self._next_id = 0
        self._ended: RollupError | None = None
        self._reading = asyncio.get_running_loop().create_task(self._read())

    async def submit(self, commands: Sequence[ClientCommand]) -> list[Receipt | CommandRefused]:
        """Return, for each command in order, its receipt (checked) or why it was refused. Calls may overlap."""
        answer = await self._ask(submit=Batch(tuple(map(write_one_of, commands))))
        return read_results(self._url, answer.results or [], commands, self._client.receipts)

    async def subscribe(
        self, accounts: Iterable[int] = (), markets: Iterable[int] = (), *, batches: bool = False
    ) -> None:
        """Hear of these accounts' fills and closed orders, these markets' auctions, and batches with queue entries.

        Takes the place of what was subscribed to before. What happened until then is for the GET endpoints.
        """
        await self._ask(subscribe=Subscription(tuple(accounts), tuple(markets), batches))

    async def ping(self) -> int:
        """Return the node's clock, microseconds since 1970."""
        answer = await self._ask(ping=Ping())
        if answer.pong is None:
            raise AnswerInvalid(self._url, "no pong")
        return answer.pong.time_us

    async def events(self) -> AsyncIterator[Event]:
        """Yield what happens. Raises EventsLost where the reader is too slow, CommandRefused where the node says so."""
        while True:
            event = await self._events.get()
            if isinstance(event, RollupError):
                self._events.put_nowait(event)  # for whoever asks again
                raise event
            yield event

    async def close(self) -> None:
        """Close the connection."""
        self._reading.cancel()
        with suppress(asyncio.CancelledError):
            await self._reading
        await self._connection.close()
        self._end(NodeUnreachable(self._url, "closed"))

    async def _ask(
        self, submit: Batch | None = None, subscribe: Subscription | None = None, ping: Ping | None = None
    ) -> StreamAnswer:
        if self._ended is not None:
            raise self._ended
        request = StreamRequest(self._next_id, submit, subscribe, ping)
        self._next_id += 1
        waiting: asyncio.Future[StreamAnswer] = asyncio.get_running_loop().create_future()
        self._waiting[request.id] = waiting
        try:
            await self._connection.send(msgspec.json.encode(request), text=True)
            answer = await waiting
        except ConnectionClosed as error:
            raise NodeUnreachable(self._url, str(error)[:200]) from error
        finally:
            self._waiting.pop(request.id, None)
        if answer.problem is not None:
            raise read_problem(answer.problem)
        return answer

    async def _read(self) -> None:
        try:
            async for message in self._connection:
                self._take(msgspec.json.decode(message, type=StreamAnswer))
            self._end(NodeUnreachable(self._url, "the node closed the stream"))
        except ConnectionClosed as error:
            self._end(NodeUnreachable(self._url, str(error)[:200]))
        except (msgspec.DecodeError, RecursionError) as error:
            self._end(AnswerInvalid(self._url, str(error)[:200]))

    def _take(self, answer: StreamAnswer) -> None:
        if answer.event is not None:
            event = read_event(answer.event)
            if event is not None:
                self._put(event)
        elif answer.id is not None and answer.id in self._waiting:
            waiting = self._waiting[answer.id]
            if not waiting.done():
                waiting.set_result(answer)
        elif answer.problem is not None:
            self._put(read_problem(answer.problem))

    def _put(self, event: Event | RollupError) -> None:
        if self._events.qsize() < MAX_EVENTS:
            self._events.put_nowait(event)
        elif self._events.qsize() == MAX_EVENTS:
            self._events.put_nowait(EventsLost(MAX_EVENTS))

    def _end(self, why: RollupError) -> None:
        if self._ended is None:
            self._ended = why
            self._events.put_nowait(why)
        for waiting in self._waiting.values():
            if not waiting.done():
                waiting.set_exception(why)

"""One WebSocket: commands in batches with their results, and what happens, as it happens.

The writer's patience is the server's (`server`): a client that takes nothing for ApiLimits.send_s is cut off.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Coroutine
from contextlib import suppress
from typing import Any, Final
from urllib.parse import urlsplit

import msgspec
from starlette.responses import Response
from starlette.websockets import WebSocket, WebSocketDisconnect

from sequencer.node.api.errors import BodyTooLarge, OriginForbidden, RequestMalformed
from sequencer.node.api.limits import name_address
from sequencer.node.api.operation import decode_body
from sequencer.node.api.problems import PROBLEM_TYPE, make_problem
from sequencer.node.api.responses import encode_problem
from sequencer.node.api.service import Service
from sequencer.node.api.stream_wire import Pong, StreamAnswer, StreamRequest, Subscription
from sequencer.node.api.wire import Batch
from sequencer.node.api.wire_answers import make_results, spell_event
from sequencer.node.api.wire_commands import read_one_of
from sequencer.node.event_types import Event
from sequencer.node.view_types import BatchView, EntryView

__all__ = ["CLOSE_POLICY", "CLOSE_SLOW", "Stream"]

CLOSE_POLICY: Final = 1008  # RFC 6455 §7.4.1: too many messages that are none
CLOSE_SLOW: Final = 1013  # registered with IANA: try again later
_decoder: Final = msgspec.json.Decoder(StreamRequest)
_encoder: Final = msgspec.json.Encoder()


class Stream:
    """Serves one client until either side closes."""

    def __init__(self, websocket: WebSocket, service: Service) -> None:
        """Serve this client by `service`."""
        self._websocket, self._service = websocket, service
        client = websocket.client
        self._address = name_address(client.host if client else None)
        self._slots = asyncio.Semaphore(service.limits.max_in_flight)
        self._tasks: set[asyncio.Task[None]] = set()
        self._watching: asyncio.Task[None] | None = None
        self._bad_messages = 0
        self._is_open = False

    async def run(self) -> None:
        """Serve. Returns when the connection is closed; what is being submitted is recorded all the same."""
        if not self._is_welcome():
            status, body, _ = encode_problem(OriginForbidden(self._websocket.headers.get("origin", "")[:200]))
            await self._websocket.send_denial_response(Response(body, status, media_type=PROBLEM_TYPE.decode()))
            return
        await self._websocket.accept()
        self._is_open = True
        self._service.metrics.streams.inc()
        try:
            while self._is_open:
                message = await self._websocket.receive()
                if message["type"] == "websocket.disconnect":
                    break
                await self._take(message.get("text") or message.get("bytes") or b"")
        finally:
            self._is_open = False
            self._service.metrics.streams.dec()
            if self._watching is not None:
                self._watching.cancel()

    def _is_welcome(self) -> bool:
        """Browsers name the page's site, and let any page open a stream: programs name none."""
        origin = self._websocket.headers.get("origin")
        host = self._websocket.headers.get("host")
        return origin is None or origin in self._service.origins or urlsplit(origin).netloc == host

    async def _take(self, data: str | bytes) -> None:
        request_id: int | None = None
        try:
            self._service.rates.take_request(self._address)
            request = decode_body(_decoder, data, "message")
            request_id = request.id
            await self._do(request)
        except RequestMalformed as error:
            await self._send_problem(request_id, error)
            self._bad_messages += 1
            if self._bad_messages >= self._service.limits.max_bad_messages:
                await self._close(CLOSE_POLICY, "too many malformed messages")
        except Exception as error:
            await self._send_problem(request_id, error)

    async def _do(self, request: StreamRequest) -> None:
        if (request.submit is not None) + (request.subscribe is not None) + (request.ping is not None) != 1:
            raise RequestMalformed("message", "expected one of submit, subscribe, ping")
        if request.submit is not None:
            await self._slots.acquire()  # nothing more is read meanwhile: the client's own socket holds it back
            self._start(self._submit(request.id, request.submit))
        elif request.subscribe is not None:
            await self._subscribe(request.id, request.subscribe)
        else:
            await self._send(StreamAnswer(id=request.id, pong=Pong(time.time_ns() // 1000)))

    async def _submit(self, request_id: int, batch: Batch) -> None:
        try:
            commands = [read_one_of(item) for item in batch.commands]
            results = make_results(await self._service.submit_all(commands, self._address)).results
            await self._send(StreamAnswer(id=request_id, results=results))
        except Exception as error:
            await self._send_problem(request_id, error)
        finally:
            self._slots.release()

    async def _subscribe(self, request_id: int, subscription: Subscription) -> None:
        limit = self._service.limits.max_subscribed
        if max(len(subscription.accounts), len(subscription.markets)) > limit:
            raise BodyTooLarge("accounts, and markets, of a subscription", limit)
        if self._watching is not None:
            self._watching.cancel()
        watch = self._service.core.watch(frozenset(subscription.accounts), frozenset(subscription.markets))
        self._watching = self._start(self._tell(watch, has_batches=subscription.batches))
        await asyncio.sleep(0)  # the watch begins with its first step: what comes after `subscribed` is told
        await self._send(StreamAnswer(id=request_id, subscribed=subscription))

    async def _tell(self, watch: AsyncIterator[Event], *, has_batches: bool) -> None:
        try:
            async for event in watch:
                if has_batches or not isinstance(event, BatchView | EntryView):
                    await self._send(StreamAnswer(event=spell_event(event)))
        except Exception as error:  # SubscriberSlow, or a core that fails
            await self._send_problem(None, error)
            await self._close(CLOSE_SLOW, make_problem(error)[0].code)

    def _start(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)  # the loop holds tasks weakly
        task.add_done_callback(self._tasks.discard)
        return task

    async def _send_problem(self, request_id: int | None, error: Exception) -> None:
        await self._send(StreamAnswer(id=request_id, problem=make_problem(error)[0]))

    async def _send(self, answer: StreamAnswer) -> None:
        if not self._is_open:
            return
        try:
            await self._websocket.send_text(_encoder.encode(answer).decode())
        except (WebSocketDisconnect, RuntimeError):  # closed by either side meanwhile
            self._is_open = False

    async def _close(self, code: int, reason: str) -> None:
        if self._is_open:
            self._is_open = False
            with suppress(WebSocketDisconnect, RuntimeError):
                await self._websocket.close(code, reason)

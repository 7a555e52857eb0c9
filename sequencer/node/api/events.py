"""`GET /v1/events`: server-sent events for pages (docs/dashboard.md). Programs take the WebSocket.

Every stream begins with a snapshot of everything, so nothing is asked for again by its `id` after a break: a page that
comes back, to this process or the next, begins anew and shows no number of before.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator
from typing import Final

from sse_starlette import EventSourceResponse, ServerSentEvent
from starlette.requests import Request
from starlette.responses import Response

from sequencer.node.api.errors import ConnectionsExhausted, NodeDraining
from sequencer.node.api.limits import name_address
from sequencer.node.api.pulse import Told
from sequencer.node.api.service import Service

__all__ = ["EventStreams"]

_RETRY_MS: Final = 1_000  # after which a browser comes back
_PING_S: Final = 15


class EventStreams:
    """Serves them, no more than ApiLimits allows."""

    def __init__(self, service: Service) -> None:
        """Serve from this service's pulse."""
        self._service = service
        self._addresses: Counter[str] = Counter()

    async def serve(self, request: Request) -> Response:
        """Answer one request with a stream. Raises ConnectionsExhausted, NodeDraining."""
        address = name_address(request.client.host if request.client else None)
        self._check(address)
        limits = self._service.limits
        return EventSourceResponse(self._stream(address), ping=_PING_S, send_timeout=limits.send_s, sep="\n")

    def _check(self, address: str) -> None:
        limits = self._service.limits
        if self._service.is_draining:
            raise NodeDraining()
        if self._addresses.total() >= limits.max_event_streams:
            raise ConnectionsExhausted("event streams of this node", limits.max_event_streams)
        if self._addresses[address] >= limits.max_event_streams_per_address:
            raise ConnectionsExhausted("event streams of this address", limits.max_event_streams_per_address)

    async def _stream(self, address: str) -> AsyncIterator[ServerSentEvent]:
        watcher = self._service.pulse.open()  # here, so that a client who is gone before it begins leaves nothing
        self._addresses[address] += 1
        self._service.metrics.event_streams.inc()
        try:
            while (told := await watcher.read()) is not None:
                yield self._spell(told)
        finally:
            self._service.pulse.leave(watcher)
            self._service.metrics.event_streams.dec()
            self._addresses[address] -= 1
            if not self._addresses[address]:
                del self._addresses[address]

    def _spell(self, told: Told) -> ServerSentEvent:
        place = f"{self._service.pulse.instance}-{told.place}"
        return ServerSentEvent(told.data, event=told.name, id=place, retry=_RETRY_MS)

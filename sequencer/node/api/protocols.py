"""uvicorn's protocols with limits of their own: headers, time, connections, and clients that do not read.

uvicorn limits none of these with httptools: a client could send headers for ever, one byte a minute.
"""

from __future__ import annotations

from asyncio import BaseTransport, Task, TimerHandle, Transport
from collections import Counter
from typing import Any, Final, cast

from uvicorn import Config
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol

from rollup.errors import RollupError
from sequencer.node.api.errors import ConnectionsExhausted, HeadersTooLarge, RequestMalformed, RequestTimeout
from sequencer.node.api.limits import ApiLimits, name_address
from sequencer.node.api.metrics import Metrics
from sequencer.node.api.problems import PROBLEM_TYPE
from sequencer.node.api.responses import SECURITY_HEADERS, encode_problem

__all__ = ["GuardedConfig", "GuardedHttp", "GuardedWebSocket"]


# What may wait to be taken without a clock: less than it, and head and body of an answer leave in one system call.
_UNREAD_BYTES: Final = 16 << 10


class GuardedConfig(Config):
    """uvicorn's configuration with the API's limits, and who is connected."""

    def __init__(self, limits: ApiLimits, metrics: Metrics, **settings: Any) -> None:  # noqa: ANN401 (uvicorn's)
        """Take uvicorn's settings by name."""
        self.limits, self.metrics = limits, metrics
        self.clients: Counter[str] = Counter()
        super().__init__(http=GuardedHttp, ws=GuardedWebSocket, **settings)

    def enter(self, address: str) -> ConnectionsExhausted | None:
        """Count a connection; return why there is no room for it."""
        self.clients[address] += 1
        self.metrics.connections.inc()
        if self.clients.total() > self.limits.max_connections:
            return ConnectionsExhausted("this node", self.limits.max_connections)
        if self.clients[address] > self.limits.max_connections_per_address:
            return ConnectionsExhausted("this address", self.limits.max_connections_per_address)
        return None

    def leave(self, address: str) -> None:
        """Count a connection's end."""
        self.metrics.connections.dec()
        self.clients[address] -= 1
        if self.clients[address] <= 0:
            del self.clients[address]


class _Patience:
    """Cuts a client off that takes nothing of what was written for `send_s`."""

    config: GuardedConfig
    transport: Transport
    loop: Any
    _unread: TimerHandle | None = None
    _closing: TimerHandle | None = None

    def watch_writes(self) -> None:
        self.transport.set_write_buffer_limits(high=_UNREAD_BYTES)

    def linger(self) -> None:
        """Let a closing connection give what is left to a client that takes it, and end it where none does."""
        if self._closing is None:
            self._closing = self.loop.call_later(self.config.limits.send_s, self.transport.abort)

    def pause_writing(self) -> None:
        super().pause_writing()  # type: ignore[misc]  # of the protocol this is mixed into
        self._unread = self.loop.call_later(self.config.limits.send_s, self.transport.abort)

    def resume_writing(self) -> None:
        self.stop_patience()
        super().resume_writing()  # type: ignore[misc]  # as above

    def stop_patience(self) -> None:
        if self._unread is not None:
            self._unread.cancel()
            self._unread = None

    def forget(self) -> None:
        self.stop_patience()
        if self._closing is not None:
            self._closing.cancel()


class GuardedHttp(_Patience, HttpToolsProtocol):
    """An HTTP connection."""

    config: GuardedConfig

    def __init__(self, *args: Any, **named: Any) -> None:  # noqa: ANN401 (uvicorn's)
        """As uvicorn makes it."""
        super().__init__(*args, **named)
        self._deadline: TimerHandle | None = None
        self._is_in_headers = True
        self._n_header_bytes = 0
        self._address: str | None = None  # None once a WebSocket has the connection
        self._refusal: RollupError | None = None

    def connection_made(self, transport: BaseTransport) -> None:
        """Let a client in, or refuse it with 503."""
        super().connection_made(cast(Transport, transport))
        self.watch_writes()
        self._address = name_address(self.client[0] if self.client else None)
        refusal = self.config.enter(self._address)
        if refusal is not None:
            self._refuse(refusal)
        else:
            self._start_clock()

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget the client."""
        self._stop_clock()
        self.forget()
        if self._address is not None:
            self.config.leave(self._address)
            self._address = None
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Parse what came, unless the headers have no end."""
        if self.transport.is_closing():
            return
        super().data_received(data)
        if self._is_in_headers and not self.transport.is_closing():
            self._n_header_bytes += len(data)
            if self._n_header_bytes > self.config.limits.max_header_bytes:
                self._refuse(HeadersTooLarge(self.config.limits.max_header_bytes))

    def on_message_begin(self) -> None:
        """Start the clock of a request."""
        self._is_in_headers, self._n_header_bytes = True, 0
        self._start_clock()
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        """Count the headers exactly. What is raised here ends the parser: `send_400_response` is next."""
        self._is_in_headers = False
        size = len(self.url) + sum(len(name) + len(value) for name, value in self.headers)
        if size > self.config.limits.max_header_bytes:
            self._refusal = HeadersTooLarge(self.config.limits.max_header_bytes)
            raise ValueError(str(self._refusal))
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        """Stop the clock: the rest is ours to do."""
        self._stop_clock()
        super().on_message_complete()

    def on_response_complete(self) -> None:
        """Go on to the next request, or end."""
        super().on_response_complete()
        if self.transport.is_closing():
            self.linger()

    def timeout_keep_alive_handler(self) -> None:
        """End a connection on which nothing comes."""
        super().timeout_keep_alive_handler()
        self.linger()

    def handle_websocket_upgrade(self) -> None:
        """Hand the connection over, its place among the clients with it."""
        self._stop_clock()
        self.stop_patience()
        self._address = None  # the WebSocket leaves for both
        super().handle_websocket_upgrade()

    def send_400_response(self, msg: str) -> None:
        """Answer what is no HTTP, or what was refused while parsing."""
        self._refuse(self._refusal or RequestMalformed("HTTP", msg))

    def _start_clock(self) -> None:
        self._stop_clock()
        self._deadline = self.loop.call_later(self.config.limits.receive_s, self._time_out)

    def _stop_clock(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None

    def _time_out(self) -> None:
        if self._is_in_headers or not self.cycle.response_started:
            self._refuse(RequestTimeout(self.config.limits.receive_s))
        else:  # answered already, as a body that is too large is
            self.transport.abort()

    def _refuse(self, error: RollupError) -> None:
        """Answer by hand, where no application is running, and close."""
        self._stop_clock()
        status, body, headers = encode_problem(error)
        fixed = [(b"content-type", PROBLEM_TYPE), (b"content-length", b"%d" % len(body)), (b"connection", b"close")]
        lines = [name + b": " + value + b"\r\n" for name, value in [*fixed, *headers, *SECURITY_HEADERS]]
        self.transport.write(STATUS_LINE[status] + b"".join(lines) + b"\r\n" + body)
        self.transport.close()
        self.linger()


class GuardedWebSocket(_Patience, WebSocketsSansIOProtocol):
    """A WebSocket, which took its connection over from a `GuardedHttp`."""

    config: GuardedConfig

    def connection_made(self, transport: BaseTransport) -> None:
        """Take over."""
        super().connection_made(transport)
        self.watch_writes()

    def on_task_complete(self, task: Task[None]) -> None:
        """End a connection that nobody serves any more."""
        super().on_task_complete(task)
        self.linger()

    def keepalive_timeout(self) -> None:
        """End a connection whose client answers no ping."""
        super().keepalive_timeout()
        self.linger()

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget the client."""
        self.forget()
        self.config.leave(name_address(self.client[0] if self.client else None))
        super().connection_lost(exc)

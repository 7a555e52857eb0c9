"""The cheapest clients there are: messages prepared beforehand go out as bytes, of answers only the outcome is read.

Whatever the load's process spends is taken from the node on a machine with two cores.
"""

from __future__ import annotations

import asyncio
import re
from abc import ABC, abstractmethod
from asyncio import BaseTransport, Transport
from collections import Counter
from dataclasses import dataclass, field
from typing import Final, cast

__all__ = ["Connection", "Message", "Outcomes", "PostConnection", "StreamConnection", "frame_text", "open_all"]

_UPGRADE: Final = (
    b"GET /v1/stream HTTP/1.1\r\nhost: bench\r\nupgrade: websocket\r\nconnection: upgrade\r\n"
    b"sec-websocket-key: AAAAAAAAAAAAAAAAAAAAAA==\r\nsec-websocket-version: 13\r\n\r\n"
)
_END_OF_HEADERS: Final = b"\r\n\r\n"
_TEXT, _CLOSE, _PING, _PONG = 1, 8, 9, 10
_NO_MASK: Final = bytes(4)  # RFC 6455 §5.3: a client's frame is masked; by zeros it stays as it is
_CODE: Final = re.compile(rb'"code":"(\w+)"')
_LENGTH: Final = re.compile(rb"content-length: (\d+)", re.IGNORECASE)


@dataclass(frozen=True)
class Message:
    """What is sent as it stands, and how many commands it holds."""

    data: bytes
    n_commands: int


@dataclass
class Outcomes:
    """What became of commands."""

    n_acknowledged: int = 0
    refused: Counter[str] = field(default_factory=Counter)  # by code

    def count(self, answer: bytes, n_commands: int) -> None:
        """Take in the answer to so many commands."""
        receipts = answer.count(b'"signature":')
        self.n_acknowledged += receipts
        if receipts < n_commands:
            codes = [code.decode() for code in _CODE.findall(answer)] or ["no answer"]
            self.refused.update(codes if len(codes) == n_commands - receipts else codes[:1] * (n_commands - receipts))


class Connection(asyncio.Protocol, ABC):
    """One connection: messages out, their answers in the same order."""

    def __init__(self, outcomes: Outcomes) -> None:
        self._outcomes, self._buffer = outcomes, bytearray()
        self._waiting: asyncio.Queue[tuple[Message, asyncio.Future[None]]] = asyncio.Queue()
        self._transport: Transport | None = None
        self.is_ready: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def send(self, message: Message) -> asyncio.Future[None]:
        """Return what is done once the answer is here. Raises ConnectionError there, where the node hangs up."""
        assert self._transport is not None, "not connected"
        answered: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.put_nowait((message, answered))
        self._transport.write(message.data)
        return answered

    def close(self) -> None:
        """Hang up."""
        if self._transport is not None:
            self._transport.close()

    def connection_made(self, transport: BaseTransport) -> None:
        """Be ready."""
        self._transport = cast(Transport, transport)
        self.is_ready.set_result(None)

    def connection_lost(self, error: Exception | None) -> None:
        """Tell whoever waits."""
        while not self._waiting.empty():
            self._waiting.get_nowait()[1].set_exception(ConnectionError("the node hung up"))

    def data_received(self, data: bytes) -> None:
        """Take what came apart."""
        self._buffer += data
        while (answer := self._cut()) is not None:
            message, answered = self._waiting.get_nowait()
            self._outcomes.count(answer, message.n_commands)
            answered.set_result(None)

    @abstractmethod
    def _cut(self) -> bytes | None:
        """Return the next answer, None where it is not whole yet."""


class StreamConnection(Connection):
    """A WebSocket, whose node answers batches of one connection in the order in which they came."""

    def connection_made(self, transport: BaseTransport) -> None:
        """Ask for the upgrade; ready once it is granted."""
        self._transport, self._is_open = cast(Transport, transport), False
        self._transport.write(_UPGRADE)

    def _cut(self) -> bytes | None:
        if not self._is_open:
            self._open()
        while (frame := self._cut_frame()) is not None:
            kind, body = frame
            if kind == _TEXT:
                return body
            if kind == _PING and self._transport is not None:
                self._transport.write(_frame(_PONG, body))
        return None

    def _open(self) -> None:
        end = self._buffer.find(_END_OF_HEADERS)
        if end >= 0:
            if not self._buffer.startswith(b"HTTP/1.1 101"):
                raise ConnectionError(bytes(self._buffer[:80]).decode("latin-1"))
            del self._buffer[: end + len(_END_OF_HEADERS)]
            self._is_open = True
            self.is_ready.set_result(None)

    def _cut_frame(self) -> tuple[int, bytes] | None:
        """Return the next frame's kind and body. The node neither masks nor splits what it sends."""
        if not self._is_open or len(self._buffer) < 2:
            return None
        length, start = self._buffer[1], 2
        if length >= 126:
            start = 4 if length == 126 else 10
            length = int.from_bytes(self._buffer[2:start], "big")
        if len(self._buffer) < start + length:
            return None
        kind, body = self._buffer[0] & 15, bytes(self._buffer[start : start + length])
        del self._buffer[: start + length]
        return kind, body


class PostConnection(Connection):
    """An HTTP connection that is kept: one request at a time."""

    def _cut(self) -> bytes | None:
        end = self._buffer.find(_END_OF_HEADERS)
        if end < 0:
            return None
        found = _LENGTH.search(self._buffer, 0, end)
        size = end + len(_END_OF_HEADERS) + (int(found[1]) if found else 0)
        if len(self._buffer) < size:
            return None
        answer = bytes(self._buffer[end:size])
        del self._buffer[:size]
        return answer


def frame_text(body: bytes) -> bytes:
    """Return a client's text frame."""
    return _frame(_TEXT, body)


def _frame(kind: int, body: bytes) -> bytes:
    """RFC 6455 §5.2: final, kind | masked, length | mask | body."""
    size = len(body)
    if size < 126:
        head = bytes((0x80 | kind, 0x80 | size))
    elif size < 1 << 16:
        head = bytes((0x80 | kind, 0x80 | 126)) + size.to_bytes(2, "big")
    else:
        head = bytes((0x80 | kind, 0x80 | 127)) + size.to_bytes(8, "big")
    return head + _NO_MASK + body


async def open_all(kind: type[Connection], port: int, count: int, outcomes: Outcomes) -> list[Connection]:
    """Return so many connections to the node on this machine."""
    loop, opened = asyncio.get_running_loop(), []
    for _ in range(count):
        _, connection = await loop.create_connection(lambda: kind(outcomes), "127.0.0.1", port)
        await connection.is_ready
        opened.append(connection)
    return opened

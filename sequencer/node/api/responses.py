"""Answers as ASGI messages."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any, Final, TypeAlias

import msgspec

from sequencer.node.api.problems import PROBLEM_TYPE, get_retry_after, make_problem

__all__ = [
    "SECURITY_HEADERS",
    "Headers",
    "Receive",
    "Scope",
    "Send",
    "encode_problem",
    "send_body",
    "send_problem",
]

Message: TypeAlias = MutableMapping[str, Any]
Scope: TypeAlias = MutableMapping[str, Any]
Receive: TypeAlias = Callable[[], Awaitable[Message]]
Send: TypeAlias = Callable[[Message], Awaitable[None]]
Headers: TypeAlias = list[tuple[bytes, bytes]]

# Answers are data: no page may frame, run or sniff them.
SECURITY_HEADERS: Final = (
    (b"x-content-type-options", b"nosniff"),
    (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'"),
    (b"referrer-policy", b"no-referrer"),
)
_PART_BYTES: Final = 256 << 10  # what the client's side must take within ApiLimits.send_s
_encoder: Final = msgspec.json.Encoder()


async def send_body(send: Send, status: int, media_type: bytes, body: bytes, headers: Headers) -> None:
    """Send a whole answer, large ones in parts so that the client's pace holds back the next."""
    fixed = [(b"content-type", media_type), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": status, "headers": fixed + headers})
    for start in range(0, max(len(body), 1), _PART_BYTES):
        part, is_last = body[start : start + _PART_BYTES], start + _PART_BYTES >= len(body)
        await send({"type": "http.response.body", "body": part, "more_body": not is_last})


def encode_problem(error: Exception) -> tuple[int, bytes, Headers]:
    """Return the status, body and headers that tell an error."""
    problem, known = make_problem(error)
    wait_s = get_retry_after(known)
    headers: Headers = [(b"cache-control", b"no-store")]
    if wait_s is not None:
        headers.append((b"retry-after", str(wait_s).encode()))
    return problem.status, _encoder.encode(problem), headers


async def send_problem(send: Send, error: Exception, more: Headers | None = None) -> int:
    """Send an error as problem+json and return its status."""
    status, body, headers = encode_problem(error)
    await send_body(send, status, PROBLEM_TYPE, body, headers + (more or []))
    return status

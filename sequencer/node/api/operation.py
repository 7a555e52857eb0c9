"""One endpoint as an ASGI application: reads what it is given, calls its handler, writes what comes back."""

from __future__ import annotations

import time
from collections.abc import Awaitable
from typing import Any, Final

import msgspec

from sequencer.node.api.endpoints import JSON, Endpoint
from sequencer.node.api.errors import BodyTooLarge, MediaTypeUnsupported, RequestMalformed
from sequencer.node.api.limits import name_address
from sequencer.node.api.parameters import read_parameters
from sequencer.node.api.responses import Headers, Receive, Scope, Send, send_body, send_problem
from sequencer.node.api.service import Service

__all__ = ["ClientGone", "Operation", "decode_body"]

_encoder: Final = msgspec.json.Encoder()
_FRESH: Final[Headers] = [(b"cache-control", b"no-store")]
_IMMUTABLE: Final[Headers] = [(b"cache-control", b"public, max-age=31536000, immutable")]


class ClientGone(Exception):
    """The client hung up: nobody is there to be answered."""


class Operation:
    """Serves one endpoint."""

    def __init__(self, endpoint: Endpoint, service: Service) -> None:
        """Serve `endpoint` by `service`."""
        self._endpoint, self._service = endpoint, service
        self._decoder: msgspec.json.Decoder[Any] = msgspec.json.Decoder(endpoint.body or msgspec.Raw)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request: with the endpoint's record or bytes, else with a problem."""
        started_s = time.perf_counter()
        try:
            answer = await self._handle(scope, receive)
        except ClientGone:
            return
        except Exception as error:
            # what is left of a body that is too large is dropped as it comes, until the clock of the request ends it:
            # to close at once would reset the connection before the client has read why
            status = await send_problem(send, error)
        else:
            status = 200
            headers = _IMMUTABLE if self._endpoint.is_immutable else _FRESH
            await send_body(send, status, self._endpoint.media_type.encode(), answer, headers)
        self._service.metrics.count_request(self._endpoint.name, status, time.perf_counter() - started_s)

    async def _handle(self, scope: Scope, receive: Receive) -> bytes:
        endpoint, service = self._endpoint, self._service
        values = read_parameters(endpoint.parameters, scope.get("path_params", {}), scope["query_string"])
        if endpoint.read is not None:
            found = endpoint.read(service, values)
            if isinstance(found, Awaitable):
                found = await found
            return found if isinstance(found, bytes) else _encoder.encode(found)
        _check_media_type(scope)
        body = await _read_body(scope, receive, service.limits.max_body_bytes)
        request = decode_body(self._decoder, body, "body")
        if endpoint.check is not None:
            return _encoder.encode(await endpoint.check(service, values, _get_address(scope)))
        assert endpoint.command is not None
        return _encoder.encode(await endpoint.command(service, request, _get_address(scope)))


def decode_body(decoder: msgspec.json.Decoder[Any], body: bytes | str, where: str) -> Any:  # noqa: ANN401 (JSON)
    """Return what a JSON text holds, by its schema. Raises RequestMalformed."""
    try:
        return decoder.decode(body)
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError) as error:
        raise RequestMalformed(where, str(error)[:200]) from error


def _get_address(scope: Scope) -> str:
    client = scope.get("client")
    return name_address(client[0] if client else None)


def _check_media_type(scope: Scope) -> None:
    """Raise MediaTypeUnsupported unless the body is said to be JSON: a page of another site cannot say so unasked."""
    got = _get_header(scope, b"content-type")
    if got.split(b";", 1)[0].strip().lower() != JSON.encode():
        raise MediaTypeUnsupported(got[:80].decode("latin-1"), JSON)


def _get_header(scope: Scope, wanted: bytes) -> bytes:
    return next((value for name, value in scope["headers"] if name == wanted), b"")


async def _read_body(scope: Scope, receive: Receive, limit: int) -> bytes:
    """Return the body. Raises BodyTooLarge before more than the limit is kept."""
    declared = _get_header(scope, b"content-length")
    if declared.isdigit() and int(declared) > limit:
        raise BodyTooLarge("body bytes", limit)
    parts: list[bytes] = []
    size = 0
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ClientGone
        part = message.get("body", b"")
        size += len(part)
        if size > limit:
            raise BodyTooLarge("body bytes", limit)
        if not message.get("more_body", False):
            return b"".join([*parts, part]) if parts else part
        parts.append(part)

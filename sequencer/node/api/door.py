"""What every HTTP request passes: the rate of its address, and the headers of every answer."""

from __future__ import annotations

from collections.abc import Mapping

from starlette.types import ASGIApp

from sequencer.node.api.errors import RateExceeded
from sequencer.node.api.limits import name_address
from sequencer.node.api.responses import SECURITY_HEADERS, Message, Receive, Scope, Send, send_problem
from sequencer.node.api.service import Service

__all__ = ["Door", "Shortcut"]


class Door:
    """ASGI middleware."""

    def __init__(self, app: ASGIApp, service: Service) -> None:
        """Stand before `app`."""
        self._app, self._service = app, service

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a request pass, or answer 429."""
        if scope["type"] != "http":  # a stream counts its messages itself
            await self._app(scope, receive, send)
            return

        async def send_guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                own = {name for name, _ in message["headers"]}  # a page has a policy of its own
                more = [header for header in SECURITY_HEADERS if header[0] not in own]
                message["headers"] = [*message["headers"], *more]
            await send(message)

        client = scope.get("client")
        try:
            self._service.rates.take_request(name_address(client[0] if client else None))
        except RateExceeded as error:
            self._service.metrics.count_request("refused", await send_problem(send_guarded, error), 0.0)
            return
        await self._app(scope, receive, send_guarded)


class Shortcut:
    """ASGI middleware: paths without parameters, found in a table. A router tries its patterns one by one."""

    def __init__(self, app: ASGIApp, operations: Mapping[tuple[str, str], ASGIApp]) -> None:
        """Stand before the router `app`. operations: by method and path."""
        self._app, self._operations = app, operations

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve the request by its operation, or hand it to the router, which also says what is wrong with it."""
        if scope["type"] == "http":
            await self._operations.get((scope["method"], scope["path"]), self._app)(scope, receive, send)
        else:
            await self._app(scope, receive, send)

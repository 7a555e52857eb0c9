"""The API as an ASGI application."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route, WebSocketRoute
from starlette.websockets import WebSocket

from rollup.errors import RollupError
from sequencer.node.api.door import Door, Shortcut
from sequencer.node.api.endpoints import ENDPOINTS, JSON, PREFIX, Endpoint
from sequencer.node.api.errors import MethodNotAllowed, NotFound, RequestMalformed
from sequencer.node.api.events import EventStreams
from sequencer.node.api.limits import ApiLimits
from sequencer.node.api.openapi import make_document
from sequencer.node.api.operation import Operation
from sequencer.node.api.pages import load_pages
from sequencer.node.api.problems import PROBLEM_TYPE
from sequencer.node.api.proving_facts import ProvingFacts
from sequencer.node.api.responses import encode_problem
from sequencer.node.api.service import Service
from sequencer.node.api.stream import Stream
from sequencer.node.core import Core

__all__ = ["make_app"]


def make_app(
    core: Core,
    limits: ApiLimits | None = None,
    *,
    origins: Sequence[str] = (),
    proving: ProvingFacts | None = None,
) -> Starlette:
    """Return the API of a core, and its dashboard. `app.state.service.is_draining = True` refuses commands.

    origins: sites whose pages may read answers and open streams; none by default. proving: what proofs are checked
    with; without it the node checks none.
    """
    pages = load_pages()
    service = Service(core, limits or ApiLimits(), frozenset(origins), proving, pages.version)
    document = msgspec.json.encode(make_document(ENDPOINTS))
    described = Endpoint(
        "get_openapi", "/openapi.json", "This interface.", None, read=lambda _, __: document, media_type=JSON
    )
    operations = {endpoint: Operation(endpoint, service) for endpoint in (*ENDPOINTS, described)}
    routes = [
        Route(PREFIX + endpoint.path, operation, methods=[endpoint.method])
        for endpoint, operation in operations.items()
    ]
    fixed = {
        (endpoint.method, PREFIX + endpoint.path): operation
        for endpoint, operation in operations.items()
        if "{" not in endpoint.path
    }

    async def run_stream(websocket: WebSocket) -> None:
        await Stream(websocket, service).run()

    middleware = [Middleware(Door, service=service)]
    if origins:
        cors = Middleware(
            CORSMiddleware, allow_origins=list(origins), allow_methods=["GET", "POST"], allow_headers=["content-type"]
        )
        middleware.append(cors)
    middleware.append(Middleware(Shortcut, operations=fixed))
    app = Starlette(
        routes=[
            *routes,
            WebSocketRoute(f"{PREFIX}/stream", run_stream),
            Route(f"{PREFIX}/events", EventStreams(service).serve, methods=["GET"]),
            Route("/", pages.serve, methods=["GET"]),
            *(Route(f"/{name}", pages.serve, methods=["GET"]) for name in pages.names),
        ],
        middleware=middleware,
        exception_handlers={HTTPException: _answer_exception, RollupError: _answer_refusal},
    )
    app.router.redirect_slashes = False
    app.state.service = service
    return app


async def _answer_refusal(_: Request, error: Exception) -> Response:
    """Spell what a page or an event stream is refused for."""
    status, body, more = encode_problem(error)
    extra = {name.decode(): value.decode() for name, value in more}
    return Response(body, status, {**extra, "content-type": PROBLEM_TYPE.decode()})


async def _answer_exception(request: Request, error: Exception) -> Response:
    """Spell what the router refuses: no such path, another method."""
    assert isinstance(error, HTTPException)
    headers = error.headers or {}
    if error.status_code == 404:
        known: Exception = NotFound("path", request.url.path[:200])
    elif error.status_code == 405:
        known = MethodNotAllowed(request.method, headers.get("Allow", ""))
    else:
        known = RequestMalformed("HTTP", f"{error.status_code} {error.detail}")
    status, body, more = encode_problem(known)
    extra = {name.decode(): value.decode() for name, value in more}
    return Response(body, status, {**headers, **extra, "content-type": PROBLEM_TYPE.decode()})

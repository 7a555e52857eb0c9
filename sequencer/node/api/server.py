"""Serving the API on a port."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, Final

from starlette.applications import Starlette
from uvicorn import Server

from sequencer.node.api.protocols import GuardedConfig
from sequencer.node.api.service import Service

__all__ = ["LOOPBACK", "serving"]

LOOPBACK: Final = "127.0.0.1"
_GRACE_S: Final = 10
_BACKLOG: Final = 2048


@asynccontextmanager
async def serving(app: Starlette, host: str = LOOPBACK, port: int = 0, **settings: Any) -> AsyncIterator[int]:  # noqa: ANN401 (uvicorn's)
    """Serve an app of `make_app` on this loop while the body runs, and yield the port; 0 takes a free one.

    At the end commands are refused, requests in hand are answered, then connections are closed. settings: uvicorn's,
    such as ssl_certfile; `proxy_headers=True, forwarded_allow_ips=...` behind a proxy, whose clients' addresses it
    names. Raises OSError where the port is taken.
    """
    service: Service = app.state.service
    listener = socket.create_server((host, port), backlog=_BACKLOG, family=_find_family(host))
    server = _Server(_configure(app, service, settings))
    task = asyncio.get_running_loop().create_task(server.serve(sockets=[listener]))
    pulse = asyncio.get_running_loop().create_task(service.pulse.run())
    try:
        await _wait_until_started(server, task)
        yield listener.getsockname()[1]
    finally:
        service.is_draining = True
        service.pulse.close()  # pages let go at once: the server waits for whoever is connected
        server.should_exit = True
        await task
        pulse.cancel()
        await asyncio.gather(pulse, return_exceptions=True)
        listener.close()


class _Server(Server):
    """uvicorn without its signal handlers: the node has its own."""

    async def serve(self, sockets: list[socket.socket] | None = None) -> None:
        """Serve until `should_exit`."""
        await self._serve(sockets)


def _configure(app: Starlette, service: Service, settings: dict[str, Any]) -> GuardedConfig:
    limits = service.limits
    return GuardedConfig(
        limits,
        service.metrics,
        app=app,
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_keep_alive=limits.keep_alive_s,
        timeout_graceful_shutdown=_GRACE_S,
        ws_max_size=limits.max_message_bytes,
        ws_per_message_deflate=False,  # it costs more than loopback and data centres gain
        **{"proxy_headers": False, **settings},  # else any client on this machine could name another address
    )


def _find_family(host: str) -> socket.AddressFamily:
    return socket.AF_INET6 if ":" in host else socket.AF_INET


async def _wait_until_started(server: Server, task: asyncio.Task[None]) -> None:
    while not server.started:
        if task.done():
            await task
            raise OSError("the server ended before it began")
        await asyncio.sleep(0.01)

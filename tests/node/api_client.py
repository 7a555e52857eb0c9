"""For tests of the API: a core served on a port of this machine, in a loop of its own thread or in this one."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

import httpx
import msgspec

from prover import kernel
from rollup.signature import Signature, sign
from sequencer.node.api import ApiLimits, make_app, serving
from sequencer.node.api.server import LOOPBACK
from sequencer.node.api.wire_commands import write_command
from sequencer.node.commands import CancelAllOrders, CancelOrder, ClientCommand
from sequencer.node.receipt_codec import decode_receipt_json
from sequencer.node.receipts import Receipt, verify_receipt
from tests.node.stepped_node import SteppedNode
from tests.scenarios import Exchange, key_of

T = TypeVar("T")


class Served(NamedTuple):
    """A running API."""

    core: SteppedNode
    url: str
    port: int
    app: Any
    loop: asyncio.AbstractEventLoop

    def call(self, work: Callable[[], Coroutine[Any, Any, T]]) -> T:
        """Do something on the server's own loop, from another thread, and wait for it."""
        return asyncio.run_coroutine_threadsafe(work(), self.loop).result()


@asynccontextmanager
async def serve(
    folder: Path,
    limits: ApiLimits | None = None,
    *,
    exchange: Exchange | None = None,
    **options: Any,  # noqa: ANN401 (those of make_app)
) -> AsyncIterator[Served]:
    """Serve a stepped node on a free port while the body runs."""
    kernel.install()
    core = SteppedNode(folder, exchange)
    core.begin()
    app = make_app(core, limits, **options)
    try:
        async with serving(app) as port:
            yield Served(core, f"http://{LOOPBACK}:{port}", port, app, asyncio.get_running_loop())
    finally:
        await core.end()


@contextmanager
def serve_in_thread(folder: Path, limits: ApiLimits | None = None, **options: Any) -> Iterator[Served]:  # noqa: ANN401
    """Serve from another thread: for clients that block."""
    ready: list[Served] = []
    is_up, loop_ended = threading.Event(), threading.Event()
    stop: list[Callable[[], None]] = []

    async def run() -> None:
        ending = asyncio.Event()
        loop = asyncio.get_running_loop()
        stop.append(lambda: loop.call_soon_threadsafe(ending.set))
        async with serve(folder, limits, **options) as served:
            ready.append(served)
            is_up.set()
            await ending.wait()

    def main() -> None:
        try:
            asyncio.run(run())
        finally:
            loop_ended.set()
            is_up.set()

    thread = threading.Thread(target=main, daemon=True)
    thread.start()
    is_up.wait()
    assert ready, "the server did not start"
    try:
        yield ready[0]
    finally:
        stop[0]()
        thread.join()


def run(work: Coroutine[Any, Any, T]) -> T:
    """Run a test's coroutine."""
    return asyncio.run(work)


def connect(served: Served) -> httpx.AsyncClient:
    """Return a client of the API's paths below /v1."""
    return httpx.AsyncClient(base_url=f"{served.url}/v1/", timeout=30)


JSON = {"content-type": "application/json"}
ServedTest = Callable[[Served, httpx.AsyncClient], Coroutine[Any, Any, None]]


def served(folder: Path, test: ServedTest, limits: ApiLimits | None = None, **options: Any) -> None:  # noqa: ANN401
    """Run a test against an API of its own."""

    async def main() -> None:
        async with serving_client(folder, limits, **options) as (server, client):
            await test(server, client)

    run(main())


@asynccontextmanager
async def serving_client(
    folder: Path,
    limits: ApiLimits | None = None,
    **options: Any,  # noqa: ANN401
) -> AsyncIterator[tuple[Served, httpx.AsyncClient]]:
    async with serve(folder / "store", limits, **options) as server, connect(server) as client:
        yield server, client


async def post(client: httpx.AsyncClient, path: str, command: ClientCommand) -> httpx.Response:
    return await client.post(path, content=msgspec.json.encode(write_command(command)), headers=JSON)


def signed_cancel(core: SteppedNode, account: int, slot: int, nonce: int) -> CancelOrder:
    unsigned = CancelOrder(account, slot, nonce, 1, Signature((0, 1), 0))
    return replace(unsigned, signature=sign(key_of(account), unsigned.message(core.params.domain)))


def signed_cancel_all(core: SteppedNode, account: int) -> CancelAllOrders:
    unsigned = CancelAllOrders(account, time.time_ns() // 10**6, 1, Signature((0, 1), 0))
    return replace(unsigned, signature=sign(key_of(account), unsigned.message(core.params.domain)))


def check(core: SteppedNode, body: bytes) -> Receipt:
    receipt = decode_receipt_json(body)
    verify_receipt(receipt, core.receipt_key, core.params.domain)
    return receipt

"""Nodes that lie, serve another rollup, or are not there."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from uvicorn import Config, Server

from sequencer.client import Deployment, NodeClient, OrderSigner
from sequencer.client.errors import AnswerInvalid, NodeForeign, NodeUnreachable
from sequencer.client.signer import Wish
from sequencer.node.errors import ReceiptInvalid
from tests.client.desks import with_client
from tests.client.wallets import DEPLOYMENT
from tests.node.api_client import Served, run
from tests.scenarios import AVAX_PRICE, PARAMS


@pytest.mark.parametrize("field", ["chain_id", "contract", "version", "receipt_key"])
def test_invalid_node_of_another_deployment(tmp_path: Path, field: str) -> None:
    async def test(server: Served, _: NodeClient, __: OrderSigner) -> None:
        value = getattr(DEPLOYMENT, field)
        other = replace(DEPLOYMENT, **{field: (5, 6) if field == "receipt_key" else value + 1})
        with pytest.raises(NodeForeign) as refused:
            await NodeClient.connect(server.url, other)
        assert refused.value.field == field

    with_client(tmp_path, test)


def test_node_that_is_not_there() -> None:
    async def test() -> None:
        with pytest.raises(NodeUnreachable):
            await NodeClient.connect("http://127.0.0.1:9", DEPLOYMENT, timeout_s=5)

    run(test())


@asynccontextmanager
async def lying(server: Served, path: str, lie: Callable[[bytes], Response]) -> AsyncIterator[str]:
    """Stand between a client and a node, and change the answer of one path."""

    async def pass_on(request: Request) -> Response:
        async with httpx.AsyncClient() as http:
            url = f"{server.url}{request.url.path}"
            body = await request.body()
            answer = await http.request(request.method, url, content=body, headers={"content-type": "application/json"})
        if request.url.path == path:
            return lie(answer.content)
        return Response(answer.content, answer.status_code, media_type="application/json")

    app = Starlette(routes=[Route("/{rest:path}", pass_on, methods=["GET", "POST"])])
    listener = socket.create_server(("127.0.0.1", 0))
    proxy = Server(Config(app, lifespan="off", log_config=None))
    task = asyncio.create_task(proxy._serve(sockets=[listener]))
    try:
        while not proxy.started:
            await asyncio.sleep(0.01)
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        proxy.should_exit = True
        await task
        listener.close()


def change(**fields: Any) -> Callable[[bytes], Response]:  # noqa: ANN401 (JSON)
    return lambda body: Response(msgspec.json.encode(msgspec.json.decode(body) | fields))


LIES: list[tuple[str, Callable[[bytes], Response], type[Exception]]] = [
    ("/v1/orders", change(sequence=7), ReceiptInvalid),
    ("/v1/orders", change(digest="00" * 32), ReceiptInvalid),
    ("/v1/orders", change(signature="00" * 96), ReceiptInvalid),
    ("/v1/orders", change(link="AA" * 32), ReceiptInvalid),
    ("/v1/orders", change(sequence="1"), AnswerInvalid),
    ("/v1/orders", lambda _: Response(b"[" * 100_000), AnswerInvalid),
    ("/v1/orders", lambda _: Response(b"gone", 502), AnswerInvalid),
    ("/v1/orders", lambda _: Response(b"{}", 302, {"location": "http://127.0.0.1:9/"}), AnswerInvalid),
    ("/v1/orders", lambda _: Response(b"x" * (17 << 20)), AnswerInvalid),
    ("/v1/status", change(domain="5"), NodeForeign),
    ("/v1/status", change(contract=f"0x{5:040x}"), NodeForeign),
    ("/v1/status", change(contract="0x00"), AnswerInvalid),
    ("/v1/status", change(state_root="9" * 5000), AnswerInvalid),
]


@pytest.mark.parametrize(("path", "lie", "error"), LIES)
def test_invalid_answer_of_a_lying_node(
    tmp_path: Path, path: str, lie: Callable[[bytes], Response], error: type[Exception]
) -> None:
    async def test(server: Served, _: NodeClient, signer: OrderSigner) -> None:
        async with lying(server, path, lie) as url:
            with pytest.raises(error):
                await place_one(url, signer)

    with_client(tmp_path, test)


async def place_one(url: str, signer: OrderSigner) -> None:
    async with await NodeClient.connect(url, DEPLOYMENT) as client:
        await client.place_order(signer.place_order(Wish(0, 0, 5, AVAX_PRICE)))


@pytest.mark.parametrize(
    "lie",
    [
        change(results=[]),
        change(results=[{}]),
        change(results=[{"receipt": None}]),
    ],
)
def test_invalid_results_of_a_lying_node(tmp_path: Path, lie: Callable[[bytes], Response]) -> None:
    async def test(server: Served, _: NodeClient, signer: OrderSigner) -> None:
        async with lying(server, "/v1/orders/batch", lie) as url, await NodeClient.connect(url, DEPLOYMENT) as client:
            with pytest.raises(AnswerInvalid):
                await client.submit_batch([signer.place_order(Wish(0, 0, 5, AVAX_PRICE))])

    with_client(tmp_path, test)


def test_domain_is_worked_out_and_not_believed() -> None:
    assert Deployment(PARAMS.chain_id, PARAMS.contract, PARAMS.version, (0, 1)).domain == PARAMS.domain

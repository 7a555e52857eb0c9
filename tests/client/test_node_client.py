"""The client against a real API, and against nodes that lie, refuse, or are not there."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import msgspec
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from rollup.codec_inclusion import decode_inclusion
from rollup.inclusion import check_inclusion
from rollup.orders import IOC, POST_ONLY
from rollup.signature import derive_public_key
from sequencer.client import Deployment, NodeClient, OrderSigner
from sequencer.client import node_stream as stream_module
from sequencer.client.errors import AnswerInvalid, CommandRefused, EventsLost, NodeForeign, NodeUnreachable
from sequencer.client.node_stream import open_stream
from sequencer.client.signer import Wish
from sequencer.client.slots import SlotBook
from sequencer.node.api import ApiLimits
from sequencer.node.commands import Trigger
from sequencer.node.core import AuctionSeen, BatchView, EntryStage, EntryView, FillSeen, OrderClosed
from sequencer.node.errors import ReceiptInvalid
from sequencer.node.receipts import Receipt
from tests.client.wallets import DEPLOYMENT
from tests.node.api_client import Served, run, serve
from tests.scenarios import AVAX_PRICE, key_of

PATIENCE_S = 20.0
Test = Callable[[Served, NodeClient, OrderSigner], Awaitable[None]]


def with_client(folder: Path, test: Test, account: int = 2, limits: ApiLimits | None = None) -> None:
    """Run a test with a client and a signer of an account."""

    async def main() -> None:
        async with serve(folder / "store", limits) as server, desk(server, folder, account) as (client, signer):
            await test(server, client, signer)

    run(main())


@asynccontextmanager
async def desk(server: Served, folder: Path, account: int) -> AsyncIterator[tuple[NodeClient, OrderSigner]]:
    home = folder / f"wallet {account}"
    home.mkdir(exist_ok=True)
    with SlotBook(home, account) as slots:
        async with await NodeClient.connect(server.url, DEPLOYMENT) as client:
            signer = OrderSigner(key_of(account), DEPLOYMENT, slots)
            await signer.sync(client)
            yield client, signer


def test_every_command_has_its_receipt(tmp_path: Path) -> None:
    async def test(server: Served, client: NodeClient, signer: OrderSigner) -> None:
        order = signer.place_order(Wish(0, 0, 1_000, AVAX_PRICE), Trigger(AVAX_PRICE, True))
        await client.place_order(order)
        await client.place_quote(signer.place_quote([Wish(0, 0, 5, AVAX_PRICE - 9, POST_ONLY), None]))
        await client.cancel_order(signer.cancel_order(order.signed.order.slot, order.signed.order.nonce))
        await client.cancel_all(signer.cancel_all())
        for command in (
            signer.withdraw(5, 6),
            signer.transfer(5, 3, 6),
            signer.cancel_in_state(0, 9, 6),
            signer.cancel_all_in_state(6),
            signer.change_key(derive_public_key(bytes(32)), 6),
            signer.close(0, 6),
        ):
            await client.request_cash(command)
        assert server.core.store.last_sequence == 10
        assert (await client.get_receipt(10)).sequence == 10
        assert [op.cash_nonce for op in [command.op]] == [5]

    with_client(tmp_path, test)


def test_views_are_the_cores_own(tmp_path: Path) -> None:
    async def test(server: Served, client: NodeClient, signer: OrderSigner) -> None:
        core = server.core
        await client.place_order(signer.place_order(Wish(0, 0, 1_000, AVAX_PRICE + 5)))
        core.exchange.order_nonces = {}
        async with desk(server, Path(tmp_path), 3) as (other, seller):
            await other.place_order(seller.place_order(Wish(0, 1, 400, AVAX_PRICE - 5)))
        core.clear()
        core.entries.append(EntryView(0, "deposit", 2, EntryStage.SEEN, None, None))
        assert await client.get_account(2) == core.get_account(2)
        assert await client.list_orders(2) == core.list_orders(2)
        assert await client.list_fills(2) == core.list_fills(2, 100)
        assert await client.list_markets() == core.list_markets()
        assert await client.get_book(0) == core.get_book(0, 20)
        assert await client.get_fees() == core.get_fees()
        assert await client.list_batches() == core.list_batches(100)
        assert await client.get_batch(core.batches[0].number) == core.batches[0]
        assert await client.list_entries() == tuple(core.entries)
        assert await client.get_status() == core.get_status()
        assert await client.get_ready() == ()
        assert (await client.list_auctions())[0].name == "AVAX-USD"
        assert (await client.get_funding(2)).positions[0].size_lots == 400
        core.store.put_artifact("proof", "1", b"proof")
        assert await client.get_file("proof", "1") == b"proof"
        check_inclusion(decode_inclusion(await client.prove_inclusion(2), "x"), core.exchange.state.state_root)

    with_client(tmp_path, test)


def test_refusal_states_code_and_facts(tmp_path: Path) -> None:
    async def test(server: Served, client: NodeClient, signer: OrderSigner) -> None:
        signer.account = 3  # its key is another
        with pytest.raises(CommandRefused) as refused:
            await client.cancel_order(signer.cancel_order(0, 1))
        assert (refused.value.status, refused.value.problem_code) == (422, "signature_invalid")
        assert refused.value.facts["account_id"] == 3
        with pytest.raises(CommandRefused, match="not_found"):
            await client.get_account(99)

    with_client(tmp_path, test)


def test_refusal_for_haste_says_when_to_come_again(tmp_path: Path) -> None:
    async def test(_: Served, client: NodeClient, __: OrderSigner) -> None:
        with pytest.raises(CommandRefused) as refused:
            await asyncio.gather(*(client.get_ready() for _ in range(50)))
        assert (refused.value.status, refused.value.retry_after_s) == (429, 1)

    with_client(tmp_path, test, limits=ApiLimits(requests_per_s_per_address=5))


def test_batch_by_http_and_by_stream(tmp_path: Path) -> None:
    async def test(server: Served, client: NodeClient, signer: OrderSigner) -> None:
        commands = [signer.place_order(Wish(0, 0, 5, AVAX_PRICE - n)) for n in range(1, 30)]
        forged = replace(commands[3], trigger=None, signed=replace(commands[3].signed, signature=commands[4].signature))
        first = await client.submit_batch([*commands[:3], forged])
        assert [isinstance(outcome, Receipt) for outcome in first] == [True, True, True, False]
        async with open_stream(client) as stream:
            batches = [commands[start : start + 5] for start in range(4, 29, 5)]
            outcomes = await asyncio.gather(*(stream.submit(batch) for batch in batches))
            assert all(isinstance(outcome, Receipt) for batch in outcomes for outcome in batch)
            assert await stream.ping() > 10**15
        with pytest.raises(NodeUnreachable):
            await stream.ping()

    with_client(tmp_path, test)


def test_stream_tells_what_happens_and_slots_come_free(tmp_path: Path) -> None:
    async def test(server: Served, client: NodeClient, signer: OrderSigner) -> None:
        async with open_stream(client) as stream:
            await stream.subscribe(accounts=[2], markets=[0], batches=True)
            await stream.submit([signer.place_order(Wish(0, 0, 5, AVAX_PRICE, IOC))])
            assert signer.slots.take_slot() == 1
            async with desk(server, Path(tmp_path), 3) as (other, seller):
                await other.place_order(seller.place_order(Wish(0, 1, 5, AVAX_PRICE)))
            server.core.clear()
            events = stream.events()
            seen = [await asyncio.wait_for(anext(events), PATIENCE_S) for _ in range(4)]
            assert [type(event) for event in seen] == [FillSeen, OrderClosed, AuctionSeen, BatchView]
            for event in seen:
                signer.note(event)
            assert signer.slots.take_slot() == 0

    with_client(tmp_path, test)


def test_events_beyond_what_is_read_are_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stream_module, "MAX_EVENTS", 3)

    async def test(server: Served, client: NodeClient, _: OrderSigner) -> None:
        async with open_stream(client) as stream:
            await stream.subscribe(accounts=[2])
            await asyncio.sleep(0.05)
            for nonce in range(9):
                server.core.publish(OrderClosed(2, 0, nonce, "cancelled"))
            await stream.ping()
            await asyncio.sleep(0.1)
            with pytest.raises(EventsLost):
                [event async for event in stream.events()]

    with_client(tmp_path, test)


def test_restarted_signer_goes_on_where_it_was(tmp_path: Path) -> None:
    async def test(server: Served, client: NodeClient, signer: OrderSigner) -> None:
        first = signer.place_order(Wish(0, 0, 5, AVAX_PRICE))
        await client.place_order(first)
        signer.slots.close()
        async with desk(server, Path(tmp_path), 2) as (again, restarted):
            second = restarted.place_order(Wish(0, 0, 5, AVAX_PRICE))
            assert second.signed.order.slot == 1  # an order rests in slot 0
            third = restarted.place_order(Wish(0, 0, 7, AVAX_PRICE, slot=0))
            assert third.signed.order.nonce > first.signed.order.nonce
            await again.place_order(third)

    with_client(tmp_path, test)


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
    import httpx
    from uvicorn import Config, Server

    async def pass_on(request: Request) -> Response:
        async with httpx.AsyncClient() as http:
            url = f"{server.url}{request.url.path}"
            body = await request.body()
            answer = await http.request(request.method, url, content=body, headers={"content-type": "application/json"})
        if request.url.path == path:
            return lie(answer.content)
        return Response(answer.content, answer.status_code, media_type="application/json")

    app = Starlette(routes=[Route("/{rest:path}", pass_on, methods=["GET", "POST"])])
    import socket

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
    from tests.scenarios import PARAMS

    assert Deployment(PARAMS.chain_id, PARAMS.contract, PARAMS.version, (0, 1)).domain == PARAMS.domain

"""The client against a real API, and against nodes that lie, refuse, or are not there."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest

from rollup.codec_inclusion import decode_inclusion
from rollup.inclusion import check_inclusion
from rollup.orders import IOC, POST_ONLY
from rollup.signature import derive_public_key
from rollup.txs import Deposit
from sequencer.client import NodeClient, OrderSigner
from sequencer.client import node_stream as stream_module
from sequencer.client.errors import CommandRefused, EventsLost, NodeUnreachable
from sequencer.client.node_stream import open_stream
from sequencer.client.signer import Wish
from sequencer.client.slots import SlotBook
from sequencer.node.api import ApiLimits
from sequencer.node.commands import Trigger
from sequencer.node.event_types import AuctionSeen, FillSeen, OrderClosed
from sequencer.node.receipts import Receipt
from sequencer.node.view_types import BatchView
from tests.client.desks import PATIENCE_S, desk, with_client
from tests.client.wallets import DEPLOYMENT
from tests.node.api_client import Served
from tests.scenarios import AVAX_PRICE, key_of


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
        async with desk(server, Path(tmp_path), 3) as (other, seller):
            await other.place_order(seller.place_order(Wish(0, 1, 400, AVAX_PRICE - 5)))
        await core.clear()
        await core.take_entry(core.live.next_entry, Deposit(2, 5, 9, derive_public_key(bytes(32))))
        assert await client.get_account(2) == core.get_account(2)
        assert await client.list_orders(2) == core.list_orders(2)
        assert await client.list_slots(2) == core.list_slots(2) != ()
        assert await client.get_oracle() == core.get_oracle()
        assert await client.list_fills(2) == core.list_fills(2, 100)
        assert await client.list_markets() == core.list_markets()
        assert await client.get_book(0) == core.get_book(0, 20)
        assert await client.get_fees() == core.get_fees()
        assert await client.list_batches() == core.list_batches(100)
        assert await client.get_batch(core.list_batches(1)[0].number) == core.list_batches(1)[0]
        assert await client.list_entries() == core.list_entries(100)
        assert await client.get_status() == core.get_status()
        assert await client.get_ready() == ()
        assert (await client.list_auctions())[0].name == "AVAX-USD"
        assert (await client.get_funding(2)).positions[0].size_lots == 400
        verdict = await client.verify_inclusion(2)
        assert (verdict.is_valid, verdict.state_root) == (True, str(core.live.state.state_root))
        details = await client.get_batch_details(4)
        assert (details.orders, details.new_state_root, details.proof) == (2, verdict.state_root, None)
        with pytest.raises(CommandRefused, match="not_found"):  # a stepped node proves nothing
            await client.verify_batch(4)
        core.store.put_artifact("proof", "1", b"proof")
        assert await client.get_file("proof", "1") == b"proof"
        check_inclusion(decode_inclusion(await client.prove_inclusion(2), "x"), core.live.state.state_root)

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


def test_wallet_without_its_slots_goes_on_by_what_the_node_says(tmp_path: Path) -> None:
    async def test(_: Served, client: NodeClient, signer: OrderSigner) -> None:
        for _n in range(3):
            order = signer.place_order(Wish(0, 0, 5, AVAX_PRICE, slot=0))
            await client.place_order(order)
        await client.cancel_order(signer.cancel_order(0, order.signed.order.nonce))
        await client.request_cash(signer.withdraw(5, 6))
        with SlotBook(tmp_path / "elsewhere", 2) as slots:
            other = OrderSigner(key_of(2), DEPLOYMENT, slots)
            await other.sync(client)
            await client.place_order(other.place_order(Wish(0, 0, 5, AVAX_PRICE, slot=0)))
            await client.request_cash(other.withdraw(5, 6))

    (tmp_path / "elsewhere").mkdir()
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
            await server.core.clear()
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

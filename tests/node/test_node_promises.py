"""What a node promises to those who send twice, at once, too much, or as it ends."""

from __future__ import annotations

import asyncio
import time
from dataclasses import replace
from pathlib import Path

import pytest

from rollup.txs import Cancel, Withdraw
from sequencer.node.commands import Kind
from sequencer.node.links import Record
from sequencer.node.node import Node
from sequencer.node.receipts import Receipt
from sequencer.node.refusals import NodeStopping
from tests.node.market import USD, Market, make_snapshot
from tests.node.test_node import fund, run, submit, wait_for


def test_node_that_stops_answers_who_waits_and_takes_no_more(tmp_path: Path) -> None:
    async def play(node: Node, market: Market) -> None:
        await fund(node, market, 2)
        waiting = [asyncio.create_task(node.submit([market.order(2, 1, 24, slot=slot)])) for slot in range(20)]
        await asyncio.sleep(0)
        await node.stop()
        answers = await asyncio.gather(*waiting)
        assert all(isinstance(answer, Receipt) for (answer,) in answers)
        with pytest.raises(NodeStopping):
            await node.submit([market.order(2, 1, 24, slot=30)])
        assert len(node.list_orders(2)) == 20
        assert node.get_status().sequence == node._store.last_sequence

    run(tmp_path, make_snapshot(), play, snapshot=True)


def test_write_goes_on_though_its_caller_is_cancelled(tmp_path: Path) -> None:
    async def play(node: Node, market: Market) -> None:
        before = node._store.last_sequence
        task = asyncio.create_task(node.write([Record(Kind.GROUP, bytes(9))]))
        await asyncio.sleep(0)
        task.cancel()
        await node._writer.drain()
        assert node._store.last_sequence == node._chain.head.sequence == before + 1

    run(tmp_path, make_snapshot(), play)


def test_invalid_commands_that_no_field_can_hold_do_not_stop_the_others(tmp_path: Path) -> None:
    async def play(node: Node, market: Market) -> None:
        await fund(node, market, 2)
        good = market.order(2, 1, 24)
        order = replace(good.signed.order, size_lots=2**48)
        too_large = replace(good, signed=replace(good.signed, order=order))
        signature = replace(good.signed.signature, s=-1)
        unsigned = replace(good, signed=replace(good.signed, signature=signature))
        answers = await submit(node, too_large, unsigned, good)
        assert [getattr(answer, "code", "") for answer in answers] == ["value_out_of_range", "signature_invalid", ""]

    run(tmp_path, make_snapshot(), play)


def test_same_order_again_after_a_restart_has_its_receipt(tmp_path: Path) -> None:
    genesis, sent, receipts = make_snapshot(), [], []

    async def send(node: Node, market: Market) -> None:
        await fund(node, market, 2)
        sent.append(market.order(2, 1, 24))
        sent.append(market.quote(2, market.make_order(2, 1, 24, slot=1), market.make_order(2, 1, 24, slot=2)))
        receipts.extend(await submit(node, *sent))

    async def send_again(node: Node, market: Market) -> None:
        before = node.get_status().sequence
        again = await submit(node, *sent)
        assert [(one.sequence, one.link) for one in again if isinstance(one, Receipt)] == [
            (one.sequence, one.link) for one in receipts
        ]
        assert node.get_status().sequence == before

    run(tmp_path, genesis, send)
    run(tmp_path, genesis, send_again)


def test_cash_operation_that_a_batch_refused_may_come_again(tmp_path: Path) -> None:
    async def play(node: Node, market: Market) -> None:
        await fund(node, market, 2, usd=10)
        withdraw = market.cash(Withdraw(2, 0, 1, 50 * USD, max_fee_e6=10**6))
        (first,) = await submit(node, withdraw)
        assert (await submit(node, withdraw)) == [first]
        await wait_for(lambda: not node.live.cash)
        await fund(node, market, usd=1)
        await node.take_entry(node.live.next_entry, market.deposit(2, 90))
        await wait_for(lambda: (account := node.get_account(2)) and account.cash_atoms > 50 * 10**18)
        (second,) = await submit(node, withdraw)
        assert isinstance(second, Receipt)
        assert second != first
        await wait_for(lambda: (account := node.get_account(2)) and account.cash_nonce == 1)
        assert (await submit(node, withdraw)) == [second]

    run(tmp_path, make_snapshot(), play)


def test_entry_and_prices_brought_twice_at_once_are_written_once(tmp_path: Path) -> None:
    async def play(node: Node, market: Market) -> None:
        signed = market.prices(int(time.time()))[0]
        first, second = await asyncio.gather(node.submit_prices(signed), node.submit_prices(signed))
        assert first == second
        deposit = market.deposit(2, 5)
        await asyncio.gather(node.take_entry(0, deposit), node.take_entry(0, deposit))
        kinds = [record.kind for record in node._store.read(0, 99)]
        assert kinds.count(Kind.ENTRY) == kinds.count(Kind.PRICES) == 1

    run(tmp_path, make_snapshot(), play)


def test_cancel_by_the_rollup_closes_what_rests(tmp_path: Path) -> None:
    async def play(node: Node, market: Market) -> None:
        await fund(node, market, 2)
        await submit(node, market.order(2, 1, 24))
        await submit(node, market.cash(Cancel(2, 0, 1, 0, 0, max_fee_e6=10**6)))
        await wait_for(lambda: not node.list_orders(2))
        assert len(node.admission.get_totals(2)) == 0

    run(tmp_path, make_snapshot(), play)

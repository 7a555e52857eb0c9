"""The core, whole: orders acknowledged, auctions held by the engine, and everything there again after a restart."""

from __future__ import annotations

import asyncio
import os
import signal
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from rollup.codec import decode_trace
from rollup.errors import RollupError
from rollup.snapshot import Snapshot
from rollup.txs import Withdraw
from rollup.units import FUND_ACCOUNT, TREASURY_ACCOUNT
from sequencer.node.event_types import FillSeen
from sequencer.node.node import Node, NodeSettings
from sequencer.node.opening import open_store
from sequencer.node.receipts import Receipt, verify_receipt
from sequencer.node.stages import BATCH, name_batch
from sequencer.node.view_types import BatchStage, EntryStage
from tests.node.market import Market, make_snapshot

KEY = bytes(range(32))


async def wait_for(check: Callable[[], object], seconds: float = 60) -> None:
    """Let the loop run until something holds."""
    end_s = time.monotonic() + seconds
    while not check():
        assert time.monotonic() < end_s, "it does not come"
        await asyncio.sleep(0.02)


def run(
    folder: Path, genesis: Snapshot, play: Callable[[Node, Market], Awaitable[None]], *, snapshot: bool = False
) -> None:
    """Run a node on a folder's store while `play` lasts."""

    async def main() -> None:
        with open_store(str(folder)) as store:
            node = Node(store, NodeSettings(genesis, "tiny", KEY, tick_s=0.05))
            await node.start()
            try:
                await play(node, Market(genesis.params))
            finally:
                await node.stop()
            if snapshot:
                await node.put_snapshot()
                assert node.records_since_snapshot == 0

    asyncio.run(main())


async def fund(node: Node, market: Market, *accounts: int, usd: int = 10_000) -> None:
    """Bring prices, and deposits of accounts by the queue."""
    for signed in market.prices(int(time.time())):
        assert await node.submit_prices(signed)
    first = node.live.next_entry
    for index, account in enumerate(accounts, first):
        await node.take_entry(index, market.deposit(account, usd))
    await wait_for(lambda: all(node.get_account(account) for account in accounts))


async def submit(node: Node, *commands: object) -> list[Receipt | RollupError]:
    """Submit and check the receipts."""
    answers = await node.submit(commands)  # type: ignore[arg-type] # commands of every kind
    for answer in answers:
        if isinstance(answer, Receipt):
            verify_receipt(answer, node.receipt_key, node.params.domain)
    return answers


def test_two_orders_meet_and_are_there_after_a_restart(tmp_path: Path) -> None:
    genesis = make_snapshot()

    async def trade(node: Node, market: Market) -> None:
        await fund(node, market, 2, 3)
        buy, sell = market.order(2, 10, 25.1), market.order(3, -4, 24.9)
        seen: list[FillSeen] = []

        async def listen() -> None:
            async for event in node.watch(frozenset({2}), frozenset()):
                if isinstance(event, FillSeen):
                    seen.append(event)

        listener = asyncio.create_task(listen())
        await asyncio.sleep(0)
        assert all(isinstance(answer, Receipt) for answer in await submit(node, buy, sell))
        await wait_for(lambda: node.list_fills(3, 10))
        (fill,) = node.list_fills(2, 10)
        assert (fill.size_lots, fill.price_ticks, fill.side) == (4 * 10**6, 25_100_000, 0)
        await wait_for(lambda: seen)
        listener.cancel()
        assert seen == [fill]
        (resting,) = node.list_orders(2)
        assert (resting.filled_lots, resting.size_lots) == (4 * 10**6, 10 * 10**6)
        assert node.list_orders(3) == ()
        book = node.get_book(0, 5)
        await wait_for(lambda: (book := node.get_book(0, 5)) and book.bids and book.bids[0].size_lots == 6 * 10**6)
        assert book is not None
        account = node.get_account(2)
        assert account is not None
        assert account.positions[0].size_lots == 4 * 10**6
        batch = node.list_batches(1)[0]
        trace = decode_trace(node.get_file(BATCH, name_batch(batch.number)) or b"", "batch")
        assert trace.header_after.state_root == batch.new_state_root == node.live.state.state_root
        assert (batch.stage, batch.fills) == (BatchStage.SEQUENCED, 2)

    run(tmp_path, genesis, trade)
    roots: list[int] = []

    async def look(node: Node, market: Market) -> None:
        roots.append(node.live.state.state_root)
        assert [order.filled_lots for order in node.list_orders(2)] == [4 * 10**6]
        assert node.admission.get_totals(2).get(0) is not None
        assert {entry.stage for entry in node.list_entries(10)} <= {EntryStage.CONSUMED, EntryStage.QUEUED}
        receipt = node.get_receipt(1)
        assert receipt is not None
        verify_receipt(receipt, node.receipt_key, node.params.domain)
        market.nonces[3, 0] = 1
        await fund(node, market)
        await submit(node, market.order(3, -6, 24.9))
        await wait_for(lambda: not node.list_orders(2))

    run(tmp_path, genesis, look, snapshot=True)

    async def look_again(node: Node, market: Market) -> None:
        account = node.get_account(2)
        assert account is not None
        assert account.positions[0].size_lots == 10 * 10**6
        assert node.list_orders(2) == ()

    run(tmp_path, genesis, look_again)
    assert roots[0] != genesis.state.state_root


def test_engine_that_is_killed_is_started_again(tmp_path: Path) -> None:
    async def play(node: Node, market: Market) -> None:
        await fund(node, market, 2, 3)
        for number in range(3):
            pid = node._auctioneer.engine_pid
            assert pid is not None
            os.kill(pid, signal.SIGKILL)
            await submit(node, market.order(2, 1, 25.1), market.order(3, -1, 24.9))
            await wait_for(lambda: len(node.list_fills(2, 10)) == number + 1)  # noqa: B023 # of this round
            await wait_for(lambda: node._auctioneer.deaths == number + 1)  # noqa: B023
        account = node.get_account(3)
        assert account is not None
        assert account.positions[0].size_lots == -3 * 10**6

    run(tmp_path, make_snapshot(), play)


def test_cancels_bind_at_once(tmp_path: Path) -> None:
    async def play(node: Node, market: Market) -> None:
        await fund(node, market, 2, 3)
        first = market.order(2, 1, 24)
        (receipt,) = await submit(node, first)
        assert await submit(node, first) == [receipt]
        order = first.signed.order
        await submit(node, market.cancel(2, order.slot, order.nonce))
        assert node.list_orders(2) == ()
        await submit(node, market.order(2, 1, 24), market.order(2, 1, 23, slot=1))
        assert len(node.list_orders(2)) == 2
        (done,) = await submit(node, market.cancel_all(2, 5))
        assert isinstance(done, Receipt)
        assert node.list_orders(2) == ()
        (again,) = await submit(node, market.cancel_all(2, 5))
        assert isinstance(again, Receipt)  # the very same message
        (refused,) = await submit(node, market.cancel_all(2, 4))
        assert isinstance(refused, RollupError)
        assert refused.code == "cancel_time_not_rising"

    run(tmp_path, make_snapshot(), play)


def test_invalid_commands_are_refused_each_for_its_reason(tmp_path: Path) -> None:
    async def play(node: Node, market: Market) -> None:
        await fund(node, market, 2, usd=100)
        good = market.order(2, 1, 24)
        forged = market.place(market.make_order(2, 1, 24, slot=3))
        forged = type(forged)(type(forged.signed)(forged.signed.order, good.signed.signature))
        used = market.place(good.signed.order)
        answers = await submit(
            node,
            good,
            forged,
            market.order(9, 1, 24),
            market.order(2, 1_000, 24, slot=4),
            market.cash(Withdraw(2, 5, 1, USD_10, max_fee_e6=10**6)),
            market.cash(Withdraw(2, 0, 1, USD_10, max_fee_e6=0)),
        )
        codes = [getattr(answer, "code", "receipt") for answer in answers]
        assert codes == [
            "receipt",
            "signature_invalid",
            "account_not_open",
            "orders_not_covered",
            "cash_nonce_mismatch",
            "fee_above_maximum",
        ]
        market.nonces[2, 0] = 0
        (reused,) = await submit(node, market.order(2, 2, 24))
        assert isinstance(reused, RollupError)
        assert reused.code == "nonce_used"
        assert (await submit(node, used))[0] == answers[0]

    run(tmp_path, make_snapshot(), play)


USD_10 = 10 * 10**6


def test_withdrawal_reaches_the_state(tmp_path: Path) -> None:
    async def play(node: Node, market: Market) -> None:
        await fund(node, market, 2, usd=100)
        withdraw = market.cash(Withdraw(2, 0, 1, USD_10, max_fee_e6=10**6))
        after = market.cash(Withdraw(2, 1, 1, USD_10, max_fee_e6=10**6))
        answers = await submit(node, withdraw, after)
        assert all(isinstance(answer, Receipt) for answer in answers)
        await wait_for(lambda: (account := node.get_account(2)) and account.cash_nonce == 2)
        assert node.live.state.header.vault_e6 == 80 * 10**6

    run(tmp_path, make_snapshot(), play)


def test_node_that_only_lets_out(tmp_path: Path) -> None:
    async def play(node: Node, market: Market) -> None:
        await fund(node, market, 2)
        node.admission.withdraw_only = True
        order, withdraw = market.order(2, 1, 24), market.cash(Withdraw(2, 0, 1, USD_10, max_fee_e6=10**6))
        refused, taken = await submit(node, order, withdraw)
        assert isinstance(refused, RollupError)
        assert refused.code == "withdraw_only"
        assert isinstance(taken, Receipt)
        assert node.get_status().withdraw_only is True

    run(tmp_path, make_snapshot(), play)


def test_snapshot_while_orders_come(tmp_path: Path) -> None:
    """What is written while a snapshot is made is behind it, whatever the order in which both end."""
    genesis = make_snapshot()

    async def play(node: Node, market: Market) -> None:
        await fund(node, market, 2)
        await asyncio.gather(
            node.put_snapshot(), *(submit(node, market.order(2, 1, 20, slot=slot)) for slot in range(40))
        )
        assert node.records_since_snapshot > 0

    async def look(node: Node, market: Market) -> None:
        assert len(node.list_orders(2)) == 40
        assert node.live.cash == {}

    run(tmp_path, genesis, play)
    run(tmp_path, genesis, look)


@pytest.mark.parametrize("number", [1, 2])
def test_files_of_no_batch(tmp_path: Path, number: int) -> None:
    async def play(node: Node, market: Market) -> None:
        assert node.get_file(BATCH, name_batch(number)) is None
        assert node.get_batch(number) is node.get_account(5) is node.get_book(3, 1) is node.prove_inclusion(5) is None
        assert node.get_receipt(7) is None
        assert all(node.get_account(account) for account in (FUND_ACCOUNT, TREASURY_ACCOUNT))  # nobody owns them

    run(tmp_path, make_snapshot(), play)

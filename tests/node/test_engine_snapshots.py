"""Snapshots that the engine makes beside its auctions: each holds what the log says up to its record."""

from __future__ import annotations

import asyncio
import os
import signal
from dataclasses import fields
from pathlib import Path
from random import Random
from typing import Any

from rollup.snapshot import Snapshot
from rollup.txs import Withdraw
from sequencer.node.command_codec import decode_command
from sequencer.node.commands import Kind, QueueEntrySeen
from sequencer.node.engine_loop import SnapshotMade
from sequencer.node.history import History
from sequencer.node.live import LiveState
from sequencer.node.live_codec import decode_live
from sequencer.node.node import Node
from sequencer.node.outcome import Outcome
from sequencer.node.view_types import EntryStage
from tests.node.market import Market, make_snapshot
from tests.node.test_node import fund, run, submit, wait_for

ROUNDS = 12
RANDOM_SEED = 7


def spell(live: LiveState) -> dict[str, Any]:
    """Return what two live states are compared by."""
    facts = {one.name: getattr(live, one.name) for one in fields(live) if one.name != "state"}
    facts["slots"] = {account: slots for account, slots in live.slots.items() if slots}
    facts["cash_nonces"] = {account: nonces for account, nonces in live.cash_nonces.items() if nonces}
    del facts["before"]  # of the last batch alone: no snapshot holds it
    return facts | {"header": live.state.header, "root": live.state.tree.root, "accounts": live.state.accounts}


def read_log(node: Node, genesis: Snapshot, sequence: int) -> tuple[LiveState, History]:
    """Return what the log says up to a record, read one by one."""
    live, history = LiveState(genesis.params, genesis.state), History()
    for record in node._store.read(0, sequence):
        outcome = live.apply(record)
        if isinstance(outcome, Outcome):
            history.add_outcome(outcome, live.before, record.time_us)
        elif record.kind == Kind.ENTRY:
            seen = decode_command(record.kind, record.body)
            assert isinstance(seen, QueueEntrySeen)
            history.add_entry(seen.index, seen.entry)
    return live, history


def hold_to_log(node: Node, genesis: Snapshot, made: SnapshotMade) -> None:
    """Assert that a snapshot holds what the log says."""
    history: list[Any] = []
    live, (expected, expected_history) = decode_live(made.body, history.append), read_log(node, genesis, made.sequence)
    assert spell(live) == spell(expected)
    (held,) = history
    read = History()
    read.load(held)
    assert read.dump() == expected_history.dump()


async def trade(node: Node, market: Market, random: Random) -> None:
    """Send some of everything: orders that meet, replacements, cancels, what closes by itself, cash."""
    commands: list[object] = []
    for _ in range(random.randrange(1, 12)):
        account, slot, coins = random.choice((2, 3, 4)), random.randrange(6), random.choice((-2, -1, 1, 2))
        order = market.order(account, coins, random.choice((24.9, 25, 25.1)), slot=slot, flags=random.choice((0, 0, 2)))
        commands.append(order)
        if random.random() < 0.2:
            commands.append(market.cancel(account, slot, order.signed.order.nonce))
    await submit(node, *commands)


def test_each_holds_what_the_log_says_up_to_its_record(tmp_path: Path) -> None:
    genesis, random = make_snapshot(), Random(RANDOM_SEED)

    async def play(node: Node, market: Market) -> None:
        await fund(node, market, 2, 3, 4)
        made = []
        for turn in range(ROUNDS):
            waiting = asyncio.create_task(node._auctioneer.make_snapshot(node._followed))
            await trade(node, market, random)
            if turn == ROUNDS // 2:
                await submit(node, market.cancel_all(2, 5), market.cash(Withdraw(3, 0, 1, 10**7, max_fee_e6=10**6)))
            made.append(await waiting)
        await wait_for(lambda: node.list_fills(3, 10))
        made.append(await node._auctioneer.make_snapshot(node._followed))
        sequences = [one.sequence for one in made if one is not None]
        assert len(sequences) == len(made)
        assert sequences == sorted(sequences)
        for one in made:
            assert one is not None
            hold_to_log(node, genesis, one)

    run(tmp_path, genesis, play)


def test_next_start_begins_with_it(tmp_path: Path) -> None:
    genesis = make_snapshot()

    async def play(node: Node, market: Market) -> None:
        await fund(node, market, 2, 3)
        await submit(node, market.order(2, 10, 25.1), market.order(3, -4, 24.9))
        await wait_for(lambda: node.list_fills(3, 10))
        await node.put_snapshot()
        await submit(node, market.order(2, 1, 24, slot=1))

    async def look(node: Node, market: Market) -> None:
        latest = node._store.latest_snapshot()
        assert latest is not None
        assert latest.head.sequence == node.snapshot_sequence > 0
        assert [(one.slot, one.filled_lots) for one in node.list_orders(2)] == [(0, 4 * 10**6), (1, 0)]
        assert len(node.history.markets.list_auctions(0, 10, None)) == 1
        (fill,) = node.list_fills(3, 10)
        assert (fill.size_lots, fill.price_ticks, fill.side) == (4 * 10**6, 25_100_000, 1)
        numbers = [batch.number for batch in node.list_batches(10)]
        assert numbers == list(range(node.live.state.header.batch_number, 0, -1))
        assert node.list_batches(1)[0].new_state_root == node.live.state.state_root
        entries = node.list_entries(10)
        assert [(one.index, one.stage, one.is_applied) for one in entries] == [
            (index, EntryStage.CONSUMED, True) for index in (1, 0)
        ]
        assert node.history.last_prices == {0: 25_100_000}

    run(tmp_path, genesis, play)
    run(tmp_path, genesis, look)


def test_auction_under_way_is_waited_for(tmp_path: Path) -> None:
    genesis = make_snapshot()

    async def play(node: Node, market: Market) -> None:
        await fund(node, market, 2, 3)
        engine = node._auctioneer.engine_pid
        assert engine is not None
        await submit(node, market.order(2, 10, 25.1), market.order(3, -4, 24.9))
        while node.live.auction is None:
            await asyncio.sleep(0)
        os.kill(engine, signal.SIGSTOP)  # its outcome comes later, if it is not on its way
        called = node.live.auction.sequence
        waiting = asyncio.create_task(node._auctioneer.make_snapshot(node._followed))
        await submit(node, market.order(2, 1, 24, slot=1))
        os.kill(engine, signal.SIGCONT)
        made = await waiting
        assert made is not None
        assert made.sequence > called
        hold_to_log(node, genesis, made)

    run(tmp_path, genesis, play)


def test_engine_that_dies_over_it_leaves_it_to_the_node(tmp_path: Path) -> None:
    genesis = make_snapshot()

    async def play(node: Node, market: Market) -> None:
        await fund(node, market, 2)
        engine = node._auctioneer.engine_pid
        assert engine is not None
        os.kill(engine, signal.SIGSTOP)
        waiting = asyncio.create_task(node.put_snapshot())
        await submit(node, market.order(2, 1, 24))
        assert not waiting.done()
        os.kill(engine, signal.SIGKILL)
        await waiting
        assert node._auctioneer.deaths == 1
        latest = node._store.latest_snapshot()
        assert latest is not None
        hold_to_log(node, genesis, SnapshotMade(latest.head.sequence, latest.body))
        made = await node._auctioneer.make_snapshot(node._followed)  # by the engine that took its place
        assert made is not None
        hold_to_log(node, genesis, made)

    run(tmp_path, genesis, play)

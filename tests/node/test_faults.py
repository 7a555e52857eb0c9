"""What may go wrong around a node, one fault a test, with what is promised then."""

from __future__ import annotations

import asyncio
import os
import signal
import sqlite3
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from rollup.errors import RollupError
from rollup.shapes import get_shape
from rollup.txs import Withdraw
from sequencer.node.commands import ClientCommand
from sequencer.node.engine_loop import EngineFailed, OutcomeMade
from sequencer.node.errors import StoreCorrupt, StoreFull, StoreLocked
from sequencer.node.links import Record
from sequencer.node.node import Node, NodeSettings
from sequencer.node.opening import open_store
from sequencer.node.receipts import Receipt
from sequencer.node.refusals import LiveStateInvalid, StateDiverged
from sequencer.node.sqlite_store import DATABASE_FILE
from sequencer.node.store import Artifact
from tests.node.crashing import read_all
from tests.node.jumping_clock import JumpingClock
from tests.node.market import USD, Market, make_snapshot
from tests.node.replaying import replay
from tests.node.test_node import KEY, fund, run, submit, wait_for


def fill_up(node: Node, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the node's store have no room from now on."""

    def refuse(records: Sequence[Record], *, now_us: int = 0, artifacts: Sequence[Artifact] = ()) -> int:
        raise StoreFull(node._store.name, "no space left on device")

    monkeypatch.setattr(node._store, "append", refuse)


def hold_to_log(folder: Path, node_settings: NodeSettings) -> None:
    """Fail unless the log leads, from its beginning, where a node that reads it stands."""
    with open_store(str(folder)) as store:
        records = read_all(store)
        node_root = Node(store, node_settings).live.state.state_root
    genesis = node_settings.genesis
    assert replay(records, genesis, get_shape(node_settings.shape_name)).state.state_root == node_root


def test_full_disk_refuses_commands_changes_nothing_and_is_over_when_there_is_room(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    genesis = make_snapshot()

    async def play(node: Node, market: Market) -> None:
        await fund(node, market, 2, 3)
        first = market.order(2, 1, 24)
        await submit(node, first)
        before = (node.get_status(), node.list_orders(2), node.admission.get_totals(2).charges_atoms)
        with monkeypatch.context() as patch:
            fill_up(node, patch)
            commands: list[ClientCommand] = [market.order(2, 1, 25.1, slot=1), market.cancel(2, 0, 0)]
            for command in (*commands, market.cash(Withdraw(2, 0, 1, USD, max_fee_e6=10**6))):
                with pytest.raises(StoreFull):
                    await node.submit([command])
            assert (node.get_status(), node.list_orders(2), node.admission.get_totals(2).charges_atoms) == before
        answers = await submit(node, *commands)
        assert all(isinstance(answer, Receipt) for answer in answers)
        assert [order.slot for order in node.list_orders(2)] == [1]

    run(tmp_path, genesis, play)
    hold_to_log(tmp_path, NodeSettings(genesis, "tiny", KEY))


def test_auction_that_was_called_is_written_when_there_is_room(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    genesis = make_snapshot()

    async def play(node: Node, market: Market) -> None:
        await fund(node, market, 2, 3)
        with monkeypatch.context() as patch:
            made = asyncio.Event()
            keep = node._auctioneer._keep

            async def fill_up_and_keep(message: OutcomeMade) -> None:
                if not made.is_set() and message.outcome.batch is not None:
                    fill_up(node, patch)
                    made.set()
                await keep(message)

            monkeypatch.setattr(node._auctioneer, "_keep", fill_up_and_keep)
            await submit(node, market.order(2, 1, 25.1), market.order(3, -1, 24.9))
            await asyncio.wait_for(made.wait(), 60)
            await asyncio.sleep(1)
            assert node.live.auction is not None
            assert node.list_fills(2, 1) == ()
        await wait_for(lambda: node.list_fills(2, 1))
        assert node.get_status().alarms == ()

    run(tmp_path, genesis, play)
    hold_to_log(tmp_path, NodeSettings(genesis, "tiny", KEY))


def test_clock_that_goes_back_an_hour_and_on_a_day(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    genesis, clock = make_snapshot(), JumpingClock(tmp_path / "clock", monkeypatch)

    async def play(node: Node, market: Market) -> None:
        await fund(node, market, 2, 3)
        await submit(node, market.order(2, 1, 25.1), market.order(3, -1, 24.9))
        await wait_for(lambda: node.list_fills(2, 1))
        clock.jump(-3_600)
        n_batches = len(node.list_batches(100))
        answers = await submit(node, market.order(2, 1, 25.1), market.order(3, -1, 24.9))
        assert all(isinstance(answer, Receipt) for answer in answers)  # taken, and no batch until the clock is right
        await asyncio.sleep(2)
        assert len(node.list_batches(100)) == n_batches
        status = node.get_status()  # and says for how long
        assert 3_500 < status.batches_resume_s <= 3_602
        assert status.alarms[0].startswith("clock: the last batch is in the future: no batches for 3")
        clock.jump(0)
        await wait_for(lambda: len(node.list_fills(2, 9)) == 2)
        clock.jump(86_400)
        await submit(node, market.order(2, 1, 25.1), market.order(3, -1, 24.9))
        for signed in market.prices(int(time.time())):
            await node.submit_prices(signed)
        await wait_for(lambda: len(node.list_fills(2, 9)) == 3)
        times_s = [batch.timestamp_s for batch in reversed(node.list_batches(100))]
        assert times_s == sorted(set(times_s))
        assert times_s[-1] - times_s[0] < 86_400 + 600

    run(tmp_path / "store", genesis, play)
    with open_store(str(tmp_path / "store")) as store:
        times_us = [record.time_us for record in read_all(store)]
    assert times_us == sorted(times_us)
    hold_to_log(tmp_path / "store", NodeSettings(genesis, "tiny", KEY))


def test_invalid_second_node_on_one_store(tmp_path: Path) -> None:
    async def play(node: Node, market: Market) -> None:
        with pytest.raises(StoreLocked):
            open_store(str(tmp_path))
        await fund(node, market, 2)
        assert isinstance((await submit(node, market.order(2, 1, 24)))[0], Receipt)

    run(tmp_path, make_snapshot(), play)


def test_engine_killed_in_the_middle_of_auctions(tmp_path: Path) -> None:
    genesis = make_snapshot()

    async def play(node: Node, market: Market) -> None:
        await fund(node, market, 2, 3)
        for number in range(3):
            await submit(node, market.order(2, 1, 25.1), market.order(3, -1, 24.9), market.order(2, 1, 24, slot=5))
            await wait_for(lambda: node.live.auction is not None or len(node.list_fills(2, 9)) > number)  # noqa: B023
            pid = node._auctioneer.engine_pid
            assert pid is not None
            os.kill(pid, signal.SIGKILL)
            await submit(node, market.order(2, 1, 24, slot=6))  # after the auction was called, before its outcome
            await wait_for(lambda: len(node.list_fills(2, 9)) > number)  # noqa: B023
            await wait_for(lambda: node._auctioneer.deaths == number + 1)  # noqa: B023
        assert all(alarm.startswith("engine: ended 3 times in a row") for alarm in node.get_status().alarms)

    run(tmp_path, genesis, play)
    hold_to_log(tmp_path, NodeSettings(genesis, "tiny", KEY))


def test_outcome_of_an_engine_that_died_while_it_was_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    genesis = make_snapshot()

    async def play(node: Node, market: Market) -> None:
        await fund(node, market, 2, 3)
        keep, killed = node._auctioneer._keep, asyncio.Event()

        async def die_and_keep(message: OutcomeMade) -> None:
            if message.outcome.batch is not None and not killed.is_set():
                killed.set()
                pid = node._auctioneer.engine_pid
                assert pid is not None
                os.kill(pid, signal.SIGKILL)
                await wait_for(lambda: node._auctioneer.deaths)
                assert node._auctioneer._void == node.live.auction is not None
            await keep(message)

        monkeypatch.setattr(node._auctioneer, "_keep", die_and_keep)
        for number in range(2):  # the second by the engine that took the first one's outcome over
            await submit(node, market.order(2, 1, 25.1), market.order(3, -1, 24.9))
            await wait_for(lambda: len(node.list_fills(2, 9)) > number)  # noqa: B023
        assert node._auctioneer.deaths == 1
        assert node.get_status().alarms == ()

    run(tmp_path, genesis, play)
    hold_to_log(tmp_path, NodeSettings(genesis, "tiny", KEY))


def test_engine_that_cannot_go_on_is_an_alarm_and_commands_are_taken(tmp_path: Path) -> None:
    async def play(node: Node, market: Market) -> None:
        await fund(node, market, 2)
        engine = node._auctioneer._engine
        assert engine is not None
        engine._on_message(EngineFailed(StateDiverged(1, "old_state_root", "1", "2")))
        assert node.get_status().alarms == ("no auctions: auction 1: old_state_root: got 1, expected 2",)
        assert isinstance((await submit(node, market.order(2, 1, 24)))[0], Receipt)

    run(tmp_path, make_snapshot(), play)


def test_invalid_outcome_on_another_state_is_not_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def play(node: Node, market: Market) -> None:
        await fund(node, market, 2, 3)
        keep = node._auctioneer._keep

        async def lie_and_keep(message: OutcomeMade) -> None:
            batch = message.outcome.batch
            wrong = None if batch is None else replace(batch, old_state_root=1)
            await keep(replace(message, outcome=replace(message.outcome, batch=wrong)))

        monkeypatch.setattr(node._auctioneer, "_keep", lie_and_keep)
        await submit(node, market.order(2, 1, 25.1), market.order(3, -1, 24.9))
        await wait_for(lambda: node.get_status().alarms)
        assert isinstance(node._auctioneer.failure, StateDiverged)

    genesis = make_snapshot()
    run(tmp_path, genesis, play)
    run(tmp_path, genesis, lambda node, market: asyncio.sleep(0))  # begins where it was


@pytest.mark.parametrize("is_digest_right", [False, True])
def test_invalid_snapshot_in_the_store(tmp_path: Path, is_digest_right: bool) -> None:
    genesis = make_snapshot()

    async def play(node: Node, market: Market) -> None:
        await fund(node, market, 2)

    run(tmp_path, genesis, play, snapshot=True)
    if is_digest_right:
        with open_store(str(tmp_path)) as store:
            latest = store.latest_snapshot()
            assert latest is not None
            store.put_snapshot(latest.head.sequence, latest.body[:-9])
    else:
        with sqlite3.connect(tmp_path / DATABASE_FILE) as file:
            file.execute("UPDATE zkm_snapshots SET body = zeroblob(100)")
    expected: type[RollupError] = LiveStateInvalid if is_digest_right else StoreCorrupt
    before = read_rows(tmp_path)
    with open_store(str(tmp_path)) as store, pytest.raises(expected):
        Node(store, NodeSettings(genesis, "tiny", KEY))
    assert read_rows(tmp_path) == before


def read_rows(folder: Path) -> object:
    with sqlite3.connect(folder / DATABASE_FILE) as file:
        return [file.execute(f"SELECT * FROM {table}").fetchall() for table in ("zkm_log", "zkm_snapshots")]

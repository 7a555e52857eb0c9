"""The publisher as a process of its own: killed and started again, and each entry handed on once."""

from __future__ import annotations

import os
import signal
import time
from contextlib import closing
from pathlib import Path

import pytest

from sequencer.node.base_messages import Faucet
from sequencer.node.proving_errors import EntryOutOfTurn, PublisherLost
from tests.owners import get_owner, send_deposit, sign_call
from tests.proving import wait_for
from tests.publisher_node import Node
from tests.simulated_groups import QUICK, Ground
from verifier.base_layer import EmbeddedEvm, Reverted


def make_ground(folder: Path) -> tuple[Ground, str]:
    """Return a contract on a chain in a file, which is closed."""
    start_s = int(time.time()) - 1_000
    with closing(EmbeddedEvm(start_s, path=folder / "chain.db", is_real_time=True)) as layer:
        return Ground(layer, folder), f"embedded:{folder / 'chain.db'}"


def test_killed_publisher_is_started_again_and_tells_nothing_twice(tmp_path: Path) -> None:
    ground, base_layer = make_ground(tmp_path)
    rollup = ground.deployment.contract
    with closing(Node(tmp_path, base_layer)) as node:
        with pytest.raises(PublisherLost):  # it is not started yet
            node.process.ask(Faucet(bytes(20), 1)).result(1)
        node.start()
        wait_for(lambda: node.process.chain)
        assert len(send_deposit(node.ask, ground.deployment, 2)) == 32
        wait_for(lambda: node.entries)
        node.publish(ground.make_group(node.list_entries()))
        wait_for(lambda: node.settled)
        first = node.process.pid
        assert first is not None
        os.kill(first, signal.SIGKILL)
        wait_for(lambda: node.alarms.list_texts() == ("publisher_lost: the publisher ended with status -9",))
        wait_for(lambda: not node.alarms.list_texts())
        assert node.process.pid != first
        send_deposit(node.ask, ground.deployment, 3)
        wait_for(lambda: len(node.entries) == 2)
        node.publish(ground.make_group(node.list_entries()[1:]))
        wait_for(lambda: len(node.settled) == 2)
        assert [entry.index for entry in node.entries] == [0, 1]
        assert [settled.group for settled in node.settled] == [0, 1]
        assert node.settled[1].new_root == ground.exchange.state.state_root
        with pytest.raises(Reverted, match="execution reverted"):  # without the fee
            node.ask(sign_call(ground.deployment, get_owner(2), 2, rollup, "forceCancelAll(uint256)", 2))
    with closing(Node(tmp_path, base_layer, next_entry=2)) as node:  # as after a restart of the node
        node.start()
        wait_for(lambda: node.process.chain)
        send_deposit(node.ask, ground.deployment, 4)
        wait_for(lambda: node.entries)
        assert [entry.index for entry in node.entries] == [2]


def test_invalid_node_that_has_fewer_entries_than_were_acknowledged(tmp_path: Path) -> None:
    ground, base_layer = make_ground(tmp_path)
    with closing(Node(tmp_path, base_layer)) as node:
        node.start()
        wait_for(lambda: node.process.chain)
        send_deposit(node.ask, ground.deployment, 2)
        wait_for(lambda: node.entries)
        time.sleep(3 * QUICK.poll_s)  # the acknowledgement arrives
    with closing(Node(tmp_path, base_layer)) as node:  # a store that lost its log
        node.start()
        wait_for(lambda: node.process.chain)
        send_deposit(node.ask, ground.deployment, 3)
        wait_for(lambda: any(text.startswith("publisher_listener") for text in node.alarms.list_texts()))
        assert str(EntryOutOfTurn(1, 0)) in " ".join(node.alarms.list_texts())
        assert node.entries == []


def test_second_publisher_waits_for_the_first_to_end(tmp_path: Path) -> None:
    _, base_layer = make_ground(tmp_path)
    with closing(Node(tmp_path, base_layer)) as second:
        with closing(EmbeddedEvm(path=tmp_path / "chain.db")):
            second.start()
            wait_for(lambda: second.alarms.list_texts())
            assert second.alarms.list_texts()[0].endswith("chain.db: another process has it")
        wait_for(lambda: second.process.chain)
        assert second.alarms.list_texts() == ()

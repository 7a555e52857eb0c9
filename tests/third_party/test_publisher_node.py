"""The publisher on a real node: it is down and comes back, it replaces blocks, it leaves a blob unmined."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from sequencer.node.base_messages import EntryNotice, FromPublisher, Notice
from sequencer.node.deploying import read_sequencer_key
from sequencer.node.pipeline_types import GroupSettled
from sequencer.node.publisher import Publisher
from tests.proving import wait_for
from tests.publisher_node import Node
from tests.simulated_groups import QUICK, Ground
from tests.third_party.anvil import ACCOUNTS, SETTINGS, AnvilNode, connect, run_anvil
from verifier.base_layer.node_errors import TransactionStuck
from verifier.watcher import Kind

SHORT_EPOCHS = ("--slots-in-an-epoch", "2")  # what is two of them below the head is final
N_TO_FINAL = 6


def make_final(node: AnvilNode) -> None:
    """Add blocks until all that there are now is final."""
    for _ in range(N_TO_FINAL):
        node.mine()


def get_port(url: str) -> str:
    """Return the port of an address."""
    return url.rsplit(":", 1)[1]


def list_pool(node: AnvilNode) -> list[dict[str, Any]]:
    """Return the transactions that wait to be mined."""
    pending: dict[str, dict[str, dict[str, Any]]] = node.rpc.ask("txpool_content")["pending"]
    return [one for by_nonce in pending.values() for one in by_nonce.values()]


def test_base_layer_that_is_down_is_waited_for(tmp_path: Path) -> None:
    with run_anvil(tmp_path, "prague", *SHORT_EPOCHS) as url:
        layer = connect(url)
        ground = Ground(layer, tmp_path)
        node = Node(tmp_path, url)
        node.start()
        ground.deposit(layer)
        make_final(layer)
        wait_for(lambda: node.entries)
    try:  # it is down now, its state in its file
        wait_for(lambda: any("does not answer" in text for text in node.alarms.list_texts()))
        node.publish(ground.make_group(node.list_entries()))
        time.sleep(1)  # tries, and pauses that grow
        assert node.settled == []
        with run_anvil(tmp_path, "prague", *SHORT_EPOCHS, port=get_port(url)) as again:
            assert again == url
            layer = connect(url)
            rollup = ground.deployment.open_rollup(layer)
            wait_for(lambda: rollup.call("progress")[4] == 1)
            assert node.settled == []  # in a block, which may still be replaced
            make_final(layer)
            wait_for(lambda: node.settled and not node.alarms.list_texts())
            assert node.settled[0].new_root == rollup.call("stateRoot") == ground.exchange.state.state_root
            assert [entry.index for entry in node.entries] == [0]
    finally:
        node.close()


def test_entry_that_a_reorg_took_back_is_handed_on_where_it_comes_to_stand(tmp_path: Path) -> None:
    with run_anvil(tmp_path, "prague", "--slots-in-an-epoch", "8") as url:
        layer = connect(url)
        ground = Ground(layer, tmp_path)
        make_final(layer)
        with closing(Node(tmp_path, url)) as node:
            node.start()
            wait_for(lambda: node.process.chain)
            ground.deposit(layer)
            wait_for(lambda: node.process.chain and node.process.chain.n_entries == 1)
            layer.reorganise(1)
            wait_for(lambda: node.undone == [0])
            assert ground.deposit(layer) == 1  # another one has the place now
            for _ in range(20):
                layer.mine()
            wait_for(lambda: node.entries)
            assert [entry.entry.account for entry in node.entries] == [3]  # type: ignore[union-attr]
            node.publish(ground.make_group(node.list_entries()))
            rollup = ground.deployment.open_rollup(layer)
            wait_for(lambda: rollup.call("progress")[4] == 1)
            layer.mine()  # the settlement's block stands now: calls see it a moment before
            layer.reorganise(2)  # it is taken back: it is sent again
            wait_for(lambda: rollup.call("progress")[4] == 1)
            for _ in range(20):
                layer.mine()
            wait_for(lambda: node.settled)
            assert rollup.call("stateRoot") == ground.exchange.state.state_root
            assert len(node.settled) == 1


@pytest.fixture
def node(tmp_path: Path) -> Iterator[AnvilNode]:
    with run_anvil(tmp_path, "prague", *SHORT_EPOCHS) as url:
        yield connect(url)


def test_blob_transaction_of_a_dead_publisher_is_replaced(node: AnvilNode, tmp_path: Path) -> None:
    ground, told = Ground(node, tmp_path), list[FromPublisher]()
    ground.deposit(node)
    make_final(node)
    url = node.rpc.node

    def open_publisher(timeout_s: float) -> Publisher:
        settings = replace(SETTINGS, receipt_timeout_s=timeout_s, takes_over=True)
        layer = AnvilNode(url, ACCOUNTS, settings=settings)
        layer.add_senders([read_sequencer_key(tmp_path)])
        return Publisher(layer, ground.deployment, tmp_path, QUICK, told.append)

    first = open_publisher(0.2)
    first.follow()
    notices = [message.item for message in told if isinstance(message, Notice)]
    finals = [one.entry for one in notices if isinstance(one, EntryNotice) and one.kind is Kind.FINAL]
    group = ground.make_group(finals)
    node.set_automine(False)
    first.take(group)
    with pytest.raises(TransactionStuck):
        first.settle()
    first.close()
    [stuck] = list_pool(node)
    second = open_publisher(60)
    second.take(group)
    settling = threading.Thread(target=second.settle)
    settling.start()
    wait_for(lambda: [one for one in list_pool(node) if one["hash"] != stuck["hash"]])
    [taken] = list_pool(node)  # one place, one transaction
    assert taken["nonce"] == stuck["nonce"]
    for price in ("maxFeePerGas", "maxFeePerBlobGas"):
        assert int(taken[price], 16) >= 2 * int(stuck[price], 16)
    node.mine()
    settling.join()
    node.set_automine(True)
    make_final(node)
    second.follow()
    settled = [one.item for one in told if isinstance(one, Notice) and isinstance(one.item, GroupSettled)]
    assert [one.transaction.hex() for one in settled] == [str(taken["hash"])[2:]]
    assert second.settle() is False
    second.close()

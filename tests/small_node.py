"""A node without clients: each final deposit makes a batch, which is proved and settled. For tests that kill it.

What it does follows from its log alone, so after a restart it builds the same batches again. As a process of its own it
prints what has become durable: "entry 0", "proved 1", "settled 0".
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

from rollup.params import Params
from rollup.shapes import TINY
from rollup.state import State, make_genesis
from rollup.txs import SignedCashOp
from sequencer.node.alarms import Alarms
from sequencer.node.base_messages import PublisherConfig, PublisherSettings
from sequencer.node.command_codec import decode_command, encode_command
from sequencer.node.commands import Kind, QueueEntrySeen
from sequencer.node.deploying import NodeDeployment, deploy_node
from sequencer.node.links import Record
from sequencer.node.opening import open_store
from sequencer.node.pipeline import ProvingPipeline
from sequencer.node.pipeline_types import GroupSettled
from sequencer.node.proving_pool import open_local_pool
from sequencer.node.publisher_process import PublisherProcess
from sequencer.node.stages import decode_proved_record, decode_settled_record
from sequencer.node.store import MAX_READ, Artifact
from sequencer.settlement.deploying import VerifyingKey
from sequencer.settlement.people import Deployment
from sequencer.snapshots import GENESIS, read_snapshot
from tests.proving import get_verifying_key, install, make_prover_settings, make_settings
from tests.scenarios import AVAX_PRICE, ETH_PRICE, PARAMS, Exchange
from tests.verifier.rollup_scene import EXIT_SETUP
from verifier.base_layer import BaseLayer
from verifier.keys import encode_verifying_key

QUICK = PublisherSettings(poll_s=0.1, first_pause_s=0.05, max_pause_s=0.5)


def make_state(deployment: Deployment, *, start_s: int) -> tuple[Params, State]:
    """Return the market of tests/scenarios.py, bound to a contract."""
    params = replace(PARAMS, chain_id=deployment.chain_id, contract=deployment.contract)
    return params, make_genesis((AVAX_PRICE, ETH_PRICE), start_s)


def deploy(layer: BaseLayer, folder: Path, start_s: int) -> NodeDeployment:
    """Return the contracts of a small node whose state begins then; the exit key is one with a known secret."""
    make = partial(make_state, start_s=start_s)
    keys = (get_verifying_key(), encode_verifying_key(EXIT_SETUP.get_key()))
    return deploy_node(layer, folder, TINY, (VerifyingKey(keys[0], True), VerifyingKey(keys[1], True)), make)


class SmallNode:
    """Store, pipeline and publisher, put together as the core does it."""

    def __init__(self, folder: Path, base_layer: str, say: Callable[[str], None] = print, **settings: object) -> None:
        self.store = open_store(folder / "store")
        self._say = say
        genesis = read_snapshot(folder / GENESIS)
        self._exchange = Exchange(params=genesis.params, state=genesis.state, now_s=genesis.state.header.timestamp_s)
        self._lock, alarms = threading.RLock(), Alarms()
        self.undone: list[int] = []
        self.pipeline = ProvingPipeline(
            self.store,
            self._journal,
            open_local_pool(make_prover_settings()),
            make_settings(genesis.params.params_hash, **{"group_size": 1, **settings}),
            publish=lambda group: self.publisher.publish(group),
            alarms=alarms,
        )
        entries = [decode_command(Kind.ENTRY, body) for body in self.read_log(Kind.ENTRY)]
        for entry in entries:
            assert isinstance(entry, QueueEntrySeen)
            self._clear(entry)
        config = PublisherConfig(base_layer, folder, QUICK)
        self.publisher = PublisherProcess(config, len(entries), self, alarms)
        self.alarms = alarms

    def start(self) -> None:
        """Begin."""
        self.pipeline.start()
        self.publisher.start()

    def close(self) -> None:
        """End in order."""
        self.publisher.close()
        self.pipeline.close()
        self.store.close()

    def read_log(self, kind: Kind) -> list[bytes]:
        """Return the bodies of the log's records of a kind."""
        return [record.body for record in self.store.read(0, MAX_READ) if record.kind == kind]

    def on_entry(self, entry: QueueEntrySeen) -> None:
        """Keep it, and clear a batch with it."""
        self._journal([encode_command(entry)], [])
        self._say(f"entry {entry.index}")
        self._clear(entry)

    def on_entry_seen(self, entry: QueueEntrySeen, is_undone: bool) -> None:
        """Remember what was taken back."""
        if is_undone:
            self.undone.append(entry.index)

    def on_settled(self, settled: GroupSettled, done: Callable[[], None]) -> None:
        """Pass it on."""
        self.pipeline.settled(settled, done)

    def on_lost(self) -> None:
        """Hand everything over again."""
        self.pipeline.republish()

    def _clear(self, entry: QueueEntrySeen) -> None:
        self.pipeline.add(self._exchange.batch(cash=[SignedCashOp(entry.entry)]).trace)

    def _journal(self, records: Sequence[Record], artifacts: Sequence[Artifact]) -> None:
        with self._lock:
            self.store.append(records, artifacts=artifacts)
        for record in records:
            if record.kind == Kind.PROVED:
                self._say(f"proved {decode_proved_record(record.body)[0]}")
            if record.kind == Kind.SETTLED:
                self._say(f"settled {decode_settled_record(record.body)[0]}")


def main(folder: Path, base_layer: str) -> None:
    """Run until killed."""
    install()
    node = SmallNode(folder, base_layer, lambda text: print(text, flush=True))
    node.start()
    threading.Event().wait()


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2])

"""Kills a node under load again and again, and holds what its log says to what it acknowledged."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from rollup.shapes import get_shape
from rollup.signature import derive_public_key
from rollup.snapshot import Snapshot, encode_snapshot
from sequencer.node.commands import Kind
from sequencer.node.links import LogRecord, compute_digest
from sequencer.node.opening import open_store
from sequencer.node.outcome import decode_outcome
from sequencer.node.receipt_codec import decode_receipt
from sequencer.node.receipts import Receipt, verify_chain
from sequencer.node.recovery import recover
from sequencer.node.store import MAX_READ, Store
from tests.node.crash_child import KEY, SHAPE
from tests.node.market import make_snapshot
from tests.node.replaying import describe, replay
from tests.node_stores import ROOT

__all__ = ["Crashes"]

_PATIENCE_S = 120.0


@dataclass
class Crashes:
    """One store, the acknowledgements of all lives of its node, and counts of what was seen."""

    folder: Path
    seed: int = 0
    genesis: Snapshot = field(default_factory=make_snapshot)
    acknowledged: dict[int, str] = field(default_factory=dict)  # digests in hex by sequence number
    counts: Counter[str] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        self._rng = random.Random(self.seed)
        (self.folder / "genesis").write_bytes(encode_snapshot(self.genesis))
        self._key, self._domain = derive_public_key(KEY), self.genesis.params.domain

    def kill_once(self, n_lines: int | None = None) -> None:
        """Let a node run for a random time, kill it with all its processes, and check what its log says then.

        It says at least `n_lines` before: drawn where they are not given.
        """
        path = self.folder / "said"
        with path.open("wb") as output:
            process = subprocess.Popen(
                [sys.executable, "-m", "tests.node.crash_child", str(self.folder), str(self._rng.randrange(10**9))],
                stdout=output,
                cwd=ROOT,
                start_new_session=True,
            )
            try:
                self._wait(process, path, n_lines)
                ended = process.poll()
            finally:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()
        assert ended is None, f"the node ended by itself with {ended}"
        self.counts["kills"] += 1
        self._check(path.read_text())

    def _wait(self, process: subprocess.Popen[bytes], path: Path, n_lines: int | None) -> None:
        """Wait for the node to acknowledge, some more, and sometimes less than that."""
        end_s = time.monotonic() + _PATIENCE_S
        if n_lines is None:
            n_lines = self._rng.choice((0, 1, 2, 2, 1_000, 2_000))  # none: while it starts; one: as it begins
        while path.read_bytes().count(b"\n") < n_lines and process.poll() is None:
            assert time.monotonic() < end_s, "the node does not begin"
            time.sleep(0.01)
        time.sleep(self._rng.uniform(0, self._rng.choice((0.3, 1.2, 3.0))))

    def _check(self, said: str) -> None:
        lines = [line.split() for line in said[: said.rfind("\n") + 1].splitlines()]
        fresh = [decode_receipt(bytes.fromhex(line[2])) for line in lines if line[0] != "begun"]
        begun = [line for line in lines if line[0] == "begun"]
        with open_store(str(self.folder / "store")) as store:
            records = read_all(store)
            live = recover(store, self.genesis)
        for _, sequence, root in begun:
            assert int(root) == find_root(records[: int(sequence)], self.genesis), "another state than the log's"
        self._check_receipts(fresh, records)
        self.acknowledged |= {receipt.sequence: receipt.digest.hex() for receipt in fresh}
        for sequence, digest in self.acknowledged.items():
            assert compute_digest(records[sequence - 1].body).hex() == digest, f"record {sequence} is lost"
        orders = Counter(record.body for record in records if record.kind == Kind.ORDER)  # cancels were sent again
        assert max(orders.values(), default=1) == 1, "an order is there twice"
        assert live.state.state_root == find_root(records, self.genesis)
        self._count(records)

    def _check_receipts(self, receipts: list[Receipt], records: list[LogRecord]) -> None:
        """Receipts verify; those that follow each other chain; each has the link that the log has."""
        runs: list[list[Receipt]] = []
        for receipt in sorted(receipts, key=lambda one: one.sequence):
            assert receipt.link == records[receipt.sequence - 1].link
            if runs and runs[-1][-1].sequence + 1 == receipt.sequence:
                runs[-1].append(receipt)
            else:
                runs.append([receipt])
        for run in runs:
            verify_chain(run, self._key, self._domain)

    def _count(self, records: list[LogRecord]) -> None:
        kinds = Counter(record.kind for record in records)
        outcomes = [decode_outcome(record.body) for record in records if record.kind == Kind.OUTCOME]
        self.counts["records"], self.counts["acknowledged"] = len(records), len(self.acknowledged)
        self.counts["orders"], self.counts["cancels"] = kinds[Kind.ORDER], kinds[Kind.CANCEL]
        self.counts["auctions"], self.counts["outcomes"] = kinds[Kind.AUCTION], kinds[Kind.OUTCOME]
        self.counts["batches"] = sum(one.batch is not None for one in outcomes)
        self.counts["fills"] = sum(len(one.batch.fills) for one in outcomes if one.batch is not None)

    def replay(self) -> int:
        """Build every batch of the log again from its beginning, as a node that never stopped would have built it.

        Each outcome in the log must be the one made again, byte for byte: so every root that `kill_once` found a node
        to stand at is the replay's. Returns how many outcomes that were; all else of the end is compared too.
        """
        with open_store(str(self.folder / "store")) as store:
            records, live = read_all(store), recover(store, self.genesis)
        again = replay(records, self.genesis, get_shape(SHAPE))
        assert describe(again) == describe(live)
        return self.counts["outcomes"]


def read_all(store: Store) -> list[LogRecord]:
    """Return the whole log."""
    records: list[LogRecord] = []
    while part := store.read(len(records), MAX_READ):
        records += part
    return records


def find_root(records: list[LogRecord], genesis: Snapshot) -> int:
    """Return the state root behind the last outcome with a batch."""
    for record in reversed(records):
        if record.kind == Kind.OUTCOME and (batch := decode_outcome(record.body).batch) is not None:
            return batch.header.state_root
    return genesis.state.state_root

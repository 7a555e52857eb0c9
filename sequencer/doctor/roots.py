"""Which state roots a node's store knows, and whether its last record is in the past.

The store is opened for it; nothing is written but the leader epoch, which each opening raises.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from rollup.errors import RollupError
from sequencer.doctor.checks import Check, note, ok, wrong
from sequencer.node.batch_clock import compute_resume_s
from sequencer.node.commands import Kind
from sequencer.node.config import NodeConfig
from sequencer.node.errors import StoreLocked
from sequencer.node.live_codec import decode_live
from sequencer.node.opening import open_store
from sequencer.node.outcome import decode_outcome
from sequencer.node.store import Store
from sequencer.snapshots import GENESIS, SnapshotFile

__all__ = ["KnownRoots", "check_store"]

_GROUPS: Final = 128  # the last so many are looked through: no more are ever unsettled
_CLOCK_SLACK_S: Final = 1.0


class KnownRoots:
    """The roots that the store names; `is_known` where it could be read."""

    def __init__(self) -> None:
        self.is_known = False
        self.last_batch_s = 0  # the time of the last batch
        self._roots: set[int] = set()
        self._texts: list[bytes] = []

    def add(self, *roots: int) -> None:
        """Let these be known."""
        self._roots.update(roots)

    def add_text(self, text: bytes) -> None:
        """Let all decimal numbers in a group's JSON be known."""
        self._texts.append(text)

    def holds(self, root: int) -> bool:
        """Return whether the store names this root."""
        return root in self._roots or any(f'"{root}"'.encode() in text for text in self._texts)


def check_store(config: NodeConfig, known: KnownRoots) -> Iterator[Check]:
    """Yield what the store says, and let `known` hold its roots."""
    target = config.store_target
    if "://" not in target and not Path(target).exists():
        yield note("store", f"{target}: not there yet", "it is made at the first start")
        return
    try:
        with open_store(target, is_verified=False) as store:
            time_us = store.head.time_us
            _collect(store, config.node.data / GENESIS, known)
            yield ok("store", f"{store.name}: {store.last_sequence} records, whole since the last snapshot")
    except StoreLocked as error:
        yield note("store", str(error), "a node runs: its own metrics say how it is")
        return
    except RollupError as error:
        yield wrong(
            "store", str(error), "docs/node-storage.md says what it means; where it is damage, restore a backup"
        )
        return
    yield _check_clock(time_us)
    yield _check_batch_clock(known.last_batch_s)


def _check_clock(time_us: int) -> Check:
    ahead_s = time_us / 10**6 - time.time()
    if ahead_s > _CLOCK_SLACK_S:
        found = f"the last record is {ahead_s:.0f} s in the future"
        return wrong("clock of the log", found, "set the clock (NTP): times in the log stand still until it catches up")
    return ok("clock of the log", "the last record is in the past")


def _check_batch_clock(last_batch_s: int) -> Check:
    name, resume_s = "clock of the batches", compute_resume_s(last_batch_s, time.time())
    if resume_s:
        found = f"the last batch is in the future: no batches for {resume_s} s"
        advice = "set the clock (NTP) if it is behind; if it was ahead when that batch was made, nothing but time helps"
        return wrong(name, found, advice)
    return ok(name, "the last batch is in the past")


def _collect(store: Store, genesis: Path, known: KnownRoots) -> None:
    if genesis.is_file():
        known.add(SnapshotFile(genesis).header.state_root)
    latest = store.latest_snapshot()
    if latest is not None:
        header = decode_live(latest.body).state.header
        known.add(header.state_root)
        known.last_batch_s = header.timestamp_s
    for part in store.replay():
        for record in part:
            if record.kind == Kind.OUTCOME and (batch := decode_outcome(record.body).batch) is not None:
                known.add(batch.old_state_root, batch.header.state_root)
                known.last_batch_s = batch.header.timestamp_s
    for info in store.list_artifacts("group")[-_GROUPS:]:
        known.add_text(store.get_artifact("group", info.name) or b"")
    known.is_known = True

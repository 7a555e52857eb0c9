"""The live state from a store: its last snapshot and every record behind it."""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from typing import Any, Final

from rollup.snapshot import Snapshot
from sequencer.node.bulk_replay import BulkReplay
from sequencer.node.links import LogRecord
from sequencer.node.live import LiveState
from sequencer.node.live_codec import build_checked_tree, unpack_live
from sequencer.node.outcome import Outcome
from sequencer.node.store import Store
from sequencer.snapshots import SnapshotFile

__all__ = ["recover"]

_PART_RECORDS: Final = 50_000  # 25 MB or so


def recover(
    store: Store,
    genesis: Snapshot | SnapshotFile,
    on_record: Callable[[LiveState, LogRecord, Outcome | None], object] = lambda *_: None,
    on_history: Callable[[Any], object] = lambda _: None,
) -> LiveState:
    """Return the live state at the end of a store's log, which begins at `genesis` where there is no snapshot yet.

    `on_record` is told of every record since that is no order and no quote, `on_history` of the history in the
    snapshot. Raises StoreError, RecordMalformed, OutcomeInvalid, StateDiverged, LiveStateInvalid, SnapshotRootWrong.
    """
    latest = store.latest_snapshot()
    with _no_collection(), ThreadPoolExecutor(1, "tree of the snapshot") as beside:
        live = LiveState(genesis.params, genesis.state) if latest is None else unpack_live(latest.body, on_history)
        start = live.state
        # hashed by the kernel, which lets this thread go on meanwhile
        tree = beside.submit(lambda: start.tree if latest is None else build_checked_tree(start.header, start.accounts))
        live.behind = {}  # what changed is hashed once, at the end
        replay = BulkReplay(live)
        for part in _join(store.replay()):
            for record, outcome in replay.apply(part):
                on_record(live, record, outcome)
        replay.finish()
        live.state = replace(live.state, tree=tree.result())
        live.catch_up()
    return live


def _join(parts: Iterable[list[LogRecord]]) -> Iterator[list[LogRecord]]:
    """Yield the parts as fewer, longer ones: the longer, the more of what is in one is replaced in it."""
    joined: list[LogRecord] = []
    for part in parts:
        joined += part
        if len(joined) >= _PART_RECORDS:
            yield joined
            joined = []
    if joined:
        yield joined


@contextmanager
def _no_collection() -> Iterator[None]:
    """Let the garbage collector rest: it would go again and again through records of which none is garbage."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()

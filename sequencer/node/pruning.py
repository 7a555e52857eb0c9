"""What a store need not keep for ever: of batches settled long ago their files, and the log before all that is kept.

A window of days is kept whole: each batch of it with proof, claim, group, blob and queue, and every record since its
first batch. What came before stands on the base layer. Of each settled group one line stays, which says where it is.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from rollup.units import COUNTER_BITS
from sequencer.groups import decode_group
from sequencer.node.pipeline_state import load_artifact
from sequencer.node.stages import (
    BATCH,
    BLOB,
    CLAIM,
    GROUP,
    PROOF,
    PUBLIC,
    QUEUE,
    SETTLED,
    Settlement,
    decode_settlement,
    name_batch,
    name_group,
)
from sequencer.node.store import Store

__all__ = ["DAY_S", "Pruned", "prune"]

DAY_S: Final = 86_400
_OF_BATCHES: Final = (BATCH, PROOF, PUBLIC, CLAIM)
_OF_GROUPS: Final = (GROUP, BLOB, QUEUE)


@dataclass(frozen=True)
class Pruned:
    """How much was removed."""

    artifacts: int
    records: int


def prune(store: Store, n_settled: int, kept_since_s: int, snapshot: int) -> Pruned:
    """Remove what was settled before a time, the last settled group excepted, and return how much that was.

    n_settled: groups that are settled. snapshot: the sequence number of the older of the two snapshots, which the log
    is kept from. Cut off anywhere, the next call goes on. Raises StoreError, PipelineCorrupt.
    """
    if n_settled == 0:
        return Pruned(0, 0)

    def get_settlement(group: int) -> Settlement:
        name = name_group(group)
        return decode_settlement(name, load_artifact(store, SETTLED, name))

    # groups are settled in order, so their times rise
    kept = _find_first(n_settled - 1, lambda group: get_settlement(group).timestamp_s >= kept_since_s)
    settlement = get_settlement(kept)
    begin_s = _get_begin_s(store, kept)
    n_of_batches = sum(store.remove_artifacts(kind, name_batch(settlement.first_batch)) for kind in _OF_BATCHES)
    n_of_groups = sum(store.remove_artifacts(kind, name_group(kept)) for kind in _OF_GROUPS)
    return Pruned(n_of_batches + n_of_groups, _truncate(store, min(kept_since_s, begin_s), snapshot))


def _get_begin_s(store: Store, group: int) -> int:
    """Return the time of a group's first batch, by its own file; 0 where there is none, as after a rebuild."""
    name = name_group(group)
    data, blob = (store.get_artifact(kind, name) for kind in (GROUP, BLOB))
    if data is None or blob is None:
        return 0
    return decode_group(Path(name), data, blob, group).group.batches[0].clock >> COUNTER_BITS


def _truncate(store: Store, before_s: int, snapshot: int) -> int:
    """Drop the records from before a time and up to a snapshot; return how many."""
    lowest = store.read(0, 1)
    if not lowest or snapshot < lowest[0].sequence:
        return 0
    first = lowest[0].sequence
    n_records = snapshot - first + 1

    def is_kept(index: int) -> bool:
        return store.read(first + index - 1, 1)[0].time_us >= before_s * 1_000_000

    n_old = _find_first(n_records, is_kept)
    if n_old:
        store.truncate(first + n_old - 1)
    return n_old


def _find_first(end: int, is_kept: Callable[[int], bool]) -> int:
    """Return the first number below `end` of which this is so, of all that follow too; `end` where there is none."""
    low, high = 0, end
    while low < high:
        middle = (low + high) // 2
        low, high = (low, middle) if is_kept(middle) else (middle + 1, high)
    return low

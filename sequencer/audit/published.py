"""What a node published, batch by batch: rebuilt from genesis, the queue's entries and the groups' blobs alone.

Each blob must be the one that its group's versioned hash names. That this hash is the base layer's is for whoever reads
a finding to look up: it stands in it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from rollup.batch_record import BatchRecord, decode_batch
from rollup.blob import decode_blob
from rollup.errors import BatchInvalid
from rollup.orders import IOC, unpack_slot
from rollup.params import Params
from rollup.queue_events import QueueEvents
from rollup.rebuild import apply_record
from rollup.rebuild_rules import RootMismatch
from rollup.shapes import Shape, get_shape
from rollup.state import State
from rollup.tick import Tick, set_tick
from sequencer.errors import DataFault
from sequencer.groups import get_group_file, read_group
from sequencer.number_files import spell_hex
from sequencer.queue_file import read_queue
from sequencer.sealing import SealedGroup
from sequencer.snapshots import GENESIS, read_snapshot
from verifier import kzg

__all__ = ["Published", "PublishedBatch", "PublishedFill", "read_published"]


@dataclass(frozen=True)
class PublishedFill:
    """A fill of an order, as the data say it; the nonce worked out from the account's slot."""

    account: int
    market: int
    side: int
    slot: int
    nonce: int
    lots: int
    flags: int


@dataclass(frozen=True)
class PublishedBatch:
    """One batch: its data, and the states before and after it."""

    params: Params
    shape: Shape
    record: BatchRecord
    before: State
    after: State
    source: str = ""  # its group, by number and versioned hash

    @property
    def number(self) -> int:
        """The batch's number."""
        return self.record.batch_number

    @property
    def timestamp_s(self) -> int:
        """Its time: that of its auction."""
        return self.record.timestamp_s

    @cached_property
    def tick(self) -> Tick:
        """Marks, fractions and prices of resources, as its lanes had them."""
        record, header = self.record, self.before.header
        oracle = (record.marks_ticks, record.signer_times_s)
        return set_tick(header, self.params, record.timestamp_s, *oracle, stale=record.is_stale)

    @cached_property
    def fills(self) -> tuple[PublishedFill, ...]:
        """The fills of orders, in order of their places."""
        return tuple(reversed(list(self._list_fills_backwards())))

    @cached_property
    def filled_lots(self) -> dict[tuple[int, int, int], int]:
        """Lots by account, slot and nonce."""
        return {(fill.account, fill.slot, fill.nonce): fill.lots for fill in self.fills}

    @cached_property
    def markets(self) -> frozenset[int]:
        """The markets in which it traded."""
        liquidations = (fill.market for turn in self.record.turns for fill in turn.fills if fill.is_liquidation)
        return frozenset((*(fill.market for fill in self.fills), *liquidations))

    def describe(self) -> dict[str, Any]:
        """Return what identifies it, for a finding."""
        roots = {"old_state_root": str(self.before.state_root), "new_state_root": str(self.after.state_root)}
        return {"batch": self.number, "timestamp_s": self.timestamp_s, "source": self.source, **roots}

    def _list_fills_backwards(self) -> Iterator[PublishedFill]:
        """Yield the fills, last first: the state after them says which nonce the last of a slot had."""
        slots: dict[tuple[int, int], int] = {}  # nonce in the slot behind the fill that comes next
        for turn in reversed(self.record.turns):
            for fill in reversed(turn.fills):
                if not fill.lots or fill.is_liquidation:
                    continue
                key = (turn.account, fill.slot)
                after, _ = unpack_slot(self.after.get_account(turn.account).orders.get(fill.slot))
                nonce = slots.get(key, after) - bool(fill.flags & IOC)
                slots[key] = nonce - fill.nonce_step
                yield PublishedFill(turn.account, fill.market, fill.side, fill.slot, nonce, fill.lots, fill.flags)


@dataclass(frozen=True)
class Published:
    """Genesis, and all batches since."""

    params: Params
    genesis: State
    batches: tuple[PublishedBatch, ...]


def read_published(folder: Path) -> Published:
    """Return what a folder holds: genesis.zks, queue.json, group-0000.json with its blob, and so on without a gap.

    Raises FileMissing, FileTooLarge, FileMalformed, SnapshotInvalid, SnapshotRootWrong; DataFault and the errors of a
    rebuild where the data do not fit together.
    """
    genesis, queue = read_snapshot(folder / GENESIS), read_queue(folder)
    events = QueueEvents(queue.entries, queue.first)
    batches: list[PublishedBatch] = []
    number, state = 0, genesis.state
    while (folder / get_group_file(number)).is_file():
        for batch in _rebuild_group(read_group(folder, number), genesis.params, state, events):
            batches.append(batch)
            state = batch.after
        number += 1
    return Published(genesis.params, genesis.state, tuple(batches))


def _rebuild_group(sealed: SealedGroup, params: Params, state: State, events: QueueEvents) -> Iterator[PublishedBatch]:
    group, shape = sealed.group, get_shape(sealed.shape)
    name, blob = get_group_file(group.number), Path(get_group_file(group.number)).with_suffix(".blob").name
    if group.old_root != state.state_root:
        raise DataFault(name, "old_root", str(group.old_root), f"{state.state_root}, of the state before it")
    got = kzg.versioned_hash(kzg.commit(sealed.blob))
    if got != group.versioned_hash:
        raise DataFault(blob, "versioned hash", spell_hex(got), spell_hex(group.versioned_hash))
    elements, n_elements = decode_blob(sealed.blob), group.n_elements
    source = f"group {group.number}, blob {spell_hex(got)}"
    for k, batch in enumerate(group.batches):
        try:
            record = decode_batch(elements[k * n_elements : (k + 1) * n_elements], shape)
            after = apply_record(state, params, record, events)
            if after.state_root != batch.new_root:
                raise RootMismatch(record.batch_number, after.state_root, batch.new_root)
        except BatchInvalid as error:
            raise DataFault(blob, "data", str(error), f"what {name} and the queue lead to") from error
        yield PublishedBatch(params, shape, record, state, after, source)
        state = after

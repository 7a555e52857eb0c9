"""What the base layer keeps of a node: its settled groups, their blobs by versioned hash, the entries of its queue.

Only final blocks are read. Events say where a group leads and which transaction settled it; of a transaction only the
versioned hashes of its blobs are read, and of a group in parts the record that it was committed with.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, Protocol

from rollup.units import COUNTER_BITS
from sequencer.errors import DataFault
from sequencer.node.deploying import NodeDeployment
from verifier.base_layer import BaseLayer, Log
from verifier.queue_entries import Entry, decode_entry
from verifier.rollup_contract import decode_record

__all__ = ["BaseHistory", "HistoricLayer", "SettledOnBase", "read_base_history"]

_RANGE_BLOCKS: Final = 10_000


class HistoricLayer(BaseLayer, Protocol):
    """A base layer that is asked for what was."""

    def get_blob_hashes(self, transaction_hash: bytes) -> tuple[bytes, ...]:
        """Return the versioned hashes of a transaction's blobs; none where it has none, or is not known."""
        ...


@dataclass(frozen=True)
class SettledOnBase:
    """A group as the base layer has it."""

    number: int
    new_root: int
    last_batch: int
    consumed: int  # entries of the queue, after it
    versioned_hash: bytes
    blob_block: int  # which holds the transaction that carried the blob: of a group in parts, an earlier one
    transaction: bytes
    block: int


@dataclass(frozen=True)
class BaseHistory:
    """Settled groups and the queue, as far as blocks are final."""

    groups: tuple[SettledOnBase, ...]
    entries: tuple[Entry, ...]
    block: int  # the last that was read


def read_base_history(layer: HistoricLayer, deployment: NodeDeployment) -> BaseHistory:
    """Return what is final. Raises DataFault where events are missing, BaseLayerError."""
    last, rollup = layer.get_finalized_number(), deployment.open_rollup(layer)
    # versioned hash and block by group: the last commitment before it was settled
    committed: dict[int, tuple[bytes, int]] = {}
    groups: list[SettledOnBase] = []
    entries: list[Entry] = []
    for log in _list_logs(layer, deployment, last):
        for event in rollup.decode_events("GroupCommitted", (log,)):
            record = decode_record(bytes(event["record"]))
            committed[record.number] = (record.versioned_hash, log.block_number)
        for event in rollup.decode_events("EntryQueued", (log,)):
            _expect("queue", "entry", event["index"], len(entries))
            entries.append(decode_entry(bytes(event["entry"])))
        for event in rollup.decode_events("GroupSettled", (log,)):
            number = int(event["number"])
            _expect("settled groups", "group", number, len(groups))
            carried = layer.get_blob_hashes(log.transaction_hash)
            blob = (carried[0], log.block_number) if carried else committed.get(number, (b"", log.block_number))
            last_batch = event["clock"] & (1 << COUNTER_BITS) - 1
            place = (*blob, log.transaction_hash, log.block_number)
            groups.append(SettledOnBase(number, event["newRoot"], last_batch, event["consumedCount"], *place))
    return BaseHistory(tuple(groups), tuple(entries), last)


def _list_logs(layer: BaseLayer, deployment: NodeDeployment, last: int) -> Iterator[Log]:
    for first in range(deployment.first_block, last + 1, _RANGE_BLOCKS):
        yield from layer.get_logs(first, min(first + _RANGE_BLOCKS - 1, last), [deployment.contract])


def _expect(what: str, field: str, got: int, expected: int) -> None:
    if got != expected:
        raise DataFault(what, field, str(got), str(expected))

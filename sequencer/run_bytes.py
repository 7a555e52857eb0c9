"""The bytes that a run's proved batches put on the base layer: calldata and their segments of blobs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from rollup.blob import BLOB_BYTES, ELEMENT_BYTES
from rollup.records import FILL_BITS
from sequencer.gas_backends import BatchCost
from sequencer.groups import read_group
from sequencer.proofs import read_record

__all__ = ["BLOB_BYTES_PER_FILL", "RunBytes", "count_bytes"]

BLOB_BYTES_PER_FILL: Final = FILL_BITS // 8

assert FILL_BITS % 8 == 0


@dataclass(frozen=True)
class RunBytes:
    """Bytes of some batches that were settled with proofs."""

    orders: int
    calldata_bytes: int  # of all transactions that settled them
    segment_bytes: int  # their elements of the blobs, 32 bytes each, places that no order took among them
    unused_bytes: int  # of the same blobs, behind the segments of all batches of the group

    @property
    def bytes_per_order_all_in(self) -> float | None:
        """Calldata and segments for each order; the unused part of the blobs is not in it. None without orders."""
        return (self.calldata_bytes + self.segment_bytes) / self.orders if self.orders else None


def count_bytes(folder: Path, costs: Sequence[BatchCost]) -> RunBytes:
    """Return the bytes of the batches that these are the costs of; their groups stand in the folder.

    Raises FileMissing, FileTooLarge, FileMalformed.
    """
    segments = unused = 0
    settled = {cost.batch for cost in costs}
    for number in read_record(folder).groups if settled else ():
        group = read_group(folder, number).group
        segment_bytes = group.n_elements * ELEMENT_BYTES
        n_settled = sum(batch.name in settled for batch in group.batches)
        segments += segment_bytes * n_settled
        unused += BLOB_BYTES - segment_bytes * len(group.batches) if n_settled else 0
    calldata = sum(cost.auction.bytes + cost.other.bytes for cost in costs)
    return RunBytes(sum(cost.orders for cost in costs), calldata, segments, unused)

"""Seals groups: batches in a row, of one shape, whose segments fill a blob; and the value of that blob at their z."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from rollup.blob import encode_blob
from rollup.public_inputs import compute_data_commitment, get_bridge_words, get_segment, pack_clock_and_entries
from rollup.segment import count_elements
from rollup.shapes import Shape
from rollup.trace import BatchTrace
from verifier import kzg
from verifier.bridge import list_entries, pack_bridge
from verifier.group import Group, GroupBatch, commit_group, count_fitting
from verifier.group_check import Opening
from verifier.queue_entries import Entry

__all__ = ["GroupSealer", "PublishedBatch", "SealedGroup", "make_group", "publish_batch", "seal_group"]


@dataclass(frozen=True)
class PublishedBatch:
    """What a batch adds to its group."""

    batch: GroupBatch
    deployment: tuple[int, int]  # chain id, contract
    old_root: int
    elements: tuple[int, ...]  # its segment of the blob
    first_entry: int  # of the queue, counted from 0
    entries: tuple[Entry, ...]


@dataclass(frozen=True)
class SealedGroup:
    """A group with its blob, and the point evaluation that ties the two."""

    group: Group
    shape: str
    first_entry: int  # where in the queue it begins
    z: int
    opening: Opening
    blob: bytes

    @property
    def names(self) -> tuple[str, ...]:
        """Its batches by name."""
        return tuple(batch.name for batch in self.group.batches)


def publish_batch(name: str, trace: BatchTrace) -> PublishedBatch:
    """Return what is published of a batch."""
    elements, entries = get_segment(trace), list_entries(trace)
    batch = GroupBatch(
        name=name,
        new_root=trace.header_after.state_root,
        data_commitment=compute_data_commitment(elements, get_bridge_words(trace)),
        calldata=pack_bridge(trace),
        clock_and_entries=pack_clock_and_entries(trace.header_after.clock, len(entries)),
    )
    deployment, before = (trace.params.chain_id, trace.params.contract), trace.header_before
    return PublishedBatch(batch, deployment, before.state_root, tuple(elements), before.queue_consumed, entries)


def seal_group(number: int, shape: Shape, batches: Sequence[PublishedBatch]) -> SealedGroup:
    """Return the group of these batches with its blob. About 20 ms, and 4 s once in a process for the KZG setup.

    Assumes batches in a row, of this shape and of one deployment, no more than `count_fitting` says.
    """
    blob = encode_blob([element for batch in batches for element in batch.elements])
    commitment = kzg.commit(blob)
    group = make_group(number, shape, batches, kzg.versioned_hash(commitment))
    z = commit_group(group, [entry for batch in batches for entry in batch.entries]).z
    proof, value = kzg.prove(blob, z)
    return SealedGroup(group, shape.name, batches[0].first_entry, z, Opening(commitment, value, proof), blob)


def make_group(number: int, shape: Shape, batches: Sequence[PublishedBatch], versioned_hash: bytes) -> Group:
    """Return the group as the contract meets it."""
    chain_id, contract = batches[0].deployment
    return Group(
        chain_id=chain_id,
        contract=contract,
        old_root=batches[0].old_root,
        number=number,
        n_elements=count_elements(shape),
        n_lanes=shape.cash_lanes + shape.rescue_lanes,
        versioned_hash=versioned_hash,
        batches=tuple(batch.batch for batch in batches),
    )


@dataclass
class GroupSealer:
    """Takes batches in order and seals a group whenever one is full."""

    shape: Shape
    limit: int  # batches of a group at most; a blob may hold fewer
    number: int = 0  # of the next group
    waiting: list[PublishedBatch] = field(default_factory=list)
    entries: list[Entry] = field(default_factory=list)  # of the queue, all that were consumed

    def add(self, name: str, trace: BatchTrace) -> SealedGroup | None:
        """Return the group that the batch fills, if it does."""
        published = publish_batch(name, trace)
        self.waiting.append(published)
        self.entries += published.entries
        is_full = len(self.waiting) == min(self.limit, count_fitting(count_elements(self.shape)))
        return self.seal() if is_full else None

    def seal(self) -> SealedGroup | None:
        """Return the group of the batches that wait, if there are any."""
        if not self.waiting:
            return None
        sealed = seal_group(self.number, self.shape, self.waiting)
        self.number, self.waiting = self.number + 1, []
        return sealed

"""A group: up to 64 batches in a row, all of one shape, that share a blob, as the contract meets them.

`commit_group` is what the contract does when a group comes in: it reads the calldata against its queue and derives z.
`compute_expected_inputs` is what it asks of the proofs. docs/bridge.md says where it has each public input from.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

from rollup.blob import ELEMENT_COUNT
from rollup.bls_field import P
from rollup.errors import ProofInvalid
from rollup.field import R
from rollup.public_inputs import (
    ENTRIES_SHIFT,
    VALUE_LOW_BITS,
    PublicInputs,
    compute_bridge_value,
    pack_clock_and_entries,
)
from rollup.units import COUNTER_BITS, OWNER_BITS
from verifier.bridge import ExpandedBridge, expand_bridge
from verifier.bridge_errors import GroupMalformed, ValueNotCanonical
from verifier.challenge import Commitment, derive_z
from verifier.queue_entries import Entry

__all__ = [
    "MAX_BATCHES",
    "CommittedGroup",
    "Group",
    "GroupBatch",
    "commit_group",
    "compute_expected_inputs",
    "count_fitting",
    "join_limbs",
    "join_values",
]

MAX_BATCHES: Final = 64
_HASH_BYTES: Final = 32


@dataclass(frozen=True)
class GroupBatch:
    """What is published of one batch of a group, besides its part of the blob."""

    name: str
    new_root: int
    data_commitment: int
    calldata: bytes
    clock_and_entries: int

    @property
    def clock(self) -> int:
        """Batch number and time: `rollup.state.StateHeader.clock`."""
        return self.clock_and_entries & (1 << ENTRIES_SHIFT) - 1


@dataclass(frozen=True)
class Group:
    """A group as it is committed to. `n_elements` and `n_lanes` are its shape's, which the contract registered."""

    chain_id: int
    contract: int
    old_root: int
    number: int
    n_elements: int  # of a batch's segment
    n_lanes: int  # Cash- and RescueLanes of a batch
    versioned_hash: bytes
    batches: tuple[GroupBatch, ...]

    @property
    def old_roots(self) -> tuple[int, ...]:
        """The root that each batch starts from: that where the one before ended."""
        return (self.old_root, *(batch.new_root for batch in self.batches[:-1]))


@dataclass(frozen=True)
class CommittedGroup:
    """A group that the contract took in."""

    z: int
    bridges: tuple[ExpandedBridge, ...]  # of each batch

    @property
    def n_entries(self) -> int:
        """How many entries of the queue all batches consume."""
        return sum(bridge.n_entries for bridge in self.bridges)


def count_fitting(n_elements: int) -> int:
    """Return how many batches of so many elements a group takes at most."""
    return min(MAX_BATCHES, ELEMENT_COUNT // n_elements)


def commit_group(group: Group, queue: Sequence[Entry]) -> CommittedGroup:
    """Return z and what each batch brings over the bridge. `queue`: the entries from where the group begins.

    Raises GroupMalformed, naming batch and field.
    """
    _check_ranges(group)
    _check_clock(group)
    bridges, commitments, at = [], [], 0
    for batch in group.batches:
        bridge = _expand(batch, queue[at:], group.n_lanes)
        entries = tuple(queue[at : at + bridge.n_entries])
        bridges.append(bridge)
        commitments.append(Commitment(batch.data_commitment, batch.calldata, entries))
        at += bridge.n_entries
    deployment = (group.chain_id, group.contract)
    z = derive_z(*deployment, group.old_root, group.number, group.versioned_hash, commitments)
    return CommittedGroup(z, tuple(bridges))


def compute_expected_inputs(
    group: Group, committed: CommittedGroup, params_hash: int, limbs: Sequence[tuple[int, int] | None]
) -> tuple[PublicInputs, ...]:
    """Return the public inputs that the contract verifies each batch's proof with.

    `limbs` are the blob value that each proof claims, low and high; (0, 0) stands where None is given.
    """
    return tuple(
        PublicInputs(
            old_state_root=old_root,
            new_state_root=batch.new_root,
            params_hash=params_hash,
            clock_and_entries=pack_clock_and_entries(batch.clock, bridge.n_entries),
            data_commitment=batch.data_commitment,
            z=committed.z,
            blob_value_low=low,
            blob_value_high=high,
            bridge_value=compute_bridge_value(bridge.words, committed.z),
        )
        for old_root, batch, bridge, (low, high) in zip(
            group.old_roots, group.batches, committed.bridges, (pair or (0, 0) for pair in limbs), strict=True
        )
    )


def join_limbs(name: str, low: int, high: int) -> int:
    """Return the value at z that two limbs spell. Raises ValueNotCanonical: a limb too wide, a value not below P."""
    if not 0 <= low < 1 << VALUE_LOW_BITS:
        raise ValueNotCanonical(name, "blob_value_low", low, 1 << VALUE_LOW_BITS)
    value = low + (high << VALUE_LOW_BITS)
    if not 0 <= value < P:
        raise ValueNotCanonical(name, "blob_value", value, P)
    return value


def join_values(values: Sequence[int], z: int, n_elements: int) -> int:
    """Return sum_k z**(k * n_elements) * values[k] mod P: the blob's value at z, if these are its segments'."""
    step, power, total = pow(z, n_elements, P), 1, 0
    for value in values:
        total = (total + power * value) % P
        power = power * step % P
    return total


def _expand(batch: GroupBatch, queue: Sequence[Entry], n_lanes: int) -> ExpandedBridge:
    """Return what the calldata says. Raises GroupMalformed: it does not parse, or the count of entries is another."""
    try:
        bridge = expand_bridge(batch.calldata, queue, n_lanes)
    except ProofInvalid as error:
        raise GroupMalformed(batch.name, "calldata", str(error), "what the queue and the lanes allow") from error
    claimed = batch.clock_and_entries >> ENTRIES_SHIFT
    if claimed != bridge.n_entries:
        raise GroupMalformed(batch.name, "entries consumed", str(claimed), f"{bridge.n_entries}, as the calldata says")
    return bridge


def _check_ranges(group: Group) -> None:
    n_batches, limit = len(group.batches), count_fitting(group.n_elements)
    if not 1 <= n_batches <= limit:
        raise GroupMalformed("group", "number of batches", str(n_batches), f"1 to {limit}")
    if len(group.versioned_hash) != _HASH_BYTES:
        raise GroupMalformed("group", "versioned hash", f"{len(group.versioned_hash)} bytes", f"{_HASH_BYTES} bytes")
    for field, limit in (("chain_id", 2**64), ("contract", 2**OWNER_BITS), ("old_root", R), ("number", 2**64)):
        if not 0 <= (value := getattr(group, field)) < limit:
            raise GroupMalformed("group", field, str(value), f"below {limit}")
    for batch in group.batches:
        for field in ("new_root", "data_commitment", "clock_and_entries"):
            if not 0 <= (value := getattr(batch, field)) < R:
                raise GroupMalformed(batch.name, field, str(value), "below r")


def _check_clock(group: Group) -> None:
    """Raise unless batch numbers follow one another and time rises."""
    for before, batch in pairwise(group.batches):
        time_s, earlier_s = batch.clock >> COUNTER_BITS, before.clock >> COUNTER_BITS
        number, expected = (clock & (1 << COUNTER_BITS) - 1 for clock in (batch.clock, before.clock + 1))
        if number != expected:
            raise GroupMalformed(batch.name, "batch number", str(number), str(expected))
        if time_s <= earlier_s:
            raise GroupMalformed(batch.name, "timestamp_s", str(time_s), f"above {earlier_s}")

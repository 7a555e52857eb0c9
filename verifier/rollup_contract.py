"""The `Rollup` contract from Python: how it is deployed, and what its calls are given. docs/contracts.md.

Everything but the proofs follows from a group, its queue and the opening of its blob.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple

from eth_abi.abi import decode
from eth_utils.crypto import keccak

from rollup.public_inputs import PublicInputs
from verifier.artifacts import load_artifact
from verifier.base_layer import BaseLayer, Contract, deploy_contract
from verifier.bridge import Payment
from verifier.group import CommittedGroup, Group
from verifier.group_check import Opening
from verifier.keys import PROOF_BYTES
from verifier.queue_entries import Entry, encode_entry

__all__ = [
    "Limits",
    "Record",
    "ShapeSpec",
    "Start",
    "Terms",
    "decode_record",
    "deploy_rollup",
    "encode_batches",
    "encode_claims",
    "encode_opening",
    "flatten_inputs",
    "hash_inputs",
    "list_payments",
]


class Terms(NamedTuple):
    """Fixed for good. Addresses are 20 bytes, times seconds. The timelock is at least the three times together."""

    token: bytes
    exit_verifier: bytes
    exit_key_is_development: bool
    forced_deadline_s: int
    window_s: int
    exit_window_s: int
    timelock_s: int


class Limits(NamedTuple):
    """Governable. `max_deposits` and `max_forced` are entries of the queue a window."""

    min_deposit_e6: int
    deposit_fee_e6: int
    max_deposits: int
    max_forced: int
    max_lag_s: int
    prove_window_s: int
    forced_fee_wei: int


class Start(NamedTuple):
    """Where the rollup begins, and who runs it. `clock`: batch number 32 bits | timestamp_s 40."""

    state_root: int
    clock: int
    params_hash: int
    governor: bytes
    sequencer: bytes
    guardian: bytes


class ShapeSpec(NamedTuple):
    """A shape's key, by the address of its Groth16Verifier, and what the contract has to know of the shape."""

    verifier: bytes
    n_elements: int
    n_lanes: int
    is_development: bool


class Record(NamedTuple):
    """What the contract keeps the hash of while a group waits for its proofs: `Commitments.Record`."""

    number: int
    shape_id: int
    n_batches: int
    z: int
    versioned_hash: bytes
    new_root: int
    clock: int
    n_consumed: int  # entries of the queue, after the group
    applied_e6: int
    returned_e6: int
    paid_e6: int
    payments_root: bytes
    inputs_hash: bytes


_RECORD_TYPES: Final = ("uint256",) * 4 + ("bytes32",) + ("uint256",) * 6 + ("bytes32",) * 2


def deploy_rollup(
    layer: BaseLayer,
    terms: Terms,
    limits: Limits,
    start: Start,
    shapes: Sequence[ShapeSpec],
    *,
    sender: bytes | None = None,
) -> Contract:
    """Return the settlement contract. Raises Reverted: terms too short, a key for another number of inputs."""
    return deploy_contract(layer, load_artifact("Rollup"), terms, limits, start, list(shapes), sender=sender)


def encode_batches(group: Group, committed: CommittedGroup, queue: Sequence[Entry]) -> list[tuple[object, ...]]:
    """Return the batches as `commitGroup` and `settle` take them. `queue`: the entries from where the group begins."""
    batches: list[tuple[object, ...]] = []
    first = 0
    for batch, bridge in zip(group.batches, committed.bridges, strict=True):
        entries = b"".join(map(encode_entry, queue[first : first + bridge.n_entries]))
        batches.append((batch.new_root, batch.clock, batch.data_commitment, batch.calldata, entries))
        first += bridge.n_entries
    return batches


def encode_claims(proofs: Sequence[bytes], values: Sequence[int]) -> bytes:
    """Return each proof (A | B | C, 256 bytes) with the value of the blob's segment that it is for (32 bytes)."""
    assert all(len(proof) == PROOF_BYTES for proof in proofs), "a proof has another length"
    return b"".join(proof + value.to_bytes(32, "big") for proof, value in zip(proofs, values, strict=True))


def encode_opening(opening: Opening) -> bytes:
    """Return commitment | proof, 48 bytes each. The contract works the value out itself."""
    return opening.commitment + opening.proof


def flatten_inputs(inputs: Sequence[PublicInputs]) -> list[int]:
    """Return the public inputs one batch after the other, limbs 0, as `proveBatches` takes them."""
    return [value for batch in inputs for value in batch._replace(blob_value_low=0, blob_value_high=0)]


def hash_inputs(inputs: Sequence[PublicInputs]) -> list[bytes]:
    """Return the leaf of each batch: keccak256 of its nine public inputs, limbs 0."""
    return [keccak(b"".join(value.to_bytes(32, "big") for value in flatten_inputs([batch]))) for batch in inputs]


def decode_record(record: bytes) -> Record:
    """Return the record that the event `GroupCommitted` carries."""
    return Record(*decode(_RECORD_TYPES, record))


def list_payments(committed: CommittedGroup) -> tuple[Payment, ...]:
    """Return what becomes claimable when the group is settled, in the order of its leaves."""
    return tuple(payment for bridge in committed.bridges for payment in bridge.payments)

"""Whether the proofs of a group are for what was published: every public input, and the blob by one evaluation."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

from rollup.blob import decode_blob
from rollup.bls_field import evaluate
from rollup.errors import ProofInvalid, RollupError
from rollup.public_inputs import PublicInputs
from verifier import kzg
from verifier.bridge_errors import BlobWrong, GroupMalformed, PublicInputWrong
from verifier.group import (
    CommittedGroup,
    Group,
    GroupBatch,
    commit_group,
    compute_expected_inputs,
    join_limbs,
    join_values,
)
from verifier.queue_entries import Entry

__all__ = ["Claim", "GroupVerdict", "Opening", "check_blob", "check_group"]

Claim: TypeAlias = Sequence[int] | None
"""The public inputs that a batch's proof is for; None where it has no proof."""

_LOW, _HIGH = (PublicInputs._fields.index(name) for name in ("blob_value_low", "blob_value_high"))


@dataclass(frozen=True)
class Opening:
    """The point evaluation of a group's blob: EIP-4844's commitment, its value at z, and the proof of that."""

    commitment: bytes
    value: int
    proof: bytes


@dataclass(frozen=True)
class GroupVerdict:
    """What is wrong with each batch, and with the blob that they share; None where nothing is."""

    batches: tuple[RollupError | None, ...]
    blob: RollupError | None

    @property
    def is_valid(self) -> bool:
        """Whether nothing is wrong."""
        return self.blob is None and not any(self.batches)

    def join(self, other: GroupVerdict) -> GroupVerdict:
        """Return both verdicts in one, this one's reasons first."""
        pairs = zip(self.batches, other.batches, strict=True)
        return GroupVerdict(tuple(mine or theirs for mine, theirs in pairs), self.blob or other.blob)


def check_group(
    group: Group, queue: Sequence[Entry], params_hash: int, claims: Sequence[Claim], opening: Opening
) -> GroupVerdict:
    """Return what the contract says of a group and the public inputs its proofs are for; the proofs are checked apart.

    Where a batch has no proof, what remains is checked: the other batches, and that the blob has the value that it is
    said to have. `queue` holds the entries from where the group begins.
    """
    try:
        committed = commit_group(group, queue)
    except ProofInvalid as error:
        return GroupVerdict((error,) * len(group.batches), error)
    limbs = [_get_limbs(claim) for claim in claims]
    expected = compute_expected_inputs(group, committed, params_hash, limbs)
    batches = map(_check_claim, group.batches, claims, expected)
    return GroupVerdict(tuple(batches), _check_opening(group, committed, limbs, opening))


def check_blob(
    group: Group, committed: CommittedGroup, blob: bytes, claims: Sequence[Claim], opening: Opening
) -> GroupVerdict:
    """Return whether a blob's bytes are those committed to, and which batch's segment has not the value it claims.

    The contract never sees the bytes: this names the batch at fault, and it covers batches without a proof.
    """
    nothing = (None,) * len(group.batches)
    try:
        coefficients = decode_blob(blob)
    except RollupError as error:
        return GroupVerdict(nothing, error)
    commitment = kzg.commit(blob)
    if commitment != opening.commitment:
        return GroupVerdict(nothing, BlobWrong("commitment of its bytes", commitment.hex(), opening.commitment.hex()))
    end = group.n_elements * len(group.batches)
    rest = next((i for i, value in enumerate(coefficients) if value and i >= end), None)
    wrong = None if rest is None else BlobWrong(f"coefficient {rest}", str(coefficients[rest]), f"0 from {end} on")
    segments = (coefficients[at : at + group.n_elements] for at in range(0, end, group.n_elements))
    values = (evaluate(segment, committed.z) for segment in segments)
    return GroupVerdict(tuple(map(_check_segment, group.batches, claims, values)), wrong)


def _get_limbs(claim: Claim) -> tuple[int, int] | None:
    return None if claim is None or len(claim) != len(PublicInputs._fields) else (claim[_LOW], claim[_HIGH])


def _check_claim(batch: GroupBatch, claim: Claim, expected: PublicInputs) -> RollupError | None:
    if claim is None:
        return None
    if len(claim) != len(expected):
        return GroupMalformed(batch.name, "number of public inputs", str(len(claim)), str(len(expected)))
    for field, got, value in zip(PublicInputs._fields, claim, expected, strict=True):
        if got != value:
            return PublicInputWrong(batch.name, field, got, value)
    try:
        join_limbs(batch.name, claim[_LOW], claim[_HIGH])
    except ProofInvalid as error:
        return error
    return None


def _check_opening(
    group: Group, committed: CommittedGroup, limbs: Sequence[tuple[int, int] | None], opening: Opening
) -> RollupError | None:
    """Return what is wrong with the blob's commitment, or with the sum of the claimed values; None if nothing is."""
    named = kzg.versioned_hash(opening.commitment)
    if named != group.versioned_hash:
        return BlobWrong("versioned hash", group.versioned_hash.hex(), f"{named.hex()}, of the commitment")
    value = opening.value
    pairs = [pair for pair in limbs if pair is not None]
    if len(pairs) == len(group.batches):
        try:
            values = [join_limbs(batch.name, *pair) for batch, pair in zip(group.batches, pairs, strict=True)]
        except ProofInvalid as error:
            return error
        value = join_values(values, committed.z, group.n_elements)
        if value != opening.value:
            return BlobWrong("value at z", str(opening.value), f"{value}, of the batches' values")
    if not kzg.verify(opening.commitment, committed.z, value, opening.proof):
        return BlobWrong("value at z", str(value), "another: the point evaluation fails")
    return None


def _check_segment(batch: GroupBatch, claim: Claim, value: int) -> RollupError | None:
    pair = _get_limbs(claim)
    if pair is None:
        return None
    try:
        claimed = join_limbs(batch.name, *pair)
    except ProofInvalid as error:
        return error
    return None if claimed == value else PublicInputWrong(batch.name, "blob value", claimed, value)

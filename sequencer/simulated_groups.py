"""Groups of batches whose proofs come from the simulator, and the records of bridge calldata that they may carry."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from rollup.blob import encode_blob
from rollup.bls_field import evaluate
from rollup.public_inputs import PublicInputs
from verifier import kzg
from verifier.group import CommittedGroup, Group, commit_group, compute_expected_inputs
from verifier.group_check import Opening
from verifier.keys import encode_proof
from verifier.queue_entries import Entry
from verifier.rollup_contract import encode_batches, encode_claims
from verifier.simulator import Trapdoor

__all__ = [
    "BATCH_SETUP",
    "EXIT_SETUP",
    "ProvedGroup",
    "address_int",
    "pay",
    "prove",
    "prove_group",
    "record",
]

BATCH_SETUP: Final = Trapdoor.from_seed(seed=50, n_public=len(PublicInputs._fields))
EXIT_SETUP: Final = Trapdoor.from_seed(seed=51, n_public=3)  # state root, owner, claim: docs/exit.md
_LIMB_BITS: Final = 128


@dataclass(frozen=True)
class ProvedGroup:
    """A group with all that the contract is given for it."""

    group: Group
    committed: CommittedGroup
    queue: tuple[Entry, ...]
    values: tuple[int, ...]
    inputs: tuple[PublicInputs, ...]
    proofs: tuple[bytes, ...]
    opening: Opening
    blob: bytes
    elements: list[int]

    @property
    def batches(self) -> list[tuple[object, ...]]:
        """As `commitGroup` takes them."""
        return encode_batches(self.group, self.committed, self.queue)

    @property
    def claims(self) -> bytes:
        """As `settle` takes them."""
        return encode_claims(self.proofs, self.values)

    @staticmethod
    def hash_blob(elements: Sequence[int]) -> bytes:
        """Return the versioned hash of the blob that holds these elements."""
        return kzg.versioned_hash(kzg.commit(encode_blob(elements)))


def prove(setup: Trapdoor, inputs: Sequence[int], a: int = 2, b: int = 3) -> bytes:
    """Return a proof that holds for these inputs."""
    return encode_proof(setup.simulate(inputs, a, b))


def prove_group(group: Group, queue: tuple[Entry, ...], elements: list[int], params_hash: int) -> ProvedGroup:
    """Return a group proved as it stands, whatever it says. `queue`: the entries from where it begins."""
    committed = commit_group(group, queue)
    blob, length = encode_blob(elements), group.n_elements
    segments = [elements[i : i + length] for i in range(0, len(elements), length)]
    values = tuple(evaluate(segment, committed.z) for segment in segments)
    limbs = [(value % 2**_LIMB_BITS, value >> _LIMB_BITS) for value in values]
    inputs = compute_expected_inputs(group, committed, params_hash, limbs)
    proofs = tuple(prove(BATCH_SETUP, batch, 2 + i) for i, batch in enumerate(inputs))
    proof, value = kzg.prove(blob, committed.z)
    opening = Opening(kzg.commit(blob), value, proof)
    return ProvedGroup(group, committed, queue, values, inputs, proofs, opening, blob, elements)


def record(lane: int, tag: int, *fields: tuple[int, int]) -> bytes:
    """Return a record of bridge calldata: lane, tag, then each (value, n_bytes)."""
    return bytes([lane, tag]) + b"".join(value.to_bytes(width, "big") for value, width in fields)


def address_int(address: bytes) -> int:
    """Return an address as entries and payments hold it."""
    return int.from_bytes(address, "big")


def pay(lane: int, account: int, amount_e6: int, owner: bytes) -> bytes:
    """Return the record of a withdrawal."""
    return record(lane, 2, (account, 3), (amount_e6, 8), (address_int(owner), 20))

"""The random point z that ties a group's blob, queues and proofs: keccak256 over what is fixed before it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from eth_utils.crypto import keccak

from rollup.public_inputs import POINT_BITS
from verifier.queue_entries import Entry, encode_entry

__all__ = ["Commitment", "derive_z"]

_DROPPED_BITS: Final = 256 - POINT_BITS


@dataclass(frozen=True)
class Commitment:
    """What is fixed of one batch before z: its data, its calldata, and the entries of the queue it consumes."""

    data_commitment: int
    calldata: bytes
    entries: tuple[Entry, ...]


def derive_z(
    chain_id: int,
    contract: int,
    old_root: int,
    group_number: int,
    versioned_hash: bytes,
    batches: Sequence[Commitment],
) -> int:
    """Return z, below 2**248: a keccak256 without its lowest byte.

    Over 32-byte words: chain id, contract, old root, group number, versioned hash, then for each batch its data
    commitment, keccak256 of its calldata, and keccak256 of its entries' own keccak256, one after the other. What has no
    fixed length is hashed by itself, so that no two groups have one layout.
    """
    words = [_to_word(value) for value in (chain_id, contract, old_root, group_number)] + [versioned_hash]
    for batch in batches:
        entry_hashes = b"".join(keccak(encode_entry(entry)) for entry in batch.entries)
        words += [_to_word(batch.data_commitment), keccak(batch.calldata), keccak(entry_hashes)]
    assert all(len(word) == 32 for word in words)
    return int.from_bytes(keccak(b"".join(words)), "big") >> _DROPPED_BITS


def _to_word(value: int) -> bytes:
    return value.to_bytes(32, "big")

"""z: every input changes it, it is what the documented layout says, and the literal vectors are what they were."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from eth_abi.abi import encode
from eth_utils.crypto import keccak

from tests.verifier.bridge_vectors import ENTRIES, GROUP, PATH, VERSIONED_HASH, make_vectors
from verifier.challenge import Commitment, derive_z
from verifier.queue_entries import decode_entry, encode_entry

BATCHES = (Commitment(5, b"\0\1\1\1", ENTRIES[:2]), Commitment(6, b"", ()), Commitment(7, b"\0\0", ENTRIES[2:3]))
INPUTS: dict[str, Any] = {**GROUP, "versioned_hash": VERSIONED_HASH, "batches": BATCHES}


def change_batch(index: int, **changes: Any) -> dict[str, Any]:  # noqa: ANN401 (fields of a batch)
    return {"batches": [replace(batch, **changes) if i == index else batch for i, batch in enumerate(BATCHES)]}


def change_two(first: dict[str, Any], second: dict[str, Any]) -> dict[str, Any]:
    return {"batches": [replace(BATCHES[0], **first), replace(BATCHES[1], **second), BATCHES[2]]}


CHANGES: dict[str, dict[str, Any]] = {
    **{name: {name: value + 1} for name, value in GROUP.items()},
    "versioned hash": {"versioned_hash": VERSIONED_HASH[:-1] + b"\0"},
    **{f"commitment {i}": change_batch(i, data_commitment=99) for i in range(3)},
    **{f"calldata {i}": change_batch(i, calldata=b"\0\2") for i in range(3)},
    **{f"entries {i}": change_batch(i, entries=ENTRIES[4:5]) for i in range(3)},
    "entries the other way round": change_batch(0, entries=ENTRIES[1::-1]),
    "an entry moved to the next batch": change_two({"entries": ENTRIES[:1]}, {"entries": ENTRIES[1:2]}),
    "calldata moved to the next batch": change_two({"calldata": b"\0\1"}, {"calldata": b"\1\1"}),
    "batches swapped": {"batches": BATCHES[1::-1] + BATCHES[2:]},
    "a batch less": {"batches": BATCHES[:2]},
}


@pytest.mark.parametrize("name", CHANGES)
def test_every_input_changes_z(name: str) -> None:
    z = derive_z(**{**INPUTS, **CHANGES[name]})
    assert z != derive_z(**INPUTS)
    assert z < 2**248


def test_no_two_changes_have_one_z() -> None:
    assert len({derive_z(**{**INPUTS, **change}) for change in CHANGES.values()}) == len(CHANGES)


def test_layout_is_the_documented_one() -> None:
    """As Solidity would write it: abi.encode of words, and bytes.concat of the entries' hashes."""
    words = [encode(["uint256", "address", "uint256", "uint256"], [*map(_as_abi, GROUP.items())]), VERSIONED_HASH]
    for batch in BATCHES:
        hashes = b"".join(keccak(encode_entry(entry)) for entry in batch.entries)
        types = ["uint256", "bytes32", "bytes32"]
        words.append(encode(types, [batch.data_commitment, keccak(batch.calldata), keccak(hashes)]))
    assert derive_z(**INPUTS) == int.from_bytes(keccak(b"".join(words))[:31], "big")


def _as_abi(item: tuple[str, int]) -> object:
    name, value = item
    return value.to_bytes(20, "big") if name == "contract" else value


def test_vectors_are_what_their_script_makes() -> None:
    vectors = json.loads(PATH.read_text())
    assert vectors == make_vectors()
    assert [decode_entry(bytes.fromhex(entry["packed"])) for entry in vectors["entries"]] == list(ENTRIES)

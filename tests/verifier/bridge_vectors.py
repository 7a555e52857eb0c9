"""Literal vectors of the bridge for whoever reads it in another language: `python -m tests.verifier.bridge_vectors`.

Writes tests/vectors/bridge.json. Numbers are decimal strings, bytes hexadecimal.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final

from rollup.field import R
from rollup.public_inputs import compute_bridge_value
from rollup.txs import Deposit, ForcedCancelAll, ForcedKeyChange, ForcedTrade, ForcedWithdraw, SetTier
from verifier.bridge import TAG_APPLIED, TAG_DROPPED, TAG_PAYMENT, expand_bridge
from verifier.challenge import Commitment, derive_z
from verifier.queue_entries import EMPTY_HEAD, LAYOUTS, Entry, encode_entry, push

PATH: Final = Path(__file__).parent.parent / "vectors" / "bridge.json"
N_LANES: Final = 12
OWNER: Final = 0x00112233445566778899AABBCCDDEEFF00112233
ENTRIES: Final[tuple[Entry, ...]] = (
    Deposit(2, 5_000_000, OWNER, (R - 1, 1)),
    Deposit(2**21 - 1, 2**64 - 1, 2**160 - 1, (1, 1)),
    ForcedWithdraw(2, 7_000_000, OWNER),
    ForcedWithdraw(3, 1, OWNER + 1),
    ForcedCancelAll(4, OWNER + 2),
    ForcedKeyChange(5, OWNER + 3, (2, R - 2)),
    SetTier(6, 7),
    ForcedTrade((7, 8), (OWNER + 4, OWNER + 5), 15, 1, 2**48 - 1, 2**48 - 2),
)


def _record(lane: int, tag: int, *fields: tuple[int, int]) -> bytes:
    return bytes([lane, tag]) + b"".join(value.to_bytes(width, "big") for value, width in fields)


CALLDATAS: Final[tuple[bytes, ...]] = (
    b"",
    _record(0, TAG_APPLIED) + _record(2, TAG_DROPPED) + _record(3, TAG_PAYMENT, (9, 3), (10**6, 8), (OWNER + 6, 20)),
    _record(0, TAG_APPLIED, (6_999_999, 8))
    + _record(1, TAG_DROPPED)
    + _record(4, TAG_APPLIED)
    + _record(5, TAG_APPLIED)
    + _record(6, TAG_APPLIED)
    + _record(9, TAG_APPLIED)
    + _record(11, TAG_PAYMENT, (2**21 - 1, 3), (2**64 - 1, 8), (2**160 - 1, 20)),
)
DATA_COMMITMENTS: Final = (R - 1, 0, 12345678901234567890)
GROUP: Final = {"chain_id": 31_337, "contract": 2**160 - 2, "old_root": R - 3, "group_number": 2**32 + 1}
VERSIONED_HASH: Final = bytes([1, *range(1, 32)])


def make_vectors() -> dict[str, Any]:
    """Return the entries with the chain's heads, three batches that consume them, and the z of their group."""
    batches, at = [], 0
    for calldata, data_commitment in zip(CALLDATAS, DATA_COMMITMENTS, strict=True):
        expanded = expand_bridge(calldata, ENTRIES[at:], N_LANES)
        batches.append((Commitment(data_commitment, calldata, ENTRIES[at : at + expanded.n_entries]), expanded))
        at += expanded.n_entries
    z = derive_z(*GROUP.values(), VERSIONED_HASH, [commitment for commitment, _ in batches])
    return {
        "made_by": "python -m tests.verifier.bridge_vectors",
        "entries": _list_entries(),
        "n_lanes": N_LANES,
        "group": {name: str(value) for name, value in GROUP.items()} | {"versioned_hash": VERSIONED_HASH.hex()},
        "batches": [
            {
                "data_commitment": str(commitment.data_commitment),
                "calldata": commitment.calldata.hex(),
                "n_entries": expanded.n_entries,
                "words": [str(word) for word in expanded.words],
                "payments": [
                    {"owner": f"{payment.owner:040x}", "amount_e6": str(payment.amount_e6)}
                    for payment in expanded.payments
                ],
                "bridge_value": str(compute_bridge_value(expanded.words, z)),
            }
            for commitment, expanded in batches
        ],
        "z": str(z),
    }


def _list_entries() -> list[Mapping[str, Any]]:
    head, listed = EMPTY_HEAD, []
    for entry in ENTRIES:
        head = push(head, entry)
        listed.append({"kind": type(entry).__name__, "fields": _spell(asdict(entry)), **_encode(entry, head)})
    return listed


def _encode(entry: Entry, head: bytes) -> dict[str, str]:
    return {"packed": encode_entry(entry).hex(), "head": head.hex()}


def _spell(fields: Mapping[str, Any]) -> dict[str, Any]:
    return {name: [str(x) for x in value] if isinstance(value, tuple) else str(value) for name, value in fields.items()}


def main() -> None:
    """Rewrite the file."""
    assert {type(entry) for entry in ENTRIES} == {entry_type for entry_type, _ in LAYOUTS.values()}
    PATH.write_text(json.dumps(make_vectors(), indent=1) + "\n")


if __name__ == "__main__":
    main()

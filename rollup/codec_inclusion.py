"""An inclusion proof as a JSON file: strict ranges and lengths, and one spelling a proof."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Final

from rollup.bounded_json import parse_json
from rollup.codec_common import ACCOUNT_ID, COUNTER, POINT, TIMESTAMP, signed, vector
from rollup.codec_fields import FIELD_ELEMENT, Codec, Integer, Malformed, Optional, Record, unsigned
from rollup.errors import ProofInvalid
from rollup.inclusion import HeaderHashes, InclusionProof, LeafFields, SlotProof
from rollup.units import (
    ACCOUNT_TREE_DEPTH,
    CASH_BITS,
    MARKET_COUNT,
    ORDERS_TREE_DEPTH,
    OWNER_BITS,
    SIZE_BITS,
    SLOT_BITS,
    TIER_COUNT,
    TREE_ARITY,
    VAULT_E6_BITS,
)

__all__ = ["MAX_INCLUSION_BYTES", "InclusionMalformed", "decode_inclusion", "encode_inclusion"]

MAX_INCLUSION_BYTES: Final = 2**16  # ten levels of seven siblings are 6 kB
_FORMAT: Final = "zkmargin inclusion"
_VERSION: Final = 1


@dataclass(eq=False)
class InclusionMalformed(ProofInvalid):
    """An inclusion proof's file is not one, or not well formed."""

    code = "inclusion_malformed"
    source: str
    reason: str

    def __str__(self) -> str:
        return f"{self.source}: {self.reason}"


def _siblings(depth: int) -> Codec:
    return vector(vector(FIELD_ELEMENT, TREE_ARITY - 1), depth)


_LEAF = Record(
    LeafFields,
    {
        "key": POINT,
        "owner": unsigned(OWNER_BITS),
        "epoch": COUNTER,
        "cash_nonce": COUNTER,
        "tier": Integer(0, TIER_COUNT - 1),
        "cash_atoms": signed(CASH_BITS),
        "sizes_lots": vector(signed(SIZE_BITS), MARKET_COUNT),
        "last_touched_s": TIMESTAMP,
        "orders_root": FIELD_ELEMENT,
    },
)
_HEADER = Record(
    HeaderHashes,
    {
        "markets_hash": FIELD_ELEMENT,
        "resources_hash": FIELD_ELEMENT,
        "oracle_hash": FIELD_ELEMENT,
        "queue_consumed": COUNTER,
        "vault_e6": unsigned(VAULT_E6_BITS),
        "timestamp_s": TIMESTAMP,
        "batch_number": COUNTER,
    },
)
_SLOT = Record(
    SlotProof,
    {
        "slot": unsigned(SLOT_BITS),
        "nonce": COUNTER,
        "filled_lots": unsigned(SIZE_BITS),
        "siblings": _siblings(ORDERS_TREE_DEPTH),
    },
)
_PROOF = Record(
    InclusionProof,
    {
        "account_id": ACCOUNT_ID,
        "leaf": _LEAF,
        "siblings": _siblings(ACCOUNT_TREE_DEPTH),
        "header": _HEADER,
        "slot": Optional(_SLOT),
    },
)


def encode_inclusion(proof: InclusionProof) -> bytes:
    """Return the file's bytes: JSON, numbers in hexadecimal without prefix."""
    return _dump({"format": _FORMAT, "version": _VERSION, "proof": _PROOF.encode(proof)})


def decode_inclusion(data: bytes, source: str = "inclusion proof") -> InclusionProof:
    """Return the proof in a file's bytes; `source` names the file in errors. Says nothing about any root.

    Raises InclusionMalformed.
    """
    if len(data) > MAX_INCLUSION_BYTES:
        raise InclusionMalformed(source, f"{len(data)} bytes, at most {MAX_INCLUSION_BYTES} are read")
    try:
        raw = parse_json(data)
    except ValueError as error:
        raise InclusionMalformed(source, f"not JSON: {error}") from error
    if not isinstance(raw, dict) or list(raw) != ["format", "version", "proof"]:
        raise InclusionMalformed(source, "expected an object of format, version, proof")
    for name, expected in (("format", _FORMAT), ("version", _VERSION)):
        if type(raw[name]) is not type(expected) or raw[name] != expected:
            raise InclusionMalformed(source, f"{name}: got {str(raw[name])[:40]!r}, expected {expected!r}")
    try:
        proof = _PROOF.decode(raw["proof"], "proof")
    except Malformed as error:
        raise InclusionMalformed(source, str(error)) from error
    if _dump(raw) != data:
        raise InclusionMalformed(source, "not spelled as this program writes it: keys twice, or other blanks")
    assert isinstance(proof, InclusionProof)
    return proof


def _dump(data: object) -> bytes:
    return (json.dumps(data, indent=1, ensure_ascii=True) + "\n").encode()

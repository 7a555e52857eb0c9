"""The base layer's queue as its contract holds it: each entry in packed bytes, and one keccak chain over all of them.

An entry is what `abi.encodePacked` makes of its kind and its fields, big-endian, of fixed width (docs/bridge.md). The
chain is `head' = keccak256(head || keccak256(entry))`, from 32 zero bytes.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final, TypeAlias

from eth_utils.crypto import keccak

from rollup.errors import ValueOutOfRange
from rollup.field import R
from rollup.txs import Deposit, ForcedCancelAll, ForcedKeyChange, ForcedTrade, ForcedWithdraw, QueueEntry, SetTier
from verifier.bridge_errors import EntryMalformed

__all__ = ["EMPTY_HEAD", "LAYOUTS", "MAX_ENTRY_BYTES", "Entry", "compute_head", "decode_entry", "encode_entry", "push"]

Entry: TypeAlias = QueueEntry | ForcedTrade

EMPTY_HEAD: Final = bytes(32)
_ACCOUNT = (3,)
_AMOUNT = (8,)
_OWNER = (20,)
_KEY = (32, 32)

# By the first byte, a bridge word's kind. Behind it these fields, of so many bytes; a pair stands side by side.
LAYOUTS: Final[dict[int, tuple[type[Entry], dict[str, tuple[int, ...]]]]] = {
    1: (Deposit, {"account": _ACCOUNT, "amount_e6": _AMOUNT, "owner": _OWNER, "key": _KEY}),
    4: (ForcedWithdraw, {"account": _ACCOUNT, "amount_e6": _AMOUNT, "owner": _OWNER}),
    5: (ForcedCancelAll, {"account": _ACCOUNT, "owner": _OWNER}),
    6: (ForcedKeyChange, {"account": _ACCOUNT, "owner": _OWNER, "key": _KEY}),
    7: (
        ForcedTrade,
        {
            "accounts": _ACCOUNT * 2,
            "owners": _OWNER * 2,
            "market": (1,),
            "side": (1,),
            "lots": (6,),
            "price_ticks": (6,),
        },
    ),
    9: (SetTier, {"account": _ACCOUNT, "tier": _AMOUNT}),
}
_KINDS: Final = {entry_type: kind for kind, (entry_type, _) in LAYOUTS.items()}
MAX_ENTRY_BYTES: Final = max(1 + sum(map(sum, fields.values())) for _, fields in LAYOUTS.values())


def encode_entry(entry: Entry) -> bytes:
    """Return the packed bytes. Raises EntryMalformed for a key that the base layer would not have let in."""
    kind = _KINDS[type(entry)]
    _, layout = LAYOUTS[kind]
    _check_key(entry)
    parts = [bytes([kind])]
    for name, widths in layout.items():
        value = getattr(entry, name)
        values = value if isinstance(value, tuple) else (value,)
        parts += [part.to_bytes(width, "big") for part, width in zip(values, widths, strict=True)]
    return b"".join(parts)


def decode_entry(data: bytes) -> Entry:
    """Return the entry of its packed bytes. Raises EntryMalformed: kind, length, a value out of its range."""
    kind = data[0] if data else None
    if kind not in LAYOUTS:
        raise EntryMalformed("kind", str(kind), f"one of {', '.join(map(str, LAYOUTS))}")
    entry_type, layout = LAYOUTS[kind]
    expected_bytes = 1 + sum(map(sum, layout.values()))
    if len(data) != expected_bytes:
        raise EntryMalformed("length", f"{len(data)} bytes", f"{expected_bytes} of a {entry_type.__name__}")
    fields: dict[str, Any] = {}
    at = 1
    for name, widths in layout.items():
        values = []
        for width in widths:
            values.append(int.from_bytes(data[at : at + width], "big"))
            at += width
        fields[name] = tuple(values) if len(values) > 1 else values[0]
    try:
        entry = entry_type(**fields)
    except ValueOutOfRange as error:
        raise EntryMalformed(error.field, str(error.value), f"{error.minimum} to {error.maximum}") from error
    _check_key(entry)
    return entry


def push(head: bytes, entry: Entry) -> bytes:
    """Return the chain's head after one more entry."""
    return keccak(head + keccak(encode_entry(entry)))


def compute_head(entries: Iterable[Entry], head: bytes = EMPTY_HEAD) -> bytes:
    """Return the chain's head after these entries behind `head`."""
    for entry in entries:
        head = push(head, entry)
    return head


def _check_key(entry: Entry) -> None:
    """Raise unless both coordinates are below r: of two spellings of one bridge word only one may be in the queue."""
    if isinstance(entry, Deposit | ForcedKeyChange) and max(entry.key) >= R:
        raise EntryMalformed("key", str(entry.key), "coordinates below r")

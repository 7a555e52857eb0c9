"""Receipts as bytes and as JSON. A receipt has one encoding in each; a decoder takes nothing else."""

from __future__ import annotations

import json
from struct import Struct
from typing import Any, Final

from rollup.bounded_json import parse_json
from sequencer.node.errors import ReceiptInvalid
from sequencer.node.links import LINK_BYTES, MAX_KIND, MAX_SEQUENCE, MAX_TIME_US
from sequencer.node.receipts import MAX_TAIL, SIGNATURE_BYTES, Receipt

__all__ = [
    "MAX_RECEIPT_BYTES",
    "MAX_RECEIPT_JSON_BYTES",
    "decode_receipt",
    "decode_receipt_json",
    "encode_receipt",
    "encode_receipt_json",
    "read_receipt_object",
    "write_receipt_object",
]

# version u8 | sequence u64 | kind u16 | time_us u64 | digest, previous, link: 32 each | signature 96 | steps of tail u8
_FIXED: Final = Struct(">BQHQ32s32s32s96sB")
_STEP: Final = Struct(">H32s")  # kind | digest
_VERSION: Final = 1
MAX_RECEIPT_BYTES: Final = _FIXED.size + MAX_TAIL * _STEP.size
MAX_RECEIPT_JSON_BYTES: Final = 32 * 1024
_BYTES: Final = {"digest": LINK_BYTES, "previous": LINK_BYTES, "link": LINK_BYTES, "signature": SIGNATURE_BYTES}
_INTEGERS: Final = {"sequence": (1, MAX_SEQUENCE), "kind": (0, MAX_KIND), "time_us": (0, MAX_TIME_US)}
_NAMES: Final = ("sequence", "kind", "digest", "time_us", "previous", "link", "tail", "signature")


def encode_receipt(receipt: Receipt) -> bytes:
    """Return a receipt's bytes: 212 and 34 for each step of its tail."""
    fixed = _FIXED.pack(
        _VERSION,
        receipt.sequence,
        receipt.kind,
        receipt.time_us,
        receipt.digest,
        receipt.previous,
        receipt.link,
        receipt.signature,
        len(receipt.tail),
    )
    return fixed + b"".join(_STEP.pack(*step) for step in receipt.tail)


def decode_receipt(data: bytes) -> Receipt:
    """Return the receipt of exactly these bytes, not yet verified. Raises ReceiptInvalid."""
    if len(data) < _FIXED.size:
        raise ReceiptInvalid("bytes", str(len(data)), f"{_FIXED.size} or more")
    version, sequence, kind, time_us, digest, previous, link, signature, n_tail = _FIXED.unpack_from(data)
    if version != _VERSION:
        raise ReceiptInvalid("version", str(version), str(_VERSION))
    if len(data) != _FIXED.size + n_tail * _STEP.size:
        raise ReceiptInvalid("bytes", str(len(data)), str(_FIXED.size + n_tail * _STEP.size))
    tail = tuple((int(step[0]), bytes(step[1])) for step in _STEP.iter_unpack(data[_FIXED.size :]))
    receipt = Receipt(sequence, kind, digest, time_us, previous, link, tail, signature)
    for name, (minimum, maximum) in _INTEGERS.items():
        _check_integer(name, getattr(receipt, name), minimum, maximum)
    return receipt


def write_receipt_object(receipt: Receipt) -> dict[str, Any]:
    """Return a receipt as JSON's types: bytes in lower-case hex, a tail as pairs of kind and digest."""
    values = {name: getattr(receipt, name) for name in _NAMES}
    values |= {name: values[name].hex() for name in _BYTES}
    return values | {"tail": [[kind, digest.hex()] for kind, digest in receipt.tail]}


def read_receipt_object(raw: object) -> Receipt:
    """Return the receipt of an object that JSON held, not yet verified. Raises ReceiptInvalid."""
    if not isinstance(raw, dict) or set(raw) != set(_NAMES):
        raise ReceiptInvalid("object", repr(raw)[:80], f"exactly {', '.join(_NAMES)}")
    integers = {name: _check_integer(name, raw[name], *bounds) for name, bounds in _INTEGERS.items()}
    strings = {name: _read_hex(name, raw[name], n_bytes) for name, n_bytes in _BYTES.items()}
    return Receipt(**integers, **strings, tail=_read_tail(raw["tail"]))  # type: ignore[arg-type] # read by name


def encode_receipt_json(receipt: Receipt) -> bytes:
    """Return a receipt as JSON without spaces, its names in the order of the dataclass."""
    return json.dumps(write_receipt_object(receipt), separators=(",", ":")).encode()


def decode_receipt_json(data: bytes) -> Receipt:
    """Return the receipt of exactly this JSON text, not yet verified. Raises ReceiptInvalid."""
    if len(data) > MAX_RECEIPT_JSON_BYTES:
        raise ReceiptInvalid("JSON bytes", str(len(data)), f"at most {MAX_RECEIPT_JSON_BYTES}")
    try:
        receipt = read_receipt_object(parse_json(data))
    except ValueError as error:
        raise ReceiptInvalid("JSON", str(error)[:80], "an object") from error
    if encode_receipt_json(receipt) != data:  # a name twice, spaces, another spelling of a number
        raise ReceiptInvalid("JSON", "another spelling", "the text that encode_receipt_json writes")
    return receipt


def _check_integer(name: str, value: object, minimum: int, maximum: int) -> int:
    if type(value) is not int or not minimum <= value <= maximum:
        raise ReceiptInvalid(name, repr(value)[:80], f"an integer from {minimum} to {maximum}")
    return value


def _read_hex(name: str, value: object, n_bytes: int) -> bytes:
    expected = f"{2 * n_bytes} lower-case hex digits"
    if not isinstance(value, str) or len(value) != 2 * n_bytes or not set(value) <= set("0123456789abcdef"):
        raise ReceiptInvalid(name, repr(value)[:80], expected)
    return bytes.fromhex(value)


def _read_tail(raw: object) -> tuple[tuple[int, bytes], ...]:
    if not isinstance(raw, list) or len(raw) > MAX_TAIL:
        raise ReceiptInvalid("tail", repr(raw)[:80], f"a list of at most {MAX_TAIL}")
    if not all(isinstance(step, list) and len(step) == 2 for step in raw):
        raise ReceiptInvalid("tail", repr(raw)[:80], "pairs of kind and digest")
    return tuple(
        (_check_integer("tail kind", kind, 0, MAX_KIND), _read_hex("tail digest", digest, LINK_BYTES))
        for kind, digest in raw
    )

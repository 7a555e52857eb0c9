"""What a client keeps of a node: receipts, each with the record it is for. `receipts.json`, read strictly and checked.

Nothing here is trusted: a receipt counts only if the node's key signed it, a body only if the receipt names its digest.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Final

from rollup.babyjubjub import Point
from rollup.bounded_json import parse_json
from rollup.orders import Order
from sequencer.errors import FileMalformed
from sequencer.files import read_limited
from sequencer.node.command_codec import decode_command
from sequencer.node.commands import Command, Kind, PlaceOrder, PlaceQuote
from sequencer.node.errors import ReceiptInvalid
from sequencer.node.links import compute_digest
from sequencer.node.receipt_codec import read_receipt_object, write_receipt_object
from sequencer.node.receipts import Receipt, verify_receipt
from sequencer.node.refusals import RecordMalformed
from sequencer.node.store import MAX_RECORD_BYTES

__all__ = ["MAX_STATEMENTS_BYTES", "Statement", "Unusable", "check_statements", "encode_statements", "read_statements"]

_FORMAT: Final = "zkmargin receipts"
_VERSION: Final = 1
MAX_STATEMENTS_BYTES: Final = 512 * 2**20
_HEX: Final = re.compile(r"(?:[0-9a-f]{2})*")
_ORDERS_AND_CASH: Final = range(Kind.ORDER, Kind.AUCTION)


@dataclass(frozen=True)
class Statement:
    """One receipt, and the bytes of its record where they are known."""

    receipt: Receipt
    body: bytes | None = None

    @property
    def sequence(self) -> int:
        """The record's place in the log."""
        return self.receipt.sequence

    @cached_property
    def command(self) -> Command | None:
        """The command of a client, the oracle or the queue that the record holds, if it is known and is one."""
        if self.body is None or self.receipt.kind not in _ORDERS_AND_CASH:
            return None
        return decode_command(self.receipt.kind, self.body)

    @property
    def orders(self) -> tuple[Order, ...]:
        """The orders that the record brought."""
        match self.command:
            case PlaceOrder(signed):
                return (signed.order,)
            case PlaceQuote(signed_quote):
                return tuple(quoted.order for quoted in signed_quote.quoted_orders)
        return ()

    def to_object(self) -> dict[str, Any]:
        """Return it as JSON's types."""
        body = None if self.body is None else self.body.hex()
        return {"body": body, "receipt": write_receipt_object(self.receipt)}


@dataclass(frozen=True)
class Unusable:
    """A statement that says nothing about the node, and why."""

    sequence: int
    reason: str


def encode_statements(statements: Iterable[Statement]) -> bytes:
    """Return the JSON text of a file of receipts."""
    whole = {"format": _FORMAT, "version": _VERSION, "statements": [one.to_object() for one in statements]}
    return json.dumps(whole, indent=1).encode() + b"\n"


def read_statements(path: Path) -> list[Statement]:
    """Return what a file holds, nothing of it checked but its form. Raises FileMissing, FileTooLarge, FileMalformed."""
    try:
        whole = parse_json(read_limited(path, MAX_STATEMENTS_BYTES))
    except ValueError as error:
        raise FileMalformed(str(path), "file", str(error)[:80], "JSON") from error
    if not isinstance(whole, dict) or set(whole) != {"format", "version", "statements"}:
        raise FileMalformed(str(path), "file", repr(whole)[:80], "an object with format, statements, version")
    for name, expected in (("format", _FORMAT), ("version", _VERSION)):
        if whole[name] != expected:
            raise FileMalformed(str(path), name, repr(whole[name])[:80], repr(expected))
    if not isinstance(whole["statements"], list):
        raise FileMalformed(str(path), "statements", repr(whole["statements"])[:80], "a list")
    return [_read(path, f"statements[{i}]", raw) for i, raw in enumerate(whole["statements"])]


def _read(path: Path, where: str, raw: object) -> Statement:
    if not isinstance(raw, dict) or set(raw) != {"body", "receipt"}:
        raise FileMalformed(str(path), where, repr(raw)[:80], "an object with body, receipt")
    body = raw["body"]
    is_hex = isinstance(body, str) and len(body) <= 2 * MAX_RECORD_BYTES and _HEX.fullmatch(body)
    if body is not None and not is_hex:
        raise FileMalformed(str(path), f"{where}.body", repr(body)[:80], "null, or pairs of lower-case hex digits")
    try:
        receipt = read_receipt_object(raw["receipt"])
    except ReceiptInvalid as error:
        raise FileMalformed(str(path), f"{where}.receipt", str(error), "a receipt") from error
    return Statement(receipt, None if body is None else bytes.fromhex(body))


def check_statements(
    statements: Sequence[Statement], receipt_key: Point, domain: int
) -> tuple[list[Statement], list[Unusable]]:
    """Return the statements that the node's key signed, in order of the log, each once; and the others."""
    usable: dict[tuple[bytes, bytes | None], Statement] = {}
    unusable = []
    for statement in statements:
        try:
            verify_receipt(statement.receipt, receipt_key, domain)
            _check_body(statement)
        except (ReceiptInvalid, RecordMalformed) as error:
            unusable.append(Unusable(statement.sequence, str(error)))
            continue
        usable.setdefault((statement.receipt.link, statement.body), statement)
    return sorted(usable.values(), key=lambda one: (one.sequence, one.body is None)), unusable


def _check_body(statement: Statement) -> None:
    """Raise ReceiptInvalid, RecordMalformed unless the body is what the receipt is for, and of its kind."""
    if statement.body is None:
        return
    digest = compute_digest(statement.body)
    if digest != statement.receipt.digest:
        raise ReceiptInvalid("digest", statement.receipt.digest.hex(), f"{digest.hex()}, of the body")
    _ = statement.command

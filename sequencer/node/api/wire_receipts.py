"""What the node answers to commands: receipts, and results of batches."""

from __future__ import annotations

import msgspec

from sequencer.node.api.problems import Problem

__all__ = ["ReceiptBody", "Result", "Results"]


class ReceiptBody(msgspec.Struct):
    """A receipt, in the one spelling that `decode_receipt_json` takes: bytes in hex without 0x. docs/api.md."""

    sequence: int
    kind: int
    digest: str
    time_us: int
    previous: str
    link: str
    tail: tuple[tuple[int, str], ...]
    signature: str


class Result(msgspec.Struct, omit_defaults=True):
    """What became of one command: its receipt, or why it was refused."""

    receipt: ReceiptBody | None = None
    problem: Problem | None = None


class Results(msgspec.Struct):
    """One result a command, in their order."""

    results: list[Result]

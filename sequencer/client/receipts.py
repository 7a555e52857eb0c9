"""Checking what a node signs: each receipt by itself, for the command it is given for, and against all seen before."""

from __future__ import annotations

from collections import OrderedDict
from typing import Final

from rollup.babyjubjub import Point
from sequencer.node.command_codec import encode_command
from sequencer.node.commands import Command
from sequencer.node.errors import ReceiptInvalid
from sequencer.node.links import compute_digest, compute_link
from sequencer.node.receipts import Receipt, verify_receipt

__all__ = ["ReceiptChecker"]

_MAX_KNOWN: Final = 100_000


class ReceiptChecker:
    """Remembers the link of every place in the log that a receipt has shown, the last 100,000 of them.

    Two receipts that show different links for one place are a proof of misconduct: keep both (`zkmargin audit`).
    """

    def __init__(self, receipt_key: Point, domain: int) -> None:
        """Take receipts of this key for this deployment."""
        self._key, self._domain = receipt_key, domain
        self._links: OrderedDict[int, bytes] = OrderedDict()

    def check(self, receipt: Receipt, command: Command | None = None) -> None:
        """Raise ReceiptInvalid unless signed, of the command (where given), and of the one history seen so far."""
        if command is not None:
            record = encode_command(command)
            expected = compute_digest(record.body)
            if (receipt.kind, receipt.digest) != (record.kind, expected):
                got = f"kind {receipt.kind}, {receipt.digest.hex()}"
                raise ReceiptInvalid("digest", got, f"kind {record.kind}, {expected.hex()}, of what was sent")
        verify_receipt(receipt, self._key, self._domain)
        places = _list_places(receipt)
        for sequence, link in places:
            known = self._links.get(sequence, link)
            if known != link:
                raise ReceiptInvalid(f"link {sequence}", link.hex(), f"{known.hex()}, as an earlier receipt says")
        for sequence, link in places:
            self._links[sequence] = link
        while len(self._links) > _MAX_KNOWN:
            self._links.popitem(last=False)


def _list_places(receipt: Receipt) -> list[tuple[int, bytes]]:
    """Return (sequence number, link) of every place the receipt vouches for: the one before it, its own, its tail's."""
    places = [(receipt.sequence - 1, receipt.previous), (receipt.sequence, receipt.link)]
    link = receipt.link
    for step, (kind, digest) in enumerate(receipt.tail, start=1):
        link = compute_link(link, receipt.sequence + step, kind, digest, receipt.time_us)
        places.append((receipt.sequence + step, link))
    return places

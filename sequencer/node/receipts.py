"""Receipts: the sequencer's signature that a record stands in its log, at one place, with one history.

A receipt holds a record's place and link (`links`). A signature costs more than all else
a record takes (docs/node-storage.md), so a group is signed at every SIGN_EVERY-th link and at its last: a receipt
carries the digests of the records between its own link and the signed one, and whoever checks it walks that short way.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import blake2b
from itertools import pairwise
from typing import Final

from prover.kernel import decode_be, encode_be
from rollup.babyjubjub import Point
from rollup.field import is_canonical
from rollup.signature import Signature, derive_public_key, sign, verify
from sequencer.node.errors import ReceiptInvalid
from sequencer.node.links import Head, LogRecord, Record, compute_digest, compute_link, link_records

__all__ = [
    "MAX_TAIL",
    "SIGNATURE_BYTES",
    "SIGN_EVERY",
    "Receipt",
    "ReceiptChain",
    "compute_message",
    "verify_chain",
    "verify_receipt",
]

SIGN_EVERY: Final = 8
MAX_TAIL: Final = 255  # a reader takes what a sequencer with another SIGN_EVERY makes
SIGNATURE_BYTES: Final = 96
_MESSAGE_PREFIX: Final = b"zkmargin receipt 1"
_MESSAGE_BYTES: Final = 31  # 248 bits: below the field's modulus whatever they are
_ELEMENT_BYTES: Final = 32


@dataclass(frozen=True, slots=True)
class Receipt:
    """Record `sequence` of this kind and digest follows `previous` and makes `link`; what follows up to a signed link.

    tail: kind and digest of each record behind this one, all of the same time, up to the one whose link is signed.
    """

    sequence: int
    kind: int
    digest: bytes
    time_us: int
    previous: bytes
    link: bytes
    tail: tuple[tuple[int, bytes], ...]
    signature: bytes  # R8x || R8y || S, each 32 bytes big-endian

    @property
    def head(self) -> Head:
        """The place this receipt vouches for."""
        return Head(self.sequence, self.time_us, self.link)


def compute_message(link: bytes, domain: int) -> int:
    """Return what is signed for a link: 248 bits of BLAKE2b-256 of `prefix | domain 32 | link 32`.

    domain: the deployment's field element (docs/architecture.md, Hashes), so that no receipt passes for another's.
    No order or cash message can be taken for one: those are Poseidon hashes, and hitting one is finding a preimage.
    """
    data = _MESSAGE_PREFIX + domain.to_bytes(_ELEMENT_BYTES, "big") + link
    return int.from_bytes(blake2b(data, digest_size=32).digest()[:_MESSAGE_BYTES], "big")


class ReceiptChain:
    """The signer: extended with each group that the store has made durable, from the store's own head."""

    def __init__(self, private_key: bytes, domain: int, head: Head) -> None:
        """Sign with a 32-byte key what follows `head`. Raises ValueError where the key or the domain is none."""
        if not is_canonical(domain):
            raise ValueError(f"domain {domain} is no field element")
        self._private_key = private_key
        self._domain = domain
        self._head = head
        self.public_key = derive_public_key(private_key)

    @property
    def head(self) -> Head:
        """The last record signed; equal to the store's head after each append and its extension."""
        return self._head

    def extend(self, records: Sequence[Record], now_us: int) -> list[Receipt]:
        """Return the receipts of a group. Assumes that the store has appended the same records with the same now_us."""
        return self.vouch(link_records(self._head, records, now_us))

    def vouch(self, linked: Sequence[LogRecord]) -> list[Receipt]:
        """Return the receipts of a group that stands in the store behind `head`.

        Called before it does, a receipt could be out for a record that is never written.
        """
        receipts = self.issue(self._head, linked)
        if linked:
            self._head = Head(linked[-1].sequence, linked[-1].time_us, linked[-1].link)
        return receipts

    def issue(self, head: Head, linked: Sequence[LogRecord]) -> list[Receipt]:
        """Return receipts of records read from the log behind `head`: after a restart, or for whoever asks again."""
        receipts: list[Receipt] = []
        start, previous = 0, head.link
        for end in _cut(linked):
            run = linked[start:end]
            receipts += self._sign_run(previous, run)
            start, previous = end, run[-1].link
        return receipts

    def _sign_run(self, previous: bytes, run: Sequence[LogRecord]) -> list[Receipt]:
        signed = sign(self._private_key, compute_message(run[-1].link, self._domain))
        signature = encode_be([*signed.r8, signed.s])
        parts = [(record.kind, compute_digest(record.body)) for record in run]
        receipts = []
        for index, (record, (kind, digest)) in enumerate(zip(run, parts, strict=True)):
            tail = tuple(parts[index + 1 :])
            receipts.append(
                Receipt(record.sequence, kind, digest, record.time_us, previous, record.link, tail, signature)
            )
            previous = record.link
        return receipts


def _cut(linked: Sequence[LogRecord]) -> list[int]:
    """Return where runs end: at SIGN_EVERY records, before the time changes, and at the end."""
    ends = []
    start = 0
    for index, record in enumerate(linked):
        is_last = index + 1 == len(linked) or linked[index + 1].time_us != record.time_us
        if is_last or index + 1 - start == SIGN_EVERY:
            start = index + 1
            ends.append(start)
    return ends


def verify_receipt(receipt: Receipt, public_key: Point, domain: int) -> None:
    """Raise ReceiptInvalid unless the receipt holds together and its last link is signed by the key for the domain.

    Assumes fields within their widths, as the decoders leave them.
    """
    signed = _compute_signed_link(receipt)
    x, y, s = decode_be(receipt.signature)
    if not verify(public_key, compute_message(signed, domain), Signature((x, y), s)):
        raise ReceiptInvalid("signature", receipt.signature.hex()[:16], "the sequencer's, of the link that is signed")


def _compute_signed_link(receipt: Receipt) -> bytes:
    link = compute_link(receipt.previous, receipt.sequence, receipt.kind, receipt.digest, receipt.time_us)
    if link != receipt.link:
        raise ReceiptInvalid("link", receipt.link.hex(), link.hex())
    for step, (kind, digest) in enumerate(receipt.tail, start=1):
        link = compute_link(link, receipt.sequence + step, kind, digest, receipt.time_us)
    return link


def verify_chain(receipts: Sequence[Receipt], public_key: Point, domain: int) -> None:
    """Raise ReceiptInvalid unless each receipt is valid and follows the one before it without a gap."""
    for receipt in receipts:
        verify_receipt(receipt, public_key, domain)
    for last, this in pairwise(receipts):
        if this.sequence != last.sequence + 1:
            raise ReceiptInvalid("sequence", str(this.sequence), str(last.sequence + 1))
        if this.previous != last.link:
            raise ReceiptInvalid("previous", this.previous.hex(), last.link.hex())
        if this.time_us < last.time_us:
            raise ReceiptInvalid("time_us", str(this.time_us), f"{last.time_us} or later")

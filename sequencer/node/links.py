"""Places in the log: a hash chain over its records. The store keeps each record's link, and receipts sign it.

So one chain serves both ends: a torn or edited log does not fit its own links, and a client holds a link that no other
history can reach.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from hashlib import blake2b
from struct import Struct
from struct import error as StructError
from typing import Final, NamedTuple

__all__ = [
    "GENESIS",
    "LINK_BYTES",
    "MAX_KIND",
    "MAX_SEQUENCE",
    "MAX_TIME_US",
    "Head",
    "LogRecord",
    "Record",
    "compute_digest",
    "compute_link",
    "find_broken_link",
    "link_records",
]

LINK_BYTES: Final = 32
MAX_KIND: Final = 2**16 - 1
MAX_SEQUENCE: Final = 2**63 - 1  # what SQLite and PostgreSQL call an integer
MAX_TIME_US: Final = 2**53 - 1  # what JSON readers keep exact: until the year 2255
# previous 32 | sequence u64 | kind u16 | digest 32 | time_us u64, big-endian
_PREIMAGE: Final = Struct(">32sQH32sQ")


class Record(NamedTuple):
    """What is appended: a kind below 2**16, whose meaning is the caller's, and its bytes."""

    kind: int
    body: bytes


class LogRecord(NamedTuple):
    """A record in its place: sequence numbers run from 1 without gaps, times (microseconds since 1970) never fall."""

    sequence: int
    kind: int
    time_us: int
    link: bytes
    body: bytes


class Head(NamedTuple):
    """The end of a log: the last record's sequence number, time and link; zeros before the first."""

    sequence: int
    time_us: int
    link: bytes


GENESIS: Final = Head(0, 0, bytes(LINK_BYTES))


def compute_digest(body: bytes) -> bytes:
    """Return BLAKE2b-256 of a record's bytes."""
    return blake2b(body, digest_size=LINK_BYTES).digest()


def compute_link(previous: bytes, sequence: int, kind: int, digest: bytes, time_us: int) -> bytes:
    """Return BLAKE2b-256 of `previous 32 | sequence u64 | kind u16 | digest 32 | time_us u64`, big-endian."""
    return blake2b(_PREIMAGE.pack(previous, sequence, kind, digest, time_us), digest_size=LINK_BYTES).digest()


def link_records(head: Head, records: Sequence[Record], now_us: int) -> list[LogRecord]:
    """Return the records as they stand behind `head`, all at one time: now, or the head's where the clock fell back."""
    sequence, last_us, link = head
    time_us = max(now_us, last_us)
    linked = []
    for kind, body in records:
        sequence += 1
        link = compute_link(link, sequence, kind, compute_digest(body), time_us)
        linked.append(LogRecord(sequence, kind, time_us, link, body))
    return linked


def find_broken_link(head: Head, records: Iterable[LogRecord]) -> LogRecord | None:
    """Return the first record that does not follow from what stands before it, `head` first; None where all do."""
    sequence, last_us, link = head
    pack = _PREIMAGE.pack
    for record in records:
        number, kind, time_us, stored, body = record
        sequence += 1
        try:
            if number != sequence or time_us < last_us:
                return record
            # compute_link and compute_digest, written out: a log has millions
            preimage = pack(link, number, kind, blake2b(body, digest_size=LINK_BYTES).digest(), time_us)
            link = blake2b(preimage, digest_size=LINK_BYTES).digest()
        except (TypeError, StructError):  # damage can turn a column into another type, or out of its range
            return record
        if link != stored:
            return record
        last_us = time_us
    return None

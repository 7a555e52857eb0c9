"""`queue.json`: the base layer's queue, entry by entry in the order of consumption, with the chain's head."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from rollup.errors import ProofInvalid
from sequencer.errors import FileMalformed
from sequencer.files import read_limited
from sequencer.number_files import parse_hex, spell_hex
from sequencer.records import decode_record, encode_versioned, parse_versioned
from verifier.queue_entries import EMPTY_HEAD, Entry, compute_head, decode_entry, encode_entry

__all__ = ["QUEUE", "Queue", "decode_queue", "encode_queue", "read_queue"]

QUEUE: Final = "queue.json"
_FORMAT: Final = "zkmargin queue"
_VERSION: Final = 1
MAX_QUEUE_BYTES: Final = 64 * 2**20
_HEAD_BYTES: Final = 32


@dataclass(frozen=True)
class _QueueRecord:
    first: int
    head_before: str
    entries: tuple[str, ...]
    head: str


@dataclass(frozen=True)
class Queue:
    """Consecutive entries of the queue."""

    first: int  # the first one's place, counted from 0
    entries: tuple[Entry, ...]
    head_before: bytes = EMPTY_HEAD  # of a batch file alone the entries before are not known: its chain begins anew

    def get_from(self, place: int) -> Sequence[Entry] | None:
        """Return the entries from this place on, or None where that is not in this part of the queue."""
        start = place - self.first
        return self.entries[start:] if 0 <= start <= len(self.entries) else None


def encode_queue(queue: Queue) -> bytes:
    """Return the queue as JSON text."""
    entries = tuple(spell_hex(encode_entry(entry)) for entry in queue.entries)
    head = compute_head(queue.entries, queue.head_before)
    record = _QueueRecord(queue.first, spell_hex(queue.head_before), entries, spell_hex(head))
    return encode_versioned(_FORMAT, _VERSION, record)


def read_queue(folder: Path) -> Queue:
    """Return the queue of a folder. Raises FileMissing, FileTooLarge, FileMalformed, also where the head is another."""
    path = folder / QUEUE
    return decode_queue(path, read_limited(path, MAX_QUEUE_BYTES))


def decode_queue(path: Path, data: bytes) -> Queue:
    """Return the queue of the bytes of such a file; `path` names it in errors. Raises FileMalformed."""
    facts = parse_versioned(path, data, _FORMAT, _VERSION)
    if not isinstance(facts.get("entries"), list):
        raise FileMalformed(str(path), "entries", repr(facts.get("entries"))[:80], "a list")
    record = decode_record(path, "file", _QueueRecord, facts)
    if record.first < 0:
        raise FileMalformed(str(path), "first", str(record.first), "0 or more")
    head_before = parse_hex(path, "head_before", record.head_before, _HEAD_BYTES)
    entries = tuple(_decode(path, f"entries[{i}]", text) for i, text in enumerate(record.entries))
    head = parse_hex(path, "head", record.head, _HEAD_BYTES)
    if (expected := compute_head(entries, head_before)) != head:
        raise FileMalformed(str(path), "head", spell_hex(head), f"{spell_hex(expected)}, of the entries")
    return Queue(record.first, entries, head_before)


def _decode(path: Path, where: str, text: object) -> Entry:
    try:
        return decode_entry(parse_hex(path, where, text))
    except ProofInvalid as error:
        raise FileMalformed(str(path), where, str(error), "an entry of the queue") from error

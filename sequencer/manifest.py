"""`manifest.json` of a replay: what it was made from, and each batch file with its digest and its figures."""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Final

from rollup.codec import MAX_FILE_BYTES
from sequencer.errors import FileMalformed
from sequencer.files import read_limited
from sequencer.records import decode_record, encode_versioned, read_versioned

__all__ = [
    "MANIFEST",
    "BatchEntry",
    "Manifest",
    "encode_manifest",
    "read_batch_bytes",
    "read_manifest",
]

MANIFEST: Final = "manifest.json"
FORMAT: Final = "zkmargin replay"
VERSION: Final = 3
MAX_MANIFEST_BYTES: Final = 64 * 2**20


@dataclass(frozen=True)
class BatchEntry:
    """One batch of a replay, in figures."""

    file: str
    sha256: str
    batch_number: int
    timestamp_s: int
    mark_ticks: int
    price_ticks: int  # clearing price of the tape's market
    orders: int
    fills: int
    liquidations: int
    takeovers: int
    deleveraged: int  # accounts closed against their counterparties
    adl_lots: int  # what those took
    deposits: int
    withdrawals: int
    cancels: int
    rejected: int
    fund_atoms: int  # the insurance fund's equity at the marks, after the batch
    bad_debt_atoms: int  # what accounts owe beyond all they have
    congestion_ppm: int
    identity_held: bool  # all cash is the vault's, all longs are shorts
    old_state_root: str  # decimal, as in public.json
    new_state_root: str


@dataclass(frozen=True)
class Manifest:
    """A replay: made from which tape, with which options, and its batches in order."""

    tape: str
    tape_sha256: str
    shape: str
    seed: int
    accounts: int
    groups: int  # how many: group-0000 and so on
    batches: tuple[BatchEntry, ...]


def encode_manifest(manifest: Manifest) -> bytes:
    """Return the manifest as JSON text."""
    return encode_versioned(FORMAT, VERSION, manifest)


def read_manifest(folder: Path) -> Manifest:
    """Return the manifest of a replay's folder. Raises FileMissing, FileTooLarge, FileMalformed."""
    path = folder / MANIFEST
    facts = read_versioned(path, MAX_MANIFEST_BYTES, FORMAT, VERSION)
    batches = facts.get("batches")
    if not isinstance(batches, list):
        raise FileMalformed(str(path), "batches", repr(batches)[:80], "a list")
    entries = tuple(decode_record(path, f"batches[{i}]", BatchEntry, entry) for i, entry in enumerate(batches))
    return decode_record(path, "file", Manifest, facts | {"batches": entries})


def read_batch_bytes(folder: Path, entry: BatchEntry) -> bytes:
    """Return the bytes of a batch file as the manifest knows it. Raises FileMissing, FileTooLarge, FileMalformed."""
    path = folder / entry.file
    if Path(entry.file).name != entry.file:
        raise FileMalformed(str(folder / MANIFEST), "file", repr(entry.file)[:80], "a name without folders")
    data = read_limited(path, MAX_FILE_BYTES)
    if (got := sha256(data).hexdigest()) != entry.sha256:
        raise FileMalformed(str(path), "sha256", got, entry.sha256)
    return data

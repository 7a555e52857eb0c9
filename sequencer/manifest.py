"""`manifest.json` of a replay: what it was made from, and each batch file with its digest and its figures."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, fields
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Final, TypeVar

from rollup.bounded_json import parse_json
from rollup.codec import MAX_FILE_BYTES
from sequencer.errors import FileMalformed
from sequencer.files import read_limited

__all__ = [
    "MANIFEST",
    "BatchEntry",
    "Manifest",
    "decode_record",
    "encode_manifest",
    "read_batch_bytes",
    "read_json",
    "read_manifest",
]

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

    _RecordT = TypeVar("_RecordT", bound=DataclassInstance)

_TYPES: Final[dict[str, type]] = {"str": str, "int": int, "float": float, "bool": bool}

MANIFEST: Final = "manifest.json"
FORMAT: Final = "zkmargin replay"
VERSION: Final = 2
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
    batches: tuple[BatchEntry, ...]


def encode_manifest(manifest: Manifest) -> bytes:
    """Return the manifest as JSON text."""
    return (json.dumps({"format": FORMAT, "version": VERSION, **asdict(manifest)}, indent=1) + "\n").encode()


def read_manifest(folder: Path) -> Manifest:
    """Return the manifest of a replay's folder. Raises FileMissing, FileTooLarge, FileMalformed."""
    path = folder / MANIFEST
    raw = read_json(path, MAX_MANIFEST_BYTES)
    if not isinstance(raw, dict):
        raise FileMalformed(str(path), "file", type(raw).__name__, "an object")
    for name, expected in (("format", FORMAT), ("version", VERSION)):
        if raw.get(name) != expected:
            raise FileMalformed(str(path), name, repr(raw.get(name))[:80], repr(expected))
    batches = raw.get("batches")
    if not isinstance(batches, list):
        raise FileMalformed(str(path), "batches", repr(batches)[:80], "a list")
    entries = tuple(decode_record(path, f"batches[{i}]", BatchEntry, entry) for i, entry in enumerate(batches))
    facts = {name: value for name, value in raw.items() if name not in ("format", "version")}
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


def read_json(path: Path, limit_bytes: int) -> object:
    """Return what a JSON file holds. Raises FileMissing, FileTooLarge, FileMalformed."""
    data = read_limited(path, limit_bytes)
    try:
        return parse_json(data)
    except ValueError as error:
        raise FileMalformed(str(path), "file", str(error)[:80], "JSON") from error


def decode_record(path: Path, where: str, kind: type[_RecordT], raw: object) -> _RecordT:
    """Return a dataclass from a JSON object with exactly its fields; int, float, bool and str are checked.

    Raises FileMalformed.
    """
    names = {field.name for field in fields(kind)}
    if not isinstance(raw, dict) or set(raw) != names:
        raise FileMalformed(str(path), where, repr(raw)[:80], f"an object with {', '.join(sorted(names))}")
    for field in fields(kind):
        expected = _TYPES.get(str(field.type))
        if expected is not None and type(raw[field.name]) is not expected:
            raise FileMalformed(str(path), f"{where}.{field.name}", repr(raw[field.name])[:80], str(field.type))
    return kind(**raw)

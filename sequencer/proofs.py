"""A folder of proofs: `verification_key.json`; each batch's proof and public inputs; `proving.json` about them."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import pairwise
from math import inf
from pathlib import Path
from typing import Final

from sequencer.errors import FileMalformed
from sequencer.records import decode_record, encode_versioned, read_versioned

__all__ = ["PROVING", "VERIFICATION_KEY", "ProofEntry", "ProvingRecord", "encode_record", "read_record"]

PROVING: Final = "proving.json"
VERIFICATION_KEY: Final = "verification_key.json"
_FORMAT: Final = "zkmargin proofs"
_VERSION: Final = 4
MAX_RECORD_BYTES: Final = 64 * 2**20
_MAX_PARTS: Final = 64


@dataclass(frozen=True)
class ProofEntry:
    """One proof and what it took."""

    batch: str
    constraints: int
    witness_s: float
    prove_s: float
    peak_rss_bytes: int  # of the whole process so far
    parts_s: dict[str, float] = field(default_factory=dict)  # of prove_s, by the kernel's stages, in their order

    @property
    def proof_file(self) -> str:
        """Name of the proof's file."""
        return f"{self.batch}.proof.json"

    @property
    def public_file(self) -> str:
        """Name of the public inputs' file."""
        return f"{self.batch}.public.json"


@dataclass(frozen=True)
class ProvingRecord:
    """What a folder of proofs holds."""

    shape: str
    circuit_digest: str
    key: str  # "development": one party made it and could forge proofs
    n_batches: int  # in the folder that was proved
    every: int  # 1: all of them; n: a sample, each n-th from the first
    groups: tuple[int, ...]  # whose files are here: those of the batches proved
    proofs: tuple[ProofEntry, ...]

    @property
    def is_sample(self) -> bool:
        """Whether batches were left out, so that proofs do not go on from one another."""
        return self.every > 1


def encode_record(record: ProvingRecord) -> bytes:
    """Return the record as JSON text."""
    return encode_versioned(_FORMAT, _VERSION, record)


def read_record(folder: Path) -> ProvingRecord:
    """Return the record of a folder of proofs. Raises FileMissing, FileTooLarge, FileMalformed."""
    path = folder / PROVING
    facts = read_versioned(path, MAX_RECORD_BYTES, _FORMAT, _VERSION)
    proofs = facts.get("proofs")
    if not isinstance(proofs, list) or not proofs:
        raise FileMalformed(str(path), "proofs", repr(proofs)[:80], "a list with a proof")
    entries = tuple(decode_record(path, f"proofs[{i}]", ProofEntry, entry) for i, entry in enumerate(proofs))
    for i, entry in enumerate(entries):
        if Path(entry.batch).name != entry.batch:
            raise FileMalformed(str(path), f"proofs[{i}].batch", repr(entry.batch)[:80], "a name without folders")
        _check_parts(path, f"proofs[{i}].parts_s", entry.parts_s)
    lists = {"proofs": entries, "groups": _decode_groups(path, facts.get("groups"))}
    record = decode_record(path, "file", ProvingRecord, facts | lists)
    if record.every < 1:
        raise FileMalformed(str(path), "every", str(record.every), "1 or more")
    if len(entries) != (expected := len(range(0, record.n_batches, record.every))):
        what = f"{expected}: every {record.every} of {record.n_batches} batches"
        raise FileMalformed(str(path), "number of proofs", str(len(entries)), what)
    return record


def _check_parts(path: Path, where: str, raw: object) -> None:
    """Raise FileMalformed unless it is seconds by name."""
    seconds = list(raw.values()) if isinstance(raw, dict) else [None]
    if len(seconds) > _MAX_PARTS or any(type(part) is not float or not 0 <= part < inf for part in seconds):
        raise FileMalformed(str(path), where, repr(raw)[:80], f"at most {_MAX_PARTS} names with seconds")


def _decode_groups(path: Path, raw: object) -> tuple[int, ...]:
    """Return the numbers of groups. Raises FileMalformed."""
    if not isinstance(raw, list) or not raw or any(type(number) is not int for number in raw):
        raise FileMalformed(str(path), "groups", repr(raw)[:80], "a list with a number")
    if raw[0] < 0 or any(one >= two for one, two in pairwise(raw)):
        raise FileMalformed(str(path), "groups", repr(raw)[:80], "numbers from 0 on, each once and rising")
    return tuple(raw)

"""A group's two files: `group-0000.blob`, as the base layer carries it, and `group-0000.json`, what goes beside it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final

from rollup.blob import BLOB_BYTES
from rollup.segment import count_elements
from rollup.shapes import ShapeUnknown, get_shape
from sequencer.errors import FileMalformed
from sequencer.files import read_limited, write_atomically
from sequencer.number_files import parse_decimal, parse_hex, spell_hex
from sequencer.records import decode_record, encode_versioned, parse_versioned
from sequencer.sealing import SealedGroup
from verifier.group import MAX_BATCHES, Group, GroupBatch
from verifier.group_check import Opening

__all__ = ["decode_group", "encode_group", "get_group_file", "read_group", "write_group"]

_FORMAT: Final = "zkmargin group"
_VERSION: Final = 1
MAX_GROUP_BYTES: Final = 2**21  # 64 batches of 256 lanes, each with a payment
_ADDRESS_BYTES, _HASH_BYTES, _POINT_BYTES = 20, 32, 48


@dataclass(frozen=True)
class _BatchRecord:
    name: str
    new_root: str
    data_commitment: str
    calldata: str
    clock_and_entries: str


@dataclass(frozen=True)
class _GroupRecord:
    group: int
    shape: str
    chain_id: int
    contract: str
    old_root: str
    first_entry: int
    versioned_hash: str
    commitment: str
    z: str
    value: str
    proof: str
    batches: tuple[_BatchRecord, ...]


def get_group_file(number: int) -> str:
    """Return the name of a group's JSON file; the blob's ends in .blob."""
    return f"group-{number:04}.json"


def write_group(folder: Path, sealed: SealedGroup) -> None:
    """Write both files."""
    path = folder / get_group_file(sealed.group.number)
    write_atomically(path.with_suffix(".blob"), sealed.blob)
    write_atomically(path, encode_group(sealed))


def encode_group(sealed: SealedGroup) -> bytes:
    """Return a group as JSON text."""
    group, opening = sealed.group, sealed.opening
    record = _GroupRecord(
        group=group.number,
        shape=sealed.shape,
        chain_id=group.chain_id,
        contract=spell_hex(group.contract.to_bytes(_ADDRESS_BYTES, "big")),
        old_root=str(group.old_root),
        first_entry=sealed.first_entry,
        versioned_hash=spell_hex(group.versioned_hash),
        commitment=spell_hex(opening.commitment),
        z=str(sealed.z),
        value=str(opening.value),
        proof=spell_hex(opening.proof),
        batches=tuple(
            _BatchRecord(
                name=batch.name,
                new_root=str(batch.new_root),
                data_commitment=str(batch.data_commitment),
                calldata=spell_hex(batch.calldata),
                clock_and_entries=str(batch.clock_and_entries),
            )
            for batch in group.batches
        ),
    )
    return encode_versioned(_FORMAT, _VERSION, record)


def read_group(folder: Path, number: int) -> SealedGroup:
    """Return a group of a folder, nothing of it checked but its form.

    Raises FileMissing, FileTooLarge, FileMalformed.
    """
    path = folder / get_group_file(number)
    data = read_limited(path, MAX_GROUP_BYTES)
    return decode_group(path, data, read_limited(path.with_suffix(".blob"), BLOB_BYTES), number)


def decode_group(path: Path, data: bytes, blob: bytes, number: int) -> SealedGroup:
    """Return a group of the bytes of its two files; `path` names them in errors. Raises FileMalformed."""
    facts = parse_versioned(path, data, _FORMAT, _VERSION)
    batches = facts.get("batches")
    if not isinstance(batches, list) or not 1 <= len(batches) <= MAX_BATCHES:
        raise FileMalformed(str(path), "batches", repr(batches)[:80], f"a list of 1 to {MAX_BATCHES}")
    record = decode_record(path, "file", _GroupRecord, facts)
    if record.group != number:
        raise FileMalformed(str(path), "group", str(record.group), str(number))
    for name, value in (("chain_id", record.chain_id), ("first_entry", record.first_entry)):
        if not 0 <= value < 2**64:
            raise FileMalformed(str(path), name, str(value), "0 to 2**64 - 1")
    opening = Opening(
        commitment=parse_hex(path, "commitment", record.commitment, _POINT_BYTES),
        value=parse_decimal(path, "value", record.value),
        proof=parse_hex(path, "proof", record.proof, _POINT_BYTES),
    )
    z = parse_decimal(path, "z", record.z)
    return SealedGroup(_decode_group(path, record), record.shape, record.first_entry, z, opening, blob)


def _decode_group(path: Path, record: _GroupRecord) -> Group:
    try:
        shape = get_shape(record.shape)
    except ShapeUnknown as error:
        raise FileMalformed(str(path), "shape", repr(error.name)[:80], " or ".join(error.known)) from error
    return Group(
        chain_id=record.chain_id,
        contract=int.from_bytes(parse_hex(path, "contract", record.contract, _ADDRESS_BYTES), "big"),
        old_root=parse_decimal(path, "old_root", record.old_root),
        number=record.group,
        n_elements=count_elements(shape),
        n_lanes=shape.cash_lanes + shape.rescue_lanes,
        versioned_hash=parse_hex(path, "versioned_hash", record.versioned_hash, _HASH_BYTES),
        batches=tuple(_decode_batch(path, f"batches[{i}]", raw) for i, raw in enumerate(record.batches)),
    )


def _decode_batch(path: Path, where: str, raw: object) -> GroupBatch:
    record = decode_record(path, where, _BatchRecord, raw)
    return GroupBatch(
        name=record.name,
        new_root=parse_decimal(path, f"{where}.new_root", record.new_root),
        data_commitment=parse_decimal(path, f"{where}.data_commitment", record.data_commitment),
        calldata=parse_hex(path, f"{where}.calldata", record.calldata),
        clock_and_entries=parse_decimal(path, f"{where}.clock_and_entries", record.clock_and_entries),
    )

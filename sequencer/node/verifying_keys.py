"""The verifying keys of a node, kept in its folder: loading a circuit for them would take most of a start."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final

from rollup.shapes import Shape
from sequencer.files import write_atomically
from sequencer.node.deploying import load_verifying_keys
from sequencer.number_files import parse_hex, spell_hex
from sequencer.progress import Report
from sequencer.records import decode_record, encode_versioned, read_versioned
from sequencer.settlement.deploying import VerifyingKey

__all__ = ["open_verifying_keys"]

_FILE: Final = "verifying-keys.json"
_FORMAT: Final = "zkmargin verifying keys"
_VERSION: Final = 1
_MAX_BYTES: Final = 2**20


@dataclass(frozen=True)
class _Record:
    shape: str
    batches: str
    batches_development: bool
    exits: str
    exits_development: bool


def open_verifying_keys(
    folder: Path, keys_dir: Path, shape: Shape, report: Report
) -> tuple[VerifyingKey, VerifyingKey]:
    """Return the keys of batches and of exits that the node's contract was given, or is to be given.

    Raises KeyUnusable, FileTooLarge, FileMalformed.
    """
    path = folder / _FILE
    if not path.exists():
        batches, exits = load_verifying_keys(keys_dir, shape, report)
        facts = (spell_hex(batches.key_be), batches.is_development, spell_hex(exits.key_be), exits.is_development)
        write_atomically(path, encode_versioned(_FORMAT, _VERSION, _Record(shape.name, *facts)))
    record = decode_record(path, "file", _Record, read_versioned(path, _MAX_BYTES, _FORMAT, _VERSION))
    batches_be, exits_be = (parse_hex(path, name, getattr(record, name)) for name in ("batches", "exits"))
    return (
        VerifyingKey(batches_be, record.batches_development),
        VerifyingKey(exits_be, record.exits_development),
    )

"""The verifying keys of a node, kept in its folder: to find them again is to build the circuit, seconds at each start.

They are those that its contract was deployed with, so a proof under any other key is refused here as it would be there.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final

from rollup.shapes import Shape
from sequencer.files import sync_folder, write_atomically
from sequencer.node.deploying import load_verifying_keys
from sequencer.number_files import parse_hex, spell_hex
from sequencer.progress import Report
from sequencer.records import decode_record, encode_versioned, read_versioned
from sequencer.settlement.deploying import VerifyingKey

__all__ = ["KEPT_KEYS", "keep_verifying_keys"]

KEPT_KEYS: Final = "verifying-keys.json"
_FORMAT: Final = "zkmargin verifying keys"
_VERSION: Final = 1
_MAX_BYTES: Final = 2**16


@dataclass(frozen=True)
class _Record:
    shape: str
    batches: str
    exits: str
    is_batches_development: bool
    is_exits_development: bool


def keep_verifying_keys(
    folder: Path, keys_dir: Path, shape: Shape, report: Report
) -> tuple[VerifyingKey, VerifyingKey]:
    """Return the keys of batches of a shape and of exits: the folder's, else those of `load_verifying_keys`, now kept.

    Raises KeyUnusable, FileMalformed, FileTooLarge.
    """
    path = folder / KEPT_KEYS
    if path.exists():
        kept = decode_record(path, "file", _Record, read_versioned(path, _MAX_BYTES, _FORMAT, _VERSION))
        if kept.shape == shape.name:
            batches = VerifyingKey(parse_hex(path, "batches", kept.batches), kept.is_batches_development)
            return batches, VerifyingKey(parse_hex(path, "exits", kept.exits), kept.is_exits_development)
    batches, exits = load_verifying_keys(keys_dir, shape, report)
    texts = (spell_hex(batches.key_be), spell_hex(exits.key_be))
    record = _Record(shape.name, *texts, batches.is_development, exits.is_development)
    write_atomically(path, encode_versioned(_FORMAT, _VERSION, record))
    sync_folder(folder)
    return batches, exits

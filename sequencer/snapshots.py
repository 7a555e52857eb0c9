"""Snapshot files: `genesis.zks` and `snapshot.zks` of a replay, the state before its first batch and after its last."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from rollup.params import Params
from rollup.snapshot import MAX_SNAPSHOT_BYTES, Snapshot, decode_snapshot, encode_snapshot
from rollup.state import State
from sequencer.files import read_limited, write_atomically

__all__ = ["GENESIS", "SNAPSHOT", "read_snapshot", "write_snapshot"]

GENESIS: Final = "genesis.zks"
SNAPSHOT: Final = "snapshot.zks"


def write_snapshot(path: Path, params: Params, state: State) -> None:
    """Write a state with its parameters. Raises SnapshotInvalid where it is too large to be read again."""
    write_atomically(path, encode_snapshot(Snapshot(params, state)))


def read_snapshot(path: Path) -> Snapshot:
    """Return the state of a file. Raises FileMissing, FileTooLarge, SnapshotInvalid, SnapshotRootWrong."""
    return decode_snapshot(read_limited(path, MAX_SNAPSHOT_BYTES), str(path))

"""Snapshot files: `genesis.zks` and `snapshot.zks` of a replay, the state before its first batch and after its last."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from rollup.params import Params
from rollup.snapshot import MAX_SNAPSHOT_BYTES, Snapshot, decode_snapshot, decode_snapshot_head, encode_snapshot
from rollup.state import State, StateHeader
from sequencer.files import read_limited, write_atomically

__all__ = ["GENESIS", "SNAPSHOT", "SnapshotFile", "read_snapshot", "write_snapshot"]

GENESIS: Final = "genesis.zks"
SNAPSHOT: Final = "snapshot.zks"


def write_snapshot(path: Path, params: Params, state: State) -> None:
    """Write a state with its parameters. Raises SnapshotInvalid where it is too large to be read again."""
    write_atomically(path, encode_snapshot(Snapshot(params, state)))


def read_snapshot(path: Path) -> Snapshot:
    """Return the state of a file. Raises FileMissing, FileTooLarge, SnapshotInvalid, SnapshotRootWrong."""
    return decode_snapshot(read_limited(path, MAX_SNAPSHOT_BYTES), str(path))


class SnapshotFile:
    """A snapshot: parameters and header are read at once, the accounts each time that they are asked for."""

    def __init__(self, path: Path) -> None:
        """Raises FileMissing, FileTooLarge, SnapshotInvalid, SnapshotRootWrong."""
        self.path = path
        self.params: Params
        self.header: StateHeader
        self.params, self.header = decode_snapshot_head(read_limited(path, MAX_SNAPSHOT_BYTES), str(path))

    @property
    def state(self) -> State:
        """The whole state. Raises as `read_snapshot`."""
        return read_snapshot(self.path).state

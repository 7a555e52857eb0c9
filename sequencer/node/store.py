"""The store: what a node must not lose, behind one interface. A log of records, snapshots, and named artefacts."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from types import TracebackType
from typing import Final, NamedTuple, Protocol

from rollup.snapshot import MAX_SNAPSHOT_BYTES
from sequencer.node.links import Head, LogRecord, Record

__all__ = [
    "MAX_ARTIFACT_BYTES",
    "MAX_GROUP_BYTES",
    "MAX_GROUP_RECORDS",
    "MAX_READ",
    "MAX_RECORD_BYTES",
    "Artifact",
    "ArtifactInfo",
    "Head",
    "LogRecord",
    "Record",
    "Snapshot",
    "Store",
]

MAX_RECORD_BYTES: Final = 2**20
MAX_GROUP_RECORDS: Final = 100_000
MAX_GROUP_BYTES: Final = 256 * 2**20
MAX_ARTIFACT_BYTES: Final = 128 * 2**20  # writing or reading one takes several times its size in memory
assert MAX_ARTIFACT_BYTES >= 2 * MAX_SNAPSHOT_BYTES  # a state and what a node keeps beside it
MAX_READ: Final = 100_000


class Artifact(NamedTuple):
    """Bytes under a name: kind is `[a-z_]{1,32}`, name `[A-Za-z0-9._-]{1,128}`. Written once, never replaced."""

    kind: str
    name: str
    body: bytes


class ArtifactInfo(NamedTuple):
    """What a list says of an artefact. digest: BLAKE2b-256 of its bytes."""

    name: str
    size_bytes: int
    digest: bytes


class Snapshot(NamedTuple):
    """A state in bytes, and where in the log it stands: behind the record with the head's sequence number."""

    head: Head
    body: bytes


class Store(Protocol):
    """One leader's log, snapshots and artefacts. Methods may be called from any thread; what returned is durable.

    A method that raises has changed nothing, then or later, except StoreUnavailable from a lone `put_artifact` or
    `put_snapshot`, which may be asked again. Any method raises StoreCorrupt, StoreUnavailable, StoreFenced, StoreFull;
    what is outside the limits is StoreRequestInvalid.
    """

    def __enter__(self) -> Store:
        """Return the store itself; leaving the block closes it."""
        ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...

    @property
    def name(self) -> str:
        """The folder, or the URL without user and password: for logs."""
        ...

    @property
    def head(self) -> Head:
        """Sequence number, time and link of the last record."""
        ...

    @property
    def last_sequence(self) -> int:
        """The sequence number of the last record, 0 before the first."""
        ...

    @property
    def epoch(self) -> int:
        """How often this store has been opened to lead: it rises by one each time, and each append is held to it."""
        ...

    def append(self, records: Sequence[Record], *, now_us: int = 0, artifacts: Sequence[Artifact] = ()) -> int:
        """Return the first of the records' sequence numbers once they and the artefacts are durable: all or nothing.

        All take one time: now_us, or the last record's where that is later. Raises ArtifactExists.
        """
        ...

    def read(self, after: int, limit: int) -> list[LogRecord]:
        """Return at most `limit` records with sequence numbers above `after`, ascending; what was truncated is gone."""
        ...

    def replay(self) -> Iterator[list[LogRecord]]:
        """Yield the log from the latest snapshot to its end, in parts, each held to its links. Raises StoreCorrupt."""
        ...

    def put_snapshot(self, sequence: int, body: bytes) -> None:
        """Keep the state behind record `sequence`, which is not before the latest snapshot. The two latest are kept."""
        ...

    def latest_snapshot(self) -> Snapshot | None:
        """Return the snapshot with the highest sequence number, its digest checked."""
        ...

    def truncate(self, up_to: int) -> None:
        """Drop the records up to this sequence number, which is at most the latest snapshot's."""
        ...

    def put_artifact(self, kind: str, name: str, body: bytes) -> None:
        """Keep bytes under a name. The same bytes again are no error. Raises ArtifactExists."""
        ...

    def get_artifact(self, kind: str, name: str) -> bytes | None:
        """Return the bytes, their digest checked, or None."""
        ...

    def list_artifacts(self, kind: str, after: str = "", limit: int = MAX_READ) -> list[ArtifactInfo]:
        """Return at most `limit` artefacts of a kind whose names (as bytes) come after `after`, ascending."""
        ...

    def remove_artifacts(self, kind: str, below: str) -> int:
        """Remove the artefacts of a kind whose names (as bytes) come before `below`; return how many. In steps."""
        ...

    def backup(self, path: Path) -> Head:
        """Write all of the store, as it stands at one moment, to one file, and return its head. Appends go on."""
        ...

    def restore(self, path: Path) -> None:
        """Fill this store, which must be empty, from a backup of either kind of store. Checks every link and digest."""
        ...

    def close(self) -> None:
        """Give up the lead. Calling again does nothing."""
        ...

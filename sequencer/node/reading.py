"""A node's store read by another process, while the node runs or after it stopped: no lock taken, nothing written.

SQLite alone, in the node's folder or as a backup: a store in PostgreSQL is read from a backup of it (docs/node-ops.md).
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Final
from urllib.parse import quote

from sequencer.errors import FileMissing
from sequencer.node.errors import StoreCorrupt, StoreUnavailable
from sequencer.node.links import Head, LogRecord, find_broken_link
from sequencer.node.sql import FORMAT_VERSION, Session
from sequencer.node.sql_artifacts import get_artifact
from sequencer.node.sqlite_session import SqliteSession, sqlite_errors
from sequencer.node.sqlite_store import DATABASE_FILE

__all__ = ["StoreView", "find_database", "open_view"]

_STORE_FOLDER: Final = "store"  # in a node's data folder, unless its configuration names another
_BUSY_S: Final = 10.0
_READ_RECORDS: Final = 10_000


class StoreView:
    """What a store held at one moment."""

    def __init__(self, session: Session, name: str) -> None:
        """Read where its log ends. Raises StoreCorrupt, StoreUnavailable."""
        self.name = name
        self._session = session
        rows = session.fetch("SELECT version, sequence, time_us, link FROM zkm_head")
        if [row[0] for row in rows] != [FORMAT_VERSION]:
            raise StoreCorrupt(name, "head", repr(rows)[:80], f"one row of format version {FORMAT_VERSION}")
        self.head = Head._make(rows[0][1:])
        [(self._lowest,)] = session.fetch("SELECT min(sequence) FROM zkm_log")

    def read_since(self, time_us: int) -> Iterator[list[LogRecord]]:
        """Yield the records from a time on, in parts, each held to its links. Raises StoreCorrupt, StoreUnavailable."""
        if self._lowest is None:
            return
        at = self._find_place(time_us)
        query = "SELECT sequence, kind, time_us, link, body FROM zkm_log WHERE sequence > %s ORDER BY sequence"
        for rows in self._session.stream(query, (at.sequence,), _READ_RECORDS):
            records = list(map(LogRecord._make, rows))
            if (broken := find_broken_link(at, records)) is not None:
                raise StoreCorrupt(self.name, f"record {broken.sequence}", "another link", "the one its bytes make")
            at = Head(records[-1].sequence, records[-1].time_us, records[-1].link)
            yield records
        if at != self.head:
            raise StoreCorrupt(self.name, "end of the log", f"record {at.sequence}", f"record {self.head.sequence}")

    def get_artifact(self, kind: str, name: str) -> bytes | None:
        """Return the bytes under a name, their digest checked, or None. Raises StoreCorrupt."""
        return get_artifact(self._session, self.name, kind, name)

    def get_last_name(self, kind: str) -> str | None:
        """Return the highest name (as bytes) of a kind of artefacts, None where there is none."""
        [(name,)] = self._session.fetch("SELECT max(name) FROM zkm_artifacts WHERE kind = %s", (kind,))
        return None if name is None else str(name)

    def _find_place(self, time_us: int) -> Head:
        """Return the record before the first of that time or later; of a log that was cut, its own first if need be."""
        low, high = self._lowest, self.head.sequence + 1
        while low < high:
            middle = (low + high) // 2
            low, high = (low, middle) if self._get_place(middle).time_us >= time_us else (middle + 1, high)
        if low == 1:
            return Head(0, 0, bytes(32))
        return self._get_place(max(low - 1, self._lowest))

    def _get_place(self, sequence: int) -> Head:
        query = "SELECT sequence, time_us, link FROM zkm_log WHERE sequence = %s"
        places = [Head._make(row) for row in self._session.fetch(query, (sequence,))]
        if not places or type(places[0].time_us) is not int:
            raise StoreCorrupt(self.name, f"record {sequence}", "none", "a record, the log being whole")
        return places[0]


def find_database(path: Path) -> Path | None:
    """Return the database of a node's data folder, of its store's folder, or of a backup; None where there is none."""
    places = (path / _STORE_FOLDER / DATABASE_FILE, path / DATABASE_FILE) if path.is_dir() else (path,)
    return next((place for place in places if place.is_file()), None)


@contextmanager
def open_view(database: Path) -> Iterator[StoreView]:
    """Yield the store as it stands now. Its leader goes on; the write-ahead log grows while this is open.

    Raises FileMissing, StoreCorrupt, StoreUnavailable.
    """
    if not database.is_file():
        raise FileMissing(str(database), "store of a node")
    log = database.with_name(f"{database.name}-wal")
    is_still = not log.exists()  # nobody has it open: SQLite need take no lock, and leaves no file behind
    uri = f"file:{quote(str(database.absolute()))}?mode=ro{'&immutable=1' if is_still else ''}"
    with sqlite_errors(str(database)):
        connection = sqlite3.connect(uri, uri=True, timeout=_BUSY_S, isolation_level=None)
    with closing(connection):
        with sqlite_errors(str(database)):
            connection.execute("PRAGMA query_only = ON")
            connection.execute("BEGIN")
        yield StoreView(SqliteSession(connection, str(database)), str(database))
    if is_still and log.exists():
        raise StoreUnavailable(str(database), "a node was started on it while it was read; read it again")

"""What a watcher knows, in one sqlite3 file: how far it read, recent block hashes, logs not yet final, and notices.

Write-ahead log with synchronous=FULL: what a transaction wrote is on the disk when it returns. The cursor and the
notices of the blocks up to it are written in one transaction, so that no event is lost or told twice after a crash.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Any, Final

from verifier.base_layer.interface import Log
from verifier.watcher_errors import WatcherStateForeign, WatcherStateMoved

_VERSION: Final = 1
_BUSY_S: Final = 5.0
_LOG_COLUMNS: Final = "block_number, log_index, block_hash, transaction_hash, address, topics, data"
_LOG_SCHEMA: Final = (
    "block_number INTEGER NOT NULL, log_index INTEGER NOT NULL, block_hash BLOB NOT NULL,"
    " transaction_hash BLOB NOT NULL, address BLOB NOT NULL, topics BLOB NOT NULL, data BLOB NOT NULL"
)
_SCHEMA: Final = (
    "CREATE TABLE IF NOT EXISTS watch (one INTEGER PRIMARY KEY CHECK (one = 1), subject TEXT NOT NULL,"
    " version INTEGER NOT NULL, cursor INTEGER NOT NULL, final INTEGER NOT NULL)",
    "CREATE TABLE IF NOT EXISTS blocks (number INTEGER PRIMARY KEY, hash BLOB NOT NULL)",
    f"CREATE TABLE IF NOT EXISTS logs ({_LOG_SCHEMA}, PRIMARY KEY (block_number, log_index))",
    # AUTOINCREMENT: a sequence number is never given twice, even after its notice was handed on and removed
    "CREATE TABLE IF NOT EXISTS notices"
    f" (sequence INTEGER PRIMARY KEY AUTOINCREMENT, kind TEXT NOT NULL, {_LOG_SCHEMA})",
)


class Kind(Enum):
    """What befell a log."""

    SEEN = "seen"  # it stands in a block, which may still be replaced
    UNDONE = "undone"  # its block was replaced: as if it had never been seen
    FINAL = "final"  # its block is final


@dataclass(frozen=True)
class Notice:
    """One thing to tell, in the order in which it befell."""

    sequence: int  # rises from notice to notice: who remembers the last one it dealt with deals with each once
    kind: Kind
    log: Log


@dataclass(frozen=True)
class Step:
    """What one look at the chain changes."""

    undone: Sequence[Log]  # last first
    seen: Sequence[Log]
    blocks: Mapping[int, bytes]  # hashes to remember
    common: int  # blocks above it are forgotten first
    cursor: int
    final: int
    keep_from: int  # hashes of blocks below it are forgotten, the newest one excepted


class WatcherState:
    """The file. Methods that write are one transaction each."""

    def __init__(self, path: Path, subject: str, first_block: int) -> None:
        """Open or create it for this subject. Raises WatcherStateForeign."""
        self._path = str(path)
        try:
            self._open(subject, first_block)
        except sqlite3.DatabaseError as error:
            raise WatcherStateForeign(self._path, str(error), "a watcher's state file") from None

    def _open(self, subject: str, first_block: int) -> None:
        self._db = sqlite3.connect(self._path, timeout=_BUSY_S, isolation_level=None)
        self._db.execute("PRAGMA journal_mode=WAL")
        self._db.execute("PRAGMA synchronous=FULL")
        with self._transaction():
            for statement in _SCHEMA:
                self._db.execute(statement)
            self._db.execute(
                "INSERT OR IGNORE INTO watch VALUES (1, ?, ?, ?, ?)", (subject, _VERSION, first_block - 1, -1)
            )
            (got,) = self._db.execute("SELECT subject, version FROM watch")
        if got != (subject, _VERSION):
            self.close()
            raise WatcherStateForeign(self._path, f"{got[0]}, version {got[1]}", f"{subject}, version {_VERSION}")

    def close(self) -> None:
        """Close the file; the object is of no more use."""
        self._db.close()

    def get_cursor(self) -> int:
        """Return the number of the last block that was read."""
        return int(self._db.execute("SELECT cursor FROM watch").fetchone()[0])

    def get_final(self) -> int:
        """Return the number of the last block that was read and is final; -1 before there is one."""
        return int(self._db.execute("SELECT final FROM watch").fetchone()[0])

    def get_blocks(self) -> dict[int, bytes]:
        """Return the remembered hashes by block number, newest first."""
        return dict(self._db.execute("SELECT number, hash FROM blocks ORDER BY number DESC"))

    def get_logs_above(self, number: int) -> list[Log]:
        """Return the logs, not yet final, of blocks above this one, last first."""
        query = f"SELECT {_LOG_COLUMNS} FROM logs WHERE block_number > ? ORDER BY block_number DESC, log_index DESC"
        return [_make_log(row) for row in self._db.execute(query, (number,))]

    def get_notices(self, limit: int) -> list[Notice]:
        """Return the oldest notices that were not acknowledged."""
        query = f"SELECT sequence, kind, {_LOG_COLUMNS} FROM notices ORDER BY sequence LIMIT ?"
        return [Notice(row[0], Kind(row[1]), _make_log(row[2:])) for row in self._db.execute(query, (limit,))]

    def count_notices(self) -> int:
        """Return how many notices wait to be acknowledged."""
        return int(self._db.execute("SELECT COUNT(*) FROM notices").fetchone()[0])

    def acknowledge(self, sequence: int) -> None:
        """Drop the notices up to this one."""
        with self._transaction():
            self._db.execute("DELETE FROM notices WHERE sequence <= ?", (sequence,))

    def apply(self, step: Step, old_cursor: int) -> int:
        """Record a step and return how many notices it made. Raises WatcherStateMoved where the cursor moved since."""
        with self._transaction():
            moved = self._db.execute(
                "UPDATE watch SET cursor = ?, final = ? WHERE cursor = ?", (step.cursor, step.final, old_cursor)
            )
            if moved.rowcount != 1:
                raise WatcherStateMoved(self._path)
            self._db.execute("DELETE FROM logs WHERE block_number > ?", (step.common,))
            self._db.execute("DELETE FROM blocks WHERE number > ?", (step.common,))
            self._db.executemany("INSERT INTO blocks VALUES (?, ?)", step.blocks.items())
            self._db.executemany("INSERT INTO logs VALUES (?, ?, ?, ?, ?, ?, ?)", map(_make_row, step.seen))
            self._db.execute(
                "DELETE FROM blocks WHERE number < ? AND number < (SELECT MAX(number) FROM blocks)", (step.keep_from,)
            )
            self._notify(Kind.UNDONE, step.undone)
            self._notify(Kind.SEEN, step.seen)
            final = self._take_final(step.final)
            self._notify(Kind.FINAL, final)
        return len(step.undone) + len(step.seen) + len(final)

    def _take_final(self, number: int) -> list[Log]:
        query = f"SELECT {_LOG_COLUMNS} FROM logs WHERE block_number <= ? ORDER BY block_number, log_index"
        logs = [_make_log(row) for row in self._db.execute(query, (number,))]
        self._db.execute("DELETE FROM logs WHERE block_number <= ?", (number,))
        return logs

    def _notify(self, kind: Kind, logs: Iterable[Log]) -> None:
        query = f"INSERT INTO notices (kind, {_LOG_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?)"
        self._db.executemany(query, ((kind.value, *_make_row(log)) for log in logs))

    def _transaction(self) -> _Transaction:
        return _Transaction(self._db)


class _Transaction:
    """BEGIN IMMEDIATE, then COMMIT, or ROLLBACK where anything was raised."""

    def __init__(self, db: sqlite3.Connection) -> None:
        self._db = db

    def __enter__(self) -> None:
        self._db.execute("BEGIN IMMEDIATE")

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        self._db.execute("COMMIT" if kind is None else "ROLLBACK")


def _make_row(log: Log) -> tuple[Any, ...]:
    place = (log.block_number, log.log_index, log.block_hash, log.transaction_hash)
    return (*place, log.address, b"".join(log.topics), log.data)


def _make_log(row: Sequence[Any]) -> Log:
    block_number, log_index, block_hash, transaction_hash, address, topics, data = row
    split = tuple(topics[at : at + 32] for at in range(0, len(topics), 32))
    return Log(address, split, data, block_number, block_hash, transaction_hash, log_index)

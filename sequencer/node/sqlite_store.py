"""The store in a folder: SQLite in WAL mode with `synchronous=FULL`, one connection that writes and one that reads."""

from __future__ import annotations

import os
import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Final, TypeVar

from sequencer.errors import FileMissing
from sequencer.files import sync_folder
from sequencer.node.errors import StoreCorrupt, StoreUnavailable
from sequencer.node.leader_lock import LeaderLock
from sequencer.node.sql import Holder, Session
from sequencer.node.sql_store import SqlStore
from sequencer.node.sqlite_session import SQLITE_SCHEMA, SqliteSession, sqlite_errors
from sequencer.node.sqlite_wal import count_dropped_commits

__all__ = ["DATABASE_FILE", "open_sqlite_store"]

DATABASE_FILE: Final = "store.sqlite3"
_BUSY_S: Final = 10.0
_WAL_KEPT_BYTES: Final = 64 * 2**20
_FOLDER_MODE: Final = 0o700
_FILE_MODE: Final = 0o600
_T = TypeVar("_T")


def open_sqlite_store(folder: Path, holder: Holder, *, is_verified: bool = True) -> SqlStore:
    """Lead the store in a folder, made (mode 0700) where it is missing.

    Raises StoreLocked, StoreCorrupt, StoreFull, StoreUnavailable, and FileMissing where the name is a file's.
    """
    if folder.exists() and not folder.is_dir():
        raise FileMissing(str(folder), "folder (a file has its name)")
    with sqlite_errors(str(folder)):
        folder.mkdir(mode=_FOLDER_MODE, parents=True, exist_ok=True)
        return SqlStore(_SqliteBackend(folder, holder), is_verified=is_verified)


class _SqliteBackend:
    """A `sql.Backend`. SQLite's own files take the mode of the database file."""

    schema = SQLITE_SCHEMA

    def __init__(self, folder: Path, holder: Holder) -> None:
        self.name = str(folder)
        self.holder = holder
        self.on_reconnect: Callable[[Session], None] | None = None  # a file does not hang up
        self._path = folder / DATABASE_FILE
        self._broken = ""
        self._lock = LeaderLock(folder, holder)
        self._writing, self._reading = threading.RLock(), threading.RLock()
        try:
            os.close(os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, _FILE_MODE))
            with sqlite_errors(self.name):
                self._writer = _connect(self._path)
                self._reader = _connect(self._path)
                self._set_up()
            sync_folder(folder)
        except BaseException:
            self._lock.release()
            raise

    def _set_up(self) -> None:
        [(mode,)] = self._writer.execute("PRAGMA journal_mode = WAL").fetchall()
        if mode != "wal":
            raise StoreUnavailable(self.name, f"SQLite offers journal mode {mode} here, not WAL: no local disk?")
        self._check_log()
        self._writer.execute("PRAGMA synchronous = FULL")  # fsync of the log at each commit; NORMAL leaves it out
        self._writer.execute(f"PRAGMA journal_size_limit = {_WAL_KEPT_BYTES}")
        self._reader.execute("PRAGMA query_only = ON")

    def _check_log(self) -> None:
        """Raise StoreCorrupt where SQLite dropped synced commits from its write-ahead log; leave the log empty."""
        [(_, n_valid, _)] = self._writer.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchall()
        [(page_bytes,)] = self._writer.execute("PRAGMA page_size").fetchall()
        n_dropped = count_dropped_commits(self._path.with_name(f"{DATABASE_FILE}-wal"), page_bytes, n_valid)
        if n_dropped > 1:  # one may have been cut short by a crash before it was synced
            raise StoreCorrupt(
                self.name, f"{DATABASE_FILE}-wal", f"{n_dropped} commits that fit no checksum", "one at most"
            )
        self._writer.execute("PRAGMA wal_checkpoint(TRUNCATE)")

    def write(self, work: Callable[[Session], _T]) -> _T:
        """Return what `work` returns, its transaction synced to disk."""
        with self._writing, self._minding_syncs(), sqlite_errors(self.name), _transaction(self._writer, "IMMEDIATE"):
            return work(SqliteSession(self._writer, self.name))

    def read(self, work: Callable[[Session], _T]) -> _T:
        """Return what `work` makes of the last commit before it."""
        with self._reading, sqlite_errors(self.name), _transaction(self._reader, "DEFERRED"):
            return work(SqliteSession(self._reader, self.name))

    def read_apart(self, work: Callable[[Session], _T]) -> _T:
        """Do as `read` does, on a connection of its own: for what takes long. The write-ahead log grows meanwhile."""
        with (
            sqlite_errors(self.name),
            closing(_connect(self._path)) as connection,
            _transaction(connection, "DEFERRED"),
        ):
            return work(SqliteSession(connection, self.name))

    @contextmanager
    def _minding_syncs(self) -> Iterator[None]:
        """After a failed fsync nobody knows what the disk holds, and a second one would not say: stop writing."""
        if self._broken:
            raise StoreUnavailable(self.name, f"{self._broken}; nothing is written until the store is opened anew")
        try:
            yield
        except StoreUnavailable as error:
            if "FSYNC" in error.fact:
                self._broken = error.fact
            raise

    def close(self) -> None:
        """Close the files, which empties the write-ahead log, and give up the lead."""
        with self._writing, self._reading:
            self._reader.close()
            self._writer.close()
            self._lock.release()


def _connect(path: Path) -> sqlite3.Connection:
    return sqlite3.connect(path, timeout=_BUSY_S, isolation_level=None, check_same_thread=False)


@contextmanager
def _transaction(connection: sqlite3.Connection, mode: str) -> Iterator[None]:
    connection.execute(f"BEGIN {mode}")
    try:
        yield
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:  # SQLite ends it itself on some errors
            connection.execute("ROLLBACK")
        raise

"""An embedded chain in one sqlite3 file: py-evm's keys and values, blocks, logs, and the keys of its senders.

What a block changes is held back until the block is whole and then written in one transaction (write-ahead log,
synchronous=FULL), so a process that is killed finds the chain at a block. One process has the file at a time.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final, Protocol

from eth.db.backends.base import BaseDB

from verifier.base_layer.errors import BlockUnknown, ChainFileUnusable
from verifier.base_layer.interface import Block, Log

__all__ = ["ChainFile", "HeldBackDB"]

_VERSION: Final = 1
_OWNER_ONLY: Final = 0o600
_WORD: Final = 32
_SCHEMA: Final = (
    "CREATE TABLE IF NOT EXISTS format (version INTEGER NOT NULL)",
    "CREATE TABLE IF NOT EXISTS state (key BLOB PRIMARY KEY, value BLOB NOT NULL) WITHOUT ROWID",
    "CREATE TABLE IF NOT EXISTS blocks (number INTEGER PRIMARY KEY, timestamp_s INTEGER NOT NULL, hash BLOB NOT NULL,"
    " parent_hash BLOB NOT NULL)",
    "CREATE TABLE IF NOT EXISTS logs (block_number INTEGER NOT NULL, log_index INTEGER NOT NULL, address BLOB NOT NULL,"
    " topics BLOB NOT NULL, data BLOB NOT NULL, transaction_hash BLOB NOT NULL, PRIMARY KEY (block_number, log_index))",
    "CREATE TABLE IF NOT EXISTS senders (place INTEGER PRIMARY KEY, private_key BLOB NOT NULL UNIQUE)",
)


class _Fetch(Protocol):
    def __call__(self, query: str, values: Sequence[object] = ()) -> list[tuple[Any, ...]]: ...


class HeldBackDB(BaseDB):
    """py-evm's database: reads from the file, and holds back what is written."""

    def __init__(self, fetch: _Fetch) -> None:
        """Read from an open file by its queries."""
        self._fetch = fetch
        self.changes: dict[bytes, bytes | None] = {}  # None: deleted

    def __getitem__(self, key: bytes) -> bytes:
        if key in self.changes:
            value = self.changes[key]
        else:
            rows = self._fetch("SELECT value FROM state WHERE key = ?", (key,))
            value = rows[0][0] if rows else None
        if value is None:
            raise KeyError(key)
        return value

    def __setitem__(self, key: bytes, value: bytes) -> None:
        self.changes[key] = value

    def __delitem__(self, key: bytes) -> None:
        self[key]  # raises KeyError
        self.changes[key] = None

    def _exists(self, key: bytes) -> bool:
        try:
            self[key]
        except KeyError:
            return False
        return True


class ChainFile:
    """The file, as `BlockRecords` and as py-evm's database. For one thread."""

    def __init__(self, path: Path) -> None:
        """Open or create it, readable by its owner alone. Raises ChainFileUnusable: another process has it, damage."""
        self._path = str(path)
        with self._errors():
            try:
                os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, _OWNER_ONLY))
            except OSError as error:
                raise ChainFileUnusable(self._path, error.strerror or "cannot be opened") from None
            self._connection = sqlite3.connect(path, timeout=0, isolation_level=None)
            self._open()
        self.db = HeldBackDB(self._fetch)

    def _open(self) -> None:
        try:
            # before the first access: then the lock is held until the file is closed, or its process dies
            self._connection.execute("PRAGMA locking_mode = EXCLUSIVE")
            self._connection.execute("PRAGMA journal_mode = WAL")
            self._connection.execute("PRAGMA synchronous = FULL")
            with self._transaction():
                for statement in _SCHEMA:
                    self._connection.execute(statement)
                self._connection.execute(
                    "INSERT INTO format SELECT ? WHERE NOT EXISTS (SELECT * FROM format)", (_VERSION,)
                )
            versions = self._connection.execute("SELECT version FROM format").fetchall()
            if versions != [(_VERSION,)]:
                raise ChainFileUnusable(self._path, f"version {versions}, expected {_VERSION}")
        except BaseException:
            self._connection.close()
            raise

    @property
    def is_empty(self) -> bool:
        """Whether there is no block yet."""
        return self._fetch("SELECT COUNT(*) FROM blocks") == [(0,)]

    def add(self, block: Block, logs: tuple[Log, ...]) -> None:
        """See `BlockRecords`. Raises ChainFileUnusable, and then nothing of the block is kept."""
        changes = self.db.changes
        deleted = [(key,) for key, value in changes.items() if value is None]
        written = [(key, value) for key, value in changes.items() if value is not None]
        try:
            with self._errors(), self._transaction():
                run = self._connection.executemany
                run("DELETE FROM state WHERE key = ?", deleted)
                run("INSERT INTO state VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value", written)
                run("INSERT INTO blocks VALUES (?, ?, ?, ?)", [_make_block_row(block)])
                run("INSERT INTO logs VALUES (?, ?, ?, ?, ?, ?)", map(_make_log_row, logs))
        finally:
            changes.clear()

    def forget(self) -> None:
        """Drop what was written since the last block."""
        self.db.changes.clear()

    def get_head(self) -> Block:
        """See `BlockRecords`."""
        [row] = self._fetch("SELECT * FROM blocks ORDER BY number DESC LIMIT 1")
        return Block(*row)

    def get_block(self, number: int) -> Block:
        """See `BlockRecords`."""
        for row in self._fetch("SELECT * FROM blocks WHERE number = ?", (number,)) if number >= 0 else []:
            return Block(*row)
        raise BlockUnknown(number)

    def get_logs(self, first_block: int, last_block: int) -> tuple[Log, ...]:
        """See `BlockRecords`."""
        query = (
            "SELECT logs.*, blocks.hash FROM logs JOIN blocks ON number = block_number"
            " WHERE block_number BETWEEN ? AND ? ORDER BY block_number, log_index"
        )
        return tuple(map(_read_log_row, self._fetch(query, (first_block, last_block))))

    def add_senders(self, private_keys: Sequence[bytes]) -> None:
        """Keep these keys, once each."""
        with self._errors(), self._transaction():
            self._connection.executemany(
                "INSERT OR IGNORE INTO senders (private_key) VALUES (?)", [(key,) for key in private_keys]
            )

    def get_senders(self) -> list[bytes]:
        """Return the keys in the order in which they came."""
        return [key for (key,) in self._fetch("SELECT private_key FROM senders ORDER BY place")]

    def close(self) -> None:
        """Give the file up. Calling again does nothing."""
        self._connection.close()

    def _fetch(self, query: str, values: Sequence[object] = ()) -> list[tuple[Any, ...]]:
        with self._errors():
            return self._connection.execute(query, values).fetchall()

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        self._connection.execute("BEGIN IMMEDIATE")
        try:
            yield
            self._connection.execute("COMMIT")
        except BaseException:
            if self._connection.in_transaction:
                self._connection.execute("ROLLBACK")
            raise

    @contextmanager
    def _errors(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.Error as error:
            is_busy = getattr(error, "sqlite_errorcode", 0) & 0xFF == sqlite3.SQLITE_BUSY
            fact = "another process has it" if is_busy else f"{type(error).__name__}: {error}"[:200]
            raise ChainFileUnusable(self._path, fact) from error


def _make_block_row(block: Block) -> tuple[Any, ...]:
    return (block.number, block.timestamp_s, block.hash, block.parent_hash)


def _make_log_row(log: Log) -> tuple[Any, ...]:
    return (log.block_number, log.log_index, log.address, b"".join(log.topics), log.data, log.transaction_hash)


def _read_log_row(row: tuple[Any, ...]) -> Log:
    number, index, address, topics, data, transaction_hash, block_hash = row
    split = tuple(topics[at : at + _WORD] for at in range(0, len(topics), _WORD))
    return Log(address, split, data, number, block_hash, transaction_hash, index)

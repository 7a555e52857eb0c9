"""SQLite as the store uses it: a session over one connection, and what its errors mean."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from errno import EDQUOT, ENOSPC
from typing import Any, Final

from sequencer.node.errors import StoreCorrupt, StoreError, StoreFull, StoreUnavailable
from sequencer.node.links import LogRecord
from sequencer.node.sql import format_schema

__all__ = ["SQLITE_SCHEMA", "SqliteSession", "sqlite_errors"]

SQLITE_SCHEMA: Final = format_schema("INTEGER", "BLOB", "TEXT")
# Our statements are fixed and our rows are checked: what SQLite cannot parse, match or fit is not what we wrote.
_CORRUPT: Final = {
    sqlite3.SQLITE_CORRUPT,
    sqlite3.SQLITE_NOTADB,
    sqlite3.SQLITE_ERROR,
    sqlite3.SQLITE_CONSTRAINT,
    sqlite3.SQLITE_MISMATCH,
    sqlite3.SQLITE_FORMAT,
}
_INSERT: Final = "INSERT INTO zkm_log (sequence, kind, time_us, link, body) VALUES "
_ROW: Final = "(?, ?, ?, ?, ?)"
# Rows of one statement, a power of two. Each statement gives Python up and waits for it again, four times.
_ROWS_AT_ONCE: Final = 128
_PRIMARY_CODE: Final = 0xFF  # an extended result code holds its primary code in the low byte


class SqliteSession:
    """A `sql.Session` over a connection in autocommit mode; the transaction is the caller's.

    Each call turns SQLite's errors into the store's: a backup has two sessions at once, and an error is of one of them.
    """

    def __init__(self, connection: sqlite3.Connection, store: str) -> None:
        self._connection = connection
        self._store = store

    def run(self, sql: str, values: Sequence[object] = ()) -> int:
        """Return how many rows a statement changed."""
        with sqlite_errors(self._store):
            return self._execute(sql, values).rowcount

    def fetch(self, sql: str, values: Sequence[object] = ()) -> list[tuple[Any, ...]]:
        """Return a query's rows."""
        with sqlite_errors(self._store):
            return self._execute(sql, values).fetchall()

    def stream(self, sql: str, values: Sequence[object], n_rows: int) -> Iterator[list[tuple[Any, ...]]]:
        """Yield a query's rows, at most `n_rows` at once."""
        with sqlite_errors(self._store):
            cursor = self._execute(sql, values)
            rows = cursor.fetchmany(n_rows)
        while rows:
            yield rows
            with sqlite_errors(self._store):
                rows = cursor.fetchmany(n_rows)

    def insert_log(self, records: Sequence[LogRecord]) -> None:
        """Add rows to zkm_log."""
        start = 0
        with sqlite_errors(self._store):
            while start < len(records):
                count = min(_ROWS_AT_ONCE, 1 << (len(records) - start).bit_length() - 1)  # few statements, each known
                values = [value for record in records[start : start + count] for value in record]
                self._connection.execute(_INSERT + ", ".join([_ROW] * count), values)
                start += count

    def _execute(self, sql: str, values: Sequence[object]) -> sqlite3.Cursor:
        return self._connection.execute(sql.replace("%s", "?"), values)


@contextmanager
def sqlite_errors(store: str) -> Iterator[None]:
    """Turn what SQLite or the file system raises in the body into StoreCorrupt, StoreFull or StoreUnavailable."""
    try:
        yield
    except sqlite3.Error as error:
        raise _translate(store, error) from error
    except UnicodeDecodeError as error:  # a name in the schema, or a text column
        raise StoreCorrupt(store, "database", f"{error}"[:200], "UTF-8") from error
    except OSError as error:
        kind = StoreFull if error.errno in (ENOSPC, EDQUOT) else StoreUnavailable
        raise kind(store, f"{error.strerror}") from error


def _translate(store: str, error: sqlite3.Error) -> StoreError:
    name = getattr(error, "sqlite_errorname", type(error).__name__)
    code = getattr(error, "sqlite_errorcode", None)
    fact = f"{name}: {error}"[:200]
    if code is None:  # raised by Python's module: a text column that is no UTF-8, or a connection that was closed
        is_text = "decode" in str(error)
        return StoreCorrupt(store, "database", fact, "UTF-8") if is_text else StoreUnavailable(store, fact)
    if code & _PRIMARY_CODE == sqlite3.SQLITE_FULL:
        return StoreFull(store, fact)
    if code & _PRIMARY_CODE in _CORRUPT:
        return StoreCorrupt(store, "database", fact, "a store as it was written")
    return StoreUnavailable(store, fact)

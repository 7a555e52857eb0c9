"""PostgreSQL as the store uses it: connections, a session over one, and what its errors mean, without its secrets."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Final, TypeAlias

import psycopg
from psycopg.conninfo import conninfo_to_dict

from sequencer.node.errors import StoreCorrupt, StoreError, StoreFull, StoreUnavailable
from sequencer.node.links import LogRecord
from sequencer.node.sql import format_schema

__all__ = ["POSTGRES_SCHEMA", "Address", "Connection", "PostgresSession"]

Connection: TypeAlias = psycopg.Connection[tuple[Any, ...]]

# "C": names in the order of their bytes, as SQLite has it
POSTGRES_SCHEMA: Final = format_schema("BIGINT", "BYTEA", 'TEXT COLLATE "C"')
_COPY_FROM_RECORDS: Final = 64  # fewer go faster as one statement each in a pipeline (docs/node-storage.md)
# A dead network ends a connection within about half a minute on either side.
_DEFAULTS: Final[dict[str, str | int]] = {
    "application_name": "zkmargin",
    "connect_timeout": 10,
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 30_000,
}
_SETTINGS: Final = (
    "SET synchronous_commit = on",
    "SET lock_timeout = '10s'",
    "SET tcp_keepalives_idle = 10",
    "SET tcp_keepalives_interval = 5",
    "SET tcp_keepalives_count = 3",
)
_SECRETS: Final = ("password", "sslpassword")
# Appendix A: disk_full; data_corrupted, index_corrupted; integrity violations; undefined table or column, wrong type
_FULL: Final = "53100"
_CORRUPT: Final = ("XX001", "XX002", "23", "42P01", "42703", "42804")


class Address:
    """Where a database is. Its name and its errors hold neither user nor password."""

    def __init__(self, url: str) -> None:
        """Raises StoreUnavailable where the URL cannot be read; what it says is not repeated."""
        try:
            self._parts = conninfo_to_dict(url)
        except psycopg.Error:
            raise StoreUnavailable("postgresql", "the URL is malformed") from None
        host, port, database = (self._parts.get(key) or "" for key in ("host", "port", "dbname"))
        self.name = f"postgresql://{host}{f':{port}' if port else ''}/{database}"

    def connect(self) -> Connection:
        """Return a connection in autocommit mode whose commits are synced. Raises psycopg.Error, StoreUnavailable."""
        defaults = {key: value for key, value in _DEFAULTS.items() if key not in self._parts}
        # the URL's parts, of many types, are the library's own
        connection = psycopg.connect(**(defaults | self._parts), autocommit=True)  # type: ignore[arg-type] # as above
        try:
            for setting in _SETTINGS:
                connection.execute(setting)
            [fsync] = connection.execute("SHOW fsync").fetchall()
            if fsync != ("on",):
                raise StoreUnavailable(self.name, "the server runs with fsync off: what it commits is not durable")
        except BaseException:
            connection.close()
            raise
        return connection

    @contextmanager
    def errors(self) -> Iterator[None]:
        """Turn what psycopg raises in the body into StoreCorrupt, StoreFull or StoreUnavailable."""
        try:
            yield
        except psycopg.Error as error:
            raise self._translate(error) from None  # the chain would print what the facts leave out

    def _translate(self, error: psycopg.Error) -> StoreError:
        state = error.sqlstate or ""
        text = (error.diag.message_primary or str(error)).splitlines() or [""]
        fact = self._redact(f"{type(error).__name__} {state}: {text[0]}"[:300])
        if state == _FULL:
            return StoreFull(self.name, fact)
        if state.startswith(_CORRUPT):
            return StoreCorrupt(self.name, "database", fact, "a store as it was written")
        return StoreUnavailable(self.name, fact)

    def _redact(self, text: str) -> str:
        for key in _SECRETS:
            secret = self._parts.get(key)
            text = text.replace(str(secret), "***") if secret else text
        user = self._parts.get("user")
        return text.replace(f'"{user}"', '"***"') if user else text


class PostgresSession:
    """A `sql.Session` over a connection; the transaction is the caller's. Values cross in binary."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def run(self, sql: str, values: Sequence[object] = ()) -> int:
        """Return how many rows a statement changed."""
        return self._connection.execute(sql, values).rowcount

    def fetch(self, sql: str, values: Sequence[object] = ()) -> list[tuple[Any, ...]]:
        """Return a query's rows."""
        return self._connection.execute(sql, values, binary=True).fetchall()

    def stream(self, sql: str, values: Sequence[object], n_rows: int) -> Iterator[list[tuple[Any, ...]]]:
        """Yield a query's rows from a cursor on the server, at most `n_rows` at once."""
        with self._connection.cursor("zkm_stream", binary=True) as cursor:
            cursor.execute(sql, values)
            while rows := cursor.fetchmany(n_rows):
                yield rows

    def insert_log(self, records: Sequence[LogRecord]) -> None:
        """Add rows to zkm_log: large groups by COPY."""
        with self._connection.cursor() as cursor:
            if len(records) < _COPY_FROM_RECORDS:
                cursor.executemany(
                    "INSERT INTO zkm_log (sequence, kind, time_us, link, body) VALUES (%s, %s, %s, %s, %s)", records
                )
                return
            statement = "COPY zkm_log (sequence, kind, time_us, link, body) FROM STDIN (FORMAT BINARY)"
            with cursor.copy(statement) as copy:
                copy.set_types(["int8", "int8", "int8", "bytea", "bytea"])
                for record in records:
                    copy.write_row(record)

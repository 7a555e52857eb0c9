"""The store behind a PostgreSQL URL. An advisory lock on the writing session leads; the epoch in the head row fences.

The lock goes with the session. A session that died is replaced on the next write, if the lock can be had again and the
epoch is still ours: then what the dead one may have committed unheard is undone (`sql_head.recover`), and the write is
done again.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import suppress
from hashlib import blake2b
from typing import Final, TypeVar

import psycopg

from sequencer.node.errors import StoreLocked, StoreUnavailable
from sequencer.node.postgres_session import POSTGRES_SCHEMA, Address, Connection, PostgresSession
from sequencer.node.sql import Holder, Session
from sequencer.node.sql_store import SqlStore

__all__ = ["is_postgres_url", "open_postgres_store"]

_URL_PREFIXES: Final = ("postgresql://", "postgres://")
_ENDED_BY_SERVER: Final = "57P"  # SQLSTATE: shutdown, crash, starting up, session terminated
_T = TypeVar("_T")


def is_postgres_url(text: str) -> bool:
    """Return whether this names a PostgreSQL database."""
    return text.startswith(_URL_PREFIXES)


def open_postgres_store(url: str, holder: Holder, *, is_verified: bool = True) -> SqlStore:
    """Lead the store in a database; the tables are made where they are missing, in the schema the URL leads to.

    Raises StoreLocked, StoreCorrupt, StoreFull, StoreUnavailable; none of them tells the URL's user or password.
    """
    return SqlStore(_PostgresBackend(Address(url), holder), is_verified=is_verified)


class _PostgresBackend:
    """A `sql.Backend`."""

    schema = POSTGRES_SCHEMA

    def __init__(self, address: Address, holder: Holder) -> None:
        self.name = address.name
        self.holder = holder
        self.on_reconnect: Callable[[Session], None] | None = None
        self._address = address
        self._closed = False
        self._writing, self._reading = threading.RLock(), threading.RLock()
        self._reader: Connection | None = None
        with address.errors():
            self._writer = self._lead()

    def _lead(self) -> Connection:
        """Return a new connection that holds the lock and, where it replaces another, has set right what that left."""
        connection = self._address.connect()
        try:
            if not _try_lock(connection):
                self._refuse(connection)
            if self.on_reconnect is not None:
                with connection.transaction():
                    self.on_reconnect(PostgresSession(connection))
        except BaseException:
            connection.close()
            raise
        return connection

    def _refuse(self, connection: Connection) -> None:
        session = PostgresSession(connection)
        if self.on_reconnect is not None:
            with connection.transaction(force_rollback=True):
                self.on_reconnect(session)  # raises StoreFenced where the lead is another's
            raise StoreUnavailable(
                self.name, "the session that was lost still holds the lead; the server drops it soon"
            )
        [(has_head,)] = session.fetch("SELECT to_regclass('zkm_head') IS NOT NULL")
        rows = session.fetch("SELECT holder_pid, holder_host, since_s FROM zkm_head") if has_head else []
        raise StoreLocked(self.name, *(rows[0] if rows else (0, "unknown", 0)))

    def write(self, work: Callable[[Session], _T]) -> _T:
        """Return what `work` returns, its transaction synced to the server's disk."""
        with self._writing, self._address.errors():
            self._check_open()
            try:
                return _attempt(self._writer, work)
            except psycopg.Error as error:
                if not _is_lost(self._writer, error):
                    raise
            self._writer = self._lead()
            return _attempt(self._writer, work)

    def read(self, work: Callable[[Session], _T]) -> _T:
        """Return what `work` makes of the database as it stands at one moment."""
        with self._reading, self._address.errors():
            self._check_open()
            if self._reader is not None:
                try:
                    return _attempt(self._reader, work)
                except psycopg.Error as error:
                    if not _is_lost(self._reader, error):
                        raise
            self._reader = self._connect_reader()
            return _attempt(self._reader, work)

    def read_apart(self, work: Callable[[Session], _T]) -> _T:
        """Do as `read` does, on a connection of its own: for what takes long."""
        with self._address.errors(), self._connect_reader() as connection:
            return _attempt(connection, work)

    def _connect_reader(self) -> Connection:
        connection = self._address.connect()
        connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
        connection.read_only = True
        return connection

    def _check_open(self) -> None:
        if self._closed:
            raise StoreUnavailable(self.name, "the store is closed")

    def close(self) -> None:
        """End the sessions, and the lead with them."""
        with self._writing, self._reading:
            self._closed = True
            for connection in (self._reader, self._writer):
                if connection is not None:
                    connection.close()


def _attempt(connection: Connection, work: Callable[[Session], _T]) -> _T:
    with connection.transaction():
        return work(PostgresSession(connection))


def _is_lost(connection: Connection, error: psycopg.Error) -> bool:
    if (error.sqlstate or "").startswith(_ENDED_BY_SERVER):
        with suppress(psycopg.Error):
            connection.close()
    return connection.closed


def _try_lock(connection: Connection) -> bool:
    """Take the lock that leads the store in this database and schema, for the life of the session."""
    [(schema,)] = connection.execute("SELECT current_schema()").fetchall()
    digest = blake2b(f"zkmargin store in {schema}".encode(), digest_size=8).digest()
    key = int.from_bytes(digest, "big", signed=True)
    [(is_ours,)] = connection.execute("SELECT pg_try_advisory_lock(%s)", (key,)).fetchall()
    return bool(is_ours)

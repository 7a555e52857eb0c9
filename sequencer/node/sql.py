"""What SQLite and PostgreSQL have in common: the tables, and the two ways a store talks to a database."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any, Final, Protocol, TypeVar

from sequencer.node.links import LogRecord

__all__ = ["FORMAT_VERSION", "TABLES", "Backend", "Holder", "Session", "format_schema"]

_T = TypeVar("_T")
Holder = tuple[int, str, int]
"""Process, host, and since when (Unix time) it leads."""

FORMAT_VERSION: Final = 1

# Every table and its columns, in the order in which a backup holds and a restore fills them.
TABLES: Final = {
    "zkm_log": ("sequence", "kind", "time_us", "link", "body"),
    "zkm_snapshots": ("sequence", "time_us", "link", "digest", "body"),
    "zkm_artifacts": ("kind", "name", "sequence", "digest", "body"),
    "zkm_head": ("one", "version", "epoch", "sequence", "time_us", "link", "holder_pid", "holder_host", "since_s"),
}

_SCHEMA: Final = (
    "CREATE TABLE IF NOT EXISTS zkm_log (sequence {int} PRIMARY KEY, kind {int} NOT NULL, time_us {int} NOT NULL, "
    "link {bytes} NOT NULL, body {bytes} NOT NULL)",
    "CREATE TABLE IF NOT EXISTS zkm_snapshots (sequence {int} PRIMARY KEY, time_us {int} NOT NULL, "
    "link {bytes} NOT NULL, digest {bytes} NOT NULL, body {bytes} NOT NULL)",
    # sequence: the log's last when it was written, so that what an undone append left can be told
    "CREATE TABLE IF NOT EXISTS zkm_artifacts (kind {text} NOT NULL, name {text} NOT NULL, sequence {int} NOT NULL, "
    "digest {bytes} NOT NULL, body {bytes} NOT NULL, PRIMARY KEY (kind, name))",
    "CREATE TABLE IF NOT EXISTS zkm_head (one {int} PRIMARY KEY CHECK (one = 1), version {int} NOT NULL, "
    "epoch {int} NOT NULL, sequence {int} NOT NULL, time_us {int} NOT NULL, link {bytes} NOT NULL, "
    "holder_pid {int} NOT NULL, holder_host {text} NOT NULL, since_s {int} NOT NULL)",
)


def format_schema(integer: str, binary: str, text: str) -> tuple[str, ...]:
    """Return the statements that make the tables, in a database's own words for the three types."""
    return tuple(line.format(int=integer, bytes=binary, text=text) for line in _SCHEMA)


class Session(Protocol):
    """One transaction. Placeholders are `%s`."""

    def run(self, sql: str, values: Sequence[object] = ()) -> int:
        """Return how many rows a statement changed."""
        ...

    def fetch(self, sql: str, values: Sequence[object] = ()) -> list[tuple[Any, ...]]:
        """Return a query's rows."""
        ...

    def stream(self, sql: str, values: Sequence[object], n_rows: int) -> Iterator[list[tuple[Any, ...]]]:
        """Yield a query's rows, at most `n_rows` at once in memory."""
        ...

    def insert_log(self, records: Sequence[LogRecord]) -> None:
        """Add rows to zkm_log by the fastest way there is."""
        ...


class Backend(Protocol):
    """A database that this process leads."""

    name: str
    schema: tuple[str, ...]
    holder: Holder
    on_reconnect: Callable[[Session], None] | None
    """Run in the first transaction of a connection that replaces a lost one, before anything else is written."""

    def write(self, work: Callable[[Session], _T]) -> _T:
        """Return what `work` returns once its transaction is durable. May run it again where a connection was lost."""
        ...

    def read(self, work: Callable[[Session], _T]) -> _T:
        """Return what `work` makes of the database as it stands at one moment."""
        ...

    def read_apart(self, work: Callable[[Session], _T]) -> _T:
        """Do as `read` does, on a connection of its own: for what takes long, so that nothing waits for it."""
        ...

    def close(self) -> None:
        """Give up the lead."""
        ...

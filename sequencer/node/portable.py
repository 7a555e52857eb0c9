"""Backups: one SQLite file with the store's tables, whichever database they came from, and read into either."""

from __future__ import annotations

import os
import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

from sequencer.errors import FileMissing
from sequencer.files import sync_folder
from sequencer.node.errors import StoreCorrupt, StoreRequestInvalid
from sequencer.node.links import GENESIS, Head, LogRecord, compute_digest, find_broken_link
from sequencer.node.sql import FORMAT_VERSION, TABLES, Session
from sequencer.node.sql_head import check_epoch
from sequencer.node.sqlite_session import SQLITE_SCHEMA, SqliteSession, sqlite_errors

__all__ = ["check_digest", "fill", "open_backup", "write_backup"]

_ROWS_AT_ONCE: Final = {"zkm_log": 10_000, "zkm_snapshots": 1, "zkm_artifacts": 1}


def check_digest(store: str, where: str, digest: object, body: object) -> bytes:
    """Return the body. Raises StoreCorrupt unless it is bytes that have this digest."""
    if not isinstance(body, bytes) or compute_digest(body) != digest:
        raise StoreCorrupt(store, where, "other bytes", "those of its digest")
    return body


def write_backup(session: Session, path: Path, head: Head) -> None:
    """Write what the store holds up to `head` to a file, mode 0600, whole or not. Raises StoreFull, FileMissing."""
    if not path.parent.is_dir():
        raise FileMissing(str(path.parent), "folder")
    with sqlite_errors(str(path)):
        _write_staged(session, path, head)


def _write_staged(session: Session, path: Path, head: Head) -> None:
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    os.close(descriptor)
    try:
        with closing(sqlite3.connect(name, isolation_level=None)) as target:
            target.execute("PRAGMA synchronous = FULL")
            target.execute("PRAGMA journal_mode = MEMORY")  # the file is dropped where this fails: nothing to roll back
            target.execute("BEGIN")
            _copy(session, target, head)
            target.execute("COMMIT")
        os.replace(name, path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
    sync_folder(path.parent)


def _copy(session: Session, target: sqlite3.Connection, head: Head) -> None:
    for statement in SQLITE_SCHEMA:
        target.execute(statement)
    for table, n_rows in _ROWS_AT_ONCE.items():
        query = f"SELECT {', '.join(TABLES[table])} FROM {table} WHERE sequence <= %s"
        for rows in session.stream(query, (head.sequence,), n_rows):
            target.executemany(_format_insert(table).replace("%s", "?"), rows)
    target.execute(_format_insert("zkm_head").replace("%s", "?"), (1, FORMAT_VERSION, 0, *head, 0, "", 0))


def _format_insert(table: str) -> str:
    columns = TABLES[table]
    return f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({', '.join(['%s'] * len(columns))})"


@contextmanager
def open_backup(path: Path) -> Iterator[SqliteSession]:
    """Yield a session that reads a backup. Raises FileMissing; StoreCorrupt, of the file, from reading it."""
    if not path.is_file():
        raise FileMissing(str(path), "backup")
    # immutable: SQLite writes nothing beside the file, and takes no lock
    uri = f"file:{quote(str(path.absolute()))}?mode=ro&immutable=1"
    with sqlite_errors(str(path)), closing(sqlite3.connect(uri, uri=True, isolation_level=None)) as source:
        yield SqliteSession(source, str(path))


def fill(session: Session, store: str, epoch: int, source: SqliteSession) -> Head:
    """Copy a backup into empty tables and return its head. Raises StoreRequestInvalid, StoreFenced, StoreCorrupt."""
    _check_empty(session, store, epoch)
    rows = source.fetch("SELECT version, sequence, time_us, link FROM zkm_head")
    if [row[0] for row in rows] != [FORMAT_VERSION]:
        raise StoreCorrupt(store, "backup's head", repr(rows)[:80], f"one row of version {FORMAT_VERSION}")
    head = Head._make(rows[0][1:])
    _fill_log(session, store, source, head)
    for table in ("zkm_snapshots", "zkm_artifacts"):
        for [row] in source.stream(f"SELECT {', '.join(TABLES[table])} FROM {table}", (), 1):
            check_digest(store, f"backup's {table}", *row[-2:])
            session.run(_format_insert(table), row)
    session.run("UPDATE zkm_head SET sequence = %s, time_us = %s, link = %s", head)
    return head


def _check_empty(session: Session, store: str, epoch: int) -> None:
    last = check_epoch(session, store, epoch)
    [(n_artifacts,)] = session.fetch("SELECT count(*) FROM zkm_artifacts")
    [(n_snapshots,)] = session.fetch("SELECT count(*) FROM zkm_snapshots")
    if last or n_artifacts or n_snapshots:
        got = f"{last} records, {n_artifacts} artefacts, {n_snapshots} snapshots"
        raise StoreRequestInvalid(store, "restore over", got, "an empty store")


def _fill_log(session: Session, store: str, source: SqliteSession, head: Head) -> None:
    start = at = _find_start(source)
    for rows in source.stream(f"SELECT {', '.join(TABLES['zkm_log'])} FROM zkm_log ORDER BY sequence", (), 10_000):
        records = [LogRecord._make(row) for row in rows]
        behind = [record for record in records if record.sequence > start.sequence]
        broken = find_broken_link(at, behind)
        if broken is not None:
            raise StoreCorrupt(store, f"backup's record {broken.sequence}", "another link", "the one its bytes make")
        session.insert_log(records)
        at = Head(behind[-1].sequence, behind[-1].time_us, behind[-1].link) if behind else at
    if at != head:
        raise StoreCorrupt(store, "backup's end", f"record {at.sequence}", f"record {head.sequence}")


def _find_start(source: SqliteSession) -> Head:
    """Return the lowest place from which the log can be followed: the start, or the first snapshot it reaches."""
    [(lowest,)] = source.fetch("SELECT min(sequence) FROM zkm_log")
    rows: list[tuple[Any, ...]] = source.fetch("SELECT sequence, time_us, link FROM zkm_snapshots ORDER BY sequence")
    places = [GENESIS, *map(Head._make, rows)]
    return next((place for place in places if lowest is not None and place.sequence >= lowest - 1), places[-1])

"""For tests of stores: the two kinds of target, a hand on their tables, and processes that append until killed."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path

import psycopg

from sequencer.node.errors import StoreLocked
from sequencer.node.opening import open_store
from sequencer.node.postgres_store import is_postgres_url
from sequencer.node.sqlite_store import DATABASE_FILE
from sequencer.node.store import Store

ROOT = Path(__file__).parent.parent
PATIENCE_S = 20.0


def edit(target: str, statement: str, values: Sequence[object] = ()) -> None:
    """Change a store's tables behind its back. Placeholders are `%s`."""
    if is_postgres_url(target):
        with psycopg.connect(target, autocommit=True) as connection:
            connection.execute(statement, values)
        return
    with closing(sqlite3.connect(Path(target) / DATABASE_FILE, isolation_level=None)) as file:
        file.execute(statement.replace("%s", "?"), values)


def open_patiently(target: str) -> Store:
    """Open a store whose last leader was just killed: a PostgreSQL server takes a moment to see its session end."""
    end_s = time.monotonic() + PATIENCE_S
    while True:
        try:
            return open_store(target)
        except StoreLocked:
            if time.monotonic() > end_s:
                raise
            time.sleep(0.02)


@contextmanager
def appending(target: str, seed: int) -> Iterator[subprocess.Popen[str]]:
    """Yield a process that appends to the store and prints what it may acknowledge; killed at the end."""
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.append_forever", target, str(seed)],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,  # of a process whose server goes away
        text=True,
        cwd=ROOT,
    )
    try:
        yield process
    finally:
        process.kill()
        process.wait()

"""Opening a store: a folder, or a PostgreSQL URL."""

from __future__ import annotations

import os
import socket
import time
from pathlib import Path

from sequencer.node.postgres_store import is_postgres_url, open_postgres_store
from sequencer.node.sqlite_store import open_sqlite_store
from sequencer.node.store import Store

__all__ = ["open_store"]


def open_store(url_or_path: str | Path, *, is_verified: bool = True) -> Store:
    """Lead the store in a folder (SQLite) or behind `postgresql://user@host/database`; made where there is none.

    The log behind the latest snapshot is verified first; a caller that goes through `Store.replay` at once may leave it
    to that: is_verified=False. Raises StoreLocked naming the leader where there is one, StoreCorrupt, StoreUnavailable,
    StoreFull.
    """
    holder = (os.getpid(), socket.gethostname(), int(time.time()))
    if isinstance(url_or_path, str) and is_postgres_url(url_or_path):
        return open_postgres_store(url_or_path, holder, is_verified=is_verified)
    return open_sqlite_store(Path(url_or_path), holder, is_verified=is_verified)

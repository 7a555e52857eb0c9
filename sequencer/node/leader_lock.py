"""One leader a folder: an fcntl lock on a file in it, which the kernel drops when the process ends, however it ends."""

from __future__ import annotations

import fcntl
import json
import os
import threading
from pathlib import Path
from typing import Final

from sequencer.node.errors import StoreLocked
from sequencer.node.sql import Holder

__all__ = ["LOCK_FILE", "LeaderLock"]

LOCK_FILE: Final = "leader.lock"
_MAX_HOLDER_BYTES: Final = 4096
# fcntl's locks are between processes, and the first close of the file by this one drops them: within it, this decides.
_held: Final[dict[Path, Holder]] = {}
_guard: Final = threading.Lock()


class LeaderLock:
    """Held from construction to `release`. A forked child does not hold it (as it would flock's)."""

    def __init__(self, folder: Path, holder: Holder) -> None:
        """Take the lock and name the holder in the file. Raises StoreLocked naming who holds it."""
        self._path = (folder / LOCK_FILE).resolve()
        with _guard:
            if self._path in _held:
                raise StoreLocked(str(folder), *_held[self._path])
            self._descriptor = _lock(self._path, str(folder))
            _held[self._path] = holder
        try:
            os.ftruncate(self._descriptor, 0)
            os.pwrite(self._descriptor, json.dumps(holder).encode(), 0)
        except BaseException:
            self.release()
            raise

    def release(self) -> None:
        """Drop the lock. Calling again does nothing."""
        with _guard:
            if _held.pop(self._path, None) is not None:
                os.close(self._descriptor)


def _lock(path: Path, store: str) -> int:
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.lockf(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        holder = _read_holder(descriptor)
        os.close(descriptor)
        raise StoreLocked(store, *holder) from None
    return descriptor


def _read_holder(descriptor: int) -> Holder:
    try:
        pid, host, since_s = json.loads(os.pread(descriptor, _MAX_HOLDER_BYTES, 0))
        return int(pid), str(host), int(since_s)
    except (ValueError, TypeError):  # between taking the lock and writing the name
        return 0, "unknown", 0

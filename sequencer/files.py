"""Files that are whole or absent: reading with a limit, writing to a temporary name and renaming."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sequencer.errors import FileMissing, FileTooLarge

__all__ = ["read_limited", "staged_folder", "sync_folder", "write_atomically"]

_PUBLIC_MODE = 0o644
_SECRET_MODE = 0o600


def read_limited(path: Path, limit_bytes: int) -> bytes:
    """Return a file's bytes. Raises FileMissing, or FileTooLarge before reading more than limit_bytes."""
    if not path.is_file():
        raise FileMissing(str(path), "file")
    with path.open("rb") as file:
        data = file.read(limit_bytes + 1)
    if len(data) > limit_bytes:
        raise FileTooLarge(str(path), max(path.stat().st_size, len(data)), limit_bytes)
    return data


def write_atomically(path: Path, data: bytes, *, is_secret: bool = False) -> None:
    """Write a file under a temporary name beside it, sync it, and rename it. Makes the folder where it is missing."""
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.chmod(name, _SECRET_MODE if is_secret else _PUBLIC_MODE)
        os.replace(name, path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


@contextmanager
def staged_folder(out: Path, last: str) -> Iterator[Path]:
    """Yield a temporary folder whose files move into `out` when the body ends well, the one named `last` at the end.

    A reader that finds `last` finds the rest. When the body raises, nothing of it remains, `out` included if it is new.
    Raises FileMissing where `out` exists and is not a folder.
    """
    if out.exists() and not out.is_dir():
        raise FileMissing(str(out), "folder (a file has its name)")
    is_new = not out.exists()
    out.mkdir(parents=True, exist_ok=True)
    stage = Path(tempfile.mkdtemp(dir=out, prefix=".partial-"))
    try:
        yield stage
        (out / last).unlink(missing_ok=True)
        for path in sorted(stage.iterdir(), key=lambda path: path.name == last):
            os.chmod(path, _PUBLIC_MODE)
            os.replace(path, out / path.name)
        stage.rmdir()
    except BaseException:
        shutil.rmtree(stage, ignore_errors=True)
        if is_new and not any(out.iterdir()):
            out.rmdir()
        raise


def sync_folder(folder: Path) -> None:
    """Return when the names in a folder are as durable as the files they name."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)

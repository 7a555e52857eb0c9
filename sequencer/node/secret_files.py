"""Secrets of a node on disk: hexadecimal in files of mode 0600. They are never logged, nor part of an error."""

from __future__ import annotations

import os
import re
import stat
from pathlib import Path
from typing import Final

from verifier.base_layer.node_errors import KeyFileInvalid

__all__ = ["read_secret"]

_OTHERS: Final = stat.S_IRWXG | stat.S_IRWXO


def read_secret(path: Path, n_bytes: int) -> bytes:
    """Return the bytes of a secret. Raises KeyFileInvalid: not there, one that others may read, another length."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError as error:
        raise KeyFileInvalid(str(path), error.strerror or "cannot be opened") from None
    try:
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode):
            raise KeyFileInvalid(str(path), "not a regular file")
        if status.st_mode & _OTHERS:
            raise KeyFileInvalid(str(path), f"mode {stat.S_IMODE(status.st_mode):04o} lets others in")
        raw = os.read(descriptor, 2 * n_bytes + 2)
    finally:
        os.close(descriptor)
    if not re.fullmatch(rb"[0-9a-f]{%d}\s?" % (2 * n_bytes), raw):
        raise KeyFileInvalid(str(path), f"not {n_bytes} bytes in hexadecimal")
    return bytes.fromhex(raw.decode())

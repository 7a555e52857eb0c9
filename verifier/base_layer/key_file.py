"""Private keys from a file that only its owner may read. They are never logged, nor part of an error."""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Final

from eth_account import Account
from eth_account.signers.local import LocalAccount

from verifier.base_layer.node_errors import KeyFileInvalid

_LIMIT_BYTES: Final = 4096  # some sixty keys
_OTHERS: Final = stat.S_IRWXG | stat.S_IRWXO
_KEY: Final = re.compile(r"(0x)?[0-9a-fA-F]{64}")


def read_keys(path: Path) -> tuple[LocalAccount, ...]:
    """Return the accounts of a key file, in its order: one key a line, in hexadecimal, with or without 0x.

    Raises KeyFileInvalid: no such file, a link, one that others may use too, too long, a line that is no key.
    """
    lines = [line.strip() for line in _read(path).splitlines() if line.strip()]
    if not lines or not all(_KEY.fullmatch(line) for line in lines):
        raise KeyFileInvalid(str(path), "a line is not a private key" if lines else "no key")
    if len({line.lower().removeprefix("0x") for line in lines}) != len(lines):
        raise KeyFileInvalid(str(path), "a key stands twice")
    return tuple(_make_account(path, line) for line in lines)


def read_private_file(path: Path, limit_bytes: int, refuse: Callable[[str], Exception]) -> bytes:
    """Return what a file holds that its owner alone may use. Raises what `refuse` makes of the reason if it is none."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError as error:
        raise refuse(error.strerror or "cannot be opened") from None
    try:
        status = os.fstat(descriptor)  # of what was opened: the path may since name another file
        if not stat.S_ISREG(status.st_mode):
            raise refuse("not a regular file")
        if status.st_mode & _OTHERS:
            raise refuse(f"mode {stat.S_IMODE(status.st_mode):04o} lets others in")
        raw = os.read(descriptor, limit_bytes + 1)
    finally:
        os.close(descriptor)
    if len(raw) > limit_bytes:
        raise refuse(f"more than {limit_bytes} bytes")
    return raw


def _read(path: Path) -> str:
    raw = read_private_file(path, _LIMIT_BYTES, lambda reason: KeyFileInvalid(str(path), reason))
    try:
        return raw.decode("ascii")
    except UnicodeDecodeError:
        raise KeyFileInvalid(str(path), "not ASCII") from None


def _make_account(path: Path, line: str) -> LocalAccount:
    try:
        account: LocalAccount = Account.from_key(line)
    except Exception:  # of eth-keys: not in [1, n); whatever it says may show the key, so it is dropped
        raise KeyFileInvalid(str(path), "a key is not of secp256k1's order") from None
    return account

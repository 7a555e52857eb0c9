"""A wallet's passphrase: from a file that its owner alone may read, or asked for. Never on the command line."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Final

from sequencer.client.errors import WalletInvalid
from verifier.base_layer.key_file import read_private_file

__all__ = ["PASSPHRASE_VARIABLE", "read_passphrase"]

PASSPHRASE_VARIABLE: Final = "ZKMARGIN_PASSPHRASE_FILE"  # names a file: a passphrase itself would show in `ps e`
_LIMIT_BYTES: Final = 1024


def read_passphrase(file: Path | None, ask: Callable[[], str]) -> str:
    """Return the first line of the file named, or of the one that the environment names, else what `ask` returns.

    Raises WalletInvalid: no such file, one that others may read, too long, empty, not UTF-8.
    """
    named = os.environ.get(PASSPHRASE_VARIABLE)
    path = file or (Path(named) if named else None)
    if path is None:
        passphrase = ask()
        if not passphrase:
            raise WalletInvalid("passphrase", "empty")
        return passphrase
    raw = read_private_file(
        path, _LIMIT_BYTES, lambda reason: WalletInvalid(str(path), f"{reason}; mode 0600 is wanted")
    )
    try:
        passphrase = raw.decode().split("\n", 1)[0].removesuffix("\r")
    except UnicodeDecodeError:
        raise WalletInvalid(str(path), "not UTF-8") from None
    if not passphrase:
        raise WalletInvalid(str(path), "an empty first line, expected a passphrase")
    return passphrase

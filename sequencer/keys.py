"""The key cache: one proving key a circuit, named by shape (or `exit`) and digest, readable by its owner alone."""

from __future__ import annotations

import fcntl
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Protocol

from prover import kernel
from prover.service import get_service
from sequencer.errors import KeyUnusable
from sequencer.progress import Report

__all__ = ["LoadedKey", "Named", "get_default_keys_dir", "get_key_path", "load_or_make_key"]

_SECRET_FOLDER: Final = 0o700
_SECRET_FILE: Final = 0o600
_DIGEST_HEX: Final = 16  # of 64: enough to tell circuits apart in a name; the file holds the whole digest


def get_default_keys_dir() -> Path:
    """Return `zkmargin/keys` below XDG_CACHE_HOME, which is ~/.cache unless set."""
    cache = os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
    return Path(cache) / "zkmargin" / "keys"


class Named(Protocol):
    """What a key is called after: a shape of batches, or a circuit of its own."""

    @property
    def name(self) -> str: ...


@dataclass(frozen=True)
class LoadedKey:
    """A proving key, and whether it was made just now."""

    path: Path
    key: kernel.ProvingKey
    is_new: bool


def get_key_path(keys_dir: Path, named: Named, circuit: kernel.Circuit) -> Path:
    """Return where the key of a circuit stands: another circuit has another name."""
    return keys_dir / f"{named.name}-{circuit.digest.hex()[:_DIGEST_HEX]}.key"


def load_or_make_key(keys_dir: Path, named: Named, circuit: kernel.Circuit, report: Report) -> LoadedKey:
    """Return the key of the circuit, from the cache or by a development setup. Raises KeyUnusable."""
    path = get_key_path(keys_dir, named, circuit)
    is_new = not path.exists() and _make_key(path, circuit, report)
    key = _load_key(path)
    if key.circuit_digest != circuit.digest:
        raise KeyUnusable(str(path), f"made for circuit {key.circuit_digest.hex()}, this is {circuit.digest.hex()}")
    return LoadedKey(path, key, is_new)


def _make_key(path: Path, circuit: kernel.Circuit, report: Report) -> bool:
    """Make the key unless somebody else does meanwhile; return whether it was made here.

    One process at a time: a second key in place of the first would leave those who hold the first's verifying key with
    proofs that nobody accepts.
    """
    path.parent.mkdir(mode=_SECRET_FOLDER, parents=True, exist_ok=True)
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(folder, fcntl.LOCK_EX)
        if path.exists():
            return False
        kernel.setup(circuit, path, progress=report)
        path.chmod(_SECRET_FILE)
        return True
    finally:
        os.close(folder)  # which lets go


def _load_key(path: Path) -> kernel.ProvingKey:
    try:
        return get_service().load_key(path)
    except ValueError as error:
        raise KeyUnusable(str(path), str(error)) from error

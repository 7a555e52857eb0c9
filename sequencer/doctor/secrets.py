"""Files with secrets: there, plain, of this user, closed to others, well formed. What they hold is never shown."""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

from sequencer.doctor.checks import Check, note, ok, wrong
from sequencer.node.config import NodeConfig
from verifier.base_layer.key_file import read_keys
from verifier.base_layer.node_errors import KeyFileInvalid

__all__ = ["check_secrets"]

_OTHERS: Final = stat.S_IRWXG | stat.S_IRWXO
_LIMIT_BYTES: Final = 4_096
_SIGNING_KEY: Final = re.compile(r"\s*(?:0x)?[0-9a-fA-F]{64}\s*")


def check_secrets(config: NodeConfig) -> Iterator[Check]:
    """Yield a check for the data folder and for each file that the configuration names."""
    yield _check_folder(config.node.data)
    yield _check_file("receipt key", config.receipt_key_path, _find_signing_fault, config.node.receipt_key_file is None)
    named: list[tuple[str, Path | None, Callable[[Path], str | None]]] = [
        ("base layer key", config.base_layer.key_file, _find_base_fault),
        ("base layer address", config.base_layer.url_file, _find_empty),
        ("beacon addresses", config.base_layer.beacon_url_file, _find_empty),
        ("store password", config.store.password_file, _find_empty),
        *((f"oracle key {i}", path, _find_signing_fault) for i, path in enumerate(config.oracle.key_files)),
    ]
    for name, path, find_fault in named:
        if path is not None:
            yield _check_file(name, path, find_fault, is_made=False)


def _check_folder(path: Path) -> Check:
    name = "data folder"
    try:
        status = path.lstat()
    except FileNotFoundError:
        return note(name, f"{path}: not there yet", "it is made at the first start")
    except OSError as error:
        return wrong(name, f"{path}: {error.strerror}", "let this user reach the folder")
    if not stat.S_ISDIR(status.st_mode):
        return wrong(name, f"{path}: no folder", "name another, or move what is there")
    return _check_owner(name, path, status, 0o700)


def _check_file(name: str, path: Path, find_fault: Callable[[Path], str | None], is_made: bool) -> Check:
    try:
        status = path.lstat()
    except FileNotFoundError:
        if is_made:
            return note(name, f"{path}: not there yet", "it is made at the first start: back it up then")
        return wrong(name, f"{path}: no such file", "make the file, or name the one that is meant")
    except OSError as error:
        return wrong(name, f"{path}: {error.strerror}", "let this user reach the file")
    if not stat.S_ISREG(status.st_mode):
        return wrong(name, f"{path}: not a plain file", "put the file itself there, no link")
    answer = _check_owner(name, path, status, 0o600)
    if answer.advice:
        return answer
    fault = find_fault(path)
    return answer if fault is None else wrong(name, f"{path}: {fault}", "write the file anew")


def _check_owner(name: str, path: Path, status: os.stat_result, mode: int) -> Check:
    got = stat.S_IMODE(status.st_mode)
    if status.st_uid != os.geteuid():
        return wrong(
            name, f"{path}: owner {status.st_uid}, this is user {os.geteuid()}", f"chown {os.geteuid()} {path}"
        )
    if got & _OTHERS:
        return wrong(name, f"{path}: mode {got:04o} lets others in", f"chmod {mode:04o} {path}")
    return ok(name, f"{path}: mode {got:04o}")


def _find_signing_fault(path: Path) -> str | None:
    """Return what keeps a file from being a 32-byte key in hexadecimal."""
    text = _read(path)
    return None if text is not None and _SIGNING_KEY.fullmatch(text) else "not 32 bytes in hexadecimal"


def _find_base_fault(path: Path) -> str | None:
    try:
        read_keys(path)
    except KeyFileInvalid as error:
        return error.reason
    return None


def _find_empty(path: Path) -> str | None:
    text = _read(path)
    return None if text is not None and text.strip() else "empty, or not text"


def _read(path: Path) -> str | None:
    try:
        with path.open("rb") as file:
            return file.read(_LIMIT_BYTES + 1).decode("ascii")
    except (OSError, UnicodeDecodeError):
        return None

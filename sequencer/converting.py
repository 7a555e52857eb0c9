"""Proving keys from and to snarkjs's `.zkey` (docs/ceremony.md, "Keys of snarkjs")."""

from __future__ import annotations

from pathlib import Path

from prover import kernel
from sequencer.errors import FileMissing, KeyUnusable, OptionInvalid, ZkeyUnusable
from sequencer.progress import Report

__all__ = ["export_key", "import_key"]


def export_key(key_file: Path, circuit: kernel.Circuit, out: Path, report: Report) -> kernel.ProvingKey:
    """Write a key as `.zkey` and return it. Raises FileMissing, KeyUnusable, OptionInvalid where out exists."""
    _check_files(key_file, out)
    try:
        key = kernel.ProvingKey.load(key_file)
        kernel.export_zkey(key, circuit, out, progress=report)
    except ValueError as refused:
        raise KeyUnusable(str(key_file), _drop_path(refused, key_file)) from refused
    return key


def import_key(zkey_file: Path, circuit: kernel.Circuit, out: Path, report: Report) -> bytes:
    """Write the circuit's key in a `.zkey` to out, for development, and return the verifying key's bytes.

    Raises FileMissing, ZkeyUnusable, OptionInvalid where out exists.
    """
    _check_files(zkey_file, out)
    try:
        return kernel.import_zkey(circuit, zkey_file, out, progress=report)
    except ValueError as refused:
        raise ZkeyUnusable(str(zkey_file), _drop_path(refused, zkey_file)) from refused


def _check_files(source: Path, out: Path) -> None:
    if not source.is_file():
        raise FileMissing(str(source), "file")
    if out.exists():
        raise OptionInvalid("--out", str(out), "a file that is not there yet")


def _drop_path(error: ValueError, path: Path) -> str:
    return str(error).removeprefix(f"{path}: ")

"""A ceremony of many parties for one circuit's key (docs/ceremony.md): its steps, as files."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from prover import kernel
from sequencer.errors import CeremonyInvalid, FileMissing, OptionInvalid, PowersUnusable
from sequencer.progress import Report

__all__ = [
    "Contribution",
    "Started",
    "Verified",
    "add_beacon",
    "add_contribution",
    "start_ceremony",
    "verify_ceremony",
]

_Found = TypeVar("_Found")


@dataclass(frozen=True)
class Contribution:
    """One entry of a key's transcript."""

    name: str
    beacon: bytes | None  # the public value, where it is a beacon's
    iterations_log2: int | None
    link: str  # hexadecimal: what the contributor publishes


@dataclass(frozen=True)
class Started:
    """The first key of a ceremony."""

    path: Path
    start: str  # hexadecimal: what the first contribution hangs on
    powers: kernel.PowersOfTau


@dataclass(frozen=True)
class Verified:
    """A key that is what its powers, circuit and contributions make."""

    contributions: tuple[Contribution, ...]
    is_development: bool  # nobody but beacons contributed
    powers: kernel.PowersOfTau


def start_ceremony(circuit: kernel.Circuit, powers_file: Path, out: Path, report: Report) -> Started:
    """Write the first key, before any contribution.

    Raises FileMissing, PowersUnusable, OptionInvalid where out exists.
    """
    _check_absent(out)
    powers = _load_powers(powers_file, circuit, report)
    start = _ask(lambda: kernel.start_ceremony(circuit, powers, out, progress=report), PowersUnusable, powers_file)
    return Started(out, start.hex(), powers)


def add_contribution(source: Path, out: Path, name: str, text: bytes, report: Report) -> str:
    """Write the next key, with fresh randomness and text mixed in; return its link in hexadecimal.

    Raises FileMissing, CeremonyInvalid, OptionInvalid where out exists or is no file's name.
    """
    _check_source(source, out)
    return _ask(lambda: kernel.contribute(source, out, name, text=text, progress=report), CeremonyInvalid, source).hex()


def add_beacon(source: Path, out: Path, name: str, value: bytes, iterations_log2: int, report: Report) -> str:
    """Write the next key by a public value; return its link in hexadecimal. Raises as add_contribution does."""
    _check_source(source, out)

    def apply() -> bytes:
        return kernel.apply_beacon(source, out, name, value, iterations_log2, progress=report)

    return _ask(apply, CeremonyInvalid, source).hex()


def verify_ceremony(circuit: kernel.Circuit, powers_file: Path, key_file: Path, report: Report) -> Verified:
    """Check a key against circuit and powers.

    Raises FileMissing, PowersUnusable, or CeremonyInvalid, which says what is wrong with the key.
    """
    _check_file(key_file)
    powers = _load_powers(powers_file, circuit, report)
    found = _ask(lambda: kernel.verify_ceremony(circuit, powers, key_file, progress=report), CeremonyInvalid, key_file)
    return Verified(tuple(_read(*entry) for entry in found), all(beacon is not None for _, beacon, _ in found), powers)


def _read(name: str, beacon: tuple[bytes, int] | None, link: bytes) -> Contribution:
    value, iterations_log2 = beacon or (None, None)
    return Contribution(name, value, iterations_log2, link.hex())


def _load_powers(path: Path, circuit: kernel.Circuit, report: Report) -> kernel.PowersOfTau:
    _check_file(path)
    return _ask(lambda: kernel.PowersOfTau.load(path, circuit.domain_log2, progress=report), PowersUnusable, path)


def _ask(ask: Callable[[], _Found], error: type[PowersUnusable] | type[CeremonyInvalid], path: Path) -> _Found:
    try:
        return ask()
    except ValueError as refused:
        fact = str(refused).removeprefix(f"{path}: ")
        raise error(str(path), fact) from refused


def _check_file(path: Path) -> None:
    if not path.is_file():
        raise FileMissing(str(path), "file")


def _check_absent(out: Path) -> None:
    if out.exists():
        raise OptionInvalid("--out", str(out), "a file that is not there yet")


def _check_source(source: Path, out: Path) -> None:
    _check_file(source)
    _check_absent(out)

"""A ceremony of three parties and a beacon over the cubic circuit, for tests to look at and to tamper with."""

from __future__ import annotations

import atexit
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from prover.kernel import (
    Circuit,
    PowersOfTau,
    apply_beacon,
    contribute,
    make_development_powers,
    start_ceremony,
)
from tests.prover.tiny import build_cubic_circuit

SEED: Final = b"tests of the ceremony"
BEACON: Final = b"hash of block 20,000,000"
PARTIES: Final = ("Ada", "Bob", "Cy")


@dataclass(frozen=True)
class Ceremony:
    """Where the files are: powers, and one key for every step, the first before anybody contributed."""

    circuit: Circuit
    powers_file: Path
    powers: PowersOfTau
    keys: tuple[Path, ...]

    @property
    def last(self) -> Path:
        """The key after three parties and the beacon."""
        return self.keys[-1]


@cache
def hold_ceremony() -> Ceremony:
    """Return a ceremony, held once in a process."""
    folder = TemporaryDirectory(prefix="ceremony-")
    atexit.register(folder.cleanup)
    return hold(Path(folder.name), build_cubic_circuit(3))


def hold(folder: Path, circuit: Circuit, *, prepared: bool = False) -> Ceremony:
    """Hold a ceremony of three parties and a beacon in a folder."""
    powers_file = folder / "powers.ptau"
    make_development_powers(powers_file, circuit.domain_log2 + 1, prepared=prepared, seed=SEED)
    powers = PowersOfTau.load(powers_file, circuit.domain_log2)
    keys = tuple(folder / f"{step}.key" for step in range(len(PARTIES) + 2))
    start_ceremony(circuit, powers, keys[0])
    for step, name in enumerate(PARTIES):
        contribute(keys[step], keys[step + 1], name, text=b"typed at random")
    apply_beacon(keys[-2], keys[-1], "beacon", BEACON, 10)
    return Ceremony(circuit, powers_file, powers, keys)

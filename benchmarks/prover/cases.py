"""What is proved: chains of squarings, batches of our shapes, and sums of points, by name."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass

from rollup.field import R

__all__ = ["DEFAULT_CASES", "SHAPE_NAMES", "START", "Case", "Chain", "parse_case"]

DEFAULT_CASES = ("chain-16", "chain-18", "chain-20", "tiny", "small", "block", "msm-g1-20", "msm-g2-20")
SHAPE_NAMES = ("tiny", "small", "block")
ROWS_PER_INSTANCE = 1023
START = int.from_bytes(hashlib.sha256(b"benchmarks/prover").digest(), "big") % R


@dataclass(frozen=True)
class Chain:
    """y = x**(2**rows): every wire a random element, every row a product; just below 2**log2 rows."""

    log2: int  # at least 11

    @property
    def n_instances(self) -> int:
        """Instances of a template with ROWS_PER_INSTANCE rows."""
        return 1 << (self.log2 - 10)

    @property
    def n_rows(self) -> int:
        """2**log2 - 2**(log2 - 10): room for the rows that a prover adds for the public wires."""
        return self.n_instances * ROWS_PER_INSTANCE


@dataclass(frozen=True)
class Case:
    """One line of the table: a chain, a shape, or a sum over a group."""

    name: str
    chain: Chain | None = None
    shape: str | None = None
    group: str | None = None  # g1 or g2
    log2: int = 0  # of the number of points


def parse_case(name: str) -> Case:
    """Return the case of a name. Raises ValueError for another."""
    if name in SHAPE_NAMES:
        return Case(name, shape=name)
    if found := re.fullmatch(r"chain-(1[1-9]|2[0-4])", name):
        return Case(name, chain=Chain(int(found[1])))
    if found := re.fullmatch(r"msm-(g1|g2)-([1-9]|1[0-9]|2[0-4])", name):
        return Case(name, group=found[1], log2=int(found[2]))
    raise ValueError(f"case {name!r}, expected chain-11 to chain-24, tiny, small, block, msm-g1-N or msm-g2-N")

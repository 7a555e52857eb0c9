"""What settling groups of full batches costs, measured once: the same on every run and machine.

To measure it takes half a minute of an EVM in Python (`sequencer.gas_calls`), which a report need not spend. A test
holds these to the figures that the contract is pinned to (tests/pins/gas.json).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

__all__ = ["SETTLE_GAS"]

SETTLE_GAS: Final[Mapping[int, int]] = {1: 368_701, 2: 440_445, 16: 1_272_362, 64: 4_129_648}
"""Gas of one transaction by the number of quiet batches of `block` that it commits and proves, blob gas apart."""

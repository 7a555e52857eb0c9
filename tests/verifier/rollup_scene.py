"""The scene that the Rollup's tests run on: that of sequencer/gas_scene.py with a small shape, on a chain they share.

`test_rollup_proofs.py` has the kernel's proofs.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from typing import Final

import pytest

from sequencer.gas_scene import (
    DAY_S,
    KEY,
    LIMITS,
    PARAMS_HASH,
    START_ROOT,
    WINDOW_S,
    Chain,
    RollupScene,
    make_chain,
)
from sequencer.simulated_groups import BATCH_SETUP, EXIT_SETUP, ProvedGroup, address_int, pay, prove, record
from verifier.base_layer import Reverted

__all__ = [
    "BATCH_SETUP",
    "DAY_S",
    "EXIT_SETUP",
    "KEY",
    "LIMITS",
    "N_LANES",
    "PARAMS_HASH",
    "START_ROOT",
    "WINDOW_S",
    "L",
    "ProvedGroup",
    "Scene",
    "address_int",
    "get_chain",
    "make_chain",
    "pay",
    "prove",
    "record",
    "refuses",
]

L: Final = 5  # elements of a batch's segment
N_LANES: Final = 6

get_chain = cache(make_chain)  # one for all scenes of a process


@dataclass
class Scene(RollupScene):
    """A small shape, and what the contract holds and owes."""

    chain: Chain = field(default_factory=get_chain)
    n_elements: int = L
    n_lanes: int = N_LANES

    def balance_of(self, address: bytes) -> int:
        """Return what an address holds of the token."""
        balance: int = self.token.call("balanceOf", address)
        return balance

    @property
    def vault_e6(self) -> int:
        """What the contract holds."""
        return self.balance_of(self.rollup.address)

    def get_owed(self) -> dict[str, int]:
        """Return what the contract says it owes."""
        return dict(zip(("queued", "in_rollup", "claimable", "fees"), self.rollup.call("owed"), strict=True))


@contextmanager
def refuses(*reasons: str) -> Iterator[None]:
    """Expect a revert whose reason, spelled by the ABI, begins so, or in one of these ways."""
    with pytest.raises(Reverted) as caught:
        yield
    assert caught.value.reason.startswith(reasons), caught.value.reason

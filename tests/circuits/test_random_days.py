"""Random days through the circuit: whatever the model accepts, of any mix of operations, satisfies every constraint."""

from __future__ import annotations

import pytest

from prover.circuit import load_batch
from tests.random_day import SHAPE, RandomDay


@pytest.mark.parametrize("seed", [1, 3, 5])  # each sees fills, liquidations, rejections and every cash operation
def test_every_batch_of_a_random_day_satisfies_the_circuit(seed: int) -> None:
    kernel = load_batch(SHAPE)
    day = RandomDay(seed)
    for _ in range(12):
        trace = day.run_batch().trace
        assert kernel.name_unsatisfied(kernel.compute_witness(trace)) == []
    assert {"Deposit", "Withdraw", "Cancel", "fill", "liquidation", "margin_insufficient"} <= day.seen

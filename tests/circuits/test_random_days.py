"""Random days through the circuit: whatever the model accepts, of any mix of operations, satisfies every constraint."""

from __future__ import annotations

from prover.circuit import load_batch
from tests.random_cash import CASH_KINDS, FAILED_KINDS
from tests.random_day import SHAPE, RandomDay


def test_every_batch_of_random_days_satisfies_the_circuit() -> None:
    kernel = load_batch(SHAPE)
    seen: set[str] = set()
    for seed in (1, 3, 5, 6):
        day = RandomDay(seed)
        for _ in range(12):
            trace = day.run_batch().trace
            assert kernel.name_unsatisfied(kernel.compute_witness(trace)) == []
        seen |= day.seen
    assert seen >= (CASH_KINDS - {"Evict"}) | FAILED_KINDS | {"fill", "liquidation", "margin_insufficient"}

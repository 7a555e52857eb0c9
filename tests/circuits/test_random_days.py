"""Random days through the circuit: whatever the model accepts, of any mix of operations, satisfies every constraint."""

from __future__ import annotations

from prover.circuit import load_batch
from tests.random_cash import CASH_KINDS, FAILED_KINDS
from tests.random_day import SHAPE, RandomDay


def test_every_batch_of_random_days_satisfies_the_circuit() -> None:
    kernel = load_batch(SHAPE)
    seen: set[str] = set()
    for seed in (3, 7, 8, 15):
        day = RandomDay(seed)
        for _ in range(12):
            trace = day.run_batch().trace
            assert kernel.name_unsatisfied(kernel.compute_witness(trace)) == []
        seen |= day.seen
    rescues = {"takeover", "deleveraging", "deficit", "fund fill", "forced trade applied", "forced trade dropped"}
    trades = {"fill", "liquidation", "margin_insufficient", "stale"}
    assert seen >= (CASH_KINDS - {"Evict"}) | FAILED_KINDS | rescues | trades

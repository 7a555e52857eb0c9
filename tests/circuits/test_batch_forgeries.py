"""Forged batches are refused, each by the instances and constraints that it sins against and by no other."""

from __future__ import annotations

from circuits.system import collapse_indices
from circuits.witness import WitnessInputs
from prover.circuit import load_batch
from rollup.shapes import TINY
from tests.circuits.batch_forgeries import forge_batches
from tests.circuits.frame_cases import get_day
from tests.circuits.rechaining import get_ledger, give_inputs, rechain


def find_broken(inputs: WitnessInputs) -> set[str]:
    """Return "instance: constraint class" of all that a batch breaks."""
    kernel = load_batch(TINY)
    broken = kernel.name_unsatisfied(kernel.compute_witness(inputs), limit=kernel.batch.n_constraints)
    parts = (name.partition(": ") for name in broken)
    return {f"{instance}: {collapse_indices(constraint)}" for instance, _, constraint in parts}


def test_honest_batches_rechained_are_themselves() -> None:
    for name, trace in get_day().items():
        assert rechain(trace, get_ledger(name))[0] == trace
        assert find_broken(give_inputs(trace)) == set()


def test_invalid_batches_are_refused_by_the_rule_they_break() -> None:
    forgeries = forge_batches()
    broken = {forgery.name: find_broken(forgery.inputs) for forgery in forgeries}
    assert len(broken) == len(forgeries), "two forgeries share a name"
    assert broken == {forgery.name: forgery.refused_by for forgery in forgeries}
    assert all(broken.values())

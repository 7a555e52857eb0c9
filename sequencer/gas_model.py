"""What the `Rollup` contract charges, as one record: measured with `block` on an embedded EVM of its own.

To a contract a simulated proof is like any other, so nothing is proved for it and no key is read
(verifier/simulator.py).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from rollup.shapes import BLOCK
from sequencer.gas_calls import GROUP_SIZES, STEPS, measure_calls, measure_groups
from sequencer.progress import Report, ignore_progress

__all__ = ["RollupGas", "measure_rollup_gas", "read_figures"]

_GROUP: Final = 16  # proofs in one transaction, for the figure by the order


@dataclass(frozen=True)
class RollupGas:
    """Gas of transactions, all in; a blob's gas is apart."""

    batch_gas: (
        int  # one batch with a deposit and two withdrawals, committed with its blob and proved in one transaction
    )
    marginal_proof_gas: float  # each further proof in proveBatches
    settle_gas: Mapping[int, int]  # by the number of quiet batches that one transaction commits and proves
    amortised_gas_per_order: float  # 16 batches with every order place filled, one blob, one transaction
    deposit_gas: int  # the first of its window: the dearest but for the very first of all
    forced_gas: int  # of the dearest kind
    claim_gas: int
    register_exit_gas: int
    pay_exit_gas: int

    @property
    def exit_gas(self) -> int:
        """Both transactions that an account needs to leave."""
        return self.register_exit_gas + self.pay_exit_gas


def measure_rollup_gas(report: Report = ignore_progress) -> RollupGas:
    """Return the figures. Half a minute, once a process; the same on every run and machine."""
    report("calls of the contract", 0, 2)
    calls = measure_calls()
    report("groups of the contract", 1, 2)
    return read_figures({**calls, **measure_groups()})


def read_figures(gas: Mapping[str, int]) -> RollupGas:
    """Return the record from figures named as `measure_calls` and `measure_groups` name them."""
    settle_gas = {n: gas[f"settle {n} of block"] for n in GROUP_SIZES}
    (_, n_few), (_, n_many) = STEPS[-2:]
    return RollupGas(
        batch_gas=gas["settle 1 of block: a deposit, two withdrawals"],
        marginal_proof_gas=(gas[f"prove {n_many} of 16"] - gas[f"prove {n_few} of 16"]) / (n_many - n_few),
        settle_gas=settle_gas,
        amortised_gas_per_order=settle_gas[_GROUP] / (_GROUP * BLOCK.max_orders),
        deposit_gas=gas["deposit, first of its window"],
        forced_gas=max(used for name, used in gas.items() if name.startswith("forced")),
        claim_gas=gas["claim"],
        register_exit_gas=gas["register an exit"],
        pay_exit_gas=gas["pay an exit"],
    )

"""Time to settlement: from a batch's clearing to the end of the base-layer block that settles it.

Without a rollup that is the blocks that the batch's own transactions fill. With one a batch also waits for the others
of its group, since z, at which all are proved, follows from all of them, and for their proofs.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from rollup.units import COUNTER_BITS
from sequencer.proofs import ProofEntry
from verifier.group import Group

__all__ = ["BLOCK_GAS", "BLOCK_S", "compute_block_seconds", "compute_group_seconds"]

BLOCK_S: Final = 12  # Ethereum's slot
BLOCK_GAS: Final = 36_000_000  # a block's gas limit


def compute_block_seconds(gas: int) -> int:
    """Return the seconds of the blocks that so much gas fills: 12 * max(1, ceil(gas / 36,000,000)).

    Assumes that nobody else's transactions stand in them, and that they begin when the gas is to be spent.
    """
    return BLOCK_S * max(1, -(-gas // BLOCK_GAS))


def compute_group_seconds(group: Group, proofs: Sequence[ProofEntry], gas: int) -> dict[str, float]:
    """Return the seconds from the clearing of each batch of a group to the end of the block that settles the group.

    (time of the group's last batch - time of the batch, by the run's clock) + (witness_s + prove_s of all batches of
    the group, one after another) + blocks of `gas`, that of all transactions that settle the group. Empty where a
    batch of the group was not proved: nothing can settle it then.
    """
    by_batch = {entry.batch: entry.witness_s + entry.prove_s for entry in proofs}
    if any(batch.name not in by_batch for batch in group.batches):
        return {}
    proving_s = sum(by_batch[batch.name] for batch in group.batches)
    cleared_s = {batch.name: batch.clock >> COUNTER_BITS for batch in group.batches}
    last_s = max(cleared_s.values())
    return {name: last_s - own_s + proving_s + compute_block_seconds(gas) for name, own_s in cleared_s.items()}

"""The ways a run is settled on a base layer, behind one interface: what each batch cost, and whether the books agree.

`DirectBackend` is the rival. `RollupBackend` is the rollup, where all of the run is proved: its queue, its blobs and
its proofs, by the contract that would hold the money. Another contract is another backend.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Protocol

from rollup.params import Params
from sequencer.batches import BatchFile
from sequencer.metering import GasCost, split_cost, sum_costs
from sequencer.progress import ignore_progress
from sequencer.rival import DirectRival
from sequencer.sealing import SealedGroup
from sequencer.settlement.settling import RunSettler
from sequencer.settlement_time import compute_block_seconds, compute_group_seconds
from verifier.base_layer import BaseLayer, Reverted

__all__ = ["BatchCost", "DirectBackend", "RollupBackend", "SettlementBackend", "count_orders"]


@dataclass(frozen=True)
class BatchCost:
    """One batch as a backend settled it."""

    batch: str
    orders: int  # order fills and liquidation fills
    auction: GasCost  # of the transaction with the orders
    other: GasCost  # of the batch's other transactions
    reason: str  # why the books do not agree, empty where they do
    seconds: float | None  # from clearing to the end of the block that settles it; None where not known

    @property
    def gas_per_order(self) -> float:
        """Gas of the transaction with the orders, for each. Assumes that there are any."""
        return self.auction.gas / self.orders


class SettlementBackend(Protocol):
    """One way to settle a run, batch by batch in order."""

    @property
    def name(self) -> str:
        """What the table and the plot call it."""
        ...

    def settle(self, batch: BatchFile) -> BatchCost | None:
        """Return what the next batch cost; None where it cannot be settled this way."""
        ...


class DirectBackend:
    """Every order settled by itself: DirectSettlement."""

    name = "direct"

    def __init__(self, layer: BaseLayer, params: Params, seed: int) -> None:
        """Deploy on the layer; the accounts' keys are derived from the seed."""
        self._rival = DirectRival(layer, params, seed)

    def settle(self, batch: BatchFile) -> BatchCost:
        """Settle the batch, and hold the contract's books against the reference."""
        done = self._rival.settle(batch.trace)
        seconds = compute_block_seconds(done.auction.gas + done.other.gas)
        return BatchCost(batch.name, done.orders, done.auction, done.other, done.reason, seconds)


class RollupBackend:
    """The rollup: a run's groups settled by the Rollup contract, each in one transaction that its batches share."""

    name = "rollup"

    def __init__(self, settler: RunSettler | None) -> None:
        """Take a run whose contracts are deployed and nothing settled yet; None where the run is not proved."""
        self._settler, self._costs = settler, dict[str, BatchCost]()
        self._reason = ""

    def settle(self, batch: BatchFile) -> BatchCost | None:
        """Return the batch's part of what its group cost; the group is settled with its first batch.

        `auction` is of the settling transaction, `other` of what fills the queue and claims the payments. After a
        difference nothing more is settled.
        """
        if self._settler is None:
            return None
        if batch.name not in self._costs:
            group = next(group for group in self._settler.run.groups if batch.name in group.names)
            self._costs |= self._settle_group(self._settler, group)
        return replace(self._costs[batch.name], orders=count_orders(batch))

    def _settle_group(self, settler: RunSettler, group: SealedGroup) -> dict[str, BatchCost]:
        auction = other = sum_costs(())
        if not self._reason:
            try:
                done = settler.settle(group, ignore_progress)
                auction, other = done.settle, sum_costs([done.queue, done.claims])
                self._reason = _find_fault(settler, group)
            except Reverted as error:
                self._reason = str(error)
        seconds = compute_group_seconds(group.group, settler.run.record.proofs, auction.gas + other.gas)
        parts = zip(
            group.names, split_cost(auction, len(group.names)), split_cost(other, len(group.names)), strict=True
        )
        return {name: BatchCost(name, 0, mine, rest, self._reason, seconds.get(name)) for name, mine, rest in parts}


def _find_fault(settler: RunSettler, group: SealedGroup) -> str:
    """Return how contract and run differ after a group: by its root, after the last one in all there is."""
    if group is settler.run.groups[-1]:
        return settler.find_fault()
    got, expected = settler.deployed.rollup.call("stateRoot"), group.group.batches[-1].new_root
    return "" if got == expected else f"the contract has state root {got}, expected {expected}"


def count_orders(batch: BatchFile) -> int:
    """Return how many order fills and liquidation fills a batch has."""
    return sum(len(lane.fills) + (lane.liquidation is not None) for lane in batch.trace.order_lanes)

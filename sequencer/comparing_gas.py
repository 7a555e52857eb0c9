"""What a run costs on a base layer, settled one way and another: the columns of `zkmargin compare --evm`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import fmean

from sequencer.batches import BatchFile
from sequencer.gas_backends import BatchCost, SettlementBackend
from sequencer.metering import sum_costs
from sequencer.progress import Report

__all__ = ["GasColumns", "GasComparison", "compare_gas"]


@dataclass(frozen=True)
class GasColumns:
    """One way to settle, summed over the batches that were settled so. Of each order, by the transaction it is in."""

    name: str
    batches: int
    orders: int
    transactions: int  # of all kinds
    gas: int  # of all transactions
    gas_per_order: float | None  # all in; None where there are no orders
    execution_per_order: float | None
    calldata_per_order: float | None  # as charged beside execution
    calldata_floor_per_order: float | None  # EIP-7623's floor, which binds where execution is less than the rest of it
    bytes_per_order: float | None
    gas_all_in_per_order: float | None  # gas of all transactions, ticks and cash operations among them
    seconds_to_settlement: float | None  # mean over the batches of which it is known (sequencer/settlement_time.py)


@dataclass(frozen=True)
class GasComparison:
    """A run, settled by each backend."""

    columns: tuple[GasColumns, ...]
    costs: tuple[tuple[BatchCost, ...], ...]  # by backend

    @property
    def reason(self) -> str:
        """The first difference between a contract's books and the reference, empty where there is none."""
        faults = (f"{cost.batch}: {cost.reason}" for costs in self.costs for cost in costs if cost.reason)
        return next(faults, "")

    def get_gas_per_order(self, name: str) -> float | None:
        """Return a backend's gas for an order, None where it settled none."""
        return next((column.gas_per_order for column in self.columns if column.name == name), None)

    def get_costs(self, name: str) -> tuple[BatchCost, ...]:
        """Return what the batches cost that a backend settled."""
        named = zip(self.columns, self.costs, strict=True)
        return next((costs for column, costs in named if column.name == name), ())

    @property
    def ratio(self) -> float | None:
        """How many times an order costs the rival what it costs the rollup; None where one of them is not known."""
        direct, rollup = (self.get_gas_per_order(name) for name in ("direct", "rollup"))
        return direct / rollup if direct and rollup else None


def compare_gas(batches: Sequence[BatchFile], backends: Sequence[SettlementBackend], report: Report) -> GasComparison:
    """Settle the batches by each backend, in order."""
    costs = tuple(_settle_all(batches, backend, report) for backend in backends)
    columns = tuple(_sum_up(backend.name, own) for backend, own in zip(backends, costs, strict=True))
    return GasComparison(columns, costs)


def _settle_all(batches: Sequence[BatchFile], backend: SettlementBackend, report: Report) -> tuple[BatchCost, ...]:
    costs = []
    for done, batch in enumerate(batches):
        report(f"{backend.name} {batch.name}", done, len(batches))
        cost = backend.settle(batch)
        if cost is not None:
            costs.append(cost)
    return tuple(costs)


def _sum_up(name: str, costs: Sequence[BatchCost]) -> GasColumns:
    auction = sum_costs([cost.auction for cost in costs])
    total = sum_costs([auction, *(cost.other for cost in costs)])
    orders = sum(cost.orders for cost in costs)
    seconds = [cost.seconds for cost in costs if cost.seconds is not None]

    def each(amount: int) -> float | None:
        return amount / orders if orders else None

    return GasColumns(
        name=name,
        batches=len(costs),
        orders=orders,
        transactions=total.transactions,
        gas=total.gas,
        gas_per_order=each(auction.gas),
        execution_per_order=each(auction.execution_gas),
        calldata_per_order=each(auction.calldata_gas),
        calldata_floor_per_order=each(auction.calldata_floor_gas),
        bytes_per_order=each(auction.bytes),
        gas_all_in_per_order=each(total.gas),
        seconds_to_settlement=fmean(seconds) if seconds else None,
    )

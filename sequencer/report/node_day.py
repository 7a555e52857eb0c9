"""What a part of a node's log says, record by record: batches, groups, proofs, settlements and when each was."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from statistics import median
from typing import Final, NamedTuple

from rollup.accounts import Account
from rollup.codec import decode_trace
from rollup.trace import BatchTrace
from rollup.units import FUND_ACCOUNT
from sequencer.node.commands import Kind
from sequencer.node.links import LogRecord
from sequencer.node.outcome import Outcome, SealedBatch, decode_outcome
from sequencer.node.proving_errors import PipelineCorrupt
from sequencer.node.reading import StoreView
from sequencer.node.stages import (
    BATCH,
    SETTLED,
    GroupSealed,
    decode_group_record,
    decode_proved_record,
    decode_settled_record,
    decode_settlement,
    name_batch,
    name_group,
)
from sequencer.report.figures import BatchFigures, Fees, GroupGas, ProofFigures
from sequencer.report.traces import NO_RESCUES, Rescues, compute_fund_atoms, describe_markets

__all__ = ["NodeDay", "StageTimes", "read_trace"]

_US_PER_S: Final = 10**6
_COUNTED: Final = {
    Kind.ORDER: "orders acknowledged",
    Kind.QUOTE: "quotes acknowledged",
    Kind.CANCEL: "cancels acknowledged",
    Kind.CANCEL_ALL: "cancels of everything",
    Kind.CASH: "cash operations",
    Kind.ENTRY: "entries of the queue",
}


class StageTimes(NamedTuple):
    """How many batches of the log came so far, and how long after they were sequenced; None where none did."""

    name: str
    batches: int
    groups: int | None
    median_s: float | None


class NodeDay:
    """Fed in the order of the log, while the store is open; what it keeps of a batch is its figures."""

    def __init__(self, view: StoreView, n_markets: int) -> None:
        """Know nothing yet. Of each batch the first so many markets are kept."""
        self._view, self._n_markets = view, n_markets
        self.n_records = self.n_lost = 0
        self.batches: dict[int, BatchFigures] = {}  # by number
        self.proofs: dict[int, tuple[int, float]] = {}  # by batch: when, and seconds
        self._sequenced_us: dict[int, int] = {}  # by batch
        self._groups: dict[int, tuple[int, GroupSealed]] = {}
        self._settled_us: dict[int, int] = {}  # by group
        self._counts: Counter[int] = Counter()
        self._fund: Account | None = None  # as it was when a batch last changed it

    @property
    def counts(self) -> dict[str, int]:
        """How many records of each kind clients and the queue brought."""
        return {name: self._counts[kind] for kind, name in _COUNTED.items()}

    def add(self, record: LogRecord) -> None:
        """Take in the next record. Raises OutcomeInvalid, RecordMalformed, StoreCorrupt, BatchFileInvalid."""
        self.n_records += 1
        self._counts[record.kind] += 1
        match record.kind:
            case Kind.OUTCOME:
                outcome = decode_outcome(record.body, f"record {record.sequence}")
                if outcome.batch is not None:
                    self._add_batch(record.time_us, outcome, outcome.batch)
            case Kind.GROUP:
                group = decode_group_record(record.body)
                self._groups[group.group] = (record.time_us, group)
            case Kind.PROVED:
                batch, _, seconds = decode_proved_record(record.body)
                self.proofs[batch] = (record.time_us, seconds)
            case Kind.SETTLED:
                self._settled_us[decode_settled_record(record.body)[0]] = record.time_us

    def _add_batch(self, time_us: int, outcome: Outcome, batch: SealedBatch) -> None:
        number = batch.header.batch_number
        self._fund = dict(batch.changed).get(FUND_ACCOUNT, self._fund)
        rescues = self._read_rescues(number) if batch.rescues else NO_RESCUES
        self.batches[number] = _describe(outcome, batch, self._n_markets, rescues, self._fund)
        self._sequenced_us[number] = time_us

    def list_proofs(self) -> Iterator[ProofFigures]:
        """Yield how long the batches' proofs took."""
        for number, (_, seconds) in sorted(self.proofs.items()):
            if number in self.batches:
                yield ProofFigures(name_batch(number), 0.0, seconds, {})

    def list_gas(self) -> Iterator[GroupGas]:
        """Yield what groups cost of which every batch is known, and their gas. Raises StoreCorrupt, PipelineCorrupt."""
        for group in sorted(self._settled_us):
            name = name_group(group)
            raw = self._view.get_artifact(SETTLED, name)
            settled = None if raw is None else decode_settlement(name, raw)
            if settled is None or settled.gas_used is None:
                continue
            facts = (settled.first_batch, settled.n_batches, settled.gas_used)
            if any(type(fact) is not int for fact in facts):
                raise PipelineCorrupt(SETTLED, name, repr(facts)[:80], "whole numbers")
            batches = [self.batches.get(settled.first_batch + place) for place in range(min(settled.n_batches, 64))]
            if all(batches):
                n_orders = sum(found.orders for found in batches if found)
                yield GroupGas(group, settled.n_batches, n_orders, settled.gas_used)

    def measure_stages(self) -> Iterator[StageTimes]:
        """Yield for each stage behind the first how many batches reached it, and the median time it took."""
        grouped = list(self._list_grouped())
        sealed = {batch: time_us for batch, time_us, _ in grouped}
        settled = {batch: self._settled_us[group] for batch, _, group in grouped if group in self._settled_us}
        proved = {batch: time_us for batch, (time_us, _) in self.proofs.items()}
        yield self._measure("sealed", sealed, len(self._groups))
        yield self._measure("proved", proved, None)
        yield self._measure("settled", settled, len(self._settled_us))

    def _list_grouped(self) -> Iterator[tuple[int, int, int]]:
        for time_us, group in self._groups.values():
            for batch in range(group.first_batch, group.first_batch + group.n_batches):
                yield batch, time_us, group.group

    def _measure(self, name: str, times_us: dict[int, int], n_groups: int | None) -> StageTimes:
        known = self._sequenced_us
        took_us = [time_us - known[batch] for batch, time_us in times_us.items() if batch in known]
        return StageTimes(name, len(took_us), n_groups, median(took_us) / _US_PER_S if took_us else None)

    def _read_rescues(self, number: int) -> Rescues:
        trace = read_trace(self._view, name_batch(number))
        self.n_lost += trace is None
        return Rescues(trace)


def read_trace(view: StoreView, name: str) -> BatchTrace | None:
    """Return the batch of that name, None where its file is gone. Raises StoreCorrupt, BatchFileInvalid."""
    raw = view.get_artifact(BATCH, name)
    return None if raw is None else decode_trace(raw, name)


def _describe(
    outcome: Outcome, batch: SealedBatch, n_markets: int, rescues: Rescues, fund: Account | None
) -> BatchFigures:
    header, fills = batch.header, batch.fills
    liquidated = Counter(fill.market for fill in fills if fill.is_liquidation)
    orders, traded = [fill for fill in fills if not fill.is_liquidation], {fill.market for fill in fills}
    return BatchFigures(
        number=header.batch_number,
        timestamp_s=outcome.timestamp_s,
        markets=describe_markets(n_markets, header, batch.prices_ticks, traded, liquidated, rescues),
        fills=len(orders),
        liquidations=liquidated.total(),
        takeovers=rescues.takeovers,
        deleveraged=rescues.deleveraged,
        fees=Fees(
            sum(fill.trading_fee_atoms for fill in orders),
            sum(fill.charge_atoms for fill in orders),
            sum(fill.trading_fee_atoms for fill in fills if fill.is_liquidation),
        ),
        fund_atoms=None if fund is None else compute_fund_atoms(fund, header),
        bad_debt_atoms=None,
        congestion_ppm=header.resources.congestion_ppm,
    )

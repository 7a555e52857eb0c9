"""The whole state again from genesis, the queue's events and the blobs' segments alone. docs/rebuild.md.

What the rules decide by formula is worked out by the model's own functions; what was signed is not published, so that
a batch's validity is its proof's to say. A batch whose data do not fit the state before it is named.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from rollup.activity import sum_activity
from rollup.batch_record import BatchRecord, decode_batch
from rollup.close import close_state
from rollup.fund import compute_notional, run_fund_lane, sum_dues
from rollup.params import Params
from rollup.queue_events import QueueEvents
from rollup.rebuild_cash import apply_cash_records
from rollup.rebuild_rescue import Rescued, apply_rescue_records
from rollup.rebuild_rules import BatchOutOfOrder, RecordMisfit, RootMismatch, Spot
from rollup.rebuild_turns import Traded, apply_turn_records
from rollup.segment import SegmentMalformed
from rollup.shapes import Shape
from rollup.signature_cache import SignatureCache
from rollup.state import State
from rollup.tick import Tick, set_tick
from rollup.trace import FundFillTrace
from rollup.workspace import Workspace

__all__ = ["BatchData", "apply_record", "apply_segment", "rebuild", "rebuild_each"]


@dataclass(frozen=True)
class BatchData:
    """A batch as a blob holds it, and the root it is said to lead to, where that is known."""

    shape: Shape
    elements: Sequence[int]
    state_root: int | None = None


def rebuild(genesis: State, params: Params, batches: Iterable[BatchData], queue: QueueEvents) -> State:
    """Return the state after the batches. Raises as `apply_segment`."""
    state = genesis
    for state in rebuild_each(genesis, params, batches, queue):  # noqa: B007 (the last one counts)
        pass
    return state


def rebuild_each(genesis: State, params: Params, batches: Iterable[BatchData], queue: QueueEvents) -> Iterator[State]:
    """Yield the state after each batch. Raises as `apply_segment`."""
    state = genesis
    for batch in batches:
        state = apply_segment(state, params, batch, queue)
        yield state


def apply_segment(state: State, params: Params, batch: BatchData, queue: QueueEvents) -> State:
    """Return the state after the batch that a segment holds.

    Raises RecordMisfit, BatchOutOfOrder, QueueEntryMissing; RootMismatch unless its root is the one published.
    """
    number = state.header.batch_number + 1
    try:
        record = decode_batch(batch.elements, batch.shape)
    except SegmentMalformed as error:
        raise RecordMisfit(number, f"segment: {error.field}", error.got, error.expected) from error
    after = apply_record(state, params, record, queue)
    if batch.state_root is not None and after.state_root != batch.state_root:
        raise RootMismatch(number, after.state_root, batch.state_root)
    return after


def apply_record(state: State, params: Params, record: BatchRecord, queue: QueueEvents) -> State:
    """Return the state after the batch. Raises RecordMisfit, BatchOutOfOrder, QueueEntryMissing."""
    expected = state.header.batch_number + 1
    if record.batch_number != expected:
        raise BatchOutOfOrder(record.batch_number, expected)
    spot = Spot(expected, "")
    workspace = Workspace(state, params, _set_tick(state, params, record, spot.at("header")), SignatureCache())
    used = apply_cash_records(workspace, record.cash, queue, spot)
    rescued = apply_rescue_records(workspace, record.rescue, queue, spot)
    traded = apply_turn_records(workspace, record.turns, record.clearing_prices_ticks, spot)
    fill = _run_fund(workspace, record, rescued, traded, spot.at("fund"))
    fills = [*traded.fills, *([(fill.market, fill.fill_lots)] if fill else [])]
    activity = sum_activity([*used, *rescued.used], fills, workspace.gross_change_lots)
    prices_ticks = record.clearing_prices_ticks
    with spot.at("close").guard("a state in range"):
        return close_state(workspace, prices_ticks, activity, compute_notional(fill, prices_ticks))


def _set_tick(state: State, params: Params, record: BatchRecord, at: Spot) -> Tick:
    """Return the tick: what came of the oracle stands in the data, the rest follows."""
    before_s = state.header.timestamp_s
    at.require(record.timestamp_s > before_s, f"timestamp {record.timestamp_s}", f"above {before_s}")
    published = (record.timestamp_s, record.marks_ticks, record.signer_times_s)
    with at.guard("times and marks in range"):
        return set_tick(state.header, params, *published, stale=record.is_stale)


def _run_fund(
    workspace: Workspace, record: BatchRecord, rescued: Rescued, traded: Traded, at: Spot
) -> FundFillTrace | None:
    """Let fund and treasury take what the lanes owe them, and return the fund's fill."""
    market, lots = record.fund_fill.market, record.fund_fill.lots
    at.require(lots > 0 or market == 0, f"market {market} without lots", "market 0")
    fill = FundFillTrace(market, lots) if lots else None
    dues = sum_dues(workspace, traded.dues, rescued.rent_atoms)
    with at.guard("what the fund can hold"):
        run_fund_lane(workspace, rescued.fund, dues, fill, record.clearing_prices_ticks)
    return fill

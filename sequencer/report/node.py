"""A node's last hours as a report shows them: from its log, and from files of batches where somebody was rescued."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Final, NamedTuple

from rollup.market_params import MarketParams
from sequencer.errors import RunEmpty
from sequencer.node.errors import StoreCorrupt
from sequencer.node.reading import StoreView, open_view
from sequencer.node.stages import BATCH
from sequencer.progress import Report
from sequencer.report.figures import Fact, Proving, Stage, Subject
from sequencer.report.node_day import NodeDay, read_trace
from sequencer.report.totals import MAX_TIME_S, list_facts
from sequencer.report.traces import list_used_markets

__all__ = ["read_node_subject"]

_US_PER_S: Final = 10**6
_US_PER_HOUR: Final = 3_600 * _US_PER_S


def read_node_subject(database: Path, name: str, hours: float, report: Report) -> Subject:
    """Return what a report of a node's last hours shows, reckoned from the last record of its log.

    Raises FileMissing, StoreCorrupt, StoreUnavailable, OutcomeInvalid, RecordMalformed, PipelineCorrupt,
    BatchFileInvalid, RunEmpty.
    """
    with open_view(database) as view:
        terms = _read_terms(view)
        day = _read_day(view, len(terms.markets) if terms else 0, hours, report)
        gas = tuple(day.list_gas())
        late = [batch for batch in day.batches.values() if batch.timestamp_s > MAX_TIME_S]
        if late:
            raise StoreCorrupt(
                view.name, f"time of batch {late[0].number}", str(late[0].timestamp_s), "before year 10000"
            )
    if terms is None or not day.batches:
        raise RunEmpty(str(database), f"no batch in the last {hours:g} hours of the log", "one at least")
    batches = tuple(day.batches.values())
    facts = (*_list_own_facts(day, terms.shape, hours), *list_facts(batches))
    proofs = tuple(day.list_proofs())
    return Subject(
        kind="node",
        name=name,
        shape=terms.shape,
        markets=terms.markets,
        batches=batches,
        facts=facts,
        stages=tuple(_list_stages(day)),
        proving=Proving("", proofs) if proofs else None,
        gas=gas,
        missing=tuple(_list_missing(day, bool(gas))),
    )


class _Terms(NamedTuple):
    shape: str
    markets: tuple[MarketParams, ...]


def _read_terms(view: StoreView) -> _Terms | None:
    """Return shape and markets of the last batch whose file is there, None where there is none."""
    last = view.get_last_name(BATCH)
    trace = None if last is None else read_trace(view, last)
    return None if trace is None else _Terms(trace.shape_name, list_used_markets(trace.params.markets))


def _read_day(view: StoreView, n_markets: int, hours: float, report: Report) -> NodeDay:
    day = NodeDay(view, n_markets)
    begin_us = max(0, view.head.time_us - round(hours * _US_PER_HOUR))
    for records in view.read_since(begin_us):
        report("records read", records[-1].sequence, view.head.sequence)
        for record in records:
            day.add(record)
    return day


def _list_own_facts(day: NodeDay, shape: str, hours: float) -> Iterator[Fact]:
    yield Fact("shape", shape)
    yield Fact("hours asked for", hours)
    yield Fact("records of the log", day.n_records)
    for name, count in day.counts.items():
        yield Fact(name, count)


def _list_stages(day: NodeDay) -> Iterator[Stage]:
    """Yield how far the batches came, with the median time that each step took."""
    yield Stage("sequenced", len(day.batches), None, "in the log")
    for stage in day.measure_stages():
        took = "" if stage.median_s is None else f"{stage.median_s:,.1f} s after the batch was sequenced, in the median"
        yield Stage(stage.name, stage.batches, stage.groups, took)


def _list_missing(day: NodeDay, has_gas: bool) -> Iterator[str]:
    if not day.proofs:
        yield "No batch of these hours is proved yet: nothing is shown of proving time."
    else:
        yield "A node keeps how long each proof took as a whole: its parts are not known."
    if not has_gas:
        yield "No group of these hours is settled with its gas known: of gas only the curve is shown."
    if day.n_lost:
        yield f"The files of {day.n_lost} batches with rescues are not in the store: those rescues are not counted."
    yield "What accounts owe beyond all they have is not in a node's log: bad debt is not shown."

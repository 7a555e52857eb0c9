"""Batches as the base layer sees them: what each publishes, and the queue's events, of anything that tests run."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from unittest.mock import patch

from rollup.batch_record import BatchRecord, record_batch
from rollup.params import Params
from rollup.public_inputs import get_segment
from rollup.queue_events import QueueEvent, QueueEvents
from rollup.rebuild import BatchData
from rollup.shapes import Shape
from rollup.state import State
from rollup.transition import BatchResult
from rollup.txs import QueueEntry
from tests.random_day import RandomDay
from tests.rescue_batches import run_forced, run_shared, run_surplus, run_takeover
from tests.rescue_day import run_rescue_day
from tests.scenarios import Exchange, run_day

__all__ = ["DAYS", "Seen", "listen", "run_random_day"]


@dataclass(frozen=True)
class Seen:
    """One batch: the state before it, what came of it, and what the base layer saw."""

    params: Params
    shape: Shape
    before: State
    result: BatchResult

    @property
    def record(self) -> BatchRecord:
        """What it publishes."""
        return record_batch(self.result.trace)

    @property
    def published(self) -> BatchData:
        """The batch as a blob holds it, with its root."""
        return BatchData(self.shape, get_segment(self.result.trace), self.result.state.state_root)

    @property
    def events(self) -> QueueEvents:
        """The entries that it consumed."""
        entries: list[QueueEvent] = []
        entries += [lane.op for lane in self.result.trace.cash_lanes if isinstance(lane.op, QueueEntry)]
        entries += [report.trade for report in self.result.rescue.forced_trades]
        return QueueEvents(entries, self.before.header.queue_consumed)


@contextmanager
def listen() -> Iterator[list[Seen]]:
    """Yield what exchanges run meanwhile, batch by batch."""
    seen: list[Seen] = []
    run = Exchange.batch

    def batch(ex: Exchange, **options: Any) -> BatchResult:  # noqa: ANN401 (of a batch)
        before = ex.state
        result = run(ex, **options)
        seen.append(Seen(ex.params, ex.shape, before, result))
        return result

    with patch.object(Exchange, "batch", batch):
        yield seen


def run_random_day(seed: int, n_batches: int = 30) -> set[str]:
    """Run a day of anything that users like, and return what kinds of things happened."""
    day = RandomDay(seed)
    for _ in range(n_batches):
        day.run_batch()
    return day.seen


DAYS: dict[str, Callable[[], Any]] = {
    "a day": run_day,
    "a day of rescues": run_rescue_day,
    "a takeover": run_takeover,
    "a deficit shared": run_shared,
    "a surplus": run_surplus,
    "forced trades": run_forced,
    **{f"random day {seed}": lambda seed=seed: run_random_day(seed) for seed in (1, 2, 3)},
}

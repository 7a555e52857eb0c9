"""Prometheus metrics of the API and of the node's state, in a registry of their own."""

from __future__ import annotations

from collections import Counter as Tally
from collections.abc import Iterable, Sequence
from functools import cache
from typing import Final

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.metrics_core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from rollup.errors import RollupError
from sequencer.node.core import Core
from sequencer.node.receipts import Receipt

__all__ = ["METRICS_TYPE", "Metrics"]

METRICS_TYPE: Final = "text/plain; version=0.0.4; charset=utf-8"
_SECONDS: Final = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1.0)


class Metrics:
    """What is counted. Labels hold operations, statuses and codes only: nothing that a client can make up."""

    def __init__(self, core: Core) -> None:
        """Count from zero; the node's state is read when the metrics are."""
        self._registry = CollectorRegistry()
        self._requests = Counter(
            "zkmargin_http_requests", "Requests answered.", ["operation", "status"], registry=self._registry
        )
        self._seconds = Histogram(
            "zkmargin_http_seconds", "From request to answer.", ["operation"], buckets=_SECONDS, registry=self._registry
        )
        self._commands = Counter("zkmargin_commands", "Commands by outcome.", ["outcome"], registry=self._registry)
        self.streams = Gauge("zkmargin_streams", "Open WebSockets.", registry=self._registry)
        self.event_streams = Gauge("zkmargin_event_streams", "Pages that watch.", registry=self._registry)
        self.connections = Gauge("zkmargin_connections", "Open connections.", registry=self._registry)
        self._registry.register(_NodeState(core))
        # finding a child by its labels costs more than counting
        self._count = cache(lambda operation, status: self._requests.labels(operation, str(status)))
        self._time = cache(lambda operation: self._seconds.labels(operation))
        self._outcome = cache(lambda code: self._commands.labels(code))

    def count_request(self, operation: str, status: int, seconds: float) -> None:
        """Count one answer."""
        self._count(operation, status).inc()
        self._time(operation).observe(seconds)

    def count_outcomes(self, outcomes: Sequence[Receipt | RollupError]) -> None:
        """Count commands by what became of them."""
        tally = Tally("recorded" if isinstance(outcome, Receipt) else outcome.code for outcome in outcomes)
        for code, count in tally.items():
            self._outcome(code).inc(count)

    def render(self) -> bytes:
        """Return all of it in Prometheus's text format."""
        return generate_latest(self._registry)


class _NodeState(Collector):
    def __init__(self, core: Core) -> None:
        self._core = core

    def collect(self) -> Iterable[Metric]:
        status, fees = self._core.get_status(), self._core.get_fees()
        figures = {
            "zkmargin_sequence": ("Last record in the log.", status.sequence),
            "zkmargin_batch_number": ("Last batch.", status.batch_number),
            "zkmargin_backlog_batches": ("Batches sequenced and not proved.", status.backlog_batches),
            "zkmargin_withdraw_only": ("1 where only withdrawals are taken.", int(status.withdraw_only)),
            "zkmargin_alarms": ("Alarms that stand.", len(status.alarms)),
            "zkmargin_batches_resume_seconds": ("Until batches can be made: the clock.", status.batches_resume_s),
            "zkmargin_congestion_ppm": ("Congestion.", fees.congestion_ppm),
        }
        for name, (text, value) in figures.items():
            yield GaugeMetricFamily(name, text, value=value)

"""All figures of `zkmargin bench node`: one node, measured idle, under load, and started again."""

from __future__ import annotations

import asyncio
import gc
import os
import statistics
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from prover import kernel
from sequencer.bench.connections import Outcomes
from sequencer.bench.disk import measure_fsync
from sequencer.bench.loading import Load, Rate, make_posts, make_streams
from sequencer.bench.market import MIX, Trader, make_traders, stream_orders
from sequencer.bench.node_process import NodeFolder, NodeProcess, make_node, running_process
from sequencer.node.command_codec import encode_command
from sequencer.node.opening import open_store
from sequencer.node.priorities import react_soon
from sequencer.progress import Report

__all__ = ["NodeBench", "measure_node"]

_STREAMS: Final = 4
_STREAM_BATCH: Final = 100
_STREAM_WINDOW: Final = 3  # batches of each stream on their way
_PACED_BATCH: Final = 5
_ASKED_PER_S: Final = 5_000  # commands a second that a node should take: times are measured at half of it
_POSTS: Final = 64  # connections
_RESTED_PAUSE_S: Final = 0.02  # a processor rests meanwhile, and forgets
_IDLE_ORDERS: Final = 100  # of each connection
_WARM_UP_ORDERS: Final = 50  # before them, not counted: a node that has just started has not run everything once
_TRIAL_S: Final = 1.0
_TRIAL_PER_S: Final = 4_000  # orders signed for the trial, per second of it
_SPARE: Final = 1.3  # of what a trial took is signed for a run
_LOG_GROUP: Final = 5_000
_BODIES: Final = 10_000  # different orders in a log made for a start


@dataclass(frozen=True)
class NodeBench:
    """What is measured, and for how long."""

    seconds: float = 10.0  # of each run
    runs: int = 3
    accounts: int = 200
    traders: int = 200
    records: int = 100_000  # behind the snapshot that a start begins with
    shape_name: str = "tiny"
    keys: Path | None = None
    folder: Path | None = None  # where the temporary folder is made
    has_risk: bool = True


@dataclass
class _Notes:
    rss_bytes: int = 0
    refused: Counter[str] = field(default_factory=Counter)
    load_averages: list[float] = field(default_factory=list)

    def take(self, node: NodeProcess, outcomes: Outcomes) -> None:
        self.rss_bytes = max(self.rss_bytes, node.count_rss_bytes())
        self.refused.update(outcomes.refused)
        self.load_averages.append(os.getloadavg()[0])


def measure_node(bench: NodeBench, report: Report) -> dict[str, Any]:
    """Return the figures by name. Raises NodeEnded, KeyUnusable, BaseLayerError, StoreError."""
    kernel.install()
    with _reacting_soon(), tempfile.TemporaryDirectory(dir=bench.folder, prefix="zkmargin-bench-") as name:
        path = Path(name)
        fsync_ms, rested_fsync_ms = measure_fsync(path), measure_fsync(path, _RESTED_PAUSE_S)
        traders = make_traders(bench.traders)
        folder = make_node(
            path, bench.shape_name, bench.keys, max(bench.accounts, bench.traders), bench.traders, report
        )
        with running_process(folder) as node:
            figures, notes = asyncio.run(_measure_load(bench, node, traders, folder.domain, report))
        _fill_log(folder, traders, bench.records)
        with running_process(folder) as node:
            start_s = node.start_s
            notes.rss_bytes = max(notes.rss_bytes, node.count_rss_bytes())
    if bench.has_risk:
        figures["risk_tick_ms"] = _measure_risk(report)
    return figures | {
        "fsync_p50_ms": round(fsync_ms, 3),
        "rested_fsync_p50_ms": round(rested_fsync_ms, 3),
        "restart_s": round(start_s, 2),
        "rss_bytes": notes.rss_bytes,
        "refused": dict(notes.refused),
        "load_average": round(statistics.median(notes.load_averages), 1),
        "cores": os.cpu_count(),
        "shape": bench.shape_name,
        "accounts": max(bench.accounts, bench.traders),
        "records": bench.records,
        "seconds": bench.seconds,
        "runs": bench.runs,
        "mix_percent": dict(MIX),
    }


@contextmanager
def _reacting_soon() -> Iterator[None]:
    """Let the load wake up soon, and look for no cyclic garbage: what is late over here counts as the node's."""
    interval_s = sys.getswitchinterval()
    react_soon()
    gc.disable()
    try:
        yield
    finally:
        gc.enable()
        sys.setswitchinterval(interval_s)


async def _measure_load(
    bench: NodeBench, node: NodeProcess, traders: Sequence[Trader], domain: int, report: Report
) -> tuple[dict[str, Any], _Notes]:
    notes = _Notes()
    thirds = [traders[first::3] for first in range(3)]  # each load has accounts of its own: nonces rise in each
    streams, posts = (
        make_streams(thirds[0], domain, _STREAMS),
        make_posts(thirds[1], domain, min(_POSTS, len(thirds[1]))),
    )
    paced = make_streams(thirds[2], domain, _STREAMS)
    await paced.sip(node.port, paced.prepare(_WARM_UP_ORDERS * _STREAMS, 1), 0.0)
    idle_p50_ms = []
    for pause_s in (0.0, _RESTED_PAUSE_S):
        taken_ms, outcomes = await paced.sip(node.port, paced.prepare(_IDLE_ORDERS * _STREAMS, 1), pause_s)
        notes.take(node, outcomes)
        idle_p50_ms.append(round(_percentile(taken_ms, 50), 2))
    acks, ack_us = await _measure_rates(bench, node, streams, _STREAM_BATCH, _STREAM_WINDOW, notes, report, "acks")
    posted, post_us = await _measure_rates(bench, node, posts, 1, 1, notes, report, "posts")
    paced_per_s = min(statistics.median(acks), _ASKED_PER_S) / 2
    p50s, p99s = [], []
    for run in range(bench.runs):
        report("latency", run, bench.runs)
        prepared = paced.prepare(int(paced_per_s * bench.seconds), _PACED_BATCH)
        taken_ms, outcomes = await paced.pace(node.port, prepared, paced_per_s)
        notes.take(node, outcomes)
        p50s.append(_percentile(taken_ms, 50))
        p99s.append(_percentile(taken_ms, 99))
    return {
        "durable_acks_per_s": round(statistics.median(acks)),
        "durable_posts_per_s": round(statistics.median(posted)),
        "cpu_us_per_ack": round(ack_us),
        "cpu_us_per_post": round(post_us),
        "paced_per_s": round(paced_per_s),
        "ack_p50_ms": round(statistics.median(p50s), 2),
        "ack_p99_ms": round(statistics.median(p99s), 2),
        "idle_ack_p50_ms": idle_p50_ms[0],
        "rested_ack_p50_ms": idle_p50_ms[1],
    }, notes


async def _measure_rates(
    bench: NodeBench, node: NodeProcess, load: Load, batch: int, window: int, notes: _Notes, report: Report, name: str
) -> tuple[list[float], float]:
    """Return acknowledged orders a second of each run, and the node's processor microseconds for one, over all runs.

    A trial says how many are to be signed for a run.
    """
    cpu_s, n_acknowledged = 0.0, 0

    async def push(n_commands: int, seconds: float) -> Rate:
        nonlocal cpu_s, n_acknowledged
        prepared, before_s = load.prepare(n_commands, batch), node.get_cpu_s()
        rate = await load.push(node.port, prepared, window, seconds)
        cpu_s, n_acknowledged = cpu_s + node.get_cpu_s() - before_s, n_acknowledged + rate.outcomes.n_acknowledged
        notes.take(node, rate.outcomes)
        return rate

    expected_per_s = (await push(int(_TRIAL_PER_S * _TRIAL_S), _TRIAL_S)).per_s
    rates = []
    for run in range(bench.runs):
        report(name, run, bench.runs)
        rate = await push(int(expected_per_s * _SPARE * bench.seconds), bench.seconds)
        expected_per_s = max(expected_per_s, rate.per_s)
        rates.append(rate.per_s)
    return rates, 1e6 * cpu_s / max(n_acknowledged, 1)


def _fill_log(folder: NodeFolder, traders: Sequence[Trader], n_records: int) -> None:
    """Let so many records, orders of these traders, stand behind the last snapshot of a node that is stopped."""
    with open_store(str(folder.store), is_verified=False) as store:
        latest = store.latest_snapshot()
        missing = n_records - (store.last_sequence - (latest.head.sequence if latest else 0))
        if missing <= 0:
            return
        orders = stream_orders(traders, folder.domain, seed=0)
        bodies = [encode_command(next(orders)) for _ in range(min(_BODIES, missing))]
        for first in range(0, missing, _LOG_GROUP):
            count = min(_LOG_GROUP, missing - first)
            store.append([bodies[(first + index) % len(bodies)] for index in range(count)])


def _measure_risk(report: Report) -> float:
    from sequencer.bench.risk_tick import measure

    report("risk", 0, 1)
    return float(str(measure()["risk_tick_ms"]))


def _percentile(values: Sequence[float], percent: int) -> float:
    """Return the value that so many per cent do not exceed."""
    return sorted(values)[min(len(values) * percent // 100, len(values) - 1)]

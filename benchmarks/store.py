"""The figures of docs/node-storage.md: `python -m benchmarks.store [--postgres URL] [--folder PATH]`, about a minute.

Groups are appended one after another by one thread, as the node's group commit does; the machine's own fsync stands
beside them, since nothing durable is faster.
"""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import click

from prover import kernel
from sequencer.bench.disk import measure_fsync
from sequencer.node import receipts
from sequencer.node.links import GENESIS, Record
from sequencer.node.opening import open_store
from sequencer.node.receipt_codec import encode_receipt, encode_receipt_json
from sequencer.node.receipts import ReceiptChain, verify_receipt

BODY_BYTES = 200  # an order with its signature
GROUPS = (1, 10, 100, 1000)
_N_GROUPS = 20  # in which the log to be opened is written


def measure_appends(target: str, n_records: int, seconds: float) -> int:
    """Return durable records a second in groups of this size: the median of three runs of so many seconds."""
    group = [Record(1, os.urandom(BODY_BYTES)) for _ in range(n_records)]
    return sorted(_append_for(target, group, seconds) for _ in range(3))[1]


def _append_for(target: str, group: list[Record], seconds: float) -> int:
    with open_store(target, is_verified=False) as store:
        store.put_snapshot(store.last_sequence, b"")
        store.truncate(store.last_sequence)
        start, first = time.perf_counter(), store.last_sequence
        while (taken_s := time.perf_counter() - start) < seconds:
            store.append(group, now_us=time.time_ns() // 1000)
        return int((store.last_sequence - first) / taken_s)


def measure_opening(target: str, n_records: int) -> tuple[float, float]:
    """Return CPU and wall seconds to open a store, verified, with so many records behind its last snapshot."""
    group = [Record(1, os.urandom(BODY_BYTES)) for _ in range(n_records // _N_GROUPS)]
    with open_store(target, is_verified=False) as store:
        store.put_snapshot(store.last_sequence, b"")
        for _ in range(_N_GROUPS):
            store.append(group)
    cpu_s, wall_s = time.process_time(), time.perf_counter()
    open_store(target).close()
    return time.process_time() - cpu_s, time.perf_counter() - wall_s


def measure_receipts(sign_every: int) -> str:
    """Return a row: CPU microseconds a receipt, and its sizes, where every so many links are signed."""
    group = [Record(1, os.urandom(BODY_BYTES)) for _ in range(96)]
    receipts.SIGN_EVERY = sign_every  # type: ignore[misc] # Final but for this measurement
    chain = ReceiptChain(bytes(range(32)), 7, GENESIS)
    made = chain.extend(group, 1)
    costs = [
        _time_each(lambda: chain.extend(group, 1), 96),
        _time_each(lambda: [encode_receipt_json(receipt) for receipt in made], 96),
        _time_each(lambda: [verify_receipt(receipt, chain.public_key, 7) for receipt in made], 96),
    ]
    json_bytes = sum(len(encode_receipt_json(receipt)) for receipt in made) // 96
    n_bytes = sum(len(encode_receipt(receipt)) for receipt in made) // 96
    return f"{sign_every} | " + " | ".join(f"{cost:.1f}" for cost in costs) + f" | {json_bytes} | {n_bytes}"


def _time_each(run: Callable[[], object], n_items: int) -> float:
    taken_s = []
    for _ in range(5):
        start = time.process_time()
        run()
        taken_s.append(time.process_time() - start)
    return min(taken_s) / n_items * 1e6


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--postgres", "url", help="An empty database to measure as well; its tables stay.")
@click.option("--folder", type=click.Path(path_type=Path), help="Where SQLite writes; a temporary folder otherwise.")
@click.option("--seconds", default=3.0, show_default=True, type=click.FloatRange(0.01, 60), help="Of each of 12 runs.")
@click.option(
    "--records",
    default=1_000_000,
    show_default=True,
    type=click.IntRange(_N_GROUPS, 10_000_000),
    help="Behind the snapshot of the store that is opened.",
)
def main(url: str | None, folder: Path | None, seconds: float, records: int) -> None:
    """Measure durable appends, opening, and receipts."""
    with tempfile.TemporaryDirectory(dir=folder) as name:
        targets = {"SQLite": f"{name}/store"} | ({"PostgreSQL": url} if url else {})
        for kind, target in targets.items():
            for n_records in GROUPS:
                fsync_ms, appends = measure_fsync(Path(name)), measure_appends(target, n_records, seconds)
                row = f"{kind}: groups of {n_records}: {appends} records/s; fsync before {fsync_ms:.2f} ms, after "
                print(f"{row}{measure_fsync(Path(name)):.2f} ms, load {os.getloadavg()[0]:.1f}", flush=True)
            cpu_s, wall_s = measure_opening(target, records)
            print(f"{kind}: {records:,} records, opened: CPU {cpu_s:.1f} s, wall {wall_s:.1f} s", flush=True)
    kernel.install()
    print("signed every | sign us | JSON us | verify us | JSON bytes | bytes")
    for sign_every in (1, 2, 4, 8, 16, 32, 96):
        print(measure_receipts(sign_every))


if __name__ == "__main__":
    main()

"""The machine: ports, room and speed of the disk, limits on files, memory, and the proving key."""

from __future__ import annotations

import os
import resource
import shutil
import socket
import statistics
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from rollup.shapes import get_shape
from sequencer.doctor.checks import Check, note, ok, wrong
from sequencer.node.config import NodeConfig

__all__ = ["check_machine", "measure_fsync_s"]

_GIB: Final = 2**30
MIN_FREE_BYTES: Final = 5 * _GIB  # the log of some days, snapshots, blobs for 18 days
SLOW_FSYNC_S: Final = 0.02  # an acknowledgement waits for one
_SYNCS: Final = 20
_SYNC_BYTES: Final = 8_192
SPARE_FILES: Final = 256  # beside connections: store, workers, base layer
NODE_BYTES: Final = 3 * _GIB // 2  # at 100,000 accounts
WORKER_BYTES: Final = {"tiny": _GIB // 2, "small": _GIB, "block": 2 * _GIB}  # one proof, its key included


def check_machine(config: NodeConfig) -> Iterator[Check]:
    """Yield what the machine says."""
    yield _check_port(config.api.host, config.api.port)
    folder = _find_existing(config.node.data)
    yield _check_room(folder)
    yield _check_sync(folder)
    yield _check_files(config)
    yield _check_memory(config)
    yield _check_proving_key(config)


def _check_port(host: str, port: int) -> Check:
    name, where = "port", f"{host}:{port}"
    try:
        family, kind, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[
            0
        ]
        with socket.socket(family, kind) as tried:
            tried.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            tried.bind(address)
    except OSError as error:
        return wrong(
            name, f"{where}: {error.strerror or error}", "end what listens there, or set api.host and api.port"
        )
    return ok(name, f"{where} is free")


def _find_existing(path: Path) -> Path:
    """Return the folder, or the nearest one above it that is there."""
    return next((folder for folder in (path, *path.absolute().parents) if folder.is_dir()), Path("/"))


def _check_room(folder: Path) -> Check:
    free_bytes = shutil.disk_usage(folder).free
    found = f"{folder}: {free_bytes / _GIB:.1f} GiB free"
    if free_bytes < MIN_FREE_BYTES:
        return wrong("disk", found, f"make room: {MIN_FREE_BYTES / _GIB:.0f} GiB at least")
    return ok("disk", found)


def measure_fsync_s(folder: Path) -> float:
    """Return the median of twenty syncs of 8 KiB, in seconds. Raises OSError where nothing can be written."""
    times = []
    with tempfile.TemporaryFile(dir=folder) as file:
        for _ in range(_SYNCS):
            file.write(bytes(_SYNC_BYTES))
            file.flush()
            started_s = time.perf_counter()
            os.fsync(file.fileno())
            times.append(time.perf_counter() - started_s)
    return statistics.median(times)


def _check_sync(folder: Path) -> Check:
    try:
        seconds = measure_fsync_s(folder)
    except OSError as error:
        return wrong("fsync", f"{folder}: {error.strerror}", "let this user write there, on a local disk")
    found = f"{folder}: {seconds * 1000:.2f} ms, median of {_SYNCS} of 8 KiB"
    if seconds > SLOW_FSYNC_S:
        return note("fsync", found, "every acknowledgement waits for one: a faster disk answers sooner")
    return ok("fsync", found)


def _check_files(config: NodeConfig) -> Check:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    needed = config.api.max_connections + SPARE_FILES
    found = f"{soft} at once, up to {hard}; {needed} are needed"
    if soft != resource.RLIM_INFINITY and soft < needed:
        return wrong("file limit", found, f"ulimit -n {needed}, or LimitNOFILE={needed} in the unit")
    return ok("file limit", found)


def _check_memory(config: NodeConfig) -> Check:
    needed = NODE_BYTES + (
        0 if config.proving.ray_address else config.proving.workers * WORKER_BYTES[config.node.shape]
    )
    available = _read_available_bytes()
    if available is None:
        return note("memory", "not told by this system", f"see that {needed / _GIB:.1f} GiB are free")
    found = f"{available / _GIB:.1f} GiB available, {needed / _GIB:.1f} GiB are needed"
    if available < needed:
        return wrong("memory", found, "more memory, fewer proving.workers, or a smaller shape")
    return ok("memory", found)


def _read_available_bytes(path: Path = Path("/proc/meminfo")) -> int | None:
    """Return what the kernel would give without swapping; None where it is no Linux."""
    try:
        lines = path.read_text().splitlines()
    except OSError:
        return None
    return next((int(line.split()[1]) * 1024 for line in lines if line.startswith("MemAvailable:")), None)


def _check_proving_key(config: NodeConfig) -> Check:
    from sequencer.keys import get_default_keys_dir, get_key_path
    from sequencer.named_circuits import load_circuit

    assembly = load_circuit(config.node.shape)
    path = get_key_path(config.proving.keys or get_default_keys_dir(), get_shape(config.node.shape), assembly.circuit)
    if path.is_file():
        return ok("proving key", str(path))
    advice = f"zkmargin setup --shape {config.node.shape}: else the first start makes it"
    return note("proving key", f"{path}: not there yet", advice)

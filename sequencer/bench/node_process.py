"""A node to be measured: `zkmargin node` as anybody runs it, in a folder of its own, a process of its own."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Final

from rollup.shapes import get_shape
from sequencer.base_layers import open_base_layer
from sequencer.bench.errors import NodeEnded
from sequencer.bench.market import MARK_TICKS, make_state
from sequencer.keys import get_default_keys_dir
from sequencer.node.deploying import deploy_node
from sequencer.node.kept_keys import keep_verifying_keys
from sequencer.node.oracle import open_signers
from sequencer.progress import Report
from sequencer.snapshots import GENESIS, read_snapshot

__all__ = ["MODULE_VARIABLE", "NodeFolder", "NodeProcess", "make_node", "running_process"]

MODULE_VARIABLE: Final = "ZKMARGIN_BENCH_MODULE"  # what is run in place of `sequencer.cli`: to look inside
_START_S: Final = 600.0
_STOP_S: Final = 120.0
_LOOK_S: Final = 0.01
_CONFIG: Final = """\
[node]
data = "data"
shape = "{shape}"
[store]
target = "store"
[api]
port = 0
requests_per_s_per_address = 1_000_000
commands_per_s_per_address = 1_000_000
commands_per_s_per_account = 1_000_000
[proving]
keys = "{keys}"
[oracle]
prices_ticks = [{mark}]
"""


@dataclass(frozen=True)
class NodeFolder:
    """Where a node's configuration, data, store and log are."""

    path: Path
    shape_name: str

    @property
    def store(self) -> Path:
        """The SQLite store."""
        return self.path / "store"

    @property
    def domain(self) -> int:
        """What orders are signed for."""
        return read_snapshot(self.path / "data" / GENESIS).params.domain


def make_node(
    path: Path, shape_name: str, keys: Path | None, n_accounts: int, n_traders: int, report: Report
) -> NodeFolder:
    """Return a node that has not run yet, its contracts deployed: its genesis holds so many accounts with cash.

    Raises KeyUnusable, BaseLayerError.
    """
    data, shape = path / "data", get_shape(shape_name)
    data.mkdir(mode=0o700)
    keys = (keys or get_default_keys_dir()).absolute()
    verifying = keep_verifying_keys(data, keys, shape, report)
    layer = open_base_layer(f"embedded:{data / 'chain.sqlite3'}", None, is_real_time=True)
    oracle_keys = tuple(signer.public_key for signer in open_signers(data))
    now_s = layer.get_head().timestamp_s
    make = partial(make_state, oracle_keys, now_s=now_s, n_accounts=n_accounts, n_traders=n_traders)
    try:
        deploy_node(layer, data, shape, verifying, lambda deployment: make(deployment=deployment))
    finally:
        layer.close()
    (path / "node.toml").write_text(_CONFIG.format(shape=shape_name, keys=keys, mark=MARK_TICKS))
    return NodeFolder(path, shape_name)


class NodeProcess:
    """A node that serves."""

    def __init__(self, process: subprocess.Popen[bytes], log: Path, started_s: float) -> None:
        """Wait until it does. Raises NodeEnded."""
        self._process, self._log = process, log
        self.port = self._wait_for_port()
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/v1/health/ready", timeout=_START_S) as answer:
            answer.read()
        self.start_s = time.monotonic() - started_s  # from nothing to an answer

    def stop(self) -> None:
        """Let it end in order; what was acknowledged is written, whatever is killed after a while."""
        self._process.send_signal(signal.SIGTERM)
        try:
            self._process.wait(_STOP_S)
        except subprocess.TimeoutExpired:
            self.kill()

    def kill(self) -> None:
        """End it at once, its children with it."""
        for pid in reversed(_list_tree(self._process.pid)):
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                continue
        self._process.wait()

    def count_rss_bytes(self) -> int:
        """Return resident bytes of the node's processes together, pages they share counted in each."""
        return sum(_read_status(pid, "VmRSS") * 1024 for pid in _list_tree(self._process.pid))

    def get_cpu_s(self) -> float:
        """Return processor seconds of the process that acknowledges; engine, prover and publisher are others."""
        fields = Path(f"/proc/{self._process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")  # proc(5): utime and stime

    def _wait_for_port(self) -> int:
        deadline = time.monotonic() + _START_S
        while time.monotonic() < deadline and self._process.poll() is None:
            for line in self._log.read_bytes().splitlines():
                if b'"node serves"' in line:
                    return int(json.loads(line)["port"])
            time.sleep(_LOOK_S)
        raise NodeEnded(str(self._log), self._log.read_text(errors="replace")[-400:])


@contextmanager
def running_process(folder: NodeFolder) -> Iterator[NodeProcess]:
    """Yield the folder's node, started; it is ended in order. Raises NodeEnded."""
    module = os.environ.get(MODULE_VARIABLE, "sequencer.cli")
    log = folder.path / f"node-{time.time_ns()}.log"
    started_s = time.monotonic()
    with log.open("wb") as stream:
        command = [sys.executable, "-m", module, "node", "--config", str(folder.path / "node.toml")]
        process = subprocess.Popen(command, stdout=stream, stderr=stream)
    node: NodeProcess | None = None
    try:
        node = NodeProcess(process, log, started_s)
        yield node
    finally:
        if node is None:
            process.kill()
            process.wait()
        else:
            node.stop()


def _list_tree(pid: int) -> list[int]:
    """Return a process and those it started, and theirs. Linux's /proc."""
    parents = {}
    for path in Path("/proc").iterdir():
        if path.name.isdigit():
            parents[int(path.name)] = _read_status(int(path.name), "PPid")
    found = [pid]
    for one in found:
        found += [child for child, parent in parents.items() if parent == one]
    return found


def _read_status(pid: int, name: str) -> int:
    """Return a number of a process's status, 0 where the process is gone."""
    try:
        text = Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return 0
    return next((int(line.split()[1]) for line in text.splitlines() if line.startswith(f"{name}:")), 0)

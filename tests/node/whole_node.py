"""For tests of the whole node: `zkmargin node` as a process, its API, and the processes that it starts."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, TypeVar

import httpx

from sequencer.node.engine_loop import ENGINE_NICENESS

__all__ = ["CHAIN", "COMMAND", "KEYS", "PATIENCE_S", "ROOT", "Running", "running", "write_config"]

ROOT = Path(__file__).parents[2]
KEYS = ROOT / ".cache" / "test-keys"
PATIENCE_S = 600.0
COMMAND = (sys.executable, "-m", "sequencer.cli")
CHAIN = "chain.sqlite3"
PROVER_NICE = 1  # tells provers from the rest, and on a busy machine they have their turn
CONFIG = f"""
[node]
data = "data"
shape = "tiny"
[api]
port = 0
[proving]
keys = "{KEYS}"
nice = {PROVER_NICE}
[groups]
max_age_s = 1.0
[watcher]
poll_s = 0.2
max_pause_s = 1.0
"""
_Found = TypeVar("_Found")


def write_config(folder: Path, more: str = "") -> Path:
    """Return the file of a tiny node's configuration, with more sections if given."""
    path = folder / "node.toml"
    path.write_text(CONFIG + more)
    return path


class Running:
    """A node's process, and its API."""

    def __init__(self, folder: Path, environment: Mapping[str, str] | None = None) -> None:
        self.data = folder / "data"
        self._log = folder / "node.log"
        self._from = self._log.stat().st_size if self._log.exists() else 0
        command = [*COMMAND, "node", "--config", str(folder / "node.toml")]
        with self._log.open("ab") as output:
            self.process = subprocess.Popen(
                command, cwd=ROOT, env=environment, stdin=subprocess.DEVNULL, stdout=output, stderr=output
            )
        self.url = f"http://127.0.0.1:{self.wait_for(self._find_port)}"

    def _find_port(self) -> int | None:
        assert self.process.poll() is None, self._log.read_text()
        for line in self._log.read_bytes()[self._from :].splitlines():
            if line.startswith(b"{") and (said := json.loads(line))["event"] == "node serves":
                return int(said["port"])
        return None

    def wait_for(self, check: Callable[[], _Found]) -> _Found:
        """Return what a check gives once it gives something."""
        end_s = time.monotonic() + PATIENCE_S
        while not (found := check()):
            assert time.monotonic() < end_s, self._log.read_text()
            time.sleep(0.2)
        return found

    def get(self, path: str) -> dict[str, Any]:
        """Return what the API says."""
        answer = httpx.get(f"{self.url}/v1/{path}", timeout=30)
        return dict(answer.json()) if answer.status_code == 200 else {}

    def get_alarms(self) -> list[str]:
        """Return what the node says is wrong."""
        return list(self.get("status")["alarms"])

    def get_lasting(self, path: str) -> dict[str, Any]:
        """Return what of an account does not change with time, as equity does by funding."""
        account = self.get(path)
        sizes = [(position["market"], position["size_lots"]) for position in account["positions"]]
        return {name: account[name] for name in ("owner", "key", "epoch", "cash_nonce", "cash_atoms")} | {
            "sizes": sizes
        }

    def list_batches(self, stage: str) -> list[dict[str, Any]]:
        """Return the batches at a stage."""
        return [batch for batch in self.get("batches")["batches"] if batch["stage"] == stage]

    def find_prover(self) -> int | None:
        """Return the process that proves."""
        return self._find_of_priority(PROVER_NICE)

    def find_publisher(self) -> int | None:
        """Return the process that has the embedded chain's file open."""
        return next((pid for pid in self._list_workers() if _has_open(pid, CHAIN)), None)

    def find_engine(self) -> int | None:
        """Return the process that makes auctions."""
        return self._find_of_priority(ENGINE_NICENESS)

    def _find_of_priority(self, niceness: int) -> int | None:
        usual = os.getpriority(os.PRIO_PROCESS, self.process.pid)
        pids = [pid for pid in self._list_workers() if os.getpriority(os.PRIO_PROCESS, pid) == usual + niceness]
        return next((pid for pid in pids if not _has_open(pid, CHAIN)), None)

    def _list_workers(self) -> list[int]:
        """Return the processes that the node spawned, Python's tracker of shared memory left out."""
        return [pid for pid in map(int, filter(str.isdigit, os.listdir("/proc"))) if self._is_worker(pid)]

    def _is_worker(self, pid: int) -> bool:
        with suppress(OSError):
            parent = int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])
            return parent == self.process.pid and b"spawn_main" in Path(f"/proc/{pid}/cmdline").read_bytes()
        return False

    def end(self, number: signal.Signals) -> int:
        """End the process by a signal and return its status. What it spawned ends with it, unless a test stopped it."""
        workers = self._list_workers()
        self.process.send_signal(number)
        status = self.process.wait(60)
        for pid in workers:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGCONT)
        return status


def _has_open(pid: int, name: str) -> bool:
    with suppress(OSError):
        return any(os.readlink(link).endswith(f"/{name}") for link in Path(f"/proc/{pid}/fd").iterdir())
    return False


@contextmanager
def running(folder: Path, environment: Mapping[str, str] | None = None) -> Iterator[Running]:
    """Yield a node on a folder, ended at the end."""
    node = Running(folder, environment)
    try:
        yield node
    finally:
        if node.process.poll() is None:
            node.end(signal.SIGKILL)

"""The node as a new user meets it: started, traded on by the examples, proved, settled, killed, there again."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

import httpx
import pytest

ROOT = Path(__file__).parents[2]
_Found = TypeVar("_Found")
KEYS = ROOT / ".cache" / "test-keys"
PATIENCE_S = 300.0
CONFIG = f"""
[node]
data = "data"
shape = "tiny"
[api]
port = 0
[proving]
keys = "{KEYS}"
[groups]
max_age_s = 1.0
[watcher]
poll_s = 0.2
"""


class Running:
    """A node's process, and its API."""

    def __init__(self, folder: Path) -> None:
        self._log = folder / "node.log"
        self._from = self._log.stat().st_size if self._log.exists() else 0
        command = [sys.executable, "-m", "sequencer.cli", "node", "--config", str(folder / "node.toml")]
        with self._log.open("ab") as output:
            self.process = subprocess.Popen(command, cwd=ROOT, stdin=subprocess.DEVNULL, stdout=output, stderr=output)
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

    def end(self, number: signal.Signals) -> int:
        """End the process by a signal and return its status."""
        self.process.send_signal(number)
        return self.process.wait(60)


@contextmanager
def running(folder: Path) -> Iterator[Running]:
    """Yield a node on a folder, ended at the end."""
    node = Running(folder)
    try:
        yield node
    finally:
        if node.process.poll() is None:
            node.end(signal.SIGKILL)


def call(environment: dict[str, str], *arguments: str) -> str:
    """Return what a command of a user prints."""
    done = subprocess.run(
        arguments, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=PATIENCE_S, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.mark.timeout(900)
def test_new_user_trades_kills_the_node_and_finds_everything_again(tmp_path: Path) -> None:
    (tmp_path / "node.toml").write_text(CONFIG)
    passphrase = tmp_path / "passphrase"
    passphrase.touch(mode=0o600)
    passphrase.write_text("secret")
    environment = os.environ | {"ZKMARGIN_PASSPHRASE_FILE": str(passphrase), "PYTHONPATH": str(ROOT)}
    zkmargin = [sys.executable, "-m", "sequencer.cli"]
    with running(tmp_path) as node:
        for account in ("7", "8"):
            wallet = str(tmp_path / account)
            call(
                environment,
                *zkmargin,
                "account",
                "create",
                "--account",
                account,
                "--node",
                node.url,
                "--wallet",
                wallet,
            )
            call(environment, *zkmargin, "account", "deposit", "10000", "--wallet", wallet)
            node.wait_for(lambda account=account: node.get(f"accounts/{account}"))
        maker = subprocess.Popen(
            [sys.executable, "examples/market_maker.py", "--wallet", str(tmp_path / "7"), "--levels", "1"],
            cwd=ROOT,
            env=environment,
            stdout=subprocess.DEVNULL,
        )
        try:
            node.wait_for(lambda: maker.poll() is not None or node.get("accounts/7/orders")["orders"])
            assert maker.poll() is None
            taken = call(environment, sys.executable, "examples/taker.py", "--wallet", str(tmp_path / "8"), "buy")
            assert "gone: filled" in taken
            node.wait_for(lambda: node.get("accounts/8")["positions"])
        finally:
            maker.terminate()
            maker.wait(60)
        last = node.get("batches")["batches"][0]["number"]
        node.wait_for(lambda: len(node.list_batches("settled")) == last)
        before = node.get_lasting("accounts/8")
        root = node.get("status")["state_root"]
        assert node.end(signal.SIGKILL) == -signal.SIGKILL
    with running(tmp_path) as node:
        assert node.get_lasting("accounts/8") == before
        assert node.get("status")["state_root"] == root
        assert len(node.list_batches("settled")) == last
        assert node.end(signal.SIGTERM) == 0
    with running(tmp_path) as node:  # from the snapshot that it left
        assert node.get_lasting("accounts/8") == before
        assert node.get("status")["alarms"] == []

"""anvil as a child process: a real node with a port and a state folder of its own, ended with the test."""

from __future__ import annotations

import platform
import re
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from eth_account import Account

from verifier.base_layer import Block
from verifier.base_layer.json_rpc import JsonRpcNode
from verifier.base_layer.send_settings import SendSettings

ROOT = Path(__file__).parents[2]
FORKS = ("prague", "osaka")
# the embedded EVM's senders, so that both give a contract the same address
KEYS = tuple(secret.to_bytes(32, "big") for secret in range(1, 4))
ACCOUNTS = tuple(Account.from_key(key) for key in KEYS)
SETTINGS = SendSettings(receipt_timeout_s=60, raise_fees_after_s=30, poll_interval_s=0.02)
_PATIENCE_S = 60.0
_BALANCE_WEI = 10**24
_MACHINES = {"x86_64": "amd64", "AMD64": "amd64", "aarch64": "arm64", "arm64": "arm64"}


def find_anvil() -> Path:
    """Return the binary that npm installed for this machine."""
    package = f"anvil-{platform.system().lower()}-{_MACHINES[platform.machine()]}"
    return ROOT / "node_modules" / "@foundry-rs" / package / "bin" / "anvil"


class AnvilNode(JsonRpcNode):
    """A JsonRpcNode with what only a development node can do."""

    def set_next_timestamp(self, timestamp_s: int) -> None:
        """Give the next block this time."""
        self.rpc.ask("evm_setNextBlockTimestamp", timestamp_s)

    def mine(self) -> Block:
        """Add a block and return it."""
        self.rpc.ask("evm_mine")
        return self.get_head()

    def set_automine(self, on: bool) -> None:
        """Mine each transaction at once, or none before `mine`."""
        self.rpc.ask("evm_setAutomine", on)

    def reorganise(self, depth: int) -> None:
        """Replace the last blocks by as many empty ones. While a transaction is being mined anvil loses a block so."""
        self.rpc.ask("anvil_reorg", depth, [])


@contextmanager
def run_anvil(folder: Path, fork: str, *options: str, port: str = "0") -> Iterator[str]:
    """Yield the address of a node that runs until the block ends. Its files stay below the folder; one that ran there
    before is gone on with, if it is given that one's port."""
    # port 0: the system gives a free one, which no other test can have taken in the meantime
    command = [str(find_anvil()), "--port", port, "--hardfork", fork, "--accounts", "1", *options]
    command += ["--state", str(folder / "state.json"), "--cache-path", str(folder / "cache")]
    log = folder / "anvil.log"
    with log.open("wb") as output:
        child = subprocess.Popen(command, cwd=folder, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT)
    try:
        yield _wait_for_address(log, child)
    finally:
        child.terminate()  # it writes its state and ends
        try:
            child.wait(timeout=_PATIENCE_S)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()


def connect(url: str, settings: SendSettings = SETTINGS) -> AnvilNode:
    """Return a client of a node, with three rich senders."""
    node = AnvilNode(url, ACCOUNTS, settings=settings)
    for sender in node.senders:
        node.rpc.ask("anvil_setBalance", f"0x{sender.hex()}", hex(_BALANCE_WEI))
    return node


def _wait_for_address(log: Path, child: subprocess.Popen[bytes]) -> str:
    end_s = time.monotonic() + _PATIENCE_S
    while not (found := re.search(r"Listening on (127\.0\.0\.1:\d+)\n", log.read_text())):
        assert child.poll() is None, f"anvil ended with {child.returncode}: {log.read_text()}"
        assert time.monotonic() < end_s, "anvil does not start"
        time.sleep(0.02)
    return f"http://{found[1]}"

"""anvil as a child process: a real node with a port and a state folder of its own, ended with the test."""

from __future__ import annotations

import platform
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from eth_account import Account

from verifier.base_layer import Block
from verifier.base_layer.json_rpc import JsonRpcNode
from verifier.base_layer.node_errors import NodeUnreachable
from verifier.base_layer.sending import SendSettings

ROOT = Path(__file__).parents[2]
FORKS = ("prague", "osaka")
# the embedded EVM's senders, so that both give a contract the same address
KEYS = tuple(secret.to_bytes(32, "big") for secret in range(1, 4))
ACCOUNTS = tuple(Account.from_key(key) for key in KEYS)
SETTINGS = SendSettings(receipt_timeout_s=60, raise_fees_after_s=30, poll_interval_s=0.02)
_START_S = 30.0
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
        """Replace the last blocks by as many empty ones."""
        self.rpc.ask("anvil_reorg", depth, [])


@contextmanager
def run_anvil(folder: Path, fork: str, *options: str) -> Iterator[str]:
    """Yield the address of a node that runs until the block ends. Its files stay below the folder."""
    port = _find_free_port()
    command = [str(find_anvil()), "--port", str(port), "--hardfork", fork, "--accounts", "1", "--silent", *options]
    command += ["--state", str(folder / "state.json"), "--cache-path", str(folder / "cache")]
    child = subprocess.Popen(command, cwd=folder, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
    try:
        url = f"http://127.0.0.1:{port}"
        _wait_for(url, child)
        yield url
    finally:
        child.terminate()
        child.wait(timeout=_START_S)


def connect(url: str, settings: SendSettings = SETTINGS) -> AnvilNode:
    """Return a client of a node, with three rich senders."""
    node = AnvilNode(url, ACCOUNTS, settings=settings)
    for sender in node.senders:
        node.rpc.ask("anvil_setBalance", f"0x{sender.hex()}", hex(_BALANCE_WEI))
    return node


def _find_free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port


def _wait_for(url: str, child: subprocess.Popen[bytes]) -> None:
    end_s = time.monotonic() + _START_S
    while True:
        try:
            AnvilNode(url)
            return
        except NodeUnreachable:
            assert child.poll() is None, f"anvil ended with {child.returncode}"
            assert time.monotonic() < end_s, "anvil does not answer"
            time.sleep(0.05)

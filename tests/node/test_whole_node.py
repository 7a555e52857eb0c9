"""The node as a new user meets it: started, traded on by the examples, proved, settled, killed, there again."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.node.whole_node import COMMAND, PATIENCE_S, ROOT, running, write_config


def call(environment: dict[str, str], *arguments: str) -> str:
    """Return what a command of a user prints."""
    done = subprocess.run(
        arguments, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=PATIENCE_S, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.mark.timeout(900)
def test_new_user_trades_kills_the_node_and_finds_everything_again(tmp_path: Path) -> None:
    write_config(tmp_path)
    passphrase = tmp_path / "passphrase"
    passphrase.touch(mode=0o600)
    passphrase.write_text("secret")
    environment = os.environ | {"ZKMARGIN_PASSPHRASE_FILE": str(passphrase), "PYTHONPATH": str(ROOT)}
    with running(tmp_path) as node:
        for account in ("7", "8"):
            wallet = str(tmp_path / account)
            call(
                environment,
                *COMMAND,
                "account",
                "create",
                "--account",
                account,
                "--node",
                node.url,
                "--wallet",
                wallet,
            )
            call(environment, *COMMAND, "account", "deposit", "10000", "--wallet", wallet)
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
        node.wait_for(lambda: len(node.list_batches("settled")) == len(node.get("batches")["batches"]))
        last = node.get("batches")["batches"][0]["number"]
        shown = json.loads(call(environment, *COMMAND, "top", "--json", "--node", node.url))
        assert shown["batches"]["settled"][0]["number"] == shown["batch_number"] == last
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

"""The example market maker and taker, run as a user runs them: they trade with each other."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.client.wallets import make_wallet, write_passphrase
from tests.node.api_client import Served, serve_in_thread

ROOT = Path(__file__).parents[2]
PATIENCE_S = 60.0


def start(script: str, wallet: Path, passphrase: Path, *options: str) -> subprocess.Popen[str]:
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "ZKMARGIN_PASSPHRASE_FILE": str(passphrase)}
    command = [
        sys.executable,
        str(ROOT / "examples" / script),
        *options,
        "--wallet",
        str(wallet),
        "--market",
        "AVAX-USD",
    ]
    return subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)


def wait_for_orders(server: Served, account: int, count: int) -> None:
    end_s = time.monotonic() + PATIENCE_S
    while len(server.core.list_orders(account)) < count:
        assert time.monotonic() < end_s, f"account {account} has no {count} orders"
        time.sleep(0.05)


def test_taker_trades_with_the_market_maker(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    passphrase = write_passphrase(tmp_path)
    with serve_in_thread(tmp_path / "store") as server:
        maker_wallet = make_wallet(tmp_path / "maker", 2, server.url, monkeypatch).folder
        taker_wallet = make_wallet(tmp_path / "taker", 3, server.url, monkeypatch).folder
        maker = start("market_maker.py", maker_wallet, passphrase, "--size", "2", "--every", "0.2", "--levels", "2")
        wait_for_orders(server, 2, 4)
        taker = start("taker.py", taker_wallet, passphrase, "buy", "--size", "1")
        wait_for_orders(server, 3, 1)
        server.call(server.core.clear)
        told, _ = taker.communicate(timeout=PATIENCE_S)
        assert taker.returncode == 0, told
        assert "batch 4: 1.0 at 25.0" in told
        assert "gone: filled" in told
        maker.terminate()
        said, _ = maker.communicate(timeout=PATIENCE_S)
        assert "everything cancelled" in said, said
        assert not server.core.list_orders(2)
        account = server.core.get_account(3)
        assert account is not None
        assert [position.size_lots for position in account.positions] == [1_000_000]

"""The same demo on a real node, by one flag: what it settles there costs what it costs in the embedded EVM."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.helpers import run_json
from tests.third_party.anvil import ACCOUNTS, FORKS, KEYS, ROOT, connect, run_anvil

Capsys = pytest.CaptureFixture[str]


@pytest.mark.parametrize("fork", FORKS)
def test_demo_settles_on_a_node(fork: str, tmp_path: Path, capsys: Capsys) -> None:
    key_file, out = tmp_path / "key", tmp_path / "out"
    key_file.touch(mode=0o600)
    key_file.write_text(KEYS[0].hex())
    options = ["--shape", "tiny", "--batches", "2", "--accounts", "3", "--keys", ROOT / ".cache" / "test-keys"]
    with run_anvil(tmp_path, fork) as url:
        node = connect(url)
        before = node.get_head().number
        layer = ["--base-layer", url, "--key-file", key_file]
        there = run_json(capsys, "demo", *options, "--out", out, *layer)
        assert node.get_head().number == before + 2 + 2  # two contracts, two batches
        assert node.rpc.ask("eth_getTransactionCount", ACCOUNTS[0].address, "latest") == "0x4"
        again = run_json(capsys, "verify", out, *layer)
    here = run_json(capsys, "verify", out)
    assert there["valid"] is True
    assert there["gas"] == [batch["gas"] for batch in again["batches"]] == [batch["gas"] for batch in here["batches"]]

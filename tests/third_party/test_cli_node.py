"""The same demo on a real node, by one flag: what it settles there costs what it costs in the embedded EVM."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.cli.helpers import assert_refused, run_json
from tests.third_party.anvil import FORKS, KEYS, ROOT, AnvilNode, connect, run_anvil
from verifier.artifacts import load_artifact
from verifier.base_layer import Contract

Capsys = pytest.CaptureFixture[str]


@pytest.mark.parametrize("fork", FORKS)
def test_demo_settles_on_a_node(fork: str, tmp_path: Path, capsys: Capsys) -> None:
    key_file, out = tmp_path / "key", tmp_path / "out"
    key_file.touch(mode=0o600)
    key_file.write_text(KEYS[0].hex())
    keys = ["--keys", ROOT / ".cache" / "test-keys"]
    options = ["--shape", "tiny", "--batches", "2", "--accounts", "3", *keys]
    with run_anvil(tmp_path, fork) as url:
        node = connect(url)
        layer = ["--base-layer", url, "--key-file", key_file]
        there = run_json(capsys, "demo", *options, "--out", out, *layer)
        contract = load_contract(node, there["settlement"]["contract"])
        assert contract.call("stateRoot") == int(there["settlement"]["state_root"])
        assert contract.call("progress")[0] == 2
        assert_refused(capsys, "its deployer sent transactions before", "settle", out, *keys, *layer)
        checked = run_json(capsys, "verify", out, *layer)
    here = run_json(capsys, "settle", out, *keys)
    assert there["valid"] is checked["valid"] is there["settlement"]["settled"] is here["settled"] is True
    mine, theirs = ([pick(group) for group in run["groups"]] for run in (here, there["settlement"]))
    assert mine == theirs


def pick(group: dict[str, Any]) -> dict[str, Any]:
    """Return what is the same on both chains: clocks differ, and with them how many windows the queue came in."""
    queue = {name: group["queue"][name] for name in ("transactions", "bytes", "calldata_gas")}
    return {**group, "queue": queue, "timestamp_s": None}


def load_contract(node: AnvilNode, address: str) -> Contract:
    """Return the Rollup at an address, its deployment not known."""
    where = bytes.fromhex(address.removeprefix("0x"))
    receipt = node.transact(node.sender, b"")
    return Contract(node, load_artifact("Rollup"), where, receipt)

"""The doctor before a real node: chain, clock, contract and its root, balance, Beacon API."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from sequencer.doctor.base_layer import check_base_layer
from sequencer.doctor.checks import Check, Level
from sequencer.doctor.roots import KnownRoots
from sequencer.node.config_loading import load_config
from tests.third_party.anvil import KEYS, connect, run_anvil
from tests.verifier.tiny_contracts import make_creation_code

ROOT = 2**200 + 5


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with run_anvil(tmp_path_factory.mktemp("anvil"), "prague") as url:
        yield url


def examine(folder: Path, url: str, known: KnownRoots | None = None, **env: str) -> dict[str, Check]:
    (folder / "node").mkdir(mode=0o700, exist_ok=True)
    (folder / "key").write_text(KEYS[0].hex() + "\n")
    (folder / "key").chmod(0o600)
    path = folder / "node.toml"
    path.write_text(f'[node]\ndata = "node"\n[base_layer]\nurl = "{url}"\nkey_file = "key"\n')
    config = load_config(path, {f"ZKMARGIN_NODE_BASE_LAYER_{name.upper()}": value for name, value in env.items()})
    return {check.name: check for check in check_base_layer(config, known or KnownRoots())}


def deploy(url: str) -> str:
    """Return the address of a contract that answers everything with a root."""
    # PUSH32 root, PUSH0, MSTORE, PUSH1 32, PUSH0, RETURN
    code = make_creation_code(b"\x7f" + ROOT.to_bytes(32, "big") + bytes.fromhex("5f5260205ff3"))
    address = connect(url).deploy(code).created_address
    assert address is not None
    return f"0x{address.hex()}"


def test_a_node_that_is_well(tmp_path: Path, url: str) -> None:
    connect(url).mine()
    known = KnownRoots()
    known.add(ROOT)
    known.is_known = True
    checks = examine(tmp_path, url, known, contract=deploy(url))
    assert {name: check.level for name, check in checks.items()} == dict.fromkeys(
        ("base layer", "clock", "contract", "balance"), Level.OK
    )


def test_the_contract_is_found_by_the_nodes_own_deployment(tmp_path: Path, url: str) -> None:
    assert examine(tmp_path, url)["contract"].level is Level.NOTE  # none yet
    (tmp_path / "node" / "deployment.json").write_text(f'{{"contract": "{deploy(url)}"}}')
    assert str(ROOT) in examine(tmp_path, url)["contract"].found
    (tmp_path / "node" / "deployment.json").write_text('{"contract": 5}')
    assert examine(tmp_path, url)["contract"].level is Level.NOTE
    (tmp_path / "node" / "deployment.json").write_text("[")
    assert examine(tmp_path, url)["contract"].level is Level.NOTE


def test_invalid_root_that_the_store_does_not_know(tmp_path: Path, url: str) -> None:
    known = KnownRoots()
    known.is_known = True
    check = examine(tmp_path, url, known, contract=deploy(url))["contract"]
    assert (check.level, "restore the store" in check.advice) == (Level.WRONG, True)


def test_invalid_contract_that_is_none(tmp_path: Path, url: str) -> None:
    check = examine(tmp_path, url, contract="0x" + "12" * 20)["contract"]
    assert (check.level, "no Rollup" in check.found) == (Level.WRONG, True)


def test_invalid_chain(tmp_path: Path, url: str) -> None:
    check = examine(tmp_path, url, chain_id="1")["base layer"]
    assert (check.level, "31337" in check.found) == (Level.WRONG, True)


def test_invalid_balance(tmp_path: Path, url: str) -> None:
    check = examine(tmp_path, url, min_balance_wei=str(10**24))["balance"]
    assert (check.level, "send it some" in check.advice) == (Level.WRONG, True)


def test_invalid_clock_on_either_side(tmp_path: Path) -> None:
    with run_anvil(tmp_path, "prague", "--timestamp", "1700000000") as url:
        check = examine(tmp_path, url)["clock"]
        assert (check.level, "s old" in check.found) == (Level.WRONG, True)
        node = connect(url)
        node.set_next_timestamp(4_000_000_000)
        node.mine()
        check = examine(tmp_path, url)["clock"]
        assert (check.level, "in the future" in check.found) == (Level.WRONG, True)


def test_beacon_node_is_asked_what_it_calls_the_head(tmp_path: Path, url: str) -> None:
    check = examine(tmp_path, url, beacon_urls=url)["beacon node"]
    assert (check.level, f"0x{connect(url).get_head().hash.hex()}" in check.found) == (Level.OK, True)
    check = examine(tmp_path, url, beacon_urls=f"{url},http://127.0.0.1:9")["beacon node"]
    assert (check.level, "does not answer" in check.found) == (Level.WRONG, True)


def test_invalid_node_that_does_not_answer(tmp_path: Path, url: str) -> None:
    check = examine(tmp_path, "http://127.0.0.1:9")["base layer"]
    assert (check.level, "does not answer" in check.found) == (Level.WRONG, True)
    check = examine(tmp_path, url, url_file=str(tmp_path / "none"))["base layer"]
    assert (check.level, "No such file" in check.found) == (Level.WRONG, True)

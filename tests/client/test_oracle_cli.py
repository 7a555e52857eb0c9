"""`zkmargin oracle`: a key is made once, prices of every market are signed and taken, what was said is shown."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from sequencer.cli.main import run_cli
from sequencer.node.receipt_codec import read_receipt_object
from sequencer.node.receipts import verify_receipt
from tests.cli.helpers import assert_refused, run_json
from tests.node.api_client import Served, serve_in_thread
from tests.scenarios import ORACLE_KEYS

PRICES = ("AVAX-USD=25.1", "eth-usd=4000")


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Served]:
    with serve_in_thread(tmp_path / "store") as served:
        yield served


def write_key(folder: Path, signer: int) -> Path:
    path = folder / f"signer-{signer}"
    path.touch(mode=0o600)
    path.write_text(ORACLE_KEYS[signer].hex())
    return path


def test_key_is_made_once(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "key"
    made = run_json(capsys, "oracle", "key", "--key-file", path)
    assert path.stat().st_mode & 0o777 == 0o600
    assert made == run_json(capsys, "oracle", "key", "--key-file", path)
    assert len(made["public_key"]) == 130
    assert path.read_text() not in made["public_key"]


def test_prices_are_submitted_and_shown(server: Served, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    contract = f"{server.core.params.contract:#042x}"
    for signer in (1, 2):
        options = ("--key-file", write_key(tmp_path, signer), "--node", server.url, "--contract", contract)
        facts = run_json(capsys, "oracle", "submit", *PRICES, *options)
        verify_receipt(read_receipt_object(facts["receipt"]), server.core.receipt_key, server.core.params.domain)
        assert (facts["signer"], facts["prices_ticks"]) == (signer, [25_100_000, 4_000_000_000])
    shown = run_json(capsys, "oracle", "status", "--node", server.url)
    assert (shown["stale"], [one["fresh"] for one in shown["signers"]]) == (False, [False, True, True])
    assert run_cli(["oracle", "status", "--node", server.url]) == 0
    assert "never" in capsys.readouterr().out


def test_invalid_submissions(server: Served, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    options = ("--key-file", write_key(tmp_path, 0), "--node", server.url)
    assert_refused(capsys, "one of ETH-USD as well", "oracle", "submit", PRICES[0], *options)
    assert_refused(capsys, "each once of AVAX-USD, ETH-USD", "oracle", "submit", *PRICES, PRICES[0], *options)
    assert_refused(capsys, "each once of", "oracle", "submit", "BTC-USD=5", *options)
    assert_refused(capsys, "each once of", "oracle", "submit", "AVAX-USD", *options)
    assert_refused(capsys, "expected a number", "oracle", "submit", "AVAX-USD=x", PRICES[1], *options)
    assert_refused(capsys, "outside", "oracle", "submit", "AVAX-USD=0", PRICES[1], *options)
    assert_refused(capsys, "the node's, 0x", "oracle", "submit", *PRICES, *options, "--contract", f"0x{5:040x}")
    assert_refused(capsys, "40 hexadecimal digits", "oracle", "submit", *PRICES, *options, "--contract", "0x5")
    (tmp_path / "other").touch(mode=0o600)
    (tmp_path / "other").write_text("11" * 32)
    other = ("--key-file", tmp_path / "other", "--node", server.url)
    assert_refused(capsys, "one of the node's signers", "oracle", "submit", *PRICES, *other)
    assert server.core.last_sequence == 0

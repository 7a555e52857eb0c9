"""`zkmargin account create | status`, `order`, `quote`, `cancel` and `withdraw` against a running API."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from sequencer.cli.main import run_cli
from sequencer.cli.trading import WALLET_VARIABLE
from sequencer.client import keystore
from sequencer.client.passphrase import PASSPHRASE_VARIABLE
from sequencer.node.command_codec import decode_command
from sequencer.node.commands import PlaceOrder
from sequencer.node.receipt_codec import read_receipt_object
from sequencer.node.receipts import verify_receipt
from tests.cli.helpers import assert_refused, run_json
from tests.client.wallets import PASSPHRASE, QUICK_N, make_wallet, write_passphrase
from tests.node.api_client import Served, serve_in_thread


@pytest.fixture
def server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Served]:
    """A node, and account 2's wallet in the environment."""
    with serve_in_thread(tmp_path / "store") as served:
        wallet = make_wallet(tmp_path / "wallet", 2, served.url, monkeypatch)
        monkeypatch.setenv(WALLET_VARIABLE, str(wallet.folder))
        monkeypatch.setenv(PASSPHRASE_VARIABLE, str(write_passphrase(tmp_path)))
        yield served


def check_receipt(server: Served, facts: dict[str, Any]) -> None:
    receipt = read_receipt_object(facts["receipt"])
    verify_receipt(receipt, server.core.receipt_key, server.core.params.domain)


def test_order_rests_and_is_cancelled(server: Served, capsys: pytest.CaptureFixture[str]) -> None:
    options = ("--market", "AVAX-USD", "--size", "1.5", "--price", "24.95", "--post-only", "--max-fee", "0.5")
    placed = run_json(capsys, "order", "buy", *options)
    check_receipt(server, placed)
    record = server.core.live.orders[2, placed["slot"]][1]
    command = decode_command(record.kind, record.body)
    assert isinstance(command, PlaceOrder)
    order = command.signed.order
    assert (order.size_lots, order.limit_ticks, order.flags, order.max_fee_e6) == (1_500_000, 24_950_000, 4, 500_000)
    status = run_json(capsys, "account", "status")
    assert [item["slot"] for item in status["orders"]] == [placed["slot"]]
    cancelled = run_json(capsys, "cancel", "--slot", str(placed["slot"]))
    check_receipt(server, cancelled)
    assert cancelled["nonce"] == placed["nonce"]
    assert server.core.list_orders(2) == ()


def test_orders_of_a_wallet_take_other_slots_and_nonces(server: Served, capsys: pytest.CaptureFixture[str]) -> None:
    first, second = (run_json(capsys, "order", "sell", "--market", "1", "--size", "1") for _ in range(2))
    third = run_json(capsys, "order", "sell", "--market", "1", "--size", "2", "--slot", str(first["slot"]))
    assert len({(f["slot"], f["nonce"]) for f in (first, second, third)}) == 3
    assert third["nonce"] > first["nonce"]
    assert server.core.list_orders(2)[0].size_lots == 2_000_000
    check_receipt(server, run_json(capsys, "cancel", "--all"))
    assert server.core.list_orders(2) == ()


def test_trigger_waits(server: Served, capsys: pytest.CaptureFixture[str]) -> None:
    run_json(capsys, "order", "sell", "--market", "AVAX-USD", "--size", "1", "--below", "20", "--reduce-only", "--ioc")
    (order,) = server.core.list_orders(2)
    assert order.trigger is not None
    assert (order.trigger.price_ticks, order.trigger.is_above, order.flags) == (20_000_000, False, 3)


def test_quote_places_all_its_orders(server: Served, capsys: pytest.CaptureFixture[str]) -> None:
    quoted = run_json(capsys, "quote", "--market", "AVAX-USD", "--bid", "1@24.9", "--bid", "2@24.8", "--ask", "1@25.1")
    check_receipt(server, quoted)
    assert [order["slot"] for order in quoted["orders"]] == [0, 1, 2]
    again = run_json(capsys, "quote", "--market", "AVAX-USD", "--bid", "1@24.7", "--slots-from", "0")
    assert again["orders"][0]["nonce"] > quoted["orders"][0]["nonce"]
    book = server.core.get_book(0, 9)
    assert book is not None
    assert [level.price_ticks for level in book.bids] == [24_800_000, 24_700_000]


def test_withdrawal_is_recorded(server: Served, capsys: pytest.CaptureFixture[str]) -> None:
    facts = run_json(capsys, "withdraw", "250.5")
    check_receipt(server, facts)
    assert (facts["amount_e6"], facts["cash_nonce"]) == ("250500000", 0)


def test_withdrawals_in_a_row_need_no_batch_between_them(server: Served, capsys: pytest.CaptureFixture[str]) -> None:
    nonces = [run_json(capsys, "withdraw", "250.5")["cash_nonce"] for _ in range(3)]
    assert nonces == [0, 1, 2]
    assert run_json(capsys, "account", "status")["next_cash_nonce"] == 3
    server.call(server.core.clear)
    server.call(server.core.clear)  # a lane each
    server.call(server.core.clear)
    status = run_json(capsys, "account", "status")
    assert (status["cash_nonce"], status["next_cash_nonce"]) == (3, 3)
    assert status["cash_atoms"] == str((50_000_000_000 - 3 * 250_500_000) * 10**12)


def test_tables_without_json(server: Served, capsys: pytest.CaptureFixture[str]) -> None:
    assert run_cli(["order", "buy", "--market", "AVAX-USD", "--size", "1"]) == 0
    assert "Recorded, signed by the node" in capsys.readouterr().out
    server.call(server.core.clear)
    assert run_cli(["account", "status"]) == 0
    assert "Orders" in capsys.readouterr().out


def test_account_create_keeps_the_nodes_deployment(
    server: Served, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keystore, "SCRYPT_N", QUICK_N)
    folder = tmp_path / "new"
    facts = run_json(capsys, "account", "create", "--account", "9", "--node", server.url, "--wallet", folder)
    wallet = keystore.open_wallet(folder)
    assert facts["contract"] == f"{server.core.params.contract:#042x}"
    assert (wallet.account, wallet.owner, wallet.node_url) == (9, facts["owner"], server.url)
    assert str(wallet.key[0]) == facts["key_x"]
    assert wallet.load_owner(PASSPHRASE).address.lower() == wallet.owner
    again = ("account", "create", "--account", "9", "--node", server.url, "--wallet", folder)
    assert_refused(capsys, "holds a wallet already", *again)


def test_account_create_with_an_owner_of_ones_own(
    server: Served, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keystore, "SCRYPT_N", QUICK_N)
    key_file = tmp_path / "owner"
    key_file.write_text("11" * 32)
    key_file.chmod(0o600)
    options = ("--node", server.url, "--wallet", tmp_path / "new", "--owner-key-file", key_file)
    facts = run_json(capsys, "account", "create", "--account", "9", *options)
    assert facts["owner"] == "0x19e7e376e7c213b7e7e7e46cc70a5dd086daff2a"


@pytest.mark.parametrize(
    ("arguments", "fact"),
    [
        (("order", "buy", "--market", "NONE", "--size", "1"), "one of AVAX-USD, ETH-USD"),
        (("order", "buy", "--market", "AVAX-USD", "--size", "0.0000001"), "at most 6 decimals"),
        (("order", "buy", "--market", "AVAX-USD", "--size", "x"), "--size x: expected a number"),
        (("order", "buy", "--market", "AVAX-USD", "--size", "0"), "size_lots 0 outside"),
        (("order", "buy", "--market", "AVAX-USD", "--size", "-1"), "not negative"),
        (("order", "buy", "--market", "AVAX-USD", "--size", "NaN"), "expected a number"),
        (("order", "buy", "--market", "AVAX-USD", "--size", "1e400"), "number"),
        (("order", "buy", "--market", "AVAX-USD", "--size", "1", "--above", "1", "--below", "2"), "one of --above"),
        (("quote", "--market", "AVAX-USD"), "1 to 16"),
        (("quote", "--market", "AVAX-USD", "--bid", "5"), "SIZE@USD"),
        (("cancel",), "either --slot or --all"),
        (("cancel", "--slot", "1", "--all"), "either --slot or --all"),
        (("cancel", "--slot", "1"), "a slot in which an order rests"),
        (("withdraw", "0"), "amount_e6 0 outside"),
        (("withdraw", "5", "--node", "http://127.0.0.1:9"), "no answer"),
        (("account", "status", "--wallet", "/nowhere"), "no such file"),
        (("account", "deposit", "5", "--base-layer", "http://127.0.0.1:9"), "127.0.0.1"),
    ],
    ids=" ".join,
)
def test_invalid_input(
    server: Served, capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...], fact: str
) -> None:
    assert_refused(capsys, fact, *arguments)


def test_invalid_passphrase_or_node_of_another_contract(
    server: Served, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "passphrase").write_text("wrong\n")
    assert_refused(capsys, "another passphrase", "withdraw", "5")
    (tmp_path / "passphrase").write_text(PASSPHRASE)
    path = tmp_path / "wallet" / "wallet.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"contract": f"0x{7:040x}"}))
    assert_refused(capsys, "the node's contract is", "withdraw", "5")


def test_refusal_of_the_node_is_one_line(server: Served, capsys: pytest.CaptureFixture[str]) -> None:
    server.app.state.service.is_draining = True
    assert_refused(capsys, "refused (node_draining)", "withdraw", "5")

"""Wallets: keys come out under their passphrase alone, files are private, and no error shows a key."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from eth_account import Account

from rollup.errors import ValueOutOfRange
from rollup.signature import derive_public_key
from sequencer.client import keystore
from sequencer.client.errors import WalletInvalid
from sequencer.client.keystore import create_wallet, open_wallet
from sequencer.client.passphrase import PASSPHRASE_VARIABLE, read_passphrase
from sequencer.errors import FileMissing, FileTooLarge
from tests.client.wallets import DEPLOYMENT, PASSPHRASE, QUICK_N, make_wallet, write_passphrase
from tests.scenarios import key_of

URL = "http://127.0.0.1:1"


def make(folder: Path) -> keystore.Wallet:
    return create_wallet(folder / "wallet", 7, DEPLOYMENT, URL, PASSPHRASE, scrypt_n=QUICK_N)


def test_wallet_is_what_it_was_made(tmp_path: Path) -> None:
    made = make(tmp_path)
    wallet = open_wallet(made.folder)
    assert wallet == made
    assert derive_public_key(wallet.load_trading_key(PASSPHRASE)) == wallet.key
    assert wallet.load_owner(PASSPHRASE).address.lower() == wallet.owner
    assert wallet.load_trading_key(PASSPHRASE) != bytes(wallet.load_owner(PASSPHRASE).key)


def test_wallet_with_an_owner_of_ones_own(tmp_path: Path) -> None:
    key = bytes([9]) * 32
    wallet = create_wallet(tmp_path, 2, DEPLOYMENT, URL, PASSPHRASE, owner_key=key, scrypt_n=QUICK_N)
    assert bytes(wallet.load_owner(PASSPHRASE).key) == key


def test_files_are_private_and_hold_no_key_in_clear(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    wallet = make_wallet(tmp_path / "wallet", 2, URL, monkeypatch)
    assert wallet.load_trading_key(PASSPHRASE) == key_of(2)
    files = list(wallet.folder.iterdir())
    assert {path.stat().st_mode & 0o777 for path in files} == {0o600}
    assert wallet.folder.stat().st_mode & 0o777 == 0o700
    owner = bytes(wallet.load_owner(PASSPHRASE).key)
    for path in files:
        assert key_of(2).hex() not in path.read_text()
        assert owner.hex() not in path.read_text()
        assert PASSPHRASE not in path.read_text()


def test_any_ethereum_wallet_reads_the_owners_key(tmp_path: Path) -> None:
    wallet = make(tmp_path)
    key = Account.decrypt(json.loads((wallet.folder / "owner.json").read_text()), PASSPHRASE)
    assert Account.from_key(key).address.lower() == wallet.owner


def test_default_cost_is_what_ethereum_wallets_take(tmp_path: Path) -> None:
    wallet = create_wallet(tmp_path, 2, DEPLOYMENT, URL, PASSPHRASE)
    crypto = json.loads((wallet.folder / "trading.json").read_text())["crypto"]
    assert (crypto["kdf"], crypto["kdfparams"]["n"]) == ("scrypt", 2**18)


def test_invalid_passphrase(tmp_path: Path) -> None:
    wallet = make(tmp_path)
    for load in (wallet.load_trading_key, wallet.load_owner):
        with pytest.raises(WalletInvalid, match="another passphrase") as refused:
            load(PASSPHRASE + "x")
        assert refused.value.__cause__ is None
        assert refused.value.__suppress_context__


def test_invalid_wallet_over_another(tmp_path: Path) -> None:
    before = make(tmp_path)
    with pytest.raises(WalletInvalid, match="already"):
        make(tmp_path)
    assert open_wallet(before.folder) == before


@pytest.mark.parametrize("account", [-1, 0, 1, 2**21])
def test_invalid_account_of_a_wallet(tmp_path: Path, account: int) -> None:
    with pytest.raises(ValueOutOfRange):
        create_wallet(tmp_path / "w", account, DEPLOYMENT, URL, PASSPHRASE, scrypt_n=QUICK_N)
    assert not (tmp_path / "w").exists()


@pytest.mark.parametrize("file", ["trading.json", "owner.json"])
@pytest.mark.parametrize(
    "damage", ["", "[]", "{}", "null", '{"version": 3}', '{"version": 9, "crypto": {}}', "[" * 60_000]
)
def test_invalid_key_file(tmp_path: Path, file: str, damage: str) -> None:
    wallet = make(tmp_path)
    (wallet.folder / file).write_text(damage)
    with pytest.raises(WalletInvalid):
        (wallet.load_trading_key if file == "trading.json" else wallet.load_owner)(PASSPHRASE)


def test_invalid_keys_changed_about(tmp_path: Path) -> None:
    wallet = make(tmp_path)
    trading, owner = (wallet.folder / name for name in ("trading.json", "owner.json"))
    texts = trading.read_text(), owner.read_text()
    trading.write_text(texts[1])
    owner.write_text(texts[0])
    for load in (wallet.load_trading_key, wallet.load_owner):
        with pytest.raises(WalletInvalid, match="another key"):
            load(PASSPHRASE)


@pytest.mark.parametrize("damage", ["", "[]", "{}", '{"format": "zkmargin wallet 2"}', "[" * 60_000])
def test_invalid_description(tmp_path: Path, damage: str) -> None:
    wallet = make(tmp_path)
    (wallet.folder / "wallet.json").write_text(damage)
    with pytest.raises(WalletInvalid, match="no description"):
        open_wallet(wallet.folder)


def test_invalid_wallet_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(FileMissing):
        open_wallet(tmp_path)
    (tmp_path / "wallet.json").write_text(" " * 70_000)
    with pytest.raises(FileTooLarge):
        open_wallet(tmp_path)


def refuse() -> str:
    raise AssertionError("nobody is to be asked")


def test_passphrase_of_a_file_of_the_environment_and_asked_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(PASSPHRASE_VARIABLE, raising=False)
    assert read_passphrase(None, lambda: "asked") == "asked"
    assert read_passphrase(write_passphrase(tmp_path), refuse) == PASSPHRASE
    monkeypatch.setenv(PASSPHRASE_VARIABLE, str(tmp_path / "passphrase"))
    assert read_passphrase(None, refuse) == PASSPHRASE


@pytest.mark.parametrize(
    ("text", "mode", "fact"),
    [("x", 0o644, "mode 0644"), ("x", 0o620, "mode 0620"), ("", 0o600, "empty"), ("x" * 2000, 0o600, "more than 1024")],
)
def test_invalid_passphrase_file(tmp_path: Path, text: str, mode: int, fact: str) -> None:
    with pytest.raises(WalletInvalid, match=fact):
        read_passphrase(write_passphrase(tmp_path, text, mode), refuse)


def test_invalid_passphrase_file_that_is_a_link_or_not_text(tmp_path: Path) -> None:
    write_passphrase(tmp_path)
    (tmp_path / "link").symlink_to(tmp_path / "passphrase")
    with pytest.raises(WalletInvalid):
        read_passphrase(tmp_path / "link", refuse)
    with pytest.raises(WalletInvalid):
        read_passphrase(tmp_path / "none", refuse)
    (tmp_path / "passphrase").write_bytes(b"\xff\xfe")
    with pytest.raises(WalletInvalid, match="UTF-8"):
        read_passphrase(tmp_path / "passphrase", refuse)
    with pytest.raises(WalletInvalid, match="empty"):
        read_passphrase(None, lambda: "")

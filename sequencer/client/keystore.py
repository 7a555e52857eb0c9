"""A wallet: a folder with an account's two keys, each encrypted under a passphrase, and what it is for.

`trading.json` and `owner.json` are Web3 Secret Storage files (version 3: scrypt, AES-128-CTR), as eth-account writes
them; `wallet.json` says in clear which account, owner, deployment and node. All have mode 0600, their folder 0700.
"""

from __future__ import annotations

import json
import secrets
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from eth_account import Account
from eth_account.signers.local import LocalAccount

from rollup.babyjubjub import Point
from rollup.bounded_json import parse_json
from rollup.errors import check_range
from rollup.signature import PRIVATE_KEY_BYTES, derive_public_key
from rollup.units import ACCOUNT_BITS, FIRST_USER_ACCOUNT
from sequencer.client.deployment import Deployment
from sequencer.client.errors import WalletInvalid
from sequencer.files import read_limited, sync_folder, write_atomically

__all__ = ["Wallet", "create_wallet", "open_wallet"]

_TRADING: Final = "trading.json"
_OWNER: Final = "owner.json"
_WALLET: Final = "wallet.json"
_FORMAT: Final = "zkmargin wallet 1"
_LIMIT_BYTES: Final = 64 << 10
_FOLDER_MODE: Final = 0o700
SCRYPT_N: Final = 2**18  # what geth and eth-account take: about a second and 256 MiB


@dataclass(frozen=True)
class Wallet:
    """What a wallet's folder says in clear. The keys come out by `load_trading_key` and `load_owner`."""

    folder: Path
    account: int
    owner: str  # 0x address of the owner's key
    key: Point  # public trading key
    deployment: Deployment
    node_url: str

    def load_trading_key(self, passphrase: str) -> bytes:
        """Return the key that signs orders. Raises WalletInvalid: damaged, another passphrase, another key."""
        key = _decrypt(self.folder / _TRADING, passphrase)
        if derive_public_key(key) != self.key:
            raise WalletInvalid(str(self.folder / _TRADING), f"holds another key than {_WALLET} names")
        return key

    def load_owner(self, passphrase: str) -> LocalAccount:
        """Return the key that owns the account on the base layer. Raises WalletInvalid."""
        owner: LocalAccount = Account.from_key(_decrypt(self.folder / _OWNER, passphrase))
        if owner.address.lower() != self.owner:
            raise WalletInvalid(str(self.folder / _OWNER), f"holds another key than {_WALLET} names")
        return owner


def create_wallet(
    folder: Path,
    account: int,
    deployment: Deployment,
    node_url: str,
    passphrase: str,
    *,
    owner_key: bytes | None = None,
    scrypt_n: int = SCRYPT_N,
) -> Wallet:
    """Make both keys at random, the owner's unless given, and write the wallet. Nothing in the folder is replaced.

    Raises WalletInvalid where there is a wallet, ValueOutOfRange for the account.
    """
    check_range("account", account, FIRST_USER_ACCOUNT, 2**ACCOUNT_BITS - 1)
    if (folder / _WALLET).exists() or (folder / _TRADING).exists():
        raise WalletInvalid(str(folder), "holds a wallet already")
    folder.mkdir(mode=_FOLDER_MODE, parents=True, exist_ok=True)
    trading = bytes(Account.create(secrets.token_hex(PRIVATE_KEY_BYTES)).key)  # any 32 bytes would do
    owner: LocalAccount = Account.create() if owner_key is None else Account.from_key(owner_key)
    wallet = Wallet(folder, account, owner.address.lower(), derive_public_key(trading), deployment, node_url)
    _write(folder / _TRADING, _encrypt(trading, passphrase, scrypt_n, has_address=False))
    _write(folder / _OWNER, _encrypt(bytes(owner.key), passphrase, scrypt_n, has_address=True))
    _write(folder / _WALLET, _describe(wallet))
    sync_folder(folder)
    return wallet


def open_wallet(folder: Path) -> Wallet:
    """Return what a wallet says in clear. Raises FileMissing, FileTooLarge, WalletInvalid."""
    path = folder / _WALLET
    try:
        data = _read(path)
        if data["format"] != _FORMAT:
            raise ValueError("of another format")
        receipt_key = (int(data["receipt_key"][0]), int(data["receipt_key"][1]))
        deployment = Deployment(int(data["chain_id"]), int(data["contract"], 16), int(data["version"]), receipt_key)
        key = (int(data["key"][0]), int(data["key"][1]))
        return Wallet(folder, int(data["account"]), str(data["owner"]), key, deployment, str(data["node"]))
    except (ValueError, KeyError, TypeError, IndexError, RecursionError) as error:
        raise WalletInvalid(str(path), f"no description of a wallet: {error}"[:200]) from error


def _describe(wallet: Wallet) -> dict[str, Any]:
    deployment = wallet.deployment
    return {
        "format": _FORMAT,
        "account": wallet.account,
        "owner": wallet.owner,
        "key": [str(axis) for axis in wallet.key],
        "node": wallet.node_url,
        "chain_id": str(deployment.chain_id),
        "contract": f"{deployment.contract:#042x}",
        "version": deployment.version,
        "receipt_key": [str(axis) for axis in deployment.receipt_key],
    }


def _encrypt(key: bytes, passphrase: str, scrypt_n: int, *, has_address: bool) -> dict[str, Any]:
    encrypted: dict[str, Any] = Account.encrypt(key, passphrase, kdf="scrypt", iterations=scrypt_n)
    if not has_address:
        del encrypted["address"]  # a trading key has none: nobody is to send anything there
    return encrypted


def _decrypt(path: Path, passphrase: str) -> bytes:
    try:
        return bytes(Account.decrypt(_read(path), passphrase))
    except (ValueError, KeyError, TypeError, RecursionError, NotImplementedError):
        # whatever it says may show what the file holds, so it is dropped
        raise WalletInvalid(str(path), "another passphrase, or a damaged file") from None


def _read(path: Path) -> dict[str, Any]:
    data = parse_json(read_limited(path, _LIMIT_BYTES))
    if not isinstance(data, dict):
        raise ValueError("not an object")
    return data


def _write(path: Path, data: dict[str, Any]) -> None:
    write_atomically(path, json.dumps(data, indent=1).encode(), is_secret=True)

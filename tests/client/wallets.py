"""Wallets for tests: the stepped node's accounts, keys and all, under a passphrase that is quick to stretch."""

from __future__ import annotations

from pathlib import Path

import pytest

from rollup.signature import derive_public_key
from sequencer.client import keystore
from sequencer.client.deployment import Deployment
from sequencer.client.keystore import Wallet, create_wallet
from tests.node.stepped_node import RECEIPT_KEY
from tests.scenarios import PARAMS, key_of

PASSPHRASE = "correct horse"
QUICK_N = 2**4  # scrypt's cost; a wallet of real use takes 2**18
DEPLOYMENT = Deployment(PARAMS.chain_id, PARAMS.contract, PARAMS.version, derive_public_key(RECEIPT_KEY))


class _Made:
    """A key of the tests in place of a random one."""

    def __init__(self, key: bytes) -> None:
        self.key = key


def make_wallet(folder: Path, account: int, url: str, patch: pytest.MonkeyPatch) -> Wallet:
    """Return a wallet with the trading key that the stepped node's account has."""
    with patch.context() as patched:
        make, made = keystore.Account.create, iter([_Made(key_of(account))])
        patched.setattr(keystore.Account, "create", lambda *entropy: next(made, None) or make(*entropy))
        return create_wallet(folder, account, DEPLOYMENT, url, PASSPHRASE, scrypt_n=QUICK_N)


def write_passphrase(folder: Path, text: str = PASSPHRASE, mode: int = 0o600) -> Path:
    """Return a file with the passphrase."""
    path = folder / "passphrase"
    path.write_text(text + "\n")
    path.chmod(mode)
    return path

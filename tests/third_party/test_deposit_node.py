"""`zkmargin account deposit` on a real node: the owner's transaction, an entry for the wallet's account and key."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from rollup.txs import Deposit
from sequencer.client.keystore import Wallet, create_wallet
from sequencer.client.passphrase import PASSPHRASE_VARIABLE
from tests.cli.helpers import assert_refused, run_json
from tests.client.wallets import DEPLOYMENT, PASSPHRASE, QUICK_N, write_passphrase
from tests.third_party.anvil import connect, run_anvil
from tests.verifier.rollup_scene import BATCH_SETUP, EXIT_SETUP, LIMITS, Scene
from verifier.keys import encode_verifying_key
from verifier.queue_entries import decode_entry
from verifier.verify import deploy_verifier


@pytest.fixture
def scene(tmp_path: Path) -> Iterator[tuple[Scene, str]]:
    """A Rollup on a node, and the node's address."""
    with run_anvil(tmp_path, "prague") as url:
        node = connect(url)
        keys = (BATCH_SETUP.get_key(), EXIT_SETUP.get_key())
        batches, exits = (deploy_verifier(node, encode_verifying_key(key)) for key in keys)
        yield Scene(chain=(node, batches, exits)), url  # type: ignore[arg-type]  # it asks what any base layer answers


def make_wallet(scene: Scene, folder: Path, patch: pytest.MonkeyPatch) -> Wallet:
    deployment = replace(DEPLOYMENT, chain_id=scene.evm.chain_id, contract=int.from_bytes(scene.rollup.address, "big"))
    patch.setenv(PASSPHRASE_VARIABLE, str(write_passphrase(folder)))
    return create_wallet(folder / "wallet", 7, deployment, "", PASSPHRASE, scrypt_n=QUICK_N)


def test_deposit_from_the_command_line(
    scene: tuple[Scene, str], tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    world, url = scene
    wallet = make_wallet(world, tmp_path, monkeypatch)
    owner = bytes.fromhex(wallet.owner[2:])
    world.evm.transact(owner, b"", value_wei=10**18)
    world.token.transact("mint", owner, 50_000_000)
    facts = run_json(capsys, "account", "deposit", "20.5", "--base-layer", url, "--wallet", wallet.folder)
    assert (facts["account"], facts["entry"], facts["credit_e6"]) == (7, 0, str(20_500_000 - LIMITS.deposit_fee_e6))
    logs = world.evm.get_logs(0, world.evm.get_head().number, [world.rollup.address])
    (event,) = world.rollup.decode_events("EntryQueued", logs)
    expected = Deposit(7, 20_000_000, owner=int(wallet.owner, 16), key=wallet.key)
    assert decode_entry(event["entry"]) == expected
    refused = ("account", "deposit", "1000", "--base-layer", url, "--wallet", wallet.folder)
    assert_refused(capsys, "reverted", *refused)

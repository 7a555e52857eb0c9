"""A deposit by the wallet's owner is an entry of the queue for the wallet's account and key."""

from __future__ import annotations

from pathlib import Path

import pytest

from rollup.txs import Deposit
from sequencer.client.depositing import deposit
from sequencer.client.errors import NodeForeign
from sequencer.client.keystore import create_wallet
from tests.client.wallets import DEPLOYMENT, PASSPHRASE, QUICK_N
from tests.verifier.rollup_scene import LIMITS, Scene
from verifier.base_layer import Reverted
from verifier.queue_entries import decode_entry


def test_deposit_is_queued_for_the_account(tmp_path: Path) -> None:
    scene = Scene()
    wallet = create_wallet(tmp_path, 7, DEPLOYMENT, "", PASSPHRASE, scrypt_n=QUICK_N)
    owner = wallet.load_owner(PASSPHRASE)
    address = bytes.fromhex(owner.address[2:])
    scene.evm.add_senders([bytes(owner.key)])
    scene.evm.transact(address, b"", value_wei=10**18)
    scene.token.transact("mint", address, 30_000_000)
    contract = int.from_bytes(scene.rollup.address, "big")
    deployed = (scene.evm, scene.evm.chain_id, contract, address, 7, wallet.key)
    done = deposit(*deployed, 20_000_000)
    assert (done.index, done.credit_e6, done.fee_e6) == (0, 19_500_000, LIMITS.deposit_fee_e6)
    logs = scene.evm.get_logs(0, scene.evm.get_head().number, [scene.rollup.address])
    (event,) = scene.rollup.decode_events("EntryQueued", logs)
    assert decode_entry(event["entry"]) == Deposit(7, 19_500_000, owner=int.from_bytes(address, "big"), key=wallet.key)
    with pytest.raises(Reverted):  # more than is left
        deposit(*deployed, 20_000_000)
    with pytest.raises(Reverted, match="DepositBelowMinimum"):
        deposit(*deployed, 1)


def test_invalid_deposit_on_another_chain() -> None:
    scene = Scene()
    with pytest.raises(NodeForeign, match="chain id"):
        deposit(scene.evm, scene.evm.chain_id + 1, 5, scene.who[3], 7, (0, 1), 5)

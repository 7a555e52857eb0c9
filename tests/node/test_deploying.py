"""A node's first start: keys, genesis and contracts, cut off after each transaction, and found again ever after."""

from __future__ import annotations

import stat
import time
from contextlib import closing
from pathlib import Path

import pytest

from prover.circuit import load_batch
from rollup.params import Params
from rollup.shapes import TINY
from rollup.state import State
from sequencer.errors import DeploymentElsewhere
from sequencer.keys import load_or_make_key
from sequencer.node.deploying import (
    DEPLOYER_KEY,
    DEPLOYMENT,
    SEQUENCER_KEY,
    NodeDeployment,
    deploy_node,
    load_verifying_keys,
    read_deployment,
    read_sequencer_key,
)
from sequencer.progress import ignore_progress
from sequencer.settlement.deploying import VerifyingKey
from sequencer.settlement.people import Deployment
from sequencer.snapshots import GENESIS, read_snapshot
from tests.proving import KEYS_DIR, get_verifying_key
from tests.small_node import make_state
from tests.verifier.rollup_scene import BATCH_SETUP, EXIT_SETUP
from verifier.base_layer import EmbeddedEvm, Receipt
from verifier.base_layer.key_file import read_keys
from verifier.base_layer.node_errors import KeyFileInvalid, NodeUnreachable
from verifier.keys import encode_verifying_key

KEYS = tuple(VerifyingKey(encode_verifying_key(setup.get_key()), True) for setup in (BATCH_SETUP, EXIT_SETUP))
N_TRANSACTIONS = 6  # two are paid, two verifiers, the token, the Rollup


class CutOff(EmbeddedEvm):
    """Breaks off after so many transactions, the last of which is there."""

    answers = 10**9

    def _send(self, *arguments: object) -> Receipt:
        receipt = super()._send(*arguments)  # type: ignore[arg-type]
        self.answers -= 1
        if self.answers < 0:
            raise NodeUnreachable("http://127.0.0.1:9", "ConnectionError")
        return receipt


class Starter:
    """Starts a node in a folder, and counts how often its genesis is made."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.n_made = folder, 0
        self.start_s = int(time.time()) - 1_000

    def make(self, deployment: Deployment) -> tuple[Params, State]:
        self.n_made += 1
        return make_state(deployment, start_s=self.start_s)

    def start(self, layer: EmbeddedEvm) -> NodeDeployment:
        return deploy_node(layer, self.folder, TINY, (KEYS[0], KEYS[1]), self.make)


@pytest.mark.parametrize("n_answers", range(N_TRANSACTIONS + 1))
def test_start_that_was_cut_off_is_taken_up(n_answers: int, tmp_path: Path) -> None:
    starter, layer = Starter(tmp_path / "node"), CutOff(int(time.time()) - 1_000, is_real_time=True)
    layer.answers = n_answers
    if n_answers < N_TRANSACTIONS:
        with pytest.raises(NodeUnreachable):
            starter.start(layer)
    layer.answers = 10**9
    deployment = starter.start(layer)
    n_blocks = layer.get_head().number
    assert starter.start(layer) == read_deployment(starter.folder) == deployment
    assert (layer.get_head().number, starter.n_made) == (n_blocks, 1)
    genesis, rollup = read_snapshot(starter.folder / GENESIS), deployment.open_rollup(layer)
    assert rollup.call("stateRoot") == genesis.state.state_root
    assert rollup.call("paramsHash") == genesis.params.params_hash
    assert genesis.params.contract == int.from_bytes(deployment.contract, "big")
    assert rollup.call("sequencer") == f"0x{deployment.sequencer.hex()}"
    assert rollup.call("token") == f"0x{deployment.parts.token.hex()}"
    assert layer.get_balance_wei(deployment.sequencer) >= 10**18


def test_keys_are_random_and_their_owner_s_alone(tmp_path: Path) -> None:
    folders = [tmp_path / name for name in ("one", "two")]
    layer = EmbeddedEvm(int(time.time()) - 1_000, is_real_time=True)
    assert len({Starter(folder).start(layer).contract for folder in folders}) == 2
    assert len({read_sequencer_key(folder) for folder in folders}) == 2
    for path in (folders[0] / DEPLOYER_KEY, folders[0] / SEQUENCER_KEY):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        path.chmod(0o640)
        with pytest.raises(KeyFileInvalid, match="mode 0640 lets others in"):
            Starter(folders[0]).start(layer)
        path.chmod(0o600)


def test_invalid_folder_of_another_chain_or_key(tmp_path: Path) -> None:
    starter, folder = Starter(tmp_path / "node"), tmp_path / "node"
    with closing(EmbeddedEvm(starter.start_s, is_real_time=True)) as layer:
        starter.start(layer)
    with pytest.raises(DeploymentElsewhere, match="token: got nothing at 0x"):
        starter.start(EmbeddedEvm(starter.start_s, is_real_time=True))  # another chain of the same id
    other = Starter(tmp_path / "other")
    other.start(EmbeddedEvm(starter.start_s, is_real_time=True))
    (folder / DEPLOYER_KEY).write_bytes((tmp_path / "other" / DEPLOYER_KEY).read_bytes())
    with pytest.raises(DeploymentElsewhere, match=r"chain id and contract of genesis\.zks"):
        starter.start(layer)
    (folder / GENESIS).unlink()
    with pytest.raises(DeploymentElsewhere, match="contract of the key"):
        starter.start(layer)
    text = (folder / DEPLOYMENT).read_text().replace('"chain_id": 31337', '"chain_id": 5')
    (folder / DEPLOYMENT).write_text(text)
    with pytest.raises(DeploymentElsewhere, match="chain id: got 31337"):
        starter.start(layer)


def test_invalid_deployer_that_sent_something_before(tmp_path: Path) -> None:
    starter, layer = Starter(tmp_path), CutOff(int(time.time()) - 1_000, is_real_time=True)
    layer.answers = N_TRANSACTIONS - 2  # all but the token and the Rollup
    with pytest.raises(NodeUnreachable):
        starter.start(layer)
    layer.answers = 10**9
    deployer = bytes.fromhex(read_keys(tmp_path / DEPLOYER_KEY)[0].address[2:])
    layer.transact(deployer, b"", sender=deployer)
    with pytest.raises(DeploymentElsewhere, match="its deployer sent transactions before"):
        starter.start(layer)


def test_keys_of_the_circuits() -> None:
    batches, exits = load_verifying_keys(KEYS_DIR, TINY, ignore_progress)
    assert (batches.key_be, batches.is_development, exits.is_development) == (get_verifying_key(), True, True)
    assert load_or_make_key(KEYS_DIR, TINY, load_batch(TINY).circuit, ignore_progress).is_new is False

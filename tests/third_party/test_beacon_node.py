"""Blobs by the Beacon API of a real node, which has no slots: sent, asked for, and a lost store made again by them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from sequencer.cli.main import run_cli
from sequencer.node import logs
from sequencer.node.base_history import read_base_history
from sequencer.node.config_loading import load_config
from sequencer.node.publisher import Publisher
from sequencer.node.rebuilding import rebuild_node
from sequencer.progress import ignore_progress
from tests.cli.helpers import assert_refused
from tests.simulated_groups import QUICK, Ground
from tests.third_party.anvil import AnvilNode, connect, run_anvil
from tests.verifier.base_layer_suite import BLOBS, deploy_code
from tests.verifier.tiny_contracts import BLOB_HASH_LOGGER
from verifier.base_layer.node_errors import BeaconBlobMissing
from verifier.beacon import BeaconNode
from verifier.queue_entries import encode_entry

N_TO_FINAL = 6


@pytest.fixture(scope="module")
def node(tmp_path_factory: pytest.TempPathFactory) -> Iterator[AnvilNode]:
    with run_anvil(tmp_path_factory.mktemp("node"), "prague", "--slots-in-an-epoch", "2") as url:
        yield connect(url)


def make_final(node: AnvilNode) -> None:
    for _ in range(N_TO_FINAL):
        node.mine()


def test_blobs_that_were_sent_come_back(node: AnvilNode) -> None:
    logger = deploy_code(node, BLOB_HASH_LOGGER)
    receipt = node.transact(logger, bytes(32), blobs=BLOBS)
    block = node.get_block(receipt.block_number)
    with closing(BeaconNode(node.rpc.node)) as beacon:
        assert [beacon.get_blob(one, block) for one in receipt.versioned_hashes] == BLOBS
        for versioned_hash, other in ((b"\x01" * 32, block), (receipt.versioned_hashes[0], node.mine())):
            with pytest.raises(BeaconBlobMissing):
                beacon.get_blob(versioned_hash, other)


def test_lost_store_is_made_again_by_a_node_and_its_beacon_api(
    node: AnvilNode, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    ground = Ground(node, tmp_path)
    for _ in range(2):
        ground.deposit(node)
    make_final(node)
    entries = [encode_entry(entry) for entry in read_base_history(node, ground.deployment).entries]
    for some, in_parts in ((entries[:1], False), (entries[1:], True)):  # in parts, an earlier block has the blob
        settings = replace(QUICK, is_in_parts=in_parts)
        publisher = Publisher(node, ground.deployment, tmp_path, settings, lambda _: None)
        publisher.take(ground.make_group(some))
        assert publisher.settle()
    make_final(node)
    (tmp_path / "node.toml").write_text(
        '[node]\ndata = "."\nshape = "tiny"\n'
        f'[base_layer]\nurl = "{node.rpc.node}"\nbeacon_urls = ["{node.rpc.node}"]\nkey_file = "base.key"\n'
    )
    (tmp_path / "none").mkdir()
    monkeypatch.setattr(logs, "configure_logs", lambda **_: None)  # other tests have a log of their own
    command = ["node", "--config", str(tmp_path / "node.toml"), "--rebuild-from-base-layer"]
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ZKMARGIN_NODE_BASE_LAYER_BEACON_URLS", "")
        assert_refused(capsys, "or a beacon node by --beacon", *command, "--blobs", tmp_path / "none")
        options = ["--blobs", str(tmp_path / "none"), "--beacon", node.rpc.node]
        assert run_cli([*command, *options]) == 0
    assert str(ground.exchange.state.state_root) in capsys.readouterr().out
    config = load_config(tmp_path / "node.toml", {"ZKMARGIN_NODE_STORE_TARGET": "another"})
    rebuilt = rebuild_node(config, None, ignore_progress)  # by those of the configuration
    assert rebuilt.state.state_root == ground.exchange.state.state_root
    groups = read_base_history(node, ground.deployment).groups
    assert [one.block - one.blob_block > 0 for one in groups] == [False, True]

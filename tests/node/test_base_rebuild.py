"""A store that was lost, made again from the base layer alone, and a node that goes on from there."""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from rollup.shapes import TINY
from sequencer.errors import DataFault, DeploymentElsewhere, FileMissing
from sequencer.node.base_history import read_base_history
from sequencer.node.base_rebuild import fill_store, rebuild_state, start_receipts_anew
from sequencer.node.blob_sources import open_blob_folder
from sequencer.node.commands import Kind
from sequencer.node.config_loading import load_config
from sequencer.node.deploying import DEPLOYMENT
from sequencer.node.errors import StoreRequestInvalid
from sequencer.node.links import Record
from sequencer.node.opening import open_store
from sequencer.node.pipeline_ledger import Ledger
from sequencer.node.publisher import Publisher
from sequencer.node.rebuilding import rebuild_node
from sequencer.node.recovery import recover
from sequencer.node.refusals import StateDiverged
from sequencer.node.store import Store
from sequencer.progress import ignore_progress
from sequencer.snapshots import GENESIS, read_snapshot
from tests.simulated_groups import QUICK, Ground
from verifier.base_layer import EmbeddedEvm
from verifier.queue_entries import encode_entry


class Lost:
    """A day in two groups, three batches in all, the second settled in parts; of the node only its folder is left."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.layer = folder, open_chain(folder)
        self.ground = Ground(self.layer, folder)
        self.genesis = read_snapshot(folder / GENESIS)
        for _ in range(4):  # the fourth waits
            self.ground.deposit(self.layer)
        history = read_base_history(self.layer, self.ground.deployment)
        entries = [encode_entry(entry) for entry in history.entries]
        for some, in_parts in ((entries[:1], False), (entries[1:3], True)):
            self.settle(self.layer, some, in_parts)
        self.root = self.ground.exchange.state.state_root
        self.layer.close()
        shutil.copytree(folder, folder / "copy")
        self.layer = open_chain(folder)

    def get_blob(self, versioned_hash: bytes, number: int) -> bytes | None:
        assert number <= self.layer.get_head().number
        return self.layer.get_blob(versioned_hash)

    def settle(self, layer: EmbeddedEvm, entries: list[bytes], in_parts: bool) -> None:
        settings = replace(QUICK, is_in_parts=in_parts)
        publisher = Publisher(layer, self.ground.deployment, self.folder, settings, lambda _: None)
        publisher.take(self.ground.make_group(entries))
        assert publisher.settle()


def open_chain(folder: Path) -> EmbeddedEvm:
    return EmbeddedEvm(int(time.time()) - 1_000, path=folder / "chain.sqlite3", is_real_time=True)


@pytest.fixture(scope="module")
def lost(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lost]:
    lost = Lost(tmp_path_factory.mktemp("lost"))
    yield lost
    lost.layer.close()


def fill(lost: Lost, store: Store) -> None:
    place = (lost.layer, lost.ground.deployment, lost.genesis, TINY)
    fill_store(store, rebuild_state(*place, lost.get_blob, ignore_progress))


def test_rebuilt_store_has_the_settled_root_and_a_further_group_follows(lost: Lost, tmp_path: Path) -> None:
    with open_store(tmp_path) as store:
        fill(lost, store)
    with open_store(tmp_path) as store:
        live, ledger = recover(store, lost.genesis), Ledger(store, lost.genesis.params.params_hash)
        assert live.state.state_root == lost.root
        assert (live.state.header.batch_number, live.next_entry, live.orders) == (3, 3, {})
        assert (ledger.n_settled, ledger.next_group, ledger.next_batch, ledger.backlog) == (2, 2, 4, 0)
        assert [record.kind for record in store.read(0, 9)] == [Kind.REBUILT]
        events = lost.ground.deployment.open_rollup(lost.layer).decode_events(
            "GroupSettled", lost.layer.get_logs(0, lost.layer.get_head().number)
        )
        for batch, group in ((1, 0), (2, 1), (3, 1)):
            progress = ledger.get_progress(batch)
            assert progress is not None
            assert (progress.group, progress.settlement is not None) == (group, True)
        assert events[1]["newRoot"] == lost.root


def test_rebuilt_state_makes_the_next_batch_and_settles_it(lost: Lost, tmp_path: Path) -> None:
    shutil.copytree(lost.folder / "copy", tmp_path, dirs_exist_ok=True)
    with closing(open_chain(tmp_path)) as layer, open_store(tmp_path / "store") as store:
        fill(lost, store)
        lost.ground.exchange.state = recover(store, lost.genesis).state
        waiting = read_base_history(layer, lost.ground.deployment).entries[3:]
        lost.settle(layer, [encode_entry(entry) for entry in waiting], in_parts=False)
        rollup = lost.ground.deployment.open_rollup(layer)
        assert rollup.call("progress")[4] == 3
        assert rollup.call("stateRoot") == lost.ground.exchange.state.state_root != lost.root


def test_rebuild_by_the_configuration_and_once_only(lost: Lost, tmp_path: Path) -> None:
    shutil.copytree(lost.folder / "copy", tmp_path, dirs_exist_ok=True)
    (tmp_path / "node.toml").write_text('[node]\ndata = "."\nshape = "tiny"\n')
    (tmp_path / "receipt.key").write_text("11" * 32)
    config = load_config(tmp_path / "node.toml", {})
    (tmp_path / DEPLOYMENT).rename(tmp_path / "elsewhere")
    with pytest.raises(FileMissing, match=f"{DEPLOYMENT}: no such file, and the base layer does not hold"):
        rebuild_node(config, None, ignore_progress)
    (tmp_path / "elsewhere").rename(tmp_path / DEPLOYMENT)
    rebuilt = rebuild_node(config, None, ignore_progress)
    assert (rebuilt.state.state_root, len(rebuilt.settlements), rebuilt.n_entries) == (lost.root, 2, 4)
    assert not (tmp_path / "receipt.key").exists()
    [aside] = tmp_path.glob("receipt.key.until-*")
    assert aside.read_text() == "11" * 32
    with pytest.raises(StoreRequestInvalid, match="rebuild over 1 records: expected an empty store"):
        rebuild_node(config, None, ignore_progress)


def test_rebuild_that_was_cut_off_is_done_again_and_no_node_starts_before(lost: Lost, tmp_path: Path) -> None:
    place = (lost.layer, lost.ground.deployment, lost.genesis, TINY)
    rebuilt = rebuild_state(*place, lost.get_blob, ignore_progress)
    with open_store(tmp_path) as store:
        store.put_snapshot = None  # type: ignore[method-assign] # the process ends there
        with pytest.raises(TypeError):
            fill_store(store, rebuilt)
    with open_store(tmp_path) as store:
        with pytest.raises(StateDiverged, match="the rebuild was cut off"):
            recover(store, lost.genesis)
        fill_store(store, rebuilt)
        assert recover(store, lost.genesis).state.state_root == lost.root


def test_blobs_of_a_folder(lost: Lost, tmp_path: Path) -> None:
    history = read_base_history(lost.layer, lost.ground.deployment)
    for group in history.groups:
        blob = lost.layer.get_blob(group.versioned_hash)
        assert blob is not None
        (tmp_path / f"any name {group.number}.blob").write_bytes(blob)
    (tmp_path / "short.blob").write_bytes(b"short")
    place = (lost.layer, lost.ground.deployment, lost.genesis, TINY)
    rebuilt = rebuild_state(*place, open_blob_folder(tmp_path), ignore_progress)
    assert rebuilt.state.state_root == lost.root


def test_invalid_blobs_missing_or_of_another_group(lost: Lost) -> None:
    place = (lost.layer, lost.ground.deployment, lost.genesis, TINY)
    with pytest.raises(DataFault, match="group 0: blob: got nothing, expected the blob 0x01"):
        rebuild_state(*place, lambda *_: None, ignore_progress)
    first = read_base_history(lost.layer, lost.ground.deployment).groups[0].versioned_hash
    with pytest.raises(DataFault, match="group 1: versioned hash"):
        rebuild_state(*place, lambda *_: lost.layer.get_blob(first), ignore_progress)


def test_invalid_genesis_of_another_contract(lost: Lost) -> None:
    other = replace(lost.genesis, params=replace(lost.genesis.params, chain_id=5))
    place = (lost.layer, lost.ground.deployment, other, TINY)
    with pytest.raises(DeploymentElsewhere, match="parameters' hash"):
        rebuild_state(*place, lost.get_blob, ignore_progress)


def test_invalid_settlement_that_is_not_final(lost: Lost, monkeypatch: pytest.MonkeyPatch) -> None:
    groups = read_base_history(lost.layer, lost.ground.deployment).groups
    monkeypatch.setattr(lost.layer, "get_finalized_number", lambda: groups[1].block - 1)
    place = (lost.layer, lost.ground.deployment, lost.genesis, TINY)
    with pytest.raises(DataFault, match="wait until all is final"):
        rebuild_state(*place, lost.get_blob, ignore_progress)


def test_invalid_store_that_holds_a_log(lost: Lost, tmp_path: Path) -> None:
    with open_store(tmp_path) as store:
        store.append([Record(Kind.GROUP, b"")])
        with pytest.raises(StoreRequestInvalid, match="name a new one"):
            fill(lost, store)


def test_watcher_begins_anew(tmp_path: Path) -> None:
    for name in ("base-layer.sqlite", "base-layer.sqlite-wal"):
        (tmp_path / name).touch()
    assert start_receipts_anew(tmp_path, tmp_path / "receipt.key") is None
    assert list(tmp_path.iterdir()) == []

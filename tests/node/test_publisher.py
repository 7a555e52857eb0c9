"""The publisher on the embedded chain: groups settled once, whatever is cut off; the queue told once, in order."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from eth_account import Account
from eth_keys.datatypes import PrivateKey

from sequencer.errors import OptionInvalid
from sequencer.metering import MeteredLayer
from sequencer.node.base_messages import (
    ChainSeen,
    EntryNotice,
    Faucet,
    FromPublisher,
    Notice,
    RawTransaction,
)
from sequencer.node.base_messages import PublisherSettings as Settings
from sequencer.node.pipeline_types import GroupSettled
from sequencer.node.proving_errors import SettlementDiverged
from sequencer.node.public_requests import execute
from sequencer.node.publisher import Publisher
from tests.owners import get_owner, sign_call
from tests.scenarios import key_of
from tests.simulated_groups import QUICK, Ground
from verifier.base_layer import EmbeddedEvm, Receipt, Reverted
from verifier.base_layer.node_errors import NodeRefused, NodeUnreachable
from verifier.watcher import Kind


class FailingEvm(EmbeddedEvm):
    """An embedded chain whose answers to transactions are lost after so many: what was sent is there."""

    answers = 10**9

    def transact(
        self,
        address: bytes,
        calldata: bytes,
        *,
        sender: bytes | None = None,
        value_wei: int = 0,
        blobs: Sequence[bytes] = (),
    ) -> Receipt:
        receipt = super().transact(address, calldata, sender=sender, value_wei=value_wei, blobs=blobs)
        self.answers -= 1
        if self.answers < 0:
            raise NodeUnreachable("http://127.0.0.1:9", "ConnectionError")
        return receipt


class Scene:
    """A contract on a chain in memory, and publishers one after the other."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.layer = FailingEvm(int(time.time()) - 1_000, is_real_time=True)
        self.ground = Ground(self.layer, folder)
        self.rollup = self.ground.deployment.open_rollup(self.layer)
        self.told: list[FromPublisher] = []

    def open(self, settings: Settings = QUICK) -> Publisher:
        """Return a publisher as after a start; the last one is as good as dead."""
        self.told = []
        return Publisher(self.layer, self.ground.deployment, self.folder, settings, self.told.append)

    def list_items(self) -> list[EntryNotice | GroupSettled | None]:
        """Return what the last publisher told."""
        return [message.item for message in self.told if isinstance(message, Notice)]

    def list_entries(self) -> list[bytes]:
        """Return the final entries that it told."""
        items = self.list_items()
        return [item.entry for item in items if isinstance(item, EntryNotice) and item.kind is Kind.FINAL]

    def count_settled(self) -> int:
        """Return how many settlements the chain has."""
        return len(self.rollup.decode_events("GroupSettled", self.layer.get_logs(0, self.layer.get_head().number)))


@pytest.fixture
def scene(tmp_path: Path) -> Scene:
    return Scene(tmp_path)


def test_entries_and_settlements_are_told_until_they_are_acknowledged(scene: Scene) -> None:
    assert [scene.ground.deposit(scene.layer) for _ in range(2)] == [1, 2]
    publisher = scene.open()
    assert publisher.follow() is False
    kinds = [(item.kind, item.index) for item in scene.list_items() if isinstance(item, EntryNotice)]
    assert kinds == [(Kind.SEEN, 0), (Kind.SEEN, 1), (Kind.FINAL, 0), (Kind.FINAL, 1)]
    group = scene.ground.make_group(scene.list_entries())
    publisher.take(group)
    assert publisher.settle() is True
    assert publisher.settle() is False
    publisher.follow()
    chain = scene.told[-1]
    assert isinstance(chain, ChainSeen)
    assert (chain.group, chain.n_entries, chain.head) == (1, 2, scene.layer.get_head().number)
    settled = scene.list_items()[-1]
    assert isinstance(settled, GroupSettled)
    time_s = scene.layer.get_block(settled.block).timestamp_s
    assert (settled.group, settled.new_root, settled.timestamp_s) == (0, scene.ground.exchange.state.state_root, time_s)
    assert settled.gas_used is not None
    assert 100_000 < settled.gas_used < 1_000_000  # docs/contracts.md: 0.4 million for a lone batch
    last = max(message.sequence for message in scene.told if isinstance(message, Notice))
    first_four = scene.list_items()[:4]
    again = scene.open()
    again.follow()
    assert scene.list_items()[:4] == first_four
    again.acknowledge(last)
    scene.open().follow()
    assert scene.list_items() == []


@pytest.mark.parametrize("is_in_parts", [False, True])
def test_group_is_settled_once_whatever_answer_was_lost(scene: Scene, is_in_parts: bool) -> None:
    for n_answers in range(4 if is_in_parts else 1):
        scene.ground.deposit(scene.layer)
        publisher = scene.open(replace(QUICK, is_in_parts=is_in_parts))
        publisher.follow()
        group = scene.ground.make_group(scene.list_entries()[-1:])
        publisher.take(group)
        scene.layer.answers = n_answers
        if n_answers < 3:  # commit, prove, finish: the fourth is not sent
            with pytest.raises(NodeUnreachable):
                publisher.settle()
        scene.layer.answers = 10**9
        after = scene.open(replace(QUICK, is_in_parts=is_in_parts))  # killed there; another takes it up
        after.take(group)
        while after.settle():
            pass
        assert scene.count_settled() == scene.rollup.call("progress")[4] == n_answers + 1
        after.follow()
        settled = scene.list_items()[-1]
        assert isinstance(settled, GroupSettled)
        assert (settled.gas_used is None) == (n_answers < 3)  # what another process sent, or was not answered: unknown
    committed = scene.rollup.decode_events("GroupCommitted", scene.layer.get_logs(0, scene.layer.get_head().number))
    assert [event["number"] for event in committed] == (list(range(4)) if is_in_parts else [])


def test_gas_of_a_group_in_parts_is_that_of_all_its_transactions(scene: Scene) -> None:
    used: list[int] = []
    for is_in_parts in (False, True):
        scene.ground.deposit(scene.layer)
        publisher = scene.open(replace(QUICK, is_in_parts=is_in_parts))
        publisher.follow()
        publisher.take(scene.ground.make_group(scene.list_entries()[-1:]))
        assert publisher.settle() is True
        publisher.follow()
        settled = scene.list_items()[-1]
        assert isinstance(settled, GroupSettled)
        assert settled.gas_used is not None
        used.append(settled.gas_used)
    at_once, in_parts = used
    assert in_parts > at_once + 2 * 21_000  # two transactions more


def test_group_that_was_committed_is_finished_by_who_would_settle_at_once(scene: Scene) -> None:
    scene.ground.deposit(scene.layer)
    publisher = scene.open(replace(QUICK, is_in_parts=True))
    publisher.follow()
    group = scene.ground.make_group(scene.list_entries())
    publisher.take(group)
    scene.layer.answers = 0
    with pytest.raises(NodeUnreachable):
        publisher.settle()
    scene.layer.answers = 10**9
    after = scene.open()
    after.take(group)
    assert after.settle() is True
    assert scene.count_settled() == 1


def test_alarms_of_the_contract_and_the_balance(scene: Scene) -> None:
    deployment = scene.ground.deployment
    publisher = scene.open(replace(QUICK, min_balance_wei=10**20))
    governor = scene.rollup.call("governor")
    scene.rollup.transact("pause", sender=bytes.fromhex(governor[2:]))
    publisher.follow()
    low, paused = publisher.alarms.list_texts()
    assert low.startswith(f"low_balance: the sequencer 0x{deployment.sequencer.hex()} has 1000000000000000000 wei")
    assert paused == "rollup_paused: the contract is paused: nothing settles"
    scene.layer.transact(deployment.sequencer, b"", value_wei=10**20)
    scene.rollup.transact("unpause", sender=bytes.fromhex(governor[2:]))
    publisher.follow()
    assert publisher.alarms.list_texts() == ()


def test_frozen_contract_is_an_alarm(scene: Scene) -> None:
    scene.ground.deposit(scene.layer)
    window_s, deadline_s = scene.rollup.call("windowS"), scene.rollup.call("forcedDeadlineS")
    window = scene.layer.get_head().timestamp_s // window_s
    scene.layer.set_next_timestamp((window + 1) * window_s + deadline_s + 1)
    scene.rollup.transact("freeze", window)
    publisher = scene.open()
    publisher.follow()
    assert [text.split(" since")[0] for text in publisher.alarms.list_texts()] == [
        "rollup_frozen: the contract is frozen"
    ]


def test_group_of_the_future_waits_for_its_time(scene: Scene) -> None:
    scene.ground.deposit(scene.layer)
    publisher = scene.open()
    publisher.follow()
    scene.ground.exchange.now_s = int(time.time()) + 500  # as after a clock that was set back
    publisher.take(scene.ground.make_group(scene.list_entries()))
    assert publisher.settle() is False
    [text] = publisher.alarms.list_texts()
    assert text.startswith("clock: group 0 is ")
    assert scene.count_settled() == 0
    scene.layer.set_next_timestamp(int(time.time()) + 500)
    scene.layer.mine()
    assert publisher.settle() is True
    assert publisher.alarms.list_texts() == ()


def test_invalid_group_on_another_state(scene: Scene) -> None:
    scene.ground.deposit(scene.layer)
    publisher = scene.open()
    publisher.follow()
    scene.ground.exchange.put(9, cash_atoms=1)  # the exchange is elsewhere than the contract
    publisher.take(scene.ground.make_group(scene.list_entries()))
    with pytest.raises(SettlementDiverged, match="group 0: state root: the contract has"):
        publisher.settle()
    assert scene.count_settled() == 0


def test_invalid_proof_is_refused_and_nothing_moves(scene: Scene) -> None:
    scene.ground.deposit(scene.layer)
    publisher = scene.open()
    publisher.follow()
    group = scene.ground.make_group(scene.list_entries())
    publisher.take(replace(group, values=(group.values[0] ^ 1,)))
    with pytest.raises(Reverted):
        publisher.settle()
    assert scene.count_settled() == 0
    publisher.take(group)
    assert publisher.settle() is True


def test_owners_act_through_the_publisher_on_the_embedded_chain_only(scene: Scene) -> None:
    deployment, owner = scene.ground.deployment, get_owner(2)
    faucet = Faucet(PrivateKey(owner).public_key.to_canonical_address(), 1)
    execute(scene.layer, deployment, faucet)
    paid, free = (
        sign_call(
            deployment, owner, nonce, deployment.contract, "forceCancelAll(uint256)", 2, value_wei=(1 - nonce) * 10**12
        )
        for nonce in (0, 1)
    )
    assert len(execute(scene.layer, deployment, paid)) == 32
    assert scene.rollup.call("progress")[3] == 1
    with pytest.raises(Reverted):
        execute(scene.layer, deployment, free)
    for request in (paid, faucet):
        with pytest.raises(OptionInvalid, match="on a node everybody sends what is his own"):
            execute(MeteredLayer(scene.layer), deployment, request)


def test_faucet_fills_and_a_signed_transaction_reaches_the_chain(scene: Scene) -> None:
    deployment, owner = scene.ground.deployment, Account.from_key(key_of(1003))
    address = bytes.fromhex(owner.address[2:])
    granted = execute(scene.layer, deployment, Faucet(address, 7_000_000))
    assert (int.from_bytes(granted[:8], "big"), granted[8:]) == (0, deployment.parts.token)
    assert deployment.open_token(scene.layer).call("balanceOf", address) == 7_000_000
    fields = {"type": 2, "chainId": scene.layer.chain_id, "nonce": 0, "gas": 100_000, "maxFeePerGas": 2 * 10**9}
    fields |= {"maxPriorityFeePerGas": 0, "to": address, "value": 1, "data": b""}
    raw = bytes(owner.sign_transaction(fields).raw_transaction)
    assert len(execute(scene.layer, deployment, RawTransaction(raw))) == 32
    again = execute(scene.layer, deployment, Faucet(address, 1))
    assert int.from_bytes(again[:8], "big") == 1
    for bad in (raw, b"", b"\x02\xc0", raw[:-1]):  # sent before, nothing, no transaction, cut off
        with pytest.raises(NodeRefused):
            execute(scene.layer, deployment, RawTransaction(bad))

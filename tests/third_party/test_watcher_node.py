"""The watcher on a real node that replaces blocks."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.third_party.anvil import AnvilNode, connect, run_anvil
from tests.verifier.base_layer_suite import deploy_anchor, deploy_code
from tests.verifier.settle_case import BATCHES, PROOFS
from tests.verifier.tiny_contracts import WORD_LOGGER
from verifier.artifacts import load_artifact
from verifier.watcher import Kind, Watched, Watcher, list_topics
from verifier.watcher_errors import ReorgTooDeep

DEPTH = 5


@pytest.fixture
def node(tmp_path: Path) -> Iterator[AnvilNode]:
    # short epochs: what is two of them below the head is final
    with run_anvil(tmp_path, "prague", "--slots-in-an-epoch", "4") as url:
        yield connect(url)


def watch(node: AnvilNode, path: Path, address: bytes, topics: tuple[bytes, ...] = ()) -> Watcher:
    watched = Watched(node.chain_id, (address,), topics, 0, DEPTH, max_range_blocks=3)
    return Watcher(node, watched, path)


def tell(watcher: Watcher) -> list[tuple[str, int]]:
    """Return kind and last byte of data of what is new, and acknowledge it."""
    notices = watcher.get_notices()
    if notices:
        watcher.acknowledge(notices[-1].sequence)
    return [(notice.kind.value, notice.log.data[-1]) for notice in notices]


def test_settlements_are_seen(node: AnvilNode, tmp_path: Path) -> None:
    anchor = deploy_anchor(node)
    watcher = watch(
        node, tmp_path / "db", anchor.address, list_topics(load_artifact("StateRootAnchor"), "BatchSettled")
    )
    for batch, proof in zip(BATCHES, PROOFS, strict=True):
        anchor.transact("settle", proof, batch)
    watcher.catch_up()
    events = [anchor.decode_events("BatchSettled", (notice.log,)) for notice in watcher.get_notices()]
    assert [event["newStateRoot"] for (event,) in events] == [batch[1] for batch in BATCHES]


def test_reorganised_blocks_are_undone_and_their_events_seen_anew(node: AnvilNode, tmp_path: Path) -> None:
    logger = deploy_code(node, WORD_LOGGER)
    watcher = watch(node, tmp_path / "db", logger)
    for i in range(1, 4):
        node.transact(logger, i.to_bytes(32, "big"))
    watcher.catch_up()
    assert tell(watcher) == [("seen", 1), ("seen", 2), ("seen", 3)]
    node.reorganise(2)
    watcher.close()
    watcher = watch(node, tmp_path / "db", logger)  # as after a restart
    watcher.catch_up()
    assert tell(watcher) == [("undone", 3), ("undone", 2)]
    node.transact(logger, (9).to_bytes(32, "big"))
    watcher.catch_up()
    assert tell(watcher) == [("seen", 9)]
    assert watcher.cursor == node.get_head().number


def test_chain_that_went_back_is_followed(node: AnvilNode, tmp_path: Path) -> None:
    logger = deploy_code(node, WORD_LOGGER)
    watcher = watch(node, tmp_path / "db", logger)
    snapshot = node.rpc.ask("evm_snapshot")
    for i in (1, 2):
        node.transact(logger, i.to_bytes(32, "big"))
    watcher.catch_up()
    assert node.rpc.ask("evm_revert", snapshot) is True
    node.transact(logger, (7).to_bytes(32, "big"))
    watcher.catch_up()
    assert tell(watcher) == [("seen", 1), ("seen", 2), ("undone", 2), ("undone", 1), ("seen", 7)]


def test_events_become_final(node: AnvilNode, tmp_path: Path) -> None:
    logger = deploy_code(node, WORD_LOGGER)
    watcher = watch(node, tmp_path / "db", logger)
    number = node.transact(logger, (1).to_bytes(32, "big")).block_number
    watcher.catch_up()
    assert tell(watcher) == [("seen", 1)]
    while node.get_finalized_number() < number:
        node.mine()
    watcher.catch_up()
    assert tell(watcher) == [(Kind.FINAL.value, 1)]
    assert watcher.final == node.get_finalized_number() >= number


def test_invalid_reorg_beyond_what_is_remembered(node: AnvilNode, tmp_path: Path) -> None:
    watcher = watch(node, tmp_path / "db", deploy_code(node, WORD_LOGGER))
    while node.get_head().number < 2 * DEPTH:
        node.mine()
    watcher.catch_up()
    node.reorganise(DEPTH + 1)
    with pytest.raises(ReorgTooDeep) as caught:
        watcher.poll()
    assert (caught.value.oldest, caught.value.cursor) == (DEPTH, 2 * DEPTH)

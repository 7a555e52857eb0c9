"""Blobs for a rebuild: by turns from a folder, the embedded chain and beacon nodes, of which some are down or lie."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from rollup.blob import encode_blob
from sequencer.node import blob_sources
from sequencer.node.blob_sources import open_beacons, open_blob_sources
from tests.verifier.fake_beacon import BLOBS, SPEC, FakeBeacon, run_fake_beacon
from tests.verifier.tiny_contracts import BLOB_HASH_LOGGER
from verifier.base_layer import EmbeddedEvm
from verifier.base_layer.node_errors import BeaconBlobMissing, NodeUnreachable, NodeUrlInvalid

BLOB, OTHER = encode_blob([7, 8]), encode_blob([9])
NOBODY = "http://127.0.0.1:9"


class Sent:
    """A chain with a blob in a block, and two beacon nodes without slots."""

    def __init__(self, beacons: tuple[FakeBeacon, FakeBeacon]) -> None:
        self.layer, self.beacons = EmbeddedEvm(), beacons
        logger = self.layer.deploy(BLOB_HASH_LOGGER).created_address
        assert logger is not None
        receipt = self.layer.transact(logger, bytes(32), blobs=[BLOB])
        [self.hash], self.number = receipt.versioned_hashes, receipt.block_number
        self.block_id = f"0x{self.layer.get_block(self.number).hash.hex()}"
        for beacon in beacons:
            beacon.answers.clear()


@pytest.fixture
def sent() -> Iterator[Sent]:
    with run_fake_beacon() as one, run_fake_beacon() as two:
        yield Sent((one, two))


@pytest.fixture
def pauses(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    pauses: list[float] = []
    monkeypatch.setattr(blob_sources._RETRYING, "sleep", pauses.append)
    return pauses


def test_folder_goes_before_the_embedded_chain_and_that_before_beacon_nodes(sent: Sent, tmp_path: Path) -> None:
    (tmp_path / "any.blob").write_bytes(BLOB)
    with open_blob_sources(sent.layer, tmp_path, [NOBODY]) as get_blob:
        sent.layer.get_blob = None  # type: ignore[assignment,method-assign] # it is not asked
        assert get_blob(sent.hash, sent.number) == BLOB
        del sent.layer.get_blob
        (tmp_path / "any.blob").unlink()
    with open_blob_sources(sent.layer, tmp_path, [NOBODY]) as get_blob:
        assert get_blob(sent.hash, sent.number) == BLOB
    with open_blob_sources(sent.layer, tmp_path, []) as get_blob:
        assert get_blob(bytes(32), sent.number) is None


def test_next_beacon_node_is_asked_where_one_has_nothing_or_lies(sent: Sent) -> None:
    one, two = sent.beacons
    two.hold(sent.block_id, BLOB)
    with open_beacons(sent.layer, [one.url, two.url]) as get_blob:
        assert get_blob(sent.hash, sent.number) == BLOB
        one.hold(sent.block_id, OTHER)
        assert get_blob(sent.hash, sent.number) == BLOB
        two.hold(sent.block_id)
        with pytest.raises(BeaconBlobMissing, match=two.url[:20]):
            get_blob(sent.hash, sent.number)


def test_beacon_node_that_has_had_enough_is_asked_again(sent: Sent, pauses: list[float]) -> None:
    one, two = sent.beacons
    path = f"{BLOBS}{sent.block_id}"
    one.answers[path] = (429, b"slowly")
    with open_beacons(sent.layer, [one.url]) as get_blob:
        with pytest.raises(NodeUnreachable, match="slowly"):
            get_blob(sent.hash, sent.number)
        assert pauses == [0.5, 1, 2]
        assert [asked for asked, _ in one.asked] == [SPEC] + [path] * 4
    two.hold(sent.block_id, BLOB)
    with open_beacons(sent.layer, [NOBODY, two.url]) as get_blob:
        assert get_blob(sent.hash, sent.number) == BLOB


def test_invalid_address_of_a_beacon_node(sent: Sent) -> None:
    with pytest.raises(NodeUrlInvalid), open_beacons(sent.layer, ["http://user:secret@host"]):
        pass

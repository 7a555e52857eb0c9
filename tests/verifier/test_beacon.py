"""A beacon node is not trusted: what comes of it is the blob of the versioned hash, or an error with a type."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from functools import cache

import pytest

from rollup.blob import BLOB_BYTES, encode_blob
from rollup.bls_field import P
from tests.verifier.fake_beacon import BLOBS, GENESIS, GENESIS_S, SPEC, FakeBeacon, run_fake_beacon
from verifier import kzg
from verifier.base_layer import Block, http_session
from verifier.base_layer.node_errors import (
    BeaconBlobMissing,
    BeaconBlobWrong,
    NodeAnswerInvalid,
    NodeRefused,
    NodeUnreachable,
    NodeUrlInvalid,
)
from verifier.beacon import BeaconNode

SLOT = 9_000_000
BLOCK = Block(18_908_895, GENESIS_S + 12 * SLOT, b"\x11" * 32, b"\x22" * 32)
BLOB, OTHER = encode_blob([1, 2, 3]), encode_blob([4, 5, 6])


@cache
def compute_hash(blob: bytes) -> bytes:
    return kzg.versioned_hash(kzg.commit(blob))


def ask(node: BeaconNode) -> bytes:
    return node.get_blob(compute_hash(BLOB), BLOCK)


@pytest.fixture
def fake() -> Iterator[FakeBeacon]:
    with run_fake_beacon() as beacon:
        yield beacon


@pytest.fixture
def node(fake: FakeBeacon) -> Iterator[BeaconNode]:
    with closing(BeaconNode(fake.url)) as node:
        yield node


def test_blob_is_asked_for_by_slot_and_versioned_hash(fake: FakeBeacon, node: BeaconNode) -> None:
    fake.hold(SLOT, BLOB)
    assert ask(node) == ask(node) == BLOB
    asked = (f"{BLOBS}{SLOT}", {"key": ["secret"], "versioned_hashes": [f"0x{compute_hash(BLOB).hex()}"]})
    # how time is cut is asked once
    assert fake.asked == [(SPEC, {"key": ["secret"]}), (GENESIS, {"key": ["secret"]}), asked, asked]


def test_node_that_picks_none_gives_all_of_the_block(fake: FakeBeacon, node: BeaconNode) -> None:
    fake.hold(SLOT, OTHER, BLOB)
    assert ask(node) == BLOB


def test_slots_in_milliseconds(fake: FakeBeacon, node: BeaconNode) -> None:
    fake.answers[SPEC] = (200, {"data": {"SLOT_DURATION_MS": "6000"}})
    fake.hold(2 * SLOT, BLOB)
    assert ask(node) == BLOB


def test_block_of_a_node_without_slots_goes_by_its_hash(fake: FakeBeacon, node: BeaconNode) -> None:
    fake.answers = {}
    fake.hold("0x" + "11" * 32, BLOB)
    assert ask(node) == BLOB


@pytest.mark.parametrize("is_known", [False, True])
def test_invalid_blob_that_is_pruned(fake: FakeBeacon, node: BeaconNode, is_known: bool) -> None:
    if is_known:
        fake.hold(SLOT)
    with pytest.raises(BeaconBlobMissing) as caught:
        ask(node)
    error = caught.value
    assert (error.code, error.block_id, error.versioned_hash) == ("beacon_blob_missing", str(SLOT), compute_hash(BLOB))
    assert "secret" not in str(error)


def test_invalid_blob_of_another_hash(fake: FakeBeacon, node: BeaconNode) -> None:
    fake.hold(SLOT, OTHER)
    with pytest.raises(BeaconBlobWrong) as caught:
        ask(node)
    error = caught.value
    assert (error.code, error.got, error.expected) == ("beacon_blob_wrong", compute_hash(OTHER), compute_hash(BLOB))
    fake.hold(SLOT, BLOB[:-1] + b"\x01")
    with pytest.raises(BeaconBlobWrong):
        ask(node)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html>",
        b"[" * 100_000,
        b"\xff\xfe{",
        [],
        None,
        {},
        {"data": None},
        {"data": {}},
        {"data": f"0x{BLOB.hex()}"},
        {"data": [None]},
        {"data": [[BLOB.hex()]]},
        {"data": [BLOB.hex()]},
        {"data": [f"0x{BLOB.hex()}0"]},
        {"data": [f"0x{BLOB.hex()}00"]},
        {"data": [f"0x{BLOB[:-1].hex()}"]},
        {"data": [f"0x{'0g' * BLOB_BYTES}"]},
        {"data": [f"0x{P:064x}{BLOB[32:].hex()}"]},
    ],
    ids=range(18),
)
def test_invalid_answer_about_blobs(fake: FakeBeacon, node: BeaconNode, body: object) -> None:
    fake.answers[f"{BLOBS}{SLOT}"] = (200, body)
    with pytest.raises(NodeAnswerInvalid, match=f"GET {BLOBS}{SLOT}: ") as caught:
        ask(node)
    assert len(str(caught.value)) < 500


@pytest.mark.parametrize(
    ("path", "data"),
    [
        *((SPEC, {"SECONDS_PER_SLOT": value}) for value in (12, "", "0", "-12", "12.0", "0x0c", " 12", "1" * 19, None)),
        *((SPEC, {"SLOT_DURATION_MS": value}) for value in (12_000, "0", "1e4")),
        (SPEC, {}),
        (SPEC, []),
        (SPEC, None),
        *((GENESIS, {"genesis_time": value}) for value in (GENESIS_S, "", "-1", "soon", None)),
        (GENESIS, "0"),
        (GENESIS, {"genesis_time": str(GENESIS_S + 1)}),  # no slot begins with the block
        (GENESIS, {"genesis_time": str(BLOCK.timestamp_s + 12)}),  # it is later than the block
    ],
)
def test_invalid_answer_about_time(fake: FakeBeacon, node: BeaconNode, path: str, data: object) -> None:
    fake.answers[path] = (200, {"data": data})
    with pytest.raises(NodeAnswerInvalid, match=f"GET {path}: "):
        ask(node)


def test_invalid_node_with_slots_and_no_genesis(fake: FakeBeacon, node: BeaconNode) -> None:
    del fake.answers[GENESIS]
    with pytest.raises(NodeAnswerInvalid, match="genesis: answer: got not found"):
        ask(node)


def test_invalid_answer_that_is_too_long(fake: FakeBeacon, node: BeaconNode, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http_session, "ANSWER_LIMIT_BYTES", 2 * BLOB_BYTES)
    fake.hold(SLOT, BLOB)
    with pytest.raises(NodeAnswerInvalid, match=f"got more, expected at most {2 * BLOB_BYTES} bytes"):
        ask(node)


@pytest.mark.parametrize("status", [429, 500, 503])
def test_invalid_status_that_passes(fake: FakeBeacon, node: BeaconNode, status: int) -> None:
    fake.answers[SPEC] = (status, b"not\nnow" + b"x" * 100_000)
    with pytest.raises(NodeUnreachable, match=f"HTTP {status}: not now") as caught:
        ask(node)
    assert "secret" not in str(caught.value)
    assert len(str(caught.value)) < 500
    fake.answers[SPEC] = FakeBeacon().answers[SPEC]
    fake.hold(SLOT, BLOB)
    assert ask(node) == BLOB


@pytest.mark.parametrize("status", [206, 302, 400, 401, 410])
def test_invalid_status_that_stays(fake: FakeBeacon, node: BeaconNode, status: int) -> None:
    fake.answers[f"{BLOBS}{SLOT}"] = (status, {"code": status, "message": "no"})
    with pytest.raises(NodeRefused) as caught:
        ask(node)
    assert (caught.value.method, caught.value.error_code) == (f"GET {BLOBS}{SLOT}", status)


def test_invalid_node_that_is_not_there() -> None:
    with pytest.raises(NodeUnreachable) as caught:
        ask(BeaconNode("http://127.0.0.1:9/secret"))
    assert str(caught.value) == "http://127.0.0.1:9 does not answer: ConnectionError"
    with pytest.raises(NodeUrlInvalid):
        BeaconNode("ftp://host")

"""A node is not trusted: whatever it answers is a value of the right kind, or an error with a type."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import pytest

from tests.verifier.fake_node import FakeNode, run_fake_node
from verifier.base_layer import Reverted, http_session
from verifier.base_layer.errors import BlockUnknown, SenderUnknown
from verifier.base_layer.http_session import check_url
from verifier.base_layer.json_rpc import JsonRpcNode
from verifier.base_layer.node_errors import (
    ChainIdWrong,
    NodeAnswerInvalid,
    NodeRefused,
    NodeUnreachable,
    NodeUrlInvalid,
)
from verifier.base_layer.rpc import RpcClient

BLOCK = {"number": "0x5", "timestamp": "0x6553f100", "hash": "0x" + "11" * 32, "parentHash": "0x" + "22" * 32}
LOG = {
    "address": "0x" + "aa" * 20,
    "topics": ["0x" + "33" * 32],
    "data": "0x0102",
    "blockNumber": "0x5",
    "blockHash": "0x" + "11" * 32,
    "transactionHash": "0x" + "44" * 32,
    "logIndex": "0x0",
}


@pytest.fixture
def fake() -> Iterator[FakeNode]:
    with run_fake_node() as node:
        yield node


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1:8545", "https://example.org/v3/key?x=1", "http://[::1]:1/", "http://localhost"]
)
def test_url(url: str) -> None:
    assert check_url(url).geturl() == url


@pytest.mark.parametrize(
    "url",
    [
        "",
        "127.0.0.1:8545",
        "ftp://host/secret",
        "file:///etc/secret",
        "http://",
        "http://host:0",
        "http://host:65536",
        "http://host:port/",
        "http://user:secret@host",
        "http://secret@host",
        "http://host/#secret",
        "http://host/\nsecret",
        "http://ho st/",
        "http://hôst/secret",
        "http://[::1/secret",
        "http://host/" + "a" * 2048,
    ],
)
def test_invalid_url_is_not_repeated(url: str) -> None:
    with pytest.raises(NodeUrlInvalid) as caught:
        RpcClient(url)
    assert "secret" not in str(caught.value)


def test_invalid_node_that_is_not_there() -> None:
    with pytest.raises(NodeUnreachable) as caught:
        JsonRpcNode("http://127.0.0.1:9/secret")
    assert str(caught.value) == "http://127.0.0.1:9 does not answer: ConnectionError"


def test_invalid_node_that_is_slow(fake: FakeNode) -> None:

    fake.answers["slow"] = lambda: time.sleep(0.5) or {"result": 1}
    with pytest.raises(NodeUnreachable, match="Timeout"):
        RpcClient(fake.url, timeout_s=0.05).ask("slow")


def test_invalid_answer_that_is_cut_off(fake: FakeNode) -> None:
    fake.n_held_back = 1
    with pytest.raises(NodeUnreachable, match="ConnectionError"):
        JsonRpcNode(fake.url)


@pytest.mark.parametrize("status", [400, 401, 429, 500, 503])
def test_invalid_http_status(fake: FakeNode, status: int) -> None:
    fake.status = status
    with pytest.raises(NodeUnreachable, match="HTTPError"):
        JsonRpcNode(fake.url)


def test_invalid_redirect_is_not_followed(fake: FakeNode) -> None:
    fake.status, fake.answers["eth_chainId"] = 302, b""
    with pytest.raises(NodeAnswerInvalid):
        JsonRpcNode(fake.url)


@pytest.mark.parametrize(
    "answer",
    [b"", b"<html>", b"[]", b"1", b"null", b"{}", b'{"error": null}', b'{"result": 1, "error": {}}', b"\xff\xfe{"],
)
def test_invalid_answer_that_is_no_json_rpc(fake: FakeNode, answer: bytes) -> None:
    fake.answers["eth_chainId"] = answer
    with pytest.raises(NodeAnswerInvalid):
        JsonRpcNode(fake.url)


def test_invalid_answer_that_is_too_long(fake: FakeNode, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http_session, "ANSWER_LIMIT_BYTES", 1000)
    fake.answers["long"] = {"result": "0" * 1000}
    fake.answers["short"] = {"result": "0" * 900}
    client = RpcClient(fake.url)
    assert client.ask("short") == "0" * 900
    with pytest.raises(NodeAnswerInvalid, match="at most 1000 bytes"):
        client.ask("long")
    assert client.ask("short") == "0" * 900


@pytest.mark.parametrize("chain_id", ["1", 1, "0x", "0x01 ", "0xg", "-0x1", None, [], "0x" + "1" * 65, True])
def test_invalid_quantity(fake: FakeNode, chain_id: object) -> None:
    fake.answers["eth_chainId"] = {"result": chain_id}
    with pytest.raises(NodeAnswerInvalid, match="a quantity"):
        JsonRpcNode(fake.url)


def test_invalid_chain(fake: FakeNode) -> None:
    assert JsonRpcNode(fake.url, chain_id=1).chain_id == 1
    with pytest.raises(ChainIdWrong):
        JsonRpcNode(fake.url, chain_id=2)


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        ({"code": -32000, "message": "no\nsuch  thing"}, NodeRefused),
        ({"code": 3, "message": "execution reverted", "data": "0x0102"}, Reverted),
        ({"code": -32000, "message": "invalid opcode: INVALID"}, Reverted),
        ({"code": -32003, "message": "Out of gas: gas required exceeds allowance: 1"}, Reverted),
        ({"code": 3, "message": "execution reverted", "data": "0x012"}, NodeAnswerInvalid),
        ({"code": "3", "message": ""}, NodeAnswerInvalid),
        ({"code": 3}, NodeAnswerInvalid),
        ("error", NodeAnswerInvalid),
    ],
)
def test_errors_of_nodes(fake: FakeNode, error: object, expected: type[Exception]) -> None:
    fake.answers["eth_call"] = {"error": error}
    with pytest.raises(expected) as caught:
        JsonRpcNode(fake.url).call(bytes(20), b"")
    assert "\n" not in str(caught.value)
    if isinstance(caught.value, Reverted) and isinstance(error, dict) and "data" in error:
        assert (caught.value.return_data, caught.value.gas_used) == (b"\x01\x02", 0)


def test_message_of_a_node_is_shortened(fake: FakeNode) -> None:
    fake.answers["eth_call"] = {"error": {"code": 1, "message": "a" * 10_000}}
    with pytest.raises(NodeRefused) as caught:
        JsonRpcNode(fake.url).call(bytes(20), b"")
    assert len(str(caught.value)) < 300


def test_block(fake: FakeNode) -> None:
    fake.answers["eth_getBlockByNumber"] = lambda tag, full: {"result": BLOCK if tag in ("latest", "0x5") else None}
    node = JsonRpcNode(fake.url)
    assert node.get_head() == node.get_block(5)
    assert node.get_head().timestamp_s == 1_700_000_000
    assert node.get_finalized_number() == 0  # a young chain has no final block
    with pytest.raises(BlockUnknown):
        node.get_block(6)


def change(value: dict[str, Any], field: str, to: object) -> dict[str, Any]:
    return {**value, field: to}


@pytest.mark.parametrize("block", [[], 5, *(change(BLOCK, field, to) for field in BLOCK for to in (None, 5, "0x1z"))])
def test_invalid_block(fake: FakeNode, block: object) -> None:
    fake.answers["eth_getBlockByNumber"] = {"result": block}
    with pytest.raises(NodeAnswerInvalid):
        JsonRpcNode(fake.url).get_head()


@pytest.mark.parametrize(
    "log",
    [
        5,
        change(LOG, "removed", True),
        change(LOG, "topics", ["0x" + "33" * 32] * 5),
        change(LOG, "topics", ["0x33"]),
        *(change(LOG, field, to) for field in LOG for to in (None, 5, "0x1z")),
    ],
)
def test_invalid_log(fake: FakeNode, log: object) -> None:
    fake.answers |= {"eth_blockNumber": {"result": "0x5"}, "eth_getLogs": {"result": [LOG]}}
    node = JsonRpcNode(fake.url)
    assert len(node.get_logs(5, 5)) == 1
    fake.answers["eth_getLogs"] = {"result": [log]}
    with pytest.raises(NodeAnswerInvalid):
        node.get_logs(5, 5)


def test_range_that_a_node_refuses_is_halved(fake: FakeNode) -> None:
    def answer(asked: dict[str, Any]) -> dict[str, Any]:
        first, last = int(asked["fromBlock"], 16), int(asked["toBlock"], 16)
        if last - first > 2:
            return {"error": {"code": -32005, "message": "query returned more than 3 results"}}
        return {"result": [change(LOG, "blockNumber", hex(number)) for number in range(first, last + 1)]}

    fake.answers |= {"eth_blockNumber": {"result": "0x64"}, "eth_getLogs": answer}
    node = JsonRpcNode(fake.url)
    assert [log.block_number for log in node.get_logs(3, 200)] == list(range(3, 101))
    fake.answers["eth_getLogs"] = {"error": {"code": -32005, "message": "no"}}
    with pytest.raises(NodeRefused):
        node.get_logs(3, 100)


def test_logs_of_a_block_that_a_node_does_not_know(fake: FakeNode) -> None:
    other = change(BLOCK, "hash", "0x" + "55" * 32)
    fake.answers |= {"eth_getBlockByNumber": {"result": BLOCK}, "eth_getLogs": {"result": [LOG]}}
    node = JsonRpcNode(fake.url)
    block = node.get_head()
    assert len(node.get_block_logs(block)) == 1
    refusal = {"error": {"code": -32000, "message": "unknown block"}}
    for answer, now, expected in (
        (refusal, other, BlockUnknown),
        (refusal, BLOCK, NodeRefused),
        ({"result": []}, other, BlockUnknown),
        ({"result": [change(LOG, "blockHash", other["hash"])]}, BLOCK, NodeAnswerInvalid),
    ):
        fake.answers |= {"eth_getBlockByNumber": {"result": now}, "eth_getLogs": answer}
        with pytest.raises(expected):
            node.get_block_logs(block)


def test_invalid_sending_without_a_key(fake: FakeNode) -> None:
    node = JsonRpcNode(fake.url)
    assert node.senders == ()
    for act in (lambda: node.sender, lambda: node.deploy(b""), lambda: node.transact(bytes(20), b"")):
        with pytest.raises(SenderUnknown):
            act()

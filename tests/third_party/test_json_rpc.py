"""Sending to a real node where things go wrong: no block comes, a race is lost, a transaction is too large."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.third_party.anvil import FORKS, SETTINGS, AnvilNode, connect, run_anvil
from tests.verifier.base_layer_suite import BLOBS, deploy_code
from tests.verifier.tiny_contracts import BLOB_HASH_LOGGER, GLUTTON, ONLY_ONCE, WORD_LOGGER
from verifier import kzg
from verifier.base_layer import Reverted
from verifier.base_layer.interface import TRANSACTION_GAS_CAP
from verifier.base_layer.json_rpc import JsonRpcNode
from verifier.base_layer.node_errors import NodeRefused, NodeUnreachable, TransactionStuck, TransactionTooLarge

IMPATIENT = replace(SETTINGS, receipt_timeout_s=1.0, raise_fees_after_s=0.2)
BUMPING = replace(SETTINGS, receipt_timeout_s=60.0, raise_fees_after_s=0.5)


@pytest.fixture(scope="module", params=FORKS)
def url(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with run_anvil(tmp_path_factory.mktemp("node"), request.param) as url:
        yield url


@contextmanager
def no_blocks(node: AnvilNode) -> Iterator[None]:
    """Mine nothing; at the end drop what waits."""
    node.set_automine(False)
    try:
        yield
    finally:
        node.rpc.ask("anvil_dropAllTransactions")
        node.set_automine(True)


@contextmanager
def mine_once(node: AnvilNode, is_time: Callable[[list[dict[str, Any]]], bool]) -> Iterator[None]:
    """Mine one block as soon as the pool is as it should be."""

    def wait() -> None:
        while not is_time(list_pool(node)):
            time.sleep(0.02)
        node.rpc.ask("evm_mine")

    thread = threading.Thread(target=wait)
    thread.start()
    yield
    thread.join()


def list_pool(node: JsonRpcNode) -> list[dict[str, Any]]:
    pending = node.rpc.ask("txpool_content")["pending"]
    return [transaction for of_sender in pending.values() for transaction in of_sender.values()]


def price(transaction: dict[str, Any], field: str) -> int:
    return int(transaction[field], 16)


def test_stuck_transaction_was_raised_and_is_told(url: str) -> None:
    node = connect(url, IMPATIENT)
    logger = deploy_code(node, WORD_LOGGER)
    with no_blocks(node):
        with pytest.raises(TransactionStuck) as caught:
            node.transact(logger, bytes(32))
        (waiting,) = list_pool(node)
        assert bytes.fromhex(waiting["hash"][2:]) == caught.value.transaction_hash
        assert price(waiting, "maxFeePerGas") > 2 * 10**9
        assert caught.value.waited_s >= IMPATIENT.receipt_timeout_s


@pytest.mark.parametrize("with_blobs", [False, True])
def test_stuck_transaction_is_mined_once_its_price_is_raised(url: str, with_blobs: bool) -> None:
    kzg.load_setup()
    node = connect(url, BUMPING)
    logger = deploy_code(node, BLOB_HASH_LOGGER)
    seen: list[dict[str, Any]] = []

    def was_raised(pool: list[dict[str, Any]]) -> bool:
        seen.extend(one for one in pool if one["hash"] not in {other["hash"] for other in seen})
        return len(seen) >= 2

    with no_blocks(node), mine_once(node, was_raised):
        receipt = node.transact(logger, bytes(32), blobs=BLOBS[:1] if with_blobs else ())
    first, second = seen[:2]
    assert receipt.transaction_hash in [bytes.fromhex(one["hash"][2:]) for one in seen[1:]]
    assert first["nonce"] == second["nonce"]
    percent = 200 if with_blobs else 110
    fields = ["maxFeePerGas", "maxPriorityFeePerGas", *(["maxFeePerBlobGas"] if with_blobs else [])]
    for field in fields:
        assert price(second, field) * 100 >= price(first, field) * percent


def test_price_is_not_raised_above_the_cap(url: str) -> None:
    node = connect(url, replace(IMPATIENT, max_price_wei=10**9 + 1))
    logger = deploy_code(connect(url), WORD_LOGGER)
    with no_blocks(node):
        with pytest.raises(TransactionStuck):
            node.transact(logger, bytes(32))
        (waiting,) = list_pool(node)
        assert price(waiting, "maxFeePerGas") == 10**9 + 1


@pytest.mark.parametrize("with_blobs", [False, True])
def test_transaction_of_an_earlier_process_is_replaced_by_who_takes_over(url: str, with_blobs: bool) -> None:
    kzg.load_setup()
    earlier = connect(url, IMPATIENT)
    takes_over = replace(SETTINGS, receipt_timeout_s=60.0, raise_fees_after_s=60.0, takes_over=True)  # it sends once
    logger = deploy_code(earlier, BLOB_HASH_LOGGER)
    blobs = BLOBS[:1] if with_blobs else ()
    with no_blocks(earlier):
        with pytest.raises(TransactionStuck) as caught:
            earlier.transact(logger, bytes(32), blobs=blobs)
        (stuck,) = list_pool(earlier)
        poor = connect(url, replace(takes_over, max_price_wei=price(stuck, "maxFeePerGas") - 1))
        with pytest.raises(NodeRefused, match="underpriced"):  # it may not offer more than that one
            poor.transact(logger, bytes(32), blobs=blobs)
        with mine_once(earlier, lambda pool: pool != [stuck]):
            receipt = connect(url, takes_over).transact(logger, bytes(32), blobs=blobs)
        assert list_pool(earlier) == []
    assert receipt.transaction_hash != caught.value.transaction_hash
    count = earlier.rpc.ask("eth_getTransactionCount", stuck["from"], "latest")
    assert int(count, 16) == int(stuck["nonce"], 16) + 1


def test_invalid_transaction_that_lost_a_race_cost_its_gas_and_says_why(url: str) -> None:
    nodes = [connect(url), connect(url)]
    once = deploy_code(nodes[0], ONLY_ONCE)
    outcomes: list[object] = []

    def act(node: AnvilNode, sender: bytes) -> None:
        try:
            outcomes.append(node.transact(once, b"", sender=sender).gas_used)
        except Reverted as error:
            outcomes.append(error)

    with no_blocks(nodes[0]), mine_once(nodes[0], lambda pool: len(pool) == 2):
        threads = [threading.Thread(target=act, args=(node, node.senders[i])) for i, node in enumerate(nodes)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    (error,) = (outcome for outcome in outcomes if isinstance(outcome, Reverted))
    assert error.return_data == bytes.fromhex("deadbeef")
    assert 21_000 < error.gas_used < 30_000
    assert len(outcomes) == 2


def test_invalid_transaction_beyond_the_gas_cap(url: str) -> None:
    node = connect(url)  # which would mine it
    glutton = deploy_code(node, GLUTTON)
    nonce = node.rpc.ask("eth_getTransactionCount", f"0x{node.sender.hex()}", "pending")
    with pytest.raises(TransactionTooLarge) as caught:
        node.transact(glutton, b"")
    assert (caught.value.what, caught.value.limit) == ("gas", TRANSACTION_GAS_CAP)
    assert caught.value.got > TRANSACTION_GAS_CAP
    with pytest.raises(Reverted):
        node.call(glutton, b"")
    assert node.rpc.ask("eth_getTransactionCount", f"0x{node.sender.hex()}", "pending") == nonce


def test_invalid_calldata_beyond_what_nodes_take(url: str) -> None:
    node = connect(url)
    with pytest.raises(TransactionTooLarge) as caught:
        node.transact(node.sender, bytes(120 * 2**10 + 1))
    assert caught.value.limit == 120 * 2**10


def test_invalid_sender_without_money(url: str) -> None:
    node = connect(url)
    node.rpc.ask("anvil_setBalance", f"0x{node.senders[2].hex()}", "0x0")
    with pytest.raises(NodeRefused):
        node.transact(node.sender, b"", sender=node.senders[2], value_wei=1)


def test_state_outlives_the_node_and_an_ended_node_is_unreachable(tmp_path: Path) -> None:
    with run_anvil(tmp_path, "prague") as url:
        node = connect(url)
        logger = deploy_code(node, WORD_LOGGER)
        head = node.get_head()
    with pytest.raises(NodeUnreachable):
        node.get_head()
    with run_anvil(tmp_path, "prague") as url:
        node = connect(url)
        assert node.get_head().number == head.number
        assert node.transact(logger, bytes(32)).logs[0].address == logger

"""What every base layer must do alike: subclasses give `layer`, the embedded EVM and each real node."""

from __future__ import annotations

from dataclasses import replace
from typing import Protocol

import pytest

from rollup.blob import BLOB_BYTES, ELEMENT_COUNT, BlobWrongLength
from rollup.bls_field import P
from tests.verifier.settle_case import BATCHES, KEY_BE, PARAMS_HASH, PROOFS, ROOTS
from tests.verifier.tiny_contracts import (
    BLOB_HASH_LOGGER,
    CALLER_LOGGER,
    CALLER_RETURNER,
    INVALID,
    REFUSER,
    TIME_LOGGER,
    VALUE_LOGGER,
    WORD_LOGGER,
)
from verifier import kzg
from verifier.artifacts import load_artifact
from verifier.base_layer import BaseLayer, Block, Contract, Reverted, deploy_contract
from verifier.base_layer.errors import BlobCountTooLarge, BlockUnknown, SenderUnknown
from verifier.base_layer.interface import BLOB_GAS
from verifier.verify import deploy_verifier

POINT_EVALUATION = bytes(19) + b"\x0a"
BLOBS = [b"".join(((i * 7919 + k) % P).to_bytes(32, "big") for i in range(ELEMENT_COUNT)) for k in (1, 2)]


class TestLayer(BaseLayer, Protocol):
    """A base layer whose clock tests can set."""

    __test__ = False

    def set_next_timestamp(self, timestamp_s: int) -> None:
        """Give the next block this time."""
        ...

    def mine(self) -> Block:
        """Add a block and return it."""
        ...

    def get_blob_hashes(self, transaction_hash: bytes) -> tuple[bytes, ...]:
        """Return the versioned hashes of a transaction's blobs."""
        ...


def deploy_anchor(layer: BaseLayer) -> Contract:
    """Return a StateRootAnchor before the first of BATCHES."""
    verifier = deploy_verifier(layer, KEY_BE)
    return deploy_contract(layer, load_artifact("StateRootAnchor"), verifier.address, PARAMS_HASH, ROOTS[0])


def deploy_code(layer: BaseLayer, code: bytes) -> bytes:
    """Return the address of a tiny contract."""
    address = layer.deploy(code).created_address
    assert address is not None
    return address


def measure_gas(layer: BaseLayer) -> dict[str, int]:
    """Return the gas of one call of every kind."""
    anchor = deploy_anchor(layer)
    logger, blob_logger = (deploy_code(layer, code) for code in (WORD_LOGGER, BLOB_HASH_LOGGER))
    receipts = {
        "deploy": anchor.deployment,
        **{f"settle {i}": anchor.transact("settle", PROOFS[i], BATCHES[i]) for i in (0, 1)},
        "log": layer.transact(logger, bytes(32)),
        "floor": layer.transact(logger, bytes(1000) + b"\x01" * 5000),
        "blob": layer.transact(blob_logger, bytes(32), blobs=BLOBS),
        "value": layer.transact(logger, b"", value_wei=5, sender=layer.senders[1]),
    }
    return {name: receipt.gas_used for name, receipt in receipts.items()}


class BaseLayerSuite:
    """The cases."""

    def test_settle_moves_the_root_batch_by_batch(self, layer: TestLayer) -> None:
        anchor = deploy_anchor(layer)
        for batch, proof in zip(BATCHES, PROOFS, strict=True):
            receipt = anchor.transact("settle", proof, batch)
            event = {"newStateRoot": batch[1], "clockAndEntries": batch[3], "dataCommitment": batch[4]}
            assert anchor.decode_events("BatchSettled", receipt.logs) == [event]
            assert anchor.call("stateRoot") == batch[1]
            assert receipt.blob_gas_used == 0
            assert receipt.gas_price_wei > 0

    def test_invalid_settlement_says_why_in_the_contract_s_words(self, layer: TestLayer) -> None:
        anchor = deploy_anchor(layer)
        for act in (anchor.call, anchor.transact):
            with pytest.raises(Reverted) as caught:
                act("settle", PROOFS[1], BATCHES[1])
            assert caught.value.reason == f"OldStateRootWrong(got={ROOTS[1]}, expected={ROOTS[0]})"
        with pytest.raises(Reverted) as caught:
            deploy_verifier(layer, KEY_BE[:-1])
        assert caught.value.reason == "KeyInvalid()"

    @pytest.mark.parametrize("code", [REFUSER, INVALID], ids=["revert", "invalid opcode"])
    def test_invalid_call_without_a_reason(self, layer: TestLayer, code: bytes) -> None:
        address = deploy_code(layer, code)
        for act in (layer.call, layer.transact):
            with pytest.raises(Reverted) as caught:
                act(address, b"")
            assert caught.value.return_data == b""

    def test_code_reads_the_versioned_hashes_of_the_blobs(self, layer: TestLayer) -> None:
        logger = deploy_code(layer, BLOB_HASH_LOGGER)
        hashes = tuple(kzg.versioned_hash(kzg.commit(blob)) for blob in BLOBS)
        for index, expected in enumerate([*hashes, bytes(32)]):
            receipt = layer.transact(logger, index.to_bytes(32, "big"), blobs=BLOBS)
            assert [log.data for log in receipt.logs] == [expected]
            assert receipt.versioned_hashes == hashes
            assert receipt.blob_gas_used == len(BLOBS) * BLOB_GAS
            assert receipt.blob_gas_price_wei > 0

    def test_point_evaluation_of_a_blob(self, layer: TestLayer) -> None:
        commitment, (proof, value) = kzg.commit(BLOBS[0]), kzg.prove(BLOBS[0], 12345)
        words = [(12345).to_bytes(32, "big"), value.to_bytes(32, "big")]
        calldata = b"".join([kzg.versioned_hash(commitment), *words, commitment, proof])
        answer = ELEMENT_COUNT.to_bytes(32, "big") + P.to_bytes(32, "big")
        assert layer.call(POINT_EVALUATION, calldata) == answer
        assert layer.transact(POINT_EVALUATION, calldata).logs == ()
        for act in (layer.call, layer.transact):
            with pytest.raises(Reverted):
                act(POINT_EVALUATION, calldata[:95] + bytes([calldata[95] ^ 1]) + calldata[96:])

    def test_gas_of_much_calldata_is_the_floor_of_eip_7623(self, layer: TestLayer) -> None:
        logger = deploy_code(layer, WORD_LOGGER)
        receipt = layer.transact(logger, bytes(1000) + b"\x01" * 5000)
        assert receipt.gas_used == 21_000 + 10 * (1000 + 4 * 5000)

    def test_senders(self, layer: TestLayer) -> None:
        logger, returner = deploy_code(layer, CALLER_LOGGER), deploy_code(layer, CALLER_RETURNER)
        assert layer.sender == layer.senders[0]
        for named, expected in ((None, layer.senders[0]), (layer.senders[1], layer.senders[1])):
            (log,) = layer.transact(logger, b"", sender=named).logs
            assert log.data[12:] == expected
            assert layer.call(returner, b"", sender=named)[12:] == expected
        anybody = b"\xaa" * 20
        assert layer.call(returner, b"", sender=anybody)[12:] == anybody
        with pytest.raises(SenderUnknown):
            layer.transact(logger, b"", sender=anybody)

    def test_value_is_moved(self, layer: TestLayer) -> None:
        logger, payer = deploy_code(layer, VALUE_LOGGER), layer.senders[1]
        before = layer.get_balance_wei(payer)
        receipt = layer.transact(logger, b"", value_wei=10**18, sender=payer)
        assert int.from_bytes(receipt.logs[0].data, "big") == 10**18
        assert layer.get_balance_wei(logger) == 10**18
        assert layer.get_balance_wei(payer) == before - 10**18 - receipt.gas_used * receipt.gas_price_wei

    def test_blobs_are_paid_apart(self, layer: TestLayer) -> None:
        logger, payer = deploy_code(layer, WORD_LOGGER), layer.senders[1]
        before = layer.get_balance_wei(payer)
        receipt = layer.transact(logger, b"", blobs=BLOBS, sender=payer)
        paid = receipt.gas_used * receipt.gas_price_wei + receipt.blob_gas_used * receipt.blob_gas_price_wei
        assert layer.get_balance_wei(payer) == before - paid

    def test_versioned_hashes_of_a_transaction(self, layer: TestLayer) -> None:
        logger = deploy_code(layer, WORD_LOGGER)
        with_blobs, without = layer.transact(logger, b"", blobs=BLOBS), layer.transact(logger, b"")
        assert layer.get_blob_hashes(with_blobs.transaction_hash) == with_blobs.versioned_hashes
        assert len(with_blobs.versioned_hashes) == len(BLOBS)
        assert layer.get_blob_hashes(without.transaction_hash) == layer.get_blob_hashes(bytes(32)) == ()

    def test_time_that_was_set(self, layer: TestLayer) -> None:
        logger, later_s = deploy_code(layer, TIME_LOGGER), layer.get_head().timestamp_s + 10_000
        layer.set_next_timestamp(later_s)
        receipt = layer.transact(logger, b"")
        assert int.from_bytes(receipt.logs[0].data, "big") == receipt.timestamp_s == later_s
        head = layer.get_head()
        assert (head.number, head.timestamp_s) == (receipt.block_number, later_s)

    def test_logs_by_range(self, layer: TestLayer) -> None:
        first, second = deploy_code(layer, WORD_LOGGER), deploy_code(layer, WORD_LOGGER)
        receipts = [layer.transact(to, bytes([i]) * 32) for i, to in enumerate((first, second, first))]
        begin, end = receipts[0].block_number, receipts[-1].block_number
        logs = tuple(log for receipt in receipts for log in receipt.logs)
        assert layer.get_logs(begin, end) == logs
        assert layer.get_logs(begin, end + 100) == logs
        assert layer.get_logs(begin, end, [first]) == (logs[0], logs[2])
        assert layer.get_logs(begin, end, [first, second]) == logs
        assert layer.get_logs(begin + 1, begin + 1) == (logs[1],)
        assert layer.get_logs(end + 1, end + 5) == layer.get_logs(end, begin) == ()
        assert [log.block_hash for log in logs] == [layer.get_block(one.block_number).hash for one in receipts]
        assert [log.transaction_hash for log in logs] == [receipt.transaction_hash for receipt in receipts]

    def test_logs_of_one_block(self, layer: TestLayer) -> None:
        logger = deploy_code(layer, WORD_LOGGER)
        receipt = layer.transact(logger, bytes(32))
        block, empty = layer.get_block(receipt.block_number), layer.mine()
        assert layer.get_block_logs(block) == layer.get_block_logs(block, [logger]) == receipt.logs
        assert layer.get_block_logs(block, [bytes(20)]) == layer.get_block_logs(empty) == ()
        for stranger in (replace(block, hash=bytes(32)), replace(empty, number=empty.number + 1, hash=bytes(32))):
            with pytest.raises(BlockUnknown):
                layer.get_block_logs(stranger)

    def test_blocks_are_linked(self, layer: TestLayer) -> None:
        blocks = [layer.mine() for _ in range(3)]
        assert blocks[-1] == layer.get_head() == layer.get_block(blocks[-1].number)
        assert [block.parent_hash for block in blocks[1:]] == [block.hash for block in blocks[:-1]]
        assert 0 <= layer.get_finalized_number() <= blocks[-1].number

    def test_invalid_block_numbers(self, layer: TestLayer) -> None:
        for number in (-1, layer.get_head().number + 1):
            with pytest.raises(BlockUnknown):
                layer.get_block(number)

    def test_invalid_blobs(self, layer: TestLayer) -> None:
        logger = deploy_code(layer, WORD_LOGGER)
        with pytest.raises(BlobCountTooLarge):
            layer.transact(logger, b"", blobs=BLOBS[:1] * 7)
        with pytest.raises(BlobWrongLength):
            layer.transact(logger, b"", blobs=[bytes(BLOB_BYTES - 1)])

"""What the embedded EVM has of its own: a clock one sets, blocks at will, ten senders, one load of the KZG setup."""

from __future__ import annotations

import ckzg  # type: ignore[import-not-found]
import pytest
from eth.precompiles import point_evaluation

from tests.verifier.tiny_contracts import INVALID, TIME_LOGGER, TIME_RETURNER
from verifier import kzg
from verifier.base_layer import EmbeddedEvm, Reverted
from verifier.base_layer.embedded import GENESIS_TIMESTAMP_S
from verifier.base_layer.errors import BlockUnknown, TimeNotAhead
from verifier.base_layer.interface import TRANSACTION_GAS_CAP


def test_each_block_is_twelve_seconds_after_its_parent() -> None:
    evm = EmbeddedEvm()
    blocks = [evm.get_head(), evm.mine(), evm.mine()]
    assert [block.timestamp_s - GENESIS_TIMESTAMP_S for block in blocks] == [0, 12, 24]
    assert [block.number for block in blocks] == [0, 1, 2]
    assert [block.parent_hash for block in blocks[1:]] == [block.hash for block in blocks[:-1]]


def test_set_time_is_what_the_next_transaction_and_calls_until_then_see() -> None:
    evm = EmbeddedEvm(genesis_timestamp_s=5)
    logger, returner = (evm.deploy(code).created_address for code in (TIME_LOGGER, TIME_RETURNER))
    assert logger is not None
    assert returner is not None
    evm.set_next_timestamp(10_000)
    assert int.from_bytes(evm.call(returner, b""), "big") == 10_000
    receipt = evm.transact(logger, b"")
    assert (int.from_bytes(receipt.logs[0].data, "big"), receipt.timestamp_s) == (10_000, 10_000)
    assert evm.mine().timestamp_s == 10_012


@pytest.mark.parametrize("ahead_s", [0, -1])
def test_invalid_time_that_does_not_move_on(ahead_s: int) -> None:
    evm = EmbeddedEvm()
    with pytest.raises(TimeNotAhead):
        evm.set_next_timestamp(evm.get_head().timestamp_s + ahead_s)
    assert evm.mine().timestamp_s == GENESIS_TIMESTAMP_S + 12


@pytest.mark.parametrize("number", [-1, 1])
def test_invalid_block_number(number: int) -> None:
    with pytest.raises(BlockUnknown):
        EmbeddedEvm().get_block(number)


def test_every_block_is_final() -> None:
    evm = EmbeddedEvm()
    evm.mine()
    assert evm.get_finalized_number() == evm.get_head().number == 1


def test_transaction_may_use_all_that_eip_7825_lets_it() -> None:
    evm = EmbeddedEvm()
    address = evm.deploy(INVALID).created_address
    assert address is not None
    with pytest.raises(Reverted) as caught:
        evm.transact(address, b"")
    assert (caught.value.reason, caught.value.gas_used) == ("InvalidInstruction", TRANSACTION_GAS_CAP)
    assert evm.get_head().number == 2  # it was mined all the same


def test_setup_is_loaded_once_for_all_that_asks(monkeypatch: pytest.MonkeyPatch) -> None:
    setup = kzg.load_setup()

    def refuse(*args: object) -> object:
        raise AssertionError("loaded again")

    monkeypatch.setattr(ckzg, "load_trusted_setup", refuse)
    assert point_evaluation.load_trusted_setup(point_evaluation.TRUSTED_SETUP_PATH, 0) is setup  # type: ignore[attr-defined]

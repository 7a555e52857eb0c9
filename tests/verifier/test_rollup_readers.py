"""The contract's readers against the literal vectors and against their Python twins."""

from __future__ import annotations

import json
from functools import cache
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rollup.public_inputs import compute_bridge_value
from tests.verifier.bridge_days import get_scripted_traces, run_random_day
from tests.verifier.bridge_vectors import PATH
from verifier.artifacts import load_artifact
from verifier.base_layer import Contract, EmbeddedEvm, Reverted, deploy_contract
from verifier.bridge import Payment, expand_bridge, list_entries, pack_bridge
from verifier.bridge_errors import CalldataMalformed, QueueExhausted
from verifier.payment_tree import compute_payments_root, find_path, hash_payment
from verifier.queue_entries import EMPTY_HEAD, Entry, compute_head, encode_entry

VECTORS = json.loads(PATH.read_text())
Z = 2**248 - 159


@cache
def get_readers() -> Contract:
    return deploy_contract(EmbeddedEvm(), load_artifact("TestReaders"))


def read(data: bytes, entries: bytes, n_lanes: int, z: int = Z) -> Any:  # noqa: ANN401 # the ABI's tuple
    return get_readers().call("read", data, entries, n_lanes, z)


def test_chain_of_the_vectors() -> None:
    head = EMPTY_HEAD
    for entry in VECTORS["entries"]:
        count, head, _ = get_readers().call("chain", bytes.fromhex(entry["packed"]), head)
        assert (count, head.hex()) == (1, entry["head"])
    together = bytes.fromhex("".join(entry["packed"] for entry in VECTORS["entries"]))
    assert get_readers().call("chain", together, EMPTY_HEAD)[:2] == (len(VECTORS["entries"]), head)


def test_bridge_value_and_payments_of_the_vectors() -> None:
    first, z = 0, int(VECTORS["z"])
    for batch in VECTORS["batches"]:
        entries = VECTORS["entries"][first : first + batch["n_entries"]]
        first += batch["n_entries"]
        packed = bytes.fromhex("".join(entry["packed"] for entry in entries))
        answer = read(bytes.fromhex(batch["calldata"]), packed, VECTORS["n_lanes"], z)
        payments = [Payment(int(pay["owner"], 16), int(pay["amount_e6"])) for pay in batch["payments"]]
        assert answer[0] == int(batch["bridge_value"])
        assert answer[2] + answer[3] == sum(payment.amount_e6 for payment in payments)
        assert answer[4:] == (len(payments), compute_payments_root(payments))


def check_trace(calldata: bytes, entries: tuple[Entry, ...], n_lanes: int) -> None:
    expanded = expand_bridge(calldata, entries, n_lanes)
    packed = b"".join(map(encode_entry, entries))
    answer = read(calldata, packed, n_lanes)
    assert answer[0] == compute_bridge_value(expanded.words, Z)
    assert answer[2] + answer[3] == sum(payment.amount_e6 for payment in expanded.payments)
    assert answer[4:] == (len(expanded.payments), compute_payments_root(expanded.payments))
    assert get_readers().call("chain", packed, EMPTY_HEAD)[:2] == (len(entries), compute_head(entries))


def test_batches_of_a_random_day_and_of_the_scripted_ones() -> None:
    seen = set()
    for trace in (*run_random_day(2, 40), *get_scripted_traces().values()):
        calldata, entries = pack_bridge(trace), list_entries(trace)
        check_trace(calldata, entries, len(trace.cash_lanes) + len(trace.rescue_lanes))
        seen |= {type(entry).__name__ for entry in entries}
    kinds = {"Deposit", "ForcedWithdraw", "ForcedCancelAll", "ForcedKeyChange", "ForcedTrade", "SetTier"}
    assert seen == kinds


ALL_ENTRIES = tuple(bytes.fromhex(entry["packed"]) for entry in VECTORS["entries"])
CALLDATA = bytes.fromhex(VECTORS["batches"][2]["calldata"])
ENTRIES = b"".join(ALL_ENTRIES[-VECTORS["batches"][2]["n_entries"] :])
N_LANES = VECTORS["n_lanes"]


@settings(max_examples=120)
@given(data=st.data())
def test_calldata_that_one_side_refuses_the_other_refuses(data: st.DataObject) -> None:
    """Flip, cut or add a byte anywhere: both read the same words, or neither reads any."""
    calldata = bytearray(CALLDATA)
    position = data.draw(st.integers(0, len(calldata) - 1))
    change = data.draw(st.sampled_from(["flip", "cut", "add"]))
    if change == "flip":
        calldata[position] ^= data.draw(st.integers(1, 255))
    elif change == "cut":
        del calldata[position:]
    else:
        calldata += data.draw(st.binary(min_size=1, max_size=40))
    entries = get_entries()
    try:
        expanded = expand_bridge(bytes(calldata), entries, N_LANES)
    except (CalldataMalformed, QueueExhausted):
        expanded = None
    if expanded is None or expanded.n_entries < len(entries):
        with pytest.raises(Reverted):
            read(bytes(calldata), ENTRIES, N_LANES)
    else:
        assert read(bytes(calldata), ENTRIES, N_LANES)[0] == compute_bridge_value(expanded.words, Z)


def get_entries() -> tuple[Entry, ...]:
    from tests.verifier.bridge_vectors import ENTRIES as LITERAL

    return LITERAL[-VECTORS["batches"][2]["n_entries"] :]


@pytest.mark.parametrize(
    ("calldata", "entries", "reason"),
    [
        (bytes([0, 3]), b"", "TagWrong(tag=3)"),
        (bytes([12, 0]), ALL_ENTRIES[0], "LaneWrong(lane=12, next=0, count=12)"),
        (bytes([1, 0, 1, 0]), ALL_ENTRIES[0] + ALL_ENTRIES[1], "LaneWrong(lane=1, next=2, count=12)"),
        (bytes([11, 1]), ALL_ENTRIES[7], "LaneWrong(lane=12, next=12, count=12)"),
        (bytes([0, 2, 0x20]) + bytes(30), b"", f"AccountTooLarge(account={2**21})"),
        (bytes([0, 2]) + bytes(30), b"", "CalldataCutOff(offset=13)"),
        (bytes([0]), b"", "CalldataCutOff(offset=1)"),
        (bytes([0, 1]), b"", "CalldataCutOff(offset=0)"),
        (b"", ALL_ENTRIES[0], "EntriesLeft(bytesLeft=96)"),
        (bytes([0, 1]), bytes([2]) + bytes(95), "EntryMalformed(offset=0)"),
        (bytes([0, 1]), ALL_ENTRIES[0][:-1], "EntryMalformed(offset=0)"),
        (bytes([0, 1]), bytes([33]) + bytes(95), "EntryMalformed(offset=0)"),
    ],
)
def test_invalid_calldata_says_why(calldata: bytes, entries: bytes, reason: str) -> None:
    with pytest.raises(Reverted) as caught:
        read(calldata, entries, N_LANES)
    assert caught.value.reason == reason


@pytest.mark.parametrize("n", [0, 1, 2, 3, 5, 8, 13])
def test_payment_tree(n: int) -> None:
    payments = [Payment(100 + i, 10**6 + i) for i in range(n)]
    leaves = [hash_payment(i, payment) for i, payment in enumerate(payments)]
    root = compute_payments_root(payments)
    assert get_readers().call("computeRoot", leaves) == root
    for index, leaf in enumerate(leaves):
        assert get_readers().call("followPath", leaf, find_path(payments, index)) == root


def test_invalid_path_of_another_leaf() -> None:
    payments = [Payment(100 + i, 10**6) for i in range(5)]
    leaf = hash_payment(3, payments[3])
    for index in (0, 1, 2, 4):
        assert get_readers().call("followPath", leaf, find_path(payments, index)) != compute_payments_root(payments)

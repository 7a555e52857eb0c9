"""Batch files: what is written is read back, and nothing else is read at all."""

from __future__ import annotations

import json
import zlib
from collections.abc import Callable
from functools import cache
from hashlib import sha256
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rollup.accounts import EMPTY_ORDERS
from rollup.codec import FORMAT_VERSION, MAX_FILE_BYTES, BatchFileInvalid, decode_trace, encode_trace
from rollup.codec_fields import Integer, Malformed, Tree, unsigned
from rollup.trace import BatchTrace
from tests.scenarios import Exchange, run_day

HEADER_BYTES = 52


@cache
def get_traces() -> dict[str, BatchTrace]:
    return run_day()


@cache
def get_file() -> bytes:
    return encode_trace(get_traces()["liquidation"])


def wrap(payload: bytes, version: int = FORMAT_VERSION) -> bytes:
    """Return a file with a right digest around any payload."""
    head = version.to_bytes(4, "little") + len(payload).to_bytes(8, "little")
    return b"ZKMBATCH" + head + sha256(head + payload).digest() + payload


def rewrite(change: Callable[[dict[str, Any]], object]) -> bytes:
    """Return the file with its JSON changed and everything around it made to fit."""
    data = json.loads(zlib.decompress(get_file()[HEADER_BYTES:]))
    change(data)
    return wrap(zlib.compress(json.dumps(data, separators=(",", ":")).encode()))


def test_rewriting_nothing_gives_a_file_that_is_read() -> None:
    assert decode_trace(rewrite(lambda data: None)) == get_traces()["liquidation"]


@pytest.mark.parametrize("name", ["deposits and fills", "two fills in a lane", "liquidation", "withdraw and cancel"])
def test_trace_comes_back_and_encodes_to_the_same_bytes(name: str) -> None:
    trace = get_traces()[name]
    data = encode_trace(trace)
    decoded = decode_trace(data)
    assert decoded == trace
    assert encode_trace(decoded) == data
    assert decoded.header_after.state_root == trace.header_after.state_root


@pytest.mark.parametrize("signers", [(), (1,), (0, 2)])
def test_trace_comes_back_without_some_oracle_messages(signers: tuple[int, ...]) -> None:
    trace = Exchange().batch(signers=signers).trace
    assert decode_trace(encode_trace(trace)) == trace


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_invalid_file_with_any_bit_flipped(data: st.DataObject) -> None:
    flipped = bytearray(get_file())
    position = data.draw(st.integers(0, len(flipped) - 1))
    flipped[position] ^= 1 << data.draw(st.integers(0, 7))
    with pytest.raises(BatchFileInvalid):
        decode_trace(bytes(flipped))


@settings(max_examples=40, deadline=None)
@given(st.data())
def test_invalid_file_cut_anywhere(data: st.DataObject) -> None:
    length = data.draw(st.integers(0, len(get_file()) - 1))
    with pytest.raises(BatchFileInvalid):
        decode_trace(get_file()[:length])


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "starts with"),
        (b"PK\x03\x04 something else", "starts with"),
        (b"ZKMBATCH", "truncated"),
        (b"ZKMBATCH" + bytes(MAX_FILE_BYTES), "at most"),
        (wrap(b"", version=1), "format version 1"),
        (wrap(b"no zlib"), "not zlib"),
        (wrap(zlib.compress(b"{}")[:-1]), "does not end"),
        (wrap(zlib.compress(b"{}") + b"x"), "does not end"),
        (wrap(zlib.compress(bytes(128 * 2**20 + 1), 1)), "does not end within"),
        (wrap(zlib.compress(b"{")), "not JSON"),
        (wrap(zlib.compress(b"\xff")), "not JSON"),
        (wrap(zlib.compress(b"[" * 100_000)), "not JSON"),
        (wrap(zlib.compress(b"{ }")), "canonical"),
        (wrap(zlib.compress(b'{"a":1,"a":1}')), "canonical"),
        (wrap(zlib.compress(b"{}")), "an object of shape_name"),
        (wrap(zlib.compress(b"[]")), "an object of shape_name"),
    ],
)
def test_invalid_file_says_what_is_wrong(data: bytes, reason: str) -> None:
    with pytest.raises(BatchFileInvalid, match=reason) as raised:
        decode_trace(data, "batch-3.zkb")
    assert raised.value.source == "batch-3.zkb"


def test_invalid_file_with_a_byte_too_many() -> None:
    with pytest.raises(BatchFileInvalid, match="extended"):
        decode_trace(get_file() + b"\0")


@pytest.mark.parametrize(
    ("change", "where"),
    [
        (lambda d: d.update(shape_name=3), "shape_name"),
        (lambda d: d.update(shape_name="x" * 65), "shape_name"),
        (lambda d: d["header_before"].update(vault_e6=f"{2**96:x}"), "header_before.vault_e6"),
        (lambda d: d["header_before"].update(vault_e6="-1"), "header_before.vault_e6"),
        (lambda d: d["header_before"].update(vault_e6="00"), "header_before.vault_e6"),
        (lambda d: d["header_before"].update(vault_e6="-0"), "header_before.vault_e6"),
        (lambda d: d["header_before"].update(vault_e6="A"), "header_before.vault_e6"),
        (lambda d: d["header_before"].update(vault_e6=5), "header_before.vault_e6"),
        (lambda d: d["header_before"].update(vault_e6="1" * 65), "header_before.vault_e6"),
        (lambda d: d["header_before"].update(accounts_root=f"{2**254:x}"), "header_before.accounts_root"),
        (lambda d: d["header_after"]["marks_ticks"].pop(), "header_after.marks_ticks"),
        (lambda d: d["header_after"]["marks_ticks"].__setitem__(0, "0"), r"header_after.marks_ticks\[0\]"),
        (lambda d: d["oracle"].pop(), "oracle"),
        (lambda d: d["oracle"][1].update(signer="3"), r"oracle\[1\].signer"),
        (lambda d: d["oracle"][1]["prices_ticks"].__setitem__(15, "0"), r"oracle\[1\].prices_ticks\[15\]"),
        (lambda d: d["oracle"][1].update(time_s=f"{2**40:x}"), r"oracle\[1\].time_s"),
        (lambda d: d["trade_lanes"][0].pop("fills"), r"trade_lanes\[0\]"),
        (lambda d: d["trade_lanes"][0].update(extra="1"), r"trade_lanes\[0\]"),
        (lambda d: d["trade_lanes"][0]["account_path"].pop(), r"trade_lanes\[0\].account_path"),
        (lambda d: d["cash_lanes"][0].update(op={"mint": {}}), r"cash_lanes\[0\].op"),
        (lambda d: d["cash_lanes"][0].update(op={}), r"cash_lanes\[0\].op"),
        (lambda d: d["fund_lane"]["fund_after"].update(cash_atoms=f"{2**120:x}"), "fund_lane.fund_after.cash_atoms"),
        (lambda d: d["params"]["markets"][0].update(initial_ppm="1"), "maintenance_ppm is 30000, expected 1 to 1"),
        (lambda d: d["params"]["markets"][0].update(size_decimals="0"), "price_decimals"),
    ],
)
def test_invalid_content_names_its_place(change: Callable[[dict[str, Any]], object], where: str) -> None:
    with pytest.raises(BatchFileInvalid, match=where):
        decode_trace(rewrite(change))


TREE = Tree(EMPTY_ORDERS, unsigned(80))


@given(st.dictionaries(st.integers(0, 511), st.integers(1, 2**80 - 1), max_size=5))
def test_order_slots_come_back(leaves: dict[int, int]) -> None:
    tree = EMPTY_ORDERS.build(3, EMPTY_ORDERS.tag, 0, leaves)
    assert TREE.decode(TREE.encode(tree), "orders") == tree


@pytest.mark.parametrize(
    "pairs",
    [[["1", "0"]], [["200", "1"]], [["2", "1"], ["1", "1"]], [["1", "1"], ["1", "1"]], [["1", f"{2**80:x}"]], [["1"]]],
)
def test_invalid_order_slots(pairs: list[list[str]]) -> None:
    with pytest.raises(Malformed):
        TREE.decode(pairs, "orders")


@given(st.integers(-(2**120), 2**120))
def test_integers_come_back(value: int) -> None:
    codec = Integer(-(2**120), 2**120)
    assert codec.decode(codec.encode(value), "value") == value

"""Snapshots: the whole state comes back, and nothing else is read at all."""

from __future__ import annotations

import json
import zlib
from collections.abc import Callable
from dataclasses import replace
from functools import cache
from hashlib import sha256
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rollup import snapshot as snapshots
from rollup.accounts import EMPTY_ACCOUNT, Account
from rollup.codec_fields import Flag, Text
from rollup.envelope import Envelope
from rollup.snapshot import (
    MAX_SNAPSHOT_BYTES,
    SNAPSHOT_VERSION,
    Snapshot,
    SnapshotInvalid,
    SnapshotRootWrong,
    decode_snapshot,
    decode_snapshot_head,
    encode_snapshot,
)
from rollup.state import State, make_genesis
from tests.scenarios import AVAX_PRICE, PARAMS, START_S, Exchange

HEADER_BYTES = 52


@cache
def get_snapshot() -> Snapshot:
    """Return a state with positions, filled order slots, the fund and the treasury."""
    exchange = Exchange()
    exchange.batch(cash=[exchange.deposit(2, 2_000), exchange.deposit(3, 2_000)])
    buy, sell = exchange.order(2, 1_000, AVAX_PRICE), exchange.order(3, -2_000, AVAX_PRICE)
    state = exchange.batch(orders=[buy, sell]).state
    assert any(state.get_account(2).sizes_lots)
    assert list(state.get_account(3).orders.items())
    return Snapshot(exchange.params, state)


@cache
def get_file() -> bytes:
    return encode_snapshot(get_snapshot())


def wrap(payload: bytes, version: int = SNAPSHOT_VERSION) -> bytes:
    """Return a file with a right digest around any payload."""
    head = version.to_bytes(4, "little") + len(payload).to_bytes(8, "little")
    return b"ZKMSTATE" + head + sha256(head + payload).digest() + payload


def rewrite(change: Callable[[dict[str, Any]], object]) -> bytes:
    """Return the file with its JSON changed and everything around it made to fit."""
    data = json.loads(zlib.decompress(get_file()[HEADER_BYTES:]))
    change(data)
    return wrap(zlib.compress(json.dumps(data, separators=(",", ":")).encode()))


def assert_same(got: Snapshot, expected: Snapshot) -> None:
    assert got.params == expected.params
    assert got.state.header == expected.state.header
    assert got.state.state_root == expected.state.state_root
    assert got.state.tree == expected.state.tree
    held = {i: account for i, account in expected.state.accounts.items() if account != EMPTY_ACCOUNT}
    assert got.state.accounts == held


def test_rewriting_nothing_gives_a_file_that_is_read() -> None:
    assert_same(decode_snapshot(rewrite(lambda data: None)), get_snapshot())


def test_state_comes_back_and_encodes_to_the_same_bytes() -> None:
    decoded = decode_snapshot(get_file())
    assert_same(decoded, get_snapshot())
    assert encode_snapshot(decoded) == get_file()


def test_genesis_comes_back() -> None:
    genesis = Snapshot(PARAMS, make_genesis((AVAX_PRICE,), START_S))
    assert_same(decode_snapshot(encode_snapshot(genesis)), genesis)


def test_a_batch_goes_on_from_a_snapshot() -> None:
    exchange = Exchange()
    exchange.batch(cash=[exchange.deposit(2, 2_000)])
    exchange.state = decode_snapshot(encode_snapshot(Snapshot(exchange.params, exchange.state))).state
    resumed = exchange.batch(cash=[exchange.deposit(3, 50)]).state
    other = Exchange()
    other.batch(cash=[other.deposit(2, 2_000)])
    assert resumed.state_root == other.batch(cash=[other.deposit(3, 50)]).state.state_root


def test_account_that_became_empty_again_is_left_out() -> None:
    state = make_genesis((AVAX_PRICE,), START_S)
    emptied = Snapshot(PARAMS, State(state.header, state.tree, {5: EMPTY_ACCOUNT}))
    assert decode_snapshot(encode_snapshot(emptied)).state.accounts == {}


sizes = st.integers(1 - 2**48, 2**48 - 1) | st.sampled_from([0, 0, 0])
accounts = st.builds(
    Account,
    key=st.tuples(st.integers(0, 2**253), st.integers(0, 2**253)),
    owner=st.integers(0, 2**160 - 1),
    epoch=st.integers(0, 2**32 - 1),
    cash_nonce=st.integers(0, 2**32 - 1),
    tier=st.integers(0, 7),
    cash_atoms=st.integers(1 - 2**120, 2**120 - 1),
    sizes_lots=st.tuples(*[sizes] * 16),
    last_touched_s=st.integers(0, 2**40 - 1),
)


@settings(max_examples=25, deadline=None)
@given(st.dictionaries(st.integers(0, 2**21 - 1), accounts, max_size=3))
def test_any_accounts_come_back(held: dict[int, Account]) -> None:
    genesis = make_genesis((AVAX_PRICE,), START_S)
    tree = genesis.tree
    for account_id, account in held.items():
        tree = tree.set(account_id, account.leaf_hash())
    snapshot = Snapshot(PARAMS, State(replace(genesis.header, accounts_root=tree.root), tree, held))
    assert_same(decode_snapshot(encode_snapshot(snapshot)), snapshot)


# --- what is refused --------------------------------------------------------------------------------------------------
@settings(max_examples=60, deadline=None)
@given(st.data())
def test_invalid_file_with_any_bit_flipped(data: st.DataObject) -> None:
    flipped = bytearray(get_file())
    position = data.draw(st.integers(0, len(flipped) - 1))
    flipped[position] ^= 1 << data.draw(st.integers(0, 7))
    with pytest.raises(SnapshotInvalid):
        decode_snapshot(bytes(flipped))


@settings(max_examples=40, deadline=None)
@given(st.data())
def test_invalid_file_cut_anywhere(data: st.DataObject) -> None:
    length = data.draw(st.integers(0, len(get_file()) - 1))
    with pytest.raises(SnapshotInvalid):
        decode_snapshot(get_file()[:length])


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "starts with"),
        (b"ZKMBATCH" + bytes(60), "starts with b'ZKMBATCH', expected b'ZKMSTATE'"),
        (b"ZKMSTATE", "truncated"),
        (b"ZKMSTATE" + bytes(MAX_SNAPSHOT_BYTES), "at most"),
        (wrap(b"", version=2), "format version 2, this program reads 1"),
        (wrap(b"no zlib"), "not zlib"),
        (wrap(zlib.compress(b"{}") + b"x"), "does not end"),
        (wrap(zlib.compress(b"{")), "not JSON"),
        (wrap(zlib.compress(b"{ }")), "canonical"),
        (wrap(zlib.compress(b'{"a":1,"a":1}')), "canonical"),
        (wrap(zlib.compress(b"{}")), "an object of params"),
    ],
)
def test_invalid_file_says_what_is_wrong(data: bytes, reason: str) -> None:
    with pytest.raises(SnapshotInvalid, match=reason) as raised:
        decode_snapshot(data, "state.zks")
    assert raised.value.source == "state.zks"


def test_invalid_bomb_is_not_unpacked() -> None:
    with pytest.raises(SnapshotInvalid, match="does not end within"):
        decode_snapshot(wrap(zlib.compress(bytes(snapshots._MAX_JSON_BYTES + 1), 1)))


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda d: d["header"].update(vault_e6="-1"), "header.vault_e6"),
        (lambda d: d["header"]["marks_ticks"].__setitem__(0, "0"), r"header.marks_ticks\[0\]"),
        (lambda d: d["params"]["markets"].pop(), "params.markets"),
        (lambda d: d["params"]["markets"][0].update(price_decimals="5"), "price_decimals is 5"),
        (lambda d: d["accounts"][0].update(account_id=f"{2**21:x}"), r"accounts\[0\].account_id"),
        (lambda d: d["accounts"][0]["account"].update(tier="8"), r"accounts\[0\].account.tier"),
        (lambda d: d["accounts"][1]["account"].pop("orders"), r"accounts\[1\].account"),
        (lambda d: d["accounts"].reverse(), "accounts must rise"),
        (lambda d: d["accounts"].append(d["accounts"][-1]), "accounts must rise"),
        (lambda d: d.update(state_root="zz"), "state_root"),
        (lambda d: d.update(more="1"), "an object of params"),
    ],
)
def test_invalid_content_names_its_place(change: Callable[[dict[str, Any]], object], reason: str) -> None:
    with pytest.raises(SnapshotInvalid, match=reason):
        decode_snapshot(rewrite(change))


def test_invalid_empty_account_is_written_out() -> None:
    empty = {"account_id": f"{2**21 - 1:x}", "account": snapshots.ACCOUNT.encode(EMPTY_ACCOUNT)}
    with pytest.raises(SnapshotInvalid, match="none be empty"):
        decode_snapshot(rewrite(lambda data: data["accounts"].append(empty)))


@pytest.mark.parametrize(
    ("change", "what"),
    [
        (lambda d: d["accounts"].pop(), "accounts root"),
        (lambda d: d["accounts"][0]["account"].update(cash_atoms="1"), "accounts root"),
        (lambda d: d["accounts"][-1]["account"].update(orders=[]), "accounts root"),
        (lambda d: d["header"].update(accounts_root="1"), "accounts root"),
        (lambda d: d["header"].update(vault_e6="1"), "state root"),
        (lambda d: d["header"]["marks_ticks"].__setitem__(0, "1"), "state root"),
        (lambda d: d.update(state_root="1"), "state root"),
    ],
)
def test_invalid_content_of_another_root(change: Callable[[dict[str, Any]], object], what: str) -> None:
    with pytest.raises(SnapshotRootWrong) as raised:
        decode_snapshot(rewrite(change), "state.zks")
    assert (raised.value.what, raised.value.source) == (what, "state.zks")
    assert f"state.zks: its content has {what} 0x" in str(raised.value)


@pytest.mark.parametrize(("max_file_bytes", "max_json_bytes", "what"), [(64, 99, "file"), (999, 5, "JSON")])
def test_invalid_file_too_large_to_be_read_again(max_file_bytes: int, max_json_bytes: int, what: str) -> None:
    small = Envelope(b"ZKMSTATE", 1, max_file_bytes, max_json_bytes, SnapshotInvalid)
    assert small.open(Flag(), small.seal(Flag(), True), "x") is True
    with pytest.raises(SnapshotInvalid, match=f"bytes of {what}, at most"):
        small.seal(Text(99), "abcdefgh")


def test_head_is_read_without_the_accounts() -> None:
    snapshot = get_snapshot()
    assert decode_snapshot_head(get_file()) == (snapshot.params, snapshot.state.header)


@pytest.mark.parametrize(
    "change", [lambda data: data.update(state_root="1"), lambda data: data["header"].update(vault_e6="7")]
)
def test_invalid_head_of_another_root(change: Callable[[dict[str, Any]], object]) -> None:
    with pytest.raises(SnapshotRootWrong, match="state root"):
        decode_snapshot_head(rewrite(change))


@pytest.mark.parametrize("text", [b"", b"[]", b'{"params":1,"accounts":[]}', b'{"accounts":[]}'])
def test_invalid_head_that_is_none(text: bytes) -> None:
    with pytest.raises(SnapshotInvalid):
        decode_snapshot_head(wrap(zlib.compress(text)))

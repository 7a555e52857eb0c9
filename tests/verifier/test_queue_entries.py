"""Entries of the base layer's queue: bytes and records are inverses, nothing else parses, and the chain holds order."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from eth_utils.crypto import keccak
from hypothesis import given
from hypothesis import strategies as st

from rollup.field import R
from rollup.txs import Deposit, ForcedCancelAll, ForcedKeyChange, ForcedTrade, ForcedWithdraw, SetTier
from rollup.units import ACCOUNT_BITS, AMOUNT_E6_BITS, MARKET_COUNT, OWNER_BITS, PRICE_BITS, SIZE_BITS
from verifier.bridge_errors import EntryMalformed
from verifier.queue_entries import (
    EMPTY_HEAD,
    LAYOUTS,
    MAX_ENTRY_BYTES,
    Entry,
    compute_head,
    decode_entry,
    encode_entry,
    push,
)

accounts = st.integers(0, 2**ACCOUNT_BITS - 1)
amounts = st.integers(0, 2**AMOUNT_E6_BITS - 1)
owners = st.integers(0, 2**OWNER_BITS - 1)
coordinates = st.integers(0, R - 1)
keys = st.tuples(coordinates, coordinates)
traders = st.tuples(st.integers(1, 2**OWNER_BITS - 1), st.integers(1, 2**OWNER_BITS - 1))
sizes, prices = st.integers(0, 2**SIZE_BITS - 1), st.integers(0, 2**PRICE_BITS - 1)
trades = st.builds(
    ForcedTrade,
    st.tuples(accounts, accounts),
    traders,
    st.integers(0, MARKET_COUNT - 1),
    st.integers(0, 1),
    sizes,
    prices,
)
entries: st.SearchStrategy[Entry] = st.one_of(
    st.builds(Deposit, accounts, amounts, owners, keys),
    st.builds(ForcedWithdraw, accounts, amounts, owners),
    st.builds(ForcedCancelAll, accounts, owners),
    st.builds(ForcedKeyChange, accounts, owners, keys),
    st.builds(SetTier, accounts, amounts),
    trades,
)
DEPOSIT = Deposit(7, 5_000_000, 0xA0007, (R - 1, 3))
TRADE = ForcedTrade((2, 3), (0xA0002, 0xA0003), 15, 1, 2**48 - 1, 9)


@given(entry=entries)
def test_entry_through_bytes(entry: Entry) -> None:
    data = encode_entry(entry)
    assert decode_entry(data) == entry
    assert encode_entry(decode_entry(data)) == data
    assert len(data) <= MAX_ENTRY_BYTES


@given(entry=entries, cut=st.integers(1, MAX_ENTRY_BYTES), more=st.binary(min_size=1, max_size=40))
def test_invalid_entry_shorter_or_longer(entry: Entry, cut: int, more: bytes) -> None:
    data = encode_entry(entry)
    for wrong in (data[:-cut], data + more):
        with pytest.raises(EntryMalformed) as caught:
            decode_entry(wrong)
        assert caught.value.field == ("length" if wrong else "kind")


@given(data=st.binary(max_size=MAX_ENTRY_BYTES + 1))
def test_bytes_parse_in_one_way_or_not_at_all(data: bytes) -> None:
    try:
        entry = decode_entry(data)
    except EntryMalformed:
        return
    assert encode_entry(entry) == data


def test_layout_is_the_documented_one() -> None:
    assert encode_entry(DEPOSIT).hex() == (f"0100000700000000004c4b40{0xA0007:040x}{R - 1:064x}{3:064x}")
    assert encode_entry(TRADE).hex() == (f"07000002000003{0xA0002:040x}{0xA0003:040x}0f01ffffffffffff000000000009")
    lengths = {kind: 1 + sum(map(sum, fields.values())) for kind, (_, fields) in LAYOUTS.items()}
    assert lengths == {1: 96, 4: 32, 5: 24, 6: 88, 7: 61, 9: 12}


def set_bytes(entry: Entry, at: int, new: bytes) -> bytes:
    data = encode_entry(entry)
    return data[:at] + new + data[at + len(new) :]


@pytest.mark.parametrize(
    ("data", "field"),
    [
        (b"", "kind"),
        (b"\x02" + bytes(31), "kind"),
        (set_bytes(DEPOSIT, 1, b"\x20"), "account"),
        (set_bytes(DEPOSIT, 32, R.to_bytes(32, "big")), "key"),
        (set_bytes(DEPOSIT, 64, b"\xff" * 32), "key"),
        (set_bytes(TRADE, 4, b"\x20"), "account"),
        (set_bytes(TRADE, 7, bytes(20)), "owner"),
        (set_bytes(TRADE, 47, b"\x10"), "market"),
        (set_bytes(TRADE, 48, b"\x02"), "side"),
    ],
)
def test_invalid_bytes_say_where(data: bytes, field: str) -> None:
    with pytest.raises(EntryMalformed) as caught:
        decode_entry(data)
    assert caught.value.field == field


@pytest.mark.parametrize("key", [(R, 0), (0, R)])
def test_invalid_entry_with_a_key_beyond_the_field(key: tuple[int, int]) -> None:
    changes: dict[str, Any] = {"key": key}
    for entry in (replace(DEPOSIT, **changes), ForcedKeyChange(7, 1, key)):
        with pytest.raises(EntryMalformed):
            encode_entry(entry)


@given(before=st.lists(entries, max_size=3), after=st.lists(entries, max_size=3))
def test_chain_goes_on_from_its_head(before: list[Entry], after: list[Entry]) -> None:
    assert compute_head(after, compute_head(before)) == compute_head([*before, *after])


def test_chain_is_keccak_of_head_and_entry() -> None:
    assert compute_head([]) == EMPTY_HEAD == bytes(32)
    assert push(EMPTY_HEAD, TRADE) == keccak(bytes(32) + keccak(encode_entry(TRADE)))
    assert compute_head([DEPOSIT, TRADE]) != compute_head([TRADE, DEPOSIT])

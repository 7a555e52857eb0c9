"""Receipts' two encodings: one text each, and nothing else is read."""

from __future__ import annotations

import json
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sequencer.node.errors import ReceiptInvalid
from sequencer.node.links import MAX_KIND, MAX_SEQUENCE, MAX_TIME_US
from sequencer.node.receipt_codec import (
    MAX_RECEIPT_BYTES,
    MAX_RECEIPT_JSON_BYTES,
    decode_receipt,
    decode_receipt_json,
    encode_receipt,
    encode_receipt_json,
    read_receipt_object,
    write_receipt_object,
)
from sequencer.node.receipts import MAX_TAIL, Receipt

words = st.binary(min_size=32, max_size=32)
kinds = st.integers(0, MAX_KIND)
receipts = st.builds(
    Receipt,
    st.integers(1, MAX_SEQUENCE),
    kinds,
    words,
    st.integers(0, MAX_TIME_US),
    words,
    words,
    st.lists(st.tuples(kinds, words), max_size=9).map(tuple),
    st.binary(min_size=96, max_size=96),
)
ONE = Receipt(3, 1, b"\x01" * 32, 4, b"\x02" * 32, b"\x03" * 32, ((5, b"\x04" * 32),), b"\x05" * 96)
LONGEST = Receipt(
    MAX_SEQUENCE, MAX_KIND, bytes(32), MAX_TIME_US, bytes(32), bytes(32), ((MAX_KIND, bytes(32)),) * MAX_TAIL, bytes(96)
)


@given(receipt=receipts)
def test_receipt_survives_both_encodings(receipt: Receipt) -> None:
    assert decode_receipt(encode_receipt(receipt)) == receipt
    assert decode_receipt_json(encode_receipt_json(receipt)) == receipt
    assert read_receipt_object(json.loads(json.dumps(write_receipt_object(receipt)))) == receipt


def test_longest_receipt_is_within_the_limits() -> None:
    assert len(encode_receipt(LONGEST)) == MAX_RECEIPT_BYTES
    assert decode_receipt(encode_receipt(LONGEST)) == LONGEST
    assert len(encode_receipt_json(LONGEST)) <= MAX_RECEIPT_JSON_BYTES
    assert decode_receipt_json(encode_receipt_json(LONGEST)) == LONGEST


@given(receipt=receipts, place=st.integers(0, 10_000), byte=st.integers(0, 255))
def test_any_bytes_that_decode_are_the_encoding(receipt: Receipt, place: int, byte: int) -> None:
    data = bytearray(encode_receipt(receipt))
    data[place % len(data)] = byte
    with suppress(ReceiptInvalid):
        assert encode_receipt(decode_receipt(bytes(data))) == data


@pytest.mark.parametrize(
    ("data", "field"),
    [
        (b"", "bytes"),
        (encode_receipt(ONE)[:-1], "bytes"),
        (encode_receipt(ONE) + b"\x00", "bytes"),
        (b"\x02" + encode_receipt(ONE)[1:], "version"),
        (b"\x01" + bytes(8) + encode_receipt(ONE)[9:], "sequence"),
        (b"\x01" + b"\xff" * 8 + encode_receipt(ONE)[9:], "sequence"),
        (encode_receipt(ONE)[:11] + b"\xff" * 8 + encode_receipt(ONE)[19:], "time_us"),
    ],
)
def test_invalid_bytes(data: bytes, field: str) -> None:
    with pytest.raises(ReceiptInvalid) as raised:
        decode_receipt(data)
    assert raised.value.field == field


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("sequence", 0),
        ("sequence", True),
        ("sequence", "3"),
        ("sequence", 3.0),
        ("sequence", 2**63),
        ("kind", -1),
        ("kind", 2**16),
        ("time_us", 2**53),
        ("time_us", None),
        ("digest", "01" * 31),
        ("digest", "0x" + "01" * 31),
        ("link", "AB" * 32),
        ("previous", "\u0660" * 64),
        ("signature", "05" * 95),
        ("signature", ["05" * 96]),
        ("tail", {}),
        ("tail", [[5]]),
        ("tail", [[5, "04" * 32, 1]]),
        ("tail", [["5", "04" * 32]]),
        ("tail", [[5, "04" * 33]]),
        ("tail", [[5, "04" * 32]] * (MAX_TAIL + 1)),
    ],
)
def test_invalid_object_with_a_bad_value(name: str, value: Any) -> None:  # noqa: ANN401 (JSON)
    with pytest.raises(ReceiptInvalid) as raised:
        read_receipt_object(write_receipt_object(ONE) | {name: value})
    assert raised.value.field.startswith(name)


@pytest.mark.parametrize("name", list(write_receipt_object(ONE)))
def test_invalid_object_with_a_name_missing_or_added(name: str) -> None:
    raw = write_receipt_object(ONE)
    with pytest.raises(ReceiptInvalid):
        read_receipt_object({key: value for key, value in raw.items() if key != name})
    with pytest.raises(ReceiptInvalid):
        read_receipt_object(raw | {name + "_": raw[name]})


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"{",
        b"[]",
        b"null",
        b"\xff",
        b"[" * 1000,
        encode_receipt_json(ONE) + b" ",
        encode_receipt_json(ONE).replace(b'"kind":1', b'"kind":1,"kind":1'),
        encode_receipt_json(ONE).replace(b'"kind":1', b'"kind": 1'),
        encode_receipt_json(ONE).replace(b'"kind"', b'"\\u006bind"'),
        encode_receipt_json(ONE).replace(b'"kind":1', b'"kind":' + b"1" * 5000),
        b" " * (MAX_RECEIPT_JSON_BYTES + 1),
    ],
    ids=lambda data: str(data)[:20],
)
def test_invalid_json(data: bytes) -> None:
    with pytest.raises(ReceiptInvalid):
        decode_receipt_json(data)

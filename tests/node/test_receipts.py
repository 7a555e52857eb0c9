"""Receipts: what a chain signs holds, what is changed does not, and the chain goes on from the store's head."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rollup.field import R
from sequencer.node.errors import ReceiptInvalid
from sequencer.node.links import GENESIS, MAX_KIND, MAX_TIME_US, Head, Record, compute_digest, compute_link
from sequencer.node.opening import open_store
from sequencer.node.receipts import SIGN_EVERY, Receipt, ReceiptChain, compute_message, verify_chain, verify_receipt

KEY = bytes(range(32))
DOMAIN = 77
groups = st.lists(
    st.tuples(
        st.lists(st.builds(Record, st.integers(0, MAX_KIND), st.binary(max_size=40)), max_size=20),
        st.integers(0, MAX_TIME_US),
    ),
    max_size=4,
)


def make_chain() -> ReceiptChain:
    return ReceiptChain(KEY, DOMAIN, GENESIS)


def make_receipts(n_records: int = 11) -> list[Receipt]:
    return make_chain().extend([Record(index, b"%d" % index) for index in range(n_records)], 1_000)


@given(groups=groups)
def test_chain_of_any_groups_holds(groups: list[tuple[list[Record], int]]) -> None:
    chain = make_chain()
    receipts = [receipt for records, now_us in groups for receipt in chain.extend(records, now_us)]
    verify_chain(receipts, chain.public_key, DOMAIN)
    records = [record for group, _ in groups for record in group]
    assert [(r.sequence, r.kind, r.digest) for r in receipts] == [
        (index, record.kind, compute_digest(record.body)) for index, record in enumerate(records, start=1)
    ]
    assert chain.head == (receipts[-1].head if receipts else GENESIS)


@pytest.mark.parametrize("n_records", [1, SIGN_EVERY - 1, SIGN_EVERY, SIGN_EVERY + 1, 3 * SIGN_EVERY])
def test_signatures_are_few_and_tails_short(n_records: int) -> None:
    receipts = make_receipts(n_records)
    assert len({receipt.signature for receipt in receipts}) == -(-n_records // SIGN_EVERY)
    assert max(len(receipt.tail) for receipt in receipts) == min(n_records, SIGN_EVERY) - 1
    assert receipts[-1].tail == ()


def test_link_is_the_hash_of_its_fields_at_fixed_widths() -> None:
    receipt = make_receipts(1)[0]
    data = bytes(32) + (1).to_bytes(8, "big") + bytes(2) + hashlib.blake2b(b"0", digest_size=32).digest()
    data += (1_000).to_bytes(8, "big")
    assert receipt.link == hashlib.blake2b(data, digest_size=32).digest()
    signed = hashlib.blake2b(b"zkmargin receipt 1" + DOMAIN.to_bytes(32, "big") + receipt.link, digest_size=32).digest()
    assert compute_message(receipt.link, DOMAIN) == int.from_bytes(signed, "big") >> 8


def flip(data: bytes) -> bytes:
    return bytes([data[0] ^ 1]) + data[1:]


def change(receipt: Receipt) -> dict[str, Any]:
    """Return each field with another value."""
    changed = {name: flip(getattr(receipt, name)) for name in ("digest", "previous", "link", "signature")}
    numbers = {name: getattr(receipt, name) + 1 for name in ("sequence", "kind", "time_us")}
    return {**changed, **numbers, "tail": receipt.tail[1:] or ((1, bytes(32)),)}


@pytest.mark.parametrize("index", [0, 5, SIGN_EVERY - 1, 10])
@pytest.mark.parametrize("field", Receipt.__dataclass_fields__)
def test_invalid_receipt_with_any_field_changed(field: str, index: int) -> None:
    receipt = make_receipts()[index]
    key = make_chain().public_key
    verify_receipt(receipt, key, DOMAIN)
    with pytest.raises(ReceiptInvalid):
        verify_receipt(replace(receipt, **{field: change(receipt)[field]}), key, DOMAIN)


@given(index=st.integers(0, 10), step=st.integers(0, 7), part=st.integers(0, 1), place=st.integers(0, 95))
def test_invalid_receipt_with_a_tail_or_signature_changed_anywhere(
    index: int, step: int, part: int, place: int
) -> None:
    receipt = make_receipts()[index]
    key = make_chain().public_key
    signature = bytearray(receipt.signature)
    signature[place] ^= 1
    with pytest.raises(ReceiptInvalid):
        verify_receipt(replace(receipt, signature=bytes(signature)), key, DOMAIN)
    if step < len(receipt.tail):
        kind, digest = receipt.tail[step]
        other = (kind + 1, digest) if part else (kind, flip(digest))
        tail = (*receipt.tail[:step], other, *receipt.tail[step + 1 :])
        with pytest.raises(ReceiptInvalid):
            verify_receipt(replace(receipt, tail=tail), key, DOMAIN)


def test_invalid_receipt_with_a_link_recomputed_for_another_record() -> None:
    receipt = make_receipts()[3]
    digest = compute_digest(b"another order")
    link = compute_link(receipt.previous, receipt.sequence, receipt.kind, digest, receipt.time_us)
    with pytest.raises(ReceiptInvalid, match="signature"):
        verify_receipt(replace(receipt, digest=digest, link=link), make_chain().public_key, DOMAIN)


def test_invalid_receipt_of_another_deployment_or_key() -> None:
    receipt = make_receipts()[3]
    with pytest.raises(ReceiptInvalid, match="signature"):
        verify_receipt(receipt, make_chain().public_key, DOMAIN + 1)
    with pytest.raises(ReceiptInvalid, match="signature"):
        verify_receipt(receipt, ReceiptChain(bytes(32), DOMAIN, GENESIS).public_key, DOMAIN)


def test_invalid_chain_with_a_gap_a_fork_or_falling_time() -> None:
    chain = make_chain()
    key = chain.public_key
    receipts = chain.extend([Record(1, b"a")], 5) + chain.extend([Record(1, b"b")], 6)
    third = chain.extend([Record(1, b"c")], 6)[0]
    verify_chain([*receipts, third], key, DOMAIN)
    with pytest.raises(ReceiptInvalid, match="sequence: got 3, expected 2"):
        verify_chain([receipts[0], third], key, DOMAIN)
    fork = ReceiptChain(KEY, DOMAIN, Head(1, 5, bytes(32))).extend([Record(1, b"b")], 6)[0]
    with pytest.raises(ReceiptInvalid, match="previous"):
        verify_chain([receipts[0], fork], key, DOMAIN)
    early = ReceiptChain(KEY, DOMAIN, Head(1, 0, receipts[0].link)).extend([Record(1, b"b")], 4)[0]
    with pytest.raises(ReceiptInvalid, match="time_us: got 4, expected 5 or later"):
        verify_chain([receipts[0], early], key, DOMAIN)
    with pytest.raises(ReceiptInvalid):
        verify_chain([receipts[0], replace(receipts[1], kind=2)], key, DOMAIN)


@pytest.mark.parametrize(("key", "domain"), [(bytes(31), 1), (KEY, R), (KEY, -1)])
def test_invalid_key_or_domain(key: bytes, domain: int) -> None:
    with pytest.raises(ValueError, match=r"key has 32 bytes|no field element"):
        ReceiptChain(key, domain, GENESIS)


def test_chain_follows_the_store_through_a_restart(tmp_path: Path) -> None:
    groups = [([Record(1, b"%d" % index) for index in range(n)], now_us) for n, now_us in ((9, 50), (3, 40), (20, 60))]
    receipts: list[Receipt] = []
    for records, now_us in groups:
        with open_store(tmp_path) as store:
            chain = ReceiptChain(KEY, DOMAIN, store.head)
            store.append(records, now_us=now_us)
            receipts += chain.extend(records, now_us)
            assert chain.head == store.head
    verify_chain(receipts, chain.public_key, DOMAIN)
    with open_store(tmp_path) as store:
        again = chain.issue(GENESIS, store.read(0, 100))
        verify_chain(again, chain.public_key, DOMAIN)
        assert [(r.head, r.previous) for r in again] == [(r.head, r.previous) for r in receipts]
        assert chain.issue(again[4].head, store.read(5, 1))[0].head == again[5].head

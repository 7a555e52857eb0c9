"""Inclusion proofs: every account of a state has one, and nothing else passes."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from functools import cache
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rollup.codec_inclusion import MAX_INCLUSION_BYTES, InclusionMalformed, decode_inclusion, encode_inclusion
from rollup.errors import ValueOutOfRange
from rollup.field import R
from rollup.inclusion import InclusionProof, InclusionRootWrong, SlotRootWrong, check_inclusion, prove_account
from rollup.state import State
from rollup.trees import compute_root_from_path, compute_root_from_siblings
from tests.scenarios import AVAX_PRICE, Exchange

LAST = 2**21 - 1


@cache
def get_state() -> State:
    """Return a state with positions, filled order slots, the fund and the treasury."""
    exchange = Exchange()
    exchange.batch(cash=[exchange.deposit(2, 2_000), exchange.deposit(3, 2_000)])
    buy, sell = exchange.order(2, 1_000, AVAX_PRICE, slot=9), exchange.order(3, -2_000, AVAX_PRICE, slot=511)
    return exchange.batch(orders=[buy, sell]).state


@cache
def get_proof() -> InclusionProof:
    return prove_account(get_state(), 3, slot=511)


@settings(max_examples=40, deadline=None)
@given(
    account_id=st.sampled_from([0, 1, 2, 3, 4, LAST]) | st.integers(0, LAST),
    slot=st.none() | st.sampled_from([0, 9, 511]) | st.integers(0, 511),
)
def test_every_account_and_slot_has_a_proof(account_id: int, slot: int | None) -> None:
    proof = prove_account(get_state(), account_id, slot)
    check_inclusion(proof, get_state().state_root)
    assert proof.leaf.leaf_hash() == get_state().get_account(account_id).leaf_hash()
    assert decode_inclusion(encode_inclusion(proof)) == proof


def test_slot_shows_what_was_filled() -> None:
    slot = get_proof().slot
    assert slot is not None
    assert (slot.slot, slot.nonce > 0, slot.filled_lots) == (511, True, 1_000)


@pytest.mark.parametrize("index", [0, 3, 8**6, LAST])
def test_siblings_are_the_path_without_the_own_node(index: int) -> None:
    tree = get_state().tree
    leaf, path, siblings = tree.get(index), tree.path(index), tree.siblings(index)
    assert [len(row) for row in siblings] == [7] * 7
    assert all(set(row) <= set(children) for row, children in zip(siblings, path, strict=True))
    assert compute_root_from_siblings(leaf, index, siblings, tree.tag) == tree.root
    assert compute_root_from_path(leaf, index, path, tree.tag) == tree.root


# --- what is refused --------------------------------------------------------------------------------------------------
def change_leaf(**changes: Any) -> InclusionProof:  # noqa: ANN401 (any field)
    return replace(get_proof(), leaf=replace(get_proof().leaf, **changes))


def change_header(**changes: Any) -> InclusionProof:  # noqa: ANN401 (any field)
    return replace(get_proof(), header=replace(get_proof().header, **changes))


def change_slot(**changes: Any) -> InclusionProof:  # noqa: ANN401 (any field)
    slot = get_proof().slot
    assert slot is not None
    return replace(get_proof(), slot=replace(slot, **changes))


def change_sibling(level: int, place: int) -> InclusionProof:
    rows = [list(row) for row in get_proof().siblings]
    rows[level][place] += 1
    return replace(get_proof(), siblings=tuple(map(tuple, rows)))


FORGED = {
    "another account": lambda: replace(get_proof(), account_id=2),
    "key": lambda: change_leaf(key=(1, 2)),
    "owner": lambda: change_leaf(owner=5),
    "epoch": lambda: change_leaf(epoch=77),
    "cash nonce": lambda: change_leaf(cash_nonce=77),
    "tier": lambda: change_leaf(tier=7),
    "an atom": lambda: change_leaf(cash_atoms=get_proof().leaf.cash_atoms + 1),
    "the other sign": lambda: change_leaf(sizes_lots=tuple(-size for size in get_proof().leaf.sizes_lots)),
    "a lot": lambda: change_leaf(sizes_lots=(*get_proof().leaf.sizes_lots[:-1], 1)),
    "touched": lambda: change_leaf(last_touched_s=1),
    "orders root": lambda: change_leaf(orders_root=1),
    **{f"sibling {level}": (lambda level=level: change_sibling(level, level)) for level in range(7)},
    **{
        name: (lambda name=name: change_header(**{name: getattr(get_proof().header, name) + 1}))
        for name in ("markets_hash", "resources_hash", "oracle_hash", "queue_consumed", "vault_e6", "timestamp_s")
    },
    "batch number": lambda: change_header(batch_number=99),
}


@pytest.mark.parametrize("name", FORGED)
def test_invalid_field_leads_to_another_root(name: str) -> None:
    with pytest.raises(InclusionRootWrong) as raised:
        check_inclusion(FORGED[name](), get_state().state_root)
    assert raised.value.expected == get_state().state_root


def test_invalid_root_of_another_state() -> None:
    with pytest.raises(InclusionRootWrong, match=r"account 3: its fields lead to state root 0x\w+, expected 0x5"):
        check_inclusion(get_proof(), 5)


@pytest.mark.parametrize("changes", [{"slot": 510}, {"nonce": 0}, {"filled_lots": 999}, {"siblings": ((0,) * 7,) * 3}])
def test_invalid_slot_leads_to_another_root(changes: dict[str, Any]) -> None:
    with pytest.raises(SlotRootWrong, match="account 3, slot"):
        check_inclusion(change_slot(**changes), get_state().state_root)


@pytest.mark.parametrize(
    "forged",
    [
        lambda: replace(get_proof(), account_id=3 + 2**21),  # the same digits: it would lead to the same root
        lambda: replace(get_proof(), account_id=-1),
        lambda: change_leaf(key=(get_proof().leaf.key[0] + R, get_proof().leaf.key[1])),
        lambda: change_leaf(tier=get_proof().leaf.tier + 8, cash_nonce=get_proof().leaf.cash_nonce - 1),
        lambda: change_leaf(orders_root=get_proof().leaf.orders_root + R),
        lambda: change_header(timestamp_s=get_proof().header.timestamp_s - 1, batch_number=2**32 + 2),
        lambda: replace(get_proof(), siblings=get_proof().siblings[:6]),
        lambda: replace(get_proof(), siblings=tuple(row[:6] for row in get_proof().siblings)),
        lambda: change_slot(slot=511 + 512),
        lambda: change_slot(filled_lots=2**48),
    ],
)
def test_invalid_field_outside_its_place(forged: Callable[[], InclusionProof]) -> None:
    with pytest.raises(ValueOutOfRange):
        check_inclusion(forged(), get_state().state_root)


def rewrite(change: Callable[[dict[str, Any]], object]) -> bytes:
    """Return the proof's file with its JSON changed."""
    data = json.loads(encode_inclusion(get_proof()))
    change(data)
    return (json.dumps(data, indent=1) + "\n").encode()


def test_rewriting_nothing_gives_a_file_that_is_read() -> None:
    assert decode_inclusion(rewrite(lambda data: None)) == get_proof()


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda d: d.update(format="other"), "format: got 'other'"),
        (lambda d: d.update(version=2), "version: got '2', expected 1"),
        (lambda d: d.update(version=True), "version: got 'True', expected 1"),
        (lambda d: d.update(more=1), "an object of format, version, proof"),
        (lambda d: d["proof"].update(account_id=f"{2**21:x}"), "proof.account_id"),
        (lambda d: d["proof"]["leaf"].update(tier="8"), "proof.leaf.tier"),
        (lambda d: d["proof"]["leaf"].update(orders_root=f"{R:x}"), "proof.leaf.orders_root"),
        (lambda d: d["proof"]["leaf"]["sizes_lots"].pop(), "proof.leaf.sizes_lots"),
        (lambda d: d["proof"]["siblings"].pop(), "proof.siblings"),
        (lambda d: d["proof"]["siblings"][3].pop(), r"proof.siblings\[3\]"),
        (lambda d: d["proof"]["header"].pop("vault_e6"), "proof.header"),
        (lambda d: d["proof"]["slot"].update(slot="200"), "proof.slot.slot"),
    ],
)
def test_invalid_content_names_its_place(change: Callable[[dict[str, Any]], object], reason: str) -> None:
    with pytest.raises(InclusionMalformed, match=reason):
        decode_inclusion(rewrite(change))


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "not JSON"),
        (b"\xff", "not JSON"),
        (b"[" * 100_000, "at most 65536 are read"),
        (b"[" * 65_000, "not JSON"),
        (b"[]", "an object of format"),
        (b" " * (MAX_INCLUSION_BYTES + 1), "at most"),
    ],
)
def test_invalid_file_says_what_is_wrong(data: bytes, reason: str) -> None:
    with pytest.raises(InclusionMalformed, match=reason) as raised:
        decode_inclusion(data, "proof.json")
    assert raised.value.source == "proof.json"


@pytest.mark.parametrize("damage", [(b"}\n", b"}"), (b'"tier"', b'"tier": "0", "tier"'), (b"\n ", b"\n  ")])
def test_invalid_second_spelling(damage: tuple[bytes, bytes]) -> None:
    with pytest.raises(InclusionMalformed, match="not spelled"):
        decode_inclusion(encode_inclusion(get_proof()).replace(*damage))

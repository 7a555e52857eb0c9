"""Words that are signed and slots that are stored: every field in range, and no two records alike."""

from __future__ import annotations

from dataclasses import asdict, replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rollup.errors import ValueOutOfRange
from rollup.orders import Order, pack_slot, unpack_slot
from rollup.packing import pack
from rollup.txs import Cancel, Withdraw

ORDER = Order(
    account=2,
    market=3,
    side=1,
    slot=511,
    nonce=7,
    epoch=1,
    expiry_s=99,
    size_lots=5,
    limit_ticks=6,
    max_fee_e6=8,
    tip_e6=9,
)
BOUNDS = {  # field: (lowest, highest)
    "account": (2, 2**21 - 1),
    "market": (0, 15),
    "side": (0, 1),
    "slot": (0, 511),
    "nonce": (0, 2**32 - 1),
    "epoch": (0, 2**32 - 1),
    "expiry_s": (0, 2**40 - 1),
    "size_lots": (1, 2**48 - 1),
    "limit_ticks": (1, 2**48 - 1),
    "max_fee_e6": (0, 2**48 - 1),
    "tip_e6": (0, 2**16 - 1),
    "flags": (0, 7),
}
orders = st.builds(Order, **{name: st.integers(*bounds) for name, bounds in BOUNDS.items()}).filter(
    lambda order: order.nonce < 2**32 - 1 or not order.is_ioc
)


def unpack(word: int, *widths: int) -> list[int]:
    """Return the fields of a word, and what is left above them."""
    fields = []
    for width in widths:
        fields.append(word & (2**width - 1))
        word >>= width
    return [*fields, word]


@given(orders)
def test_order_words_give_every_field_back(order: Order) -> None:
    order.check()
    word_1, word_2, word_3 = order.words()
    head = [
        1,
        order.account,
        order.market,
        order.side,
        order.flags,
        order.slot,
        order.nonce,
        order.epoch,
        order.expiry_s,
        0,
    ]
    assert unpack(word_1, 4, 21, 4, 1, 5, 9, 32, 32, 40) == head
    assert unpack(word_2, 48, 48) == [order.size_lots, order.limit_ticks, 0]
    assert unpack(word_3, 16, 48) == [order.tip_e6, order.max_fee_e6, 0]


@pytest.mark.parametrize("field", BOUNDS)
def test_order_field_at_both_ends_of_its_range(field: str) -> None:
    for value in BOUNDS[field]:
        replace(ORDER, **{field: value}).check()


def test_ioc_order_leaves_its_slot_a_next_nonce() -> None:
    replace(ORDER, nonce=2**32 - 2, flags=1).check()
    with pytest.raises(ValueOutOfRange):
        replace(ORDER, nonce=2**32 - 1, flags=1).check()


@pytest.mark.parametrize("field", BOUNDS)
def test_invalid_order_field_beyond_either_end(field: str) -> None:
    lowest, highest = BOUNDS[field]
    for value in (lowest - 1, highest + 1):
        with pytest.raises(ValueOutOfRange) as raised:
            replace(ORDER, **{field: value}).check()
        assert (raised.value.field, raised.value.value) == (field, value)


@pytest.mark.parametrize("field", asdict(ORDER))
def test_order_message_depends_on_every_field(field: str) -> None:
    other = replace(ORDER, **{field: getattr(ORDER, field) ^ 1})
    assert other.message(1) != ORDER.message(1)


def test_messages_of_different_kinds_and_domains_differ() -> None:
    withdraw, cancel = Withdraw(2, 0, 1, 5), Cancel(2, 0, 1, 0, 5)
    assert withdraw.words()[0] != cancel.words()[0]
    assert len({withdraw.message(1), withdraw.message(2), cancel.message(1), ORDER.message(1), ORDER.message(2)}) == 5


@given(st.integers(0, 2**21 - 1), st.integers(0, 2**32 - 1), st.integers(0, 2**32 - 1), st.integers(0, 2**64 - 1))
def test_withdraw_words_give_every_field_back(account: int, nonce: int, epoch: int, amount: int) -> None:
    words = Withdraw(account, nonce, epoch, amount).words()
    assert unpack(words[0], 4, 21, 32, 32) == [2, account, nonce, epoch, 0]
    assert words[1:] == (amount, 0)


@given(st.integers(0, 511), st.integers(0, 2**32 - 1))
def test_cancel_words_give_every_field_back(slot: int, nonce: int) -> None:
    words = Cancel(2, 3, 4, slot, nonce).words()
    assert unpack(words[0], 4, 21, 32, 32, 9) == [3, 2, 3, 4, slot, 0]
    assert words[1:] == (nonce, 0)


@given(st.integers(0, 2**32 - 1), st.integers(0, 2**48 - 1))
def test_slot_gives_nonce_and_filled_back(nonce: int, filled_lots: int) -> None:
    assert unpack_slot(pack_slot(nonce, filled_lots)) == (nonce, filled_lots)


def test_invalid_pack_of_a_value_one_too_wide() -> None:
    assert pack((7, 3)) == 7
    for value in (8, -1):
        with pytest.raises(ValueError, match="does not fit 3 bits"):
            pack((value, 3))


def test_invalid_pack_of_more_bits_than_a_field_element_holds() -> None:
    assert pack((0, 252)) == 0
    with pytest.raises(ValueError, match="253 bits"):
        pack((0, 252), (0, 1))

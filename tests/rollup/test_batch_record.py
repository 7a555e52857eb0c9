"""Records and segments: one is the other's inverse, and where each bit stands is pinned."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rollup.batch_record import BatchRecord, FundFillRecord, decode_batch, encode_batch, list_words
from rollup.cash_record import CASH_KINDS, NO_OPERATION, CashRecord
from rollup.field import R
from rollup.rescue_record import NO_RESCUE, RescueKind, RescueRecord
from rollup.segment import ELEMENT_BITS, SegmentMalformed, count_elements, get_widths, join_words, split_words
from rollup.shapes import BLOCK, SMALL, TINY, Shape
from rollup.turn_record import FLAG_LIQUIDATION, NO_FILL, FillRecord, TurnRecord
from tests.rollup.record_strategies import SHAPES, records

SHAPE = Shape("pinned", (1,), 2, (2,), 1)
RECORD = BatchRecord(
    timestamp_s=3,
    batch_number=5,
    is_stale=True,
    signer_times_s=(7, 11, 13),
    marks_ticks=tuple(range(100, 116)),
    clearing_prices_ticks=tuple(range(200, 216)),
    cash=(CashRecord(6, False, 2, 0, 0, (R - 1, 2**51)), CashRecord(4, False, 17, 19, 2**33 + 5, (0, 0))),
    rescue=(RescueRecord(3, False, 23, 9, 29),),
    turns=(
        TurnRecord(31, (FillRecord(1, 1, 37, 0, 0, 0, 8),)),
        TurnRecord(41, (FillRecord(2, 0, 43, 47, 53, 59, 5), NO_FILL)),
    ),
    fund_fill=FundFillRecord(10, 61),
)
KEY_X = [(R - 1) >> 51 * i & 2**51 - 1 for i in range(5)]
# each word as docs/data.md words it, fields from the lowest bit up
WORDS = [
    3,
    5 + (1 << 32),
    *(7, 11, 13),
    *range(100, 116),
    *range(200, 216),
    *(6 + (2 << 5), 0, 0, *KEY_X, 0, 1, 0, 0, 0),
    *(4 + (17 << 5) + (19 << 26), 5, 2, *[0] * 10),
    *(3 + (23 << 4), 9 + (29 << 4)),
    *(31, 1 + (1 << 4) + (37 << 5), 8 << 33),
    *(41, 2 + (43 << 5), 47 + (53 << 9) + (59 << 17) + (5 << 33), 0, 0),
    10 + (61 << 4),
]
WIDTHS = [
    *(40, 33, 40, 40, 40),
    *[48] * 32,
    *[47, 32, 32, *[51] * 10] * 2,
    *(25, 52),
    *(21, 53, 38),
    *(21, 53, 38, 53, 38),
    52,
]


def test_each_field_has_its_place() -> None:
    assert list_words(RECORD) == WORDS
    assert get_widths(SHAPE) == WIDTHS
    stream, shift = 0, 0
    for word, width in zip(WORDS, WIDTHS, strict=True):
        stream, shift = stream | word << shift, shift + width
    expected = [stream >> 248 * i & 2**248 - 1 for i in range(-(-shift // 248))]
    assert encode_batch(RECORD) == expected
    assert decode_batch(expected, SHAPE) == RECORD


def test_kinds_have_their_numbers() -> None:
    names = ["Deposit", "Withdraw", "Cancel", "Transfer", "TransferIn", "KeyChange", "CancelAll", "CloseAccount"]
    names += ["ForcedWithdraw", "ForcedCancelAll", "ForcedKeyChange", "SetTier", "Evict"]
    assert [kind.__name__ for kind in CASH_KINDS] == names
    assert NO_OPERATION.kind == NO_RESCUE.kind == 0
    rescues = {"UNUSED": 0, "TAKEOVER": 1, "VICTIM": 2, "COUNTERPARTY": 3, "FIRST_LEG": 4, "SECOND_LEG": 5}
    assert {kind.name: int(kind) for kind in RescueKind} == rescues
    assert FLAG_LIQUIDATION == 8


@pytest.mark.parametrize(("shape", "n_elements"), [(TINY, 16), (SMALL, 26), (BLOCK, 55)])
def test_a_shape_publishes_so_many_elements(shape: Shape, n_elements: int) -> None:
    assert count_elements(shape) == n_elements == -(-sum(get_widths(shape)) // ELEMENT_BITS)


@given(st.data())
def test_decoding_inverts_encoding(data: st.DataObject) -> None:
    shape = data.draw(SHAPES)
    record = data.draw(records(shape))
    elements = encode_batch(record)
    assert len(elements) == count_elements(shape)
    assert all(0 <= element < 2**ELEMENT_BITS for element in elements)
    assert decode_batch(elements, shape) == record
    assert encode_batch(decode_batch(elements, shape)) == elements


@given(st.lists(st.tuples(st.integers(1, 53), st.integers(0, 2**53 - 1)), min_size=1, max_size=40))
def test_words_are_what_was_joined(pairs: list[tuple[int, int]]) -> None:
    widths = [width for width, _ in pairs]
    words = [word % 2**width for width, word in pairs]
    assert split_words(join_words(words, widths), widths) == words


def test_a_coordinate_may_be_spelled_with_r_on_top() -> None:
    spelled = replace(RECORD, cash=(replace(RECORD.cash[0], key=(R + 7, 2 * R)), RECORD.cash[1]))
    decoded = decode_batch(encode_batch(spelled), SHAPE)
    assert decoded.cash[0].key == (7, 0)


ELEMENTS = encode_batch(RECORD)


@pytest.mark.parametrize("elements", [ELEMENTS[:-1], [*ELEMENTS, 0], []])
def test_invalid_number_of_elements(elements: list[int]) -> None:
    with pytest.raises(SegmentMalformed) as raised:
        decode_batch(elements, SHAPE)
    assert (raised.value.field, raised.value.got) == ("number of elements", str(len(elements)))
    assert raised.value.expected == str(count_elements(SHAPE))


@pytest.mark.parametrize("element", [-1, 2**ELEMENT_BITS, 2**255])
def test_invalid_element_out_of_range(element: int) -> None:
    with pytest.raises(SegmentMalformed) as raised:
        decode_batch([ELEMENTS[0], element, *ELEMENTS[2:]], SHAPE)
    assert raised.value.field == "element 1"


def test_invalid_padding() -> None:
    used = sum(get_widths(SHAPE)) % ELEMENT_BITS
    assert used > 0
    for shift in (used, ELEMENT_BITS - 1):
        with pytest.raises(SegmentMalformed) as raised:
            decode_batch([*ELEMENTS[:-1], ELEMENTS[-1] | 1 << shift], SHAPE)
        assert (raised.value.field, raised.value.expected) == ("padding", "0")

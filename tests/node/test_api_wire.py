"""The wire: every command has one JSON, receipts the spelling that audits read, and nothing else is read."""

from __future__ import annotations

import json
import sys
from dataclasses import fields
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sequencer.node.api import wire, wire_history, wire_markets, wire_oracle, wire_views
from sequencer.node.api.errors import RequestMalformed
from sequencer.node.api.operation import decode_body
from sequencer.node.api.stream_wire import StreamRequest
from sequencer.node.api.wire_answers import read_event, read_receipt, spell_event, spell_receipt
from sequencer.node.api.wire_commands import read_command, read_one_of, write_command, write_one_of
from sequencer.node.api.wire_convert import read_view, spell_view
from sequencer.node.commands import ClientCommand, PlaceOrder
from sequencer.node.event_types import AuctionSeen, Event, FillSeen, OrderClosed, PositionGone, RescueKind, RescueSeen
from sequencer.node.links import GENESIS, Record
from sequencer.node.receipt_codec import encode_receipt_json
from sequencer.node.receipts import ReceiptChain
from sequencer.node.view_types import (
    AccountView,
    AuctionView,
    BatchStage,
    BatchView,
    BookLevel,
    BookView,
    EntryStage,
    EntryView,
    FeesView,
    FundingPage,
    FundingPayment,
    FundingStepView,
    MarketView,
    OracleView,
    OrderView,
    PositionView,
    SignerView,
    SlotView,
)
from tests.node.command_strategies import commands, placed
from tests.scenarios import PARAMS

BIG = 2**120 + 1


@given(commands)
def test_every_command_survives_the_wire(command: ClientCommand) -> None:
    request = write_command(command)
    data = msgspec.json.encode(request)
    assert read_command(msgspec.json.decode(data, type=type(request))) == command
    item = msgspec.json.decode(msgspec.json.encode(write_one_of(command)), type=wire.CommandBody)
    assert read_one_of(item) == command


@given(placed)
def test_no_number_of_an_order_exceeds_what_json_readers_keep(command: PlaceOrder) -> None:
    text = msgspec.json.encode(write_command(command))
    assert json.loads(text, parse_int=lambda digits: int(digits) < 2**53)["signature"]["s"] is not None
    numbers: list[int] = []
    json.loads(text, parse_int=lambda digits: numbers.append(int(digits)))
    assert max(numbers) < 2**53


@settings(max_examples=20)
@given(st.lists(st.binary(max_size=40), min_size=1, max_size=20))
def test_receipt_is_spelled_as_audits_read_it(bodies: list[bytes]) -> None:
    chain = ReceiptChain(bytes(32), PARAMS.domain, GENESIS)
    for receipt in chain.extend([Record(1, body) for body in bodies], 2**50):
        spelled = spell_receipt(receipt)
        assert msgspec.json.encode(spelled) == encode_receipt_json(receipt)
        assert read_receipt(spelled) == receipt


VIEWS: list[tuple[object, type[msgspec.Struct]]] = [
    (
        AccountView(2, 2**160 - 1, (BIG, 3), 1, 2, 4, 7, -BIG, BIG, 1, 2, 3, (PositionView(0, -5, 6, BIG, None),), 9),
        wire_views.Account,
    ),
    (PositionView(1, 5, 6, 7, 8), wire_views.Position),
    (OrderView(2, 3, 4, 5, 1, 7, 8, 9, 10, 11, 12, True, None), wire_views.OpenOrder),
    (SlotView(511, 2**32 - 1, 7, True), wire_views.SlotInfo),
    (AuctionView(7, 0, 25, 2**60, 3, 4), wire_history.PastAuction),
    (FundingStepView(7, 0, 3, 25, -BIG, BIG), wire_history.FundingStep),
    (FundingPage((FundingPayment(7, 0, 3, -5, BIG, -BIG),), 7), wire_history.FundingPayments),
    (FundingPage((), None), wire_history.FundingPayments),
    (
        OracleView(True, 60, (SignerView(0, (BIG, 1), None, False, ()), SignerView(1, (2, BIG), 5, True, (7, 8)))),
        wire_oracle.Oracle,
    ),
    (MarketView(0, "AVAX-USD", 6, 6, 1, 2, 3, -BIG, -4, 2**60, 5, 6), wire_markets.MarketInfo),
    (
        BookView(0, (BookLevel(9, 2**60, 2),), (BookLevel(10, 1, 1), BookLevel(11, 1, 1)), 44),
        wire_markets.Book,
    ),
    (FeesView((1, 2**60, 3), 4, 5, 6, 7, ((8, 9), (10, 2**60))), wire_markets.Fees),
    (
        BatchView(1, 2, BatchStage.PROVED, None, 3, 4, 5, 6, BIG, 7, 8, 1.5, b"\x00" * 31 + b"\xff"),
        wire_views.BatchInfo,
    ),
    (BatchView(1, 2, BatchStage.SEQUENCED, 3, 3, 4, 5, 6, BIG, 7, 8, None, None), wire_views.BatchInfo),
    (EntryView(1, "deposit", 2, EntryStage.SEEN, None, None), wire_views.Entry),
    (EntryView(1, "deposit", 2, EntryStage.CONSUMED, 4, False), wire_views.Entry),
]


@pytest.mark.parametrize(("view", "record"), VIEWS, ids=lambda item: type(item).__name__)
def test_view_survives_the_wire(view: Any, record: type[msgspec.Struct]) -> None:  # noqa: ANN401
    data = msgspec.json.encode(spell_view(view, record))
    assert read_view(msgspec.json.decode(data, type=record), type(view)) == view


@pytest.mark.parametrize(("view", "record"), VIEWS, ids=lambda item: type(item).__name__)
def test_wire_record_has_the_fields_of_its_view(view: Any, record: type[msgspec.Struct]) -> None:  # noqa: ANN401
    assert record.__struct_fields__ == tuple(field.name for field in fields(view))


@pytest.mark.parametrize(
    "event",
    [
        FillSeen(1, 2, 3, 1, 5, 6, 7, 8, 2**60, -BIG, 9, True),
        OrderClosed(2, 3, 4, "filled"),
        RescueSeen(1, 2, RescueKind.TAKEOVER, (PositionGone(3, -5, 2**47),), -BIG, (), 9),
        RescueSeen(1, 2, RescueKind.DELEVERAGING, (PositionGone(0, 1, 2), PositionGone(1, 2, 3)), BIG, (7, 8), 9),
        AuctionSeen(1, 0, 5, 2**60, 7),
        *(view for view, _ in VIEWS if isinstance(view, BatchView | EntryView)),
    ],
)
def test_event_survives_the_wire(event: Event) -> None:
    data = msgspec.json.encode(spell_event(event))
    assert read_event(msgspec.json.decode(data, type=type(spell_event(event)))) == event


def test_event_of_a_later_node_is_none() -> None:
    assert read_event(wire_views.EventBody()) is None


ORDER = {
    "account": 2,
    "market": 0,
    "side": 0,
    "slot": 0,
    "nonce": 1,
    "epoch": 1,
    "expiry_s": 5,
    "size_lots": 1,
    "limit_ticks": 1,
}
SIGNATURE = {"r8": ["1", "2"], "s": "3"}


def read_order(raw: object) -> ClientCommand:
    decoder = msgspec.json.Decoder(wire.OrderRequest)
    return read_command(decode_body(decoder, json.dumps(raw).encode(), "body"))


def test_order_with_its_defaults() -> None:
    command = read_order({"order": ORDER, "signature": SIGNATURE})
    assert isinstance(command, PlaceOrder)
    assert (command.signed.order.max_fee_e6, command.signed.order.flags, command.trigger) == (0, 0, None)


@pytest.mark.parametrize(
    "change",
    [
        {"account": 1},
        {"account": 2**21},
        {"market": 16},
        {"side": 2},
        {"side": True},
        {"slot": 512},
        {"nonce": -1},
        {"nonce": 2**32},
        {"nonce": 1.0},
        {"nonce": "1"},
        {"size_lots": 0},
        {"size_lots": 2**48},
        {"limit_ticks": 0},
        {"tip_e6": 2**16},
        {"flags": 32},
        {"extra": 1},
        {"account": None},
    ],
    ids=str,
)
def test_invalid_order_field(change: dict[str, object]) -> None:
    with pytest.raises(RequestMalformed):
        read_order({"order": ORDER | change, "signature": SIGNATURE})


@pytest.mark.parametrize(
    "s",
    ["", "-1", "01", "0x1", "1\n", "1 ", "٣", 3, str(2**256), "1" * 79, None, ["1"]],
    ids=repr,
)
def test_invalid_signature_number(s: object) -> None:
    with pytest.raises(RequestMalformed):
        read_order({"order": ORDER, "signature": SIGNATURE | {"s": s}})


@pytest.mark.parametrize("r8", [[], ["1"], ["1", "2", "3"], {"x": "1"}, "12"], ids=str)
def test_invalid_signature_point(r8: object) -> None:
    with pytest.raises(RequestMalformed):
        read_order({"order": ORDER, "signature": SIGNATURE | {"r8": r8}})


@pytest.mark.parametrize("left_out", [*ORDER, "signature"])
def test_invalid_order_without_a_field(left_out: str) -> None:
    raw: dict[str, Any] = {"order": {k: v for k, v in ORDER.items() if k != left_out}, "signature": SIGNATURE}
    raw.pop(left_out, None)
    with pytest.raises(RequestMalformed):
        read_order(raw)


OP = {"account": 2, "cash_nonce": 0, "epoch": 1}


@pytest.mark.parametrize(
    "op", [{}, {"withdraw": OP | {"amount_e6": "5"}, "cancel_all": OP}, {"withdraw": OP | {"amount_e6": 5}}], ids=str
)
def test_invalid_cash_operation(op: dict[str, object]) -> None:
    decoder = msgspec.json.Decoder(wire.CashRequestBody)
    with pytest.raises(RequestMalformed):
        read_command(decode_body(decoder, json.dumps({"op": op, "signature": SIGNATURE}).encode(), "body"))


@pytest.mark.parametrize(
    "item", [{}, {"order": None}, {"order": {"order": ORDER, "signature": SIGNATURE}, "cancel": 1}]
)
def test_invalid_batch_item(item: dict[str, object]) -> None:
    decoder = msgspec.json.Decoder(wire.CommandBody)
    with pytest.raises(RequestMalformed):
        read_one_of(decode_body(decoder, json.dumps(item).encode(), "body"))


@pytest.mark.parametrize("count", [0, 501])
def test_invalid_batch_size(count: int) -> None:
    item = {"order": {"order": ORDER, "signature": SIGNATURE}}
    decoder = msgspec.json.Decoder(wire.Batch)
    with pytest.raises(RequestMalformed):
        decode_body(decoder, json.dumps({"commands": [item] * count}).encode(), "body")


@pytest.mark.parametrize("record", [wire.OrderRequest, wire.Batch, wire.CashRequestBody, StreamRequest])
@pytest.mark.parametrize("prefix", [b"", b'{"order":', b'{"commands":', b'{"x":', b'{"op":', b'{"id":', b'{"submit":'])
@pytest.mark.parametrize("opening", [b"[", b'{"a":', b'{"order":', b'{"commands":['])
def test_invalid_depth_is_refused_at_once(record: type[msgspec.Struct], prefix: bytes, opening: bytes) -> None:
    limit = sys.getrecursionlimit()
    sys.setrecursionlimit(10**6)  # py-ecc raises it too: a decoder that recursed would overflow the stack
    try:
        with pytest.raises(RequestMalformed):
            decode_body(msgspec.json.Decoder(record), prefix + opening * 100_000, "body")
    finally:
        sys.setrecursionlimit(limit)

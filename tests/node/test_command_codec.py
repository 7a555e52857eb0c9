"""Commands as bytes of the log: each has one encoding, and bytes that are not one are refused."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sequencer.node.command_codec import decode_command, encode_command
from sequencer.node.commands import Command, Kind, PlaceOrder, PlaceQuote
from sequencer.node.live import LiveRecord, list_slots
from sequencer.node.refusals import RecordMalformed
from tests.node.log_command_strategies import COMMANDS


@given(COMMANDS)
def test_every_command_comes_back(command: Command) -> None:
    record = encode_command(command)
    assert decode_command(*record) == command


@given(COMMANDS, st.data())
def test_flipped_bits_are_another_command_or_refused(command: Command, data: st.DataObject) -> None:
    kind, body = encode_command(command)
    changed = bytearray(body)
    for _ in range(data.draw(st.integers(1, 3))):
        changed[data.draw(st.integers(0, len(body) - 1))] ^= 1 << data.draw(st.integers(0, 7))
    hold_to_one_encoding(kind, bytes(changed))


@given(COMMANDS, st.data())
def test_truncated_and_lengthened_bytes(command: Command, data: st.DataObject) -> None:
    kind, body = encode_command(command)
    hold_to_one_encoding(kind, body[: data.draw(st.integers(0, len(body) - 1))])
    hold_to_one_encoding(kind, body + data.draw(st.binary(min_size=1, max_size=8)))


@given(COMMANDS, st.sampled_from(Kind))
def test_bytes_of_one_kind_read_as_another(command: Command, kind: Kind) -> None:
    hold_to_one_encoding(kind, encode_command(command).body)


@given(st.sampled_from(Kind), st.binary(max_size=400))
def test_any_bytes(kind: Kind, body: bytes) -> None:
    hold_to_one_encoding(kind, body)


@given(COMMANDS)
def test_slots_read_from_bytes_are_those_of_the_orders(command: Command) -> None:
    kind, body = encode_command(command)
    orders = []
    if isinstance(command, PlaceOrder):
        orders = [command.signed.order]
    elif isinstance(command, PlaceQuote):
        orders = [quoted.order for quoted in command.signed.quoted_orders]
    if orders or isinstance(command, PlaceQuote):
        expected = [(order.account, order.slot, order.nonce) for order in orders]
        assert list_slots(LiveRecord(1, kind, body)) == expected


@pytest.mark.parametrize("kind", [0, Kind.AUCTION, Kind.OUTCOME, Kind.SETTLED, 2**16 - 1])
def test_invalid_kind_that_is_no_command(kind: int) -> None:
    with pytest.raises(RecordMalformed, match="kind"):
        decode_command(kind, b"")


def hold_to_one_encoding(kind: int, body: bytes) -> None:
    """Fail unless the bytes are refused, or are the one encoding of what they say."""
    try:
        command = decode_command(kind, body)
    except RecordMalformed:
        return
    assert encode_command(command) == (kind, body)

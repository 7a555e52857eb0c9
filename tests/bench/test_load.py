"""The load: its mix, its nonces, its frames, and how it reads answers."""

from __future__ import annotations

import asyncio
from itertools import islice

import pytest
from hypothesis import given
from hypothesis import strategies as st
from websockets.frames import Frame, Opcode
from websockets.streams import StreamReader

from rollup.orders import IOC
from rollup.signature import derive_public_key, verify
from sequencer.bench.connections import Message, Outcomes, PostConnection, StreamConnection, frame_text
from sequencer.bench.market import MARK_TICKS, make_traders, stream_orders
from sequencer.node.commands import PlaceOrder

DOMAIN = 7


def list_orders(count: int) -> list[PlaceOrder]:
    return list(islice(stream_orders(make_traders(5), DOMAIN, seed=1), count))


def test_mix_and_nonces() -> None:
    placed = list_orders(3_000)
    last: dict[tuple[int, int], int] = {}
    kinds = {"new": 0, "replace": 0, "crossing": 0}
    for one in placed:
        order, key = one.signed.order, (one.signed.order.account, one.signed.order.slot)
        order.check()
        assert order.nonce == last.get(key, 0) + 1
        is_beyond = (order.limit_ticks > MARK_TICKS) is (order.side == 0)
        assert is_beyond is bool(order.flags & IOC)
        kinds["crossing" if is_beyond else "replace" if key in last else "new"] += 1
        last[key] = order.nonce
    shares = {kind: count / len(placed) for kind, count in kinds.items()}
    assert shares == pytest.approx({"new": 0.3, "replace": 0.6, "crossing": 0.1}, abs=0.04)


def test_orders_are_signed() -> None:
    for one in list_orders(5):
        key = derive_public_key(one.account.to_bytes(32, "big"))
        assert verify(key, one.message(DOMAIN), one.signature)


@given(st.one_of(st.binary(max_size=300), st.integers(65_530, 65_540).map(bytes)))
def test_frames_are_what_a_server_reads(body: bytes) -> None:
    reader = StreamReader()
    reader.feed_data(frame_text(body))
    parsing = Frame.parse(reader.read_exact, mask=True)
    with pytest.raises(StopIteration) as done:
        next(parsing)
    assert (done.value.value.opcode, done.value.value.data) == (Opcode.TEXT, body)


RECEIPT, REFUSAL = b'{"receipt":{"signature":"00"}}', b'{"problem":{"code":"nonce_used"}}'


def read(kind: type[StreamConnection | PostConnection], parts: list[bytes], n_commands: int) -> Outcomes:
    async def main() -> Outcomes:
        outcomes = Outcomes()
        connection = kind(outcomes)
        connection._transport = _Sink()  # type: ignore[assignment]
        answered = connection.send(Message(b"", n_commands))
        for part in parts:
            connection.data_received(part)
        assert answered.done()
        return outcomes

    return asyncio.run(main())


class _Sink:
    def write(self, data: bytes) -> None:
        """Take it."""


@pytest.mark.parametrize("size", [1, 7, 10**6])
def test_answers_come_in_any_pieces(size: int) -> None:
    body = b'{"results":[' + b",".join([RECEIPT, REFUSAL] * 5) + b"]}"
    head = b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n" % len(body)
    assert_counts(read(PostConnection, cut(head + body, size), 10))
    opened = b"HTTP/1.1 101 Switching Protocols\r\n\r\n"
    ping, text = bytes((0x89, 0)), bytes((0x81, 126)) + len(body).to_bytes(2, "big") + body

    class Open(StreamConnection):
        _is_open = False

    assert_counts(read(Open, cut(opened + ping + text, size), 10))


def assert_counts(outcomes: Outcomes) -> None:
    assert (outcomes.n_acknowledged, dict(outcomes.refused)) == (5, {"nonce_used": 5})


def cut(data: bytes, size: int) -> list[bytes]:
    return [data[at : at + size] for at in range(0, len(data), size)]


def test_refused_as_a_whole() -> None:
    outcomes = Outcomes()
    outcomes.count(b'{"id":1,"problem":{"code":"rate_exceeded"}}', 100)
    assert (outcomes.n_acknowledged, dict(outcomes.refused)) == (0, {"rate_exceeded": 100})

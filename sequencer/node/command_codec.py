"""Commands as bytes of the log: fixed layouts, big-endian, one encoding for each command and one command for each.

Packed words are those that are signed (docs/rules.md, Formats), so a field has one place in both.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from rollup.errors import RollupError
from rollup.oracle import SignedPrices
from rollup.orders import KIND_ORDER, MAX_FEE_BITS, TIP_BITS, Order, SignedOrder
from rollup.packing import unpack
from rollup.quotes import QUOTE_ORDERS, Quote, SignedQuote
from rollup.signature import Signature
from rollup.txs import Cancel, CancelAll, CloseAccount, KeyChange, SignedOp, Transfer, Withdraw
from rollup.units import (
    ACCOUNT_BITS,
    COUNTER_BITS,
    MARKET_COUNT,
    MAX_FEE_E6_BITS,
    PRICE_BITS,
    SIZE_BITS,
    SLOT_BITS,
    TIMESTAMP_BITS,
)
from sequencer.node.commands import (
    CancelAllOrders,
    CancelOrder,
    CashRequest,
    Command,
    Kind,
    OraclePrices,
    PlaceOrder,
    PlaceQuote,
    QueueEntrySeen,
    Trigger,
)
from sequencer.node.links import Record
from sequencer.node.refusals import RecordMalformed
from verifier.queue_entries import decode_entry, encode_entry

__all__ = ["decode_command", "encode_command"]

_WORD: Final = 32
_ORDER_WORDS: Final = (19, 12, 8)  # bytes: of 148, 96 and 64 bits
_ORDER_FIELDS: Final = (4, ACCOUNT_BITS, 4, 1, 5, SLOT_BITS, COUNTER_BITS, COUNTER_BITS, TIMESTAMP_BITS)
_OPS: Final[dict[int, type[SignedOp]]] = {
    op.kind: op for op in (Withdraw, Cancel, Transfer, KeyChange, CancelAll, CloseAccount)
}


def encode_command(command: Command) -> Record:
    """Return the record of a command whose fields are in range."""
    match command:
        case PlaceOrder(signed, trigger):
            body = _encode_order(signed.order) + _encode_signature(signed.signature)
            return Record(Kind.ORDER, body + _encode_trigger(trigger))
        case PlaceQuote(signed):
            return Record(Kind.QUOTE, _encode_quote(signed))
        case CancelOrder(account, slot, nonce, epoch, signature):
            body = _join((account, 3), (slot, 2), (nonce, 4), (epoch, 4))
            return Record(Kind.CANCEL, body + _encode_signature(signature))
        case CancelAllOrders(account, time_ms, epoch, signature):
            return Record(Kind.CANCEL_ALL, _join((account, 3), (time_ms, 6), (epoch, 4)) + _encode_signature(signature))
        case CashRequest(op, signature):
            words = b"".join(word.to_bytes(_WORD, "big") for word in op.words())
            return Record(Kind.CASH, words + _encode_signature(signature))
        case QueueEntrySeen(index, entry):
            return Record(Kind.ENTRY, index.to_bytes(8, "big") + encode_entry(entry))
        case OraclePrices(signed):
            prices = _join((signed.signer, 1), (signed.time_s, 5), *((price, 6) for price in signed.prices_ticks))
            return Record(Kind.PRICES, prices + _encode_signature(signed.signature))


def decode_command(kind: int, body: bytes) -> Command:
    """Return the command of a record. Raises RecordMalformed: another length, a field outside its range."""
    decode = _DECODERS.get(kind)
    if decode is None:
        raise RecordMalformed(kind, "kind", str(kind), "that of a command")
    reader = _Reader(kind, body)
    try:
        command: Command = decode(reader)
        reader.finish()
        if not isinstance(command, OraclePrices | QueueEntrySeen):
            command.check()
    except RecordMalformed:
        raise
    except RollupError as error:
        raise RecordMalformed(kind, "field", str(error), "a field in its range") from error
    return command


def _join(*fields: tuple[int, int]) -> bytes:
    """Return (value, bytes) fields side by side."""
    return b"".join(value.to_bytes(n_bytes, "big") for value, n_bytes in fields)


def _encode_signature(signature: Signature) -> bytes:
    x, y = signature.r8
    return x.to_bytes(_WORD, "big") + y.to_bytes(_WORD, "big") + signature.s.to_bytes(_WORD, "big")


def _encode_order(order: Order) -> bytes:
    (word_1, word_2, word_3), (n_1, n_2, n_3) = order.words(), _ORDER_WORDS
    return word_1.to_bytes(n_1, "big") + word_2.to_bytes(n_2, "big") + word_3.to_bytes(n_3, "big")


def _encode_trigger(trigger: Trigger | None) -> bytes:
    return b"" if trigger is None else _join((trigger.is_above, 1), (trigger.price_ticks, 6))


def _encode_quote(signed: SignedQuote) -> bytes:
    orders = signed.quote.orders
    filled = sum(1 << place for place, order in enumerate(orders) if order is not None)
    head = _join((signed.quote.account, 3), (len(orders), 1), (filled, 2))
    bodies = (_encode_order(order) for order in orders if order is not None)
    return head + b"".join(bodies) + _encode_signature(signed.signature)


class _Reader:
    """A body, taken from the front."""

    def __init__(self, kind: int, body: bytes) -> None:
        self._kind, self._body, self._at = kind, body, 0

    @property
    def left(self) -> int:
        return len(self._body) - self._at

    def take(self, n_bytes: int) -> int:
        return int.from_bytes(self.take_bytes(n_bytes), "big")

    def take_bytes(self, n_bytes: int) -> bytes:
        if n_bytes > self.left:
            raise RecordMalformed(self._kind, "length", f"{len(self._body)} bytes", f"{n_bytes - self.left} more")
        self._at += n_bytes
        return self._body[self._at - n_bytes : self._at]

    def refuse(self, field: str, got: object, expected: str) -> RecordMalformed:
        return RecordMalformed(self._kind, field, str(got), expected)

    def finish(self) -> None:
        if self.left:
            raise self.refuse("length", f"{len(self._body)} bytes", f"{self.left} fewer")


def _take_signature(reader: _Reader) -> Signature:
    x, y, s = (reader.take(_WORD) for _ in range(3))
    return Signature((x, y), s)


def _take_order(reader: _Reader) -> Order:
    word_1, word_2, word_3 = (reader.take(n_bytes) for n_bytes in _ORDER_WORDS)
    kind, account, market, side, flags, slot, nonce, epoch, expiry_s, rest_1 = unpack(word_1, _ORDER_FIELDS)
    size_lots, limit_ticks, _ = unpack(word_2, (SIZE_BITS, PRICE_BITS))
    tip_e6, max_fee_e6, _ = unpack(word_3, (TIP_BITS, MAX_FEE_BITS))
    if kind != KIND_ORDER or rest_1:
        raise reader.refuse("word 1", f"{word_1:#x}", "an order's")
    terms = (account, market, side, slot, nonce, epoch, expiry_s, size_lots, limit_ticks, max_fee_e6)
    return Order(*terms, tip_e6=tip_e6, flags=flags)


def _take_trigger(reader: _Reader) -> Trigger | None:
    if not reader.left:
        return None
    is_above, price_ticks = reader.take(1), reader.take(6)
    if is_above > 1:
        raise reader.refuse("trigger side", is_above, "0 or 1")
    return Trigger(price_ticks, bool(is_above))


def _decode_order(reader: _Reader) -> PlaceOrder:
    order, signature = _take_order(reader), _take_signature(reader)
    return PlaceOrder(SignedOrder(order, signature), _take_trigger(reader))


def _decode_quote(reader: _Reader) -> PlaceQuote:
    account, n_places = reader.take(3), reader.take(1)
    if n_places > QUOTE_ORDERS:
        raise reader.refuse("places", n_places, f"at most {QUOTE_ORDERS}")
    filled = reader.take(2)
    if filled >> n_places:
        raise reader.refuse("filled places", f"{filled:#x}", f"of {n_places} places")
    orders = tuple(_take_order(reader) if filled >> place & 1 else None for place in range(n_places))
    return PlaceQuote(SignedQuote(Quote(account, orders), _take_signature(reader)))


def _decode_cancel(reader: _Reader) -> CancelOrder:
    return CancelOrder(reader.take(3), reader.take(2), reader.take(4), reader.take(4), _take_signature(reader))


def _decode_cancel_all(reader: _Reader) -> CancelAllOrders:
    return CancelAllOrders(reader.take(3), reader.take(6), reader.take(4), _take_signature(reader))


def _decode_cash(reader: _Reader) -> CashRequest:
    word_1, first, second = (reader.take(_WORD) for _ in range(3))
    kind, account, cash_nonce, epoch, slot, max_fee_e6, rest = unpack(
        word_1, (4, ACCOUNT_BITS, COUNTER_BITS, COUNTER_BITS, SLOT_BITS, MAX_FEE_E6_BITS)
    )
    if kind not in _OPS or rest:
        raise reader.refuse("word 1", f"{word_1:#x}", "a cash operation's")
    operands: dict[type[SignedOp], tuple[Any, ...]] = {
        Withdraw: (first,),
        Cancel: (slot, first),
        Transfer: (first, second),
        KeyChange: ((first, second),),
        CancelAll: (),
        CloseAccount: (first,),
    }
    make: Callable[..., SignedOp] = _OPS[kind]
    op = make(account, cash_nonce, epoch, *operands[_OPS[kind]], max_fee_e6=max_fee_e6)
    if op.words() != (word_1, first, second):
        raise reader.refuse("words", f"{word_1:#x}, {first}, {second}", "those of one operation")
    return CashRequest(op, _take_signature(reader))


def _decode_entry(reader: _Reader) -> QueueEntrySeen:
    return QueueEntrySeen(reader.take(8), decode_entry(reader.take_bytes(reader.left)))


def _decode_prices(reader: _Reader) -> OraclePrices:
    signer, time_s = reader.take(1), reader.take(5)
    prices = tuple(reader.take(6) for _ in range(MARKET_COUNT))
    signed = SignedPrices(signer, prices, time_s, _take_signature(reader))
    signed.check()
    return OraclePrices(signed)


_DECODERS: Final[dict[int, Callable[[_Reader], Command]]] = {
    Kind.ORDER: _decode_order,
    Kind.QUOTE: _decode_quote,
    Kind.CANCEL: _decode_cancel,
    Kind.CANCEL_ALL: _decode_cancel_all,
    Kind.CASH: _decode_cash,
    Kind.ENTRY: _decode_entry,
    Kind.PRICES: _decode_prices,
}

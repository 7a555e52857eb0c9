"""Requests to commands and back. The one place where the two are tied."""

from __future__ import annotations

from typing import Final, TypeAlias

from msgspec import UnsetType

from rollup.babyjubjub import Point
from rollup.oracle import SignedPrices
from rollup.orders import Order, SignedOrder
from rollup.quotes import Quote, SignedQuote
from rollup.signature import Signature
from rollup.txs import Cancel, CancelAll, CloseAccount, KeyChange, SignedOp, Transfer, Withdraw
from sequencer.node.api.errors import RequestMalformed
from sequencer.node.api.wire import (
    CancelAllRequest,
    CancelRequest,
    CashOpBody,
    CashRequestBody,
    CommandBody,
    OpCancel,
    OpCancelAll,
    OpClose,
    OpKeyChange,
    OpTransfer,
    OpWithdraw,
    OrderBody,
    OrderRequest,
    PricesRequest,
    QuoteBody,
    QuoteRequest,
    SignatureBody,
    TriggerBody,
)
from sequencer.node.commands import (
    CancelAllOrders,
    CancelOrder,
    CashRequest,
    ClientCommand,
    PlaceOrder,
    PlaceQuote,
    Trigger,
)

__all__ = [
    "CommandRequest",
    "read_command",
    "read_one_of",
    "read_prices",
    "write_command",
    "write_one_of",
    "write_prices",
]

CommandRequest: TypeAlias = OrderRequest | QuoteRequest | CancelRequest | CancelAllRequest | CashRequestBody
_WORD_LIMIT: Final = 2**256


def read_one_of(body: CommandBody) -> ClientCommand:
    """Return the command of a batch's item. Raises RequestMalformed unless it holds exactly one."""
    requests = (body.order, body.quote, body.cancel, body.cancel_all, body.cash)
    found = [request for request in requests if not isinstance(request, UnsetType)]
    if len(found) != 1:
        raise RequestMalformed("body", f"{len(found)} commands in one item, expected one")
    return read_command(found[0])


def read_command(request: CommandRequest) -> ClientCommand:
    """Return the command of a request; its fields have the widths of their places. Raises RequestMalformed."""
    signature = _read_signature(request.signature)
    match request:
        case OrderRequest(order=order, trigger=trigger):
            waits = None if trigger is None else Trigger(trigger.price_ticks, trigger.is_above)
            return PlaceOrder(SignedOrder(_read_order(order), signature), waits)
        case QuoteRequest(quote=quote):
            orders = tuple(None if order is None else _read_order(order) for order in quote.orders)
            return PlaceQuote(SignedQuote(Quote(quote.account, orders), signature))
        case CancelRequest():
            return CancelOrder(request.account, request.slot, request.nonce, request.epoch, signature)
        case CancelAllRequest():
            return CancelAllOrders(request.account, request.time_ms, request.epoch, signature)
        case CashRequestBody(op=op):
            return CashRequest(_read_op(op), signature)


def write_command(command: ClientCommand) -> CommandRequest:
    """Return the request of a command: what `read_command` takes."""
    signature = _write_signature(command.signature)
    match command:
        case PlaceOrder(signed, trigger):
            waits = None if trigger is None else TriggerBody(trigger.price_ticks, trigger.is_above)
            return OrderRequest(_write_order(signed.order), signature, waits)
        case PlaceQuote(signed):
            orders = tuple(None if order is None else _write_order(order) for order in signed.quote.orders)
            return QuoteRequest(QuoteBody(signed.quote.account, orders), signature)
        case CancelOrder():
            return CancelRequest(command.account, command.slot, command.nonce, command.epoch, signature)
        case CancelAllOrders():
            return CancelAllRequest(command.account, command.time_ms, command.epoch, signature)
        case CashRequest(op):
            return CashRequestBody(_write_op(op), signature)


def write_one_of(command: ClientCommand) -> CommandBody:
    """Return a command as an item of a batch."""
    match request := write_command(command):
        case OrderRequest():
            return CommandBody(order=request)
        case QuoteRequest():
            return CommandBody(quote=request)
        case CancelRequest():
            return CommandBody(cancel=request)
        case CancelAllRequest():
            return CommandBody(cancel_all=request)
        case CashRequestBody():
            return CommandBody(cash=request)


def read_prices(request: PricesRequest) -> SignedPrices:
    """Return an oracle's message. Raises RequestMalformed."""
    return SignedPrices(request.signer, request.prices_ticks, request.time_s, _read_signature(request.signature))


def write_prices(signed: SignedPrices) -> PricesRequest:
    """Return the request of an oracle's message: what `read_prices` takes."""
    return PricesRequest(signed.signer, signed.prices_ticks, signed.time_s, _write_signature(signed.signature))


def _read_order(body: OrderBody) -> Order:
    return Order(
        body.account,
        body.market,
        body.side,
        body.slot,
        body.nonce,
        body.epoch,
        body.expiry_s,
        body.size_lots,
        body.limit_ticks,
        body.max_fee_e6,
        tip_e6=body.tip_e6,
        flags=body.flags,
    )


def _write_order(order: Order) -> OrderBody:
    return OrderBody(
        order.account,
        order.market,
        order.side,
        order.slot,
        order.nonce,
        order.epoch,
        order.expiry_s,
        order.size_lots,
        order.limit_ticks,
        order.max_fee_e6,
        order.tip_e6,
        order.flags,
    )


def _read_signature(body: SignatureBody) -> Signature:
    return Signature(_read_point(body.r8), _read_number(body.s))


def _write_signature(signature: Signature) -> SignatureBody:
    return SignatureBody(_write_point(signature.r8), str(signature.s))


def _read_point(texts: tuple[str, str]) -> Point:
    return _read_number(texts[0]), _read_number(texts[1])


def _write_point(point: Point) -> tuple[str, str]:
    return str(point[0]), str(point[1])


def _read_number(text: str) -> int:
    """Return the number of a decimal text whose digits the schema has counted."""
    number = int(text)
    if number >= _WORD_LIMIT or text[-1] == "\n":  # `$` of a pattern also matches before a last line feed
        raise RequestMalformed("body", f"{text[:80]!r} is no number below 2**256 in decimal")
    return number


def _read_op(body: CashOpBody) -> SignedOp:
    ops = (body.withdraw, body.transfer, body.key_change, body.close, body.cancel, body.cancel_all)
    found = [op for op in ops if not isinstance(op, UnsetType)]
    if len(found) != 1:
        raise RequestMalformed("body", f"{len(found)} operations, expected one")
    head = (found[0].account, found[0].cash_nonce, found[0].epoch)
    max_fee_e6 = found[0].max_fee_e6
    match found[0]:
        case OpWithdraw(amount_e6=amount_e6):
            return Withdraw(*head, _read_number(amount_e6), max_fee_e6=max_fee_e6)
        case OpTransfer(amount_e6=amount_e6, recipient=recipient):
            return Transfer(*head, _read_number(amount_e6), recipient, max_fee_e6=max_fee_e6)
        case OpKeyChange(key=key):
            return KeyChange(*head, _read_point(key), max_fee_e6=max_fee_e6)
        case OpClose(amount_e6=amount_e6):
            return CloseAccount(*head, _read_number(amount_e6), max_fee_e6=max_fee_e6)
        case OpCancel(slot=slot, nonce=nonce):
            return Cancel(*head, slot, nonce, max_fee_e6=max_fee_e6)
        case OpCancelAll():
            return CancelAll(*head, max_fee_e6=max_fee_e6)


def _write_op(op: SignedOp) -> CashOpBody:
    head = (op.account, op.cash_nonce, op.epoch)
    match op:
        case Withdraw():
            return CashOpBody(withdraw=OpWithdraw(*head, str(op.amount_e6), op.max_fee_e6))
        case Transfer():
            return CashOpBody(transfer=OpTransfer(*head, str(op.amount_e6), op.recipient, op.max_fee_e6))
        case KeyChange():
            return CashOpBody(key_change=OpKeyChange(*head, _write_point(op.key), op.max_fee_e6))
        case CloseAccount():
            return CashOpBody(close=OpClose(*head, str(op.amount_e6), op.max_fee_e6))
        case Cancel():
            return CashOpBody(cancel=OpCancel(*head, op.slot, op.nonce, op.max_fee_e6))
        case CancelAll():
            return CashOpBody(cancel_all=OpCancelAll(*head, op.max_fee_e6))
    raise AssertionError(f"{op} is no operation that a client signs")

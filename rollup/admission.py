"""Which orders may enter the auction: in range, open market, right epoch, unexpired, signed, something left of them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple, TypeAlias

from rollup.errors import TxRejected
from rollup.orders import Order, SignedOrder, compute_effective_remaining, is_passive
from rollup.quotes import QuotedOrder, SignedQuote
from rollup.rejections import (
    AccountNotOpen,
    EpochMismatch,
    MarketNotOpen,
    OrderExpired,
    OrderSuperseded,
    QuoteMismatch,
    SignatureInvalid,
)
from rollup.settle import get_filled_lots
from rollup.signature import Signature
from rollup.workspace import Workspace

__all__ = ["ALONE", "OpenOrder", "Refusal", "SentOrder", "TurnKey", "admit_orders", "check_order", "may_trade_now"]

SentOrder: TypeAlias = SignedOrder | QuotedOrder
Refusal: TypeAlias = tuple[SentOrder | SignedQuote, TxRejected]

ALONE = -1  # in place of a quote's number: orders that are signed one by one


class TurnKey(NamedTuple):
    """Orders that share a lane: those of one quote of an account, by its arrival, or those it signed one by one."""

    account: int
    quote: int


@dataclass(frozen=True)
class OpenOrder:
    """An admitted order: its place in arrival order, where it came from, and what was filled of it before."""

    rank: int
    sent: SentOrder
    turn: TurnKey
    filled_lots: int

    @property
    def order(self) -> Order:
        """The order itself."""
        return self.sent.order


def admit_orders(
    workspace: Workspace, sent: Sequence[SignedOrder | SignedQuote]
) -> tuple[list[OpenOrder], list[Refusal]]:
    """Return the orders that may trade, in arrival order, and the others with the reason; a quote falls as a whole.

    Of several in one slot of one account only that of the highest nonce is admitted (the first of those).
    """
    rejected: list[Refusal] = []
    by_slot: dict[tuple[int, int], OpenOrder] = {}
    for rank, (part, turn) in enumerate(_unfold(workspace, sent, rejected)):
        try:
            candidate = OpenOrder(rank, part, turn, check_order(workspace, part))
        except TxRejected as error:
            rejected.append((part, error))
            continue
        slot = (part.order.account, part.order.slot)
        loser = _pick_loser(by_slot.get(slot), candidate)
        if loser is not candidate:
            by_slot[slot] = candidate
        if loser is not None:
            winner = by_slot[slot].order
            rejected.append((loser.sent, OrderSuperseded(*slot, loser.order.nonce, winner.nonce)))
    return sorted(by_slot.values(), key=lambda open_order: open_order.rank), rejected


def check_order(workspace: Workspace, sent: SentOrder) -> int:
    """Return how much of the order was filled before. The signature over a quote's order is the quote's.

    Raises ValueOutOfRange, MarketNotOpen, AccountNotOpen, EpochMismatch, OrderExpired, SlotNonceInvalid, OrderFilled,
    SignatureInvalid.
    """
    order = sent.order
    order.check()
    if not workspace.params.is_market_open(order.market):
        raise MarketNotOpen(order.account, order.market)
    account = workspace.get(order.account)
    if account.is_empty:
        raise AccountNotOpen(order.account)
    if order.epoch != account.epoch:
        raise EpochMismatch(order.account, order.epoch, account.epoch)
    if order.expiry_s < workspace.timestamp_s:
        raise OrderExpired(order.account, order.expiry_s, workspace.timestamp_s)
    filled_lots = get_filled_lots(order, account)
    if isinstance(sent, SignedOrder):
        _check_signature(workspace, order.account, order.message(workspace.params.domain), sent.signature)
    return filled_lots


def may_trade_now(workspace: Workspace, open_order: OpenOrder) -> bool:
    """Return whether an admitted order may trade in this batch, if anybody meets it; if not, its time may come.

    Not in a stale batch; post-only not across the mark; a first fill not above its largest fee; reduce-only only
    where there is something to reduce.
    """
    order, tick = open_order.order, workspace.tick
    crosses = order.is_post_only and not is_passive(order, workspace.marks_ticks[order.market])
    too_dear = open_order.filled_lots == 0 and tick.order_fee_e6 > order.max_fee_e6
    return not (tick.stale or crosses or too_dear) and compute_lots(workspace, open_order) > 0


def compute_lots(workspace: Workspace, open_order: OpenOrder) -> int:
    """Return what may trade of the order before anything else of its account does."""
    order = open_order.order
    position_lots = workspace.get(order.account).sizes_lots[order.market]
    return compute_effective_remaining(order, open_order.filled_lots, position_lots)


def _unfold(
    workspace: Workspace, sent: Sequence[SignedOrder | SignedQuote], rejected: list[Refusal]
) -> Iterator[tuple[SentOrder, TurnKey]]:
    """Yield the orders one by one, quotes taken apart once their signature is checked."""
    for number, one in enumerate(sent):
        if isinstance(one, SignedOrder):
            yield one, TurnKey(one.order.account, ALONE)
            continue
        try:
            _check_quote(workspace, one)
        except TxRejected as error:
            rejected.append((one, error))
            continue
        for quoted in one.quoted_orders:
            yield quoted, TurnKey(one.quote.account, number)


def _check_quote(workspace: Workspace, signed: SignedQuote) -> None:
    quote = signed.quote
    quote.check()
    for quoted in signed.quoted_orders:
        quoted.order.check()
        if quoted.order.account != quote.account:
            raise QuoteMismatch(quote.account, quoted.place, quoted.order.account)
    if workspace.get(quote.account).is_empty:
        raise AccountNotOpen(quote.account)
    _check_signature(workspace, quote.account, quote.message(workspace.params.domain), signed.signature)


def _check_signature(workspace: Workspace, account_id: int, message: int, signature: Signature) -> None:
    if not workspace.signatures.is_valid(workspace.get(account_id).key, message, signature):
        raise SignatureInvalid(account_id, message)


def _pick_loser(holder: OpenOrder | None, candidate: OpenOrder) -> OpenOrder | None:
    if holder is None:
        return None
    return holder if candidate.order.nonce > holder.order.nonce else candidate

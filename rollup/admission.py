"""Which orders may enter the auction: in range, open market, right epoch, unexpired, signed, something left of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from rollup.errors import TxRejected
from rollup.orders import Order, SignedOrder
from rollup.rejections import (
    AccountNotOpen,
    EpochMismatch,
    MarketNotOpen,
    OrderExpired,
    OrderSuperseded,
    SignatureInvalid,
)
from rollup.settle import get_remaining_lots
from rollup.workspace import Workspace

__all__ = ["OpenOrder", "admit_orders", "check_order"]


@dataclass(frozen=True)
class OpenOrder:
    """An admitted order: its place in arrival order and what is left of it."""

    rank: int
    signed: SignedOrder
    remaining_lots: int

    @property
    def order(self) -> Order:
        """The order itself."""
        return self.signed.order


def admit_orders(
    workspace: Workspace, orders: Sequence[SignedOrder]
) -> tuple[list[OpenOrder], list[tuple[SignedOrder, TxRejected]]]:
    """Return the orders that may trade, in arrival order, and the others with the reason.

    Of several in one slot of one account only that of the highest nonce is admitted (the first of those).
    """
    rejected: list[tuple[SignedOrder, TxRejected]] = []
    by_slot: dict[tuple[int, int], OpenOrder] = {}
    for rank, signed in enumerate(orders):
        try:
            candidate = OpenOrder(rank, signed, check_order(workspace, signed))
        except TxRejected as error:
            rejected.append((signed, error))
            continue
        slot = (signed.order.account, signed.order.slot)
        loser = _pick_loser(by_slot.get(slot), candidate)
        if loser is not candidate:
            by_slot[slot] = candidate
        if loser is not None:
            winner = by_slot[slot].order
            rejected.append((loser.signed, OrderSuperseded(*slot, loser.order.nonce, winner.nonce)))
    return sorted(by_slot.values(), key=lambda open_order: open_order.rank), rejected


def check_order(workspace: Workspace, signed: SignedOrder) -> int:
    """Return what is left of the order, at least 1 lot.

    Raises ValueOutOfRange, MarketNotOpen, AccountNotOpen, EpochMismatch, OrderExpired, SlotNonceInvalid, OrderFilled,
    SignatureInvalid.
    """
    order = signed.order
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
    remaining_lots = get_remaining_lots(order, account)
    message = order.message(workspace.params.domain)
    if not workspace.signatures.is_valid(account.key, message, signed.signature):
        raise SignatureInvalid(order.account, message)
    return remaining_lots


def _pick_loser(holder: OpenOrder | None, candidate: OpenOrder) -> OpenOrder | None:
    if holder is None:
        return None
    return holder if candidate.order.nonce > holder.order.nonce else candidate

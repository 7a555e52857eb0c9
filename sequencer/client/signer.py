"""Signing for one account: orders, quotes, cancels and cash operations, slots and nonces kept (`slots`)."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import NamedTuple

from rollup.babyjubjub import Point
from rollup.orders import Order, SignedOrder
from rollup.quotes import Quote, SignedQuote
from rollup.signature import Signature, sign
from rollup.txs import Cancel, CancelAll, CloseAccount, KeyChange, SignedOp, Transfer, Withdraw
from sequencer.client.deployment import Deployment
from sequencer.client.node_client import NodeClient
from sequencer.client.slots import SlotBook
from sequencer.node.commands import (
    CancelAllOrders,
    CancelOrder,
    CashRequest,
    PlaceOrder,
    PlaceQuote,
    Trigger,
)
from sequencer.node.event_types import Event, FillSeen, OrderClosed

__all__ = ["OrderSigner", "Wish"]

_DEFAULT_LIFE_S = 86_400
_NO_SIGNATURE = Signature((0, 1), 0)


class Wish(NamedTuple):
    """An order to be signed. side: 0 buys, 1 sells. slot: None takes a free one, else what stands there is replaced."""

    market: int
    side: int
    size_lots: int
    limit_ticks: int
    flags: int = 0
    max_fee_e6: int = 10**6
    tip_e6: int = 0
    slot: int | None = None
    life_s: int = _DEFAULT_LIFE_S


class OrderSigner:
    """The account's key at work. Assumes `sync` before the first order."""

    def __init__(self, private_key: bytes, deployment: Deployment, slots: SlotBook) -> None:
        """Sign by a 32-byte trading key for a deployment, with the slots of `slots.account`."""
        self._key, self._domain, self.slots = private_key, deployment.domain, slots
        self.account = slots.account
        self.epoch = 1
        self.cash_nonce = 0

    async def sync(self, client: NodeClient) -> None:
        """Learn epoch, next cash nonce, which slots hold orders, and the slots' nonces. Raises as NodeClient does."""
        account = await client.get_account(self.account)
        self.epoch, self.cash_nonce = account.epoch, account.next_cash_nonce
        for slot in await client.list_slots(self.account):
            if slot.is_resting:
                self.slots.hold(slot.slot)
            self.slots.raise_base(slot.slot, slot.state_nonce)
            self.slots.skip_to(slot.slot, slot.next_nonce)

    def note(self, event: Event) -> None:
        """Learn from an event: a fill raises its slot, an order that is gone frees it."""
        if isinstance(event, FillSeen) and event.account == self.account and not event.is_liquidation:
            self.slots.raise_base(event.slot, event.nonce)
        elif isinstance(event, OrderClosed) and event.account == self.account and event.reason != "replaced":
            self.slots.release(event.slot)

    def place_order(self, wish: Wish, trigger: Trigger | None = None) -> PlaceOrder:
        """Return a signed order. Raises NoFreeSlot, SlotExhausted, ValueOutOfRange."""
        order = self._make_order(wish)
        return PlaceOrder(SignedOrder(order, self._sign(order.message(self._domain))), trigger)

    def place_quote(self, wishes: Sequence[Wish | None]) -> PlaceQuote:
        """Return up to sixteen orders under one signature. Raises as `place_order`."""
        orders = tuple(None if wish is None else self._make_order(wish) for wish in wishes)
        quote = Quote(self.account, orders)
        quote.check()
        return PlaceQuote(SignedQuote(quote, self._sign(quote.message(self._domain))))

    def cancel_order(self, slot: int, nonce: int) -> CancelOrder:
        """Return a signed cancel of an order and of all before it in its slot. Raises ValueOutOfRange."""
        unsigned = CancelOrder(self.account, slot, nonce, self.epoch, _NO_SIGNATURE)
        unsigned.check()
        signature = self._sign(unsigned.message(self._domain))
        return CancelOrder(self.account, slot, nonce, self.epoch, signature)

    def cancel_all(self, now_ms: int | None = None) -> CancelAllOrders:
        """Return a signed cancel of everything sent so far; its time rises from one to the next."""
        time_ms = self.slots.next_time_ms(time.time_ns() // 10**6 if now_ms is None else now_ms)
        unsigned = CancelAllOrders(self.account, time_ms, self.epoch, _NO_SIGNATURE)
        return CancelAllOrders(self.account, time_ms, self.epoch, self._sign(unsigned.message(self._domain)))

    def withdraw(self, amount_e6: int, max_fee_e6: int) -> CashRequest:
        """Return a signed withdrawal to the owner, 1e-6 USD. Like every cash operation it takes the next cash nonce."""
        return self._request(Withdraw(self.account, self.cash_nonce, self.epoch, amount_e6, max_fee_e6=max_fee_e6))

    def transfer(self, amount_e6: int, recipient: int, max_fee_e6: int) -> CashRequest:
        """Return a signed transfer to another account."""
        head = (self.account, self.cash_nonce, self.epoch)
        return self._request(Transfer(*head, amount_e6, recipient, max_fee_e6=max_fee_e6))

    def change_key(self, key: Point, max_fee_e6: int) -> CashRequest:
        """Return a signed change to another public key. Raises KeyInvalid."""
        return self._request(KeyChange(self.account, self.cash_nonce, self.epoch, key, max_fee_e6=max_fee_e6))

    def close(self, amount_e6: int, max_fee_e6: int) -> CashRequest:
        """Return a signed close; the amount is exactly the cash after rent and fee."""
        return self._request(CloseAccount(self.account, self.cash_nonce, self.epoch, amount_e6, max_fee_e6=max_fee_e6))

    def cancel_in_state(self, slot: int, nonce: int, max_fee_e6: int) -> CashRequest:
        """Return the rollup's own cancel, paid and proved: it raises the slot, which can then go on."""
        return self._request(Cancel(self.account, self.cash_nonce, self.epoch, slot, nonce, max_fee_e6=max_fee_e6))

    def cancel_all_in_state(self, max_fee_e6: int) -> CashRequest:
        """Return the rollup's own cancel of everything, paid and proved: the next epoch."""
        return self._request(CancelAll(self.account, self.cash_nonce, self.epoch, max_fee_e6=max_fee_e6))

    def _make_order(self, wish: Wish) -> Order:
        slot = self.slots.take_slot() if wish.slot is None else wish.slot
        self.slots.hold(slot)
        order = Order(
            account=self.account,
            market=wish.market,
            side=wish.side,
            slot=slot,
            nonce=self.slots.next_nonce(slot),
            epoch=self.epoch,
            expiry_s=int(time.time()) + wish.life_s,
            size_lots=wish.size_lots,
            limit_ticks=wish.limit_ticks,
            max_fee_e6=wish.max_fee_e6,
            tip_e6=wish.tip_e6,
            flags=wish.flags,
        )
        order.check()
        return order

    def _request(self, op: SignedOp) -> CashRequest:
        op.check_message()
        signature = self._sign(op.message(self._domain))
        self.cash_nonce += 1
        return CashRequest(op, signature)

    def _sign(self, message: int) -> Signature:
        return sign(self._key, message)

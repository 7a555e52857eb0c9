"""The acknowledged orders that are neither cancelled, replaced nor too late, as the log goes on."""

from __future__ import annotations

from collections.abc import Iterator

from rollup.orders import Order
from sequencer.audit.history import History
from sequencer.audit.statements import Statement
from sequencer.node.commands import CancelAllOrders, CancelOrder

__all__ = ["RestingOrders"]


class RestingOrders:
    """By account and slot. Iterating yields each order with the statement that brought it."""

    def __init__(self, history: History) -> None:
        self._statements, self._at = history.statements, 0
        self._orders: dict[int, dict[int, tuple[Order, Statement]]] = {}

    def __iter__(self) -> Iterator[tuple[Order, Statement]]:
        for slots in self._orders.values():
            yield from slots.values()

    def advance(self, below: int) -> None:
        """Take in the records up to this number, without it. Assumes that it does not fall."""
        while self._at < len(self._statements) and self._statements[self._at].sequence < below:
            self._take(self._statements[self._at])
            self._at += 1

    def drop_late(self, timestamp_s: int) -> None:
        """Let go what has expired: batches' times rise."""
        for slots in self._orders.values():
            for slot in [slot for slot, (order, _) in slots.items() if order.expiry_s < timestamp_s]:
                del slots[slot]

    def _take(self, statement: Statement) -> None:
        for order in statement.orders:
            self._orders.setdefault(order.account, {})[order.slot] = (order, statement)
        match statement.command:
            case CancelOrder(account, slot, nonce):
                resting = self._orders.get(account, {}).get(slot)
                if resting is not None and resting[0].nonce <= nonce:
                    del self._orders[account][slot]
            case CancelAllOrders(account):
                self._orders.pop(account, None)

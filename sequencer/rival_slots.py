"""Which slot and nonce an order has at the rival: as few and as cheap slots as an account needs there.

In the rollup a slot costs nothing, and a workload gives each order a fresh one. On the base layer a word that was
written before is cheaper, and slot m // 3 shares its word with the position in market m, so accounts use those first.
A slot is free again when its order is filled, void or expired. Who replaces an order replaces it here too.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Final

from rollup.orders import Order

__all__ = ["RivalSlots"]

_MARKETS_PER_WORD: Final = 3
_FIRST_PLAIN_SLOT: Final = 6


@dataclass
class _Live:
    order: Order  # as the rollup knows it
    slot: int
    nonce: int
    filled_lots: int = 0


@dataclass
class RivalSlots:
    """The slots of one account."""

    _live: dict[int, _Live] = field(default_factory=dict)  # by the rollup's slot
    _nonces: dict[int, int] = field(default_factory=dict)  # the next nonce of each of the rival's slots

    def place(self, order: Order, timestamp_s: int) -> Order:
        """Return the order as it is signed for the rival: with the slot it has, or one that is free."""
        live = self._live.get(order.slot)
        if live is None or live.order.nonce != order.nonce:
            self._free_dead(timestamp_s, order.epoch)
            replaced = self._live.get(order.slot)  # its slot's next nonce voids it
            slot = replaced.slot if replaced else self._find_free(order.market)
            nonce = self._nonces.get(slot, 0)
            self._nonces[slot] = nonce + 1 + order.is_ioc
            live = self._live[order.slot] = _Live(order, slot, nonce)
        return replace(order, slot=live.slot, nonce=live.nonce)

    def fill(self, order: Order, fill_lots: int) -> None:
        """Count a fill of an order that was placed; its slot is free if nothing is left of it."""
        live = self._live[order.slot]
        live.filled_lots += fill_lots
        if order.is_ioc or live.filled_lots == order.size_lots:
            del self._live[order.slot]

    def cancel(self, slot: int, nonce: int) -> tuple[int, int]:
        """Return the rival's slot and nonce of an order that is cancelled; it need never have been filled."""
        live = self._live.get(slot)
        if live is not None and live.order.nonce <= nonce:
            del self._live[slot]
            return live.slot, live.nonce
        free = self._find_free(0)
        self._nonces[free] = self._nonces.get(free, 0) + 1
        return free, self._nonces[free] - 1

    def _free_dead(self, timestamp_s: int, epoch: int) -> None:
        self._live = {
            slot: live
            for slot, live in self._live.items()
            if live.order.expiry_s >= timestamp_s and live.order.epoch == epoch
        }

    def _find_free(self, market: int) -> int:
        used = {live.slot for live in self._live.values()}
        cheapest = market // _MARKETS_PER_WORD
        if cheapest not in used:
            return cheapest
        return next(slot for slot in range(_FIRST_PLAIN_SLOT, _FIRST_PLAIN_SLOT + len(used) + 1) if slot not in used)

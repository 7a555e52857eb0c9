"""The fills of a lane one after the other, each with what it meets: what inputs and running totals are read off."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from circuits.lane_inputs import Prices
from rollup.auction import is_marginal
from rollup.fees import OrderCharge, compute_fee_rate_ppm, compute_order_charge, compute_trading_fee
from rollup.orders import Order, compute_slot_after, unpack_slot
from rollup.rationing import Rationing
from rollup.trace import FillTrace, TradeLaneTrace
from rollup.trees import SparseTree

__all__ = ["FillView", "view_fills"]


@dataclass(frozen=True)
class FillView:
    """One fill of a lane."""

    trace: FillTrace
    prices: Prices
    position: int  # its place among all order places of the batch
    tier: int  # of the account
    size_before: int  # signed position in the market before it
    orders: SparseTree  # the account's slots before it

    @property
    def order(self) -> Order:
        """The order filled."""
        return self.trace.order

    @property
    def lots(self) -> int:
        """Lots of this fill."""
        return self.trace.fill_lots

    @property
    def size_after(self) -> int:
        """Signed position in the market after it."""
        return self.size_before + self.order.direction * self.lots

    @property
    def orders_after(self) -> SparseTree:
        """The account's slots after it."""
        return self.orders.set(self.order.slot, compute_slot_after(self.order, self.filled_before, self.lots))

    @property
    def filled_before(self) -> int:
        """Lots of this order filled before."""
        nonce, filled = unpack_slot(self.trace.slot_before)
        return filled if nonce == self.order.nonce else 0

    @property
    def rest(self) -> int:
        """Lots left of the order's size."""
        return self.order.size_lots - self.filled_before - self.lots

    @property
    def rest_now(self) -> int:
        """Lots that it could still fill."""
        return min(self.rest, abs(self.size_after)) if self.order.is_reduce_only else self.rest

    @property
    def rationing(self) -> Rationing:
        """How its market's rationed side is shared."""
        return self.prices.rationing[self.order.market]

    @property
    def shares(self) -> bool:
        """Whether it is one of those who share the rationed side."""
        order, market = self.order, self.order.market
        prices = self.prices.clearing[market], self.prices.edges[market]
        return order.side == self.rationing.side and is_marginal(order.direction, order.limit_ticks, *prices)

    @property
    def charge(self) -> OrderCharge:
        """Order fee and tip, due at the first fill."""
        return compute_order_charge(self.order, self.filled_before, self.prices.tick.order_fee_e6)

    @property
    def fee_atoms(self) -> int:
        """Trading fee, negative for a rebate."""
        params = self.prices.params
        rate_ppm = compute_fee_rate_ppm(self.order, self.tier, params.taker_fee_ppm, params.maker_fee_ppm)
        return compute_trading_fee(self.lots, self.prices.clearing[self.order.market], rate_ppm)


def view_fills(lane: TradeLaneTrace, prices: Prices, position: int) -> Iterator[FillView]:
    """Yield the fills of a lane in order; `position` is its first order place in the batch."""
    sizes, orders = list(lane.before.sizes_lots), lane.before.orders
    for trace in lane.fills:
        market = trace.order.market
        view = FillView(trace, prices, position + trace.place, lane.before.tier, sizes[market], orders)
        yield view
        sizes[market], orders = view.size_after, view.orders_after

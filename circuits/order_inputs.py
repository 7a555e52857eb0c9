"""The private inputs of a lane's order places: of orders with their fills, or of nothing."""

from __future__ import annotations

from circuits.account_inputs import Values, path_values
from circuits.fill_views import FillView, view_fills
from circuits.lane_inputs import Prices
from circuits.order_fields import LENT_FIELDS
from rollup.orders import unpack_slot
from rollup.trace import TradeLaneTrace
from rollup.trees import SparseTree

__all__ = ["place_inputs"]

_FLAGS = ("active", "reduce_only/binds", "share/extra")
_WORDS = ("fill", "side", "market", "flags", "slot", *(name for name, _ in LENT_FIELDS))


def place_inputs(lane: TradeLaneTrace, prices: Prices, position: int) -> Values:
    """Return the inputs order[k]/.. of every place; `position` is the first one's place in the batch."""
    views = {view.trace.place: view for view in view_fills(lane, prices, position)}
    orders, values = lane.before.orders, Values()
    for k in range(lane.capacity):
        place = _fill_inputs(views[k]) if k in views else _idle_inputs(orders)
        orders = views[k].orders_after if k in views else orders
        values |= {f"order[{k}]/{name}": value for name, value in place.items()}
    return values


def _idle_inputs(orders: SparseTree) -> Values:
    nothing = dict.fromkeys((*_FLAGS, *_WORDS), 0)
    return nothing | {"slot_before": orders.get(0)} | dict(path_values("slot_path", orders.path(0)))


def _fill_inputs(view: FillView) -> Values:
    order, prices, slot_before = view.order, view.prices, view.trace.slot_before
    nonce_before, filled = unpack_slot(slot_before)
    return {
        "active": 1,
        "fill": view.lots,
        "side": order.side,
        "market": order.market,
        "flags": order.flags,
        "slot": order.slot,
        "slot_before": slot_before,
        "size": order.size_lots,
        "rest": view.rest,
        "limit_gap": (order.limit_ticks - prices.clearing[order.market]) * order.direction,
        "expiry_gap": order.expiry_s - prices.timestamp_s,
        "nonce": order.nonce,
        "nonce_step": order.nonce - nonce_before,
        "filled": filled,
        "tip_e6": order.tip_e6,
        "fee_slack_e6": order.max_fee_e6 - view.charge.fee_e6,
        "auction_word": prices.auction_words[order.market],
        **_flag_inputs(view),
        **_share_inputs(view),
        **dict(path_values("slot_path", view.trace.slot_path)),
    }


def _flag_inputs(view: FillView) -> Values:
    order, left = view.order, abs(view.size_after)
    inside = order.direction * (view.prices.marks[order.market] - order.limit_ticks) - 1
    return {
        "reduce_only/binds": int(order.is_reduce_only and left < view.rest),
        "reduce_gap": abs(view.rest - left) if order.is_reduce_only else 0,
        "post_gap": inside if order.is_post_only else 0,
    }


def _share_inputs(view: FillView) -> Values:
    rationing, ahead = view.rationing, view.rationing.cutoff - view.position
    if not view.shares:
        return dict.fromkeys(("share/extra", "cutoff_gap", "share_remainder", "share_gap"), 0)
    extra, total = int(ahead > 0), rationing.marginal_remaining
    remainder = rationing.marginal_lots * (view.lots + view.rest_now) - (view.lots - extra) * total
    return {
        "share/extra": extra,
        "cutoff_gap": ahead - 1 if extra else -ahead,
        "share_remainder": remainder,
        "share_gap": total - 1 - remainder,
    }

"""What the model says of a lane with order places: the verdict that the circuit must share."""

from __future__ import annotations

from dataclasses import replace

from rollup.auction import compute_edges, is_marginal
from rollup.audit_lanes import audit_order_lane
from rollup.audit_orders import PlacedFill
from rollup.audit_rules import BatchRuleBroken
from rollup.errors import TxRejected, ValueOutOfRange
from rollup.rent import compute_rent
from rollup.settle import apply_order_fill
from tests.circuits.trade_cases import TradeCase
from tests.circuits.trade_strategies import MAX_CASH

__all__ = ["is_allowed", "is_cash_in_range_between"]


def is_allowed(case: TradeCase) -> bool:
    """Return whether the model allows the lane; then the totals that the circuit was given are the model's."""
    try:
        dues, fills = audit_order_lane(case.trace, case.lane, case.position, "lane", is_quote_lane=case.is_quote)
    except (BatchRuleBroken, TxRejected):
        return False
    totals = dues._asdict().items()
    names = {"fees_atoms": "fees", "rent_atoms": "rent", "penalties_atoms": "penalties"}
    for name, total in totals:
        chain = names.get(name, name)
        assert case.inputs.get(f"{chain}_out", 0) - case.inputs.get(f"{chain}_in", 0) == total, name
    return all(_is_fair(case, fill) for fill in fills)


def _is_fair(case: TradeCase, fill: PlacedFill) -> bool:
    """Return whether the fill respects its limit and is complete or its share; other lanes may share beside it."""
    order, market, trace = fill.order, fill.order.market, case.trace
    price, mark = trace.clearing_prices_ticks[market], trace.header_after.marks_ticks[market]
    edges, rationing = compute_edges(price, mark, trace.params.markets[market].band_ppm), trace.rationing[market]
    if order.direction * (order.limit_ticks - price) < 0:
        return False
    if order.side == rationing.side and is_marginal(order.direction, order.limit_ticks, price, edges):
        total = rationing.marginal_remaining
        return total > 0 and fill.fill_lots == rationing.compute_share(fill.remaining_lots, fill.position)
    return fill.fill_lots == fill.remaining_lots


def is_cash_in_range_between(case: TradeCase) -> bool:
    """Return whether cash is in range after each fill but the last: the model asks for it, the circuit does not."""
    trace, account = case.trace, case.lane.before
    account = replace(account, cash_atoms=account.cash_atoms - compute_rent(account, trace.tick))
    try:
        for fill in case.lane.fills[:-1]:
            price = trace.clearing_prices_ticks[fill.order.market]
            account, _ = apply_order_fill(account, fill.order, fill.fill_lots, price, trace.tick, trace.params)
    except TxRejected as error:
        return not (isinstance(error, ValueOutOfRange) and "cash" in error.field)
    return case.lane.after.cash_atoms != -MAX_CASH - 1  # the circuit's range includes this one, the model's does not

"""Random orders at random auctions: flags, gaps and shares at their bounds, filled as the rules say or one lot off."""

from __future__ import annotations

from collections.abc import Sequence

from hypothesis import strategies as st

from rollup.auction import is_marginal
from rollup.orders import IOC, POST_ONLY, REDUCE_ONLY, Order, compute_effective_remaining
from rollup.rationing import Rationing
from rollup.units import MARKET_COUNT, PRICE_BITS, SIZE_BITS
from tests.circuits.lane_cases import Venue

MAX_SIZE, MAX_PRICE = 2**SIZE_BITS - 1, 2**PRICE_BITS - 1
starts = st.sampled_from([0, 5, 2**16 - 40]) | st.integers(0, 600)  # a lane's first order place in the batch
_flaws = st.sampled_from(
    [*[""] * 24, "expired", "overfilled", "beyond the limit", "left open", "too dear"],
)
_flags = st.sampled_from([*[0] * 6, IOC, REDUCE_ONLY, POST_ONLY, REDUCE_ONLY | POST_ONLY, 7])


@st.composite
def rationings(draw: st.DrawFn, position: int) -> tuple[Rationing, ...]:
    """Return how each market shares its rationed side, the cutoff around a position."""
    totals = st.sampled_from([1, MAX_SIZE]) | st.integers(1, 10**9)
    cutoffs = st.sampled_from([0, position, position + 1, position + 2, 2**16 - 1])
    markets = []
    for _ in range(MARKET_COUNT):
        total = draw(totals)
        lots = draw(st.sampled_from([0, total]) | st.integers(0, total))
        markets.append(Rationing(draw(st.integers(0, 1)), lots, total, draw(cutoffs)))
    return tuple(markets)


@st.composite
def filled_orders(
    draw: st.DrawFn,
    venue: Venue,
    account_id: int,
    sizes: Sequence[int],
    before: Sequence[Order],
    *,
    filled_lots: int,
    position: int,
) -> tuple[Order, int]:
    """Return an order of which so much is filled already, and the lots of it that trade; epoch 3, one side a market."""
    market = draw(st.integers(0, len(venue.marks_ticks) - 1))
    sides = [order.side for order in before if order.market == market]  # nobody trades against himself
    held, flags, flaw = abs(sizes[market]), draw(_flags), draw(_flaws)
    closing = int(sizes[market] > 0)
    side = sides[0] if sides else draw(st.sampled_from([closing, closing if flags & REDUCE_ONLY else 1 - closing]))
    lots = st.sampled_from([1, max(held, 1), min(held + 1, MAX_SIZE), max(held // 2, 1)]) | st.integers(1, 10**9)
    better = -1 if flaw == "beyond the limit" else draw(st.sampled_from([0, 0, 3]))
    limit = venue.clearing[market] + (-better if side else better)
    if flags & POST_ONLY and draw(st.booleans()):
        limit = venue.marks[market] + draw(st.sampled_from([-1, 0, 1]))
    nonce = draw(st.sampled_from([0, 2**32 - 1]) | st.integers(0, 600)) if not before else 9
    order = Order(
        account=account_id,
        market=market,
        side=side,
        slot=draw(st.sampled_from([0, 77, 511])) if not before else 300,
        nonce=min(nonce, 2**32 - 2) if flags & IOC else nonce,
        epoch=3,
        expiry_s=venue.timestamp_s + (-1 if flaw == "expired" else draw(st.sampled_from([0, 1, 10**6]))),
        size_lots=min(MAX_SIZE, filled_lots + draw(lots)),
        limit_ticks=max(1, min(MAX_PRICE, limit)),
        max_fee_e6=max(0, venue.tick.order_fee_e6 + (-1 if flaw == "too dear" else draw(st.sampled_from([0, 9])))),
        tip_e6=draw(st.sampled_from([0, 2**16 - 1]) | st.integers(0, 2**16 - 1)),
        flags=flags,
    )
    off = {"overfilled": 1, "left open": -1}.get(flaw, 0)
    return order, max(0, min(MAX_SIZE - 9, _compute_fill(venue, order, filled_lots, sizes[market], position) + off))


def _compute_fill(venue: Venue, order: Order, filled_lots: int, held: int, position: int) -> int:
    """Return what the rules have the order fill: all it may, or its share."""
    remaining = compute_effective_remaining(order, filled_lots, held)
    rationing = venue.rationing[order.market]
    price, edges = venue.clearing[order.market], venue.edges[order.market]
    if order.side == rationing.side and is_marginal(order.direction, order.limit_ticks, price, edges):
        return rationing.compute_share(remaining, position)
    return remaining

"""A cheating sequencer's orders, quotes and auctions: each trace is refused, and for the rule it breaks."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import cache
from typing import Any

import pytest

from rollup.audit import check_batch
from rollup.orders import IOC, POST_ONLY, REDUCE_ONLY, Order
from rollup.quotes import compute_quote_message
from rollup.signature import sign
from rollup.trace import BatchTrace, FillTrace, TradeLaneTrace
from tests.rollup.broken_rules import assert_breaks
from tests.rollup.test_audit import rebuild
from tests.scenarios import AVAX_PRICE, PARAMS, PRICED, Exchange, run_day

KINDS, CHARGED, REBATE = "orders of every kind", "charged orders", "a rebate"
LOTS = 1_000_000


@cache
def get_traces() -> dict[str, BatchTrace]:
    traces = run_day()
    traces[CHARGED] = run_charged()
    traces[REBATE] = run_rebate()
    return traces


def run_charged() -> BatchTrace:
    """Return a batch whose orders pay for their places, and whose accounts owe rent."""
    ex = Exchange(state=PRICED)
    ex.batch(cash=[ex.deposit(2, 1_000), ex.deposit(3, 1_000)])
    ex.now_s += 100
    return ex.batch(orders=[ex.order(2, LOTS, AVAX_PRICE), ex.order(3, -LOTS, AVAX_PRICE)]).trace


def run_rebate() -> BatchTrace:
    """Return a first batch in which a maker earns what a taker pays."""
    ex = Exchange()
    maker, taker = ex.order(2, LOTS, AVAX_PRICE - 1, flags=POST_ONLY), ex.order(3, -LOTS, AVAX_PRICE - 1)
    return ex.batch(cash=[ex.deposit(2, 1_000), ex.deposit(3, 1_000)], orders=[maker, taker]).trace


def change_lane(
    trace: BatchTrace, account: int, change: Callable[[TradeLaneTrace], TradeLaneTrace], *, quoted: bool = False
) -> BatchTrace:
    """Return the trace with an account's TradeLane changed, or its QuoteLane."""
    name = "quote_lanes" if quoted else "trade_lanes"
    lanes = tuple(change(lane) if lane.account_id == account else lane for lane in getattr(trace, name))
    assert lanes != getattr(trace, name)
    return replace(trace, **{name: lanes})


def change_fill(lane: TradeLaneTrace, place: int, **changes: Any) -> TradeLaneTrace:  # noqa: ANN401 (fields of a fill)
    fills = tuple(replace(fill, **changes) if fill.place == place else fill for fill in lane.fills)
    return replace(lane, fills=fills)


def change_order(
    trace: BatchTrace, account: int, place: int = 0, *, quoted: bool = False, **changes: int
) -> BatchTrace:
    """Return the trace with an order changed and signed anew by its account."""

    def change(lane: TradeLaneTrace) -> TradeLaneTrace:
        (fill,) = (fill for fill in lane.fills if fill.place == place)
        order = replace(fill.order, **changes)
        message, key = order.message(PARAMS.domain), Exchange.key_of(account)
        if lane.quote is None:
            return change_fill(lane, place, order=order, signature=sign(key, message))
        messages = tuple(message if k == place else own for k, own in enumerate(lane.quote.order_messages))
        signature = sign(key, compute_quote_message(PARAMS.domain, account, messages))
        return replace(
            change_fill(lane, place, order=order),
            quote=replace(lane.quote, order_messages=messages, signature=signature),
        )

    return change_lane(trace, account, change, quoted=quoted)


def change_rationing(trace: BatchTrace, **changes: int) -> BatchTrace:
    """Return the trace with the first market's rationing changed."""
    first, *others = trace.rationing
    return replace(trace, rationing=(replace(first, **changes), *others))


def swap_places(lane: TradeLaneTrace) -> TradeLaneTrace:
    return replace(lane, fills=lane.fills[::-1])


def sign_by_another(lane: TradeLaneTrace) -> TradeLaneTrace:
    assert lane.quote is not None
    message = compute_quote_message(PARAMS.domain, lane.account_id, lane.quote.order_messages)
    return replace(lane, quote=replace(lane.quote, signature=sign(Exchange.key_of(5), message)))


def quote_another_order(lane: TradeLaneTrace) -> TradeLaneTrace:
    """Return the QuoteLane with an order in place 0 that the quote does not hold."""
    order = replace(lane.fills[0].order, tip_e6=8)
    return change_fill(lane, 0, order=order)


def borrow_quote(trace: BatchTrace) -> BatchTrace:
    """Return the trace with a quote in a TradeLane."""
    quote = next(lane.quote for lane in trace.quote_lanes if lane.quote)
    return change_lane(trace, 5, lambda lane: replace(lane, quote=quote))


def shrink_position(lane: TradeLaneTrace) -> TradeLaneTrace:
    """Return the lane as if its account held one lot less than what its reduce-only order closes."""
    held = (1 - lane.fills[0].fill_lots, *lane.before.sizes_lots[1:])
    return replace(lane, before=replace(lane.before, sizes_lots=held))


def ask_for_too_much(trace: BatchTrace) -> BatchTrace:
    """Return the trace with marginal orders that may together trade 2**48 lots."""
    larger = change_order(trace, 5, size_lots=2**47)
    larger = change_order(larger, 4, quoted=True, size_lots=2**47)
    return change_rationing(larger, marginal_remaining=2**48)


def make_stale(trace: BatchTrace) -> BatchTrace:
    """Return the trace as if no fresh price had come in; the marks are those of the batch before."""
    times = trace.header_before.signer_times_s
    return replace(trace, oracle=(None,) * 3, header_after=replace(trace.header_after, signer_times_s=times))


def lower_taker_fee(trace: BatchTrace) -> BatchTrace:
    """Return the batch under parameters whose taker fee does not pay for the rebate, all accounts worked out anew."""
    return rebuild(replace(trace, params=replace(PARAMS, taker_fee_ppm=(99,) * 8)))


def spare_rent(lane: TradeLaneTrace) -> TradeLaneTrace:
    """Return the lane without the rent of its account, 101 seconds of it."""
    rent_atoms = 101 * get_traces()[CHARGED].tick.rent_rate
    return replace(lane, after=replace(lane.after, cash_atoms=lane.after.cash_atoms + rent_atoms))


def forget_quote(lane: TradeLaneTrace) -> TradeLaneTrace:
    return replace(lane, quote=None)


def liquidate_by_quote(trace: BatchTrace) -> BatchTrace:
    forced = next(lane for lane in get_traces()["liquidation"].trade_lanes if lane.liquidation)
    return change_lane(trace, 4, lambda lane: replace(lane, liquidation=forced.liquidation), quoted=True)


def move_last(lane: TradeLaneTrace) -> TradeLaneTrace:
    *others, last = lane.fills
    return replace(lane, fills=(*others, replace(last, place=last.place + 1)))


Forge = Callable[[BatchTrace], BatchTrace]
FORGERIES: list[tuple[str, str, Forge]] = [
    ("quote_is_signed", KINDS, lambda t: change_lane(t, 4, sign_by_another, quoted=True)),
    ("order_is_quoted", KINDS, lambda t: change_lane(t, 4, quote_another_order, quoted=True)),
    ("quote_in_quote_lane", KINDS, lambda t: change_lane(t, 4, forget_quote, quoted=True)),
    ("quote_in_quote_lane", KINDS, borrow_quote),
    ("places_rise", KINDS, lambda t: change_lane(t, 4, swap_places, quoted=True)),
    ("places_rise", KINDS, lambda t: change_lane(t, 5, swap_places)),
    ("places_rise", KINDS, lambda t: change_lane(t, 2, move_last)),
    ("lane_capacity", KINDS, lambda t: change_lane(t, 4, move_last, quoted=True)),
    ("liquidation_alone", KINDS, liquidate_by_quote),
    ("stale_trades_nothing", KINDS, make_stale),
    ("reduce_only_reduces", KINDS, lambda t: change_order(t, 5, 1, flags=IOC | REDUCE_ONLY)),
    ("reduce_only_reduces", KINDS, lambda t: change_order(t, 4, 1, quoted=True, flags=POST_ONLY | REDUCE_ONLY)),
    ("fill_size", KINDS, lambda t: change_lane(t, 3, shrink_position)),
    ("fills_effect", KINDS, lambda t: change_order(t, 3, flags=REDUCE_ONLY)),
    ("post_only_is_passive", KINDS, lambda t: change_order(t, 5, 1, flags=POST_ONLY)),
    (
        "post_only_is_passive",
        KINDS,
        lambda t: change_order(t, 4, quoted=True, limit_ticks=t.header_after.marks_ticks[0]),
    ),
    ("fills_effect", KINDS, lambda t: change_order(t, 4, quoted=True, flags=0)),
    ("fills_effect", KINDS, lambda t: change_order(t, 5, tip_e6=0)),
    ("order_fee_within_maximum", CHARGED, lambda t: change_order(t, 2, max_fee_e6=t.tick.order_fee_e6 - 1)),
    ("fills_effect", CHARGED, lambda t: change_lane(t, 2, spare_rent)),
    ("fees_not_negative", REBATE, lower_taker_fee),
    ("better_order_is_full", KINDS, lambda t: change_order(t, 5, limit_ticks=t.clearing_prices_ticks[0] - 1)),
    ("limit_respected", KINDS, lambda t: change_order(t, 5, limit_ticks=t.clearing_prices_ticks[0] + 1)),
    ("other_side_is_full", KINDS, lambda t: change_rationing(t, side=0)),
    ("marginal_lots", KINDS, lambda t: change_rationing(t, marginal_lots=19_999_999)),
    ("marginal_remaining", KINDS, lambda t: change_rationing(t, marginal_remaining=40_000_002)),
    ("marginal_remaining_in_range", KINDS, ask_for_too_much),
    ("pro_rata_share", KINDS, lambda t: change_rationing(t, cutoff=0)),
    ("pro_rata_share", KINDS, lambda t: change_rationing(t, cutoff=5)),
]


def test_honest_batches_pass() -> None:
    for trace in get_traces().values():
        check_batch(trace)


@pytest.mark.parametrize(
    ("rule", "name", "forge"), FORGERIES, ids=[f"{rule}-{n}" for n, (rule, _, _) in enumerate(FORGERIES)]
)
def test_invalid_batch_by_a_cheating_sequencer(rule: str, name: str, forge: Forge) -> None:
    assert_breaks(rule, forge(get_traces()[name]))


def test_order_that_allows_exactly_what_it_pays() -> None:
    trace = get_traces()[CHARGED]
    check_batch(change_order(trace, 2, max_fee_e6=trace.tick.order_fee_e6))


@pytest.mark.parametrize("cutoff", [3, 4])
def test_any_cutoff_between_the_same_places_is_as_good(cutoff: int) -> None:
    check_batch(change_rationing(get_traces()[KINDS], cutoff=cutoff))


def test_orders_of_the_scene_are_what_the_forgeries_take_them_for() -> None:
    lanes = {lane.account_id: lane.fills for lane in get_traces()[KINDS].order_lanes}
    assert [describe(fill) for fill in lanes[5]] == [(0, 5_000_001, 10_000_001), (IOC, 400_000, 400_000)]
    assert [describe(fill) for fill in lanes[4]] == [(POST_ONLY, 14_999_999, 30_000_000), (POST_ONLY, 400_000, 700_000)]


def describe(fill: FillTrace) -> tuple[int, int, int]:
    order: Order = fill.order
    return order.flags, fill.fill_lots, order.size_lots

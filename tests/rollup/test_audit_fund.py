"""A cheating sequencer's FundLane and close where accounts are rescued: refused, and for the rule that is broken."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from rollup.audit import check_batch
from rollup.packing import pack
from rollup.public_inputs import get_bridge_words
from rollup.state import Resources
from rollup.trace import BatchTrace, FundFillTrace
from rollup.units import ATOMS_PER_E6, USD_E12
from tests.rescue_batches import AVAX, DOLLAR, FORCED, SHARED, TAKEOVER, get_rescue_traces
from tests.rollup.broken_rules import assert_breaks
from tests.scenarios import AVAX_PRICE

OWNER = 0xA0000
PRICE = AVAX_PRICE * 98 // 100  # 2 % below the mark: the worst that the fund may take, as the buyer wants more
SPENT = 90 * AVAX * PRICE  # of the budget, 1e-12 USD
REFILL = 10_000 * USD_E12 // 3_600


def change_fill(trace: BatchTrace, market: int, lots: int) -> BatchTrace:
    return replace(trace, fund_lane=replace(trace.fund_lane, fill=FundFillTrace(market, lots)))


def change_fund(trace: BatchTrace, **changes: Any) -> BatchTrace:  # noqa: ANN401 (fields of an account)
    """Return the trace with the fund after it changed."""
    after = replace(trace.fund_lane.fund_after, **changes)
    return replace(trace, fund_lane=replace(trace.fund_lane, fund_after=after))


def change_treasury(trace: BatchTrace, atoms: int) -> BatchTrace:
    after = trace.fund_lane.treasury_after
    richer = replace(after, cash_atoms=after.cash_atoms + atoms)
    return replace(trace, fund_lane=replace(trace.fund_lane, treasury_after=richer))


def change_cash(trace: BatchTrace, atoms: int) -> BatchTrace:
    return change_fund(trace, cash_atoms=trace.fund_lane.fund_after.cash_atoms + atoms)


def change_budget(trace: BatchTrace, before: int, after: int) -> BatchTrace:
    """Return the trace with the fund's budget before the batch's refill and after its fill changed."""
    trace = change_resources(trace, "header_before", fund_budget=before)
    return change_resources(trace, "header_after", fund_budget=after)


def change_resources(trace: BatchTrace, header: str, **changes: Any) -> BatchTrace:  # noqa: ANN401 (fields of the record)
    own = getattr(trace, header)
    resources: Resources = replace(own.resources, **changes)
    return replace(trace, **{header: replace(own, resources=resources)})


def change_left(trace: BatchTrace, by: int) -> BatchTrace:
    """Return the trace with more or less of the budget left."""
    return change_resources(trace, "header_after", fund_budget=trace.header_after.resources.fund_budget + by)


def fill_one_more(trace: BatchTrace) -> BatchTrace:
    """Return the trace with a fill of one lot more, paid from the budget."""
    return change_fill(change_left(trace, -PRICE), 0, 90 * AVAX + 1)


def change_band(trace: BatchTrace, fund_band_ppm: int) -> BatchTrace:
    return replace(trace, params=replace(trace.params, fund_band_ppm=fund_band_ppm))


def shift_after(trace: BatchTrace, name: str, by: int) -> BatchTrace:
    """Return the trace with the first market's record after the batch changed."""
    values = getattr(trace.header_after, name)
    changes: dict[str, Any] = {name: (values[0] + by, *values[1:])}
    return replace(trace, header_after=replace(trace.header_after, **changes))


def shift_base_fee(trace: BatchTrace, resource: int) -> BatchTrace:
    fees = list(trace.header_after.resources.base_fees)
    fees[resource] += 1
    return change_resources(trace, "header_after", base_fees=tuple(fees))


Forge = Callable[[BatchTrace], BatchTrace]
FORGERIES: list[tuple[str, str, Forge]] = [
    ("fund_fill_shrinks", TAKEOVER, lambda t: change_fill(t, 0, 0)),
    ("fund_fill_shrinks", TAKEOVER, lambda t: change_fill(t, 0, 400 * AVAX + 1)),
    ("fund_fill_shrinks", TAKEOVER, lambda t: change_fill(t, 2, 1)),
    ("positions_of_fund", TAKEOVER, fill_one_more),
    ("fund_price_in_band", TAKEOVER, lambda t: change_band(t, 19_999)),
    ("fund_budget_covers_the_fill", TAKEOVER, lambda t: change_budget(t, SPENT - REFILL - 1, 0)),
    ("fund_budget", TAKEOVER, lambda t: change_left(t, 1)),
    ("fund_budget", SHARED, lambda t: change_left(t, -1)),
    ("positions_of_fund", TAKEOVER, lambda t: change_fund(t, sizes_lots=t.fund_lane.fund_before.sizes_lots)),
    ("fund_budget", TAKEOVER, lambda t: replace(t, fund_lane=replace(t.fund_lane, fill=None))),
    ("dues_to_fund", TAKEOVER, lambda t: change_cash(t, 1)),
    ("dues_to_fund", TAKEOVER, lambda t: change_cash(t, -t.tick.rent_rate)),
    ("dues_to_fund", TAKEOVER, lambda t: change_fund(t, epoch=1)),
    ("dues_to_fund", SHARED, lambda t: change_cash(t, -4 * t.tick.rent_rate)),
    ("fees_to_treasury", TAKEOVER, lambda t: change_treasury(t, -7 * ATOMS_PER_E6)),
    ("open_interest", TAKEOVER, lambda t: shift_after(t, "open_interest_lots", 90 * AVAX)),
    ("open_interest", SHARED, lambda t: shift_after(t, "open_interest_lots", 1)),
    ("premium", TAKEOVER, lambda t: shift_after(t, "premiums", 1)),
    *(
        ("base_fee", name, lambda t, r=resource: shift_base_fee(t, r))
        for name in (TAKEOVER, FORCED)
        for resource in (0, 2)
    ),
]


@pytest.mark.parametrize(
    ("rule", "name", "forge"), FORGERIES, ids=[f"{rule}-{n}" for n, (rule, _, _) in enumerate(FORGERIES)]
)
def test_invalid_batch_by_a_cheating_sequencer(rule: str, name: str, forge: Forge) -> None:
    assert_breaks(rule, forge(get_rescue_traces()[name]))


def test_fund_spends_exactly_its_budget() -> None:
    trace = get_rescue_traces()[TAKEOVER]
    assert trace.header_after.resources.fund_budget == 9_000 * USD_E12 + REFILL - SPENT
    check_batch(change_budget(trace, SPENT - REFILL, 0))


def test_fund_holds_what_it_took_over_less_what_it_sold() -> None:
    lane = get_rescue_traces()[TAKEOVER].fund_lane
    assert lane.fund_after.sizes_lots[:3] == (310 * AVAX, -AVAX, 0)
    # the fund's 900 USD, 60 of the account, less 90 AVAX sold for 0.50 less; the order's fee and rents of two accounts
    trace = get_rescue_traces()[TAKEOVER]
    marks = (AVAX_PRICE, 4_000_000_000)
    worth = sum(size * mark for size, mark in zip(lane.fund_after.sizes_lots, marks, strict=False)) * 10**6
    dues = trace.tick.order_fee_e6 * ATOMS_PER_E6 + 2 * trace.tick.rent_rate
    assert lane.fund_after.cash_atoms + worth == 960 * DOLLAR - 45 * DOLLAR + dues


def test_forced_trades_cross_the_bridge_a_leg_a_lane() -> None:
    words = get_bridge_words(get_rescue_traces()[FORCED])[2 * 4 :]
    lots, price = 9 * AVAX, AVAX_PRICE * 9 // 10
    assert words[:4] == (pack((7, 4), (2, 21), (lots, 48), (0, 4), (1, 1), (1, 1)), OWNER + 2, price, 0)
    assert words[4:8] == (pack((8, 4), (3, 21), (lots, 48), (0, 4), (0, 1), (1, 1)), OWNER + 3, price, 0)
    lots, price = 20 * AVAX, AVAX_PRICE // 9
    assert words[8:12] == (pack((7, 4), (4, 21), (lots, 48), (0, 4), (0, 1), (0, 1)), OWNER + 4, price, 0)
    assert words[12:16] == (pack((8, 4), (3, 21), (lots, 48), (0, 4), (1, 1), (0, 1)), OWNER + 3, price, 0)
    assert not any(words[16:])


def test_rescues_do_not_cross_the_bridge() -> None:
    for name in (TAKEOVER, SHARED):
        assert not any(get_bridge_words(get_rescue_traces()[name]))

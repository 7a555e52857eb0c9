"""A cheating sequencer's RescueLanes: each trace is refused, and for the rule it breaks."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import pytest

from rollup.accounts import NO_POSITIONS
from rollup.audit import check_batch
from rollup.deleverage import Deleveraging, apply_counterparty
from rollup.margin import compute_equity
from rollup.rent import charge_rent
from rollup.rescue import Carry, Counterparty, ForcedTradeLeg, Takeover, Victim
from rollup.trace import BatchTrace, RescueLaneTrace
from tests.rescue_batches import AVAX, DOLLAR, ETH, FORCED, SHARED, SURPLUS, TAKEOVER, get_rescue_traces
from tests.rollup.broken_rules import assert_breaks

THREE_AVAX, FOUR_AVAX, FOUR_ETH, FIVE_ETH, UNUSED = 1, 2, 3, 4, 5  # lanes of the shared deficit
TAKINGS = ((3, 0, 300 * AVAX), (4, 0, 100 * AVAX), (4, 1, 2 * ETH), (5, 1, ETH))
FIRST, SECOND, DROPPED = range(3)  # lanes of the forced trades


def change(trace: BatchTrace, position: int, **changes: Any) -> BatchTrace:  # noqa: ANN401 (fields of a lane)
    """Return the trace with a RescueLane changed."""
    lanes = list(trace.rescue_lanes)
    lanes[position] = replace(lanes[position], **changes)
    return replace(trace, rescue_lanes=tuple(lanes))


def end(trace: BatchTrace, n_lanes: int) -> BatchTrace:
    return replace(trace, rescue_lanes=trace.rescue_lanes[:n_lanes])


def change_after(trace: BatchTrace, position: int, **changes: Any) -> BatchTrace:  # noqa: ANN401 (fields of an account)
    return change(trace, position, after=replace(trace.rescue_lanes[position].after, **changes))


def give(trace: BatchTrace, position: int, atoms: int) -> BatchTrace:
    """Return the trace as if a lane's account had so much more before."""
    before = trace.rescue_lanes[position].before
    return change(trace, position, before=replace(before, cash_atoms=before.cash_atoms + atoms))


def keep(trace: BatchTrace, position: int, atoms: int) -> BatchTrace:
    """Return the trace with so much more left to a lane's account."""
    return change_after(trace, position, cash_atoms=trace.rescue_lanes[position].after.cash_atoms + atoms)


def change_carry(trace: BatchTrace, position: int, end: str, **changes: Any) -> BatchTrace:  # noqa: ANN401 (fields)
    carry: Carry = getattr(trace.rescue_lanes[position], end)
    return change(trace, position, **{end: replace(carry, **changes)})


def endow_fund(trace: BatchTrace, atoms: int) -> BatchTrace:
    """Return the trace as if the fund had so much more, all along the lanes."""
    fund = trace.fund_lane.fund_before
    richer = replace(trace.fund_lane, fund_before=replace(fund, cash_atoms=fund.cash_atoms + atoms))
    trace = replace(trace, fund_lane=richer)
    for position, lane in enumerate(trace.rescue_lanes):
        for end in ("carry_in", "carry_out"):
            equity_atoms = getattr(lane, end).fund_equity_atoms + atoms
            trace = change_carry(trace, position, end, fund_equity_atoms=equity_atoms)
    return trace


def change_rest(trace: BatchTrace, position: int, **changes: Any) -> BatchTrace:  # noqa: ANN401 (fields of a rest)
    rest = trace.rescue_lanes[position].carry_out.deleveraging
    return change_carry(trace, position, "carry_out", deleveraging=replace(rest, **changes))


def share_out(trace: BatchTrace, takings: Sequence[tuple[int, int, int]]) -> BatchTrace:
    """Return the trace with its victim's positions taken in these lanes, (account, market, lots), allowed or not."""
    marks, index = trace.header_after.marks_ticks, trace.header_after.funding_index
    first: dict[int, RescueLaneTrace] = {}
    for lane in trace.rescue_lanes:
        first.setdefault(lane.account_id, lane)
    accounts = {account_id: lane.before for account_id, lane in first.items()}
    victim, carry = trace.rescue_lanes[0], trace.rescue_lanes[0].carry_out
    lanes = [victim]
    for account_id, market, lots in takings:
        before, rest = accounts[account_id], carry.deleveraging
        opened, _ = charge_rent(before, trace.tick)
        equity = compute_equity(opened.cash_atoms, opened.sizes_lots, marks, index)
        delta, share = lots if rest.left_lots[market] > 0 else -lots, rest.compute_share(lots, marks[market])
        after = apply_counterparty(opened, market, delta, marks[market], index[market], share)
        left = rest.take(market, lots, marks[market], abs(opened.sizes_lots[market]) * marks[market], equity)
        handed, path = replace(carry, deleveraging=left), first[account_id].account_path
        lanes.append(RescueLaneTrace(account_id, before, after, path, Counterparty(market, lots), carry, handed))
        accounts[account_id], carry = after, handed
    unused = [replace(lane, carry_in=carry, carry_out=carry) for lane in trace.rescue_lanes if lane.op is None]
    return replace(trace, rescue_lanes=(*lanes, *unused))


def change_leg(trace: BatchTrace, position: int, **changes: Any) -> BatchTrace:  # noqa: ANN401 (fields of a leg)
    op = trace.rescue_lanes[position].op
    assert isinstance(op, ForcedTradeLeg)
    return change(trace, position, op=replace(op, leg=replace(op.leg, **changes)))


def claim(trace: BatchTrace, first: int, *, is_applied: bool, is_valid: bool, owner: int | None = None) -> BatchTrace:
    """Return the trace with a forced trade applied or not, its first leg said to be valid or not.

    The lanes do what they say. `owner` is another owner that the entry names for the first leg.
    """
    for position in (first, first + 1):
        lane = trace.rescue_lanes[position]
        assert isinstance(lane.op, ForcedTradeLeg)
        own = lane.op.leg
        if position == first and owner is not None:
            own = replace(own, owner=owner)
        opened, _ = charge_rent(lane.before, trace.tick)
        after = own.apply(opened, trace.header_after.funding_index[own.market]) if is_applied else lane.before
        trace = change(trace, position, op=ForcedTradeLeg(own, is_applied), after=after)
        if position == first:
            handed = lane.carry_out.first_leg
            assert handed is not None
            handed = replace(handed, leg=own, is_valid=is_valid, is_applied=is_applied)
            trace = change_carry(trace, position, "carry_out", first_leg=handed)
            trace = change_carry(trace, position + 1, "carry_in", first_leg=handed)
    return trace


def silence(trace: BatchTrace) -> BatchTrace:
    """Return the trace as if no fresh price had come in."""
    times = trace.header_before.signer_times_s
    return replace(trace, oracle=(None,) * 3, header_after=replace(trace.header_after, signer_times_s=times))


def consume(trace: BatchTrace, n_more: int) -> BatchTrace:
    consumed = trace.header_after.queue_consumed + n_more
    return replace(trace, header_after=replace(trace.header_after, queue_consumed=consumed))


Forge = Callable[[BatchTrace], BatchTrace]
FORGERIES: list[tuple[str, str, Forge]] = [
    ("rescue_is_due", TAKEOVER, lambda t: give(t, 0, 130 * DOLLAR)),  # equity is half of the maintenance of 380 USD
    ("dues_to_fund", TAKEOVER, lambda t: endow_fund(t, -960 * DOLLAR)),  # it may be left with nothing
    ("fund_bears_the_takeover", TAKEOVER, lambda t: endow_fund(t, -961 * DOLLAR)),
    ("fund_cannot_bear_the_victim", TAKEOVER, lambda t: change(t, 0, op=Victim())),
    ("counterparty_is_opposite", TAKEOVER, lambda t: change(t, 0, op=Counterparty(0, AVAX))),
    ("rescue_of_a_user", TAKEOVER, lambda t: change(t, 0, account_id=1)),
    ("rescue_effect", TAKEOVER, lambda t: keep(t, 0, 1)),
    ("rescue_effect", TAKEOVER, lambda t: change_after(t, 0, sizes_lots=(1, *NO_POSITIONS[1:]))),
    ("rescue_effect", TAKEOVER, lambda t: change_after(t, 0, epoch=2)),
    ("rescue_effect", TAKEOVER, lambda t: change_after(t, 0, last_touched_s=0)),
    ("rescue_effect", TAKEOVER, lambda t: change(t, 0, op=None)),
    ("rescue_effect", TAKEOVER, lambda t: keep(t, 1, -1)),
    ("carry_is_handed_on", TAKEOVER, lambda t: change_carry(t, 0, "carry_in", fund_equity_atoms=10**21)),
    ("carry_is_handed_on", TAKEOVER, lambda t: change_carry(t, 1, "carry_in", fund_equity_atoms=10**21)),
    ("rescue_carry", TAKEOVER, lambda t: change_carry(t, 0, "carry_out", fund_equity_atoms=10**21)),
    ("rescue_carry", TAKEOVER, lambda t: change_carry(t, 5, "carry_out", fund_equity_atoms=10**21)),
    ("account_path", TAKEOVER, lambda t: change(t, 0, account_path=t.rescue_lanes[1].account_path[::-1])),
    ("fund_bears_the_takeover", SHARED, lambda t: change(t, 0, op=Takeover())),
    ("fund_cannot_bear_the_victim", SHARED, lambda t: endow_fund(t, 51 * DOLLAR)),
    ("victim_has_positions", SHARED, lambda t: give_nothing_but_debt(t)),
    ("rescue_carry", SHARED, lambda t: change_rest(t, 0, deficit_atoms=100 * DOLLAR)),
    ("rescue_carry", SHARED, lambda t: change_rest(t, 0, notional=1)),
    ("rescue_carry", SHARED, lambda t: change_rest(t, THREE_AVAX, last_equity_atoms=1)),
    ("rescue_of_a_user", SHARED, lambda t: change(t, THREE_AVAX, account_id=0)),
    ("counterparty_lots", SHARED, lambda t: change(t, THREE_AVAX, op=Counterparty(0, 0))),
    ("counterparty_lots", SHARED, lambda t: change(t, THREE_AVAX, op=Counterparty(0, 300 * AVAX + 1))),
    ("counterparty_lots", SHARED, lambda t: change(t, FOUR_AVAX, op=Counterparty(0, 100 * AVAX + 1))),
    ("counterparty_is_opposite", SHARED, lambda t: change(t, THREE_AVAX, op=Counterparty(1, ETH))),
    ("counterparty_is_opposite", SHARED, lambda t: change(t, FIVE_ETH, op=Counterparty(0, AVAX))),
    ("counterparty_has_equity", SHARED, lambda t: give(t, THREE_AVAX, -700 * DOLLAR)),
    ("counterparty_bears_its_share", SHARED, lambda t: give(t, THREE_AVAX, -699 * DOLLAR)),
    ("leverage_falls", SHARED, lambda t: give(t, FOUR_AVAX, -201 * DOLLAR)),
    ("rescue_effect", SHARED, lambda t: give(t, FOUR_AVAX, -190 * DOLLAR)),  # less leveraged than 3 all the same
    ("leverage_falls", SHARED, lambda t: share_out(t, (TAKINGS[1], TAKINGS[0], *TAKINGS[2:]))),
    ("markets_rise", SHARED, lambda t: share_out(t, (TAKINGS[2], TAKINGS[0], TAKINGS[1], TAKINGS[3]))),
    ("counterparty_comes_next", SHARED, lambda t: share_out(t, TAKINGS[:3])),
    ("counterparty_comes_next", SHARED, lambda t: change(t, FOUR_AVAX, op=None)),
    ("counterparty_comes_next", SHARED, lambda t: change(t, FOUR_AVAX, op=Victim())),
    ("counterparty_comes_next", SHARED, lambda t: change(t, FOUR_AVAX, op=get_leg_op())),
    ("nothing_is_carried_out", SHARED, lambda t: end(t, FIVE_ETH)),
    ("rescue_effect", SHARED, lambda t: keep(t, FOUR_ETH, 1)),
    ("rescue_effect", SHARED, lambda t: keep(t, FOUR_ETH, -1)),
    ("stale_rescues_nobody", SHARED, silence),
    ("rescue_carry", SURPLUS, lambda t: change_rest(t, 0, deficit_atoms=1)),
    ("dues_to_fund", SURPLUS, lambda t: pay_fund(t, -20 * DOLLAR)),
    ("operation_names_account", FORCED, lambda t: change(t, FIRST, account_id=4)),
    ("second_leg_comes_next", FORCED, lambda t: change(t, SECOND, op=None)),
    ("second_leg_comes_next", FORCED, lambda t: change(t, SECOND, op=Takeover())),
    ("second_leg_comes_next", FORCED, lambda t: change_leg(t, SECOND, is_second=False)),
    ("second_leg_comes_next", FORCED, lambda t: change_leg(t, FIRST, is_second=True)),
    ("legs_are_of_one_entry", FORCED, lambda t: change_leg(t, SECOND, lots=9 * AVAX - 1)),
    ("legs_are_of_one_entry", FORCED, lambda t: change_leg(t, SECOND, price_ticks=1)),
    ("legs_are_of_one_entry", FORCED, lambda t: change_leg(t, SECOND, side=1)),
    ("legs_are_of_one_entry", FORCED, lambda t: change_leg(t, SECOND, market=1)),
    ("forced_trade_outcome", FORCED, lambda t: claim(t, FIRST, is_applied=False, is_valid=True)),
    ("forced_trade_outcome", FORCED, lambda t: claim(t, DROPPED, is_applied=True, is_valid=True)),
    ("forced_trade_outcome", FORCED, lambda t: claim(t, FIRST, is_applied=True, is_valid=False, owner=9)),
    ("rescue_carry", FORCED, lambda t: claim(t, FIRST, is_applied=True, is_valid=True, owner=9)),
    ("rescue_carry", FORCED, lambda t: claim(t, FIRST, is_applied=False, is_valid=False)),
    ("forced_trade_outcome", FORCED, lambda t: change_leg(t, SECOND, owner=9)),
    ("rescue_effect", FORCED, lambda t: keep(t, FIRST, 1)),
    ("rescue_effect", FORCED, lambda t: keep(t, DROPPED, -1)),
    ("rescue_effect", FORCED, lambda t: change_after(t, DROPPED, last_touched_s=t.header_after.timestamp_s)),
    ("nothing_is_carried_out", FORCED, lambda t: end(t, SECOND)),
    ("queue_consumed", FORCED, lambda t: consume(t, -1)),
    ("queue_consumed", FORCED, lambda t: consume(t, 2)),
]


def give_nothing_but_debt(trace: BatchTrace) -> BatchTrace:
    before = trace.rescue_lanes[0].before
    return change(trace, 0, before=replace(before, sizes_lots=NO_POSITIONS, cash_atoms=-100 * DOLLAR))


def get_leg_op() -> ForcedTradeLeg:
    op = get_rescue_traces()[FORCED].rescue_lanes[FIRST].op
    assert isinstance(op, ForcedTradeLeg)
    return op


def pay_fund(trace: BatchTrace, atoms: int) -> BatchTrace:
    """Return the trace with so much more in the fund after it."""
    after = trace.fund_lane.fund_after
    richer = replace(after, cash_atoms=after.cash_atoms + atoms)
    return replace(trace, fund_lane=replace(trace.fund_lane, fund_after=richer))


@pytest.mark.parametrize("name", [TAKEOVER, SHARED, SURPLUS, FORCED])
def test_honest_batch_passes(name: str) -> None:
    check_batch(get_rescue_traces()[name])


@pytest.mark.parametrize(
    ("rule", "name", "forge"), FORGERIES, ids=[f"{rule}-{n}" for n, (rule, _, _) in enumerate(FORGERIES)]
)
def test_invalid_batch_by_a_cheating_sequencer(rule: str, name: str, forge: Forge) -> None:
    assert_breaks(rule, forge(get_rescue_traces()[name]))


def test_sharing_out_as_it_was_changes_nothing() -> None:
    trace = get_rescue_traces()[SHARED]
    assert [lane.after for lane in share_out(trace, TAKINGS).rescue_lanes] == [
        lane.after for lane in trace.rescue_lanes
    ]
    rest = trace.rescue_lanes[FIVE_ETH].carry_out.deleveraging
    assert isinstance(rest, Deleveraging)
    assert (rest.left_lots, rest.deficit_atoms, rest.notional) == (NO_POSITIONS, 0, 0)


def test_claiming_what_is_so_changes_nothing() -> None:
    trace = get_rescue_traces()[FORCED]
    assert claim(trace, FIRST, is_applied=True, is_valid=True) == trace
    assert claim(trace, DROPPED, is_applied=False, is_valid=True) == trace

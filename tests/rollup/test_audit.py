"""A cheating sequencer's traces: each is refused, and for the rule it breaks."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import cache
from typing import Any

import pytest

from rollup.accounts import new_account_tree
from rollup.audit import check_batch
from rollup.audit_rules import BatchRuleBroken
from rollup.settle import apply_order_fill
from rollup.signature import sign
from rollup.trace import BatchTrace, TradeLaneTrace
from rollup.txs import Deposit
from tests.rollup.broken_rules import assert_breaks
from tests.scenarios import PARAMS, Exchange, run_day, sign_prices

DAY = ("deposits and fills", "two fills in a lane", "liquidation", "withdraw and cancel")


@cache
def get_traces() -> dict[str, BatchTrace]:
    return run_day()


def change_lane(trace: BatchTrace, account: int, **changes: Any) -> BatchTrace:  # noqa: ANN401 (fields of a lane)
    """Return the trace with the trade lane of one account changed."""
    lanes = [replace(lane, **changes) if lane.account_id == account else lane for lane in trace.trade_lanes]
    assert lanes != list(trace.trade_lanes)
    return replace(trace, trade_lanes=tuple(lanes))


def get_lane(trace: BatchTrace, account: int) -> TradeLaneTrace:
    return next(lane for lane in trace.trade_lanes if lane.account_id == account)


def change_fill(trace: BatchTrace, account: int, **changes: Any) -> BatchTrace:  # noqa: ANN401 (fields of a fill)
    """Return the trace with an account's first fill changed."""
    first, *others = get_lane(trace, account).fills
    return change_lane(trace, account, fills=(replace(first, **changes), *others))


def change_order(
    trace: BatchTrace,
    signer: int,
    *,
    resigned: bool = True,
    **changes: Any,  # noqa: ANN401 (fields of an order)
) -> BatchTrace:
    """Return the trace with a signer's first order changed, signed anew by the same key unless said otherwise."""
    first = get_lane(trace, signer).fills[0]
    order = replace(first.order, **changes)
    signature = sign(Exchange.key_of(signer), order.message(PARAMS.domain)) if resigned else first.signature
    return change_fill(trace, signer, order=order, signature=signature)


def change_liquidation(trace: BatchTrace, **changes: int) -> BatchTrace:
    """Return the trace with its liquidation changed."""
    liquidation = get_lane(trace, 2).liquidation
    assert liquidation is not None
    return change_lane(trace, 2, liquidation=replace(liquidation, **changes))


def change_cash(trace: BatchTrace, position: int, **changes: Any) -> BatchTrace:  # noqa: ANN401 (fields of a lane)
    lanes = list(trace.cash_lanes)
    lanes[position] = replace(lanes[position], **changes)
    return replace(trace, cash_lanes=tuple(lanes))


def change_after(trace: BatchTrace, **changes: Any) -> BatchTrace:  # noqa: ANN401 (fields of a header)
    return replace(trace, header_after=replace(trace.header_after, **changes))


def add_cash(trace: BatchTrace, account: int, atoms: int) -> BatchTrace:
    after = get_lane(trace, account).after
    return change_lane(trace, account, after=replace(after, cash_atoms=after.cash_atoms + atoms))


def pay_penalty_elsewhere(trace: BatchTrace) -> BatchTrace:
    lane = trace.fund_lane
    stolen = lane.fund_after.cash_atoms - lane.fund_before.cash_atoms
    assert stolen > 0
    richer = replace(lane.treasury_after, cash_atoms=lane.treasury_after.cash_atoms + stolen)
    return replace(trace, fund_lane=replace(lane, fund_after=lane.fund_before, treasury_after=richer))


@pytest.mark.parametrize("name", DAY)
def test_honest_batch_passes(name: str) -> None:
    check_batch(get_traces()[name])


def change_price(trace: BatchTrace, percent: int) -> BatchTrace:
    """Return the trace with the first market's clearing price moved."""
    first, *others = trace.clearing_prices_ticks
    return replace(trace, clearing_prices_ticks=(first * percent // 100, *others))


def change_mark(trace: BatchTrace, percent: int) -> BatchTrace:
    """Return the trace with the first market's mark moved, as the oracle would have signed it."""
    first, *others = trace.header_after.marks_ticks
    marks = (first * percent // 100, *others)
    oracle = sign_prices(trace.params, marks, trace.header_after.timestamp_s)
    return replace(change_after(trace, marks_ticks=marks), oracle=oracle)


def change_treasury(trace: BatchTrace, **changes: int) -> BatchTrace:
    """Return the trace with the treasury's account changed before and after alike."""
    lane = trace.fund_lane
    ends = {"treasury_before": lane.treasury_before, "treasury_after": lane.treasury_after}
    return replace(trace, fund_lane=replace(lane, **{end: replace(a, **changes) for end, a in ends.items()}))


def keep_fees(trace: BatchTrace) -> BatchTrace:
    lane = trace.fund_lane
    return replace(trace, fund_lane=replace(lane, treasury_after=lane.treasury_before))


def change_deposit(trace: BatchTrace, position: int, **changes: int) -> BatchTrace:
    op = trace.cash_lanes[position].op
    assert isinstance(op, Deposit)
    return change_cash(trace, position, op=replace(op, **changes))


def grow_liquidation(trace: BatchTrace, lots: int, penalty_atoms: int = 0) -> BatchTrace:
    liquidation = get_lane(trace, 2).liquidation
    assert liquidation is not None
    return change_liquidation(
        trace, fill_lots=liquidation.fill_lots + lots, penalty_atoms=liquidation.penalty_atoms + penalty_atoms
    )


def rebuild(trace: BatchTrace) -> BatchTrace:
    """Return the first batch with accounts, paths and roots recomputed from its fills, as an accomplice would."""
    tree, timestamp_s, fees_atoms, lanes = new_account_tree(), trace.header_after.timestamp_s, 0, []
    for cash_lane in trace.cash_lanes:
        tree = tree.set(cash_lane.account_id, cash_lane.after.leaf_hash())
    for lane in trace.order_lanes:
        account, path = lane.before, tree.path(lane.account_id)
        for fill in lane.fills:
            price_ticks = trace.clearing_prices_ticks[fill.order.market]
            account = replace(account, last_touched_s=timestamp_s)
            account, dues = apply_order_fill(account, fill.order, fill.fill_lots, price_ticks, trace.tick, trace.params)
            fees_atoms += dues.atoms  # the order fee is 0 in this batch
        tree = tree.set(lane.account_id, account.leaf_hash())
        lanes.append(replace(lane, after=account, account_path=path))
    treasury = replace(trace.fund_lane.treasury_before, cash_atoms=fees_atoms)
    fund_lane = replace(trace.fund_lane, treasury_after=treasury, account_path=tree.path(0))
    root = tree.set(1, treasury.leaf_hash()).root
    split = len(trace.trade_lanes)
    rebuilt = replace(trace, trade_lanes=tuple(lanes[:split]), quote_lanes=tuple(lanes[split:]), fund_lane=fund_lane)
    return change_after(rebuilt, accounts_root=root)


def sell_one_lot_less(trace: BatchTrace) -> BatchTrace:
    lots = get_lane(trace, 3).fills[0].fill_lots - 1
    return rebuild(change_fill(change_order(trace, 3, size_lots=lots), 3, fill_lots=lots))


def fill_twice(trace: BatchTrace) -> BatchTrace:
    first = get_lane(trace, 3).fills[0]
    return change_lane(trace, 3, fills=(first, replace(first, place=1)))


FILLS, TWO_FILLS, LIQUIDATION, CASH = DAY
FORGERIES: dict[str, list[tuple[str, Callable[[BatchTrace], BatchTrace]]]] = {
    FILLS: [
        ("signature_invalid", lambda t: change_order(t, 2, resigned=False, tip_e6=8)),
        ("signature_invalid", lambda t: change_fill(t, 2, signature=get_lane(t, 3).fills[0].signature)),
        ("epoch_mismatch", lambda t: change_order(t, 2, epoch=2)),
        ("order_expired", lambda t: change_order(t, 2, expiry_s=t.header_after.timestamp_s - 1)),
        ("slot_nonce_invalid", lambda t: change_order(t, 2, nonce=256)),
        ("value_out_of_range", lambda t: change_order(t, 2, flags=8)),
        ("fill_size", lambda t: change_fill(t, 2, fill_lots=10**9 + 1)),
        ("fill_size", lambda t: change_fill(t, 2, fill_lots=0)),
        ("fill_size", lambda t: change_fill(t, 2, fill_lots=2**48)),
        ("limit_respected", lambda t: change_order(t, 2, limit_ticks=t.clearing_prices_ticks[0] - 1)),
        ("limit_respected", lambda t: change_order(t, 3, limit_ticks=t.clearing_prices_ticks[0] + 1)),
        ("better_order_is_full", lambda t: change_order(t, 2, size_lots=10**9 + 1)),
        ("order_names_account", lambda t: change_order(t, 2, account=3)),
        ("slot_before", lambda t: change_fill(t, 2, slot_before=1)),
        ("slot_path", lambda t: change_fill(t, 2, slot_path=get_lane(t, 2).fills[0].slot_path[::-1])),
        ("fills_effect", lambda t: add_cash(t, 2, 1)),
        ("margin_at_close", lambda t: change_mark(t, 96)),
        ("clearing_price_in_band", lambda t: change_price(t, 106)),
        ("clearing_price_in_band", lambda t: change_price(t, 94)),
        ("lane_capacity", lambda t: change_lane(t, 2, capacity=0)),
        ("buys_equal_sells", sell_one_lot_less),
        ("fees_to_treasury", keep_fees),
        ("treasury_path", lambda t: change_treasury(t, tier=1)),
        ("account_path", lambda t: change_lane(t, 2, account_path=t.cash_lanes[0].account_path)),
        ("account_path", lambda t: replace(t, header_before=replace(t.header_before, accounts_root=1))),
        ("accounts_root", lambda t: change_after(t, accounts_root=1)),
        ("vault", lambda t: change_after(t, vault_e6=t.header_after.vault_e6 + 1)),
        ("queue_consumed", lambda t: change_after(t, queue_consumed=1)),
        ("timestamp_rises", lambda t: change_after(t, timestamp_s=t.header_before.timestamp_s)),
        ("batch_number", lambda t: change_after(t, batch_number=2)),
        ("value_out_of_range", lambda t: change_after(t, marks_ticks=(0,) * 16)),
        ("operation_effect", lambda t: change_deposit(t, 0, amount_e6=1)),
        ("operation_names_account", lambda t: change_cash(t, 0, op=t.cash_lanes[1].op)),
        ("unused_lane_changes_nothing", lambda t: change_cash(t, 0, op=None)),
        ("unused_lane_changes_nothing", lambda t: change_lane(t, 2, fills=())),
    ],
    TWO_FILLS: [
        ("operation_outcome", lambda t: change_deposit(t, 1, owner=1)),
        ("slot_before", fill_twice),
    ],
    LIQUIDATION: [
        ("liquidation_size", lambda t: grow_liquidation(change_price(t, 102), 3 * 10**8)),
        ("liquidation_penalty", lambda t: grow_liquidation(t, 0, penalty_atoms=1)),
        ("liquidation_penalty", lambda t: grow_liquidation(t, 0, penalty_atoms=-1)),
        ("liquidation_closes", lambda t: change_liquidation(t, fill_lots=10**10)),
        ("liquidation_closes", lambda t: change_liquidation(t, fill_lots=0)),
        ("liquidation_market", lambda t: change_liquidation(t, market=1)),
        ("liquidation_alone", lambda t: change_lane(t, 2, fills=get_lane(t, 4).fills)),
        ("liquidation_of_a_user", lambda t: change_lane(t, 2, account_id=1)),
        ("liquidation_below_maintenance", lambda t: change_lane(t, 2, before=t.fund_lane.fund_before)),
        ("liquidation_health", lambda t: change_price(t, 98)),
        ("fills_effect", lambda t: add_cash(t, 2, 1)),
        ("dues_to_fund", pay_penalty_elsewhere),
    ],
    CASH: [
        ("signature_invalid", lambda t: change_cash(t, 0, signature=None)),
        ("signature_invalid", lambda t: change_cash(t, 0, signature=t.cash_lanes[1].signature)),
        ("cash_nonce_mismatch", lambda t: change_cash(t, 0, before=t.cash_lanes[0].after)),
        ("below_initial", lambda t: change_cash(t, 0, before=replace(t.cash_lanes[0].before, cash_atoms=-(10**25)))),
        ("slot_before", lambda t: change_cash(t, 1, slot_before=t.cash_lanes[1].slot_before + 1)),
    ],
}
CASES = [(name, rule, forge) for name, forgeries in FORGERIES.items() for rule, forge in forgeries]


@pytest.mark.parametrize(
    ("name", "rule", "forge"), CASES, ids=[f"{rule}-{position}" for position, (_, rule, _) in enumerate(CASES)]
)
def test_invalid_batch_by_a_cheating_sequencer(name: str, rule: str, forge: Callable[[BatchTrace], BatchTrace]) -> None:
    assert_breaks(rule, forge(get_traces()[name]))


def test_refusal_says_where_what_and_what_it_should_be() -> None:
    forged = change_after(get_traces()[FILLS], queue_consumed=1)
    with pytest.raises(BatchRuleBroken) as raised:
        check_batch(forged)
    assert str(raised.value) == "header_after: queue_consumed: got 1, expected 2"  # two deposits


def test_rebuilding_an_honest_batch_changes_nothing() -> None:
    trace = get_traces()[FILLS]
    assert rebuild(trace) == trace

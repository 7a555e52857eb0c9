"""Checking a whole batch from its trace alone, as the circuit does: state roots, lanes, totals. Slow and plain.

Nothing is taken from the code that built the batch but the effects of single operations.
"""

from __future__ import annotations

from rollup import tags
from rollup.accounts import Account
from rollup.audit_auction import audit_auction
from rollup.audit_cash import audit_cash_lanes
from rollup.audit_close import audit_close
from rollup.audit_fund import audit_fund_lane
from rollup.audit_lanes import LaneDues, audit_order_lane
from rollup.audit_orders import PlacedFill
from rollup.audit_rescue import RescueTotals, audit_rescue_lanes
from rollup.audit_rules import BatchRuleBroken, require
from rollup.audit_tick import audit_tick
from rollup.errors import TxRejected
from rollup.trace import BatchTrace, FundLaneTrace, Path
from rollup.trees import compute_root_from_path
from rollup.txs import Flows
from rollup.units import FUND_ACCOUNT, MARKET_COUNT, PPM, PRICE_BITS

__all__ = ["check_batch"]


def check_batch(trace: BatchTrace) -> None:
    """Raise BatchRuleBroken unless the batch leads from its old state root to its new one by the rules."""
    _audit_ranges(trace)
    audit_tick(trace)
    _audit_prices(trace)
    root = trace.header_before.accounts_root
    flows = audit_cash_lanes(trace)
    for position, lane in enumerate(trace.cash_lanes):
        where = f"cash_lanes[{position}]"
        root = _move_root(root, lane.account_id, lane.before, lane.after, lane.account_path, where)
    rescued = audit_rescue_lanes(trace)
    for position, rescue in enumerate(trace.rescue_lanes):
        where = f"rescue_lanes[{position}]"
        root = _move_root(root, rescue.account_id, rescue.before, rescue.after, rescue.account_path, where)
    dues, root = _audit_order_lanes(trace, root)
    dues = dues.plus(LaneDues(base_fees_e6=flows.base_fees_e6, rent_atoms=flows.rent_atoms + rescued.rent_atoms))
    audit_fund_lane(trace, dues, rescued)
    root = _move_fund_root(trace.fund_lane, root)
    require(root == trace.header_after.accounts_root, "header_after", "accounts_root", hex(root), "the lanes' result")
    _audit_totals(trace, flows, rescued)
    audit_close(trace)


def _audit_order_lanes(trace: BatchTrace, root: int) -> tuple[LaneDues, int]:
    """Return what the lanes with order places pay together, and the root after them."""
    placed: list[PlacedFill] = []
    dues, start = LaneDues(), 0
    for position, lane in enumerate(trace.order_lanes):
        index, is_quote_lane = position - len(trace.trade_lanes), position >= len(trace.trade_lanes)
        where = f"quote_lanes[{index}]" if is_quote_lane else f"trade_lanes[{position}]"
        paid, fills = audit_order_lane(trace, lane, start, where, is_quote_lane=is_quote_lane)
        placed += fills
        dues, start = dues.plus(paid), start + lane.capacity
        root = _move_root(root, lane.account_id, lane.before, lane.after, lane.account_path, where)
    audit_auction(trace, placed)
    require(dues.fees_atoms >= 0, "batch", "fees_not_negative", dues.fees_atoms, "0 or more")
    return dues, root


def _audit_ranges(trace: BatchTrace) -> None:
    before, after = trace.header_before, trace.header_after
    try:
        before.check()
        after.check()
        for message in filter(None, trace.oracle):
            message.check()
    except TxRejected as error:
        raise BatchRuleBroken("headers", error.code, str(error), "values in range") from error


def _audit_prices(trace: BatchTrace) -> None:
    prices, marks = trace.clearing_prices_ticks, trace.header_after.marks_ticks
    for market, (price, mark) in enumerate(zip(prices, marks, strict=True)):
        is_inside = abs(price - mark) * PPM <= trace.params.markets[market].band_ppm * mark
        is_price = 0 < price < 2**PRICE_BITS
        require(is_inside and is_price, f"market {market}", "clearing_price_in_band", price, f"near {mark}")


def _move_root(root: int, account_id: int, before: Account, after: Account, path: Path, where: str) -> int:
    opened = compute_root_from_path(before.leaf_hash(), account_id, path, tags.ACCOUNT_NODE)
    require(opened == root, where, "account_path", hex(opened), hex(root))
    return compute_root_from_path(after.leaf_hash(), account_id, path, tags.ACCOUNT_NODE)


def _move_fund_root(lane: FundLaneTrace, root: int) -> int:
    """Return the root after fund and treasury, which are neighbours."""
    leaves = (lane.fund_before, lane.fund_after)
    _move_root(root, FUND_ACCOUNT, *leaves, lane.account_path, "fund_lane")
    first = lane.account_path[0]
    after = (first[0], lane.treasury_after.leaf_hash(), *first[2:])
    path = (after, *lane.account_path[1:])
    return compute_root_from_path(lane.fund_after.leaf_hash(), FUND_ACCOUNT, path, tags.ACCOUNT_NODE)


def _audit_totals(trace: BatchTrace, flows: Flows, rescued: RescueTotals) -> None:
    before, after, fund = trace.header_before, trace.header_after, trace.fund_lane
    ends = [(lane.before, lane.after) for lane in trace.cash_lanes]
    ends += [(lane.before, lane.after) for lane in trace.rescue_lanes]
    ends += [(lane.before, lane.after) for lane in trace.order_lanes]
    ends += [(fund.fund_before, fund.fund_after), (fund.treasury_before, fund.treasury_after)]
    for market in range(MARKET_COUNT):
        net = sum(new.sizes_lots[market] - old.sizes_lots[market] for old, new in ends)
        require(net == 0, f"market {market}", "buys_equal_sells", net, 0)
    consumed = before.queue_consumed + flows.queue_entries + rescued.queue_entries
    require(after.queue_consumed == consumed, "header_after", "queue_consumed", after.queue_consumed, consumed)
    vault = before.vault_e6 + flows.vault_e6
    require(after.vault_e6 == vault, "header_after", "vault", after.vault_e6, vault)

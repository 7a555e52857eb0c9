"""Figures of one batch, read out of its trace: who traded, who was rescued, and what they paid."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence

from rollup.accounts import Account
from rollup.fees import compute_fee_rate_ppm, compute_order_charge, compute_trading_fee
from rollup.margin import compute_equity
from rollup.market_params import UNUSED_MARKET, MarketParams
from rollup.orders import unpack_slot
from rollup.rescue import Takeover, Victim
from rollup.state import StateHeader
from rollup.trace import BatchTrace, FillTrace, TradeLaneTrace
from sequencer.report.figures import BatchFigures, Fees, MarketFigures

__all__ = ["NO_RESCUES", "Rescues", "compute_fund_atoms", "describe_markets", "describe_trace", "list_used_markets"]


class Rescues:
    """Takeovers and deleveragings: how many, and by the markets that the account held."""

    def __init__(self, trace: BatchTrace | None = None) -> None:
        """Count what the RescueLanes of a batch say; without one there are none."""
        self.takeovers = self.deleveraged = 0
        self.taken_in: Counter[int] = Counter()
        self.deleveraged_in: Counter[int] = Counter()
        for lane in trace.rescue_lanes if trace else ():
            held = [market for market, size in enumerate(lane.before.sizes_lots) if size]
            if isinstance(lane.op, Takeover):
                self.takeovers += 1
                self.taken_in.update(held)
            elif isinstance(lane.op, Victim):
                self.deleveraged += 1
                self.deleveraged_in.update(held)


NO_RESCUES = Rescues()


def describe_trace(trace: BatchTrace, bad_debt_atoms: int | None) -> BatchFigures:
    """Return a batch in figures; `bad_debt_atoms` is for the caller to know."""
    header, lanes, rescues = trace.header_after, trace.order_lanes, Rescues(trace)
    liquidated = Counter(lane.liquidation.market for lane in lanes if lane.liquidation is not None)
    traded = {fill.order.market for lane in lanes for fill in lane.fills} | set(liquidated)
    if trace.fund_lane.fill is not None:
        traded.add(trace.fund_lane.fill.market)
    markets = list_used_markets(trace.params.markets)
    return BatchFigures(
        number=header.batch_number,
        timestamp_s=header.timestamp_s,
        markets=describe_markets(len(markets), header, trace.clearing_prices_ticks, traded, liquidated, rescues),
        fills=sum(len(lane.fills) for lane in lanes),
        liquidations=liquidated.total(),
        takeovers=rescues.takeovers,
        deleveraged=rescues.deleveraged,
        fees=_sum_fees(trace),
        fund_atoms=compute_fund_atoms(trace.fund_lane.fund_after, header),
        bad_debt_atoms=bad_debt_atoms,
        congestion_ppm=header.resources.congestion_ppm,
    )


def list_used_markets(markets: Sequence[MarketParams]) -> tuple[MarketParams, ...]:
    """Return the markets without those that fill up to sixteen behind them."""
    used = [index for index, market in enumerate(markets) if market != UNUSED_MARKET]
    return tuple(markets[: used[-1] + 1]) if used else ()


def describe_markets(
    n_markets: int,
    header: StateHeader,
    prices_ticks: Sequence[int],
    traded: Collection[int],
    liquidated: Mapping[int, int],
    rescues: Rescues,
) -> tuple[MarketFigures, ...]:
    """Return what a batch did in the first markets; `traded` are those with a fill, `liquidated` counts by market."""
    return tuple(
        MarketFigures(
            mark_ticks=header.marks_ticks[market],
            price_ticks=prices_ticks[market] if market in traded else None,
            liquidations=liquidated.get(market, 0),
            takeovers=rescues.taken_in[market],
            deleveraged=rescues.deleveraged_in[market],
        )
        for market in range(n_markets)
    )


def compute_fund_atoms(fund: Account, header: StateHeader) -> int:
    """Return the insurance fund's equity at the marks, 1e-18 USD."""
    return compute_equity(fund.cash_atoms, fund.sizes_lots, header.marks_ticks, header.funding_index)


def _sum_fees(trace: BatchTrace) -> Fees:
    paid = [_compute_fees(trace, lane, fill) for lane in trace.order_lanes for fill in lane.fills]
    penalties = sum(lane.liquidation.penalty_atoms for lane in trace.order_lanes if lane.liquidation is not None)
    return Fees(sum(trading for trading, _ in paid), sum(charge for _, charge in paid), penalties)


def _compute_fees(trace: BatchTrace, lane: TradeLaneTrace, fill: FillTrace) -> tuple[int, int]:
    """Return the trading fee of one fill and the order's charge at its first, in atoms: docs/rules.md, Fees."""
    order, params = fill.order, trace.params
    rate_ppm = compute_fee_rate_ppm(order, lane.before.tier, params.taker_fee_ppm, params.maker_fee_ppm)
    trading = compute_trading_fee(fill.fill_lots, trace.clearing_prices_ticks[order.market], rate_ppm)
    nonce, filled_lots = unpack_slot(fill.slot_before)
    before_lots = filled_lots if nonce == order.nonce else 0
    return trading, compute_order_charge(order, before_lots, trace.tick.order_fee_e6).atoms

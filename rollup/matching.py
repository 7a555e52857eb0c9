"""Which orders and liquidations trade in a batch, at which prices: auctions repeated until everything in them holds.

Each round clears the markets that changed, plans the lanes, and shares out what is rationed by the places there
(`proposal.py`). Then it takes out what does not hold, of the first kind it meets: a share of nothing; liquidation lots
beyond what the rule allows at p*; reduce-only lots beyond the position; the newest order of an account that would fail
the margin rule; rebates that the batch's fees do not pay for; what finds no lane. Every round that changes something
removes an order, or cuts a liquidation, or cuts a reduce-only order for the first time; so the rounds end.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from rollup.accounts import NO_POSITIONS
from rollup.admission import OpenOrder, Refusal, SentOrder, may_trade_now
from rollup.auction import Reach, find_self_trades
from rollup.liquidation import LiquidationCase
from rollup.match_checks import find_misfits, find_unmargined, find_unpaid_rebates
from rollup.proposal import Proposal
from rollup.rationing import Rationing
from rollup.shapes import Shape
from rollup.trace import FundFillTrace
from rollup.turns import OrderFill
from rollup.units import MARKET_COUNT
from rollup.workspace import Workspace

__all__ = ["Matched", "match_orders"]


@dataclass(frozen=True)
class Matched:
    """What trades: price and rationing by market, and by lane (of those with order places) its fills."""

    prices_ticks: tuple[int, ...]
    rationing: tuple[Rationing, ...]
    order_fills: dict[int, tuple[OrderFill, ...]]  # in order of their places
    liquidation_fills: dict[int, tuple[LiquidationCase, int]]
    fund_fill: FundFillTrace | None
    rejected: tuple[Refusal, ...]
    waiting: tuple[SentOrder, ...]  # held back: not yet to trade, self-trade, own liquidation, lanes, rebates, lots
    reach: tuple[Reach, ...]  # by market, over all rounds: what orders had no part in any of it


def match_orders(
    workspace: Workspace, orders: Sequence[OpenOrder], shape: Shape, fund_sizes_lots: Sequence[int] = NO_POSITIONS
) -> Matched:
    """Return what trades in this batch. Orders that simply find no price are in none of the lists.

    `fund_sizes_lots` is what the insurance fund holds, takeovers of this batch included.
    """
    matcher = _Matcher(workspace, orders, shape, fund_sizes_lots)
    while matcher.run_round():
        continue
    return matcher.get_result()


class _Matcher:
    def __init__(
        self, workspace: Workspace, orders: Sequence[OpenOrder], shape: Shape, fund_sizes_lots: Sequence[int]
    ) -> None:
        self._workspace = workspace
        self._proposal = Proposal(workspace, orders, shape, fund_sizes_lots)
        self._cut: set[int] = set()  # reduce-only orders that entered with all they could reduce, and then with less
        self._waiting: list[OpenOrder] = []
        self._rejected: list[Refusal] = []
        self._hold_from_the_start()

    def _hold_from_the_start(self) -> None:
        proposal = self._proposal
        self._hold(r for r, open_order in proposal.orders.items() if not may_trade_now(self._workspace, open_order))
        victims = {forced.case.account for forced in proposal.forced.values()}
        self._hold(rank for rank, open_order in proposal.orders.items() if open_order.order.account in victims)
        for market in range(MARKET_COUNT):
            self._hold(find_self_trades(proposal.make_order_entries(market)))

    def run_round(self) -> bool:
        """Clear what changed and take out what does not hold; return whether anything was taken out."""
        self._waiting += self._proposal.update()
        for take_out in (
            self._hold_shareless,
            self._cut_liquidations,
            self._cut_reduce_only,
            self._reject_unmargined,
            self._hold_unpaid_rebates,
            self._hold_excess,
        ):
            take_out()
            if self._proposal.is_outdated:
                return True
        return False

    def get_result(self) -> Matched:
        proposal, lanes = self._proposal, self._proposal.plan.lanes
        return Matched(
            prices_ticks=proposal.prices_ticks,
            rationing=tuple(proposal.rationing),
            order_fills={lanes[key]: tuple(fills) for key, fills in proposal.order_fills.items() if fills},
            liquidation_fills={lanes[key]: fill for key, fill in proposal.liquidation_fills.items()},
            fund_fill=proposal.fund_fill,
            rejected=tuple(self._rejected),
            waiting=tuple(o.sent for o in sorted(self._waiting, key=lambda open_order: open_order.rank)),
            reach=tuple(reach for reach in proposal.reach if reach is not None),
        )

    def _hold_shareless(self) -> None:
        self._hold(rank for rank, lots in self._proposal.lots.items() if lots == 0)

    def _cut_liquidations(self) -> None:
        proposal = self._proposal
        for rank, forced in sorted(proposal.forced.items()):
            fill_lots = proposal.lots.get(rank, 0)
            allowed_lots = forced.compute_allowed_lots(fill_lots, proposal.prices_ticks[forced.case.market])
            if allowed_lots != fill_lots:
                proposal.cut_liquidation(rank, allowed_lots)

    def _cut_reduce_only(self) -> None:
        proposal = self._proposal
        for account_id, turns in proposal.accounts:
            for rank, lots in find_misfits(self._workspace, account_id, turns, proposal.sizes_lots).items():
                if rank in self._cut or lots == 0:
                    self._hold([rank])
                    continue
                self._cut.add(rank)
                proposal.cut(rank, lots)

    def _reject_unmargined(self) -> None:
        for account_id, turns in self._proposal.accounts:
            refusal = find_unmargined(self._workspace, account_id, turns, self._proposal.prices_ticks)
            if refusal is not None:
                rank, error = refusal
                self._rejected.append((self._proposal.remove(rank).sent, error))

    def _hold_unpaid_rebates(self) -> None:
        fills: list[OrderFill] = [fill for own in self._proposal.order_fills.values() for fill in own]
        self._hold(find_unpaid_rebates(self._workspace, fills, self._proposal.prices_ticks))

    def _hold_excess(self) -> None:
        # Half at a time: with an order gone, its counterparties may find no lane necessary any more.
        excess = sorted(self._proposal.plan.excess, reverse=True)
        self._hold(excess[: (len(excess) + 1) // 2])

    def _hold(self, ranks: Iterable[int]) -> None:
        self._waiting += [self._proposal.remove(rank) for rank in list(ranks)]

"""RescueLanes: takeovers, deleveraging and forced trades, after the CashLanes and before the auction.

In this order, as far as the lanes go: one forced trade, so that the queue always moves; then whoever may be rescued,
worst health first; then further forced trades. A rescue that would not end within the lanes left does not begin.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from rollup.accounts import Account
from rollup.counterparties import Taking, choose_counterparties
from rollup.deleverage import open_deleveraging
from rollup.errors import ValueOutOfRange
from rollup.forced_trade import LANES_PER_TRADE, ForcedTradeReport, settle_forced_trade
from rollup.margin import Margin
from rollup.rescue_chain import RescueChain
from rollup.rescue_desk import RescueDesk
from rollup.takeover import add_to_fund, is_provable, is_rescuable, is_takeover
from rollup.trace import RescueLaneTrace
from rollup.txs.forced_trade import ForcedTrade
from rollup.workspace import Workspace

__all__ = ["RescueOutcome", "RescueReport", "run_rescue_lanes"]


@dataclass(frozen=True)
class RescueReport:
    """One account rescued, for people and tools: taken over, or deleveraged against its counterparties."""

    account: int
    sizes_lots: tuple[int, ...]
    cash_atoms: int  # rent paid
    equity_atoms: int
    counterparties: tuple[Taking, ...]  # none in a takeover


@dataclass(frozen=True)
class RescueOutcome:
    """The lanes, padded to the shape; what they did; the entries that wait; the fund with all that it took over."""

    lanes: tuple[RescueLaneTrace, ...]
    rescues: tuple[RescueReport, ...]
    forced_trades: tuple[ForcedTradeReport, ...]
    waiting: tuple[ForcedTrade, ...]
    fund: Account
    rent_atoms: int


def run_rescue_lanes(workspace: Workspace, forced_trades: Sequence[ForcedTrade], n_lanes: int) -> RescueOutcome:
    """Use the lanes as described above. `forced_trades` are the next entries of the queue, in order.

    Where prices are stale nothing is done.
    """
    chain = RescueChain(workspace, 0 if workspace.tick.stale else n_lanes)
    settled = _settle_trades(chain, forced_trades[:1])
    rescuer = _Rescuer(chain)
    rescuer.rescue_accounts()
    settled += _settle_trades(chain, forced_trades[len(settled) :])
    unused = [chain.make_unused()] * (n_lanes - len(chain.lanes))
    return RescueOutcome(
        lanes=(*chain.lanes, *unused),
        rescues=tuple(rescuer.reports),
        forced_trades=tuple(settled),
        waiting=tuple(forced_trades[len(settled) :]),
        fund=rescuer.desk.fund,
        rent_atoms=chain.rent_atoms,
    )


def _settle_trades(chain: RescueChain, trades: Sequence[ForcedTrade]) -> list[ForcedTradeReport]:
    return [settle_forced_trade(chain, trade) for trade in trades[: chain.n_free // LANES_PER_TRADE]]


class _Rescuer:
    def __init__(self, chain: RescueChain) -> None:
        self.reports: list[RescueReport] = []
        self.desk = RescueDesk(chain)
        self._chain = chain

    def rescue_accounts(self) -> None:
        """Take over or deleverage whoever is due and fits."""
        workspace, chain = self._chain.workspace, self._chain
        for account_id, found in workspace.risk.find_rescuable(workspace.changed, workspace.tick):
            if not chain.n_free:
                return
            if chain.n_free == 1 and not is_takeover(found, chain.carry.fund_equity_atoms):
                continue  # one lane deleverages nobody; equity only fell since it was found
            opened, margin = chain.open(account_id)
            if not is_rescuable(margin) or not is_provable(margin, chain.carry.fund_equity_atoms):
                continue  # it was a counterparty since, or there are no such sums
            if is_takeover(margin, chain.carry.fund_equity_atoms):
                self._take_over(account_id, opened, margin)
            elif any(opened.sizes_lots):
                self._deleverage(account_id, opened, margin)

    def _take_over(self, account_id: int, opened: Account, margin: Margin) -> None:
        try:
            add_to_fund(self.desk.fund, opened).check()
        except ValueOutOfRange:
            return  # more than one account can hold: it waits until the fund has traded
        self.desk.take_over(account_id)
        self._report(account_id, opened, margin, ())

    def _deleverage(self, account_id: int, opened: Account, margin: Margin) -> None:
        chain, workspace = self._chain, self._chain.workspace
        if sum(map(bool, opened.sizes_lots)) >= chain.n_free:
            return  # beside the victim's lane each market needs one at least
        rest = open_deleveraging(opened.sizes_lots, margin.equity, workspace.marks_ticks)
        holders = workspace.risk.find_holders(workspace.changed, workspace.tick)
        takings = choose_counterparties(rest, holders, workspace.marks_ticks, chain.n_free - 1)
        if takings is None:
            return
        self.desk.end_victim(account_id)
        self._report(account_id, opened, margin, takings)
        for taking in takings:
            self.desk.take(taking.account, taking.market, taking.lots)

    def _report(self, account_id: int, opened: Account, margin: Margin, takings: tuple[Taking, ...]) -> None:
        standing = (opened.sizes_lots, opened.cash_atoms, margin.equity)
        self.reports.append(RescueReport(account_id, *standing, takings))

"""The effects of rescues, lane by lane: who is rescued, and by whom, is decided elsewhere or known already."""

from __future__ import annotations

from dataclasses import replace

from rollup.deleverage import apply_counterparty, open_deleveraging
from rollup.rescue import Counterparty, Takeover, Victim
from rollup.rescue_chain import RescueChain
from rollup.takeover import add_to_fund, empty_account
from rollup.units import FUND_ACCOUNT

__all__ = ["RescueDesk"]


class RescueDesk:
    """Each operation uses the chain's next lane. Assumes that the rules allow it; raises ValueOutOfRange."""

    def __init__(self, chain: RescueChain) -> None:
        self.fund = chain.workspace.get(FUND_ACCOUNT)  # with all that it took over; in the tree at the FundLane
        self._chain = chain

    def take_over(self, account_id: int) -> None:
        """Let the fund take all positions and all cash."""
        chain = self._chain
        opened, margin = chain.open(account_id)
        self.fund = add_to_fund(self.fund, opened)
        chain.add(account_id, Takeover(), empty_account(opened), chain.credit_fund(margin.equity))

    def end_victim(self, account_id: int) -> None:
        """Take all of an account: its counterparties follow; what it owns beyond its positions goes to the fund."""
        chain = self._chain
        opened, margin = chain.open(account_id)
        rest = open_deleveraging(opened.sizes_lots, margin.equity, chain.workspace.marks_ticks)
        surplus_atoms = max(margin.equity, 0)
        self.fund = replace(self.fund, cash_atoms=self.fund.cash_atoms + surplus_atoms)
        carry = replace(chain.credit_fund(surplus_atoms), deleveraging=rest)
        chain.add(account_id, Victim(), empty_account(opened), carry)

    def take(self, account_id: int, market: int, lots: int) -> None:
        """Let an account take lots of what is left of the victim, at the mark. Assumes that it can."""
        chain = self._chain
        rest, workspace = chain.carry.deleveraging, chain.workspace
        opened, margin = chain.open(account_id)
        mark_ticks, funding_index = workspace.marks_ticks[market], workspace.funding_index[market]
        delta_lots = lots if rest.left_lots[market] > 0 else -lots
        share_atoms = rest.compute_share(lots, mark_ticks)
        after = apply_counterparty(opened, market, delta_lots, mark_ticks, funding_index, share_atoms)
        left = rest.take(market, lots, mark_ticks, abs(opened.sizes_lots[market]) * mark_ticks, margin.equity)
        chain.add(account_id, Counterparty(market, lots), after, replace(chain.carry, deleveraging=left))

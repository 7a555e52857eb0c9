"""The FundLane: insurance fund and treasury take exactly what the batch owes them; the fund trades at most once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

from rollup.accounts import Account
from rollup.margin import compute_fill_cash
from rollup.settle import FillDues
from rollup.trace import FundFillTrace, FundLaneTrace
from rollup.units import ATOMS_PER_E6, FUND_ACCOUNT, PPM, TREASURY_ACCOUNT
from rollup.workspace import Workspace

__all__ = [
    "FundDues",
    "TradingDues",
    "apply_fund_fill",
    "compute_notional",
    "get_fund_delta",
    "is_fund_price",
    "run_fund_lane",
    "sum_dues",
]


class TradingDues(NamedTuple):
    """What TradeLanes and QuoteLanes paid: each fill of an order, penalties, rent."""

    fills: Sequence[FillDues]
    penalties_atoms: int
    rent_atoms: int


@dataclass(frozen=True)
class FundDues:
    """What is due beside takeovers: to the fund, and the last two to the treasury."""

    penalties_atoms: int
    base_fees_e6: int
    rent_atoms: int
    trading_fees_atoms: int
    tips_e6: int

    @property
    def fund_atoms(self) -> int:
        """The fund's part."""
        return self.penalties_atoms + self.base_fees_e6 * ATOMS_PER_E6 + self.rent_atoms

    @property
    def treasury_atoms(self) -> int:
        """The treasury's part."""
        return self.trading_fees_atoms + self.tips_e6 * ATOMS_PER_E6


def sum_dues(workspace: Workspace, trading: TradingDues, rescue_rent_atoms: int) -> FundDues:
    """Return what all lanes owe fund and treasury, beside what was taken over; the workspace knows the CashLanes'."""
    return FundDues(
        penalties_atoms=trading.penalties_atoms,
        base_fees_e6=workspace.base_fees_e6 + sum(dues.charge.fee_e6 for dues in trading.fills),
        rent_atoms=workspace.rent_atoms + rescue_rent_atoms + trading.rent_atoms,
        trading_fees_atoms=sum(dues.trading_fee_atoms for dues in trading.fills),
        tips_e6=sum(dues.charge.tip_e6 for dues in trading.fills),
    )


def is_fund_price(price_ticks: int, mark_ticks: int, delta_lots: int, fund_band_ppm: int) -> bool:
    """Return whether a price is no worse than the mark by more than fund_band_ppm of it."""
    worse_ticks = price_ticks - mark_ticks if delta_lots > 0 else mark_ticks - price_ticks
    return worse_ticks * PPM <= fund_band_ppm * mark_ticks


def get_fund_delta(fund: Account, fill: FundFillTrace) -> int:
    """Return the change of the fund's position by its fill, signed: always towards 0."""
    return -fill.fill_lots if fund.sizes_lots[fill.market] > 0 else fill.fill_lots


def compute_notional(fill: FundFillTrace | None, prices_ticks: Sequence[int]) -> int:
    """Return what the fund's fill takes of its budget, 1e-12 USD."""
    return fill.fill_lots * prices_ticks[fill.market] if fill else 0


def apply_fund_fill(fund: Account, market: int, delta_lots: int, price_ticks: int, funding_index: int) -> Account:
    """Return the fund after trading `delta_lots`; it pays no fee. Raises ValueOutOfRange."""
    sizes = list(fund.sizes_lots)
    sizes[market] += delta_lots
    received = compute_fill_cash(delta_lots, price_ticks, funding_index)
    return fund.with_changes(sizes_lots=tuple(sizes), cash_atoms=fund.cash_atoms + received)


def run_fund_lane(
    workspace: Workspace, fund: Account, dues: FundDues, fill: FundFillTrace | None, prices_ticks: Sequence[int]
) -> FundLaneTrace:
    """Settle both accounts; `fund` is the fund with what it took over, `prices_ticks` are the clearing prices."""
    before, treasury = workspace.get(FUND_ACCOUNT), workspace.get(TREASURY_ACCOUNT)
    path = workspace.path(FUND_ACCOUNT)
    after = replace(fund, cash_atoms=fund.cash_atoms + dues.fund_atoms)
    if fill is not None:
        funding_index = workspace.funding_index[fill.market]
        after = apply_fund_fill(
            after, fill.market, get_fund_delta(fund, fill), prices_ticks[fill.market], funding_index
        )
    after.check()  # what it took over may be too much before its fill
    treasury_after = treasury.with_changes(cash_atoms=treasury.cash_atoms + dues.treasury_atoms)
    workspace.put(FUND_ACCOUNT, after)
    workspace.put(TREASURY_ACCOUNT, treasury_after)
    return FundLaneTrace(before, after, treasury, treasury_after, path, fill)

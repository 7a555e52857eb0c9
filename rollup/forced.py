"""Liquidations as the auction sees them: entries that stand before every order."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from rollup.auction import Entry
from rollup.errors import TxRejected
from rollup.liquidation import LiquidationCase, is_out_of_reach, is_provable_fill, make_case
from rollup.rent import charge_rent
from rollup.shapes import Shape
from rollup.workspace import Workspace

__all__ = ["ForcedEntry", "count_liquidations", "find_liquidations"]


@dataclass(frozen=True)
class ForcedEntry:
    """A liquidation with the worst price it may take, and the lots it would close at most."""

    case: LiquidationCase
    limit_ticks: int
    size_lots: int

    def make_entry(self, rank: int) -> Entry:
        """Return it as an entry of the auction."""
        return Entry(rank, self.case.account, self.case.direction, self.limit_ticks, self.size_lots)

    def compute_allowed_lots(self, fill_lots: int, price_ticks: int) -> int:
        """Return how much of a fill at this price the rule allows, 0 if what it allows cannot be proved."""
        allowed_lots = min(fill_lots, self.case.compute_max_fill(price_ticks))
        return allowed_lots if is_provable_fill(self.case, allowed_lots, price_ticks) else 0


def count_liquidations(shape: Shape) -> int:
    """Return how many a batch holds at most: half of the trade lanes, so that counterparties find theirs."""
    n_lanes = len(shape.trade_capacities)
    return min(n_lanes, max(1, n_lanes // 2))


def find_liquidations(workspace: Workspace, limit: int) -> dict[int, ForcedEntry]:
    """Return up to `limit` liquidations by rank, worst health first; ranks are negative: they come before every order.

    Accounts are looked for as they stand, but judged with their rent paid, as their lane opens them.
    """
    params = workspace.params
    found: list[ForcedEntry] = []
    band_ppm, maintenance_ppm = _find_widest_band(workspace)
    for account_id, margin in workspace.risk.find_liquidatable(workspace.changed, workspace.tick):
        if len(found) == limit:
            break
        if is_out_of_reach(margin, band_ppm, maintenance_ppm):  # rent makes it worse
            continue
        case = _make_case(workspace, account_id)
        entry = case and case.compute_entry(params.markets[case.market].band_ppm)
        if case and entry:
            found.append(ForcedEntry(case, *entry))
    return {position - len(found): forced for position, forced in enumerate(found)}


def _find_widest_band(workspace: Workspace) -> tuple[int, int]:
    """Return band and maintenance fraction, ppm, of the market whose band is most for its fraction."""
    bands = (market.band_ppm for market in workspace.params.markets)
    pairs = zip(bands, workspace.tick.fractions.maintenance_ppm, strict=True)
    return max(pairs, key=lambda pair: Fraction(*pair))


def _make_case(workspace: Workspace, account_id: int) -> LiquidationCase | None:
    try:
        opened, _ = charge_rent(workspace.get(account_id), workspace.tick)
    except TxRejected:  # a debt beyond what an account can hold: no lane can open it
        return None
    margin = workspace.compute_margin(opened)
    return make_case(account_id, opened.sizes_lots, margin, workspace.marks_ticks, workspace.tick.fractions)

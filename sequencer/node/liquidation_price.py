"""The mark at which an account comes to be liquidated, should one market move alone. Exact integers."""

from __future__ import annotations

from rollup.accounts import Account
from rollup.margin import compute_margin
from rollup.rent import compute_rent
from rollup.tick import Tick
from rollup.units import LOT_TICK_ATOMS, PRICE_BITS

__all__ = ["compute_liquidation_price"]


def compute_liquidation_price(account: Account, market: int, tick: Tick) -> int | None:
    """Return the mark of the market, in ticks, at which the account first is below maintenance, the others as they are.

    Of a long the highest such mark, of a short the lowest; an account that is below already gets the mark at which it
    last would be. None where it holds nothing in the market, or where no mark, of 1 to 2**48 - 1, brings it there. With
    its rent paid. Equity - maintenance is `slope * mark - fixed`: the maintenance fraction does not follow the mark.
    """
    size_lots, header, fractions = account.sizes_lots[market], tick.header, tick.fractions
    if not size_lots:
        return None
    cash_atoms = account.cash_atoms - compute_rent(account, tick)
    margin = compute_margin(cash_atoms, account.sizes_lots, header.marks_ticks, header.funding_index, fractions)
    slope = size_lots * LOT_TICK_ATOMS - abs(size_lots) * fractions.maintenance_ppm[market]  # atoms a tick
    fixed = slope * header.marks_ticks[market] - (margin.equity - margin.maintenance)
    if slope == 0:  # a long that needs all its worth: no mark makes a difference
        return (2**PRICE_BITS - 1) if fixed > 0 else None
    # below maintenance where slope * mark < fixed
    price_ticks = -(-fixed // slope) - 1 if slope > 0 else fixed // slope + 1
    if slope > 0:
        return min(price_ticks, 2**PRICE_BITS - 1) if price_ticks >= 1 else None
    return max(price_ticks, 1) if price_ticks < 1 << PRICE_BITS else None

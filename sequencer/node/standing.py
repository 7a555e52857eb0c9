"""An account's standing with all its open orders at one tick, in sums by market: an order changes one of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from rollup.accounts import Account
from rollup.margin import compute_equity, compute_requirement
from rollup.orders import Order
from rollup.rent import compute_rent
from sequencer.node.exposure import NO_EXPOSURE, Exposure, Market, PretradeTerms, measure_order

__all__ = ["Standing", "Totals"]


class Totals(NamedTuple):
    """Over all markets."""

    required_atoms: int  # of the positions that require most
    cost_atoms: int  # of the fills that lose, fees included
    n_adding: int  # markets where some fill would do more than reduce the position


class _Line(NamedTuple):
    exposure: Exposure
    totals: Totals


class Standing:
    """Mutable: open orders come and go; account and terms stay. Equity is at the marks, the account's rent paid."""

    def __init__(self, account: Account, terms: PretradeTerms, exposures: Mapping[int, Exposure]) -> None:
        self.account, self.terms = account, terms
        header = terms.tick.header
        cash_atoms = account.cash_atoms - compute_rent(account, terms.tick)
        self.equity_atoms = compute_equity(cash_atoms, account.sizes_lots, header.marks_ticks, header.funding_index)
        sums = dict.fromkeys((m for m, size in enumerate(account.sizes_lots) if size), NO_EXPOSURE) | dict(exposures)
        self._lines = {market: self._draw_line(market, exposure) for market, exposure in sums.items()}
        self.totals = _sum_totals([line.totals for line in self._lines.values()])

    def keep_exposures(self, account: Account, terms: PretradeTerms) -> dict[int, Exposure]:
        """Return the sums by market that hold for other records as well: where prices and tier are the same."""
        if account.tier != self.account.tier or terms.params is not self.terms.params:
            return {}
        markets = (m for m, pair in enumerate(zip(terms.markets, self.terms.markets, strict=True)) if _is_alike(*pair))
        return {market: self._lines[market].exposure for market in markets if market in self._lines}

    def add(self, order: Order, filled_lots: int) -> None:
        """Take an open order into the sums."""
        self._change(order.market, self._measure(order, filled_lots), 1)

    def remove(self, order: Order, filled_lots: int) -> None:
        """Take it out of them again."""
        self._change(order.market, self._measure(order, filled_lots), -1)

    def get_extremes(self, market: int) -> tuple[int, int]:
        """Return the lowest and the highest position that fills can lead to in a market, in lots."""
        line = self._lines.get(market)
        size_lots = self.account.sizes_lots[market]
        return line.exposure.compute_extremes(size_lots) if line else (size_lots, size_lots)

    def _change(self, market: int, measured: Exposure, sign: int) -> None:
        line = self._lines.get(market) or _NO_LINE
        exposure = line.exposure.plus(measured) if sign > 0 else line.exposure.minus(measured)
        changed = self._lines[market] = self._draw_line(market, exposure)
        before, after, totals = line.totals, changed.totals, self.totals
        self.totals = Totals(
            totals.required_atoms - before.required_atoms + after.required_atoms,
            totals.cost_atoms - before.cost_atoms + after.cost_atoms,
            totals.n_adding - before.n_adding + after.n_adding,
        )

    def _draw_line(self, market: int, exposure: Exposure) -> _Line:
        size_lots, terms = self.account.sizes_lots[market], self.terms.markets[market]
        lowest, highest = exposure.compute_extremes(size_lots)
        furthest_lots = max(-lowest, highest)
        required_atoms = compute_requirement(furthest_lots, terms.mark_ticks, terms.initial_ppm)
        is_adding = lowest < min(0, size_lots) or highest > max(0, size_lots)
        return _Line(exposure, Totals(required_atoms, exposure.cost_atoms, int(is_adding)))

    def _measure(self, order: Order, filled_lots: int) -> Exposure:
        terms = self.terms
        return measure_order(order, filled_lots, terms.markets[order.market], self.account.tier, terms.params)


def _is_alike(one: Market, other: Market) -> bool:
    return one[:3] == other[:3]  # mark and band: what a fill costs does not ask for more


def _sum_totals(parts: list[Totals]) -> Totals:
    return Totals(*map(sum, zip(*parts, strict=True))) if parts else _NO_TOTALS


_NO_TOTALS = Totals(0, 0, 0)
_NO_LINE = _Line(NO_EXPOSURE, _NO_TOTALS)

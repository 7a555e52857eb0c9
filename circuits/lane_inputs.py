"""The market view of a batch, which the private inputs of its lanes are taken from."""

from __future__ import annotations

from rollup.accounts import Account
from rollup.auction import compute_edges, pack_auction_word
from rollup.margin import Margin, compute_margin
from rollup.trace import BatchTrace


class Prices:
    """The market view that margins in this batch are taken at."""

    def __init__(self, trace: BatchTrace) -> None:
        header = trace.header_after
        self.params = trace.params
        self.fractions = trace.tick.fractions
        self.marks = header.marks_ticks
        self.funding = header.funding_index
        self.clearing = trace.clearing_prices_ticks
        self.timestamp_s = header.timestamp_s
        self.tick = trace.tick
        self.rationing = trace.rationing
        bands = [market.band_ppm for market in trace.params.markets]
        self.edges = tuple(map(compute_edges, self.clearing, self.marks, bands))
        self.auction_words = tuple(map(pack_auction_word, self.rationing, self.edges))

    def margin(self, account: Account) -> Margin:
        return compute_margin(account.cash_atoms, account.sizes_lots, self.marks, self.funding, self.fractions)

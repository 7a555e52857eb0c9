"""The market view of a batch that private inputs are taken from, and the FundLane's inputs."""

from __future__ import annotations

from circuits.account_inputs import Values, path_values
from rollup.accounts import Account
from rollup.auction import compute_edges, pack_auction_word
from rollup.margin import Margin, compute_margin
from rollup.trace import BatchTrace, FundLaneTrace


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


def fund_lane_inputs(lane: FundLaneTrace) -> Values:
    """Return the FundLane's private inputs."""
    values = dict(path_values("account_path", lane.account_path))
    for name, account in (("fund", lane.fund_before), ("treasury", lane.treasury_before)):
        groups = account.positions_hashes
        fields = {
            "key_x": account.key[0],
            "key_y": account.key[1],
            "owner": account.owner,
            "status": account.status_word,
            "epoch": account.epoch,
            "last_touched": account.last_touched_s,
            "orders_root": account.orders_root,
            "cash": account.cash_atoms,
            "positions[0]": groups[0],
            "positions[1]": groups[1],
        }
        values |= {f"{name}/{field}": value for field, value in fields.items()}
    return values

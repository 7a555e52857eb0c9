"""What the event stream tells every second, and once at its beginning. Fields as in `wire_views`."""

from __future__ import annotations

import msgspec

from sequencer.node.api.wire_markets import Fees, Level, MarketInfo
from sequencer.node.api.wire_types import Address, Big
from sequencer.node.api.wire_views import BatchInfo, Fill, Rescue

__all__ = ["Facts", "MarketHistory", "MarketPulse", "Past", "Snapshot", "Summary"]


class MarketPulse(msgspec.Struct):
    """A market, its fractions before congestion and open interest raise them, and the best of its book.

    funding_rate_e12: what longs pay shorts in eight hours, of a position's worth; negative: shorts pay.
    """

    info: MarketInfo
    base_initial_ppm: int
    base_maintenance_ppm: int
    funding_rate_e12: Big
    bids: tuple[Level, ...]
    asks: tuple[Level, ...]


class Summary(msgspec.Struct):
    """How the node is now. interval_s: between the last batches; None where there were none lately.

    base_fee_ranges: between what each base fee lies five batches on. gas_per_order: of the groups settled last.
    batches_resume_s: above 0 the last batch's time is in the future, and there are no batches for so many seconds.
    """

    time_ms: int
    batch_number: int
    sequence: int
    backlog_batches: int
    interval_s: float | None
    withdraw_only: bool
    batches_resume_s: int
    alarms: tuple[str, ...]
    fund_atoms: Big
    gas_per_order: float | None
    fees: Fees
    base_fee_ranges: tuple[tuple[Big, Big], ...]
    markets: tuple[MarketPulse, ...]


class MarketHistory(msgspec.Struct):
    """Prices of a market, in ticks, by sample."""

    market: int
    marks: tuple[int, ...]
    clearing: tuple[int, ...]
    indicative: tuple[int, ...]


class Past(msgspec.Struct):
    """Samples of the last minutes, oldest first, one a second while the process ran. Amounts are rounded."""

    times_ms: tuple[int, ...]
    markets: tuple[MarketHistory, ...]
    base_fees: tuple[tuple[float, float, float], ...]
    congestion_ppm: tuple[int, ...]
    backlog_batches: tuple[int, ...]
    fund_atoms: tuple[float, ...]


class Facts(msgspec.Struct):
    """What does not change while a node runs. segment_bytes: of the blob, a batch."""

    instance: str  # another one after each start
    page: str  # the dashboard's version
    chain_id: Big
    contract: Address
    shape: str | None
    order_places: int
    constraints: int | None
    segment_bytes: int
    is_development_key: bool


class Snapshot(msgspec.Struct):
    """All that a page needs to begin with. It takes the place of whatever the page knew."""

    facts: Facts
    summary: Summary
    past: Past
    batches: tuple[BatchInfo, ...]  # newest first: all that are not settled, and some that are
    liquidations: tuple[Fill, ...]  # newest first
    rescues: tuple[Rescue, ...]  # newest first

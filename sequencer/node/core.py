"""What the node's core is to those who serve it to others: commands in, receipts out, views, and what happens.

`Core` is the one door: the API and the command line know nothing of stores, books and batches behind it. Views are
plain records, amounts in the ledger's own integers (units in the names).
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Container, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol, TypeAlias

from rollup.babyjubjub import Point
from rollup.errors import RollupError
from rollup.params import Params
from sequencer.node.commands import ClientCommand, Trigger
from sequencer.node.receipts import Receipt

__all__ = [
    "AccountView",
    "AuctionSeen",
    "BatchStage",
    "BatchView",
    "BookLevel",
    "BookView",
    "Core",
    "EntryStage",
    "EntryView",
    "Event",
    "FeesView",
    "FillSeen",
    "MarketView",
    "NodeStatus",
    "OrderClosed",
    "OrderView",
    "PositionView",
]


class BatchStage(StrEnum):
    """How far a batch is. Each stage is durable before it is told."""

    SEQUENCED = "sequenced"
    PROVING = "proving"
    PROVED = "proved"
    SETTLED = "settled"


class EntryStage(StrEnum):
    """How far an entry of the base layer's queue is: deposits and forced requests."""

    SEEN = "seen"  # on the base layer, not final there yet
    QUEUED = "queued"  # final, waiting for a batch
    CONSUMED = "consumed"  # in a batch


@dataclass(frozen=True)
class PositionView:
    """One position of an account."""

    market: int
    size_lots: int  # signed
    mark_ticks: int
    notional_atoms: int
    liquidation_price_ticks: int | None  # the mark at which, others fixed, equity is the maintenance requirement


@dataclass(frozen=True)
class AccountView:
    """An account as the last batch left it, at that batch's marks; resting orders as of now."""

    account: int
    owner: int  # address on the base layer
    key: Point
    epoch: int
    cash_nonce: int
    tier: int
    cash_atoms: int
    equity_atoms: int
    initial_atoms: int
    maintenance_atoms: int
    free_collateral_e6: int  # what it could withdraw
    positions: tuple[PositionView, ...]
    batch_number: int


@dataclass(frozen=True)
class OrderView:
    """An order that rests, or waits for its trigger."""

    account: int
    slot: int
    nonce: int
    market: int
    side: int  # 0 buys, 1 sells
    flags: int
    size_lots: int
    filled_lots: int
    limit_ticks: int
    expiry_s: int
    sequence: int  # of its record in the log
    is_quote: bool
    trigger: Trigger | None


@dataclass(frozen=True)
class MarketView:
    """One market."""

    market: int
    name: str
    size_decimals: int
    price_decimals: int
    mark_ticks: int
    clearing_price_ticks: int  # of the last batch in which it traded, else the mark
    indicative_price_ticks: int  # at which the book would clear now
    funding_index: int  # signed, atoms per lot
    premium_e12: int
    open_interest_lots: int
    initial_ppm: int
    maintenance_ppm: int


@dataclass(frozen=True)
class BookLevel:
    """All resting orders at one price."""

    price_ticks: int
    size_lots: int
    orders: int


@dataclass(frozen=True)
class BookView:
    """The depth of one market, best first."""

    market: int
    bids: tuple[BookLevel, ...]
    asks: tuple[BookLevel, ...]
    sequence: int  # of the last record in it


@dataclass(frozen=True)
class FeesView:
    """Base fees now, and the range in which those of the next batches lie."""

    base_fees: tuple[int, int, int]  # atoms a unit of proving, state, bandwidth
    order_fee_e6: int
    cash_fee_e6: int
    leaf_fee_e6: int
    congestion_ppm: int
    forecast_order_fee_e6: tuple[tuple[int, int], ...]  # lowest and highest, by batches ahead


@dataclass(frozen=True)
class BatchView:
    """One batch."""

    number: int
    timestamp_s: int
    stage: BatchStage
    group: int | None  # None until its group is sealed
    fills: int
    liquidations: int
    cash_ops: int
    rescues: int
    old_state_root: int
    new_state_root: int
    sealed_us: int
    prove_s: float | None
    settlement: bytes | None  # hash of the base layer's transaction


@dataclass(frozen=True)
class EntryView:
    """One entry of the base layer's queue."""

    index: int
    kind: str
    account: int
    stage: EntryStage
    batch_number: int | None
    is_applied: bool | None


@dataclass(frozen=True)
class FillSeen:
    """An order traded."""

    batch_number: int
    account: int
    market: int
    side: int
    slot: int
    nonce: int
    size_lots: int
    price_ticks: int
    charge_atoms: int  # base fee and tip
    trading_fee_atoms: int  # negative: a rebate; of a liquidation the penalty
    timestamp_s: int
    is_liquidation: bool = False


@dataclass(frozen=True)
class OrderClosed:
    """An order left the book without trading all it asked for."""

    account: int
    slot: int
    nonce: int
    reason: str  # code of an error, or "cancelled", "replaced", "expired", "filled"


@dataclass(frozen=True)
class AuctionSeen:
    """A market cleared."""

    batch_number: int
    market: int
    price_ticks: int
    volume_lots: int
    timestamp_s: int


Event: TypeAlias = FillSeen | OrderClosed | AuctionSeen | BatchView | EntryView


@dataclass(frozen=True)
class NodeStatus:
    """How the node is."""

    batch_number: int
    state_root: int
    sequence: int  # of the last record in the log
    backlog_batches: int  # sequenced and not yet proved
    withdraw_only: bool
    alarms: tuple[str, ...]  # empty where all is well


class Core(Protocol):
    """The node behind its API. Everything runs on one event loop; nothing here blocks it for long."""

    @property
    def params(self) -> Params:
        """The parameters in force: chain, contract, markets, fees."""
        ...

    @property
    def receipt_key(self) -> Point:
        """The key that signs receipts."""
        ...

    async def submit(self, commands: Sequence[ClientCommand]) -> list[Receipt | RollupError]:
        """Return, for each command in order, its receipt once it is durable, or why it was refused.

        The same order again gives the receipt of its first record. Raises StoreError where nothing can be recorded.
        """
        ...

    def get_status(self) -> NodeStatus:
        """Return how the node is."""
        ...

    def get_account(self, account: int) -> AccountView | None:
        """Return an account, None where nobody owns it."""
        ...

    def list_orders(self, account: int) -> tuple[OrderView, ...]:
        """Return the account's resting orders by slot."""
        ...

    def list_fills(self, account: int, limit: int, before: int | None = None) -> tuple[FillSeen, ...]:
        """Return the account's last fills, newest first; those of batches below `before`."""
        ...

    def list_markets(self) -> tuple[MarketView, ...]:
        """Return the markets in use."""
        ...

    def get_book(self, market: int, levels: int) -> BookView | None:
        """Return the depth of a market, None where there is no such market."""
        ...

    def get_fees(self) -> FeesView:
        """Return what resources cost."""
        ...

    def list_batches(self, limit: int, before: int | None = None) -> tuple[BatchView, ...]:
        """Return the last batches, newest first; those of numbers below `before`."""
        ...

    def get_batch(self, number: int) -> BatchView | None:
        """Return a batch."""
        ...

    def list_entries(self, limit: int, before: int | None = None) -> tuple[EntryView, ...]:
        """Return the last entries of the queue, newest first; those of indices below `before`."""
        ...

    def get_receipt(self, sequence: int) -> Receipt | None:
        """Return the receipt of a record that is still in the log."""
        ...

    def get_file(self, kind: str, name: str) -> bytes | None:
        """Return what is published: "batch", "proof", "public", "group", "blob", "snapshot"."""
        ...

    def prove_inclusion(self, account: int) -> bytes | None:
        """Return the account's inclusion proof in the last settled state, as `zkmargin account verify` reads it."""
        ...

    def watch(self, accounts: Container[int], markets: Container[int]) -> AsyncIterator[Event]:
        """Yield what happens from now on: fills, closed orders of these accounts, auctions of these markets, batches.

        A reader that falls too far behind is ended with SubscriberSlow.
        """
        ...

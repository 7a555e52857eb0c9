"""What the node shows of itself: plain records, amounts in the ledger's own integers (units in the names)."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from rollup.babyjubjub import Point
from sequencer.node.commands import Trigger

__all__ = [
    "AccountView",
    "AuctionView",
    "BatchStage",
    "BatchView",
    "BookLevel",
    "BookView",
    "EntryStage",
    "EntryView",
    "FeesView",
    "FundingPage",
    "FundingPayment",
    "FundingStepView",
    "MarketView",
    "NodeStatus",
    "OracleView",
    "OrderView",
    "PositionView",
    "SignerView",
    "SlotView",
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
    next_cash_nonce: int  # of the next operation, behind those that wait
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
class SlotView:
    """An order slot that was used."""

    slot: int
    next_nonce: int  # the lowest that an order may have here now
    state_nonce: int  # in the last batch's state: a nonce more than 255 above it cannot fill
    is_resting: bool  # an order rests here, or waits for its trigger


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
class SignerView:
    """One oracle signer, and what it said last: its time, and a price a market in use; none before its first word."""

    signer: int
    key: Point
    time_s: int | None
    is_fresh: bool  # a batch now could use it
    prices_ticks: tuple[int, ...]  # of market 0 and on


@dataclass(frozen=True)
class OracleView:
    """The oracle. Without fresh messages of two signers nothing trades."""

    is_stale: bool
    max_age_s: int
    signers: tuple[SignerView, ...]


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
class AuctionView:
    """An auction in which a market traded."""

    batch_number: int
    market: int
    price_ticks: int
    volume_lots: int
    orders: int  # filled, in part or whole; liquidations and the insurance fund are none
    timestamp_s: int


@dataclass(frozen=True)
class FundingStepView:
    """A batch moved a market's funding index: longs paid `change_atoms` a lot, shorts where it is negative."""

    batch_number: int
    market: int
    timestamp_s: int
    mark_ticks: int
    funding_index: int  # after it, atoms a lot
    change_atoms: int


@dataclass(frozen=True)
class FundingPayment:
    """What a position was paid by one move of the index: negative where it paid."""

    batch_number: int
    market: int
    timestamp_s: int
    size_lots: int  # that the batch found, signed
    change_atoms: int  # of the index, a lot
    received_atoms: int


@dataclass(frozen=True)
class FundingPage:
    """Payments of whole batches, newest first. next_before: where to go on; None at the end of what is remembered."""

    payments: tuple[FundingPayment, ...]
    next_before: int | None


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
class NodeStatus:
    """How the node is."""

    batch_number: int
    state_root: int
    sequence: int  # of the last record in the log
    backlog_batches: int  # sequenced and not yet proved
    withdraw_only: bool
    alarms: tuple[str, ...]  # empty where all is well
    batches_resume_s: int  # seconds until batches can be made; above 0 the last one's time is in the future

"""What the node answers, as msgspec writes it. Fields are those of the views (`sequencer.node.view_types`)."""

from __future__ import annotations

import msgspec

from sequencer.node.api.wire_types import Address, Big, HexBytes
from sequencer.node.event_types import RescueKind
from sequencer.node.view_types import BatchStage, EntryStage

__all__ = [
    "Account",
    "Auction",
    "BatchInfo",
    "Batches",
    "Entries",
    "Entry",
    "EventBody",
    "Fill",
    "Fills",
    "Funding",
    "FundingPosition",
    "OpenOrder",
    "OpenOrders",
    "OrderGone",
    "Position",
    "PositionGone",
    "Rescue",
    "SlotInfo",
    "Slots",
    "TriggerInfo",
]


class Position(msgspec.Struct):
    """One position. liquidation_price_ticks: the mark at which, others fixed, equity is the maintenance requirement."""

    market: int
    size_lots: int
    mark_ticks: int
    notional_atoms: Big
    liquidation_price_ticks: int | None


class Account(msgspec.Struct):
    """An account as the last batch left it, at that batch's marks. next_cash_nonce: behind operations that wait."""

    account: int
    owner: Address
    key: tuple[Big, Big]
    epoch: int
    cash_nonce: int
    next_cash_nonce: int
    tier: int
    cash_atoms: Big
    equity_atoms: Big
    initial_atoms: Big
    maintenance_atoms: Big
    free_collateral_e6: Big
    positions: tuple[Position, ...]
    batch_number: int


class TriggerInfo(msgspec.Struct):
    """When a waiting order enters the book."""

    price_ticks: int
    is_above: bool


class OpenOrder(msgspec.Struct):
    """An order that rests, or waits for its trigger. side: 0 buys, 1 sells."""

    account: int
    slot: int
    nonce: int
    market: int
    side: int
    flags: int
    size_lots: int
    filled_lots: int
    limit_ticks: int
    expiry_s: int
    sequence: int
    is_quote: bool
    trigger: TriggerInfo | None


class OpenOrders(msgspec.Struct):
    """An account's orders by slot, each market's trigger orders among them."""

    orders: tuple[OpenOrder, ...]


class SlotInfo(msgspec.Struct):
    """An order slot. next_nonce: the lowest an order may have; beyond state_nonce + 255 it cannot fill."""

    slot: int
    next_nonce: int
    state_nonce: int
    is_resting: bool


class Slots(msgspec.Struct):
    """An account's slots that were used. In others the next nonce is 0."""

    slots: tuple[SlotInfo, ...]


class Fill(msgspec.Struct):
    """An order traded. charge_atoms: base fee and tip. trading_fee_atoms: a rebate if negative; liquidated: penalty."""

    batch_number: int
    account: int
    market: int
    side: int
    slot: int
    nonce: int
    size_lots: int
    price_ticks: int
    charge_atoms: Big
    trading_fee_atoms: Big
    timestamp_s: int
    is_liquidation: bool


class Fills(msgspec.Struct):
    """Fills, newest first."""

    fills: tuple[Fill, ...]


class PositionGone(msgspec.Struct):
    """A position that an account lost, at the mark."""

    market: int
    size_lots: int
    price_ticks: int


class Rescue(msgspec.Struct):
    """An account lost all it had: taken over by the insurance fund, or deleveraged with `counterparties`.

    equity_atoms: before it, at the marks. What is missing below 0 the fund bore, or the counterparties.
    """

    batch_number: int
    account: int
    kind: RescueKind
    positions: tuple[PositionGone, ...]
    equity_atoms: Big
    counterparties: tuple[int, ...]
    timestamp_s: int


class FundingPosition(msgspec.Struct):
    """A position's funding: `part_atoms` of the account's equity; its change, size the same, is funding received."""

    market: int
    size_lots: int
    funding_index: Big
    part_atoms: Big


class Funding(msgspec.Struct):
    """Funding of an account's positions as the last batch left them."""

    account: int
    batch_number: int
    positions: tuple[FundingPosition, ...]


class BatchInfo(msgspec.Struct):
    """One batch. settlement: hash of the base layer's transaction."""

    number: int
    timestamp_s: int
    stage: BatchStage
    group: int | None
    fills: int
    liquidations: int
    cash_ops: int
    rescues: int
    old_state_root: Big
    new_state_root: Big
    sealed_us: int
    prove_s: float | None
    settlement: HexBytes | None


class Batches(msgspec.Struct):
    """Batches, newest first."""

    batches: tuple[BatchInfo, ...]


class Auction(msgspec.Struct):
    """A market cleared."""

    batch_number: int
    market: int
    price_ticks: int
    volume_lots: Big
    timestamp_s: int


class Entry(msgspec.Struct):
    """One entry of the base layer's queue: a deposit or a forced request."""

    index: int
    kind: str
    account: int
    stage: EntryStage
    batch_number: int | None
    is_applied: bool | None


class Entries(msgspec.Struct):
    """Entries of the queue, newest first."""

    entries: tuple[Entry, ...]


class OrderGone(msgspec.Struct):
    """An order left the book. reason: the code of an error, or cancelled, replaced, expired, filled."""

    account: int
    slot: int
    nonce: int
    reason: str


class EventBody(msgspec.Struct, omit_defaults=True):
    """One of these."""

    fill: Fill | None = None
    rescue: Rescue | None = None
    order_closed: OrderGone | None = None
    auction: Auction | None = None
    batch: BatchInfo | None = None
    entry: Entry | None = None

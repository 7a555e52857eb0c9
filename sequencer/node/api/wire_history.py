"""What happened, as the node answers: past auctions, and funding."""

from __future__ import annotations

import msgspec

from sequencer.node.api.wire_types import Big

__all__ = ["FundingPayments", "FundingStep", "FundingSteps", "PastAuction", "PastAuctions", "Payment"]


class PastAuction(msgspec.Struct):
    """An auction in which the market traded. orders: filled, in part or whole; liquidations are none."""

    batch_number: int
    market: int
    price_ticks: int
    volume_lots: Big
    orders: int
    timestamp_s: int


class PastAuctions(msgspec.Struct):
    """Auctions of one market, newest first."""

    auctions: tuple[PastAuction, ...]


class FundingStep(msgspec.Struct):
    """A batch moved the funding index: longs paid `change_atoms` a lot, shorts where it is negative."""

    batch_number: int
    market: int
    timestamp_s: int
    mark_ticks: int
    funding_index: Big
    change_atoms: Big


class FundingSteps(msgspec.Struct):
    """Moves of a market's funding index, newest first."""

    steps: tuple[FundingStep, ...]


class Payment(msgspec.Struct):
    """What a position was paid by one move of the index: negative where it paid."""

    batch_number: int
    market: int
    timestamp_s: int
    size_lots: int
    change_atoms: Big
    received_atoms: Big


class FundingPayments(msgspec.Struct):
    """Payments of whole batches, newest first. next_before: the next page's `before`; null at the end."""

    payments: tuple[Payment, ...]
    next_before: int | None

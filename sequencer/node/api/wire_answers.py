"""Answers of more than one view's fields: receipts, results of batches, events, funding, status."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import msgspec

from rollup.errors import RollupError
from sequencer.node.api.problems import make_problem
from sequencer.node.api.wire_convert import read_view, spell_view
from sequencer.node.api.wire_receipts import ReceiptBody, Result, Results
from sequencer.node.api.wire_status import Status
from sequencer.node.api.wire_views import (
    Auction,
    BatchInfo,
    Entry,
    EventBody,
    Fill,
    Funding,
    FundingPosition,
    OrderGone,
    Rescue,
)
from sequencer.node.core import Core
from sequencer.node.event_types import AuctionSeen, Event, FillSeen, OrderClosed, RescueSeen
from sequencer.node.receipts import Receipt
from sequencer.node.view_types import AccountView, BatchView, EntryView, MarketView, PositionView

__all__ = ["make_funding", "make_results", "make_status", "read_event", "read_receipt", "spell_event", "spell_receipt"]

# view, wire record, name in EventBody
_EVENTS: Final[tuple[tuple[type, type[msgspec.Struct], str], ...]] = (
    (FillSeen, Fill, "fill"),
    (RescueSeen, Rescue, "rescue"),
    (OrderClosed, OrderGone, "order_closed"),
    (AuctionSeen, Auction, "auction"),
    (BatchView, BatchInfo, "batch"),
    (EntryView, Entry, "entry"),
)
_BY_VIEW: Final = {view: (wire, name) for view, wire, name in _EVENTS}


def spell_receipt(receipt: Receipt) -> ReceiptBody:
    """Return a receipt whose JSON by msgspec is, character for character, `encode_receipt_json`'s."""
    return ReceiptBody(
        receipt.sequence,
        receipt.kind,
        receipt.digest.hex(),
        receipt.time_us,
        receipt.previous.hex(),
        receipt.link.hex(),
        tuple([(kind, digest.hex()) for kind, digest in receipt.tail]),
        receipt.signature.hex(),
    )


def read_receipt(body: ReceiptBody) -> Receipt:
    """Return the receipt, not yet verified. Raises ReceiptInvalid."""
    from sequencer.node.receipt_codec import decode_receipt_json

    return decode_receipt_json(msgspec.json.encode(body))


def make_results(outcomes: Sequence[Receipt | RollupError]) -> Results:
    """Return what became of each command."""
    return Results([_spell_outcome(outcome) for outcome in outcomes])


def _spell_outcome(outcome: Receipt | RollupError) -> Result:
    if isinstance(outcome, Receipt):
        return Result(receipt=spell_receipt(outcome))
    return Result(problem=make_problem(outcome)[0])


def spell_event(event: Event) -> EventBody:
    """Return an event under its name."""
    wire, name = _BY_VIEW[type(event)]
    body = EventBody()
    setattr(body, name, spell_view(event, wire))
    return body


def read_event(body: EventBody) -> Event | None:
    """Return the event, None where it has a name that this program does not know."""
    for view, _, name in _EVENTS:
        record = getattr(body, name)
        if record is not None:
            event: Event = read_view(record, view)
            return event
    return None


def make_status(core: Core) -> Status:
    """Return how the node is and for which deployment it signs."""
    status, params = core.get_status(), core.params
    return Status(
        batch_number=status.batch_number,
        state_root=str(status.state_root),
        sequence=status.sequence,
        backlog_batches=status.backlog_batches,
        withdraw_only=status.withdraw_only,
        alarms=status.alarms,
        batches_resume_s=status.batches_resume_s,
        chain_id=str(params.chain_id),
        contract=f"{params.contract:#042x}",
        version=params.version,
        domain=str(params.domain),
        receipt_key=(str(core.receipt_key[0]), str(core.receipt_key[1])),
    )


def make_funding(account: AccountView, markets: Sequence[MarketView]) -> Funding:
    """Return what the funding index makes of the account's positions."""
    indices = {market.market: market.funding_index for market in markets}
    positions = [_spell_funding(position, indices.get(position.market, 0)) for position in account.positions]
    return Funding(account.account, account.batch_number, tuple(positions))


def _spell_funding(position: PositionView, funding_index: int) -> FundingPosition:
    # equity = cash + sum size * (mark * 10**6 - index): the index's part of it
    part_atoms = -position.size_lots * funding_index
    return FundingPosition(position.market, position.size_lots, str(funding_index), str(part_atoms))

"""Handlers of what clients ask: one call of the core each, spelled for the wire."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

from sequencer.node.api.errors import NodeDraining, NotFound
from sequencer.node.api.service import Service
from sequencer.node.api.wire_answers import make_funding, make_status, spell_receipt
from sequencer.node.api.wire_convert import spell_view
from sequencer.node.api.wire_history import (
    FundingPayments,
    FundingStep,
    FundingSteps,
    PastAuction,
    PastAuctions,
)
from sequencer.node.api.wire_markets import AuctionInfo, Auctions, Book, Fees, MarketInfo, Markets
from sequencer.node.api.wire_oracle import Oracle
from sequencer.node.api.wire_receipts import ReceiptBody
from sequencer.node.api.wire_status import Health, Ready, Status
from sequencer.node.api.wire_views import (
    Account,
    Batches,
    BatchInfo,
    Entries,
    Entry,
    Fill,
    Fills,
    Funding,
    OpenOrder,
    OpenOrders,
    SlotInfo,
    Slots,
)

Values = Mapping[str, Any]
_T = TypeVar("_T")


def _found(value: _T | None, what: str, name: object) -> _T:
    if value is None:
        raise NotFound(what, str(name))
    return value


def get_account(service: Service, values: Values) -> Account:
    """Return an account. Raises NotFound."""
    number = values["account"]
    return spell_view(_found(service.core.get_account(number), "account", number), Account)


def list_orders(service: Service, values: Values) -> OpenOrders:
    """Return an account's orders; none where there is no such account."""
    orders = service.core.list_orders(values["account"])
    return OpenOrders(tuple(spell_view(order, OpenOrder) for order in orders))


def list_slots(service: Service, values: Values) -> Slots:
    """Return an account's slots that were used; none where there is no such account."""
    return Slots(tuple(spell_view(slot, SlotInfo) for slot in service.core.list_slots(values["account"])))


def list_fills(service: Service, values: Values) -> Fills:
    """Return an account's fills, newest first."""
    fills = service.core.list_fills(values["account"], values["limit"], values["before"])
    return Fills(tuple(spell_view(fill, Fill) for fill in fills))


def get_funding(service: Service, values: Values) -> Funding:
    """Return an account's funding. Raises NotFound."""
    number = values["account"]
    return make_funding(_found(service.core.get_account(number), "account", number), service.core.list_markets())


def list_markets(service: Service, _: Values) -> Markets:
    """Return the markets."""
    return Markets(tuple(spell_view(market, MarketInfo) for market in service.core.list_markets()))


def get_oracle(service: Service, _: Values) -> Oracle:
    """Return what the oracle said last."""
    return spell_view(service.core.get_oracle(), Oracle)


def get_book(service: Service, values: Values) -> Book:
    """Return a market's depth. Raises NotFound."""
    market = values["market"]
    return spell_view(_found(service.core.get_book(market, values["levels"]), "market", market), Book)


def list_auctions(service: Service, _: Values) -> Auctions:
    """Return the last and the next clearing price of each market."""
    return Auctions(tuple(spell_view(market, AuctionInfo) for market in service.core.list_markets()))


def list_past_auctions(service: Service, values: Values) -> PastAuctions:
    """Return past auctions of a market. Raises NotFound."""
    auctions = service.core.list_past_auctions(_get_market(service, values), values["limit"], values["before"])
    return PastAuctions(tuple(spell_view(auction, PastAuction) for auction in auctions))


def list_market_funding(service: Service, values: Values) -> FundingSteps:
    """Return moves of a market's funding index. Raises NotFound."""
    steps = service.core.list_market_funding(_get_market(service, values), values["limit"], values["before"])
    return FundingSteps(tuple(spell_view(step, FundingStep) for step in steps))


def list_funding_payments(service: Service, values: Values) -> FundingPayments:
    """Return what an account was paid; nothing where there is no such account."""
    page = service.core.list_funding_payments(values["account"], values["limit"], values["before"])
    return spell_view(page, FundingPayments)


def _get_market(service: Service, values: Values) -> int:
    """Return the market asked for. Raises NotFound where it is not in use."""
    market: int = values["market"]
    if not service.core.params.is_market_open(market):
        raise NotFound("market", str(market))
    return market


def get_fees(service: Service, _: Values) -> Fees:
    """Return the fees."""
    return spell_view(service.core.get_fees(), Fees)


def list_batches(service: Service, values: Values) -> Batches:
    """Return batches, newest first."""
    batches = service.core.list_batches(values["limit"], values["before"])
    return Batches(tuple(spell_view(batch, BatchInfo) for batch in batches))


def get_batch(service: Service, values: Values) -> BatchInfo:
    """Return a batch. Raises NotFound."""
    return spell_view(_found(service.core.get_batch(values["number"]), "batch", values["number"]), BatchInfo)


def list_entries(service: Service, values: Values) -> Entries:
    """Return entries of the queue, newest first."""
    entries = service.core.list_entries(values["limit"], values["before"])
    return Entries(tuple(spell_view(entry, Entry) for entry in entries))


def get_receipt(service: Service, values: Values) -> ReceiptBody:
    """Return a receipt. Raises NotFound where the log does not hold the record, or no more."""
    sequence = values["sequence"]
    return spell_receipt(_found(service.core.get_receipt(sequence), "record", sequence))


def get_file(service: Service, values: Values) -> bytes:
    """Return a file. Raises NotFound."""
    kind, name = values["kind"], values["name"]
    return _found(service.core.get_file(kind, name), "file", f"{kind}/{name}")


def prove_inclusion(service: Service, values: Values) -> bytes:
    """Return an inclusion proof. Raises NotFound."""
    account = values["account"]
    return _found(service.core.prove_inclusion(account), "proof of account", account)


def get_status(service: Service, _: Values) -> Status:
    """Return how the node is."""
    return make_status(service.core)


def get_health(_: Service, __: Values) -> Health:
    """Return that the process runs its event loop."""
    return Health(is_live=True)


def get_ready(service: Service, _: Values) -> Ready:
    """Return that the node takes commands, with its alarms. Raises NodeDraining."""
    if service.is_draining:
        raise NodeDraining()
    status = service.core.get_status()
    return Ready(is_ready=True, alarms=status.alarms, batches_resume_s=status.batches_resume_s)


def get_metrics(service: Service, _: Values) -> bytes:
    """Return the metrics."""
    return service.metrics.render()

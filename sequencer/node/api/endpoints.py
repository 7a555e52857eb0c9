"""The endpoints: one table, from which routes and the OpenAPI document come alike."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

import msgspec

from sequencer.node.api import (
    batch_details,
    checks,
    commands_in,
    reads,
    wire,
    wire_batch,
    wire_history,
    wire_markets,
    wire_oracle,
    wire_receipts,
    wire_status,
    wire_views,
)
from sequencer.node.api.metrics import METRICS_TYPE
from sequencer.node.api.parameters import (
    ACCOUNT,
    BATCH,
    BEFORE,
    FILE_KIND,
    FILE_NAME,
    LEVELS,
    LIMIT,
    MARKET,
    SEQUENCE,
    Parameter,
)
from sequencer.node.api.service import Service

__all__ = ["BINARY", "ENDPOINTS", "JSON", "PREFIX", "Endpoint"]

JSON: Final = "application/json"
BINARY: Final = "application/octet-stream"
PREFIX: Final = "/v1"
Values = Mapping[str, Any]
Command = Callable[[Service, Any, str], Awaitable[msgspec.Struct]]
Read = Callable[[Service, Values], msgspec.Struct | bytes | Awaitable[msgspec.Struct]]
Check = Callable[[Service, Values, str], Awaitable[msgspec.Struct]]


@dataclass(frozen=True)
class Endpoint:
    """One operation: commands have a body, reads have parameters, checks both, the body an empty object."""

    name: str  # OpenAPI's operationId, and the method of NodeClient
    path: str
    summary: str
    answer: type[msgspec.Struct] | None  # None: bytes of `media_type`
    command: Command | None = None
    body: type[msgspec.Struct] | None = None
    read: Read | None = None
    check: Check | None = None
    parameters: tuple[Parameter, ...] = ()
    is_missable: bool = False  # may answer 404
    is_immutable: bool = False
    media_type: str = JSON

    @property
    def method(self) -> str:
        """GET for reads, POST for the others."""
        return "POST" if self.read is None else "GET"


_RECEIPT: Final = wire_receipts.ReceiptBody
_COMMANDS: Final = (
    Endpoint(
        "place_order", "/orders", "Place or replace an order.", _RECEIPT, commands_in.place_one, wire.OrderRequest
    ),
    Endpoint(
        "submit_batch",
        "/orders/batch",
        "Submit up to 500 commands of any kind, answered one by one.",
        wire_receipts.Results,
        commands_in.place_batch,
        wire.Batch,
    ),
    Endpoint(
        "place_quote",
        "/quotes",
        "Place up to sixteen orders at once.",
        _RECEIPT,
        commands_in.place_one,
        wire.QuoteRequest,
    ),
    Endpoint(
        "cancel_order",
        "/cancels",
        "Cancel an order at once, free.",
        _RECEIPT,
        commands_in.place_one,
        wire.CancelRequest,
    ),
    Endpoint(
        "cancel_all",
        "/cancel-all",
        "Cancel every order of an account at once, free.",
        _RECEIPT,
        commands_in.place_one,
        wire.CancelAllRequest,
    ),
    Endpoint(
        "request_cash",
        "/cash",
        "Withdraw, transfer, change the key, close, or cancel by the rollup's own operations.",
        _RECEIPT,
        commands_in.place_one,
        wire.CashRequestBody,
    ),
    Endpoint(
        "submit_prices",
        "/prices",
        "What an oracle signer says the markets are worth.",
        _RECEIPT,
        commands_in.submit_prices,
        wire.PricesRequest,
    ),
)
_READS: Final = (
    Endpoint(
        "get_account",
        "/accounts/{account}",
        "An account: cash, margin, positions, liquidation prices.",
        wire_views.Account,
        read=reads.get_account,
        parameters=(ACCOUNT,),
        is_missable=True,
    ),
    Endpoint(
        "list_orders",
        "/accounts/{account}/orders",
        "An account's resting and waiting orders.",
        wire_views.OpenOrders,
        read=reads.list_orders,
        parameters=(ACCOUNT,),
    ),
    Endpoint(
        "list_slots",
        "/accounts/{account}/slots",
        "An account's order slots, and the next nonce of each.",
        wire_views.Slots,
        read=reads.list_slots,
        parameters=(ACCOUNT,),
    ),
    Endpoint(
        "list_fills",
        "/accounts/{account}/fills",
        "An account's last fills.",
        wire_views.Fills,
        read=reads.list_fills,
        parameters=(ACCOUNT, LIMIT, BEFORE),
    ),
    Endpoint(
        "get_funding",
        "/accounts/{account}/funding",
        "What the funding index makes of an account's positions.",
        wire_views.Funding,
        read=reads.get_funding,
        parameters=(ACCOUNT,),
        is_missable=True,
    ),
    Endpoint("list_markets", "/markets", "The markets.", wire_markets.Markets, read=reads.list_markets),
    Endpoint(
        "get_book",
        "/markets/{market}/book",
        "A market's depth.",
        wire_markets.Book,
        read=reads.get_book,
        parameters=(MARKET, LEVELS),
        is_missable=True,
    ),
    Endpoint(
        "list_auctions",
        "/auctions",
        "Where each market last cleared, and where it would clear now.",
        wire_markets.Auctions,
        read=reads.list_auctions,
    ),
    Endpoint(
        "list_past_auctions",
        "/markets/{market}/auctions",
        "The last auctions in which a market traded.",
        wire_history.PastAuctions,
        read=reads.list_past_auctions,
        parameters=(MARKET, LIMIT, BEFORE),
        is_missable=True,
    ),
    Endpoint(
        "list_market_funding",
        "/markets/{market}/funding",
        "The last moves of a market's funding index.",
        wire_history.FundingSteps,
        read=reads.list_market_funding,
        parameters=(MARKET, LIMIT, BEFORE),
        is_missable=True,
    ),
    Endpoint(
        "list_funding_payments",
        "/accounts/{account}/funding/payments",
        "The funding that an account was paid, or paid.",
        wire_history.FundingPayments,
        read=reads.list_funding_payments,
        parameters=(ACCOUNT, LIMIT, BEFORE),
    ),
    Endpoint("get_oracle", "/oracle", "What the oracle said last.", wire_oracle.Oracle, read=reads.get_oracle),
    Endpoint("get_fees", "/fees", "What resources cost, and a forecast.", wire_markets.Fees, read=reads.get_fees),
    Endpoint(
        "list_batches",
        "/batches",
        "The last batches with their stage.",
        wire_views.Batches,
        read=reads.list_batches,
        parameters=(LIMIT, BEFORE),
    ),
    Endpoint(
        "get_batch",
        "/batches/{number}",
        "One batch.",
        wire_views.BatchInfo,
        read=reads.get_batch,
        parameters=(BATCH,),
        is_missable=True,
    ),
    Endpoint(
        "list_entries",
        "/entries",
        "Deposits and forced requests, and how far each is.",
        wire_views.Entries,
        read=reads.list_entries,
        parameters=(LIMIT, BEFORE),
    ),
    Endpoint(
        "get_receipt",
        "/receipts/{sequence}",
        "The receipt of a record that is still in the log.",
        _RECEIPT,
        read=reads.get_receipt,
        parameters=(SEQUENCE,),
        is_missable=True,
    ),
    Endpoint(
        "get_file",
        "/files/{kind}/{name}",
        "A proof, public inputs, blob, batch, group or snapshot.",
        None,
        read=reads.get_file,
        parameters=(FILE_KIND, FILE_NAME),
        is_missable=True,
        is_immutable=True,
        media_type=BINARY,
    ),
    Endpoint(
        "prove_inclusion",
        "/inclusion/{account}",
        "The proof that the last settled state holds an account.",
        None,
        read=reads.prove_inclusion,
        parameters=(ACCOUNT,),
        is_missable=True,
    ),
    Endpoint("get_status", "/status", "How the node is, and its keys.", wire_status.Status, read=reads.get_status),
    Endpoint("get_health", "/health/live", "Whether the process runs.", wire_status.Health, read=reads.get_health),
    Endpoint("get_ready", "/health/ready", "Whether it takes commands.", wire_status.Ready, read=reads.get_ready),
    Endpoint("get_metrics", "/metrics", "Prometheus metrics.", None, read=reads.get_metrics, media_type=METRICS_TYPE),
)
_CHECKS: Final = (
    Endpoint(
        "get_batch_details",
        "/batches/{number}/details",
        "A batch from the inside: lanes, proof, public inputs, settlement.",
        wire_batch.BatchDetails,
        read=batch_details.get_batch_details,
        parameters=(BATCH,),
        is_missable=True,
    ),
    Endpoint(
        "verify_batch",
        "/batches/{number}/verify",
        "Check a batch's proof in the node.",
        wire_batch.Verdict,
        body=wire_batch.Nothing,
        check=checks.verify_batch,
        parameters=(BATCH,),
        is_missable=True,
    ),
    Endpoint(
        "verify_inclusion",
        "/inclusion/{account}/verify",
        "Check an account's inclusion proof in the node.",
        wire_batch.InclusionVerdict,
        body=wire_batch.Nothing,
        check=checks.verify_inclusion,
        parameters=(ACCOUNT,),
        is_missable=True,
    ),
)
ENDPOINTS: Final = _COMMANDS + _READS + _CHECKS

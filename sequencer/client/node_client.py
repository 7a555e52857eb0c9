"""The node over HTTP. Methods are named as the OpenAPI document's operations; records are the core's."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from types import TracebackType
from typing import Final, TypeVar

import httpx
import msgspec

from rollup.oracle import SignedPrices
from sequencer.client.asking import MAX_ANSWER_BYTES, ask, fetch, get, read_results
from sequencer.client.deployment import Deployment, read_deployment
from sequencer.client.errors import AnswerInvalid, CommandRefused
from sequencer.client.node_events import Told, watch_events
from sequencer.client.receipts import ReceiptChecker
from sequencer.node.api import (
    wire_batch,
    wire_history,
    wire_markets,
    wire_oracle,
    wire_receipts,
    wire_status,
    wire_views,
)
from sequencer.node.api.wire import Batch
from sequencer.node.api.wire_answers import read_receipt
from sequencer.node.api.wire_commands import write_command, write_one_of, write_prices
from sequencer.node.api.wire_convert import read_view
from sequencer.node.commands import (
    CancelAllOrders,
    CancelOrder,
    CashRequest,
    ClientCommand,
    Command,
    OraclePrices,
    PlaceOrder,
    PlaceQuote,
)
from sequencer.node.event_types import FillSeen
from sequencer.node.receipts import Receipt
from sequencer.node.view_types import (
    AccountView,
    AuctionView,
    BatchView,
    BookView,
    EntryView,
    FeesView,
    FundingPage,
    FundingStepView,
    MarketView,
    NodeStatus,
    OracleView,
    OrderView,
    SlotView,
)

__all__ = ["NodeClient"]

MAX_FILE_BYTES: Final = 256 << 20
_TIMEOUT_S: Final = 30.0
_HEADERS: Final = {"content-type": "application/json"}
_S = TypeVar("_S", bound=msgspec.Struct)


class NodeClient:
    """One node. Every method raises NodeUnreachable, AnswerInvalid, CommandRefused; those that submit, ReceiptInvalid.

    Made by `connect`, and closed by `async with`.
    """

    def __init__(self, url: str, http: httpx.AsyncClient, deployment: Deployment) -> None:
        """Take a client that is connected: see `connect`."""
        self.url, self._http, self.deployment = url.rstrip("/"), http, deployment
        self.receipts = ReceiptChecker(deployment.receipt_key, deployment.domain)

    @classmethod
    async def connect(
        cls, url: str, deployment: Deployment | None = None, *, timeout_s: float = _TIMEOUT_S
    ) -> NodeClient:
        """Ask a node what it serves. Raises NodeForeign where that is not `deployment`; without one it is believed."""
        try:
            http = httpx.AsyncClient(base_url=f"{url.rstrip('/')}/v1/", timeout=timeout_s, follow_redirects=False)
        except httpx.InvalidURL as error:
            raise AnswerInvalid(url[:200], f"no URL of a node: {error}"[:200]) from error
        try:
            found = read_deployment(await get(http, "status", wire_status.Status))
            if deployment is not None:
                deployment.check_same(found)
        except BaseException:
            await http.aclose()
            raise
        return cls(url, http, deployment or found)

    async def close(self) -> None:
        """Close the connections."""
        await self._http.aclose()

    async def __aenter__(self) -> NodeClient:
        return self

    async def __aexit__(
        self, _: type[BaseException] | None, __: BaseException | None, ___: TracebackType | None
    ) -> None:
        await self.close()

    async def place_order(self, command: PlaceOrder) -> Receipt:
        """Return the receipt of an order."""
        return await self._submit("orders", command)

    async def place_quote(self, command: PlaceQuote) -> Receipt:
        """Return the receipt of a quote."""
        return await self._submit("quotes", command)

    async def cancel_order(self, command: CancelOrder) -> Receipt:
        """Return the receipt of a cancel: from here on a fill is misconduct."""
        return await self._submit("cancels", command)

    async def cancel_all(self, command: CancelAllOrders) -> Receipt:
        """Return the receipt of a cancel of everything."""
        return await self._submit("cancel-all", command)

    async def request_cash(self, command: CashRequest) -> Receipt:
        """Return the receipt of a cash operation."""
        return await self._submit("cash", command)

    async def submit_prices(self, signed: SignedPrices) -> Receipt:
        """Return the receipt of an oracle signer's message."""
        body = msgspec.json.encode(write_prices(signed))
        return await self._record("prices", body, OraclePrices(signed))

    async def submit_batch(self, commands: Sequence[ClientCommand]) -> list[Receipt | CommandRefused]:
        """Return, for each command in order, its receipt or why it was refused."""
        body = msgspec.json.encode(Batch(tuple(map(write_one_of, commands))))
        answer = await ask(self._http, "POST", "orders/batch", wire_receipts.Results, content=body, headers=_HEADERS)
        return read_results(self.url, answer.results, commands, self.receipts)

    async def get_account(self, account: int) -> AccountView:
        """Return an account."""
        return read_view(await self._get(f"accounts/{account}", wire_views.Account), AccountView)

    async def list_orders(self, account: int) -> tuple[OrderView, ...]:
        """Return an account's resting and waiting orders."""
        answer = await self._get(f"accounts/{account}/orders", wire_views.OpenOrders)
        return tuple(read_view(order, OrderView) for order in answer.orders)

    async def list_slots(self, account: int) -> tuple[SlotView, ...]:
        """Return an account's order slots that were used, with the next nonce of each."""
        answer = await self._get(f"accounts/{account}/slots", wire_views.Slots)
        return tuple(read_view(slot, SlotView) for slot in answer.slots)

    async def list_fills(self, account: int, limit: int = 100, before: int | None = None) -> tuple[FillSeen, ...]:
        """Return an account's last fills, newest first."""
        answer = await self._get(f"accounts/{account}/fills", wire_views.Fills, limit=limit, before=before)
        return tuple(read_view(fill, FillSeen) for fill in answer.fills)

    async def get_funding(self, account: int) -> wire_views.Funding:
        """Return what the funding index makes of an account's positions."""
        return await self._get(f"accounts/{account}/funding", wire_views.Funding)

    async def list_markets(self) -> tuple[MarketView, ...]:
        """Return the markets."""
        answer = await self._get("markets", wire_markets.Markets)
        return tuple(read_view(market, MarketView) for market in answer.markets)

    async def get_oracle(self) -> OracleView:
        """Return what the oracle's signers said last."""
        return read_view(await self._get("oracle", wire_oracle.Oracle), OracleView)

    async def get_book(self, market: int, levels: int = 20) -> BookView:
        """Return a market's depth."""
        return read_view(await self._get(f"markets/{market}/book", wire_markets.Book, levels=levels), BookView)

    async def list_auctions(self) -> tuple[wire_markets.AuctionInfo, ...]:
        """Return where each market last cleared, and would clear now."""
        return (await self._get("auctions", wire_markets.Auctions)).auctions

    async def list_past_auctions(
        self, market: int, limit: int = 100, before: int | None = None
    ) -> tuple[AuctionView, ...]:
        """Return the last auctions in which a market traded, newest first."""
        answer = await self._get(f"markets/{market}/auctions", wire_history.PastAuctions, limit=limit, before=before)
        return tuple(read_view(auction, AuctionView) for auction in answer.auctions)

    async def list_market_funding(
        self, market: int, limit: int = 100, before: int | None = None
    ) -> tuple[FundingStepView, ...]:
        """Return the last moves of a market's funding index, newest first."""
        answer = await self._get(f"markets/{market}/funding", wire_history.FundingSteps, limit=limit, before=before)
        return tuple(read_view(step, FundingStepView) for step in answer.steps)

    async def list_funding_payments(self, account: int, limit: int = 100, before: int | None = None) -> FundingPage:
        """Return what an account's positions were paid, newest first; `next_before` for the next page."""
        path = f"accounts/{account}/funding/payments"
        return read_view(await self._get(path, wire_history.FundingPayments, limit=limit, before=before), FundingPage)

    async def get_fees(self) -> FeesView:
        """Return what resources cost."""
        return read_view(await self._get("fees", wire_markets.Fees), FeesView)

    async def list_batches(self, limit: int = 100, before: int | None = None) -> tuple[BatchView, ...]:
        """Return the last batches, newest first."""
        answer = await self._get("batches", wire_views.Batches, limit=limit, before=before)
        return tuple(read_view(batch, BatchView) for batch in answer.batches)

    async def get_batch(self, number: int) -> BatchView:
        """Return a batch."""
        return read_view(await self._get(f"batches/{number}", wire_views.BatchInfo), BatchView)

    async def get_batch_details(self, number: int) -> wire_batch.BatchDetails:
        """Return a batch from the inside: lanes, proof, public inputs, settlement."""
        return await self._get(f"batches/{number}/details", wire_batch.BatchDetails)

    async def verify_batch(self, number: int) -> wire_batch.Verdict:
        """Return what the node says of a batch's proof. To rely on nobody, check the files (`verifier`)."""
        return await self._check(f"batches/{number}/verify", wire_batch.Verdict)

    async def verify_inclusion(self, account: int) -> wire_batch.InclusionVerdict:
        """Return what the node says of an account's inclusion proof. To rely on nobody: `rollup.inclusion`."""
        return await self._check(f"inclusion/{account}/verify", wire_batch.InclusionVerdict)

    async def list_entries(self, limit: int = 100, before: int | None = None) -> tuple[EntryView, ...]:
        """Return the last entries of the base layer's queue, newest first."""
        answer = await self._get("entries", wire_views.Entries, limit=limit, before=before)
        return tuple(read_view(entry, EntryView) for entry in answer.entries)

    async def get_receipt(self, sequence: int) -> Receipt:
        """Return the receipt of a record of the log, checked."""
        receipt = read_receipt(await self._get(f"receipts/{sequence}", wire_receipts.ReceiptBody))
        self.receipts.check(receipt)
        return receipt

    async def get_file(self, kind: str, name: str) -> bytes:
        """Return a proof, blob, snapshot or another file."""
        return await fetch(self._http, "GET", f"files/{kind}/{name}", MAX_FILE_BYTES)

    async def prove_inclusion(self, account: int) -> bytes:
        """Return the proof that the last settled state holds an account: check it by `rollup.inclusion`."""
        return await fetch(self._http, "GET", f"inclusion/{account}", MAX_ANSWER_BYTES)

    async def get_status(self) -> NodeStatus:
        """Return how the node is."""
        return read_view(await self._get("status", wire_status.Status), NodeStatus)

    async def get_ready(self) -> tuple[str, ...]:
        """Return the node's alarms where it takes commands."""
        return (await self._get("health/ready", wire_status.Ready)).alarms

    def events(self) -> AsyncGenerator[Told]:
        """Yield what `GET /v1/events` tells: a snapshot, then what happens, until the connection ends.

        Every end raises: NodeUnreachable, AnswerInvalid, CommandRefused. Who comes back begins with a new snapshot.
        """
        return watch_events(self._http)

    async def _get(self, path: str, wire: type[_S], **query: int | None) -> _S:
        return await get(self._http, path, wire, **query)

    async def _check(self, path: str, wire: type[_S]) -> _S:
        return await ask(self._http, "POST", path, wire, content=b"{}", headers=_HEADERS)

    async def _submit(self, path: str, command: ClientCommand) -> Receipt:
        return await self._record(path, msgspec.json.encode(write_command(command)), command)

    async def _record(self, path: str, body: bytes, command: Command) -> Receipt:
        answer = await ask(self._http, "POST", path, wire_receipts.ReceiptBody, content=body, headers=_HEADERS)
        receipt = read_receipt(answer)
        self.receipts.check(receipt, command)
        return receipt

"""The node over HTTP. Methods are named as the OpenAPI document's operations; records are the core's."""

from __future__ import annotations

from collections.abc import Sequence
from types import TracebackType
from typing import Any, Final, TypeVar

import httpx
import msgspec

from sequencer.client.deployment import Deployment, read_deployment
from sequencer.client.errors import AnswerInvalid, CommandRefused, NodeUnreachable
from sequencer.client.receipts import ReceiptChecker
from sequencer.node.api import wire_batch, wire_receipts, wire_status, wire_views
from sequencer.node.api.problems import Problem
from sequencer.node.api.wire import Batch
from sequencer.node.api.wire_answers import read_receipt
from sequencer.node.api.wire_commands import write_command, write_one_of
from sequencer.node.api.wire_convert import read_view
from sequencer.node.commands import (
    CancelAllOrders,
    CancelOrder,
    CashRequest,
    ClientCommand,
    PlaceOrder,
    PlaceQuote,
)
from sequencer.node.core import (
    AccountView,
    BatchView,
    BookView,
    EntryView,
    FeesView,
    FillSeen,
    MarketView,
    NodeStatus,
    OrderView,
)
from sequencer.node.receipts import Receipt

__all__ = ["NodeClient"]

MAX_ANSWER_BYTES: Final = 16 << 20
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
        http = httpx.AsyncClient(base_url=f"{url.rstrip('/')}/v1/", timeout=timeout_s, follow_redirects=False)
        try:
            found = read_deployment(await _get(http, "status", wire_status.Status))
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

    async def submit_batch(self, commands: Sequence[ClientCommand]) -> list[Receipt | CommandRefused]:
        """Return, for each command in order, its receipt or why it was refused."""
        body = msgspec.json.encode(Batch(tuple(map(write_one_of, commands))))
        answer = await _ask(self._http, "POST", "orders/batch", wire_receipts.Results, content=body, headers=_HEADERS)
        return read_results(self.url, answer.results, commands, self.receipts)

    async def get_account(self, account: int) -> AccountView:
        """Return an account."""
        return read_view(await self._get(f"accounts/{account}", wire_views.Account), AccountView)

    async def list_orders(self, account: int) -> tuple[OrderView, ...]:
        """Return an account's resting and waiting orders."""
        answer = await self._get(f"accounts/{account}/orders", wire_views.OpenOrders)
        return tuple(read_view(order, OrderView) for order in answer.orders)

    async def list_fills(self, account: int, limit: int = 100, before: int | None = None) -> tuple[FillSeen, ...]:
        """Return an account's last fills, newest first."""
        answer = await self._get(f"accounts/{account}/fills", wire_views.Fills, limit=limit, before=before)
        return tuple(read_view(fill, FillSeen) for fill in answer.fills)

    async def get_funding(self, account: int) -> wire_views.Funding:
        """Return what the funding index makes of an account's positions."""
        return await self._get(f"accounts/{account}/funding", wire_views.Funding)

    async def list_markets(self) -> tuple[MarketView, ...]:
        """Return the markets."""
        answer = await self._get("markets", wire_views.Markets)
        return tuple(read_view(market, MarketView) for market in answer.markets)

    async def get_book(self, market: int, levels: int = 20) -> BookView:
        """Return a market's depth."""
        return read_view(await self._get(f"markets/{market}/book", wire_views.Book, levels=levels), BookView)

    async def list_auctions(self) -> tuple[wire_views.AuctionInfo, ...]:
        """Return where each market last cleared, and would clear now."""
        return (await self._get("auctions", wire_views.Auctions)).auctions

    async def get_fees(self) -> FeesView:
        """Return what resources cost."""
        return read_view(await self._get("fees", wire_views.Fees), FeesView)

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
        return await _fetch(self._http, "GET", f"files/{kind}/{name}", MAX_FILE_BYTES)

    async def prove_inclusion(self, account: int) -> bytes:
        """Return the proof that the last settled state holds an account: check it by `rollup.inclusion`."""
        return await _fetch(self._http, "GET", f"inclusion/{account}", MAX_ANSWER_BYTES)

    async def get_status(self) -> NodeStatus:
        """Return how the node is."""
        return read_view(await self._get("status", wire_status.Status), NodeStatus)

    async def get_ready(self) -> tuple[str, ...]:
        """Return the node's alarms where it takes commands."""
        return (await self._get("health/ready", wire_status.Ready)).alarms

    async def _get(self, path: str, wire: type[_S], **query: int | None) -> _S:
        return await _get(self._http, path, wire, **query)

    async def _check(self, path: str, wire: type[_S]) -> _S:
        return await _ask(self._http, "POST", path, wire, content=b"{}", headers=_HEADERS)

    async def _submit(self, path: str, command: ClientCommand) -> Receipt:
        body = msgspec.json.encode(write_command(command))
        answer = await _ask(self._http, "POST", path, wire_receipts.ReceiptBody, content=body, headers=_HEADERS)
        receipt = read_receipt(answer)
        self.receipts.check(receipt, command)
        return receipt


def read_results(
    url: str, results: Sequence[wire_receipts.Result], commands: Sequence[ClientCommand], checker: ReceiptChecker
) -> list[Receipt | CommandRefused]:
    """Return a batch's results, each receipt checked for its command. Raises AnswerInvalid, ReceiptInvalid."""
    if len(results) != len(commands):
        raise AnswerInvalid(url, f"{len(results)} results for {len(commands)} commands")
    outcomes: list[Receipt | CommandRefused] = []
    for result, command in zip(results, commands, strict=True):
        if result.receipt is not None:
            receipt = read_receipt(result.receipt)
            checker.check(receipt, command)
            outcomes.append(receipt)
        elif result.problem is not None:
            outcomes.append(read_problem(result.problem))
        else:
            raise AnswerInvalid(url, "a result without receipt and problem")
    return outcomes


def read_problem(problem: Problem, retry_after_s: int | None = None) -> CommandRefused:
    """Return a node's refusal."""
    return CommandRefused(problem.status, problem.code, problem.detail[:1000], problem.facts, retry_after_s)


async def _get(http: httpx.AsyncClient, path: str, wire: type[_S], **query: int | None) -> _S:
    params = {name: value for name, value in query.items() if value is not None}
    return await _ask(http, "GET", path, wire, params=params)


async def _ask(http: httpx.AsyncClient, method: str, path: str, wire: type[_S], **options: Any) -> _S:  # noqa: ANN401 (httpx)
    body = await _fetch(http, method, path, MAX_ANSWER_BYTES, **options)
    try:
        return msgspec.json.decode(body, type=wire)
    except (msgspec.DecodeError, RecursionError) as error:
        raise AnswerInvalid(f"{http.base_url}{path}", str(error)[:200]) from error


async def _fetch(
    http: httpx.AsyncClient,
    method: str,
    path: str,
    limit_bytes: int,
    **options: Any,  # noqa: ANN401 (httpx's)
) -> bytes:
    url = f"{http.base_url}{path}"
    try:
        async with http.stream(method, path, **options) as response:
            body = await _read(response, url, limit_bytes)
    except httpx.HTTPError as error:
        raise NodeUnreachable(url, f"{type(error).__name__}: {error}"[:200]) from error
    except httpx.InvalidURL as error:
        raise AnswerInvalid(url, str(error)[:200]) from error
    if response.status_code == httpx.codes.OK:
        return body
    try:
        problem = msgspec.json.decode(body, type=Problem)
    except (msgspec.DecodeError, RecursionError) as error:
        raise AnswerInvalid(url, f"status {response.status_code} and no problem details") from error
    wait = response.headers.get("retry-after", "")
    raise read_problem(problem, int(wait) if wait.isdigit() and len(wait) < 10 else None)


async def _read(response: httpx.Response, url: str, limit_bytes: int) -> bytes:
    parts, size = [], 0
    async for part in response.aiter_bytes():
        size += len(part)
        if size > limit_bytes:
            raise AnswerInvalid(url, f"more than {limit_bytes} bytes")
        parts.append(part)
    return b"".join(parts)

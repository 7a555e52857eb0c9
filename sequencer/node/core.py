"""What the node's core is to those who serve it to others: commands in, receipts out, views, and what happens.

`Core` is the one door: the API and the command line know nothing of stores, books and batches behind it.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Container, Sequence
from typing import Protocol

from rollup.babyjubjub import Point
from rollup.errors import RollupError
from rollup.oracle import SignedPrices
from rollup.params import Params
from sequencer.node.commands import ClientCommand
from sequencer.node.event_types import Event, FillSeen
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

__all__ = ["Core"]


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

    async def submit_prices(self, signed: SignedPrices) -> Receipt:
        """Return the receipt of an oracle signer's message once it is durable; the same one again has the first's.

        Raises ValueOutOfRange, PricesRefused, StoreError.
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

    def list_slots(self, account: int) -> tuple[SlotView, ...]:
        """Return the order slots of the account that were used."""
        ...

    def list_fills(self, account: int, limit: int, before: int | None = None) -> tuple[FillSeen, ...]:
        """Return the account's last fills, newest first; those of batches below `before`."""
        ...

    def list_markets(self) -> tuple[MarketView, ...]:
        """Return the markets in use."""
        ...

    def get_oracle(self) -> OracleView:
        """Return what the oracle's signers said last."""
        ...

    def get_book(self, market: int, levels: int) -> BookView | None:
        """Return the depth of a market, None where there is no such market."""
        ...

    def list_past_auctions(self, market: int, limit: int, before: int | None = None) -> tuple[AuctionView, ...]:
        """Return the last auctions in which a market traded, newest first; those of batches below `before`."""
        ...

    def list_market_funding(self, market: int, limit: int, before: int | None = None) -> tuple[FundingStepView, ...]:
        """Return the last moves of a market's funding index, newest first; those of batches below `before`."""
        ...

    def list_funding_payments(self, account: int, limit: int, before: int | None = None) -> FundingPage:
        """Return what an account's positions were paid, newest first; by batches below `before`."""
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

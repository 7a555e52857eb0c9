"""The node's core, put together: one log, what follows from it, and the tasks that add to it.

Every record goes through one writer and comes back, durable, by `_follow`, the only place where anything is learnt. The
engine, a process of its own, is told the same records; its outcomes are records too. So the node is where its log is.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Container, Sequence
from dataclasses import dataclass

from rollup.babyjubjub import Point
from rollup.codec_inclusion import encode_inclusion
from rollup.inclusion import prove_account
from rollup.oracle import SignedPrices, pick_usable
from rollup.params import Params
from rollup.signature_cache import SignatureCache
from rollup.snapshot import Snapshot
from rollup.tick import run_tick
from rollup.units import FIRST_USER_ACCOUNT, MARKET_COUNT
from sequencer.node.admission import Admission
from sequencer.node.auctioneer import Auctioneer
from sequencer.node.command_codec import decode_command, encode_command
from sequencer.node.commands import ClientCommand, Kind, OraclePrices, QueueEntrySeen
from sequencer.node.core import (
    AccountView,
    BatchView,
    BookLevel,
    BookView,
    EntryView,
    Event,
    FeesView,
    FillSeen,
    MarketView,
    NodeStatus,
    OrderView,
)
from sequencer.node.engine_loop import BooksSeen
from sequencer.node.history import History
from sequencer.node.hub import Hub
from sequencer.node.intake import Answer, Intake
from sequencer.node.links import GENESIS, Head, LogRecord, Record
from sequencer.node.outcome import Outcome
from sequencer.node.pipeline_types import BatchProgress
from sequencer.node.receipts import Receipt, ReceiptChain
from sequencer.node.recovery import encode_live, recover
from sequencer.node.store import Artifact, Store
from sequencer.node.views import make_account_view, make_fees_view, make_market_views, make_order_views
from sequencer.node.writing import Writer
from verifier.queue_entries import Entry

__all__ = ["Node", "NodeSettings"]


@dataclass(frozen=True)
class NodeSettings:
    """What a node is started with, besides its store."""

    genesis: Snapshot
    shape_name: str
    receipt_key: bytes  # 32 bytes that sign receipts
    tick_s: float = 0.25
    withdraw_only: bool = False


class Node:
    """A `Core`. Made and used on one event loop."""

    def __init__(self, store: Store, settings: NodeSettings) -> None:
        """Read the log. Raises StoreError, and what `recover` does."""
        self._store, self._settings = store, settings
        self.history, self._hub = History(), Hub()
        self.live = recover(store, settings.genesis, self._remember)
        self._chain = ReceiptChain(settings.receipt_key, self.params.domain, store.head)
        self.admission = Admission(self.live)
        self.admission.withdraw_only = settings.withdraw_only
        self._writer = Writer(store, self._chain, self._follow)
        self._intake = Intake(self.admission, self._writer, self.get_receipt)
        parts = (self._writer, self._see_books, self._hand_on)
        self._auctioneer = Auctioneer(self.live, settings.shape_name, settings.tick_s, *parts)
        self._books = BooksSeen(0, {}, {})
        self._tasks: list[asyncio.Task[None]] = []
        self._signatures = SignatureCache()
        self._bringing = asyncio.Lock()
        self.on_batch: Callable[[int, bytes], None] = lambda number, trace: None  # the next batch, durable
        self.get_backlog: Callable[[], int] = lambda: 0
        self.get_alarms: Callable[[], tuple[str, ...]] = tuple
        latest = store.latest_snapshot()
        self._snapshot = latest.head.sequence if latest else 0
        self._followed = store.last_sequence
        self._set_tick()

    async def start(self) -> None:
        """Begin to take commands and to make auctions."""
        self._auctioneer.start()
        self._tasks = [asyncio.create_task(self._intake.run()), asyncio.create_task(self._auctioneer.run())]

    async def stop(self) -> None:
        """Stop auctions and commands; those that wait are answered, and nothing is being written any more."""
        self._intake.close()
        for task in self._tasks[1:]:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._writer.drain()
        self._auctioneer.close()

    async def put_snapshot(self) -> None:
        """Keep the state, so that the next start reads only what comes after. Made and written off the loop."""
        sequence, live = self._followed, self.live.copy()
        body = await asyncio.to_thread(encode_live, live)
        await asyncio.to_thread(self._store.put_snapshot, sequence, body)
        self._snapshot = sequence

    @property
    def records_since_snapshot(self) -> int:
        """How many records the next start would read."""
        return self._followed - self._snapshot

    # --- what comes in ----------------------------------------------------------------------------------------------
    async def submit(self, commands: Sequence[ClientCommand]) -> list[Answer]:
        """Return each command's receipt once it is durable, or why it was refused. Raises StoreError, NodeBusy."""
        return await self._intake.submit(commands)

    async def submit_prices(self, signed: SignedPrices) -> bool:
        """Write an oracle's message, if a batch could use it; return whether it could."""
        async with self._bringing:
            return await self._write_prices(signed)

    async def _write_prices(self, signed: SignedPrices) -> bool:
        before_s = self.live.state.header.signer_times_s
        last = self.live.prices.get(signed.signer)
        is_newer = last is None or int.from_bytes(last.body[1:6], "big") < signed.time_s
        usable = pick_usable([signed], self.params, before_s, int(time.time()), self._signatures)
        if not is_newer or not any(usable):
            return False
        await self._writer.append([encode_command(OraclePrices(signed))])
        return True

    async def take_entry(self, index: int, entry: Entry) -> None:
        """Write a final entry of the base layer's queue; one that was written before is passed over."""
        async with self._bringing:  # two who bring the same at once must not both find it missing
            if index == self.live.next_entry:
                await self._writer.append([encode_command(QueueEntrySeen(index, entry))])

    async def write(self, records: Sequence[Record], artifacts: Sequence[Artifact] = ()) -> None:
        """Write records of the pipeline; artefacts that stand there already are no error. Raises StoreError."""
        await self._writer.append(records, artifacts)

    def see_entry(self, seen: QueueEntrySeen, is_undone: bool) -> None:
        """Show an entry of the queue that is not final on the base layer yet, or that a reorg took back."""
        view = self.history.see_entry(seen.index, seen.entry, is_undone)
        if view is not None:
            self._hub.publish([view])

    def set_progress(self, number: int, progress: BatchProgress) -> None:
        """Note how far a batch is, and tell."""
        view = self.history.set_progress(number, progress)
        if view is not None:
            self._hub.publish([view])

    def set_interval(self, seconds: float) -> None:
        """Keep so much time between auctions."""
        self._auctioneer.interval_s = seconds

    # --- what is durable --------------------------------------------------------------------------------------------
    def _follow(self, records: Sequence[LogRecord]) -> None:
        """Learn what was written."""
        for record in records:
            self._followed = record.sequence
            outcome = self.live.apply(record)
            self._hub.publish(self._remember(record, outcome))
            if outcome is not None:
                accounts = {one.account for one in outcome.closed}
                if outcome.batch is not None:
                    accounts |= {number for number, _ in outcome.batch.changed}
                self.admission.follow(accounts)
            if outcome is not None or record.kind == Kind.PRICES:
                self._set_tick()
        self._auctioneer.tell(records)

    def _remember(self, record: LogRecord, outcome: Outcome | None) -> list[Event]:
        """Note what a record says for those who ask later; return it as events."""
        if outcome is None and record.kind != Kind.ENTRY:
            return []
        if outcome is None:
            command = decode_command(record.kind, record.body)
            assert isinstance(command, QueueEntrySeen)
            return [self.history.add_entry(command.index, command.entry)]
        applied = outcome.batch.applied if outcome.batch else ()
        consumed = outcome.batch.header.queue_consumed if outcome.batch else 0
        return list(self.history.add_outcome(outcome, consumed - len(applied), record.time_us))

    def _set_tick(self) -> None:
        """Judge by the prices that are known now."""
        header = self.live.state.header
        now_s = max(int(time.time()), header.timestamp_s + 1)
        messages = [decode_command(one.kind, one.body) for one in self.live.prices.values()]
        prices = [one.signed for one in messages if isinstance(one, OraclePrices)]
        usable = pick_usable(prices, self.params, header.signer_times_s, now_s, self._signatures)
        self.admission.set_tick(run_tick(header, self.params, usable, now_s))

    def _hand_on(self, number: int, batch: bytes) -> None:
        self.on_batch(number, batch)

    def _see_books(self, seen: BooksSeen) -> None:
        self._books = seen

    # --- views ------------------------------------------------------------------------------------------------------
    @property
    def params(self) -> Params:
        """The parameters in force."""
        return self._settings.genesis.params

    @property
    def receipt_key(self) -> Point:
        """The key that signs receipts."""
        return self._chain.public_key

    def get_status(self) -> NodeStatus:
        """Return how the node is."""
        header = self.live.state.header
        facts = (header.batch_number, header.state_root, self._store.last_sequence, self.get_backlog())
        return NodeStatus(*facts, self.admission.withdraw_only, self.get_alarms() + self._auctioneer.list_alarms())

    def get_account(self, account: int) -> AccountView | None:
        """Return an account, None where nobody owns it. Fund and treasury have no owner, and are there."""
        record = self.live.state.get_account(account)
        if record.is_empty and account >= FIRST_USER_ACCOUNT:
            return None
        return make_account_view(account, record, self.admission.get_totals(account), self.admission.terms)

    def list_orders(self, account: int) -> tuple[OrderView, ...]:
        """Return the account's resting orders by slot."""
        return make_order_views(self.live, account)

    def list_fills(self, account: int, limit: int, before: int | None = None) -> tuple[FillSeen, ...]:
        """Return the account's last fills, newest first."""
        return self.history.list_fills(account, limit, before)

    def list_markets(self) -> tuple[MarketView, ...]:
        """Return the markets in use."""
        tick = self.admission.terms.tick
        return make_market_views(self.params, tick, self.history.last_prices, self._books.prices)

    def get_book(self, market: int, levels: int) -> BookView | None:
        """Return the depth of a market, None where there is no such market."""
        if not 0 <= market < MARKET_COUNT or not self.params.is_market_open(market):
            return None
        depth = self._books.depths.get(market)
        bids, asks = (depth.bids, depth.asks) if depth else ((), ())
        bid_levels, ask_levels = (tuple(BookLevel(*level) for level in side[:levels]) for side in (bids, asks))
        return BookView(market, bid_levels, ask_levels, self._books.sequence)

    def get_fees(self) -> FeesView:
        """Return what resources cost."""
        return make_fees_view(self.params, self.admission.terms.tick)

    def list_batches(self, limit: int, before: int | None = None) -> tuple[BatchView, ...]:
        """Return the last batches, newest first."""
        return self.history.list_batches(limit, before)

    def get_batch(self, number: int) -> BatchView | None:
        """Return a batch."""
        return self.history.get_batch(number)

    def list_entries(self, limit: int, before: int | None = None) -> tuple[EntryView, ...]:
        """Return the last entries of the queue, newest first."""
        return self.history.list_entries(limit, before)

    def get_receipt(self, sequence: int) -> Receipt | None:
        """Return the receipt of a record that is still in the log."""
        if sequence < 1:
            return None
        found = self._store.read(max(sequence - 2, 0), min(sequence, 2))  # with the one before: its link is needed
        if [record.sequence for record in found] != list(range(max(sequence - 1, 1), sequence + 1)):
            return None
        before = GENESIS if sequence == 1 else _get_head(found[0])
        return self._chain.issue(before, found[-1:])[0]

    def get_file(self, kind: str, name: str) -> bytes | None:
        """Return what is published."""
        return self._store.get_artifact(kind, name)

    def prove_inclusion(self, account: int) -> bytes | None:
        """Return the account's inclusion proof in the last batch's state."""
        if self.live.state.get_account(account).is_empty:
            return None
        return encode_inclusion(prove_account(self.live.state, account))

    def watch(self, accounts: Container[int], markets: Container[int]) -> AsyncIterator[Event]:
        """Yield what happens from now on. Raises SubscriberSlow."""
        return self._hub.watch(accounts, markets)


def _get_head(record: LogRecord) -> Head:
    return Head(record.sequence, record.time_us, record.link)

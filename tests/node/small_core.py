"""A core for tests of what stands before it: a real log, real receipts, the model's own auction; one batch at a time.

It keeps no proofs and no base layer: batches stay sequenced.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Final

from rollup.babyjubjub import Point
from rollup.codec_inclusion import encode_inclusion
from rollup.errors import RollupError
from rollup.inclusion import prove_account
from rollup.params import Params
from rollup.rejections import AccountNotOpen, EpochMismatch, SignatureInvalid, SlotNonceInvalid
from rollup.signature import verify
from sequencer.node.command_codec import encode_command
from sequencer.node.commands import CancelAllOrders, CancelOrder, ClientCommand, PlaceOrder, PlaceQuote
from sequencer.node.core import (
    AccountView,
    BatchView,
    BookView,
    EntryView,
    Event,
    FeesView,
    FillSeen,
    MarketView,
    NodeStatus,
    OrderClosed,
    OrderView,
)
from sequencer.node.links import GENESIS, Head, Record, compute_digest
from sequencer.node.opening import open_store
from sequencer.node.receipts import Receipt, ReceiptChain
from sequencer.node.refusals import SubscriberSlow
from tests.node.small_auction import Resting, run_auction
from tests.node.small_views import make_account, make_book, make_fees, make_markets, make_order
from tests.scenarios import Exchange

RECEIPT_KEY: Final = bytes(range(32))
ACCOUNTS: Final = (2, 3, 4)
_MAX_WAITING: Final = 64


class SmallCore:
    """A `Core` over a folder."""

    def __init__(self, folder: Path) -> None:
        self.exchange = Exchange()
        for account in ACCOUNTS:
            self.exchange.batch(cash=[self.exchange.deposit(account, 50_000)])
        self.exchange.now_s = int(time.time())  # wallets sign by today's clock
        self.store = open_store(folder)
        self.chain = ReceiptChain(RECEIPT_KEY, self.params.domain, self.store.head)
        self.resting: dict[tuple[int, int], Resting] = {}
        self.fills: list[FillSeen] = []
        self.batches: list[BatchView] = []
        self.entries: list[EntryView] = []
        self.failing: Exception | None = None  # what submit raises
        self.alarms: tuple[str, ...] = ()
        self._receipts: dict[bytes, asyncio.Future[Receipt]] = {}
        self._pending: list[tuple[Record, asyncio.Future[Receipt]]] = []
        self._flushing: asyncio.Task[None] | None = None
        self._n_records = self.store.last_sequence
        self._watchers: list[tuple[frozenset[int], frozenset[int], asyncio.Queue[Event]]] = []

    @property
    def params(self) -> Params:
        return self.exchange.params

    @property
    def receipt_key(self) -> Point:
        return self.chain.public_key

    async def submit(self, commands: Sequence[ClientCommand]) -> list[Receipt | RollupError]:
        if self.failing is not None:
            raise self.failing
        waiting = [self._admit(command) for command in commands]
        return [place if isinstance(place, RollupError) else await asyncio.shield(place) for place in waiting]

    def _admit(self, command: ClientCommand) -> RollupError | asyncio.Future[Receipt]:
        try:
            command.check()
            self._check(command)
            record = encode_command(command)
            digest = compute_digest(record.body)
            if digest not in self._receipts:
                self._apply(command, self._n_records + 1)
                self._n_records += 1
                self._receipts[digest] = asyncio.get_running_loop().create_future()
                self._pending.append((record, self._receipts[digest]))
                if self._flushing is None or self._flushing.done():
                    self._flushing = asyncio.get_running_loop().create_task(self._flush())
            return self._receipts[digest]
        except RollupError as error:
            return error

    async def _flush(self) -> None:
        """Commit what waits in groups: those that come while one is written make the next."""
        while self._pending:
            group, self._pending = self._pending, []
            receipts = await asyncio.get_running_loop().run_in_executor(None, self._append, [item[0] for item in group])
            for (_, waiting), receipt in zip(group, receipts, strict=True):
                waiting.set_result(receipt)

    def _append(self, records: list[Record]) -> list[Receipt]:
        now_us = time.time_ns() // 1000
        self.store.append(records, now_us=now_us)
        return self.chain.extend(records, now_us)

    def _check(self, command: ClientCommand) -> None:
        account = self.exchange.state.get_account(command.account)
        if account.is_empty:
            raise AccountNotOpen(command.account)
        message = command.message(self.params.domain)
        if not verify(account.key, message, command.signature):
            raise SignatureInvalid(command.account, message)
        if isinstance(command, CancelOrder | CancelAllOrders) and command.epoch != account.epoch:
            raise EpochMismatch(command.account, command.epoch, account.epoch)

    def _apply(self, command: ClientCommand, sequence: int) -> None:
        if isinstance(command, PlaceOrder):
            self._rest(Resting(command.signed.order, sequence, command))
        elif isinstance(command, PlaceQuote):
            for quoted in command.signed.quoted_orders:
                self._rest(Resting(quoted.order, sequence, command))
        elif isinstance(command, CancelOrder):
            resting = self.resting.get((command.account, command.slot))
            if resting is not None and resting.order.nonce <= command.nonce:
                self.close((command.account, command.slot), "cancelled")
        elif isinstance(command, CancelAllOrders):
            for place in [place for place in self.resting if place[0] == command.account]:
                self.close(place, "cancelled")

    def _rest(self, resting: Resting) -> None:
        place = (resting.order.account, resting.order.slot)
        before = self.resting.get(place)
        if before is not None and resting.order.nonce <= before.order.nonce:
            raise SlotNonceInvalid(*place, resting.order.nonce, before.order.nonce)
        if before is not None:
            self.close(place, "replaced")
        self.resting[place] = resting

    def close(self, place: tuple[int, int], reason: str) -> None:
        order = self.resting.pop(place).order
        self.publish(OrderClosed(order.account, order.slot, order.nonce, reason))

    def clear(self) -> None:
        """Run the model's auction over what rests."""
        run_auction(self)

    def publish(self, event: Event) -> None:
        """Tell whoever watches."""
        for accounts, markets, queue in self._watchers:
            account, market = getattr(event, "account", None), getattr(event, "market", None)
            is_told = isinstance(event, BatchView | EntryView) or account in accounts
            if (is_told or (account is None and market in markets)) and queue.qsize() <= _MAX_WAITING:
                queue.put_nowait(event)

    async def watch(self, accounts: frozenset[int], markets: frozenset[int]) -> AsyncIterator[Event]:
        queue: asyncio.Queue[Event] = asyncio.Queue()
        watcher = (accounts, markets, queue)
        self._watchers.append(watcher)
        try:
            while True:
                event = await queue.get()
                if queue.qsize() >= _MAX_WAITING:
                    raise SubscriberSlow(_MAX_WAITING)
                yield event
        finally:
            self._watchers.remove(watcher)

    def get_status(self) -> NodeStatus:
        header = self.exchange.state.header
        root = self.exchange.state.state_root
        return NodeStatus(header.batch_number, root, self.store.last_sequence, len(self.batches), False, self.alarms)

    def get_account(self, account: int) -> AccountView | None:
        return make_account(self.exchange, account)

    def list_orders(self, account: int) -> tuple[OrderView, ...]:
        return tuple(make_order(self.resting[place]) for place in sorted(self.resting) if place[0] == account)

    def list_fills(self, account: int, limit: int, before: int | None = None) -> tuple[FillSeen, ...]:
        found = [fill for fill in reversed(self.fills) if fill.account == account]
        return tuple(fill for fill in found if before is None or fill.batch_number < before)[:limit]

    def list_markets(self) -> tuple[MarketView, ...]:
        return make_markets(self.exchange)

    def get_book(self, market: int, levels: int) -> BookView | None:
        return make_book(self, market, levels)

    def get_fees(self) -> FeesView:
        return make_fees(self.exchange)

    def list_batches(self, limit: int, before: int | None = None) -> tuple[BatchView, ...]:
        found = [batch for batch in reversed(self.batches) if before is None or batch.number < before]
        return tuple(found[:limit])

    def get_batch(self, number: int) -> BatchView | None:
        return next((batch for batch in self.batches if batch.number == number), None)

    def list_entries(self, limit: int, before: int | None = None) -> tuple[EntryView, ...]:
        found = [entry for entry in reversed(self.entries) if before is None or entry.index < before]
        return tuple(found[:limit])

    def get_receipt(self, sequence: int) -> Receipt | None:
        read = self.store.read(max(0, sequence - 2), 2 if sequence > 1 else 1)
        if not read or read[-1].sequence != sequence:
            return None
        before = Head(read[0].sequence, read[0].time_us, read[0].link) if sequence > 1 else GENESIS
        return self.chain.issue(before, read[-1:])[0]

    def get_file(self, kind: str, name: str) -> bytes | None:
        return self.store.get_artifact(kind, name)

    def prove_inclusion(self, account: int) -> bytes | None:
        return encode_inclusion(prove_account(self.exchange.state, account))

"""A real node for tests of what stands before it, in one process: its auctions are held when the test says.

Everything else is the node's own: log, receipts, admission, views. It has no pipeline: batches stay sequenced.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Final, cast

from rollup.codec import encode_trace
from rollup.params import Params
from rollup.shapes import TINY
from rollup.snapshot import Snapshot
from rollup.units import MARKET_COUNT
from sequencer.node.auctioneer import Auctioneer
from sequencer.node.commands import ClientCommand, Kind
from sequencer.node.engine_loop import BooksSeen
from sequencer.node.event_types import Event
from sequencer.node.intake import Answer
from sequencer.node.links import LogRecord, Record
from sequencer.node.live import encode_auction
from sequencer.node.node import Node, NodeSettings
from sequencer.node.opening import open_store
from sequencer.node.outcome import encode_outcome
from sequencer.node.price_refusals import PricesNotNewer
from sequencer.node.sequencing import Sequencing
from sequencer.node.stages import BATCH, name_batch
from sequencer.node.store import Artifact, Store
from tests.scenarios import PARAMS, Exchange, sign_prices

RECEIPT_KEY: Final = bytes(range(32))
ACCOUNTS: Final = (2, 3, 4)
_LEVELS: Final = 50


class _Stepped:
    """In the auctioneer's place: the same books in this process, and no clock."""

    def __init__(self, node: SteppedNode) -> None:
        self._node = node
        self.sequencing = Sequencing(node.live.copy(), TINY)
        self.interval_s = 0.0

    def tell(self, records: Sequence[LogRecord]) -> None:
        for record in records:
            if record.kind < Kind.OUTCOME:
                self.sequencing.apply(record)
        self.show()

    def show(self) -> None:
        params, orders = self._node.params, self.sequencing.books.orders
        markets = [market for market in range(MARKET_COUNT) if params.is_market_open(market)]
        depths = {market: orders.get_depth(market, _LEVELS) for market in markets}
        self._node.see_books(BooksSeen(self._node.last_sequence, depths, dict(self.sequencing.indicative)))

    def list_alarms(self) -> tuple[str, ...]:
        return ()

    async def make_snapshot(self, sequence: int) -> None:
        """Nothing: no engine runs."""

    def recall(self, record: LogRecord) -> None:
        """Nothing: the node reads outcomes as they stand in its log."""


class SteppedNode(Node):
    """Three accounts with 50,000 USD each, and who signs for them."""

    def __init__(self, folder: Path, exchange: Exchange | None = None) -> None:
        self.exchange = exchange or make_exchange()
        self.store: Store = open_store(str(folder))
        genesis = Snapshot(self.exchange.params, self.exchange.state)
        super().__init__(self.store, NodeSettings(genesis, "tiny", RECEIPT_KEY))
        self.failing: Exception | None = None  # what submit raises
        self.alarms: tuple[str, ...] = ()
        self.get_alarms = lambda: self.alarms
        self._stepped = _Stepped(self)
        self._auctioneer = cast(Auctioneer, self._stepped)

    @property
    def last_sequence(self) -> int:
        """Of the log."""
        return self.store.last_sequence

    def see_books(self, seen: BooksSeen) -> None:
        """Show the depth."""
        self._see_books(seen)

    def begin(self) -> None:
        """Take commands from now on, on the loop that runs."""
        self._tasks = [asyncio.get_running_loop().create_task(self._intake.run())]

    async def end(self) -> None:
        """Answer what waits, and let go of the store."""
        self._intake.close()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._writer.drain()
        self.store.close()

    async def submit(self, commands: Sequence[ClientCommand]) -> list[Answer]:
        """Submit, or fail as the test wants it."""
        if self.failing is not None:
            raise self.failing
        return await super().submit(commands)

    def publish(self, event: Event) -> None:
        """Tell whoever watches."""
        self._hub.publish([event])

    async def bring_prices(self, *prices_ticks: int) -> None:
        """Let every signer say these prices, or the marks."""
        prices = prices_ticks or self.live.state.header.marks_ticks
        for signed in sign_prices(self.params, tuple(prices), int(time.time())):
            with suppress(PricesNotNewer):  # said in this second already
                await self.submit_prices(signed)

    async def clear(self, *prices_ticks: int) -> None:
        """Hold an auction, at these prices."""
        await self.bring_prices(*prices_ticks)
        timestamp_s = max(int(time.time()), self.live.state.header.timestamp_s + 1)
        await self.write([Record(Kind.AUCTION, encode_auction(timestamp_s))])
        outcome, trace = self._stepped.sequencing.run_auction()
        artifacts = []
        if trace is not None:
            artifacts = [Artifact(BATCH, name_batch(trace.header_after.batch_number), encode_trace(trace))]
        await self.write([Record(Kind.OUTCOME, encode_outcome(outcome))], artifacts)
        self._stepped.show()


def make_exchange(params: Params = PARAMS) -> Exchange:
    """Return an exchange whose accounts have cash, by today's clock."""
    exchange = Exchange(params)
    for account in ACCOUNTS:
        exchange.batch(cash=[exchange.deposit(account, 50_000)])
    exchange.now_s = int(time.time())  # wallets sign by today's clock
    return exchange

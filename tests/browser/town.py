"""A whole node with people on it, for a browser to look at: a maker who quotes, traders who trade, a price that falls.

Marks follow a tape that is written here: steady at first, and from the next start on falling. People live on an event
loop of their own thread, for the browser's driver has this one.
"""

from __future__ import annotations

import asyncio
import socket
import threading
import time
from collections.abc import Coroutine
from pathlib import Path
from typing import Any, TypeVar

from eth_account import Account as Keys

from prover import kernel
from rollup.orders import IOC
from rollup.signature import derive_public_key
from sequencer.client import NodeClient, OrderSigner
from sequencer.client.embedded_deposit import deposit_on_embedded
from sequencer.client.errors import CommandRefused, NodeUnreachable
from sequencer.client.signer import Wish
from sequencer.client.slots import SlotBook
from sequencer.snapshots import GENESIS, read_snapshot
from tests.node.whole_node import KEYS, Running

T = TypeVar("T")
MAKER, TRADER, OTHER = 7, 8, 9
PRICE = 25.0
FALL = 0.095  # of the price: the trader must be liquidated, and cannot go bankrupt
FALL_S = 20
LOT = 10**6
CONFIG = """
[node]
data = "data"
shape = "tiny"
[api]
port = {port}
[proving]
keys = "{keys}"
nice = 0
[groups]
max_age_s = 1.0
[oracle]
source = "tape"
tape = "tape.csv"
[watcher]
poll_s = 0.2
"""


class Town:
    """A folder, the node in it, and who trades there."""

    def __init__(self, folder: Path) -> None:
        kernel.install()
        self._folder = folder
        with socket.create_server(("127.0.0.1", 0)) as free:
            port = free.getsockname()[1]  # the same after a restart, as a page expects
        (folder / "node.toml").write_text(CONFIG.format(port=port, keys=KEYS))
        self.write_tape([(0, PRICE)])
        self.node = Running(folder)
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        self._books: dict[int, SlotBook] = {}
        self._people: dict[int, tuple[NodeClient, OrderSigner]] = {}
        self._quoting: Any = None

    def close(self) -> None:
        """End everybody."""
        self.leave()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        for book in self._books.values():
            book.close()
        if self.node.process.poll() is None:
            self.node.process.kill()
            self.node.process.wait(60)

    def do(self, work: Coroutine[Any, Any, T]) -> T:
        """Return what somebody's work comes to."""
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(300)

    def write_tape(self, prices: list[tuple[int, float]]) -> None:
        """Let the oracle say these prices, by milliseconds since genesis, from the next start on."""
        rows = [f"{time_ms},{place},buy,{price:.6f},1" for place, (time_ms, price) in enumerate(prices, 1)]
        (self._folder / "tape.csv").write_text("\n".join(["time_ms,id,side,price,amount", *rows]) + "\n")

    def prepare_fall(self, in_s: float) -> None:
        """Let the price fall so many seconds from now, once the node is started again."""
        genesis_s = read_snapshot(self._folder / "data" / GENESIS).state.header.timestamp_s
        start_ms = int(1000 * (time.time() + in_s - genesis_s))
        steps = [(start_ms + 1000 * step, PRICE * (1 - FALL * step / FALL_S)) for step in range(FALL_S + 1)]
        self.write_tape([(0, PRICE), *steps])

    def restart(self) -> None:
        """Start the node again."""
        self.node = Running(self._folder)

    def arrive(self, account: int, usd: int) -> None:
        """Let somebody deposit and wait until the node has him."""
        self.do(self._deposit(account, usd))
        self.node.wait_for(lambda: self.node.get(f"accounts/{account}"))
        self.meet(account)

    def meet(self, account: int) -> None:
        """Connect somebody."""
        self._people[account] = self.do(self._connect(account))

    def leave(self) -> None:
        """Disconnect everybody: the node is about to end."""
        if self._quoting is not None:
            self._quoting.cancel()
            self._quoting = None
        for client, _ in self._people.values():
            self.do(client.close())
        self._people.clear()

    def trade(self, account: int, side: int, size: float) -> None:
        """Let somebody take what the book offers within one percent of the mark."""
        client, signer = self._people[account]
        (market,) = self.do(client.list_markets())
        limit = market.mark_ticks * (99 if side else 101) // 100
        self.do(client.place_order(signer.place_order(Wish(0, side, int(size * LOT), limit, IOC))))

    def rest(self, account: int, side: int, size: float, price: float) -> None:
        """Let somebody rest an order."""
        client, signer = self._people[account]
        self.do(client.place_order(signer.place_order(Wish(0, side, int(size * LOT), int(price * 10**6)))))

    async def get_inclusion(self, account: int) -> bytes:
        """Return somebody's inclusion proof, as the client gets it."""
        return await self._people[account][0].prove_inclusion(account)

    def start_quoting(self, size: float, levels: int = 4) -> None:
        """Let the maker quote around the mark, every second. Not post-only: a liquidation pays for no rebate."""
        self._quoting = asyncio.run_coroutine_threadsafe(self._quote(size, levels), self._loop)

    async def _quote(self, size: float, levels: int) -> None:
        client, signer = self._people[MAKER]
        while True:
            try:
                (market,) = await client.list_markets()
                wishes = []
                for level in range(levels):
                    away = market.mark_ticks * (level + 1) // 1000
                    for side, ticks in ((0, market.mark_ticks - away), (1, market.mark_ticks + away)):
                        lots = int(size * LOT) * (level + 1)
                        wishes.append(Wish(0, side, lots, ticks, slot=2 * level + side))
                await client.place_quote(signer.place_quote(wishes))
                for fill in await client.list_fills(MAKER, limit=50):
                    signer.note(fill)
            except (CommandRefused, NodeUnreachable):
                pass  # the next look may find another mark, or the node again
            await asyncio.sleep(1)

    async def _deposit(self, account: int, usd: int) -> None:
        async with await NodeClient.connect(self.node.url) as client:
            there = client.deployment
            owner = Keys.from_key(account.to_bytes(32, "big"))
            key = derive_public_key(_key_of(account))
            facts = (there.chain_id, there.contract, owner, account, key, usd * 10**6)
            await deposit_on_embedded(self.node.url, *facts)

    async def _connect(self, account: int) -> tuple[NodeClient, OrderSigner]:
        client = await NodeClient.connect(self.node.url)
        if account not in self._books:
            home = self._folder / f"slots-{account}"
            home.mkdir()
            self._books[account] = SlotBook(home, account)
        signer = OrderSigner(_key_of(account), client.deployment, self._books[account])
        await signer.sync(client)
        return client, signer


def _key_of(account: int) -> bytes:
    return (1000 + account).to_bytes(32, "big")

"""Two accounts that trade on a whole node over HTTP, keep what was acknowledged, and hold the log to it in the end."""

from __future__ import annotations

import asyncio
import os
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import httpx
import msgspec
from eth_account import Account

from rollup.shapes import TINY
from rollup.signature import derive_public_key
from sequencer.client.embedded_deposit import deposit_on_embedded
from sequencer.node.api.wire_commands import write_command
from sequencer.node.commands import Kind, PlaceOrder
from sequencer.node.links import compute_digest
from sequencer.node.opening import open_store
from sequencer.node.receipt_codec import decode_receipt_json
from sequencer.node.receipts import verify_receipt
from sequencer.snapshots import GENESIS, read_snapshot
from tests.node.crashing import read_all
from tests.node.market import USD, Market, make_key
from tests.node.replaying import replay
from tests.node.whole_node import ROOT, Running, running

__all__ = ["BUYER", "JSON", "SELLER", "Day", "living"]

BUYER, SELLER = 7, 8
JSON = {"content-type": "application/json"}
MOVED_CLOCK = Path(__file__).parent / "moved_clock"


class Day:
    """A node, its market, and the digests of what it acknowledged, by sequence number."""

    def __init__(self, node: Running, clock: Path) -> None:
        self.node, self._clock = node, clock
        self.genesis = read_snapshot(node.data / GENESIS)
        self.market = Market(self.genesis.params)
        self.acknowledged: dict[int, bytes] = {}
        x, y = map(int, node.get("status")["receipt_key"])
        self._key = (x, y)

    def deposit(self, account: int) -> None:
        """Send a deposit of 10,000 dollars, by somebody new."""
        params, terms = self.genesis.params, (account, derive_public_key(make_key(account)), 10_000 * USD)
        asyncio.run(deposit_on_embedded(self.node.url, params.chain_id, params.contract, Account.create(), *terms))

    def open_accounts(self) -> None:
        """Let both have 10,000 dollars."""
        self.deposit(BUYER)
        self.deposit(SELLER)
        self.node.wait_for(lambda: self.node.get(f"accounts/{BUYER}") and self.node.get(f"accounts/{SELLER}"))

    def send(self, command: PlaceOrder) -> httpx.Response:
        """Send an order, keep its receipt if there is one, and return the answer."""
        body = msgspec.json.encode(write_command(command))
        answer = httpx.post(f"{self.node.url}/v1/orders", content=body, headers=JSON, timeout=60)
        if answer.status_code == 200:
            receipt = decode_receipt_json(answer.content)
            verify_receipt(receipt, self._key, self.genesis.params.domain)
            self.acknowledged[receipt.sequence] = receipt.digest
        return answer

    def place_pair(self) -> None:
        """Place two orders that meet; both are acknowledged."""
        for account, coins, price in ((BUYER, 1, 25.1), (SELLER, -1, 24.9)):
            answer = self.send(self.market.order(account, coins, price))
            assert answer.status_code == 200, answer.text

    def count_fills(self) -> int:
        """Return how many the buyer has had."""
        return len(self.node.get(f"accounts/{BUYER}/fills")["fills"])

    def trade(self) -> None:
        """Place two orders that meet and wait for the fill: the node serves."""
        before = self.count_fills()
        self.place_pair()
        self.node.wait_for(lambda: self.count_fills() > before)

    def set_clock(self, seconds: int) -> None:
        """Let the clock of all the node's processes be so far from the right time."""
        other = self._clock.with_suffix(".new")
        other.write_text(str(seconds))
        other.replace(self._clock)

    def hold_log_to_what_was_acknowledged(self, target: str, root: int) -> None:
        """Fail unless all of it is in the log, once, and the log leads to this state when it is gone through again."""
        with open_store(target) as store:
            records = read_all(store)
        lost = [n for n, digest in self.acknowledged.items() if compute_digest(records[n - 1].body) != digest]
        assert lost == []
        orders = Counter(record.body for record in records if record.kind == Kind.ORDER)
        assert max(orders.values()) == 1
        assert len(orders) >= len(self.acknowledged) > 0
        assert replay(records, self.genesis, TINY).state.state_root == root


@contextmanager
def living(folder: Path, environment: Mapping[str, str] | None = None) -> Iterator[Day]:
    """Yield a day on a new node with both accounts open. Its configuration is in the folder."""
    clock = folder / "clock"
    clock.write_text("0")
    path = os.pathsep.join((str(MOVED_CLOCK), str(ROOT)))
    ours = {"ZKMARGIN_TEST_CLOCK": str(clock), "PYTHONPATH": path}
    with running(folder, os.environ | ours | dict(environment or {})) as node:
        day = Day(node, clock)
        day.open_accounts()
        yield day

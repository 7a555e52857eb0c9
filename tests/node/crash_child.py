"""A node under load in a process of its own, to be killed: what it acknowledges it prints, one line a receipt.

Lines: `begun SEQUENCE ROOT` where it begins, then `SEQUENCE DIGEST RECEIPT`. Of orders 60 % replace, 30 % are new, 10 %
cross; cancels come between.
"""

from __future__ import annotations

import asyncio
import random
import sys
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from prover import kernel
from rollup.orders import IOC, unpack_slot
from rollup.snapshot import decode_snapshot
from sequencer.node.command_codec import decode_command
from sequencer.node.commands import ClientCommand, Kind, PlaceOrder
from sequencer.node.node import Node, NodeSettings
from sequencer.node.price_refusals import PricesRefused
from sequencer.node.receipt_codec import encode_receipt
from sequencer.node.receipts import Receipt
from sequencer.node.refusals import NonceUsed
from tests.node.market import MARK_TICKS, Market
from tests.node_stores import open_patiently

KEY = bytes(range(32))
SHAPE = "tiny"
ACCOUNTS = range(2, 10)
SLOTS = 512
RESTING = 12  # orders of an account at most
STEPS = 250  # a nonce may be so far above what the state has in its slot, and a little more
SNAPSHOTS_1_IN = 3  # starts; and as many take one again and again
RESENT = 40


class Traders:
    """Eight accounts that go on where the log left them."""

    def __init__(self, node: Node, rng: random.Random) -> None:
        self._node, self._rng, self._market = node, rng, Market(node.params)
        for account in ACCOUNTS:
            for slot in range(SLOTS):
                self._market.nonces[account, slot] = self._find_nonce(account, slot)

    def _find_nonce(self, account: int, slot: int) -> int:
        live = self._node.live
        resting = live.orders.get((account, slot))
        leaf = unpack_slot(live.state.get_account(account).orders.get(slot))[0]
        return max(resting[0] + 1 if resting else 0, live.floors.get((account, slot), 0), leaf)

    async def open(self) -> None:
        """Bring prices, and deposits where there are none yet."""
        await self.bring_prices()
        for index, account in enumerate(ACCOUNTS):
            await self._node.take_entry(index, self._market.deposit(account, 100_000))
        while not all(self._node.get_account(account) for account in ACCOUNTS):
            await asyncio.sleep(0.01)

    async def bring_prices(self) -> None:
        """Let all signers say something new."""
        mark_ticks = MARK_TICKS * self._rng.randint(999, 1_001) // 1_000
        for signed in self._market.prices(int(time.time()), mark_ticks):
            with suppress(PricesRefused):  # twice in a second
                await self._node.submit_prices(signed)

    def draw(self) -> list[ClientCommand]:
        """Return what some of them send together."""
        return [self._draw_one() for _ in range(self._rng.choice((1, 3, 10, 40)))]

    def _draw_one(self) -> ClientCommand:
        rng, account = self._rng, self._rng.choice(ACCOUNTS)
        taken = sorted(self._node.live.slots.get(account, ()))
        kind, side = rng.random(), rng.choice((-1, 1))
        slot = rng.choice(taken) if taken and (kind < 0.6 or len(taken) >= RESTING) else rng.randrange(SLOTS)
        leaf = unpack_slot(self._node.live.state.get_account(account).orders.get(slot))[0]
        if rng.random() < 0.08 or self._market.nonces[account, slot] - leaf > STEPS:
            return self._market.cancel(account, slot, max(0, self._market.nonces[account, slot] - 1))
        away = rng.uniform(0, 0.04) if kind > 0.9 else -rng.uniform(0.001, 0.03)
        price = MARK_TICKS / 10**6 * (1 + side * away)
        flags = IOC if kind > 0.95 else 0
        return self._market.order(account, side * rng.uniform(0.001, 0.2), price, slot=slot, flags=flags)


async def load(node: Node, traders: Traders) -> None:
    """Submit for ever, and say what was acknowledged."""
    while True:
        say(await node.submit(traders.draw()))


async def resend(node: Node, last: Sequence[PlaceOrder]) -> None:
    """Send orders of the log once more: none may be written again."""
    before = node.get_status().sequence
    for answer in await node.submit(list(last)):
        assert isinstance(answer, NonceUsed) or (isinstance(answer, Receipt) and answer.sequence <= before), answer


def say(answers: Sequence[object]) -> None:
    """Print the receipts among the answers."""
    lines = [
        f"{one.sequence} {one.digest.hex()} {encode_receipt(one).hex()}" for one in answers if isinstance(one, Receipt)
    ]
    if lines:
        sys.stdout.write("\n".join(lines) + "\n")
        sys.stdout.flush()


async def main(folder: Path, seed: int) -> None:
    """Run until killed."""
    genesis = decode_snapshot((folder / "genesis").read_bytes())
    with open_patiently(str(folder / "store")) as store:
        node = Node(store, NodeSettings(genesis, SHAPE, KEY, tick_s=0.05))
        print("begun", store.last_sequence, node.live.state.state_root, flush=True)
        if seed % SNAPSHOTS_1_IN == 0:
            await node.put_snapshot()  # by itself: no engine runs yet
        last = [
            decode_command(one.kind, one.body)
            for one in store.read(max(0, store.last_sequence - RESENT), RESENT)
            if one.kind == Kind.ORDER
        ]
        await node.start()
        traders = Traders(node, random.Random(seed))
        await traders.open()
        await resend(node, [one for one in last if isinstance(one, PlaceOrder)])
        loads = [asyncio.create_task(load(node, traders)) for _ in range(3)]
        while not any(task.done() for task in loads):
            await asyncio.sleep(0.3)
            await traders.bring_prices()
            if seed % SNAPSHOTS_1_IN == 1:
                await node.put_snapshot()  # by the engine, orders coming in meanwhile
        await asyncio.gather(*loads)


if __name__ == "__main__":
    kernel.install()
    asyncio.run(main(Path(sys.argv[1]), int(sys.argv[2])))

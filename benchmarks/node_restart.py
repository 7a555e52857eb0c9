"""From a store with a long log behind its last snapshot to a node that serves: `python -m benchmarks.node_restart`.

The log: orders of which 60 % replace and the rest take slots that are free, now and then an outcome with 60 changed
accounts. Signatures are bytes of the right length: they are not looked at again.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import random
import tempfile
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from prover import kernel
from rollup.accounts import Account
from rollup.orders import Order, SignedOrder
from rollup.snapshot import Snapshot
from rollup.state import State
from sequencer.node.command_codec import encode_command
from sequencer.node.commands import Kind, PlaceOrder
from sequencer.node.links import Record
from sequencer.node.live import LiveState, encode_auction
from sequencer.node.live_codec import encode_live
from sequencer.node.node import Node, NodeSettings
from sequencer.node.opening import open_store
from sequencer.node.outcome import Outcome, SealedBatch, encode_outcome
from tests.node.market import MARK_TICKS, NO_SIGNATURE, Market, make_snapshot

_GROUP = 4_000
_CHANGED = 60
_ATOMS = 10**24
_KEY = (5, 7)  # of nobody: nothing is verified here


def main() -> None:
    """Make the store, start a node on it, print how long each part took."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--records", type=int, default=1_000_000)
    parser.add_argument("--accounts", type=int, default=10_000)
    parser.add_argument("--resting", type=int, default=20_000)
    parser.add_argument("--folder", type=Path)
    arguments = parser.parse_args()
    kernel.install()
    with tempfile.TemporaryDirectory() as temporary:
        folder = arguments.folder or Path(temporary)
        genesis = make_snapshot(1_900_000_000)
        if not (folder / "store.sqlite3").exists():
            fill(folder, genesis, arguments)
        print(json.dumps(asyncio.run(restart(folder, genesis))))


def fill(folder: Path, genesis: Snapshot, arguments: argparse.Namespace) -> None:
    """Write a snapshot and the log behind it."""
    state = give_cash(genesis.state, dict.fromkeys(range(2, 2 + arguments.accounts), 0))
    with open_store(folder) as store:
        store.append([Record(Kind.GROUP, b"")])
        store.put_snapshot(1, encode_live(LiveState(genesis.params, state)))
        rng = random.Random(1)
        orders = draw(rng, arguments.accounts, arguments.resting)
        for number in range(arguments.records // _GROUP):
            group = [encode_command(next(orders)) for _ in range(_GROUP - 2)]
            auction = store.last_sequence + len(group) + 1
            group.append(Record(Kind.AUCTION, encode_auction(state.header.timestamp_s + 1)))
            changed = {rng.randrange(2, 2 + arguments.accounts): number for _ in range(_CHANGED)}
            before, state = state, give_cash(state, changed)
            group.append(Record(Kind.OUTCOME, encode_outcome(describe(before, state, changed, auction))))
            store.append(group, now_us=number)


def draw(rng: random.Random, n_accounts: int, n_resting: int) -> Iterator[PlaceOrder]:
    """Yield orders, none of which crosses."""
    nonces: dict[tuple[int, int], int] = {}
    keys: list[tuple[int, int]] = []
    while True:
        if len(keys) < n_resting and rng.random() < 0.4:
            key = (rng.randrange(2, 2 + n_accounts), rng.randrange(512))
        else:
            key = rng.choice(keys) if keys else (2, 0)
        if key not in nonces:
            keys.append(key)
        nonces[key] = nonces.get(key, -1) + 1
        side = rng.randrange(2)
        limit_ticks = MARK_TICKS * (1_000 + (2 * side - 1) * rng.randint(2, 30)) // 1_000
        order = Order(key[0], 0, side, key[1], nonces[key], 1, 2**39, rng.randint(1, 10**6), limit_ticks, 10**6)
        yield PlaceOrder(SignedOrder(order, NO_SIGNATURE))


def give_cash(state: State, changed: dict[int, int]) -> State:
    """Return the state of the next batch, in which these accounts have other cash."""
    accounts, tree = dict(state.accounts), state.tree
    for number, more in changed.items():
        accounts[number] = Account(key=_KEY, owner=number, epoch=1, cash_atoms=_ATOMS + more)
        tree = tree.set(number, accounts[number].leaf_hash())
    header = state.header
    header = replace(
        header, accounts_root=tree.root, batch_number=header.batch_number + 1, timestamp_s=header.timestamp_s + 1
    )
    return State(header, tree, accounts)


def describe(before: State, after: State, changed: dict[int, int], auction: int) -> Outcome:
    """Return the outcome that leads from one state to the next."""
    records = tuple((number, after.accounts[number]) for number in sorted(changed))
    marks_ticks = after.header.marks_ticks
    batch = SealedBatch(before.state_root, after.header, records, (), marks_ticks, (), cash_ops=0, rescues=0)
    return Outcome(auction, after.header.timestamp_s, (), (), (), batch)


async def restart(folder: Path, genesis: Snapshot) -> dict[str, object]:
    """Return the seconds until a node serves, in parts."""
    started_s, cpu_s = time.perf_counter(), time.process_time()
    with open_store(folder, is_verified=False) as store:
        opened_s = time.perf_counter()
        node = Node(store, NodeSettings(genesis, "block", bytes(range(32))))
        read_s, read_cpu_s = time.perf_counter(), time.process_time()
        await node.start()
        serving_s = time.perf_counter()
        await node.take_entry(node.live.next_entry, Market(genesis.params).deposit(2, 1))
        while not node._books.sequence:  # the engine has its books once it shows them
            await asyncio.sleep(0.01)
        engine_s = time.perf_counter()
        resting = len(node.live.orders)
        await node.stop()
    return {
        "open_s": round(opened_s - started_s, 2),
        "read_s": round(read_s - opened_s, 2),
        "read_cpu_s": round(read_cpu_s - cpu_s, 2),
        "start_s": round(serving_s - read_s, 2),
        "engine_s": round(engine_s - serving_s, 2),
        "restart_s": round(serving_s - started_s, 2),
        "resting": resting,
        "load": os.getloadavg()[0],
    }


if __name__ == "__main__":
    main()

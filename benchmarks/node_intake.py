"""Durable acknowledgements a second through `Node.submit`, in one process: `python -m benchmarks.node_intake`.

Signatures are made beforehand; of the orders 60 % replace, the rest take free slots or cross. `--profile` shows where
the event loop's thread and the checking thread spend their time.
"""

from __future__ import annotations

import argparse
import asyncio
import cProfile
import json
import os
import pstats
import random
import tempfile
import time
from collections.abc import Sequence

from prover import kernel
from rollup.orders import IOC
from sequencer.node.checking import check_commands
from sequencer.node.commands import ClientCommand
from sequencer.node.node import Node, NodeSettings
from sequencer.node.opening import open_store
from sequencer.node.receipts import Receipt
from tests.node.market import MARK_TICKS, Market, make_snapshot

_SHOWN = 14
_SLOTS = 400


def main() -> None:
    """Sign, submit, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--commands", type=int, default=40_000)
    parser.add_argument("--accounts", type=int, default=100)
    parser.add_argument("--group", type=int, default=200, help="commands a client sends together")
    parser.add_argument("--clients", type=int, default=8)
    parser.add_argument("--profile", action="store_true")
    arguments = parser.parse_args()
    kernel.install()
    print(json.dumps(asyncio.run(measure(arguments))))


def draw(market: Market, arguments: argparse.Namespace) -> list[ClientCommand]:
    """Return orders of many accounts, signed."""
    rng = random.Random(1)
    taken: dict[int, list[int]] = {}
    commands: list[ClientCommand] = []
    for _ in range(arguments.commands):
        account, kind, side = rng.randrange(2, 2 + arguments.accounts), rng.random(), rng.choice((-1, 1))
        slots = taken.setdefault(account, [])
        slot = rng.choice(slots) if slots and kind < 0.6 else rng.randrange(_SLOTS)
        if slot not in slots:
            slots.append(slot)
        away = rng.uniform(0, 0.01) if kind > 0.9 else -rng.uniform(0.002, 0.03)
        price = MARK_TICKS / 10**6 * (1 + side * away)
        flags = IOC if kind > 0.9 else 0
        commands.append(market.order(account, side * rng.uniform(0.001, 0.1), price, slot=slot, flags=flags))
    return commands


async def measure(arguments: argparse.Namespace) -> dict[str, object]:
    """Return what a run on a fresh store took."""
    genesis = make_snapshot()
    with tempfile.TemporaryDirectory() as folder, open_store(folder) as store:
        node, market = Node(store, NodeSettings(genesis, "block", bytes(range(32)))), Market(genesis.params)
        await node.start()
        for signed in market.prices(int(time.time())):
            await node.submit_prices(signed)
        for index in range(arguments.accounts):
            await node.take_entry(index, market.deposit(2 + index, 1_000_000))
        commands = draw(market, arguments)
        while not all(node.get_account(2 + index) for index in range(arguments.accounts)):
            await asyncio.sleep(0.05)
        profile = cProfile.Profile()
        started_s, cpu_s = time.perf_counter(), time.process_time()
        if arguments.profile:
            profile.enable()
        answers = await send(node, commands, arguments)
        profile.disable()
        took_s, took_cpu_s = time.perf_counter() - started_s, time.process_time() - cpu_s
        alone_s = time_checks(node, commands)
        await node.stop()
    if arguments.profile:
        pstats.Stats(profile).sort_stats("tottime").print_stats(_SHOWN)
    acknowledged = sum(isinstance(answer, Receipt) for answer in answers)
    return {
        "acks": acknowledged,
        "refused": len(answers) - acknowledged,
        "acks_per_s": round(acknowledged / took_s),
        "cpu_us_a_command": round(took_cpu_s / len(commands) * 10**6, 1),
        "of_it_checking_us": round(alone_s / len(commands) * 10**6, 1),
        "load": os.getloadavg()[0],
    }


async def send(node: Node, commands: Sequence[ClientCommand], arguments: argparse.Namespace) -> list[object]:
    """Submit all, by several clients at once, each the accounts that are its own in order."""
    shares: list[list[ClientCommand]] = [[] for _ in range(arguments.clients)]
    for command in commands:
        shares[command.account % arguments.clients].append(command)

    async def send_share(share: list[ClientCommand]) -> list[object]:
        answers: list[object] = []
        for start in range(0, len(share), arguments.group):
            answers += await node.submit(share[start : start + arguments.group])
        return answers

    return [answer for part in await asyncio.gather(*map(send_share, shares)) for answer in part]


def time_checks(node: Node, commands: Sequence[ClientCommand]) -> float:
    """Return the CPU seconds that checking all of them takes: fields, record, message, signature."""
    started_s = time.process_time()
    for start in range(0, len(commands), 1_000):
        check_commands(commands[start : start + 1_000], node.params.domain, node.live.state)
    return time.process_time() - started_s


if __name__ == "__main__":
    main()

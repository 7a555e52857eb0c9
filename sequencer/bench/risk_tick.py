"""One tick of auction and risk, 100,000 accounts x 16 markets, 10,000 resting orders: `risk_tick_ms`, and memory.

Every account holds a position in each market. Each tick moves the marks, lets takers cross the makers' ladders, and
builds a batch of shape `block`. Wall and processor milliseconds, medians over ticks; beside them what the rules take
that look at every account. `python -m benchmarks.node_risk` prints all of it, `zkmargin bench node` has `risk_tick_ms`.
"""

from __future__ import annotations

import gc
import resource
import statistics
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from itertools import count, product
from random import Random
from typing import TypeVar

from prover import kernel
from rollup.accounts import Account, new_account_tree
from rollup.oracle import SignedPrices
from rollup.orders import IOC, Order, SignedOrder
from rollup.params import MarketParams, Params
from rollup.risk import find_liquidatable, find_rescuable
from rollup.shapes import BLOCK
from rollup.signature import derive_public_key, sign
from rollup.signature_cache import SignatureCache
from rollup.state import State, make_genesis
from rollup.trade_lanes import OrderReport
from rollup.transition import build_batch
from rollup.units import MARKET_COUNT
from sequencer.node.auction_book import AuctionBook
from sequencer.node.choosing import Scene, select_for_batch
from sequencer.node.exposure import PretradeTerms
from sequencer.node.pretrade import RestingTotals, admit_order
from sequencer.node.risk_book import RiskBook
from sequencer.node.risk_tick import MARGINS, preview_scene
from sequencer.oracle_feed import make_signers, sign_prices

MAKERS, TAKERS = range(2, 52), range(52, 2_002)
N_REPLACED = 200
LOADS = {"light": 2, "busy": 12, "heavy": 125}  # takers a tick; a block has lanes for 26 accounts
START_S, MARK = 1_760_130_000, 25_000_000
SIGNERS = make_signers(seed=1)
PARAMS = Params(
    chain_id=31337,
    contract=0xD0,
    version=1,
    taker_fee_ppm=(500,) * 8,
    markets=tuple(MarketParams(f"M{i}", 6, 6, 50_000, 30_000, 10_000, 50_000) for i in range(MARKET_COUNT)),
    target_per_s=(10**6,) * 3,
    oracle_keys=tuple(signer.public_key for signer in SIGNERS),
)
T = TypeVar("T")


@dataclass(frozen=True)
class Scale:
    """How many accounts there are, orders of makers that rest, and ticks of each load."""

    n_accounts: int = 100_000  # at least TAKERS.stop
    n_orders: int = 10_000  # at least one a maker, at most 512
    n_ticks: int = 20

    @property
    def slots(self) -> range:
        """The slots of each maker that hold an order."""
        return range(self.n_orders // len(MAKERS))


FULL = Scale()


@dataclass
class Clock:
    """Milliseconds by stage, wall and processor."""

    wall: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    cpu: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))

    def run(self, stage: str, work: Callable[[], T]) -> T:
        """Return what `work` does, its time noted."""
        wall, cpu = time.perf_counter(), time.thread_time()
        result = work()
        self.wall[stage].append(1e3 * (time.perf_counter() - wall))
        self.cpu[stage].append(1e3 * (time.thread_time() - cpu))
        return result


class Market:
    """The state, the books, and orders that keep coming: makers rest ladders, takers cross them."""

    def __init__(self, scale: Scale = FULL) -> None:
        self.random = Random(1)
        self.scale = scale
        self.marks = [MARK] * MARKET_COUNT
        self.state = make_state(self.random, scale.n_accounts)
        self.risk, self.orders = RiskBook(self.state.accounts), AuctionBook()
        self.signatures = SignatureCache()
        self.now_s = START_S
        self.taking: list[Order] = []
        self._sequence = count()
        self._nonces: dict[tuple[int, int], int] = defaultdict(int)
        for account, slot in product(MAKERS, scale.slots):
            self.rest(account, slot)

    def rest(self, account: int, slot: int) -> None:
        """Let a maker rest an order behind the mark: a slot has its market, its side and its distance."""
        market, side = slot % MARKET_COUNT, slot // MARKET_COUNT % 2
        away = 20 + slot // 32 * 20 + self.random.randrange(20)
        self.send(account, slot, market, side, -away, 0)

    def take(self) -> None:
        """Let a taker cross the mark, for this batch only."""
        account, slot = self.random.choice(TAKERS), self.random.randrange(512)
        self.taking.append(
            self.send(account, slot, self.random.randrange(MARKET_COUNT), self.random.randrange(2), 60, IOC)
        )

    def send(self, account: int, slot: int, market: int, side: int, beyond: int, flags: int) -> Order:
        """Return an order that now rests, its limit so many hundred-thousandths beyond the mark."""
        distance = self.marks[market] * beyond // 100_000
        limit = self.marks[market] + (-distance if side else distance)
        self._nonces[account, slot] += 1
        nonce, size_lots = self._nonces[account, slot] % 250, self.random.randint(1, 10**6)
        order = Order(account, market, side, slot, nonce, 1, START_S + 10**6, size_lots, limit, flags=flags)
        message = order.message(PARAMS.domain)
        signature = sign(key_of(account), message)
        self.signatures.trust(self.state.accounts[account].key, message, signature)
        self.orders.add(SignedOrder(order, signature), next(self._sequence))
        return order

    def end_batch(self, fills: Sequence[OrderReport]) -> None:
        """Book the fills; what takers did not get is void, what makers sold they offer again."""
        self.orders.apply_fills(fills)
        for order in self.taking:
            self.orders.remove(order.account, order.slot)
        self.taking.clear()
        for fill in fills:
            if fill.order.account in MAKERS and self.orders.get(fill.order.account, fill.order.slot) is None:
                self.rest(fill.order.account, fill.order.slot)

    def move(self, n_crossing: int) -> Sequence[SignedPrices]:
        """Let a second pass: marks move, takers cross, makers replace some of theirs; return the oracle's messages."""
        self.now_s += 1
        self.marks = [mark + self.random.randint(-400, 400) for mark in self.marks]
        for _ in range(n_crossing):
            self.take()
        for _ in range(N_REPLACED):
            self.rest(self.random.choice(MAKERS), self.random.choice(self.scale.slots))
        return sign_prices(SIGNERS, tuple(self.marks), self.now_s, PARAMS.domain)


def key_of(account: int) -> bytes:
    """Return a private key."""
    return account.to_bytes(32, "big")


def make_state(random: Random, n_accounts: int) -> State:
    """Return a state in which so many accounts hold positions that cancel in pairs; one in 500 is at its limit."""
    accounts: dict[int, Account] = {}
    for first in range(2, n_accounts, 2):
        sizes = tuple(random.randint(-(10**6), 10**6) for _ in range(MARKET_COUNT))
        for account_id, own in ((first, sizes), (first + 1, tuple(-size for size in sizes))):
            accounts[account_id] = make_account(random, account_id, own)
    accounts[0] = Account(cash_atoms=10**24)
    tree = new_account_tree()
    for account_id, account in accounts.items():
        tree = tree.set(account_id, account.leaf_hash())
    header = make_genesis((MARK,) * MARKET_COUNT, START_S).header
    interest = tuple(sum(max(0, a.sizes_lots[m]) for a in accounts.values()) for m in range(MARKET_COUNT))
    return State(replace(header, accounts_root=tree.root, open_interest_lots=interest), tree, accounts)


def make_account(random: Random, account_id: int, sizes: tuple[int, ...]) -> Account:
    """Return an open account; only those who trade have a key of their own."""
    key = derive_public_key(key_of(account_id if account_id < TAKERS.stop else 2))
    gross = sum(map(abs, sizes)) * MARK
    required_ppm = random.randint(29_990, 30_200) if random.random() < 0.002 else random.randint(100_000, 10**6)
    cash_atoms = gross * required_ppm - sum(sizes) * MARK * 10**6
    return Account(key, 0xA000 + account_id, 1, cash_atoms=cash_atoms, sizes_lots=sizes, last_touched_s=START_S)


def run_tick(market: Market, clock: Clock, n_crossing: int) -> dict[str, int]:
    """Build the next batch and move on, as `sequencer.node.risk_tick.build_from_book` does, stage by stage."""
    oracle = market.move(n_crossing)
    args = (market.state, PARAMS, BLOCK)
    books = (market.orders, market.risk, market.signatures)
    scene = clock.run("screen", lambda: preview_scene(market.state, PARAMS, BLOCK, oracle, market.now_s, *books))
    selection = clock.run("auction", lambda: select_for_batch(market.orders, scene, MARGINS[0]))
    build = partial(build_batch, *args, oracle=oracle, timestamp_s=market.now_s, signatures=market.signatures)
    result = clock.run("build_batch", lambda: build(orders=selection.orders, risk=market.risk))
    clock.run("apply", lambda: market.risk.apply(result.changed))
    market.end_batch(result.fills)
    market.state = result.state
    counts = {"offered": selection.n_orders, "fills": len(result.fills), "liquidations": len(result.liquidations)}
    return counts | {"is_whole": int(selection.covers(result)), "is_cut": int(selection.is_cut)}


def measure_plain(market: Market) -> dict[str, float]:
    """Return milliseconds of what looks at every account: the rules' own searches, and a batch without the book."""
    clock, state = Clock(), market.state
    prices = (state.header.marks_ticks, state.header.funding_index, PARAMS)
    clock.run("find_liquidatable", lambda: find_liquidatable(state.accounts, *prices))
    clock.run("find_rescuable", lambda: find_rescuable(state.accounts, *prices))
    build = partial(build_batch, state, PARAMS, BLOCK, oracle=market.move(0), timestamp_s=market.now_s)
    clock.run("build_batch without orders", lambda: build(signatures=market.signatures))
    whole = select_everything(market.orders)
    clock.run("build_batch of the whole book", lambda: build(signatures=market.signatures, orders=whole))
    return {stage: round(times[0], 1) for stage, times in clock.cpu.items()}


def select_everything(orders: AuctionBook) -> list[SignedOrder]:
    """Return all that rests, in order of arrival; nothing of it is quoted."""
    resting = sorted((orders.table.get_row(row) for row in orders.table.rows.tolist()), key=lambda one: one.sequence)
    return [one.sent for one in resting if isinstance(one.sent, SignedOrder)]


def measure_pretrade(market: Market) -> float:
    """Return processor microseconds to let in one order of a maker, beside all of its own that rest."""
    resting, terms = RestingTotals(), PretradeTerms(preview(market).tick, PARAMS)
    account, account_id = market.state.accounts[MAKERS[0]], MAKERS[0]
    orders = [one.order for one in select_everything(market.orders) if one.order.account == account_id]
    for order in orders:
        resting.put(order)
    started = time.thread_time()
    for _ in range(20):
        for order in orders:
            admit_order(account, resting, order, terms)
    return round(1e6 * (time.thread_time() - started) / 20 / len(orders), 1)


def preview(market: Market) -> Scene:
    """Return what the next auction is about to meet."""
    args = (market.state, PARAMS, BLOCK, market.move(0), market.now_s)
    return preview_scene(*args, market.orders, market.risk, market.signatures)


def measure_load(market: Market, n_crossing: int) -> dict[str, object]:
    """Return medians over ticks: milliseconds by stage, and what was built."""
    clock = Clock()
    counts = [run_tick(market, clock, n_crossing) for _ in range(market.scale.n_ticks)]
    figures: dict[str, object] = {name: statistics.mean(one[name] for one in counts) for name in counts[0]}
    for name, times in (("wall_ms", clock.wall), ("cpu_ms", clock.cpu)):
        totals = [sum(parts) for parts in zip(*times.values(), strict=True)]
        stages = {stage: round(statistics.median(values), 1) for stage, values in times.items()}
        figures[name] = stages | {"tick": round(statistics.median(totals), 1), "longest": round(max(totals), 1)}
    return figures


def measure(scale: Scale = FULL) -> dict[str, object]:
    """Return all figures."""
    kernel.install()
    market = Market(scale)
    gc.collect()
    gc.freeze()  # as a node does once it has loaded its state: else each full collection walks all accounts
    loads = {load: measure_load(market, n_crossing) for load, n_crossing in LOADS.items()}
    unit = 1 if sys.platform == "darwin" else 1024  # getrusage(2): kilobytes; bytes on macOS
    return {
        "accounts": len(market.risk),
        "orders": len(market.orders),
        "risk_tick_ms": max(figures["wall_ms"]["tick"] for figures in loads.values()),  # type: ignore[index] # JSON
        "loads": loads,
        "rss_bytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit,
        "pretrade_cpu_us": measure_pretrade(market),
        "every_account_cpu_ms": measure_plain(market),
    }

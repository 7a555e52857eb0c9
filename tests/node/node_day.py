"""Random days of a node's log: whatever clients, the queue and the oracle may send, auctions in between, none admitted.

What stands between an auction and its outcome in the log reaches the engine only after it; some auctions come to
nothing, as where the engine died.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import cache
from random import Random

from rollup.audit import check_batch
from rollup.orders import IOC, POST_ONLY, REDUCE_ONLY, Order, SignedOrder
from rollup.params import Params
from rollup.quotes import SignedQuote
from rollup.shapes import Shape
from rollup.snapshot import Snapshot
from rollup.trace import BatchTrace
from rollup.transition import BatchResult, build_batch
from rollup.txs import (
    Cancel,
    CancelAll,
    CloseAccount,
    ForcedCancelAll,
    ForcedTrade,
    ForcedWithdraw,
    SignedCashOp,
    SignedOp,
    Transfer,
    Withdraw,
)
from sequencer.node.choosing import _assemble
from sequencer.node.command_codec import encode_command
from sequencer.node.commands import Command, Kind, OraclePrices, PlaceOrder, QueueEntrySeen, Trigger
from sequencer.node.links import GENESIS, Head, LogRecord, Record, link_records
from sequencer.node.live import LiveState, encode_auction
from sequencer.node.outcome import Outcome, encode_outcome
from sequencer.node.risk_tick import build_from_book
from sequencer.node.sequencing import Sequencing
from tests.node.market import MARK_TICKS, USD, Market, make_snapshot

__all__ = ["SEEDS", "SHAPE", "START_S", "NodeDay", "Watched", "get_day", "read"]

SEEDS = range(6)
_STEPS = 90

START_S = 1_900_000_000
SHAPE = Shape("node day", (1, 1, 1, 2), 3, (2,), 3)
ACCOUNTS = range(2, 9)
SLOTS = 5
FLAGS = (0, 0, 0, IOC, IOC, REDUCE_ONLY, POST_ONLY, IOC | REDUCE_ONLY, REDUCE_ONLY | POST_ONLY)


class Watched(Sequencing):
    """Holds each batch to the rules, and to the batch that all resting orders would have made."""

    def __init__(self, live: LiveState, shape: Shape) -> None:
        super().__init__(live, shape)
        self.n_whole = 0

    def _build(self, timestamp_s: int, cash: Sequence[SignedCashOp]) -> BatchResult:
        table, params = self.books.orders.table, self.live.params
        resting: tuple[SignedOrder | SignedQuote, ...] = _assemble([table.get_row(row) for row in table.rows.tolist()])
        given = {"oracle": self.books.prices, "timestamp_s": timestamp_s, "cash_ops": cash}
        whole = build_batch(self.live.state, params, self._shape, orders=resting, **given)
        chosen = build_from_book(
            self.live.state,
            params,
            self._shape,
            orders=self.books.orders,
            risk=self._risk,
            signatures=self._signatures,
            **given,
        )
        if chosen.is_whole:
            assert (chosen.result.trace, chosen.result.changed) == (whole.trace, whole.changed)
            self.n_whole += 1
        return super()._build(timestamp_s, cash)


class NodeDay:
    """The log of a day, and the sequencing that ran through it."""

    def __init__(self, seed: int) -> None:
        self.random = Random(seed)
        self.genesis: Snapshot = make_snapshot(START_S)
        self.params: Params = self.genesis.params
        self.market = Market(self.params)
        self.running = Watched(LiveState(self.params, self.genesis.state), SHAPE)
        self.log: list[LogRecord] = []
        self.states: list[int] = []  # roots, behind each outcome
        self.seen: set[str] = set()
        self._now_s, self._mark, self._n_entries, self._time_ms = START_S, MARK_TICKS, 0, 0
        self._void: dict[tuple[int, int], int] = {}  # highest nonce cancelled, by slot
        self._sent: dict[tuple[int, int], Order] = {}  # the last order of each slot
        self._cash_nonces: dict[int, int] = {}
        self._orders: dict[tuple[int, int, int], tuple[int, Order, Trigger | None]] = {}
        self._bring_prices()
        for account in ACCOUNTS:
            self._bring(self.market.deposit(account, self.random.choice([20, 60, 200, 1_000])))
        for _ in range(6):
            self._hold_auction()

    def run(self, n_steps: int) -> None:
        """Let things happen."""
        for _ in range(n_steps):
            self._step()
            if self.random.random() < 0.25:
                self._hold_auction()

    # --- what comes in ----------------------------------------------------------------------------------------------
    def _step(self) -> None:
        kinds = [self._order] * 10 + [self._quote, self._cancel, self._cancel, self._cancel_all]
        kinds += [self._cash, self._cash, self._force, self._bring_prices, self._bring_prices]
        self.random.choice(kinds)()

    def _order(self) -> None:
        order, trigger = self._draw(self.random.randrange(SLOTS)), None
        if self.random.random() < 0.15:
            trigger = Trigger(self._mark * self.random.randint(960, 1_040) // 1_000, self.random.random() < 0.5)
        self._write(self.market.place(order, trigger))

    def _quote(self) -> None:
        account = self.random.choice(ACCOUNTS)
        slots = self.random.sample(range(SLOTS), self.random.randint(1, 3))
        orders = [self._draw(slot, account) if self.random.random() < 0.8 else None for slot in slots]
        self._write(self.market.quote(account, *orders))

    def _draw(self, slot: int, account: int | None = None) -> Order:
        account = account or self.random.choice(ACCOUNTS)
        side, flags = self.random.choice([-1, 1]), self.random.choice(FLAGS)
        away = -self.random.randint(1, 30) if flags & POST_ONLY else self.random.randint(-30, 25)
        price_usd = self._mark / 10**6 * (1_000 + side * (away // 5 * 5)) / 1_000
        coins = side * self.random.choice([0.1, 1, 5, 20, 60])
        expiry_s = self._now_s + self.random.choice([0, 3, 20]) if self.random.random() < 0.2 else 2**39
        order = self.market.make_order(account, coins, price_usd, slot=slot, flags=flags, expiry_s=expiry_s)
        order = replace(order, epoch=self._epoch(account))
        self._sent[account, slot] = order
        return order

    def _cancel(self) -> None:
        if self._sent:
            account, slot = self.random.choice(sorted(self._sent))
            nonce = max(0, self._sent[account, slot].nonce - self.random.choice([0, 0, 1]))
            self._write(self.market.cancel(account, slot, nonce))
            self._void[account, slot] = max(self._void.get((account, slot), -1), nonce)

    def _cancel_all(self) -> None:
        self._time_ms += 1
        account = self.random.choice(ACCOUNTS)
        self._write(self.market.cancel_all(account, self._time_ms))
        for key, order in self._sent.items():
            if key[0] == account:
                self._void[key] = order.nonce

    def _cash(self) -> None:
        account, random = self.random.choice(ACCOUNTS), self.random
        before = self.running.live.state.get_account(account)
        self._cash_nonces[account] = max(self._cash_nonces.get(account, 0), before.cash_nonce)
        head = (account, self._cash_nonces[account], self._epoch(account))
        amount_e6 = random.randint(1, 100) * USD
        ops: list[SignedOp] = [
            Withdraw(*head, amount_e6, max_fee_e6=10**6),
            Transfer(*head, amount_e6, random.choice(ACCOUNTS), max_fee_e6=10**6),
            Cancel(*head, random.randrange(SLOTS), self.market.nonces.get((account, 0), 0), max_fee_e6=10**6),
            CancelAll(*head, max_fee_e6=10**6),
            CloseAccount(*head, 0, max_fee_e6=10**6),
            Withdraw(*head, amount_e6, max_fee_e6=0),
        ]
        self._write(self.market.cash(random.choice(ops)))
        self._cash_nonces[account] += random.random() < 0.7

    def _force(self) -> None:
        account, other = self.random.sample(ACCOUNTS, 2)
        owners = (10_000 + account, 10_000 + other)
        self._bring(
            self.random.choice(
                [
                    self.market.deposit(account, self.random.randint(1, 50)),
                    ForcedWithdraw(account, USD, owners[0]),
                    ForcedCancelAll(account, owners[0]),
                    ForcedTrade((account, other), owners, 0, 0, 10**6, self._mark),
                ]
            )
        )

    def _bring(self, entry: object) -> None:
        self._write(QueueEntrySeen(self._n_entries, entry))  # type: ignore[arg-type] # one of the queue's
        self._n_entries += 1

    def _bring_prices(self) -> None:
        self._mark = self._mark * self.random.choice([800, 980, 995, 1_000, 1_000, 1_005, 1_020, 1_250]) // 1_000
        self._mark = min(max(self._mark, MARK_TICKS // 2), 2 * MARK_TICKS)
        for signed in self.market.prices(self._now_s, self._mark)[: self.random.choice([3, 3, 3, 2, 1])]:
            self._write(OraclePrices(signed))

    def _epoch(self, account: int) -> int:
        return max(1, self.running.live.state.get_account(account).epoch)

    # --- auctions ---------------------------------------------------------------------------------------------------
    def _hold_auction(self) -> None:
        elapsed_s = self.random.choice([1, 1, 2, 7, 40])
        self._now_s += elapsed_s
        if self.random.random() < 0.8:
            self._bring_prices()
        self._now_s = max(self._now_s, self.running.live.state.header.timestamp_s + 1)
        self._put(Record(Kind.AUCTION, encode_auction(self._now_s)))
        if self.random.random() < 0.1:
            self.seen.add("auction without outcome")
            return
        void, sequence = dict(self._void), len(self.log)
        is_stale = self.running.preview(self._now_s).tick.stale
        outcome, trace = self.running.run_auction()
        self._check(outcome, trace, void)
        if not is_stale:
            self._check_immediate(sequence)
        self.seen.add("stale" if is_stale else "fresh")
        for _ in range(self.random.choice([0, 0, 1, 3])):
            self._step()
        self._put(Record(Kind.OUTCOME, encode_outcome(outcome)), is_applied=False)
        self.states.append(self.running.live.state.state_root)

    def _check(self, outcome: Outcome, trace: BatchTrace | None, void: dict[tuple[int, int], int]) -> None:
        if trace is not None:
            check_batch(trace)
        assert (trace is None) == (outcome.batch is None)
        self.seen |= {f"closed {one.reason}" for one in outcome.closed}
        self.seen |= {f"cash {one.reason}" for one in outcome.cash} | ({"released"} if outcome.released else set())
        for fill in outcome.batch.fills if outcome.batch else ():
            self.seen.add("liquidation" if fill.is_liquidation else "fill")
            if not fill.is_liquidation:
                assert fill.nonce > void.get((fill.account, fill.slot), -1), "filled after a cancel"
        self.seen |= {"rescue"} if outcome.batch and outcome.batch.rescues else set()

    def _check_immediate(self, auction: int) -> None:
        """After an auction with fresh prices no IOC order from before it is left, unless its trigger was not hit."""
        live = self.running.live
        for key, (nonce, record) in live.orders.items():
            if record.sequence < auction and record.kind in (Kind.ORDER, Kind.QUOTE):
                order, trigger = self._find_order(record.sequence, key, nonce)
                assert not order.is_ioc or (trigger is not None and key not in live.released)

    def _find_order(self, sequence: int, key: tuple[int, int], nonce: int) -> tuple[Order, Trigger | None]:
        at, order, trigger = self._orders[(*key, nonce)]
        assert at == sequence
        return order, trigger

    def _write(self, command: Command) -> None:
        self._put(encode_command(command))
        if isinstance(command, PlaceOrder):
            self._note(command.signed.order, command.trigger)
        elif hasattr(command, "signed") and isinstance(command.signed, SignedQuote):
            for quoted in command.signed.quoted_orders:
                self._note(quoted.order, None)

    def _note(self, order: Order, trigger: Trigger | None) -> None:
        self._orders[order.account, order.slot, order.nonce] = (len(self.log), order, trigger)

    def _put(self, record: Record, *, is_applied: bool = True) -> None:
        head = Head(*(getattr(self.log[-1], name) for name in Head._fields)) if self.log else GENESIS
        (linked,) = link_records(head, [record], self._now_s * 10**6)
        self.log.append(linked)
        if is_applied:
            self.running.apply(linked)


@cache
def get_day(seed: int) -> NodeDay:
    """Return a day that was run."""
    day = NodeDay(seed)
    day.run(_STEPS)
    return day


def read(day: NodeDay, n_records: int) -> LiveState:
    """Return what the first records of a day's log say."""
    live = LiveState(day.genesis.params, day.genesis.state)
    for record in day.log[:n_records]:
        live.apply(record)
    return live

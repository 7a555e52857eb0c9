"""Random days on the exchange: users who do anything they like, booked by the rollup and by direct settlement."""

from __future__ import annotations

from dataclasses import replace
from random import Random

from rollup.direct import DirectLedger
from rollup.direct_trades import list_trades
from rollup.orders import ANY_BUY_TICKS, ANY_SELL_TICKS, IOC, POST_ONLY, REDUCE_ONLY, Order, SignedOrder
from rollup.quotes import SignedQuote
from rollup.shapes import Shape
from rollup.state import State
from rollup.transition import BatchResult
from rollup.txs import SignedCashOp
from tests.scenarios import AVAX_PRICE, ETH_PRICE, PARAMS, PRICED, Exchange

SHAPE = Shape("random", (1, 1, 1, 2, 4), 3, (2, 3))
USERS = range(2, 8)
FLAGS = (0, 0, 0, IOC, REDUCE_ONLY, POST_ONLY, POST_ONLY, IOC | REDUCE_ONLY, REDUCE_ONLY | POST_ONLY)


class RandomDay:
    """An exchange, its reference ledger, and users who do anything they like."""

    def __init__(self, seed: int) -> None:
        self.random = Random(seed)
        self.ex = Exchange(shape=SHAPE, state=PRICED)
        self.ledger = DirectLedger(PARAMS)
        self.marks = (AVAX_PRICE, ETH_PRICE)
        self.resting: list[SignedOrder | SignedQuote] = []
        self.seen: set[str] = set()
        for users in (USERS[:3], USERS[3:]):
            settle_directly(self.ledger, self.ex.batch(cash=[self.ex.deposit(user, 500) for user in users]))

    def run_batch(self) -> BatchResult:
        """Let users act, build the batch, keep what is unfilled for the next, and settle the same directly."""
        cash = [self._make_cash_op() for _ in range(self.random.randrange(4))]
        orders = self.resting + [self._make_order() for _ in range(self.random.randrange(3, 10))]
        orders += [self._make_quote() for _ in range(self.random.randrange(3))]
        self.marks = tuple(mark * self.random.randint(950, 1_040) // 1_000 for mark in self.marks)
        self._move_funding()
        result = self.ex.batch(orders=orders, cash=cash, marks=self.marks)
        gone = {id(signed) for signed, _ in result.rejected}
        self.resting = [signed for signed in orders if id(signed) not in gone][-12:]
        self.seen |= {type(signed.op).__name__ for signed in cash} | {error.code for _, error in result.rejected}
        self.seen |= describe(result)
        settle_directly(self.ledger, result)
        return result

    def _make_cash_op(self) -> SignedCashOp:
        account, amount = self.random.choice(USERS), self.random.randint(1, 300)
        if self.random.random() < 0.1:
            return self.ex.cancel(account, self.random.randrange(3), self.random.randrange(9))
        make = self.random.choice([self.ex.deposit, self.ex.deposit, self.ex.withdraw])
        return make(account, amount)

    def _make_order(self) -> SignedOrder:
        account, direction = self.random.choice(USERS), self.random.choice([-1, 1])
        return self.ex.sign(self._draw_order(account, direction, self.random.randrange(6)))

    def _make_quote(self) -> SignedQuote:
        """Return bids and asks of one account, some places left empty."""
        account, slot = self.random.choice(USERS), 6
        orders: list[Order | None] = []
        for direction in (1, -1, 1, -1)[: self.random.randint(1, 4)]:
            orders.append(self._draw_order(account, direction, slot) if self.random.random() < 0.8 else None)
            slot += 1
        return self.ex.quote(account, *orders)

    def _draw_order(self, account: int, direction: int, slot: int) -> Order:
        market, flags = self.random.randrange(2), self.random.choice(FLAGS)
        lots = self.random.randint(1, 18 if market else 3_000) * 10**5 + self.random.randrange(9)
        away = self.random.randint(-20, -1) if flags & POST_ONLY else self.random.randint(-10, 20)
        limit = self.marks[market] * (1_000 + direction * (away // 4 * 4)) // 1_000  # so that limits meet
        if self.random.random() < 0.1:
            limit = ANY_BUY_TICKS if direction > 0 else ANY_SELL_TICKS
        return self.ex.make_order(account, direction * lots, limit, market=market, slot=slot, flags=flags)

    def _move_funding(self) -> None:
        """Stand in for the funding tick of a later circuit: the rules must hold at any index."""
        header = self.ex.state.header
        index = tuple(value + self.random.randint(-(10**9), 10**9) for value in header.funding_index)
        state = self.ex.state
        self.ex.state = State(replace(header, funding_index=index), state.tree, state.accounts)


def describe(result: BatchResult) -> set[str]:
    """Return what kinds of trades a batch saw."""
    flags = {IOC: "ioc", REDUCE_ONLY: "reduce only", POST_ONLY: "post only"}
    seen = {name for fill in result.fills for flag, name in flags.items() if fill.order.flags & flag}
    seen |= {"rebate" for fill in result.fills if fill.dues.trading_fee_atoms < 0}
    seen |= {"later fill" for fill in result.fills if fill.dues.charge.tip_e6 == 0}
    seen |= {"rationed" for one in result.trace.rationing if one.marginal_lots < one.marginal_remaining}
    seen |= {"extra lot" for one in result.trace.rationing if one.cutoff}
    seen |= {"quote" for lane in result.trace.quote_lanes if lane.quote}
    return seen | {"fill" for _ in result.fills} | {"liquidation" for _ in result.liquidations}


def settle_directly(ledger: DirectLedger, result: BatchResult) -> None:
    """Book what the batch did, as its trace says."""
    trace, header = result.trace, result.state.header
    for lane in trace.cash_lanes:
        if lane.op is None:
            continue
        ledger.touch(lane.op.account, header.timestamp_s, 0)
        if hasattr(lane.op, "amount_e6"):
            book = ledger.deposit if lane.signature is None else ledger.withdraw
            book(lane.op.account, lane.op.amount_e6)
    trades = list_trades(trace)
    for account in {trade.account for trade in trades}:
        ledger.touch(account, header.timestamp_s, trace.tick.rent_rate)
    ledger.settle_batch(trades, header.marks_ticks, header.funding_index, trace.tick.order_fee_e6)

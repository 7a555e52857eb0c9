"""Random days on the exchange: users who do anything they like, booked by the rollup and by direct settlement."""

from __future__ import annotations

from dataclasses import replace
from random import Random

from rollup.direct import DirectLedger, DirectTrade
from rollup.orders import SignedOrder
from rollup.shapes import Shape
from rollup.transition import BatchResult
from rollup.txs import SignedCashOp
from tests.scenarios import AVAX_PRICE, ETH_PRICE, PARAMS, Exchange

SHAPE = Shape("random", (1, 1, 1, 2, 4), 3)
# Lively: funding is paid, fractions rise with open interest and congestion, base fees move.
LIVELY = replace(
    PARAMS,
    markets=tuple(
        replace(market, funding_clamp_ppm=500_000, impact_lots=10**9, oi_low_usd=2_000, oi_high_usd=100_000)
        for market in PARAMS.markets[:2]
    ),
    target_per_s=(1, 1, 20),
    congestion_window_s=3,
    funding_window_s=60,
)
USERS = range(2, 8)


class RandomDay:
    """An exchange, its reference ledger, and users who do anything they like."""

    def __init__(self, seed: int) -> None:
        self.random = Random(seed)
        self.ex = Exchange(params=LIVELY, shape=SHAPE)
        self.ledger = DirectLedger(LIVELY)
        self.marks = (AVAX_PRICE, ETH_PRICE)
        self.resting: list[SignedOrder] = []
        self.seen: set[str] = set()
        for users in (USERS[:3], USERS[3:]):
            settle_directly(self.ledger, self.ex.batch(cash=[self.ex.deposit(user, 500) for user in users]))

    def run_batch(self) -> BatchResult:
        """Let users act, build the batch, keep what is unfilled for the next, and settle the same directly."""
        cash = [self._make_cash_op() for _ in range(self.random.randrange(4))]
        orders = self.resting + [self._make_order() for _ in range(self.random.randrange(3, 10))]
        self.marks = tuple(mark * self.random.randint(950, 1_040) // 1_000 for mark in self.marks)
        elapsed_s = self.random.choice([1, 1, 1, 7, 3_600])
        result = self.ex.batch(orders=orders, cash=cash, marks=self.marks, elapsed_s=elapsed_s)
        gone = {id(signed) for signed, _ in result.rejected}
        self.resting = [signed for signed in orders if id(signed) not in gone][-12:]
        self.seen |= {type(signed.op).__name__ for signed in cash} | {error.code for _, error in result.rejected}
        self.seen |= {"fill"} if result.fills else set()
        self.seen |= {"liquidation"} if result.liquidations else set()
        self.seen |= {"funding"} if any(result.state.header.funding_index) else set()
        self.seen |= {"raised margin"} if result.trace.tick.fractions.initial_ppm > LIVELY.initial_ppm else set()
        settle_directly(self.ledger, result)
        return result

    def _make_cash_op(self) -> SignedCashOp:
        account, amount = self.random.choice(USERS), self.random.randint(1, 300)
        if self.random.random() < 0.1:
            return self.ex.cancel(account, self.random.randrange(3), self.random.randrange(9))
        make = self.random.choice([self.ex.deposit, self.ex.deposit, self.ex.withdraw])
        return make(account, amount)

    def _make_order(self) -> SignedOrder:
        market = self.random.randrange(2)
        lots, direction = self.random.randint(1, 18 if market else 3_000) * 10**5, self.random.choice([-1, 1])
        limit = self.marks[market] * (1_000 + direction * self.random.randint(-10, 20)) // 1_000
        slot = self.random.randrange(6)
        return self.ex.order(self.random.choice(USERS), direction * lots, limit, market=market, slot=slot)


def settle_directly(ledger: DirectLedger, result: BatchResult) -> None:
    """Book what the batch did, from its reports alone."""
    for lane in result.trace.cash_lanes:
        if lane.op is not None and hasattr(lane.op, "amount_e6"):
            book = ledger.deposit if lane.signature is None else ledger.withdraw
            book(lane.op.account, lane.op.amount_e6)
    trades = [
        DirectTrade(fill.order.account, fill.order.market, fill.order.direction * fill.fill_lots, fill.price_ticks)
        for fill in result.fills
    ]
    trades += [
        DirectTrade(forced.account, forced.market, forced.delta_lots, forced.price_ticks, is_liquidation=True)
        for forced in result.liquidations
    ]
    header = result.state.header
    ledger.settle_batch(trades, header.marks_ticks, header.funding_index, result.trace.tick.fractions)

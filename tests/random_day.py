"""Random days on the exchange: users who do anything they like, booked by the rollup and by direct settlement."""

from __future__ import annotations

from dataclasses import replace
from random import Random

from rollup.direct import DirectTrade
from rollup.direct_cash import DirectExchange
from rollup.orders import SignedOrder
from rollup.shapes import Shape
from rollup.state import Resources, make_genesis
from rollup.transition import BatchResult
from rollup.txs import SignedCashOp
from tests.random_cash import RandomTeller
from tests.scenarios import AVAX_PRICE, ETH_PRICE, PARAMS, START_S, Exchange

SHAPE = Shape("random", (1, 1, 1, 2, 4), 4)
BASE_FEES = (10**15, 4 * 10**18, 10**13)  # 0.0024 USD an operation, 4 USD an account
FEES = Resources(base_fees=BASE_FEES)
# Lively: funding is paid, fractions rise with open interest and congestion, base fees move, rent is 2 USD a second.
LIVELY = replace(
    PARAMS,
    markets=tuple(
        replace(market, funding_clamp_ppm=500_000, impact_lots=10**9, oi_low_usd=2_000, oi_high_usd=100_000)
        for market in PARAMS.markets[:2]
    ),
    target_per_s=(1, 1, 20),
    min_base_fee=BASE_FEES,
    congestion_window_s=3,
    funding_window_s=60,
    rent_period_s=2,
)
TRADERS = range(2, 8)
USERS = range(2, 12)  # some only save


class RandomDay:
    """An exchange, its reference ledger, and users who do anything they like."""

    def __init__(self, seed: int) -> None:
        self.random = Random(seed)
        genesis = make_genesis((AVAX_PRICE, ETH_PRICE), START_S, FEES)
        self.ex = Exchange(params=LIVELY, shape=SHAPE, state=genesis)
        self.teller = RandomTeller(self.random, self.ex, USERS)
        self.ledger = DirectExchange(LIVELY)
        self.marks = (AVAX_PRICE, ETH_PRICE)
        self.resting: list[SignedOrder] = []
        self.queued: list[SignedCashOp] = []
        self.seen: set[str] = set()
        for users in (TRADERS[:3], TRADERS[3:]):
            settle_directly(self.ledger, self.ex.batch(cash=[self.ex.deposit(user, 500) for user in users]))

    def run_batch(self) -> BatchResult:
        """Let users act, build the batch, keep what is unfilled for the next, and settle the same directly."""
        cash = self.queued + [self.teller.make() for _ in range(self.random.randrange(6))]
        orders = self.resting + [self._make_order() for _ in range(self.random.randrange(3, 10))]
        self.marks = tuple(mark * self.random.randint(950, 1_040) // 1_000 for mark in self.marks)
        elapsed_s = self.random.choice([1, 1, 1, 7, 3_600])
        result = self.ex.batch(orders=orders, cash=cash, marks=self.marks, elapsed_s=elapsed_s)
        gone = {id(signed) for signed, _ in result.rejected}
        self.resting = [signed for signed in orders if id(signed) not in gone][-12:]
        self.queued = list(result.waiting_cash)
        self.teller.learn_keys()
        self.seen |= {error.code for _, error in result.rejected}
        for lane in result.trace.cash_lanes:
            self.seen.add(f"{type(lane.op).__name__}{'' if lane.is_applied else ' failed'}")
        self.seen |= {"fill"} if result.fills else set()
        self.seen |= {"liquidation"} if result.liquidations else set()
        self.seen |= {"funding"} if any(result.state.header.funding_index) else set()
        self.seen |= {"raised margin"} if result.trace.tick.fractions.initial_ppm > LIVELY.initial_ppm else set()
        settle_directly(self.ledger, result)
        return result

    def _make_order(self) -> SignedOrder:
        market = self.random.randrange(2)
        lots, direction = self.random.randint(1, 18 if market else 3_000) * 10**5, self.random.choice([-1, 1])
        limit = self.marks[market] * (1_000 + direction * self.random.randint(-10, 20)) // 1_000
        slot = self.random.randrange(6)
        return self.ex.order(self.random.choice(TRADERS), direction * lots, limit, market=market, slot=slot)


def settle_directly(ledger: DirectExchange, result: BatchResult) -> None:
    """Book what the batch did, from its operations and reports alone."""
    for lane in result.trace.cash_lanes:
        if lane.op is not None:
            ledger.serve(lane.op, result.trace.tick)
    trades = [
        DirectTrade(fill.order.account, fill.order.market, fill.order.direction * fill.fill_lots, fill.price_ticks)
        for fill in result.fills
    ]
    trades += [
        DirectTrade(forced.account, forced.market, forced.delta_lots, forced.price_ticks, is_liquidation=True)
        for forced in result.liquidations
    ]
    header = result.state.header
    for trade in trades:
        ledger.get_members()[trade.account].rent_paid_until_s = header.timestamp_s
    ledger.settle_batch(trades, header.marks_ticks, header.funding_index, result.trace.tick.fractions)

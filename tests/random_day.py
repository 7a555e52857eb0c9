"""Random days on the exchange: users who do anything they like, booked by the rollup and by direct settlement."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from random import Random

from rollup.direct_rescue import DirectHouse
from rollup.direct_trades import settle_trace
from rollup.orders import ANY_BUY_TICKS, ANY_SELL_TICKS, IOC, POST_ONLY, REDUCE_ONLY, Order, SignedOrder
from rollup.quotes import SignedQuote
from rollup.shapes import Shape
from rollup.state import Resources, make_genesis
from rollup.transition import BatchResult
from rollup.txs import ForcedTrade, SignedCashOp
from tests.random_cash import RandomTeller
from tests.scenarios import AVAX_PRICE, ETH_PRICE, PARAMS, START_S, Exchange

SHAPE = Shape("random", (1, 1, 1, 2, 4), 4, (2, 3), 6)
BASE_FEES = (10**15, 4 * 10**18, 10**13)  # 0.0024 USD an operation, 4 USD an account
FEES = Resources(base_fees=BASE_FEES)
# Lively: funding is paid, fractions rise with open interest and congestion, base fees move, rent is 24 USD an hour.
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
    rent_period_s=600,
    fund_band_ppm=30_000,
    fund_rate_usd=20_000,
)
FLAGS = (0, 0, 0, IOC, REDUCE_ONLY, POST_ONLY, POST_ONLY, IOC | REDUCE_ONLY, REDUCE_ONLY | POST_ONLY)
TRADERS = range(2, 8)
USERS = range(2, 12)  # some only save


class RandomDay:
    """An exchange, its reference ledger, and users who do anything they like."""

    def __init__(self, seed: int) -> None:
        self.random = Random(seed)
        genesis = make_genesis((AVAX_PRICE, ETH_PRICE), START_S, FEES)
        self.ex = Exchange(params=LIVELY, shape=SHAPE, state=genesis)
        self.teller = RandomTeller(self.random, self.ex, USERS)
        self.ledger = DirectHouse(LIVELY)
        self.marks: tuple[int, ...] = (AVAX_PRICE, ETH_PRICE)
        self.resting: list[SignedOrder | SignedQuote] = []
        self.queued: list[SignedCashOp] = []
        self.seen: set[str] = set()
        for users in (TRADERS[:3], TRADERS[3:]):
            deposited = self.ex.batch(cash=[self.ex.deposit(user, 500) for user in users])
            settle_trace(self.ledger, deposited.trace)

    def run_batch(self) -> BatchResult:
        """Let users act as they like, and run what they sent."""
        cash = [self.teller.make() for _ in range(self.random.randrange(6))]
        orders: list[SignedOrder | SignedQuote] = [self.make_order() for _ in range(self.random.randrange(3, 10))]
        orders += [self.make_quote() for _ in range(self.random.randrange(3))]
        cash += [self.make_forced_trade() for _ in range(self.random.choice([0, 0, 0, 0, 1, 2]))]
        self.move_marks()
        elapsed_s = self.random.choice([1, 1, 1, 7, 3_600])
        return self.run(cash, orders, elapsed_s, self.random.choice([(0, 1, 2)] * 7 + [(0, 1), (1, 2), (2,)]))

    def run(
        self,
        cash: Sequence[SignedCashOp],
        orders: Sequence[SignedOrder | SignedQuote],
        elapsed_s: int,
        signers: Sequence[int],
    ) -> BatchResult:
        """Build the batch, keep what is unfilled for the next, and settle the same directly."""
        cash, orders = [*self.queued, *cash], [*self.resting, *orders]
        result = self.ex.batch(orders=orders, cash=cash, marks=self.marks, elapsed_s=elapsed_s, signers=signers)
        gone = {id(signed) for signed, _ in result.rejected}
        self.resting = [signed for signed in orders if id(signed) not in gone][-12:]
        self.queued = list(result.waiting_cash)
        self.teller.learn_keys()
        self.seen |= {error.code for _, error in result.rejected}
        self.seen |= describe(result)
        settle_trace(self.ledger, result.trace)
        return result

    def move_marks(self) -> None:
        """Let the oracle's prices move: mostly quietly, sometimes a crash or a squeeze."""
        self.marks = tuple(max(1, mark * self._draw_move() // 1_000) for mark in self.marks)

    def _draw_move(self) -> int:
        """Return a new mark in thousandths of the old."""
        if self.random.random() < 0.06:
            return self.random.choice([600, 780, 1_300])
        return self.random.randint(950, 1_045)

    def make_forced_trade(self) -> SignedCashOp:
        """Return a trade between two owners, some of them not what they say, at about the mark."""
        accounts = (self.random.choice(TRADERS), self.random.choice(TRADERS))
        owners = [self.ex.owner_of(account) if self.random.random() < 0.9 else 0xBAD for account in accounts]
        market, lots = self.random.randrange(2), self.random.randint(1, 900) * 10**4
        price = self.marks[market] * self.random.randint(950, 1_050) // 1_000
        entry = ForcedTrade(accounts, (owners[0], owners[1]), market, self.random.randrange(2), lots, price)
        return SignedCashOp(entry)

    def make_order(self) -> SignedOrder:
        """Return an order of any kind."""
        account, direction = self.random.choice(TRADERS), self.random.choice([-1, 1])
        return self.ex.sign(self._draw_order(account, direction, self.random.randrange(6)))

    def make_quote(self) -> SignedQuote:
        """Return bids and asks of one account, some places left empty."""
        account, slot = self.random.choice(TRADERS), 6
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


def describe(result: BatchResult) -> set[str]:
    """Return what kinds of trades a batch saw."""
    flags = {IOC: "ioc", REDUCE_ONLY: "reduce only", POST_ONLY: "post only"}
    seen = {name for fill in result.fills for flag, name in flags.items() if fill.order.flags & flag}
    seen |= {"rebate" for fill in result.fills if fill.dues.trading_fee_atoms < 0}
    seen |= {"later fill" for fill in result.fills if fill.dues.charge.tip_e6 == 0}
    seen |= {"rationed" for one in result.trace.rationing if one.marginal_lots < one.marginal_remaining}
    seen |= {"extra lot" for one in result.trace.rationing if one.cutoff}
    seen |= {"quote" for lane in result.trace.quote_lanes if lane.quote}
    for lane in result.trace.cash_lanes:
        seen.add(f"{type(lane.op).__name__}{'' if lane.is_applied else ' failed'}")
    for rescue in result.rescue.rescues:
        seen.add("deleveraging" if rescue.counterparties else "takeover")
        seen |= {"deficit"} if rescue.counterparties and rescue.equity_atoms < 0 else set()
        seen |= {"surplus"} if rescue.counterparties and rescue.equity_atoms > 0 else set()
        seen |= {"many counterparties"} if len(rescue.counterparties) > 1 else set()
    seen |= {f"forced trade {'applied' if trade.is_applied else 'dropped'}" for trade in result.rescue.forced_trades}
    seen |= {"fund fill"} if result.trace.fund_lane.fill else set()
    seen |= {"stale"} if result.trace.tick.stale else set()
    seen |= {"funding"} if any(result.state.header.funding_index) else set()
    seen |= {"raised margin"} if result.trace.tick.fractions.initial_ppm > LIVELY.initial_ppm else set()
    return seen | {"fill" for _ in result.fills} | {"liquidation" for _ in result.liquidations}

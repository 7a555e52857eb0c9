"""Books of many orders at many prices, most of which find no price: what a node holds, in small."""

from __future__ import annotations

from dataclasses import dataclass, replace
from random import Random

from rollup.orders import ANY_BUY_TICKS, ANY_SELL_TICKS, IOC, POST_ONLY, REDUCE_ONLY, Order, SignedOrder
from rollup.params import MarketParams
from rollup.quotes import SignedQuote
from rollup.shapes import Shape
from rollup.signature import derive_public_key
from rollup.signature_cache import SignatureCache
from rollup.state import Resources, make_genesis
from rollup.transition import BatchResult, build_batch
from rollup.txs import SignedCashOp
from rollup.units import FUND_ACCOUNT, USD_E12
from sequencer.node.auction_book import AuctionBook
from sequencer.node.risk_book import RiskBook
from sequencer.node.risk_tick import MARGINS, WHOLE_BOOK, TickOutcome, build_from_book
from tests.scenarios import PARAMS, START_S, Exchange, sign_prices

MARK = 1_000  # ticks; the band is 950 to 1,050
WIDE_PARAMS = replace(
    PARAMS,
    maker_fee_ppm=(-400, -50, 0, 0, 50, 0, 0, -300),
    markets=(
        MarketParams("ONE", 6, 6, 50_000, 30_000, 10_000, 50_000),
        MarketParams("TWO", 6, 6, 100_000, 90_000, 10_000, 50_000),
    ),
    fund_band_ppm=20_000,
    fund_rate_usd=10**6,
)
WIDE_SHAPE = Shape("wide", (1, 2, 1, 4, 1, 1, 1, 1, 1, 2), 2, (3, 5), 3)
USERS = range(2, 26)
FLAGS = (0, 0, 0, IOC, REDUCE_ONLY, REDUCE_ONLY, POST_ONLY, POST_ONLY, IOC | REDUCE_ONLY, REDUCE_ONLY | POST_ONLY)


@dataclass(frozen=True)
class Pair:
    """The same batch of the whole book, and of what was chosen of it."""

    whole: BatchResult
    chosen: TickOutcome


class WideBook:
    """An exchange, the orders that rest there as they were sent, and the node's books of the same."""

    def __init__(self, random: Random, spread_ticks: int = 60, shape: Shape = WIDE_SHAPE) -> None:
        self.random, self._spread_ticks = random, spread_ticks
        genesis = make_genesis((MARK, MARK), START_S, Resources(fund_budget=10**6 * USD_E12))
        self.ex = Exchange(WIDE_PARAMS, shape, genesis)
        for user in USERS[::2]:
            sizes = [random.choice([0, random.randint(-12, 12)]) for _ in range(2)]
            self._open(user, sizes)
            self._open(user + 1, [-size for size in sizes])
        if random.random() < 0.5:
            self._open(FUND_ACCOUNT, [random.randint(-9, 9), random.randint(-9, 9)], is_user=False)
        self.orders = AuctionBook()
        self.resting: list[SignedOrder | SignedQuote] = []
        self._slots = {user: iter(range(512)) for user in USERS}

    def send(self, n_orders: int) -> None:
        """Let so many orders rest, some of them quoted."""
        for _ in range(n_orders):
            user = self.random.choice(USERS)
            if self.random.random() < 0.1:
                places = [self._draw(user) for _ in range(self.random.randint(1, 5))]
                quote = self.ex.quote(user, *(place if self.random.random() < 0.8 else None for place in places))
                self.orders.add_quote(quote, len(self.resting))
                self.resting.append(quote)
            else:
                signed = self.ex.sign(self._draw(user))
                self.orders.add(signed, len(self.resting))
                self.resting.append(signed)

    def build(self, cash: list[SignedCashOp], move: int, margins: tuple[int, ...] = (*MARGINS, WHOLE_BOOK)) -> Pair:
        """Build the next batch in both ways; time and state stay."""
        state, params, shape, now_s = self.ex.state, self.ex.params, self.ex.shape, self.ex.now_s + 1
        prices = (MARK + move, MARK, *state.header.marks_ticks[2:])
        oracle, signatures = sign_prices(params, prices, now_s), SignatureCache()
        whole = build_batch(state, params, shape, oracle=oracle, timestamp_s=now_s, orders=self.resting, cash_ops=cash)
        chosen = build_from_book(
            state,
            params,
            shape,
            oracle=oracle,
            timestamp_s=now_s,
            orders=self.orders,
            risk=RiskBook(state.accounts),
            cash_ops=cash,
            signatures=signatures,
            margins=margins,
        )
        return Pair(whole, chosen)

    def draw_cash(self) -> list[SignedCashOp]:
        """Return what else the batch may hold: a deposit, a cancel, a forced trade."""
        user, other = self.random.sample(list(USERS), 2)
        lots = self.random.choice([-3, 2, 9])
        kinds = (
            [],
            [],
            [self.ex.deposit(user, 1)],
            [self.ex.cancel(user, 0, 10**6)],
            [self.ex.forced_trade((user, other), lots, MARK)],
        )
        return self.random.choice(kinds)

    def _open(self, user: int, sizes: list[int], *, is_user: bool = True) -> None:
        """Give an account positions entered at the mark, and equity that is plenty or just about what they require."""
        required = sum(abs(size) * MARK * 100_000 for size in sizes)
        equity = self.random.choice([10**14, 10**14, required * self.random.randint(15, 120) // 100])
        key = {"key": derive_public_key(self.ex.key_of(user)), "owner": self.ex.owner_of(user)} if is_user else {}
        self.ex.put(
            user,
            epoch=1,
            cash_atoms=equity - sum(sizes) * MARK * 10**6,
            sizes_lots=(*sizes, *[0] * 14),
            last_touched_s=START_S,
            **key,
        )

    def _draw(self, user: int) -> Order:
        direction, flags = self.random.choice([-1, 1]), self.random.choice(FLAGS)
        away = self.random.randint(-self._spread_ticks, 3)
        limit = MARK + direction * (min(away, -1) if flags & POST_ONLY else away)
        if self.random.random() < 0.02:
            limit = ANY_BUY_TICKS if direction > 0 else ANY_SELL_TICKS
        lots, market = direction * self.random.randint(1, 9), int(self.random.random() < 0.3)
        slot = next(self._slots[user])
        return self.ex.make_order(user, lots, limit, market=market, slot=slot, flags=flags, tip_e6=0)

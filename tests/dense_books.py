"""Dense books: many small orders of every kind at few prices, of accounts that hold positions and little cash."""

from __future__ import annotations

from dataclasses import replace
from random import Random

from rollup.orders import ANY_BUY_TICKS, ANY_SELL_TICKS, IOC, POST_ONLY, REDUCE_ONLY, Order, SignedOrder
from rollup.params import MarketParams
from rollup.quotes import SignedQuote
from rollup.shapes import Shape
from rollup.signature import derive_public_key
from rollup.state import make_genesis
from rollup.transition import BatchResult
from tests.scenarios import PARAMS, START_S, Exchange

MARK = 100  # ticks; the band is 98 to 102
BOOK_PARAMS = replace(
    PARAMS,
    taker_fee_ppm=(500, 450, 400, 350, 300, 250, 200, 0),
    maker_fee_ppm=(-700, -50, 0, 0, 50, 0, 0, -300),
    markets=(
        MarketParams("ONE", 6, 6, 50_000, 30_000, 10_000, 20_000),
        MarketParams("TWO", 6, 6, 100_000, 90_000, 10_000, 20_000),
    ),
)
BOOK_SHAPE = Shape("dense", (1, 2, 1, 4, 1, 1), 0, (3, 2, 5))
USERS = range(2, 14)
FLAGS = (0, 0, 0, IOC, REDUCE_ONLY, REDUCE_ONLY, POST_ONLY, POST_ONLY, IOC | REDUCE_ONLY, REDUCE_ONLY | POST_ONLY)


class DenseBook:
    """An exchange whose users hold positions that cancel in pairs, and what they send."""

    def __init__(self, random: Random) -> None:
        self.random = random
        self.ex = Exchange(BOOK_PARAMS, BOOK_SHAPE, make_genesis((MARK, MARK), START_S))
        for user in USERS[::2]:
            sizes = [random.choice([0, random.randint(-12, 12)]) for _ in BOOK_PARAMS.markets[:2]]
            self._open(user, sizes)
            self._open(user + 1, [-size for size in sizes])

    def run_batch(self) -> BatchResult:
        """Let users send orders, some of them quoted, and build the batch."""
        sent: list[SignedOrder | SignedQuote] = []
        for _ in range(self.random.randrange(4, 18)):
            user = self.random.choice(USERS)
            if self.random.random() < 0.2:
                places = [self._draw(user, 8 + slot) for slot in range(self.random.randint(1, 6))]
                sent.append(self.ex.quote(user, *(place if self.random.random() < 0.8 else None for place in places)))
            else:
                sent.append(self.ex.sign(self._draw(user, self.random.randrange(8))))
        return self.ex.batch(orders=sent, marks=(MARK + self.random.randint(-1, 1), MARK))

    def _open(self, user: int, sizes: list[int]) -> None:
        """Give a user positions entered at the mark and equity that is plenty, or just about what they require."""
        required = sum(abs(size) * MARK * 100_000 for size in sizes)
        equity = self.random.choice([10**12, required * self.random.randint(25, 120) // 100])
        self.ex.put(
            user,
            key=derive_public_key(self.ex.key_of(user)),
            owner=0xA0000 + user,
            epoch=1,
            tier=self.random.randrange(8),
            cash_atoms=equity - sum(sizes) * MARK * 10**6,
            sizes_lots=(*sizes, *[0] * 14),
            last_touched_s=START_S,
        )

    def _draw(self, user: int, slot: int) -> Order:
        direction, flags = self.random.choice([-1, 1]), self.random.choice(FLAGS)
        away = self.random.randint(-3, -1) if flags & POST_ONLY else self.random.choice([-1, 0, 0, 1, 3])
        limit = MARK + direction * away
        if self.random.random() < 0.1:
            limit = ANY_BUY_TICKS if direction > 0 else ANY_SELL_TICKS
        lots, market = direction * self.random.randint(1, 9), int(self.random.random() < 0.2)
        return self.ex.make_order(user, lots, limit, market=market, slot=slot, flags=flags, tip_e6=0)

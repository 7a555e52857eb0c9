"""A `block` with all of its 86 order places filled: four market makers, one of them by quote, against 22 takers."""

from __future__ import annotations

from itertools import count

from rollup.orders import Order, SignedOrder
from rollup.params import MarketParams, Params
from rollup.quotes import Quote, SignedQuote
from rollup.shapes import BLOCK, Shape
from rollup.signature import derive_public_key, sign
from rollup.state import State, make_genesis
from rollup.trace import BatchTrace
from rollup.transition import BatchResult, build_batch
from rollup.txs import Deposit, SignedCashOp
from sequencer.oracle_feed import make_signers, sign_prices

START_S = 1_760_130_000
PRICE_TICKS = 25_000_000  # 25 USD in ticks of 1e-6 USD
UNIT_LOTS = 1_000_000
SIGNERS = make_signers(seed=1)
PARAMS = Params(
    chain_id=31337,
    contract=0xD0,
    version=1,
    taker_fee_ppm=(500,) * 8,
    markets=(MarketParams("AVAX-USD", 6, 6, 50_000, 30_000, 10_000, 50_000),),
    target_per_s=(10**6,) * 3,  # far above what a block uses: its base fees stay at nothing
    oracle_keys=tuple(signer.public_key for signer in SIGNERS),
)


def make_full_block(shape: Shape = BLOCK) -> BatchTrace:
    """Return a batch of the shape in which every order place holds a fill. Deterministic.

    Lanes of one buy, lanes of several and quotes sell; what is bought equals what is sold, so every order is full.
    """
    n_takers = shape.trade_capacities.count(1)
    wide = [capacity for capacity in shape.trade_capacities if capacity > 1]
    n_makers = len(wide) + len(shape.quote_capacities)
    accounts = range(2, 2 + n_takers + n_makers)
    state = _fund(shape, list(accounts))
    n_places = sum(wide) + sum(shape.quote_capacities)
    bought, sold = n_places * UNIT_LOTS, n_takers * UNIT_LOTS  # cross-multiplied: the two totals agree
    sent: list[SignedOrder | SignedQuote] = []
    for account, capacity in zip(accounts, wide, strict=False):
        sent += [_sign_order(_order(account, 0, slot, sold)) for slot in range(capacity)]
    for account, capacity in zip(accounts[len(wide) :], shape.quote_capacities, strict=False):
        sent.append(_sign_quote(Quote(account, tuple(_order(account, 0, slot, sold) for slot in range(capacity)))))
    sent += [_sign_order(_order(account, 1, 0, bought)) for account in accounts[n_makers:]]
    result = _build(state, shape, orders=sent, cash_ops=[])
    assert len(result.fills) == shape.max_orders, f"{len(result.fills)} fills of {shape.max_orders}"
    return result.trace


def _fund(shape: Shape, accounts: list[int]) -> State:
    state = make_genesis((PRICE_TICKS,), START_S)
    for first in range(0, len(accounts), shape.cash_lanes):
        deposits = [_deposit(account) for account in accounts[first : first + shape.cash_lanes]]
        state = _build(state, shape, orders=[], cash_ops=deposits).state
    return state


_seconds = count(1)


def _build(
    state: State, shape: Shape, orders: list[SignedOrder | SignedQuote], cash_ops: list[SignedCashOp]
) -> BatchResult:
    timestamp_s = START_S + next(_seconds)
    return build_batch(
        state,
        PARAMS,
        shape,
        oracle=sign_prices(SIGNERS, (PRICE_TICKS,), timestamp_s, PARAMS.domain),
        timestamp_s=timestamp_s,
        orders=orders,
        cash_ops=cash_ops,
    )


def _private_key(account: int) -> bytes:
    return account.to_bytes(32, "big")


def _deposit(account: int) -> SignedCashOp:
    return SignedCashOp(Deposit(account, 10**12, owner=0xA000 + account, key=derive_public_key(_private_key(account))))


def _order(account: int, is_buy: int, slot: int, size_lots: int) -> Order:
    limit = PRICE_TICKS + (50 if is_buy else -50)
    return Order(account, 0, 1 - is_buy, slot, 1, 1, START_S + 10**6, size_lots, limit)


def _sign_order(order: Order) -> SignedOrder:
    return SignedOrder(order, sign(_private_key(order.account), order.message(PARAMS.domain)))


def _sign_quote(quote: Quote) -> SignedQuote:
    return SignedQuote(quote, sign(_private_key(quote.account), quote.message(PARAMS.domain)))

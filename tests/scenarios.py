"""Small markets for tests: accounts with keys, signed orders, batches built by the model."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, TypedDict, Unpack, overload

from rollup.accounts import Account
from rollup.oracle import SignedPrices
from rollup.orders import ANY_BUY_TICKS, ANY_SELL_TICKS, IOC, POST_ONLY, REDUCE_ONLY, Order, SignedOrder
from rollup.params import MarketParams, Params
from rollup.quotes import Quote, SignedQuote
from rollup.shapes import TINY, Shape
from rollup.signature import Signature, derive_public_key, sign
from rollup.state import Resources, State, make_genesis, pad_markets
from rollup.tick import Tick, run_tick
from rollup.trace import BatchTrace
from rollup.transition import BatchResult, build_batch
from rollup.txs import Cancel, Deposit, ForcedTrade, SignedCashOp, SignedOp, Withdraw
from rollup.units import ORACLE_COUNT

START_S = 1_760_130_000
AVAX_PRICE = 25_000_000  # ticks of 1e-6 USD
ETH_PRICE = 4_000_000_000
USD = 10**6  # a deposit's unit is 1e-6 USD

ORACLE_KEYS = tuple(bytes([200 + signer]) * 32 for signer in range(ORACLE_COUNT))  # private keys of the signers

# Quiet: marks reach whatever a test says within a second, nothing is funded, scaled or charged for.
PARAMS = Params(
    chain_id=31337,
    contract=0x5FBDB2315678AFECB367F032D93F642F64180AA3,
    version=1,
    taker_fee_ppm=(500, 450, 400, 350, 300, 250, 200, 100),
    maker_fee_ppm=(-100, -50, 0, 0, 50, 0, 0, -300),
    markets=(
        MarketParams("AVAX-USD", 6, 6, 50_000, 30_000, 10_000, 50_000),
        MarketParams("ETH-USD", 6, 6, 40_000, 20_000, 10_000, 50_000),
    ),
    target_per_s=(10**6,) * 3,
    oracle_keys=tuple(map(derive_public_key, ORACLE_KEYS)),
)
# an order costs 0.0034 USD, a leaf 1 USD and as much again each year
PRICED = make_genesis((AVAX_PRICE, ETH_PRICE), START_S, Resources(base_fees=(2 * 10**15, 10**18, 10**14)))


def key_of(account_id: int) -> bytes:
    """Return the account's first private key."""
    return account_id.to_bytes(32, "big")


def sign_prices(
    params: Params, prices_ticks: tuple[int, ...], time_s: int, signers: Iterable[int] = range(ORACLE_COUNT)
) -> tuple[SignedPrices, ...]:
    """Return the messages of some oracle signers, all of the same prices and time."""
    unsigned = SignedPrices(0, pad_markets(prices_ticks, 1), time_s, Signature((0, 1), 0))
    message = unsigned.message(params.domain)
    return tuple(replace(unsigned, signer=s, signature=sign(ORACLE_KEYS[s], message)) for s in signers)


class OrderOptions(TypedDict, total=False):
    """What an order may say beside its account, lots and limit; a fresh nonce in its slot unless given."""

    market: int
    slot: int
    nonce: int | None
    flags: int
    tip_e6: int
    max_fee_e6: int


@dataclass
class Exchange:
    """An exchange under test: the state, each account's key and next nonces, and a clock."""

    params: Params = PARAMS
    shape: Shape = TINY
    state: State = field(default_factory=lambda: make_genesis((AVAX_PRICE, ETH_PRICE), START_S))
    now_s: int = START_S
    order_nonces: dict[int, int] = field(default_factory=dict)
    new_keys: dict[int, bytes] = field(default_factory=dict)  # of accounts that changed theirs

    key_of = staticmethod(key_of)

    @staticmethod
    def owner_of(account: int) -> int:
        """Return the address that holds the account on the base layer."""
        return 0xA0000 + account

    def next_tick(self) -> Tick:
        """Return the tick of the next batch, should the marks stay."""
        header, now_s = self.state.header, self.now_s + 1
        oracle = sign_prices(self.params, header.marks_ticks, now_s)
        return run_tick(header, self.params, tuple(oracle), now_s)

    def deposit(self, account: int, usd: int) -> SignedCashOp:
        """Return a deposit of whole dollars by the account's owner."""
        key = derive_public_key(self.key_of(account))
        return SignedCashOp(Deposit(account, usd * USD, owner=self.owner_of(account), key=key))

    def withdraw(self, account: int, usd: int) -> SignedCashOp:
        """Return a signed withdrawal of whole dollars."""
        return self.request(Withdraw, account, amount_e6=usd * USD)

    def cancel(self, account: int, slot: int, nonce: int) -> SignedCashOp:
        """Return a signed cancel of one order."""
        return self.request(Cancel, account, slot=slot, nonce=nonce)

    def request(
        self,
        kind: Callable[..., SignedOp],
        account: int,
        *,
        ahead: int = 0,
        **operands: Any,  # noqa: ANN401 (fields of any kind)
    ) -> SignedCashOp:
        """Return a signed operation of any kind, in turn behind `ahead` others of the account."""
        record = self.state.get_account(account)
        operands = {"max_fee_e6": 5 * USD, **operands}
        return self.sign(kind(account, record.cash_nonce + ahead, record.epoch, **operands))

    @overload
    def sign(self, op: SignedOp) -> SignedCashOp: ...
    @overload
    def sign(self, op: Order) -> SignedOrder: ...
    def sign(self, op: SignedOp | Order) -> SignedCashOp | SignedOrder:
        """Return the operation or order signed by its account's key."""
        signature = self._sign(op.account, op.message(self.params.domain))
        return SignedOrder(op, signature) if isinstance(op, Order) else SignedCashOp(op, signature)

    def forced_trade(
        self,
        accounts: tuple[int, int],
        lots: int,
        price_ticks: int,
        *,
        market: int = 0,
        first_owner: int | None = None,
    ) -> SignedCashOp:
        """Return the queue's entry of a forced trade: the first account buys, or sells if lots are negative.

        By the owners of both, unless another is given for the first.
        """
        first, second = (self.owner_of(account) for account in accounts)
        owners = (first if first_owner is None else first_owner, second)
        return SignedCashOp(ForcedTrade(accounts, owners, market, int(lots < 0), abs(lots), price_ticks))

    def _sign(self, account: int, message: int) -> Signature:
        return sign(self.new_keys.get(account, self.key_of(account)), message)

    def order(self, account: int, lots: int, limit: int, **options: Unpack[OrderOptions]) -> SignedOrder:
        """Return a signed order."""
        return self.sign(self.make_order(account, lots, limit, **options))

    def quote(self, account: int, *orders: Order | None) -> SignedQuote:
        """Return a signed quote of orders made by `make_order`, None for an empty place."""
        quote = Quote(account, orders)
        return SignedQuote(quote, self._sign(account, quote.message(self.params.domain)))

    def make_order(
        self,
        account: int,
        lots: int,
        limit: int,
        *,
        market: int = 0,
        slot: int = 0,
        nonce: int | None = None,
        flags: int = 0,
        tip_e6: int = 7,
        max_fee_e6: int = 5 * USD,
    ) -> Order:
        """Return an order that nobody signed yet: positive lots buy, negative sell."""
        if nonce is None:
            nonce = self.order_nonces[account] = self.order_nonces.get(account, 0) + 1
        return Order(
            account=account,
            market=market,
            side=int(lots < 0),
            slot=slot,
            nonce=nonce,
            epoch=max(self.state.get_account(account).epoch, 1),
            expiry_s=self.now_s + 3600,
            size_lots=abs(lots),
            limit_ticks=limit,
            max_fee_e6=max_fee_e6,
            tip_e6=tip_e6,
            flags=flags,
        )

    def put(self, account_id: int, **changes: Any) -> Account:  # noqa: ANN401 (fields of an account)
        """Change an account in the state by force; open interest follows what it holds long."""
        before = self.state.get_account(account_id)
        account = replace(before, **changes)
        tree = self.state.tree.set(account_id, account.leaf_hash())
        sizes = zip(self.state.header.open_interest_lots, before.sizes_lots, account.sizes_lots, strict=True)
        interest = tuple(lots + max(new, 0) - max(old, 0) for lots, old, new in sizes)
        header = replace(self.state.header, accounts_root=tree.root, open_interest_lots=interest)
        self.state = State(header, tree, {**self.state.accounts, account_id: account})
        return account

    def batch(
        self,
        *,
        orders: Sequence[SignedOrder | SignedQuote] = (),
        cash: list[SignedCashOp] | None = None,
        marks: tuple[int, ...] = (AVAX_PRICE, ETH_PRICE),
        elapsed_s: int = 1,
        signers: Iterable[int] = range(ORACLE_COUNT),
    ) -> BatchResult:
        """Build the next batch, one second later unless said otherwise, and move on to the state after it.

        The given oracle signers say `marks`; of markets not given, the mark as it is.
        """
        self.now_s += elapsed_s
        prices_ticks = (*marks, *self.state.header.marks_ticks[len(marks) :])
        result = build_batch(
            self.state,
            self.params,
            self.shape,
            oracle=sign_prices(self.params, prices_ticks, self.now_s, signers),
            timestamp_s=self.now_s,
            orders=orders,
            cash_ops=cash or [],
        )
        self.state = result.state
        return result


def run_day(shape: Shape = TINY) -> dict[str, BatchTrace]:
    """Return one trace of each kind: deposits with fills, several fills in a lane, a liquidation, withdraw and cancel,
    and orders of every kind.

    Account 2 is long on leverage and is liquidated when AVAX falls; 3 sells to it, 4 buys the liquidation. In the end
    4 quotes both markets post-only, 3 and 2 reduce, and 5 shares the ration with 4's quote.
    """
    ex = Exchange(shape=shape)
    traces = {}
    first = ex.batch(
        cash=[ex.deposit(2, 2_200), ex.deposit(3, 50_000)],
        orders=[ex.order(2, 1_000_000_000, AVAX_PRICE + 9), ex.order(3, -1_000_000_000, AVAX_PRICE - 9)],
    )
    traces["deposits and fills"] = first.trace
    second = ex.batch(
        cash=[ex.deposit(4, 90_000), ex.deposit(3, 1_000)],
        orders=[
            ex.order(4, 2_000_000, ETH_PRICE + 5, market=1, slot=9),
            ex.order(3, -2_000_000, ETH_PRICE - 5, market=1, slot=511),
            ex.order(2, 3_000_000, AVAX_PRICE, slot=70),
            ex.order(3, -5_000_000, AVAX_PRICE, slot=8),
        ],
    )
    traces["two fills in a lane"] = second.trace
    fallen = AVAX_PRICE * 94 // 100
    third = ex.batch(orders=[ex.order(4, 400_000_000, fallen + 50_000, slot=3)], marks=(fallen, ETH_PRICE))
    traces["liquidation"] = third.trace
    fourth = ex.batch(cash=[ex.withdraw(4, 1_000), ex.cancel(3, 8, 77)], marks=(fallen, ETH_PRICE))
    traces["withdraw and cancel"] = fourth.trace
    limit, away = fallen + 2_000, ETH_PRICE - 1_000
    fifth = ex.batch(
        cash=[ex.deposit(5, 10_000), ex.deposit(2, 2_000)],
        orders=[
            ex.order(2, -20_000_000, fallen + 1_000, slot=5, flags=REDUCE_ONLY),
            ex.order(3, 40_000_000, ANY_BUY_TICKS, slot=6, flags=IOC | REDUCE_ONLY),
            ex.order(5, -10_000_001, limit, slot=1),
            ex.order(5, -400_000, ANY_SELL_TICKS, market=1, slot=2, flags=IOC),
            ex.quote(
                4,
                ex.make_order(4, -30_000_000, limit, slot=100, flags=POST_ONLY),
                ex.make_order(4, 700_000, away, market=1, slot=101, flags=POST_ONLY),
            ),
        ],
        marks=(fallen, ETH_PRICE),
    )
    traces["orders of every kind"] = fifth.trace
    results = {"first": first, "second": second, "third": third, "fourth": fourth, "fifth": fifth}
    for name, result in results.items():
        assert not result.rejected, f"{name}: {result.rejected}"
    assert len(fifth.fills) == 6, f"{len(fifth.fills)} of 6 orders filled"
    assert third.liquidations, "nobody was liquidated"
    return traces

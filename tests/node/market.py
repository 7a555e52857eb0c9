"""A small exchange around a node's core: accounts by deposits, an oracle, orders signed by their accounts."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from hashlib import blake2b

from rollup.oracle import SignedPrices
from rollup.orders import Order, SignedOrder
from rollup.params import Params
from rollup.quotes import Quote, SignedQuote
from rollup.signature import derive_public_key, sign
from rollup.snapshot import Snapshot
from rollup.state import Resources, make_genesis
from rollup.txs import Deposit, SignedOp
from sequencer.market import make_params
from sequencer.node.commands import CancelAllOrders, CancelOrder, CashRequest, PlaceOrder, PlaceQuote, Trigger
from sequencer.oracle_feed import make_signers, sign_prices
from sequencer.settlement.people import Deployment

SEED = 11
MARK_TICKS = 25_000_000  # 25 USD
LOT = 10**6  # lots of one coin
USD = 10**6
SIGNERS = make_signers(SEED)
NO_SIGNATURE = sign(bytes(32), 0)


def make_key(account: int) -> bytes:
    """Return an account's private key."""
    return blake2b(f"node test {account}".encode(), digest_size=32).digest()


def make_snapshot(started_s: int | None = None) -> Snapshot:
    """Return where a log begins: nobody has anything."""
    params = make_params(tuple(signer.public_key for signer in SIGNERS), Deployment(31_337, 77))
    proving, leaf, bandwidth = params.min_base_fee
    before_s = (int(time.time()) if started_s is None else started_s) - 10
    return Snapshot(params, make_genesis((MARK_TICKS,), before_s, Resources(base_fees=(proving, leaf, bandwidth))))


@dataclass
class Market:
    """Makes what accounts send; nonces rise by slot."""

    params: Params
    epoch: int = 1
    nonces: dict[tuple[int, int], int] = field(default_factory=dict)

    def prices(self, time_s: int, mark_ticks: int = MARK_TICKS) -> tuple[SignedPrices, ...]:
        """Return what the signers say."""
        return sign_prices(SIGNERS, (mark_ticks,), time_s, self.params.domain)

    def deposit(self, account: int, usd: int) -> Deposit:
        """Return the entry that opens an account, or adds to it."""
        return Deposit(account, usd * USD, 10_000 + account, derive_public_key(make_key(account)))

    def make_order(
        self, account: int, coins: float, price_usd: float, *, slot: int = 0, flags: int = 0, expiry_s: int = 2**39
    ) -> Order:
        """Return an order: a sale where there are fewer than no coins."""
        nonce = self.nonces.get((account, slot), 0)
        self.nonces[account, slot] = nonce + 1
        return Order(
            account=account,
            market=0,
            side=int(coins < 0),
            slot=slot,
            nonce=nonce,
            epoch=self.epoch,
            expiry_s=expiry_s,
            size_lots=round(abs(coins) * LOT),
            limit_ticks=round(price_usd * 10**6),
            max_fee_e6=10**6,
            flags=flags,
        )

    def place(self, order: Order, trigger: Trigger | None = None) -> PlaceOrder:
        """Return an order signed by its account."""
        message = order.message(self.params.domain)
        return PlaceOrder(SignedOrder(order, sign(make_key(order.account), message)), trigger)

    def order(self, account: int, coins: float, price_usd: float, *, slot: int = 0, flags: int = 0) -> PlaceOrder:
        """Return a new order, signed."""
        return self.place(self.make_order(account, coins, price_usd, slot=slot, flags=flags))

    def quote(self, account: int, *orders: Order | None) -> PlaceQuote:
        """Return orders under one signature."""
        quote = Quote(account, orders)
        return PlaceQuote(SignedQuote(quote, sign(make_key(account), quote.message(self.params.domain))))

    def cancel(self, account: int, slot: int, nonce: int) -> CancelOrder:
        """Return a signed cancel."""
        bare = CancelOrder(account, slot, nonce, self.epoch, NO_SIGNATURE)
        return CancelOrder(account, slot, nonce, self.epoch, sign(make_key(account), bare.message(self.params.domain)))

    def cancel_all(self, account: int, time_ms: int) -> CancelAllOrders:
        """Return a signed cancel of everything."""
        bare = CancelAllOrders(account, time_ms, self.epoch, NO_SIGNATURE)
        signature = sign(make_key(account), bare.message(self.params.domain))
        return CancelAllOrders(account, time_ms, self.epoch, signature)

    def cash(self, op: SignedOp) -> CashRequest:
        """Return a signed cash operation."""
        return CashRequest(op, sign(make_key(op.account), op.message(self.params.domain)))

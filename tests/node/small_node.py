"""A small node for audits: a real log with receipts, admission, auctions, and what it publishes. It can cheat."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from random import Random

from rollup.batch_record import decode_batch, encode_batch, record_batch
from rollup.oracle import SignedPrices
from rollup.orders import IOC, POST_ONLY, REDUCE_ONLY, Order
from rollup.queue_events import QueueEvents
from rollup.rebuild import apply_record
from rollup.shapes import Shape
from rollup.signature import Signature, derive_public_key, sign
from rollup.state import Resources, make_genesis
from rollup.tick import run_tick
from rollup.trace import BatchTrace
from rollup.txs import Cancel, CancelAll, SignedOp
from sequencer.audit.auditing import Audit, audit
from sequencer.audit.published import Published, PublishedBatch
from sequencer.audit.statements import Statement
from sequencer.node.admission import Admission
from sequencer.node.command_codec import encode_command
from sequencer.node.commands import (
    CancelAllOrders,
    CancelOrder,
    CashRequest,
    ClientCommand,
    Kind,
    OraclePrices,
    PlaceOrder,
    PlaceQuote,
    Trigger,
)
from sequencer.node.links import GENESIS, LogRecord, Record, link_records
from sequencer.node.live import LiveState, encode_auction
from sequencer.node.outcome import encode_outcome
from sequencer.node.receipts import ReceiptChain
from sequencer.node.sequencing import Sequencing
from tests.node.wide_books import MARK, WIDE_PARAMS
from tests.scenarios import START_S, Exchange, sign_prices

RECEIPT_KEY = b"\x07" * 32
PUBLIC_KEY = derive_public_key(RECEIPT_KEY)
DOMAIN = WIDE_PARAMS.domain
SHAPE = Shape("audit", (1, 2, 1, 4, 1, 1, 1, 1, 1, 2), 2, (3, 5), 3)
USERS = range(2, 12)
FLAGS = (0, 0, 0, IOC, REDUCE_ONLY, POST_ONLY, POST_ONLY, IOC | REDUCE_ONLY)
EQUITY_ATOMS = 10**14


class SmallNode:
    """Users with plenty of cash, some with positions, and a log from its first record on."""

    def __init__(self, shape: Shape = SHAPE, equity_atoms: int = EQUITY_ATOMS) -> None:
        self.ex = Exchange(WIDE_PARAMS, shape, make_genesis((MARK, MARK), START_S, Resources()))
        for user in USERS:
            size = 0 if user % 4 > 1 else 20 - 40 * (user % 2)
            self._open(user, size, equity_atoms)
        self.shape, self.genesis = shape, self.ex.state
        self.sequencing = Sequencing(LiveState(WIDE_PARAMS, self.genesis), shape)
        self.log: list[LogRecord] = []
        self.batches: list[PublishedBatch] = []
        self.chain = ReceiptChain(RECEIPT_KEY, DOMAIN, GENESIS)
        self.receipts: list[Statement] = []
        self.hidden: set[int] = set()  # kinds of records that the log holds and the auction is not told of
        self.now_s = START_S
        self.append([encode_command(OraclePrices(one)) for one in self._sign_prices(MARK)])

    @property
    def published(self) -> Published:
        """What anyone can rebuild of it."""
        return Published(WIDE_PARAMS, self.genesis, tuple(self.batches))

    def audit(self, statements: Sequence[Statement] | None = None) -> Audit:
        """Audit it, by all of its receipts unless some are given."""
        return audit(self.receipts if statements is None else statements, self.published, PUBLIC_KEY, DOMAIN)

    def append(self, records: list[Record]) -> list[Statement]:
        """Write records, hand out their receipts, tell the auction."""
        time_us = self.now_s * 10**6
        linked = link_records(self.chain.head, records, time_us)
        receipts = self.chain.extend(records, time_us)
        statements = [Statement(receipt, record.body) for receipt, record in zip(receipts, records, strict=True)]
        self.log += linked
        self.receipts += statements
        for record in linked:
            if record.kind not in self.hidden and record.kind != Kind.OUTCOME:
                self.sequencing.apply(record)
        return statements

    def submit(self, *commands: ClientCommand) -> list[Statement | None]:
        """Admit commands as a node does, and write those that pass."""
        state = self.sequencing.live.state
        admission = Admission(self.sequencing.live)
        oracle = sign_prices(WIDE_PARAMS, state.header.marks_ticks, self.now_s + 1)
        admission.set_tick(run_tick(state.header, WIDE_PARAMS, oracle, self.now_s + 1))
        admitted = [command for command in commands if admission.admit(command, self.now_s) is None]
        written = iter(self.append([encode_command(command) for command in admitted]))
        passed = {id(command) for command in admitted}
        return [next(written) if id(command) in passed else None for command in commands]

    def call(self, elapsed_s: int = 1, mark: int = MARK) -> Statement:
        """Write fresh prices and call an auction; return its record."""
        self.now_s += elapsed_s
        self.append([encode_command(OraclePrices(one)) for one in self._sign_prices(mark)])
        (called,) = self.append([Record(Kind.AUCTION, encode_auction(self.now_s))])
        return called

    def clear(self, elapsed_s: int = 1, mark: int = MARK) -> BatchTrace | None:
        """Call an auction, run it, write what came of it, and publish."""
        self.call(elapsed_s, mark)
        return self.run_called()

    def run_called(self) -> BatchTrace | None:
        """Run the auction that was called, write what came of it, and publish."""
        before = self.sequencing.live.state
        outcome, trace = self.sequencing.run_auction()
        self.append([Record(Kind.OUTCOME, encode_outcome(outcome))])
        self.ex.state, self.ex.now_s = self.sequencing.live.state, self.now_s
        if trace is not None:
            record = decode_batch(encode_batch(record_batch(trace)), self.shape)
            after = apply_record(before, WIDE_PARAMS, record, QueueEvents(()))
            assert after.state_root == self.sequencing.live.state.state_root
            self.batches.append(PublishedBatch(WIDE_PARAMS, self.shape, record, before, after, "group 0"))
        return trace

    def order(
        self, user: int, lots: int, limit: int, *, slot: int = 0, flags: int = 0, nonce: int | None = None
    ) -> PlaceOrder:
        """Return a signed order: positive lots buy."""
        return PlaceOrder(self.ex.order(user, lots, limit, slot=slot, flags=flags, nonce=nonce, tip_e6=0, max_fee_e6=0))

    def cancel(self, user: int, slot: int, nonce: int) -> CancelOrder:
        """Return a signed cancel."""
        unsigned = CancelOrder(user, slot, nonce, self._get_epoch(user), Signature((0, 1), 0))
        return replace(unsigned, signature=self._sign(user, unsigned.message(DOMAIN)))

    def cancel_all(self, user: int) -> CancelAllOrders:
        """Return a signed cancel of everything, newer than any before."""
        facts = (user, self.chain.head.sequence, self._get_epoch(user))
        unsigned = CancelAllOrders(*facts, Signature((0, 1), 0))
        return replace(unsigned, signature=self._sign(user, unsigned.message(DOMAIN)))

    def request(self, kind: type[SignedOp], user: int, **operands: int) -> CashRequest:
        """Return a signed cash operation."""
        signed = self.ex.request(kind, user, max_fee_e6=0, **operands)
        assert isinstance(signed.op, SignedOp)
        assert signed.signature is not None
        return CashRequest(signed.op, signed.signature)

    def _get_epoch(self, user: int) -> int:
        return self.ex.state.get_account(user).epoch

    def _sign(self, user: int, message: int) -> Signature:
        return sign(self.ex.key_of(user), message)

    def _sign_prices(self, mark: int) -> tuple[SignedPrices, ...]:
        prices = (mark, MARK, *self.ex.state.header.marks_ticks[2:])
        return sign_prices(WIDE_PARAMS, prices, self.now_s)

    def _open(self, user: int, size: int, equity_atoms: int) -> None:
        self.ex.put(
            user,
            epoch=1,
            cash_atoms=equity_atoms - size * MARK * 10**6,
            sizes_lots=(size, *[0] * 15),
            last_touched_s=START_S,
            key=derive_public_key(self.ex.key_of(user)),
            owner=self.ex.owner_of(user),
        )


def trade(node: SmallNode) -> tuple[PlaceOrder, PlaceOrder]:
    """Let a buy and a sell rest that meet at the mark."""
    buy, sell = node.order(2, 5, MARK + 2), node.order(3, -5, MARK - 2)
    node.submit(buy, sell)
    return buy, sell


def draw_command(node: SmallNode, random: Random) -> ClientCommand:
    """Return anything a client may send."""
    user, kind = random.choice(USERS), random.random()
    if kind < 0.12:
        return node.cancel(user, random.randrange(4), random.randint(0, node.ex.order_nonces.get(user, 0) + 1))
    if kind < 0.15:
        return node.cancel_all(user)
    if kind < 0.18:
        return node.request(Cancel, user, slot=random.randrange(4), nonce=node.ex.order_nonces.get(user, 0))
    if kind < 0.19:
        return node.request(CancelAll, user)
    if kind < 0.3:
        places = [_draw_order(node, random, user) for _ in range(random.randint(1, 3))]
        slots: dict[int, Order] = {order.slot: order for order in places}
        return PlaceQuote(node.ex.quote(user, *slots.values()))
    order = _draw_order(node, random, user)
    if random.random() < 0.1:
        return PlaceOrder(node.ex.sign(order), Trigger(MARK + random.randint(-3, 3), random.random() < 0.5))
    return PlaceOrder(node.ex.sign(order))


def _draw_order(node: SmallNode, random: Random, user: int) -> Order:
    direction, flags = random.choice([-1, 1]), random.choice(FLAGS)
    away = random.randint(-6, 5)
    limit = MARK + direction * (min(away, -1) if flags & POST_ONLY else away)
    lots, market = direction * random.randint(1, 9), int(random.random() < 0.3)
    order = node.ex.make_order(
        user, lots, limit, market=market, slot=random.randrange(4), flags=flags, tip_e6=0, max_fee_e6=0
    )
    return replace(order, expiry_s=node.now_s + random.choice([1, 2, 3600]))

"""Admission: what is open by it is what the log says with what is unwritten on top, whatever happens in between."""

from __future__ import annotations

from copy import copy
from random import Random

import pytest

from rollup.errors import RollupError
from rollup.orders import IOC, REDUCE_ONLY, Order
from rollup.signature import derive_public_key
from rollup.txs import CancelAll, CloseAccount, KeyChange, Transfer, Withdraw
from sequencer.node.admission import Admission
from sequencer.node.command_codec import encode_command
from sequencer.node.commands import ClientCommand, Command, Kind, OraclePrices, PlaceOrder, PlaceQuote, QueueEntrySeen
from sequencer.node.links import LogRecord, Record
from sequencer.node.live import LiveState, encode_auction
from sequencer.node.live_codec import decode_live, encode_live
from sequencer.node.outcome import encode_outcome
from sequencer.node.sequencing import Sequencing
from tests.node.market import USD, Market, make_key, make_snapshot
from tests.node.node_day import SHAPE, START_S

ACCOUNTS = (2, 3, 4)


class Desk:
    """An admission over a log, and the engine beside it."""

    def __init__(self, usd: int = 300) -> None:
        genesis = make_snapshot(START_S)
        self.market, self.now_s, self.length = Market(genesis.params), START_S, 0
        self.live = LiveState(genesis.params, genesis.state)
        self.engine = Sequencing(LiveState(genesis.params, genesis.state), SHAPE)
        self.admission = Admission(self.live)
        self.unwritten: list[ClientCommand] = []
        self.put(*(OraclePrices(one) for one in self.market.prices(self.now_s)))
        self.put(*(QueueEntrySeen(at, self.market.deposit(one, usd)) for at, one in enumerate(ACCOUNTS)))
        self.hold_auction()
        self.hold_auction()

    def put(self, *commands: Command | Record) -> None:
        """Append records."""
        for command in commands:
            self.length += 1
            record = command if isinstance(command, Record) else encode_command(command)
            linked = LogRecord(self.length, record.kind, 0, b"", record.body)
            self.live.apply(linked)
            if record.kind != Kind.OUTCOME:
                self.engine.apply(linked)

    def hold_auction(self) -> None:
        """Let an auction be called and its outcome follow; what was admitted meanwhile is not written yet."""
        self.now_s += 1
        self.put(Record(Kind.AUCTION, encode_auction(self.now_s)))
        outcome, _ = self.engine.run_auction()
        self.put(Record(Kind.OUTCOME, encode_outcome(outcome)))
        self.admission.follow(outcome)
        self.admission.set_tick(self.engine.preview(self.now_s + 1).tick)

    def admit(self, command: ClientCommand) -> RollupError | None:
        """Judge a command; what was refused changed nothing."""
        before = describe(self.admission), dict(self.admission._next_nonce), dict(self.admission._cancel_all_ms)
        error = self.admission.admit(command, self.now_s)
        if error is None:
            self.unwritten.append(command)
        else:
            assert before == (
                describe(self.admission),
                self.admission._next_nonce,
                self.admission._cancel_all_ms,
            ), error
        return error

    def write(self) -> None:
        """Append what was admitted."""
        self.put(*self.unwritten)
        self.admission.note_durable()
        self.unwritten.clear()

    def fail(self) -> None:
        """Let the store refuse what was admitted."""
        self.admission.forget()
        self.unwritten.clear()

    def expect(self) -> object:
        """Return what is open by the log with the unwritten behind it."""
        live = decode_live(encode_live(self.live))
        for number, command in enumerate(self.unwritten, self.length + 1):
            record = encode_command(command)
            live.apply(LogRecord(number, record.kind, 0, b"", record.body))
        return describe(Admission(live))


def describe(admission: Admission) -> dict[int, tuple[object, int]]:
    """Return the open orders of every account that has some, and what they may be charged.

    Of a copy: what an auction closed is let go when an account is asked for, and stays until then.
    """
    asked = copy(admission)
    asked._closed = dict(admission._closed)
    asked._totals = {account: copy(one) for account, one in admission._totals.items()}
    for one in asked._totals.values():
        one._orders, one._standing = dict(one._orders), None
    totals = {account: one for account in admission._totals if len(one := asked.get_totals(account))}
    return {account: (dict(one._orders), one.charges_atoms) for account, one in sorted(totals.items())}


def draw(random: Random, desk: Desk, number: int) -> ClientCommand:
    """Return a command, good or bad."""
    market, account, slot = desk.market, random.choice(ACCOUNTS), random.randrange(4)
    if random.random() < 0.1:
        market.nonces[account, slot] = max(0, market.nonces.get((account, slot), 0) - 2)
    kind = random.random()
    if kind < 0.5:
        return market.place(draw_order(random, market, account, slot))
    if kind < 0.7:
        slots = [random.randrange(4) for _ in range(random.randint(1, 4))]
        return market.quote(account, *(draw_order(random, market, account, one) for one in slots))
    if kind < 0.85:
        return market.cancel(account, slot, max(0, market.nonces.get((account, slot), 0) - random.randint(0, 2)))
    if kind < 0.92:
        return market.cancel_all(account, max(0, number - random.randint(0, 5)))
    nonce = desk.live.state.get_account(account).cash_nonce + random.randint(0, 2)
    return market.cash(Withdraw(account, nonce, 1, USD, max_fee_e6=10**6))


def draw_order(random: Random, market: Market, account: int, slot: int) -> Order:
    coins = random.choice([-1, 1]) * random.choice([0.5, 3, 3, 30, 300])
    flags = random.choice([0, 0, IOC, REDUCE_ONLY])
    return market.make_order(account, coins, random.uniform(24.5, 25.5), slot=slot, flags=flags)


@pytest.mark.parametrize("seed", range(8))
def test_open_orders_are_always_those_of_the_log(seed: int) -> None:
    random, desk = Random(seed), Desk()
    taken: set[tuple[int, int, int]] = set()
    refused: set[str] = set()
    for number in range(60):
        for _ in range(random.randint(1, 8)):
            command = draw(random, desk, number)
            error = desk.admit(command)
            refused.add(error.code if error else "none")
            assert describe(desk.admission) == desk.expect()
        if random.random() < 0.3:
            desk.hold_auction()
            assert describe(desk.admission) == desk.expect()
        if random.random() < 0.2:
            desk.fail()
            assert describe(desk.admission) == describe(Admission(desk.live)) == desk.expect()
        for one in [order for command in desk.unwritten for order in list_orders(command)]:
            key = (one.account, one.slot, one.nonce)
            assert key not in taken, "a nonce was taken twice"
            taken.add(key)
        desk.write()
        assert describe(desk.admission) == desk.expect()
    assert {"none", "nonce_used", "orders_not_covered", "cash_nonce_mismatch"} <= refused


def list_orders(command: ClientCommand) -> list[Order]:
    """Return the orders of a command."""
    if isinstance(command, PlaceOrder):
        return [command.signed.order]
    return [one.order for one in command.signed.quoted_orders] if isinstance(command, PlaceQuote) else []


def test_quote_is_admitted_whole_or_not_at_all() -> None:
    desk, market = Desk(), Market(make_snapshot(START_S).params)
    first = [market.make_order(2, 1, 24, slot=slot) for slot in (0, 1)]
    assert desk.admit(market.quote(2, *first)) is None
    worse = [market.make_order(2, 2, 24.1, slot=0), market.make_order(2, 10_000, 24, slot=1)]
    error = desk.admit(market.quote(2, *worse))
    assert error is not None
    assert error.code == "orders_not_covered"
    assert [desk.admission.get_totals(2).get(slot) for slot in (0, 1)] == [(order, 0) for order in first]
    market.nonces[2, 0] = 1
    assert desk.admit(market.place(market.make_order(2, 2, 24.1, slot=0))) is None  # its nonce was not used up


def test_invalid_quote_with_an_order_of_another_account() -> None:
    desk, market = Desk(), Market(make_snapshot(START_S).params)
    error = desk.admit(market.quote(2, market.make_order(2, 1, 24), market.make_order(3, 1, 24)))
    assert error is not None
    assert error.code == "quote_mismatch"


def test_nonce_is_used_up_by_what_was_cancelled_unwritten_or_written() -> None:
    desk = Desk()
    market = desk.market
    order = market.make_order(2, 1, 24)
    assert desk.admit(market.cancel(2, 0, order.nonce)) is None
    for is_written in (False, True):
        error = desk.admit(market.place(order))
        assert error is not None
        assert error.code == "nonce_used"
        if not is_written:
            desk.write()


def test_cash_nonces_count_what_waits_and_what_is_unwritten() -> None:
    desk = Desk()
    requests = [desk.market.cash(Withdraw(2, nonce, 1, USD, max_fee_e6=10**6)) for nonce in range(4)]
    assert desk.admit(requests[0]) is None
    desk.write()
    assert desk.admit(requests[1]) is None
    assert desk.admit(requests[1]) is not None
    assert desk.admit(requests[3]) is not None
    assert desk.admit(requests[2]) is None
    desk.fail()
    assert desk.admit(requests[2]) is not None
    assert desk.admit(requests[1]) is None


def test_cash_nonce_of_an_operation_that_was_refused_comes_again() -> None:
    desk = Desk()
    dear, cheap = (desk.market.cash(Withdraw(2, 0, 1, usd * USD, max_fee_e6=10**6)) for usd in (10**6, 1))
    second = desk.market.cash(Withdraw(2, 1, 1, USD, max_fee_e6=10**6))
    assert desk.admit(dear) is None
    assert desk.admit(second) is None
    desk.write()
    assert desk.admission.find_cash_nonce(2) == 2
    desk.hold_auction()  # more than there is: refused, and with it what is behind it
    assert [desk.live.state.get_account(2).cash_nonce, desk.admission.find_cash_nonce(2)] == [0, 0]
    assert desk.admit(cheap) is None
    desk.write()
    desk.hold_auction()
    assert [desk.live.state.get_account(2).cash_nonce, desk.admission.find_cash_nonce(2)] == [1, 1]
    assert not any(desk.live.cash_nonces.values())


def test_withdraw_only_lets_out_and_nothing_in() -> None:
    desk = Desk()
    desk.admission.withdraw_only = True
    market, head = desk.market, (2, 0, 1)
    refused = [
        market.order(2, 1, 24),
        market.quote(2, market.make_order(2, 1, 24)),
        market.cash(Transfer(*head, USD, 3, max_fee_e6=10**6)),
        market.cash(KeyChange(*head, derive_public_key(make_key(9)), max_fee_e6=10**6)),
    ]
    for command in refused:
        error = desk.admit(command)
        assert error is not None
        assert error.code == "withdraw_only"
    taken = [
        market.cancel(2, 0, 0),
        market.cancel_all(2, 1),
        market.cash(Withdraw(*head, USD, max_fee_e6=10**6)),
        market.cash(CancelAll(2, 1, 1, max_fee_e6=10**6)),
        market.cash(CloseAccount(2, 2, 1, 0, max_fee_e6=10**6)),
    ]
    assert [desk.admit(command) for command in taken] == [None] * len(taken)

"""Leaves whose rent ran out are given back: by batches that are held anyway, and by one of their own in quiet times."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from rollup.accounts import Account
from rollup.shapes import TINY
from rollup.signature import derive_public_key
from rollup.txs import Cancel, find_evictable
from sequencer.node.command_codec import encode_command
from sequencer.node.commands import CashRequest, Command, Kind, OraclePrices, QueueEntrySeen
from sequencer.node.links import LogRecord, Record
from sequencer.node.live import LiveState, encode_auction
from sequencer.node.outcome import Outcome, encode_outcome
from sequencer.node.risk_book import RiskBook
from sequencer.node.sequencing import EVICT_ALONE_S, EVICT_IDLE_S, Sequencing
from tests.scenarios import AVAX_PRICE, ETH_PRICE, PARAMS, PRICED, START_S, Exchange, sign_prices

USD = 10**18  # atoms; a leaf of `PRICED` costs one a year
DAY_S = 86_400


def make(**accounts: dict[str, object]) -> Exchange:
    """Return an exchange with these accounts, `a2` being account 2, opened at its start."""
    exchange = Exchange(PARAMS, TINY, PRICED)
    for name, changes in accounts.items():
        number = int(name[1:])
        key = derive_public_key(exchange.key_of(number))
        facts = {"epoch": 1, "last_touched_s": START_S, "key": key, "owner": 7, **changes}
        exchange.put(number, **facts)
    return exchange


class Log:
    """An engine over an exchange."""

    def __init__(self, exchange: Exchange) -> None:
        self.exchange, self.length = exchange, 0
        self.engine = Sequencing(LiveState(exchange.params, exchange.state), TINY)

    def put(self, *commands: Command | Record) -> None:
        for command in commands:
            self.length += 1
            record = command if isinstance(command, Record) else encode_command(command)
            self.engine.apply(LogRecord(self.length, record.kind, 0, b"", record.body))

    def hold(self, now_s: int) -> Outcome:
        """Hold an auction at fresh prices."""
        self.put(*(OraclePrices(one) for one in sign_prices(PARAMS, (AVAX_PRICE, ETH_PRICE), now_s)))
        self.put(Record(Kind.AUCTION, encode_auction(now_s)))
        outcome, trace = self.engine.run_auction()
        assert (trace is None) == (outcome.batch is None)
        encode_outcome(outcome)
        self.length += 1
        return outcome

    def is_open(self, account: int) -> bool:
        return not self.engine.live.state.get_account(account).is_empty


def test_leaf_whose_rent_ran_out_is_given_back() -> None:
    exchange = make(
        a2={"cash_atoms": USD // 1000},  # nine hours
        a3={"cash_atoms": USD},  # a year
        a4={"cash_atoms": USD // 1000 - 4 * AVAX_PRICE * 10**6, "sizes_lots": (4, *[0] * 15)},
        a5={"cash_atoms": -1},
    )
    log = Log(exchange)
    fund = exchange.state.get_account(0).cash_atoms
    outcome = log.hold(START_S + 2 * DAY_S)
    assert outcome.batch is not None
    assert outcome.batch.cash_ops == 1
    assert [log.is_open(account) for account in (2, 3, 4, 5)] == [False, True, True, True]
    emptied = log.engine.live.state.get_account(2)
    assert (emptied.cash_atoms, emptied.epoch, emptied.owner) == (0, 1, 0)
    assert log.engine.live.state.get_account(0).cash_atoms >= fund + USD // 1000
    assert log.hold(START_S + 2 * DAY_S + 1).batch is None  # once


def test_leaf_is_left_to_its_owner_for_a_day() -> None:
    log = Log(make(a2={"cash_atoms": 0}))
    assert log.hold(START_S + EVICT_IDLE_S - 1).batch is None
    assert log.is_open(2)
    assert log.hold(START_S + EVICT_IDLE_S).batch is not None
    assert not log.is_open(2)


def test_evictions_take_the_lanes_that_are_left_and_those_who_ask_come_first() -> None:
    exchange = make(a2={"cash_atoms": 5 * USD}, **{f"a{n}": {"cash_atoms": 0} for n in range(3, 9)})
    log = Log(exchange)
    n_lanes = TINY.cash_lanes
    for ahead in range(n_lanes):
        signed = exchange.request(Cancel, 2, ahead=ahead, slot=ahead, nonce=0)
        assert isinstance(signed.op, Cancel)
        assert signed.signature is not None
        log.put(CashRequest(signed.op, signed.signature))
    now_s = START_S + 2 * DAY_S
    first = log.hold(now_s)
    assert [done.reason for done in first.cash] == [""] * n_lanes
    assert all(log.is_open(account) for account in range(3, 9))
    assert log.hold(now_s + 1).batch is not None
    assert [log.is_open(account) for account in range(3, 9)] == [place >= n_lanes for place in range(6)]


def test_quiet_node_holds_an_auction_for_evictions_now_and_then() -> None:
    log = Log(make(a2={"cash_atoms": 0}))
    late_s = START_S + EVICT_IDLE_S
    assert log.hold(START_S + 1).batch is None  # nothing to do, nothing new
    assert not log.engine.would_act(START_S + 2)
    assert log.engine.would_act(late_s)
    assert not log.engine.would_act(late_s + EVICT_ALONE_S - 1)  # looked at: not every quarter of a second
    assert log.engine.would_act(late_s + EVICT_ALONE_S)
    assert log.hold(late_s + EVICT_ALONE_S).batch is not None
    assert not log.engine.would_act(late_s + 9 * EVICT_ALONE_S)


def test_invalid_eviction_of_an_account_that_a_lane_before_it_filled() -> None:
    exchange = make(a2={"cash_atoms": 0})
    log = Log(exchange)
    deposit = exchange.deposit(2, 5).op
    owner = exchange.state.get_account(2).owner
    log.put(QueueEntrySeen(0, replace(deposit, owner=owner)))
    outcome = log.hold(START_S + 2 * DAY_S)
    assert outcome.batch is not None
    assert outcome.batch.applied == (True,)
    assert log.is_open(2)
    assert log.engine.live.state.get_account(2).cash_atoms > 4 * USD


accounts = st.builds(
    lambda cash, touched_s, size, is_open: Account(
        cash_atoms=cash,
        last_touched_s=START_S + touched_s,
        sizes_lots=(size, *[0] * 15),
        epoch=int(is_open),
        owner=int(is_open),
        key=derive_public_key(bytes(32)) if is_open else Account().key,
    ),
    st.sampled_from((-1, 0, 1, USD // 365, USD // 365 + 1, USD)) | st.integers(0, USD // 100),
    st.integers(0, 3 * DAY_S),
    st.sampled_from((0, 0, 0, 5)),
    st.booleans(),
)


@settings(max_examples=60)
@given(st.lists(accounts, min_size=1, max_size=12), st.integers(0, 6))
def test_screen_finds_what_the_rules_say(drawn: list[Account], limit: int) -> None:
    exchange = Exchange(PARAMS, TINY, PRICED, now_s=START_S + 4 * DAY_S)
    tick, book = exchange.next_tick(), dict(enumerate(drawn))
    expected = [evict.account for evict in find_evictable(book, tick)]
    assert RiskBook(book).find_evictable(tick, 0, 99) == expected
    assert RiskBook(book).find_evictable(tick, 0, limit) == expected[:limit]
    late = [n for n in expected if drawn[n].last_touched_s <= tick.header.timestamp_s - 2 * DAY_S]
    assert RiskBook(book).find_evictable(tick, 2 * DAY_S, 99) == late

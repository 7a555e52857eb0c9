"""Whole batches in which accounts are rescued: honest ones satisfy the circuit, forged ones are refused by name."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import lru_cache

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from circuits.witness import WitnessInputs, compute_witness_inputs
from prover.circuit import load_batch
from prover.kernel import decode_be
from rollup.public_inputs import compute_public_inputs
from rollup.shapes import TINY, Shape
from rollup.state import State, make_genesis
from rollup.trace import BatchTrace
from tests.circuits.lane_cases import kernel_hashing
from tests.rescue_day import RENTED, run_rescue_day
from tests.scenarios import AVAX_PRICE, ETH_PRICE, PARAMS, START_S, Exchange

DAY = ("takeover", "fund sells", "forced trade", "forced trade dropped", "deleveraged")
WIDE = Shape("six RescueLanes", (1,), 1, rescue_lanes=6)


@pytest.fixture(autouse=True, scope="module")
def hashing() -> Iterator[None]:
    """Hash and sign through the kernel."""
    with kernel_hashing():
        yield


@lru_cache(maxsize=1)
def get_rescue_day() -> dict[str, BatchTrace]:
    """Return the day's traces; run once in a process."""
    return run_rescue_day()


def find_unsatisfied(trace: BatchTrace, shape: Shape = TINY) -> list[str]:
    """Return what the batch breaks, having asserted that its public inputs are the model's."""
    kernel = load_batch(shape)
    witness = kernel.compute_witness(trace)
    assert decode_be(witness.public_inputs_be()) == list(compute_public_inputs(trace))
    return kernel.name_unsatisfied(witness)


@pytest.mark.parametrize("name", DAY)
def test_honest_batch_satisfies_every_constraint(name: str) -> None:
    assert find_unsatisfied(get_rescue_day()[name]) == []


def give(trace: BatchTrace, bus: dict[str, int], privates: dict[str, dict[str, int]] | None = None) -> list[str]:
    """Return what the batch breaks with bus wires, and private inputs by instance, changed."""
    kernel = load_batch(TINY)
    given = compute_witness_inputs(kernel.batch, trace)
    assert bus.keys() <= given.bus.keys()
    changes = [(privates or {}).get(part.name, {}) for part in kernel.batch.instances]
    moved = tuple(values | change for values, change in zip(given.privates, changes, strict=True))
    return kernel.name_unsatisfied(kernel.compute_witness(WitnessInputs(given.bus | bus, moved)), limit=99)


def test_invalid_fund_equity_that_the_fund_does_not_have() -> None:
    """A fund said to be richer would take over what has to be deleveraged: its own lane opens it."""
    trace = get_rescue_day()["takeover"]
    richer = {f"carry[{i}]/fund_equity": 10**24 for i in range(4)}
    first = trace.rescue_lanes[0]
    gained = first.carry_out.fund_equity_atoms - first.carry_in.fund_equity_atoms
    richer |= {f"carry[{i}]/fund_equity": 10**24 + gained for i in (1, 2, 3)}
    assert give(trace, richer) == ["fund: fund/equity_at_open"]


def test_invalid_victim_whose_counterparties_are_left_out() -> None:
    """The second lane stands unused: so something is left, in the lane and at the end of the batch."""
    trace = get_rescue_day()["deleveraged"]
    alone = {"kind/counterparty": 0, "lots": 0}
    carried = give(trace, {}, {"rescue[1]": alone})
    assert "rescue[1]: left/only_counterparties_follow" in carried
    bus = {"carry[3]/notional": 1, "carry[2]/notional": 1}
    assert "close: carry_end/notional/is_zero" in give(trace, bus)


def test_invalid_first_leg_left_open_at_the_end_of_a_batch() -> None:
    trace = get_rescue_day()["forced trade"]
    word = trace.rescue_lanes[0].carry_out
    assert word.first_leg is not None
    assert "close: carry_end/first_leg/is_zero" in give(trace, {"carry[3]/first_leg": 1})


def test_invalid_forced_trade_executed_by_one_side_alone() -> None:
    trace = get_rescue_day()["forced trade"]
    assert "rescue[1]: entry/is_resumed" in give(trace, {}, {"rescue[1]": {"entry/applied": 0}})


def test_invalid_lots_taken_over_that_the_fund_does_not_get() -> None:
    trace = get_rescue_day()["takeover"]
    lost = {f"takeover_lots[{i}][0]": 0 for i in (1, 2, 3)}
    assert set(give(trace, lost)) >= {"rescue[0]: totals/takeover_lots[0]", "fund: account_tree/root_out"}


# --- random ruin ------------------------------------------------------------------------------------------------------
def make_exchange(sizes_lots: dict[int, tuple[int, int]], cash_usd: dict[int, int], fund_usd: int) -> Exchange:
    """Return an exchange of these accounts, account 9 on the other side of all; the fund with this much cash."""
    exchange = Exchange(replace(PARAMS, fund_band_ppm=20_000, fund_rate_usd=10**9), WIDE)
    exchange.state = make_genesis((AVAX_PRICE, ETH_PRICE), START_S, RENTED)
    exchange.batch(cash=[exchange.deposit(9, 10_000)])  # the vault holds something
    against = tuple(-sum(sizes[m] for sizes in sizes_lots.values()) for m in (0, 1))
    holdings = {**sizes_lots, 9: (against[0], against[1])}
    for account, sizes in holdings.items():
        prices = zip(sizes, (AVAX_PRICE, ETH_PRICE), strict=True)
        cost = sum(size * price for size, price in prices) * 10**6
        cash_atoms = cash_usd.get(account, 10**9) * 10**18 - cost
        owner = Exchange.owner_of(account)
        exchange.put(account, owner=owner, epoch=1, sizes_lots=(*sizes, *(0,) * 14), cash_atoms=cash_atoms)
    exchange.put(0, cash_atoms=fund_usd * 10**18)
    longs = tuple(sum(max(sizes[m], 0) for sizes in holdings.values()) for m in (0, 1))
    header = replace(exchange.state.header, open_interest_lots=(*longs, *(0,) * 14))
    exchange.state = State(header, exchange.state.tree, exchange.state.accounts)
    return exchange


avax = st.sampled_from([0, 1, -1]) | st.integers(-(10**9), 10**9)
positions = st.tuples(avax, st.sampled_from([0, 0, 1]) | st.integers(-(10**7), 10**7))
lots = st.sampled_from([0, 1, 2**48 - 1]) | st.integers(0, 10**9)


@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_random_ruin_is_provable(data: st.DataObject) -> None:
    """Whatever the model does with ruined accounts and forced trades, the whole batch satisfies the circuit."""
    sizes = {account: data.draw(positions) for account in (2, 3, 4, 5)}
    cash = {account: data.draw(st.integers(0, 30_000)) for account in sizes}
    exchange = make_exchange(sizes, cash, data.draw(st.sampled_from([0, 1, 5_000, 10**6])))
    falls = [data.draw(st.integers(-15, 15)) for _ in range(2)]
    marks = tuple(mark * (100 + fall) // 100 for mark, fall in zip((AVAX_PRICE, ETH_PRICE), falls, strict=True))
    pair = data.draw(st.sampled_from([(2, 3), (4, 9), (5, 5), (3, 0)]))
    market, price = data.draw(st.integers(0, 2)), data.draw(st.sampled_from([0, marks[0], marks[1], 2**48 - 1]))
    entry = Exchange().forced_trade(pair, data.draw(lots), price, market=market)
    entries = [entry] if data.draw(st.booleans()) else []
    wanted = data.draw(st.sampled_from([10**8, -(10**8)]))
    order = exchange.order(9, wanted, marks[0] + wanted // 10**4)  # close to the mark: the fund might be the other side
    result = exchange.batch(cash=entries, orders=[order], marks=marks, elapsed_s=data.draw(st.integers(1, 3_000)))
    assert find_unsatisfied(result.trace, WIDE) == []

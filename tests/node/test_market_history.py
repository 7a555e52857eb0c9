"""Past auctions and funding: what is told is what the state says, pages join, and a snapshot keeps them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from itertools import count
from pathlib import Path
from random import Random
from typing import Any

import pytest

from rollup.accounts import Account
from rollup.state import StateHeader
from sequencer.node import market_history
from sequencer.node.api import ApiLimits
from sequencer.node.commands import PlaceOrder
from sequencer.node.live import Before
from sequencer.node.live_codec import decode_live, encode_live
from sequencer.node.market_history import MarketHistory
from sequencer.node.outcome import Fill, Outcome, SealedBatch
from sequencer.node.refusals import LiveStateInvalid
from sequencer.node.view_types import FundingPayment
from tests.node.api_client import Served, run, serve, served
from tests.node.stepped_node import SteppedNode, make_exchange
from tests.scenarios import AVAX_PRICE, PARAMS, Exchange

ACCOUNTS = (2, 3, 4)


class Ledger:
    """Batches at random, and by hand what every account was paid by each."""

    def __init__(self, seed: int) -> None:
        self.random = Random(seed)
        self.header: StateHeader = Exchange().state.header
        self.sizes = {account: [0] * 16 for account in ACCOUNTS}
        self.paid: dict[int, list[FundingPayment]] = {account: [] for account in ACCOUNTS}
        self.history, self.numbers = MarketHistory(), count(1)

    def batch(self) -> None:
        """Move some indices, then some positions."""
        random, number = self.random, next(self.numbers)
        index = [old + random.choice((0, 0, 7, -5)) if m < 3 else 0 for m, old in enumerate(self.header.funding_index)]
        before = Before(self.header.funding_index, {a: tuple(self.sizes[a]) for a in ACCOUNTS})
        for account, sizes in self.sizes.items():
            for market, size in enumerate(sizes):
                if size and (change := index[market] - self.header.funding_index[market]):
                    payment = FundingPayment(number, market, 10 * number, size, change, -size * change)
                    self.paid[account].append(payment)
        self.header = replace(self.header, batch_number=number, funding_index=tuple(index))
        changed = []
        for account in random.sample(ACCOUNTS, random.randint(0, 2)):
            self.sizes[account][random.randrange(3)] += random.choice((-4, 0, 3, 9))
            changed.append((account, Account(sizes_lots=tuple(self.sizes[account]))))
        fills = tuple(
            Fill(2, market, side, 0, number, lots, 5, 0, 0, is_liquidation)
            for market, side, lots, is_liquidation in ((1, 0, 7, False), (1, 1, 4, False), (1, 1, 3, True))
            if number % 3 == 0
        )
        sealed = SealedBatch(0, self.header, tuple(changed), fills, (5,) * 16, (), 0, 0)
        self.history.add(Outcome(0, 10 * number, (), (), (), sealed), before)

    def list_all(self, account: int, limit: int) -> Iterator[FundingPayment]:
        """Yield all payments by pages."""
        before = None
        while True:
            page = self.history.list_payments(account, self.sizes[account], limit, before)
            yield from page.payments
            if page.next_before is None:
                return
            assert before is None or page.next_before < before
            before = page.next_before


def spell(payments: list[FundingPayment]) -> list[FundingPayment]:
    return sorted(payments, key=lambda one: (-one.batch_number, one.market))


@pytest.mark.parametrize("limit", [1, 7, 500])
def test_payments_are_those_of_the_positions_that_each_batch_found(limit: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(market_history, "_MAX_SCANNED", 20)
    ledger = Ledger(limit)
    for _ in range(150):
        ledger.batch()
    for account in ACCOUNTS:
        assert list(ledger.list_all(account, limit)) == spell(ledger.paid[account]) != []
    assert ledger.history.list_payments(9, (0,) * 16, limit, None).payments == ()


def test_what_is_forgotten_is_left_out_and_not_told_wrong(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in (("_MAX_STEPS", 30), ("_MAX_AUCTIONS", 10), ("_SPARE", 5), ("_MAX_CHANGES", 40)):
        monkeypatch.setattr(market_history, name, value)
    ledger = Ledger(5)
    for _ in range(200):
        ledger.batch()
        for account in ACCOUNTS:
            told = list(ledger.list_all(account, 500))
            assert told == spell(ledger.paid[account])[: len(told)]
    assert all(list(ledger.list_all(account, 500)) for account in ACCOUNTS)
    assert 10 <= len(ledger.history.list_auctions(1, 500, None)) <= 15
    steps = [step for market in range(3) for step in ledger.history.list_funding(market, 500, None)]
    assert 30 <= len({step.batch_number for step in steps}) <= 35
    data = json.loads(json.dumps(ledger.history.dump()))
    again = MarketHistory()
    again.load(data)
    assert again.dump() == ledger.history.dump() == ledger.history.copy().dump()
    copied = ledger.history.copy()
    ledger.batch()
    assert json.loads(json.dumps(copied.dump())) == data


def test_auctions_and_steps_by_market_and_page() -> None:
    ledger = Ledger(1)
    for _ in range(60):
        ledger.batch()
    history = ledger.history
    found = history.list_auctions(1, 500, None)
    assert [one.batch_number for one in found] == list(range(60, 0, -3))
    assert {(one.volume_lots, one.orders, one.price_ticks) for one in found} == {(7, 2, 5)}
    assert history.list_auctions(1, 4, found[3].batch_number) == found[4:8]
    assert history.list_auctions(0, 4, None) == ()
    steps = history.list_funding(2, 500, None)
    assert sum(step.change_atoms for step in steps) == ledger.header.funding_index[2]
    assert steps[0].funding_index == ledger.header.funding_index[2]
    assert history.list_funding(2, 3, steps[2].batch_number) == steps[3:6]
    assert history.list_funding(9, 5, None) == ()


@pytest.mark.parametrize(
    ("place", "value"),
    [
        ("steps", [[1, 2, 3]]),
        ("steps", [[1, 2, "3", []]]),
        ("steps", [[1, 2, [1] * 17, []]]),
        ("auctions", [[1, 2]]),
        ("auctions", [[1, 0, 3, 4, 5, True]]),
        ("changes", 7),
        ("whole_after", None),
        ("first_index", {}),
    ],
)
def test_invalid_history_of_a_snapshot(place: str, value: Any) -> None:  # noqa: ANN401 (JSON)
    data = MarketHistory().dump() | {place: value}
    with pytest.raises(LiveStateInvalid, match="its history"):
        MarketHistory().load(data)


def make_funded() -> Exchange:
    """Return an exchange in which premiums turn into funding at once."""
    markets = tuple(replace(market, funding_clamp_ppm=10**5, impact_lots=1) for market in PARAMS.markets)
    return make_exchange(replace(PARAMS, markets=markets, funding_window_s=1))


async def trade(core: SteppedNode) -> None:
    """Let 2 buy of 3 above the mark, and three batches follow."""
    ex, high = core.exchange, AVAX_PRICE + AVAX_PRICE // 200
    await core.submit([PlaceOrder(ex.order(2, 1_000, high)), PlaceOrder(ex.order(3, -1_000, high))])
    await core.clear()
    for turn in (1, 2, 3):  # someone else trades on, so that there are batches
        orders = [ex.order(4, 10, high, slot=turn), ex.order(3, -10, high, slot=turn)]
        await core.submit([PlaceOrder(order) for order in orders])
        await core.clear()


def test_funding_by_the_api_is_what_the_state_says_and_outlives_a_restart(tmp_path: Path) -> None:
    async def test() -> None:
        async with serve(tmp_path / "store", exchange=make_funded()) as server:
            core = server.core
            await trade(core)
            steps = core.list_market_funding(0, 100)
            assert len(steps) == 3
            assert all(step.change_atoms > 0 for step in steps)
            paid = core.list_funding_payments(2, 100)
            assert [one.received_atoms for one in paid.payments] == [-1_000 * step.change_atoms for step in steps]
            taken = core.list_funding_payments(3, 100).payments
            assert [one.size_lots for one in taken] == [-1_020, -1_010, -1_000]
            index = core.live.state.header.funding_index[0]
            assert sum(step.change_atoms for step in steps) == index
            auctions = core.list_past_auctions(0, 100)
            assert [(one.orders, one.volume_lots) for one in auctions] == [(2, 10), (2, 10), (2, 10), (2, 1_000)]
            seen = (steps, paid, taken, auctions)
            await core.put_snapshot()
        async with serve(tmp_path / "store", exchange=core.exchange) as server:
            core = server.core
            again = (core.list_market_funding(0, 100), core.list_funding_payments(2, 100))
            assert (*again, core.list_funding_payments(3, 100).payments, core.list_past_auctions(0, 100)) == seen
            told: list[object] = []
            decode_live(encode_live(core.live), told.append)
            assert told == []

    run(test())


def test_history_by_http(tmp_path: Path) -> None:
    async def test(server: Served, client: Any) -> None:  # noqa: ANN401 (httpx's)
        ex = server.core.exchange
        for turn in (0, 1):
            orders = [ex.order(2, 10, AVAX_PRICE + 9, slot=turn), ex.order(3, -10, AVAX_PRICE - 9, slot=turn)]
            await server.core.submit([PlaceOrder(order) for order in orders])
            await server.core.clear()
        auctions = (await client.get("markets/0/auctions?limit=1")).json()["auctions"]
        assert [(one["market"], one["volume_lots"], one["orders"]) for one in auctions] == [(0, "10", 2)]
        older = (await client.get(f"markets/0/auctions?before={auctions[0]['batch_number']}")).json()["auctions"]
        assert [one["batch_number"] for one in older] == [auctions[0]["batch_number"] - 1]
        assert (await client.get("markets/0/funding")).json() == {"steps": []}
        page = (await client.get("accounts/2/funding/payments")).json()
        assert page == {"payments": [], "next_before": None}
        for path in ("markets/9/auctions", "markets/9/funding"):
            answer = await client.get(path)
            assert (answer.status_code, answer.json()["code"]) == (404, "not_found")
        for path in ("markets/16/auctions", "markets/0/funding?limit=0", "accounts/2/funding/payments?before=-1"):
            answer = await client.get(path)
            assert (answer.status_code, answer.json()["code"]) == (400, "request_malformed")

    served(tmp_path, test, ApiLimits())

"""Intake and hub at their limits, and commands checked by themselves, many at once."""

from __future__ import annotations

import asyncio
import time
from dataclasses import replace
from pathlib import Path

import pytest

from rollup.txs import Withdraw
from sequencer.node.checking import check_commands
from sequencer.node.command_codec import encode_command
from sequencer.node.commands import Trigger
from sequencer.node.hub import Hub
from sequencer.node.node import Node
from sequencer.node.receipts import Receipt
from sequencer.node.refusals import NodeBusy, SubscriberSlow
from sequencer.node.view_types import BatchStage, BatchView
from tests.node.market import USD, Market
from tests.node.node_day import get_day
from tests.node.test_node import fund, make_snapshot, run


def test_messages_hashed_together_are_those_that_were_signed() -> None:
    day = get_day(0)
    market, state = Market(day.params), day.running.live.state
    account = next(number for number in range(2, 9) if not state.get_account(number).is_empty)
    commands = [
        market.order(account, 1, 24),
        market.cancel(account, 3, 7),
        market.place(market.make_order(account, -2, 26, slot=9), Trigger(24_000_000, is_above=False)),
        market.quote(account, market.make_order(account, 1, 24, slot=1), None),
        market.cash(Withdraw(account, 0, 1, USD)),
        market.cancel_all(account, 4),
    ]
    checked = check_commands(commands, day.params.domain, state)
    assert [one.fault for one in checked] == [None] * len(commands)
    assert [one.record for one in checked] == [encode_command(command) for command in commands]
    messages = [command.message(day.params.domain) for command in commands]
    assert [int.from_bytes(one.message, "big") for one in checked] == messages


def test_invalid_signatures_are_told_one_by_one() -> None:
    day = get_day(0)
    market, state = Market(day.params), day.running.live.state
    account = next(number for number in range(2, 9) if not state.get_account(number).is_empty)
    good, other = market.order(account, 1, 24), market.order(account, 1, 23)
    forged = replace(good, signed=replace(good.signed, signature=other.signed.signature))
    stranger = market.order(999, 1, 24)
    checked = check_commands([forged, good, stranger], day.params.domain, state)
    codes = [one.fault.code if one.fault else "" for one in checked]
    assert codes == ["signature_invalid", "", "account_not_open"]


def test_nothing_to_check() -> None:
    day = get_day(0)
    assert check_commands([], day.params.domain, day.running.live.state) == []


def test_more_commands_than_wait_at_most_are_refused_and_large_submissions_are_answered_in_order(
    tmp_path: Path,
) -> None:
    async def play(node: Node, market: Market) -> None:
        await fund(node, market, 2)
        order = market.order(2, 1, 24)
        with pytest.raises(NodeBusy):
            await node.submit([order] * 50_001)
        late = market.order(2, 1, 24, slot=1)
        answers = await node.submit([order] * 4_100 + [late])
        assert all(answer == answers[0] for answer in answers[:-1])
        assert isinstance(answers[-1], Receipt)
        assert answers[-1].sequence > answers[0].sequence if isinstance(answers[0], Receipt) else False
        assert await node.submit([]) == []

    run(tmp_path, make_snapshot(), play)


def test_slow_reader_of_events_is_ended() -> None:
    async def play() -> None:
        hub = Hub()
        view = BatchView(1, int(time.time()), BatchStage.SEQUENCED, None, 0, 0, 0, 0, 1, 2, 0, None, None)
        reader = hub.watch(frozenset(), frozenset())
        first = asyncio.ensure_future(anext(reader))
        await asyncio.sleep(0)
        hub.publish([view] * 10_100)
        assert await first == view
        with pytest.raises(SubscriberSlow):
            await anext(reader)
        assert len(hub) == 0

    asyncio.run(play())

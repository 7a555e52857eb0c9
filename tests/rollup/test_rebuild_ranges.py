"""What a proof shows of ranges at the end of a batch alone, a rebuild asks for at its end alone: else a batch that is
proved, and that only a sequencer of ill will makes, could be one that nobody can rebuild.
"""

from __future__ import annotations

from dataclasses import replace

import pytest

from rollup.batch_record import BatchRecord, FundFillRecord
from rollup.cash_record import NO_OPERATION, record_cash_op
from rollup.params import Params
from rollup.queue_events import QueueEvents
from rollup.rebuild import apply_record
from rollup.rebuild_rules import RecordMisfit
from rollup.rescue_record import RescueKind, RescueRecord
from rollup.state import State
from rollup.turn_record import NO_FILL, TurnRecord
from rollup.txs import Deposit, Withdraw
from rollup.units import FUND_ACCOUNT, MARKET_COUNT, SIZE_BITS
from tests.published import Seen
from tests.rescue_batches import run_takeover
from tests.rollup.rebuild_scenes import get_scene, run_cash, set_lane
from tests.scenarios import USD, Exchange

MARKET = 9  # of marks at one tick
MOST = 2**SIZE_BITS - 1


def get_short_vault() -> tuple[Seen, State]:
    """Return a scene of which the vault has 5 USD left before."""
    scene = get_scene(run_cash, 1)
    return scene, replace(scene.before, header=replace(scene.before.header, vault_e6=5 * USD))


def withdraw_and_deposit(scene: Seen, *, usd: int, is_deposit_first: bool) -> State:
    """Rebuild a withdrawal of 20 USD and a deposit, in either order."""
    deposit = next(entry for entry in scene.events.entries if isinstance(entry, Deposit))
    entry = replace(deposit, amount_e6=usd * USD)
    lanes = [record_cash_op(Withdraw(2, 0, 0, 20 * USD), is_applied=False), record_cash_op(entry, is_applied=True)]
    if is_deposit_first:
        lanes.reverse()
    cash = (*lanes, *[NO_OPERATION] * 3)
    events = QueueEvents([entry], scene.before.header.queue_consumed)
    return apply_record(get_short_vault()[1], scene.params, replace(scene.record, cash=cash), events)


@pytest.mark.parametrize("is_deposit_first", [True, False])
def test_vault_that_is_short_between_two_lanes(is_deposit_first: bool) -> None:
    scene, _ = get_short_vault()
    for usd in (15, 16):
        after = withdraw_and_deposit(scene, usd=usd, is_deposit_first=is_deposit_first)
        assert after.header.vault_e6 == (usd - 15) * USD


@pytest.mark.parametrize("is_deposit_first", [True, False])
def test_invalid_vault_that_is_short_at_the_end(is_deposit_first: bool) -> None:
    scene, _ = get_short_vault()
    with pytest.raises(RecordMisfit) as raised:
        withdraw_and_deposit(scene, usd=14, is_deposit_first=is_deposit_first)
    assert (raised.value.where, raised.value.got.split()[:2]) == ("close", ["vault_e6", str(-USD)])


def hold(scene: Seen, held: dict[int, int]) -> tuple[State, Params]:
    """Return the state before the scene with accounts that hold lots of one market and owe what they are worth."""
    ex = Exchange(params=scene.params, state=scene.before)
    for account_id, lots in held.items():
        sizes = tuple(lots if market == MARKET else 0 for market in range(MARKET_COUNT))
        ex.put(account_id, owner=5, key=(0, 1), epoch=1, cash_atoms=-lots * 10**6, sizes_lots=sizes)
    return ex.state, scene.params


def take_over(held: dict[int, int], fund_lots: int = 0) -> State:
    """Rebuild the takeover of accounts that hold lots, and a fill of the fund."""
    scene = get_scene(run_takeover)
    state, params = hold(scene, held)
    rescue = scene.record.rescue
    for position, account_id in enumerate(held):
        rescue = set_lane(rescue, position, RescueRecord(RescueKind.TAKEOVER, False, account_id, 0, 0))
    record: BatchRecord = replace(
        scene.record,
        rescue=rescue,
        turns=tuple(TurnRecord(0, (NO_FILL,) * len(turn.fills)) for turn in scene.record.turns),
        fund_fill=FundFillRecord(MARKET if fund_lots else 0, fund_lots),
    )
    return apply_record(state, params, record, QueueEvents([]))


def test_fund_that_holds_too_much_between_two_takeovers() -> None:
    after = take_over({7: MOST, 8: MOST, 9: -MOST})
    assert after.get_account(FUND_ACCOUNT).sizes_lots[MARKET] == MOST
    assert not any(after.get_account(account_id).sizes_lots[MARKET] for account_id in (7, 8, 9))


def test_fund_that_holds_too_much_before_its_fill() -> None:
    after = take_over({7: MOST, 8: 3}, fund_lots=3)
    assert after.get_account(FUND_ACCOUNT).sizes_lots[MARKET] == MOST


@pytest.mark.parametrize(("held", "fund_lots"), [({7: MOST, 8: 1}, 0), ({7: MOST, 8: 3}, 2), ({7: -MOST, 8: -1}, 0)])
def test_invalid_fund_that_holds_too_much_at_the_end(held: dict[int, int], fund_lots: int) -> None:
    with pytest.raises(RecordMisfit) as raised:
        take_over(held, fund_lots)
    assert raised.value.where == "fund"
    assert raised.value.got.startswith(f"abs(size_lots) {2**SIZE_BITS}")

"""Batches that rescue: who is due, who pays, what fits the lanes, and what waits. Every batch is checked whole."""

from __future__ import annotations

from dataclasses import replace

import pytest

from rollup.counterparties import Taking
from rollup.identity import check_solvency
from rollup.margin import Margin
from rollup.rescue import Carry, Counterparty, ForcedTradeLeg, Takeover, Victim, open_carry
from rollup.takeover import is_provable, is_rescuable, is_takeover
from rollup.transition import BatchResult
from rollup.txs.forced_trade import FirstLeg
from rollup.units import FUND_ACCOUNT
from tests.rescue_batches import AVAX, DOLLAR, ETH, SHAPE, RescueStage
from tests.scenarios import AVAX_PRICE, ETH_PRICE, Exchange

HALF = 150 * DOLLAR  # half of the maintenance of 400 AVAX: 3 % of 10,000 USD is 300


def list_ops(result: BatchResult) -> list[str]:
    """Return the kinds of the used RescueLanes."""
    return [type(lane.op).__name__ for lane in result.trace.rescue_lanes if lane.op is not None]


def pair(fund_atoms: int, equity_atoms: int) -> RescueStage:
    """Return a stage on which 2 is long 400 AVAX with this equity, and 3 short the same with plenty."""
    stage = RescueStage(fund_atoms)
    stage.hold(2, equity_atoms, 400 * AVAX)
    stage.hold(3, 50_000 * DOLLAR, -400 * AVAX)
    return stage


@pytest.mark.parametrize(
    ("equity", "maintenance", "is_due"),
    [(49, 100, True), (50, 100, False), (50, 101, True), (-1, 0, True), (0, 0, False), (0, 1, True), (-1, 9, True)],
)
def test_due_below_nothing_or_below_half_of_maintenance(equity: int, maintenance: int, is_due: bool) -> None:
    assert is_rescuable(Margin(equity, 2 * maintenance, maintenance)) is is_due


@pytest.mark.parametrize(("fund", "equity", "takes"), [(5, -5, True), (5, -6, False), (-3, 3, True), (-3, 2, False)])
def test_fund_takes_what_leaves_it_with_nothing_at_least(fund: int, equity: int, takes: bool) -> None:
    assert is_takeover(Margin(equity, 0, 0), fund) is takes


@pytest.mark.parametrize(("equity", "maintenance", "fund"), [(1, 0, 0), (-1, 0, 0), (0, 1, 0), (0, 0, 1), (0, 0, -1)])
def test_rescue_is_proved_up_to_its_bound_in_every_figure(equity: int, maintenance: int, fund: int) -> None:
    for bound, fits in ((2**108 - 1, True), (2**108, False)):
        assert is_provable(Margin(bound * equity, 0, bound * maintenance), bound * fund) is fits


@pytest.mark.parametrize(("equity", "n_rescued"), [(2**108 - 1, 1), (2**108, 0)])
def test_counterparty_beyond_what_is_proved_is_passed_over(equity: int, n_rescued: int) -> None:
    stage = pair(0, -5 * DOLLAR)
    stage.hold(3, equity, -400 * AVAX)
    assert len(stage.run().rescue.rescues) == n_rescued


@pytest.mark.parametrize(("fund", "n_rescued"), [(2**108 - 1, 1), (2**108, 0)])
def test_rescue_beside_a_fund_beyond_what_is_proved_waits(fund: int, n_rescued: int) -> None:
    assert len(pair(fund, -5 * DOLLAR).run().rescue.rescues) == n_rescued


@pytest.mark.parametrize(("equity", "n_rescued"), [(HALF, 0), (HALF - 1, 1)])
def test_account_is_taken_over_from_one_atom_below_half_of_maintenance(equity: int, n_rescued: int) -> None:
    stage = pair(DOLLAR, equity)
    cash_atoms = stage.ex.state.get_account(2).cash_atoms - stage.ex.next_tick().rent_rate
    stage.ex.put(2, cash_atoms=cash_atoms, last_touched_s=stage.ex.now_s + 1)  # its rent is paid
    result = stage.run()
    assert len(result.rescue.rescues) == n_rescued
    taken = result.state.get_account(FUND_ACCOUNT).sizes_lots[0]
    assert taken == 400 * AVAX * n_rescued


def test_takeover_leaves_who_the_account_is() -> None:
    stage = pair(DOLLAR, 9 * DOLLAR)
    before = stage.ex.put(2, cash_nonce=4, tier=3, orders=stage.ex.state.get_account(2).orders.set(5, 77))
    after = stage.run().state.get_account(2)
    assert after == replace(before, cash_atoms=0, sizes_lots=after.sizes_lots, last_touched_s=stage.ex.now_s)
    assert not any(after.sizes_lots)


def test_fund_gains_exactly_the_equity_and_the_rent() -> None:
    stage = pair(70 * DOLLAR, -60 * DOLLAR)
    result = stage.run()
    assert list_ops(result) == ["Takeover"]
    fund = result.state.get_margin(FUND_ACCOUNT, result.trace.tick.fractions)
    assert fund.equity == 10 * DOLLAR + result.trace.tick.rent_rate
    assert result.trace.rescue_lanes[0].carry_out == open_carry(10 * DOLLAR)


@pytest.mark.parametrize(("fund", "ops"), [(60 * DOLLAR, ["Takeover"]), (60 * DOLLAR - 1, ["Victim", "Counterparty"])])
def test_one_atom_in_the_fund_decides_between_takeover_and_deleveraging(fund: int, ops: list[str]) -> None:
    assert list_ops(pair(fund, -60 * DOLLAR).run()) == ops


def test_counterparty_closes_at_the_mark_and_bears_the_deficit() -> None:
    stage = pair(0, -60 * DOLLAR)
    result = stage.run()
    assert result.rescue.rescues[0].counterparties == (Taking(3, 0, 400 * AVAX),)
    other = result.state.get_account(3)
    assert (other.sizes_lots[0], other.cash_atoms) == (0, 50_000 * DOLLAR - 60 * DOLLAR)
    assert result.state.get_account(FUND_ACCOUNT).cash_atoms == 2 * result.trace.tick.rent_rate
    assert result.state.header.open_interest_lots[0] == 0


def test_most_leveraged_pays_first_and_shares_sum_to_the_deficit() -> None:
    stage = RescueStage()
    stage.hold(2, -100 * DOLLAR - 1, -300 * AVAX)
    stage.hold(3, 2_000 * DOLLAR, 200 * AVAX)
    stage.hold(4, 900 * DOLLAR, 90 * AVAX)  # as leveraged as 3: the account comes later
    stage.hold(5, 400 * DOLLAR, 60 * AVAX)
    stage.hold(6, 9_000 * DOLLAR, -50 * AVAX)
    result = stage.run()
    takings = (Taking(5, 0, 60 * AVAX), Taking(3, 0, 200 * AVAX), Taking(4, 0, 40 * AVAX))
    assert result.rescue.rescues[0].counterparties == takings
    fractions = result.trace.tick.fractions
    equity = [result.state.get_margin(account, fractions).equity for account in (5, 3, 4)]
    lost = [own * DOLLAR - left for own, left in zip((400, 2_000, 900), equity, strict=True)]
    assert sum(lost) == 100 * DOLLAR + 1
    assert [round(atoms / DOLLAR, 9) for atoms in lost] == [20, round(100 * 2 / 3, 9), round(100 * 2 / 15, 9)]


def test_account_in_debt_without_a_position_waits_for_the_fund() -> None:
    stage = RescueStage(fund_atoms=4 * DOLLAR)
    stage.hold(2, -5 * DOLLAR)
    assert list_ops(stage.run()) == []
    stage.ex.put(FUND_ACCOUNT, cash_atoms=6 * DOLLAR)
    assert list_ops(stage.run()) == ["Takeover"]


def test_worst_health_comes_first_and_uses_the_fund_up() -> None:
    stage = RescueStage(fund_atoms=60 * DOLLAR)
    for account, equity in ((2, -10), (3, -30), (4, -50)):
        stage.hold(account, equity * DOLLAR, 100 * AVAX)
    stage.hold(5, 90_000 * DOLLAR, -300 * AVAX)
    result = stage.run()
    assert [rescue.account for rescue in result.rescue.rescues] == [4, 3, 2]
    assert list_ops(result) == ["Takeover", "Victim", "Counterparty", "Takeover"]
    assert result.trace.rescue_lanes[-1].carry_out.fund_equity_atoms == 0


def test_gap_crash_empties_the_fund_and_then_whoever_stands_opposite_pays() -> None:
    """Three are long on leverage when the price falls by a third in one second, with no trade in between."""
    ex = Exchange(shape=SHAPE)
    for ids in ((2, 3), (4, 5)):
        ex.batch(cash=[ex.deposit(account, 3_000 if account < 5 else 90_000) for account in ids])
    for account in (2, 3, 4):
        orders = [ex.order(account, 1_000 * AVAX, AVAX_PRICE), ex.order(5, -1_000 * AVAX, AVAX_PRICE, slot=account)]
        assert len(ex.batch(orders=orders).fills) == 2
    ex.batch(cash=[ex.deposit(6, 1_000)])
    fallen = (AVAX_PRICE * 2 // 3, ETH_PRICE)
    winner = ex.state.get_account(5)
    result = ex.batch(marks=fallen)
    check_solvency(result.state)
    assert list_ops(result) == ["Victim", "Counterparty"] * 3
    left = result.state.get_account(5)
    assert (winner.sizes_lots[0], left.sizes_lots[0]) == (-3_000 * AVAX, 0)
    assert all(result.state.get_account(account).cash_atoms == 0 for account in (2, 3, 4))
    assert sum(account.cash_atoms for account in result.state.accounts.values()) == 100_000 * DOLLAR


def test_victim_whose_counterparties_do_not_fit_the_lanes_waits_and_the_next_is_served() -> None:
    stage = RescueStage(shape=replace(SHAPE, rescue_lanes=3))
    stage.hold(2, -90 * DOLLAR, 300 * AVAX)
    stage.hold(3, -DOLLAR, 0, 2 * ETH)
    for account in (4, 5, 6):
        stage.hold(account, 3_000 * DOLLAR, -100 * AVAX)
    stage.hold(7, 9_000 * DOLLAR, 0, -2 * ETH)
    result = stage.run()
    assert [rescue.account for rescue in result.rescue.rescues] == [3]
    assert list_ops(result) == ["Victim", "Counterparty"]
    wider = RescueStage(shape=replace(SHAPE, rescue_lanes=4))
    wider.ex.state = stage.ex.state
    wider.ex.now_s = stage.ex.now_s
    assert [rescue.account for rescue in wider.run().rescue.rescues] == [2]


def test_victim_waits_where_nobody_can_bear_its_deficit() -> None:
    stage = RescueStage()
    stage.hold(2, -90 * DOLLAR, 300 * AVAX)
    stage.hold(3, 89 * DOLLAR, -300 * AVAX)  # due itself, but for the fund
    assert list_ops(stage.run()) == ["Takeover"]
    assert any(stage.ex.state.get_account(2).sizes_lots)


def test_counterparty_of_one_victim_may_be_the_next_victim() -> None:
    stage = RescueStage()
    stage.hold(2, -90 * DOLLAR, 300 * AVAX)
    stage.hold(3, 100 * DOLLAR, -300 * AVAX, ETH)  # afterwards 10 USD are left for an ETH: due, and the fund takes it
    stage.hold(4, 9_000 * DOLLAR, 0, -ETH)
    result = stage.run()
    assert [(rescue.account, bool(rescue.counterparties)) for rescue in result.rescue.rescues] == [
        (2, True),
        (3, False),
    ]
    assert result.state.get_account(FUND_ACCOUNT).sizes_lots[1] == ETH


@pytest.mark.parametrize("signers", [(), (1,)])
def test_nobody_is_rescued_and_no_trade_forced_in_a_stale_batch(signers: tuple[int, ...]) -> None:
    stage = pair(0, -60 * DOLLAR)
    trade = stage.ex.forced_trade((2, 3), AVAX, AVAX_PRICE)
    result = stage.run([trade], signers=signers)
    assert (list_ops(result), result.waiting_cash, result.state.header.queue_consumed) == ([], (trade,), 0)
    assert list_ops(stage.run([trade])) != []


def test_one_forced_trade_comes_before_the_rescues_and_others_after_them() -> None:
    stage = pair(DOLLAR, 9 * DOLLAR)
    trades = [stage.ex.forced_trade((3, 4), AVAX, AVAX_PRICE) for _ in range(3)]
    result = stage.run(trades)
    assert list_ops(result) == ["ForcedTradeLeg"] * 2 + ["Takeover"] + ["ForcedTradeLeg"] * 2
    assert result.waiting_cash == (trades[2],)
    assert result.state.header.queue_consumed == 2


def test_lanes_hand_on_exactly_what_is_under_way() -> None:
    result = pair(0, -60 * DOLLAR).run()
    victim, counterparty = result.trace.rescue_lanes[:2]
    assert (victim.op, counterparty.op) == (Victim(), Counterparty(0, 400 * AVAX))
    assert [victim.carry_in.is_free, victim.carry_out.is_free, counterparty.carry_out.is_free] == [True, False, True]
    half = Carry(0, victim.carry_in.deleveraging, FirstLeg(get_leg().leg, is_valid=True, is_applied=True))
    assert not half.is_free
    assert Takeover() not in (victim.op, counterparty.op)


def get_leg() -> ForcedTradeLeg:
    stage = pair(0, 9_000 * DOLLAR)
    op = stage.run([stage.ex.forced_trade((2, 3), AVAX, AVAX_PRICE)]).trace.rescue_lanes[0].op
    assert isinstance(op, ForcedTradeLeg)
    return op


@pytest.mark.parametrize(("elapsed_s", "ops"), [(1, ["Takeover"]), (2, ["Victim", "Counterparty"])])
def test_account_is_judged_with_its_rent_paid(elapsed_s: int, ops: list[str]) -> None:
    assert list_ops(pair(60 * DOLLAR, -60 * DOLLAR).run(elapsed_s=elapsed_s)) == ops

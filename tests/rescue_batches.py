"""Batches that rescue, each staged: a takeover and what the fund does with it, deleveraging by several, forced trades.

Accounts are put into the standing that a rule is about. `rescue_day.py` plays a day through instead.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from typing import Any

from rollup.audit import check_batch
from rollup.margin import compute_equity
from rollup.orders import SignedOrder
from rollup.shapes import Shape
from rollup.signature import derive_public_key
from rollup.state import Resources, State, make_genesis
from rollup.trace import BatchTrace
from rollup.transition import BatchResult
from rollup.txs import SignedCashOp
from rollup.units import ATOMS_PER_E6, FUND_ACCOUNT, MARKET_COUNT, USD_E12
from tests.scenarios import AVAX_PRICE, ETH_PRICE, PARAMS, START_S, Exchange

AVAX, ETH = 10**6, 10**6  # lots of one
DOLLAR = 10**18  # atoms
SHAPE = Shape("rescue", (1, 1, 2), 2, (2,), 6)
FEES = Resources(base_fees=(10**15, 4 * 10**18, 10**13), fund_budget=9_000 * USD_E12)
RESCUE_PARAMS = replace(
    PARAMS, fund_band_ppm=20_000, fund_rate_usd=10_000, min_base_fee=FEES.base_fees, rent_period_s=600
)
TAKEOVER, SHARED, SURPLUS, FORCED = "takeover", "deficit shared", "surplus", "forced trades"


@dataclass
class RescueStage:
    """An exchange whose accounts are put into any standing by force, and each batch of it."""

    fund_atoms: int = 0
    shape: Shape = SHAPE
    ex: Exchange = field(init=False)

    def __post_init__(self) -> None:
        self.ex = Exchange(RESCUE_PARAMS, self.shape, make_genesis((AVAX_PRICE, ETH_PRICE), START_S, FEES))
        self.ex.put(FUND_ACCOUNT, cash_atoms=self.fund_atoms)

    def hold(self, account_id: int, equity_atoms: int, *sizes_lots: int) -> None:
        """Give an account positions in the first markets, and this equity at the marks once its rent is paid."""
        sizes = (*sizes_lots, *[0] * (MARKET_COUNT - len(sizes_lots)))
        header, rent_atoms = self.ex.state.header, self.ex.next_tick().rent_rate
        worth = compute_equity(0, sizes, header.marks_ticks, header.funding_index)
        self.ex.put(
            account_id,
            key=derive_public_key(self.ex.key_of(account_id)),
            owner=self.ex.owner_of(account_id),
            epoch=1,
            cash_atoms=equity_atoms - worth + rent_atoms,
            sizes_lots=sizes,
            last_touched_s=self.ex.now_s,
        )

    def run(self, cash: Sequence[SignedCashOp] = (), orders: Sequence[SignedOrder] = (), **options: Any) -> BatchResult:  # noqa: ANN401 (of a batch)
        """Build the next batch, at unchanged marks unless said otherwise, and check it: rules, cash and lots."""
        before = self.ex.state
        result = self.ex.batch(cash=list(cash), orders=orders, **options)
        check_batch(result.trace)
        assert _sum_cash(result.state) - _sum_cash(before) == _get_vault(result.state) - _get_vault(before)
        for market in range(MARKET_COUNT):
            assert sum(account.sizes_lots[market] for account in result.state.accounts.values()) == 0
        return result


def _sum_cash(state: State) -> int:
    return sum(account.cash_atoms for account in state.accounts.values())


def _get_vault(state: State) -> int:
    return state.header.vault_e6 * ATOMS_PER_E6


def run_takeover() -> BatchResult:
    """The fund takes 2 over, long 400 AVAX and short 1 ETH, and sells AVAX to 4 in the same batch."""
    stage = RescueStage(fund_atoms=900 * DOLLAR)
    stage.hold(2, 60 * DOLLAR, 400 * AVAX, -ETH)
    stage.hold(3, 50_000 * DOLLAR, -400 * AVAX, ETH)
    stage.hold(4, 50_000 * DOLLAR)
    return stage.run(orders=[stage.ex.order(4, 90 * AVAX, AVAX_PRICE * 99 // 100)])


def run_shared() -> BatchResult:
    """The fund cannot bear 2's debt of 100 USD: 3 and 4 close its AVAX, 4 and 5 its ETH."""
    stage = RescueStage(fund_atoms=50 * DOLLAR)
    stage.hold(2, -100 * DOLLAR - 7, 400 * AVAX, -3 * ETH)
    stage.hold(3, 700 * DOLLAR, -300 * AVAX)
    stage.hold(4, 900 * DOLLAR, -300 * AVAX, 2 * ETH)
    stage.hold(5, 800 * DOLLAR, 200 * AVAX, ETH)
    return stage.run()


def run_surplus() -> BatchResult:
    """The fund is in debt itself: 2 ends against 3 although it has something left, which the fund gets."""
    stage = RescueStage(fund_atoms=-500 * DOLLAR)
    stage.hold(2, 20 * DOLLAR, 400 * AVAX)
    stage.hold(3, 5_000 * DOLLAR, -400 * AVAX)
    return stage.run()


def run_forced() -> BatchResult:
    """2 sells 3 its position of 9 AVAX below the mark; what 3 sells 4 at a loss, 3 cannot bear."""
    stage = RescueStage()
    stage.hold(2, 100 * DOLLAR, 9 * AVAX)
    stage.hold(3, 400 * DOLLAR, -9 * AVAX)
    stage.hold(4, 9_000 * DOLLAR)
    trade = stage.ex.forced_trade
    return stage.run([trade((2, 3), -9 * AVAX, AVAX_PRICE * 9 // 10), trade((4, 3), 20 * AVAX, AVAX_PRICE // 9)])


@cache
def get_rescue_traces() -> dict[str, BatchTrace]:
    """Return the trace of each batch above, by name, once it is seen to be what its words say."""
    takeover, shared, surplus, forced = run_takeover(), run_shared(), run_surplus(), run_forced()
    assert [rescue.account for rescue in takeover.rescue.rescues] == [2]
    assert takeover.trace.fund_lane.fill is not None
    takings = {(t.account, t.market) for rescue in shared.rescue.rescues for t in rescue.counterparties}
    assert takings == {(3, 0), (4, 0), (4, 1), (5, 1)}
    assert surplus.state.get_account(FUND_ACCOUNT).cash_atoms > -500 * DOLLAR + 20 * DOLLAR
    assert [report.is_applied for report in forced.rescue.forced_trades] == [True, False]
    results = {TAKEOVER: takeover, SHARED: shared, SURPLUS: surplus, FORCED: forced}
    return {name: result.trace for name, result in results.items()}

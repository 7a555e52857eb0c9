"""One bad day, played through batch after batch: a takeover, the fund trading out of it, deleveraging, forced trades.

Accounts come to ruin by trading. `rescue_batches.py` stages single batches, from accounts in any standing.
"""

from __future__ import annotations

from dataclasses import replace

from rollup.rescue import Counterparty, ForcedTradeLeg, Takeover, Victim
from rollup.shapes import TINY, Shape
from rollup.state import Resources, make_genesis
from rollup.trace import BatchTrace
from rollup.transition import BatchResult
from tests.scenarios import AVAX_PRICE, ETH_PRICE, PARAMS, START_S, Exchange

__all__ = ["RENTED", "run_rescue_day"]

LOTS = 1_000_000_000  # 1,000 AVAX
FALLEN = AVAX_PRICE * 925 // 1_000
RENTED = Resources(base_fees=(10**9, 10**18, 10**6))  # holding a leaf costs 1 USD a year


def run_rescue_day(shape: Shape = TINY) -> dict[str, BatchTrace]:
    """Return one trace of each kind, by what happens in it. Account 2 is long on leverage, 3 is short, 4 is rich."""
    params = replace(PARAMS, fund_band_ppm=20_000, fund_rate_usd=10**9)
    ex = Exchange(params, shape, make_genesis((AVAX_PRICE, ETH_PRICE), START_S, RENTED))
    ex.batch(
        cash=[ex.deposit(2, 2_200), ex.deposit(3, 60_000)],
        orders=[ex.order(2, LOTS, AVAX_PRICE), ex.order(3, -LOTS, AVAX_PRICE)],
    )
    ex.batch(cash=[ex.deposit(4, 90_000), ex.deposit(5, 2_000)])
    results = {"takeover": ex.batch(marks=(FALLEN,), elapsed_s=600)}
    _check_kinds(results["takeover"], Takeover)
    buying = ex.order(4, LOTS // 2, FALLEN + 9)
    results["fund sells"] = ex.batch(orders=[buying], marks=(FALLEN,))
    assert results["fund sells"].trace.fund_lane.fill is not None, "the fund did not trade"
    applied = ex.forced_trade((5, 3), LOTS, FALLEN)
    results["forced trade"] = ex.batch(cash=[applied], marks=(FALLEN,))
    _check_kinds(results["forced trade"], ForcedTradeLeg, ForcedTradeLeg)
    dropped = ex.forced_trade((5, 4), LOTS, FALLEN, first_owner=0xBAD)
    results["forced trade dropped"] = ex.batch(cash=[dropped], marks=(FALLEN,))
    _check_kinds(results["forced trade dropped"], ForcedTradeLeg, ForcedTradeLeg)
    outcomes = [results[name].rescue.forced_trades[0].is_applied for name in ("forced trade", "forced trade dropped")]
    assert outcomes == [True, False]
    ruined = FALLEN * 8 // 10
    results["deleveraged"] = ex.batch(marks=(ruined,))
    _check_kinds(results["deleveraged"], Victim, Counterparty)
    return {name: result.trace for name, result in results.items()}


def _check_kinds(result: BatchResult, *kinds: type) -> None:
    used = [type(lane.op) for lane in result.trace.rescue_lanes if lane.op is not None]
    assert used[: len(kinds)] == list(kinds), f"{used}, expected {kinds}"
    assert not result.rejected

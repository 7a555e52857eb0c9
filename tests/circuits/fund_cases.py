"""A FundLane alone: both accounts, what was taken over and what is due, a fill allowed or not; effects unchecked."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import cache

from circuits.batch import build_batch_circuit
from circuits.bus import compute_bus
from circuits.fund_inputs import fund_lane_inputs
from rollup.accounts import EMPTY_ACCOUNT, Account
from rollup.fund import FundDues, compute_notional, get_fund_delta
from rollup.margin import compute_equity, compute_fill_cash
from rollup.rationing import NO_RATIONING
from rollup.rescue import Takeover, open_carry
from rollup.shapes import Shape
from rollup.trace import BatchTrace, FundFillTrace, FundLaneTrace, RescueLaneTrace
from rollup.units import MARKET_COUNT
from tests.circuits.lane_cases import FRESH, Values, Venue
from tests.circuits.trade_scenes import MARKETS, USER, make_venue

__all__ = ["FUND", "FUND_OUTPUTS", "NOTHING_TAKEN", "OTHERS", "TREASURY", "FundTurn", "make_fund_inputs"]

FUND_OUTPUTS = ("root_out", "usage_out", "budget_out", "data[0]", *(f"lots_out[{m}]" for m in range(16)))
FUND = Account(cash_atoms=10**20 + 3)
TREASURY = Account(cash_atoms=10**19 + 4, last_touched_s=5)
NOTHING_TAKEN = EMPTY_ACCOUNT
OTHERS = {2: Account(owner=7), 9: Account(owner=8), 8**6: Account(owner=5)}
DUES = FundDues(5 * 10**18 + 1, 70, 10**9 + 5, 3 * 10**15 + 2, 11)
BUDGET = 10**22  # 1e-12 USD: 10**10 USD
VENUE = make_venue(params=replace(MARKETS, fund_band_ppm=1_000), others=OTHERS)
_SHAPE = Shape("one RescueLane", (), 0, rescue_lanes=1)


@dataclass(frozen=True)
class FundTurn:
    """What the FundLane finds and does; `taken` was taken over before it, its rent paid."""

    fund: Account = FUND
    treasury: Account = TREASURY
    taken: Account = NOTHING_TAKEN
    dues: FundDues = DUES
    fill: FundFillTrace | None = None
    budget: int = BUDGET
    venue: Venue = field(default_factory=lambda: VENUE)

    @property
    def holding(self) -> Account:
        """The fund with what was taken over, in range or not."""
        sizes = tuple(held + more for held, more in zip(self.fund.sizes_lots, self.taken.sizes_lots, strict=True))
        return replace(self.fund, sizes_lots=sizes, cash_atoms=self.fund.cash_atoms + self.taken.cash_atoms)

    def force(self) -> tuple[Account, Account]:
        """Return fund and treasury after the lane, in range or not."""
        fund, fill, venue = self.holding, self.fill, self.venue
        if fill is not None:
            delta = get_fund_delta(fund, fill)
            sizes = tuple(size + delta * (m == fill.market) for m, size in enumerate(fund.sizes_lots))
            received = compute_fill_cash(delta, venue.clearing[fill.market], venue.funding[fill.market])
            fund = replace(fund, sizes_lots=sizes, cash_atoms=fund.cash_atoms + received)
        treasury_cash = self.treasury.cash_atoms + self.dues.treasury_atoms
        fund = replace(fund, cash_atoms=fund.cash_atoms + self.dues.fund_atoms)
        return fund, replace(self.treasury, cash_atoms=treasury_cash)


def make_fund_inputs(turn: FundTurn, written: dict[int, Account] | None = None) -> Values:
    """Return the lane's inputs, and the tree after it: what it leaves, or what is `written`."""
    venue, (fund, treasury) = turn.venue, turn.force()
    tree = venue.tree({0: turn.fund, 1: turn.treasury})
    after = tree
    for account_id, account in ({0: fund, 1: treasury} | (written or {})).items():
        after = after.set(account_id, account.leaf_hash())
    spent = compute_notional(turn.fill, venue.clearing)
    trace = BatchTrace(
        shape_name=_SHAPE.name,
        params=venue.params,
        header_before=venue.header(tree.root, 0),
        header_after=venue.header(after.root, 1),
        oracle=FRESH,
        clearing_prices_ticks=venue.clearing,
        rationing=(NO_RATIONING,) * MARKET_COUNT,
        cash_lanes=(),
        rescue_lanes=(_take_over(turn, tree.path(USER)),),
        trade_lanes=(),
        quote_lanes=(),
        fund_lane=FundLaneTrace(turn.fund, fund, turn.treasury, treasury, tree.path(0), turn.fill),
    )
    due = {
        "budget_in": turn.budget,
        "budget_out": turn.budget - spent,
        "penalties": turn.dues.penalties_atoms,
        "base_fees_e6": turn.dues.base_fees_e6,
        "rent": turn.dues.rent_atoms,
        "fees": turn.dues.trading_fees_atoms,
        "tips_e6": turn.dues.tips_e6,
    }
    bus, wiring = compute_bus(trace), _get_wiring()
    ports = {port: bus[wire] for port, wire in wiring.items() if port not in due}
    return ports | due | fund_lane_inputs(trace)


@cache
def _get_wiring() -> dict[str, str]:
    """Return the bus wire behind each port of the FundLane."""
    return next(part.wiring for part in build_batch_circuit(_SHAPE).instances if part.name == "fund")


def _take_over(turn: FundTurn, path: tuple[tuple[int, ...], ...]) -> RescueLaneTrace:
    """Return the lane that handed the fund what was taken over."""
    taken = replace(turn.taken, last_touched_s=turn.venue.timestamp_s)
    prices = turn.venue.marks, turn.venue.funding
    carry = open_carry(compute_equity(turn.fund.cash_atoms, turn.fund.sizes_lots, *prices))
    equity = compute_equity(taken.cash_atoms, taken.sizes_lots, *prices)
    after = replace(taken, cash_atoms=0, sizes_lots=(0,) * 16)
    carry_out = replace(carry, fund_equity_atoms=carry.fund_equity_atoms + equity)
    return RescueLaneTrace(USER, taken, after, path, Takeover(), carry, carry_out)

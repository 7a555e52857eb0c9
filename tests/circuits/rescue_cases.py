"""A RescueLane alone: an account, an operation allowed or not, and what is carried in; effects without checks."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache

from circuits.bus import compute_bus
from circuits.lanes.rescue import build_rescue_lane
from circuits.rescue_inputs import rescue_lane_inputs
from rollup.accounts import EMPTY_ACCOUNT, Account
from rollup.deleverage import NOTHING_LEFT, Deleveraging, open_deleveraging
from rollup.forced_trade import is_leg_valid
from rollup.margin import Margin, compute_fill_cash, compute_margin
from rollup.rationing import NO_RATIONING
from rollup.rent import compute_rent
from rollup.rescue import Carry, Counterparty, ForcedTradeLeg, RescueOp, Takeover, Victim, compute_lane_rent
from rollup.state import Resources
from rollup.takeover import is_rescuable, is_takeover
from rollup.tick import Tick
from rollup.trace import BatchTrace, FundLaneTrace, RescueLaneTrace
from rollup.txs.forced_trade import FirstLeg, ForcedLeg
from rollup.units import FIRST_USER_ACCOUNT, MARKET_COUNT
from tests.circuits.lane_cases import FRESH, LoneTemplate, Values, Venue
from tests.circuits.trade_scenes import USER, make_venue

__all__ = [
    "OUTPUTS",
    "VENUE",
    "RescueCase",
    "Scene",
    "carry_on",
    "idle_carry",
    "load_rescue_lane",
    "make_rescue_case",
]

_TOTALS = ("root", "takeover_cash", "rent", "usage", "queue")
_CHAINED = ("lots", "takeover_lots")
OUTPUTS = (
    *(f"{name}_out" for name in _TOTALS),
    *(f"{name}_out[{m}]" for name in _CHAINED for m in range(16)),
    *(f"carry_out/left[{m}]" for m in range(16)),
    *(f"carry_out/{name}" for name in ("fund_equity", "deficit", "notional", "first_leg", "first_account")),
    *(f"carry_out/last_{name}" for name in ("market", "notional", "equity")),
    *(f"bridge[{j}]" for j in range(4)),
    *(f"data[{j}]" for j in range(2)),
)
RENTED = Resources(base_fees=(10**9, 2**63, 10**6))  # a leaf costs 2.9e11 atoms a second
VENUE = make_venue(resources=RENTED, others={0: Account(cash_atoms=10**21), 1: Account(cash_atoms=5)})


@lru_cache(maxsize=1)
def load_rescue_lane() -> LoneTemplate:
    """Return the RescueLane; recorded once in a process."""
    return LoneTemplate("RescueLane", build_rescue_lane)


def idle_carry(fund_equity_atoms: int = 10**21, rest: Deleveraging = NOTHING_LEFT) -> Carry:
    """Return what a lane is handed that may begin anything."""
    return Carry(fund_equity_atoms, rest, None)


@dataclass(frozen=True)
class Scene:
    """A venue with prices, and what rent and margins are there."""

    venue: Venue = VENUE

    @property
    def tick(self) -> Tick:
        """What the lanes read."""
        return self.venue.tick

    def margin(self, account: Account) -> Margin:
        """Return equity and requirements as the account stands."""
        prices = (self.venue.marks, self.venue.funding, self.tick.fractions)
        return compute_margin(account.cash_atoms, account.sizes_lots, *prices)

    def open(self, account: Account) -> Account:
        """Return the account as a lane works on it, its rent paid: in range or not."""
        cash_atoms = account.cash_atoms - compute_rent(account, self.tick)
        return replace(account, cash_atoms=cash_atoms, last_touched_s=self.venue.timestamp_s)

    def with_equity(self, account: Account, equity_atoms: int) -> Account:
        """Return the account with its cash moved to where its equity is this, once its rent is paid."""
        missing = equity_atoms - self.margin(self.open(account)).equity
        return replace(account, cash_atoms=account.cash_atoms + missing)

    def is_valid(self, leg: ForcedLeg, account: Account) -> bool:
        """Return whether a leg is valid, its rent paid."""
        return is_leg_valid(leg, self.open(account), self.venue.funding[leg.market], self.margin)

    def force(self, op: RescueOp | None, account: Account, carry: Carry) -> Account:
        """Return the account after the operation, in range or not."""
        opened = self.open(account)
        if isinstance(op, (Takeover, Victim)):
            return replace(opened, cash_atoms=0, sizes_lots=(0,) * 16)
        if isinstance(op, Counterparty):
            rest, price = carry.deleveraging, self.venue.marks[op.market]
            delta = op.lots if rest.left_lots[op.market] > 0 else -op.lots
            return self._move(opened, op.market, delta, price, self._share(op, carry))
        if isinstance(op, ForcedTradeLeg) and op.is_applied:
            return self._move(opened, op.leg.market, op.leg.delta_lots, op.leg.price_ticks, 0)
        return account

    def is_allowed(self, op: RescueOp | None, account_id: int, account: Account, carry: Carry, after: Carry) -> bool:
        """Return whether the lane may stand where it stands, by the rules of `rollup`; `after` for a first leg."""
        is_user, margin, opened = account_id >= FIRST_USER_ACCOUNT, self.margin(self.open(account)), self.open(account)
        if isinstance(op, Counterparty):
            rest, size, mark = carry.deleveraging, account.sizes_lots[op.market], self.venue.marks[op.market]
            can_take = rest.notional > 0 and rest.can_take(op.market, op.lots, size)
            in_order = rest.is_in_order(op.market, abs(size) * mark, margin.equity)
            return is_user and can_take and in_order and 0 < margin.equity >= self._share(op, carry)
        if carry.deleveraging.notional:
            return False
        if isinstance(op, ForcedTradeLeg):
            valid = self.is_valid(op.leg, account)
            if not op.leg.is_second:
                handed = FirstLeg(op.leg, valid, op.is_applied)
                return carry.first_leg is None and after.first_leg == handed and (is_user or not op.is_applied)
            first = carry.first_leg
            if first is None or first.is_applied != op.is_applied:
                return False
            same_terms = replace(first.leg, account=0, owner=0) == replace(
                op.leg, account=0, owner=0, side=1 - op.leg.side, is_second=False
            )
            return same_terms and op.is_applied == (first.is_valid and valid and first.leg.account != op.leg.account)
        if op is None:
            return carry.first_leg is None
        due = is_user and carry.first_leg is None and is_rescuable(margin)
        if isinstance(op, Takeover):
            return due and is_takeover(margin, carry.fund_equity_atoms)
        return due and not is_takeover(margin, carry.fund_equity_atoms) and any(opened.sizes_lots)

    def _move(self, account: Account, market: int, delta_lots: int, price_ticks: int, due_atoms: int) -> Account:
        sizes = tuple(size + delta_lots * (m == market) for m, size in enumerate(account.sizes_lots))
        received = compute_fill_cash(delta_lots, price_ticks, self.venue.funding[market])
        return replace(account, sizes_lots=sizes, cash_atoms=account.cash_atoms + received - due_atoms)

    def _share(self, op: Counterparty, carry: Carry) -> int:
        rest = carry.deleveraging
        return rest.compute_share(op.lots, self.venue.marks[op.market]) if rest.notional else 0


def carry_on(scene: Scene, op: RescueOp | None, account: Account, carry: Carry) -> Carry:
    """Return what the lane hands on, allowed or not."""
    equity = scene.margin(scene.open(account)).equity
    if isinstance(op, Takeover):
        return replace(carry, fund_equity_atoms=carry.fund_equity_atoms + equity)
    if isinstance(op, Victim):
        rest = open_deleveraging(account.sizes_lots, equity, scene.venue.marks)
        return replace(carry, fund_equity_atoms=carry.fund_equity_atoms + max(equity, 0), deleveraging=rest)
    if isinstance(op, Counterparty) and carry.deleveraging.notional:
        mark = scene.venue.marks[op.market]
        notional = abs(account.sizes_lots[op.market]) * mark
        return replace(carry, deleveraging=carry.deleveraging.take(op.market, op.lots, mark, notional, equity))
    if isinstance(op, ForcedTradeLeg):
        handed = FirstLeg(op.leg, scene.is_valid(op.leg, account), op.is_applied)
        return replace(carry, first_leg=None if op.leg.is_second else handed)
    return carry


@dataclass(frozen=True)
class RescueCase:
    """One RescueLane's turn: its trace, and what the circuit is given."""

    trace: BatchTrace
    inputs: Values

    @property
    def lane(self) -> RescueLaneTrace:
        """The lane's trace."""
        return self.trace.rescue_lanes[0]

    def find_broken_classes(self, changes: Values | None = None) -> set[str]:
        """Return the classes of constraints that refuse the lane, inputs changed."""
        return load_rescue_lane().find_broken_classes(self.inputs | (changes or {}))


def make_rescue_case(
    op: RescueOp | None,
    before: Account,
    *,
    account_id: int | None = None,
    carry: Carry | None = None,
    venue: Venue = VENUE,
    after: Account | None = None,
) -> RescueCase:
    """Return the lane in which the operation takes place, allowed or not: `after` in place of what it leaves."""
    scene, carry = Scene(venue), carry or idle_carry()
    if account_id is None:
        account_id = op.leg.account if isinstance(op, ForcedTradeLeg) else USER if op else 0
    tree = venue.tree({account_id: before})
    lane = RescueLaneTrace(
        account_id=account_id,
        before=before,
        after=after or scene.force(op, before, carry),
        account_path=tree.path(account_id),
        op=op,
        carry_in=carry,
        carry_out=carry_on(scene, op, before, carry),
    )
    tree_after = tree.set(account_id, lane.after.leaf_hash())
    fund = FundLaneTrace(EMPTY_ACCOUNT, EMPTY_ACCOUNT, EMPTY_ACCOUNT, EMPTY_ACCOUNT, tree_after.path(0), None)
    old, new = (venue.header(root, i) for i, root in enumerate((tree.root, tree_after.root)))
    new = replace(new, queue_consumed=int(isinstance(op, ForcedTradeLeg) and not op.leg.is_second))
    prices = FRESH, venue.clearing, (NO_RATIONING,) * MARKET_COUNT
    trace = BatchTrace("one RescueLane", venue.params, old, new, *prices, (), (lane,), (), (), fund)
    bus = compute_bus(trace)
    ports = {port: bus[_wire_of(port)] for port in load_rescue_lane().template.ports}
    assert compute_lane_rent(op, before, scene.tick) == ports["rent_out"]
    return RescueCase(trace, ports | rescue_lane_inputs(lane))


def _wire_of(port: str) -> str:
    """Return the bus wire behind a port of the first RescueLane, as `circuits.batch` connects it."""
    if port.startswith("table/"):
        return port
    if port.startswith(("bridge[", "data[")):
        return f"lane[0]/{port}"
    for end, i in (("in", 0), ("out", 1)):
        if port.startswith(f"carry_{end}/"):
            return port.replace(f"carry_{end}", f"carry[{i}]")
        name, mark, market = port.partition(f"_{end}")
        if mark:
            return f"{'accounts_root' if name == 'root' else name}[{i}]{market}"
    raise KeyError(port)

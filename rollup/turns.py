"""An account's turn: its fills that share a lane, where their places are in the batch, and what the lane leaves."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import accumulate

from rollup.accounts import Account
from rollup.admission import ALONE, OpenOrder, TurnKey
from rollup.lanes import assign_lanes, choose_fitting
from rollup.quotes import QuotedOrder
from rollup.settle import FillDues, apply_order_fill
from rollup.shapes import Shape
from rollup.workspace import Workspace

__all__ = ["LanePlan", "OrderFill", "Turn", "add_order", "apply_fills", "plan_lanes"]


@dataclass(frozen=True)
class OrderFill:
    """Lots of one admitted order that trade, and its place in its lane."""

    open_order: OpenOrder
    place: int
    fill_lots: int


@dataclass(frozen=True)
class Turn:
    """What shares a lane, as places by rank: those of the orders, or place 0 for the rank of a liquidation."""

    key: TurnKey
    places: dict[int, int] = field(default_factory=dict)

    @property
    def width(self) -> int:
        """How many places the lane must have."""
        return max(self.places.values()) + 1

    @property
    def in_order(self) -> list[tuple[int, int]]:
        """(rank, place) by rising places."""
        return sorted(self.places.items(), key=lambda item: item[1])


@dataclass(frozen=True)
class LanePlan:
    """Lanes by turn and positions in the batch by rank, both empty unless all fit; else the ranks that do not."""

    lanes: dict[TurnKey, int]
    positions: dict[int, int]
    excess: list[int]


def add_order(turns: dict[TurnKey, Turn], open_order: OpenOrder) -> None:
    """Give an order its place: the next one in arrival order, or that in its quote."""
    turn = turns.setdefault(open_order.turn, Turn(open_order.turn))
    sent = open_order.sent
    turn.places[open_order.rank] = sent.place if isinstance(sent, QuotedOrder) else len(turn.places)


def plan_lanes(turns: Sequence[Turn], shape: Shape) -> LanePlan:
    """Return who takes which lane, turns given in order of arrival: TradeLanes first, then QuoteLanes.

    An account has at most one turn in TradeLanes and one in QuoteLanes, of the quote that came first.
    """
    alone = [(turn.key, turn.width) for turn in turns if turn.key.quote == ALONE]
    first_quotes = {turn.key.account: turn for turn in reversed(turns) if turn.key.quote != ALONE}
    quotes = [(turn.key, turn.width) for turn in turns if turn is first_quotes.get(turn.key.account)]
    chosen = choose_fitting(alone, shape.trade_capacities) | choose_fitting(quotes, shape.quote_capacities)
    excess = [rank for turn in turns for rank, place in turn.places.items() if place >= chosen.get(turn.key, 0)]
    if excess:
        return LanePlan({}, {}, excess)
    lanes = assign_lanes(alone, shape.trade_capacities)
    lanes |= {k: len(shape.trade_capacities) + i for k, i in assign_lanes(quotes, shape.quote_capacities).items()}
    starts = [0, *accumulate(shape.order_capacities)]
    positions = {rank: starts[lanes[turn.key]] + place for turn in turns for rank, place in turn.places.items()}
    return LanePlan(lanes, positions, [])


def apply_fills(
    workspace: Workspace, account: Account, fills: Iterable[OrderFill], prices_ticks: Sequence[int]
) -> tuple[Account, list[FillDues]]:
    """Return the account after its fills, in order of their places, and what each paid. Raises TxRejected."""
    dues = []
    for fill in fills:
        order = fill.open_order.order
        price_ticks = prices_ticks[order.market]
        account, paid = apply_order_fill(account, order, fill.fill_lots, price_ticks, workspace.tick, workspace.params)
        dues.append(paid)
    return account, dues

"""The market makers of a replay: post-only orders on both sides of the mark, and one for what must be sold."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, TypeAlias

from rollup.orders import POST_ONLY, Order
from rollup.units import FIRST_USER_ACCOUNT, FUND_ACCOUNT, PPM
from sequencer.cast import Participant, Seat
from sequencer.market import MARKET, move_price
from sequencer.turn import Turn

__all__ = ["Makers"]

_SPREAD_PPM: Final = 800  # from the mark to a maker's first order, and on to each further one
_BOLD_SPREAD_PPM: Final = 200
_BACKSTOP_PPM: Final = 8_000  # how far from the mark they buy what is liquidated
_MAX_LEVELS: Final = 4
_BIDS, _ASKS = 1, -1

_Plan: TypeAlias = tuple[int, int, int]  # side, lots, distance from the mark in ppm


class Makers:
    """The first maker always has the first seat; the others take turns in what is left."""

    def __init__(self, makers: Sequence[Participant], seats: Sequence[Seat], notional_e6: int) -> None:
        """`notional_e6` is all that the tape's trades are worth: what they bring follows from it."""
        self._makers, self._seats = makers, seats
        self._n_bold = sum(maker.is_bold for maker in makers)
        self._notional_e6 = notional_e6
        self._funded: set[int] = set()
        self._turns = 0

    def fund(self, turn: Turn) -> None:
        """Let those who never had an account deposit, as CashLanes permit."""
        for maker in self._makers:
            if maker.account_id not in self._funded and turn.deposit(maker, self._compute_wealth_e6(maker)):
                self._funded.add(maker.account_id)

    def quote(self, turn: Turn, demand_lots: tuple[int, int]) -> None:
        """Quote for takers who buy and sell so many lots, and against all who must trade."""
        bought_lots, sold_lots = demand_lots
        usual = {_BIDS: max(sold_lots, 1), _ASKS: max(bought_lots, 1)}
        backstop = _plan_backstop(turn, usual)
        for seat, maker in self._assign_seats():
            orders = _make_orders(turn, seat, maker, usual, backstop)
            turn.busy.add(maker.account_id)
            if seat.is_quote and orders:
                turn.send_quote(maker, orders)
            else:
                for order in orders:
                    turn.send_order(maker, order)

    def _compute_wealth_e6(self, maker: Participant) -> int:
        """Without bold makers each can take every trade; with them the calm and the bold can take a quarter each."""
        if not self._n_bold:
            return max(self._notional_e6, PPM)
        parts = self._n_bold * maker.leverage if maker.is_bold else len(self._makers) - self._n_bold
        return max(self._notional_e6 // (4 * parts), PPM)

    def _assign_seats(self) -> list[tuple[Seat, Participant]]:
        first, *others = self._makers
        shift, self._turns = self._turns, self._turns + len(self._seats) - 1
        taken = [others[(shift + i) % len(others)] for i in range(len(self._seats) - 1)] if others else []
        return list(zip(self._seats, (first, *taken), strict=True))


def _make_orders(turn: Turn, seat: Seat, maker: Participant, usual: dict[int, int], backstop: _Plan) -> list[Order]:
    """Return bids and asks in turn, the side first that takers need most, and the backstop in the last place."""
    sides = sorted(usual, key=lambda side: (-usual[side], -side))
    spread_ppm = _BOLD_SPREAD_PPM if maker.is_bold else _SPREAD_PPM
    n_levels = min(_MAX_LEVELS, seat.capacity - 1)
    plans = [(sides[i % 2], usual[sides[i % 2]], spread_ppm * (1 + i // 2)) for i in range(n_levels)]
    room_lots = {side: turn.compute_room_lots(maker, side) for side in sides}
    orders = []
    for side, wanted_lots, away_ppm in [*plans, backstop]:
        lots = min(wanted_lots, room_lots[side])
        if lots > 0:
            room_lots[side] -= lots
            limit_ticks = move_price(turn.mark_ticks, -side * away_ppm)
            flags = POST_ONLY if side * (turn.mark_ticks - limit_ticks) > 0 else 0
            orders.append(turn.make_order(maker, side, lots, limit_ticks, flags))
    return orders


def _plan_backstop(turn: Turn, usual: dict[int, int]) -> _Plan:
    """Return the order against the fund and the net position of all below maintenance, or one more for the takers."""
    net_lots = turn.state.get_account(FUND_ACCOUNT).sizes_lots[MARKET]
    for account_id, account in turn.state.accounts.items():
        margin = turn.compute_margin(account)
        if account_id >= FIRST_USER_ACCOUNT and margin.equity < margin.maintenance:
            net_lots += account.sizes_lots[MARKET]
    if net_lots == 0:
        side = max(usual, key=lambda side: (usual[side], side))
        return side, usual[side], _BACKSTOP_PPM
    return (_BIDS if net_lots > 0 else _ASKS), abs(net_lots), _BACKSTOP_PPM

"""The traders of a replay: each of the tape's trades becomes the order of one who can afford it, funded if need be."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from rollup.orders import ANY_BUY_TICKS, ANY_SELL_TICKS, IOC, REDUCE_ONLY, SignedOrder, unpack_slot
from rollup.txs import Cancel
from rollup.units import ATOMS_PER_E6, LOT_TICK_ATOMS, PPM
from sequencer.cast import Participant
from sequencer.market import MARKET, compute_price_ticks, compute_size_lots, move_price
from sequencer.tape import Trade
from sequencer.turn import Turn

__all__ = ["Takers"]

_SLIPPAGE_PPM: Final = 10_000  # how far beyond the tape's price and the mark a taker's limit lies
_ONE_IN_IOC: Final = 3  # traders by number: the first of three sends market orders, the second limit orders, both IOC


class Takers:
    """Trades that found no trader yet, and orders that found no price yet, wait for the next batch."""

    def __init__(self, traders: Sequence[Participant], stake: int, n_places: int) -> None:
        """Traders in the order in which they take turns; a deposit is `stake` times what the first trade needs."""
        self.pending: deque[Trade] = deque()
        self.resting: list[tuple[Participant, SignedOrder]] = []
        self._traders = deque(traders)
        self._stake = stake
        self._n_places = n_places

    def take_turn(self, turn: Turn, trades: Iterable[Trade]) -> None:
        """Send what still rests, then as many trades as there are places, in tape order."""
        self.pending.extend(trades)
        self._carry_resting(turn)
        while self.pending and len(self.resting) < self._n_places and self._send(turn, self.pending[0]):
            self.pending.popleft()

    def compute_demand_lots(self) -> tuple[int, int]:
        """Return the lots of the orders that rest after `take_turn`: bought, sold."""
        orders = [signed.order for _, signed in self.resting]
        bought = sum(order.size_lots for order in orders if order.direction > 0)
        return bought, sum(order.size_lots for order in orders) - bought

    def _carry_resting(self, turn: Turn) -> None:
        """Keep what rests of earlier orders; the owner of the first that may still trade cancels it."""
        resting, self.resting = self.resting, []
        for trader, signed in resting:
            order, account = signed.order, turn.get_account(trader)
            nonce, filled_lots = unpack_slot(account.orders.get(order.slot))
            is_done = nonce > order.nonce or (nonce == order.nonce and filled_lots == order.size_lots)
            if is_done or order.epoch != account.epoch or order.expiry_s < turn.tick.header.timestamp_s:
                continue
            turn.busy.add(trader.account_id)
            if turn.n_cash_lanes > 0 and not any(isinstance(sent.op, Cancel) for sent in turn.cash_ops):
                fields = (order.account, account.cash_nonce, account.epoch, order.slot, order.nonce)
                turn.send_cash(turn.sign_cash(trader, Cancel(*fields, max_fee_e6=turn.tick.cash_fee_e6)))
            else:
                turn.orders.append(signed)
                self.resting.append((trader, signed))

    def _send(self, turn: Turn, trade: Trade) -> bool:
        """Return whether a trader was found: one with room for the whole trade, or one who can deposit what it takes.

        Whoever has no account yet comes with a deposit when its turn comes.
        """
        direction, price_ticks = 1 if trade.is_buy else -1, compute_price_ticks(trade.price_e9)
        lots, poor = compute_size_lots(trade.contracts, price_ticks), None
        for trader in self._rotate(turn, trade.is_buy):
            must_deposit = turn.get_account(trader).is_empty and turn.n_cash_lanes > 0
            if must_deposit or turn.compute_room_lots(trader, direction) >= lots:
                break
            poor = poor or trader
        else:
            if poor is None:
                return False
            trader, must_deposit = poor, True
        if must_deposit and not turn.deposit(trader, self._compute_deposit_e6(turn, trader, direction, lots)):
            return False
        self._send_order(turn, trader, direction, lots, price_ticks)
        turn.busy.add(trader.account_id)
        return True

    def _rotate(self, turn: Turn, is_buy: bool) -> Iterator[Participant]:
        """Yield each trader who may, another one first each time. A trader in debt is left to the fund."""
        self._traders.rotate(-1)
        for trader in tuple(self._traders):
            is_free = trader.account_id not in turn.busy and (is_buy or not trader.is_holder)
            if is_free and turn.get_account(trader).cash_atoms >= 0:
                yield trader

    def _compute_deposit_e6(self, turn: Turn, trader: Participant, direction: int, lots: int) -> int:
        """Return a stake, or more where the position it would then have takes more."""
        account = turn.get_account(trader)
        short_lots = lots - turn.compute_room_lots(trader, direction)
        leverage = min(trader.leverage, PPM // turn.tick.fractions.initial_ppm[MARKET])
        per_lot_atoms = turn.mark_ticks * LOT_TICK_ATOMS * 5 // (4 * leverage)  # a quarter over, for fees and slippage
        stake_lots = self._stake * lots if account.is_empty else 0
        return max(short_lots, stake_lots) * per_lot_atoms // ATOMS_PER_E6 + 1

    def _send_order(self, turn: Turn, trader: Participant, direction: int, lots: int, price_ticks: int) -> None:
        held_lots = turn.get_account(trader).sizes_lots[MARKET]
        flags = REDUCE_ONLY if -direction * held_lots >= lots else 0
        worst = max(price_ticks, turn.mark_ticks) if direction > 0 else min(price_ticks, turn.mark_ticks)
        limit_ticks, kind = move_price(worst, direction * _SLIPPAGE_PPM), trader.account_id % _ONE_IN_IOC
        if kind == 0:
            limit_ticks = ANY_BUY_TICKS if direction > 0 else ANY_SELL_TICKS
        if kind < 2:
            flags |= IOC
        order = turn.make_order(trader, direction, lots, limit_ticks, flags, turn.expiry_s)
        self.resting.append((trader, turn.send_order(trader, order)))

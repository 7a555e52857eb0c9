"""Turns a tape into what accounts send: deposits, signed orders, quotes, requests of every kind. Deterministic by seed.

Each batch stands for one slice of the tape. Its trades become taker orders of traders at the tape's price, and market
makers quote around the mark. Accounts are funded as CashLanes permit and trade once funded; a trader holds at most its
leverage, so that the fall finds some below their maintenance requirement.
"""

from __future__ import annotations

from collections.abc import Sequence
from random import Random
from typing import Final

from rollup.params import Params
from rollup.shapes import Shape
from rollup.state import State
from rollup.tick import run_tick
from rollup.txs import SignedCashOp
from rollup.units import PPM
from sequencer.cast import Participant, list_seats
from sequencer.makers import Makers
from sequencer.market import CONTRACT_USD, Slice
from sequencer.oracle_feed import OracleSigner, sign_prices
from sequencer.requests import Requests
from sequencer.sweeps import count_takers
from sequencer.takers import Takers
from sequencer.turn import BatchInput, KeyRing, Turn

__all__ = ["Workload"]

_PATIENCE: Final = 2  # a taker's order waits for so many further batches
_TRADES_PER_STAKE: Final = 4  # a trader brings enough for its share of the tape's trades over this


class Workload:
    """The participants' side of a replay. `next_batch` looks at the state as any user could, and at nothing else."""

    def __init__(
        self,
        slices: Sequence[Slice],
        shape: Shape,
        params: Params,
        cast: Sequence[Participant],
        signers: Sequence[OracleSigner],
        seed: int,
    ) -> None:
        """Prepare the participants. Assumes a cast of `make_cast` with makers first, and the params' oracle."""
        self._slices, self._shape, self._params, self._signers = slices, shape, params, signers
        traders = [participant for participant in cast if not participant.is_maker]
        Random(f"zkmargin replay {seed}").shuffle(traders)
        trades = [trade for part in slices for trade in part.trades]
        stake = max(1, len(trades) // len(traders) // _TRADES_PER_STAKE)
        notional_e6 = sum(trade.contracts for trade in trades) * CONTRACT_USD * PPM
        self._takers = Takers(traders, stake, count_takers(shape))
        self._makers = Makers([member for member in cast if member.is_maker], list_seats(shape), notional_e6)
        self._requests = Requests(traders, seed)
        self._keys = KeyRing()

    @property
    def n_pending(self) -> int:
        """Trades that found no trader yet."""
        return len(self._takers.pending)

    def next_batch(self, number: int, state: State, waiting: Sequence[SignedCashOp] = ()) -> BatchInput:
        """Return what is sent in batch `number`, counted from 0, given the state before it and the queue's rest.

        Beyond the last slice time goes on, at its price. Where the queue is held up nobody sends anything else to it.
        """
        part = self._get_slice(number)
        oracle = sign_prices(self._signers, (part.mark_ticks,), part.timestamp_s, self._params.domain)
        turn = Turn(
            state=state,
            tick=run_tick(state.header, self._params, oracle, part.timestamp_s),
            params=self._params,
            keys=self._keys,
            n_cash_lanes=0 if waiting else self._shape.cash_lanes,
            expiry_s=self._get_slice(number + _PATIENCE).timestamp_s,
            cash_ops=list(waiting),
        )
        self._makers.fund(turn)
        self._takers.take_turn(turn, part.trades)
        self._makers.quote(turn, self._takers.compute_demand_lots())
        self._requests.send(turn)
        return BatchInput(part.timestamp_s, oracle, tuple(turn.cash_ops), tuple(turn.orders))

    def _get_slice(self, number: int) -> Slice:
        last = self._slices[-1]
        beyond = number - len(self._slices) + 1
        return self._slices[number] if beyond <= 0 else Slice(last.timestamp_s + beyond, last.mark_ticks, ())

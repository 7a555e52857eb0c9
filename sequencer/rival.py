"""A run settled without a rollup: DirectSettlement on a base layer, held against the Python reference after each batch.

Every batch is sent: a tick, each cash operation and rescue in a transaction of its own, and the auction in one. Where
nothing but the auction happens, the tick travels with it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from rollup.direct_rescue import DirectHouse
from rollup.direct_trades import settle_trace
from rollup.errors import BatchInvalid
from rollup.params import Params
from rollup.trace import BatchTrace
from rollup.units import FUND_ACCOUNT, TREASURY_ACCOUNT
from sequencer.metering import GasCost, MeteredLayer
from sequencer.rival_auction import is_auction_alone, pack_auction
from sequencer.rival_keys import RivalSigners
from sequencer.rival_ops import RivalDesk
from verifier.base_layer import BaseLayer, Reverted
from verifier.direct.calldata import pack_tick
from verifier.direct.deployment import deploy_direct
from verifier.direct.messages import compute_domain

__all__ = ["DirectRival", "RivalBatch"]


@dataclass(frozen=True)
class RivalBatch:
    """A batch as the rival settled it."""

    orders: int  # order fills and liquidation fills
    auction: GasCost  # of the transaction that settles the orders, a tick with it or not
    other: GasCost  # of ticks of their own, cash operations and rescues
    reason: str  # the first difference from the reference, empty where there is none


class DirectRival:
    """The exchange on a base layer, and the reference beside it."""

    def __init__(self, layer: BaseLayer, params: Params, seed: int) -> None:
        """Deploy on the layer. Keys are derived from the seed. Raises Reverted."""
        self._layer = MeteredLayer(layer)
        self.deployment = deploy_direct(self._layer, params)
        self._layer.take()
        exchange = self.deployment.exchange
        self._domain = compute_domain(layer.chain_id, exchange.address)
        self._params, self._signers = params, RivalSigners(seed)
        self._desk = RivalDesk(exchange, self._domain, self._signers)
        self._house = DirectHouse(params)
        self._accounts: set[int] = set()
        self._marked: tuple[tuple[int, ...], ...] = ()
        self._reason = ""

    def settle(self, trace: BatchTrace) -> RivalBatch:
        """Settle a batch, and compare. After a difference nothing more is settled: the books are of no further use."""
        nothing = RivalBatch(0, self._layer.take(), self._layer.take(), self._reason)
        if self._reason:
            return nothing
        try:
            settle_trace(self._house, trace)
            auction, other, orders = self._send(trace)
        except (BatchInvalid, Reverted) as error:
            self._reason = str(error)
            return RivalBatch(0, self._layer.take(), nothing.other, self._reason)
        self._accounts |= {lane.account_id for lane in trace.cash_lanes}
        self._accounts |= {lane.account_id for lane in trace.rescue_lanes}
        self._accounts |= {lane.account_id for lane in trace.order_lanes}
        self._reason = self._find_difference(trace)
        return RivalBatch(orders, auction, other, self._reason)

    def _send(self, trace: BatchTrace) -> tuple[GasCost, GasCost, int]:
        tick, exchange = pack_tick(trace.tick, self._list_changed(trace)), self.deployment.exchange
        if not is_auction_alone(trace):
            exchange.transact("tick", tick)
            tick = b""
        for lane in trace.cash_lanes:
            self._desk.serve(lane)
        self._desk.rescue(trace)
        other = self._layer.take()
        packed = pack_auction(trace, self._signers.get, self._domain)  # after the cancels, which free slots
        if packed.turns:
            exchange.transact("settle", tick, packed.prices, packed.turns)
        return self._layer.take(), other, packed.orders

    def _list_changed(self, trace: BatchTrace) -> Iterable[int]:
        """Return the open markets of which the tick says anything new."""
        header, fractions = trace.tick.header, trace.tick.fractions
        columns = (header.marks_ticks, header.funding_index, fractions.initial_ppm, fractions.maintenance_ppm)
        marked = tuple(zip(*columns, strict=True))
        before, self._marked = self._marked or ((),) * len(marked), marked
        return [m for m, said in enumerate(marked) if said != before[m] and self._params.is_market_open(m)]

    def _find_difference(self, trace: BatchTrace) -> str:
        """Return the first account whose cash or positions differ from the reference, in words, or nothing."""
        funding_index = trace.header_after.funding_index
        balances, positions = self._house.get_balances(funding_index), self._house.get_positions()
        for account, (cash_atoms, sizes_lots) in self.read_books().items():
            owed_atoms = sum(size * index for size, index in zip(sizes_lots, funding_index, strict=True))
            if cash_atoms - owed_atoms != balances.pop(account, 0):
                return f"account {account}: the contract holds {cash_atoms - owed_atoms}, not as direct (1e-18 USD)"
            held = {market: size for market, size in enumerate(sizes_lots) if size}
            if held != positions.pop(account, {}):
                return f"account {account}: the contract holds {held}, not as direct (lots by market)"
        left = sorted(balances.keys() | positions.keys())
        return f"account {left[0]}: the contract does not know it" if left else ""

    def read_books(self) -> dict[int, tuple[int, tuple[int, ...]]]:
        """Return cash (atoms, relative to the funding index) and lots of every account met so far, and of 0 and 1."""
        users = sorted(self._accounts - {FUND_ACCOUNT, TREASURY_ACCOUNT})
        states = self.deployment.read_accounts([self._signers.get(account).address for account in users])
        found = {account: (s.cash_atoms, s.sizes_lots) for account, s in zip(users, states, strict=True)}
        house, fund = self.deployment.read_house()
        found[FUND_ACCOUNT] = house.fund_atoms, fund.sizes_lots
        found[TREASURY_ACCOUNT] = house.treasury_atoms, (0,) * len(fund.sizes_lots)
        return found

"""The reference for rescues: every position moves as a trade at the mark between two accounts, and cash is then paid.

So a victim is closed trade by trade against its counterparties, who pay their shares to it: what it holds then, never
less than nothing, is the fund's. A forced trade is judged here again from its entry alone.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from rollup.direct_cash import DirectExchange, DirectMember, DirectRefused
from rollup.margin import compute_margin, is_valid_close
from rollup.tick import Tick
from rollup.txs import ForcedTrade
from rollup.txs.forced_trade import ForcedLeg
from rollup.units import CASH_BITS, FUND_ACCOUNT, LOT_TICK_ATOMS, MARKET_COUNT, PPM, SIZE_BITS

__all__ = ["DirectDeleveraging", "DirectHouse", "DirectRescue", "DirectTakeover"]


@dataclass(frozen=True)
class DirectTakeover:
    """The fund takes an account over."""

    account: int


@dataclass(frozen=True)
class DirectDeleveraging:
    """An account is closed against others: (account, market, lots) of each in turn."""

    account: int
    takings: tuple[tuple[int, int, int], ...]


DirectRescue: TypeAlias = DirectTakeover | DirectDeleveraging | ForcedTrade


class DirectHouse(DirectExchange):
    """The exchange, with the insurance fund that steps in for its members."""

    _fund_atoms = 0  # what the fund may lose: its equity as the batch opened, and what it took over since

    def open_batch(self, tick: Tick) -> None:
        """Take the fund's equity at the batch's marks, before anything of the batch is due to it."""
        self._fund_atoms = self._compute_margin(FUND_ACCOUNT, tick).equity

    def rescue(self, rescue: DirectRescue, tick: Tick) -> None:
        """Book one rescue at the prices of its batch. Raises DirectRefused where it is not allowed."""
        if isinstance(rescue, ForcedTrade):
            self._force(rescue, tick)
        elif isinstance(rescue, DirectTakeover):
            self._take_over(rescue.account, tick)
        else:
            self._deleverage(rescue, tick)

    def trade_for_fund(self, market: int, lots: int, price_ticks: int, tick: Tick) -> None:
        """Let the fund give up some of a position, near the mark and within its budget. Raises DirectRefused."""
        header, held_lots = tick.header, self._get_size(FUND_ACCOUNT, market)
        direction, mark_ticks = (-1 if held_lots > 0 else 1), header.marks_ticks[market]
        if not 0 < lots <= abs(held_lots):
            raise DirectRefused(FUND_ACCOUNT, f"holds {held_lots} lots of market {market}, not {lots} to give up")
        if direction * (price_ticks - mark_ticks) * PPM > self._params.fund_band_ppm * mark_ticks:
            raise DirectRefused(FUND_ACCOUNT, f"trades at {price_ticks}, too far from the mark {mark_ticks} (ticks)")
        if lots * price_ticks > header.resources.fund_budget:
            raise DirectRefused(FUND_ACCOUNT, f"trades {lots * price_ticks} beyond its budget (1e-12 USD)")
        self._book(FUND_ACCOUNT, market, direction * lots, price_ticks, header.funding_index)

    def _take_over(self, account: int, tick: Tick) -> None:
        equity_atoms = self._open_rescue(account, tick)
        self._fund_atoms += equity_atoms
        if self._fund_atoms < 0:
            raise DirectRefused(account, f"owes {-equity_atoms} (1e-18 USD), more than the fund has")
        for market in range(MARKET_COUNT):
            self._pass_on(account, FUND_ACCOUNT, market, self._get_size(account, market), tick)
        self._pay(account, FUND_ACCOUNT, self._cash_atoms.get(account, 0))

    def _deleverage(self, rescue: DirectDeleveraging, tick: Tick) -> None:
        account, marks_ticks = rescue.account, tick.header.marks_ticks
        equity_atoms = self._open_rescue(account, tick)
        if self._fund_atoms + equity_atoms >= 0:
            raise DirectRefused(account, f"has {equity_atoms} (1e-18 USD), which the fund can bear")
        self._fund_atoms += max(equity_atoms, 0)
        owed_atoms = max(-equity_atoms, 0)
        worth = sum(abs(self._get_size(account, market)) * marks_ticks[market] for market in range(MARKET_COUNT))
        for other, market, lots in rescue.takings:
            self.touch(other, tick.header.timestamp_s, tick.rent_rate)
            direction = 1 if self._get_size(account, market) > 0 else -1
            most = min(direction * self._get_size(account, market), -direction * self._get_size(other, market))
            if not 0 < lots <= most:
                raise DirectRefused(other, f"cannot close {lots} lots of market {market} against account {account}")
            share_atoms = owed_atoms * lots * marks_ticks[market] // worth
            self._pass_on(account, other, market, direction * lots, tick)
            self._pay(other, account, share_atoms)
            owed_atoms, worth = owed_atoms - share_atoms, worth - lots * marks_ticks[market]
            if self._compute_margin(other, tick).equity < 0:
                raise DirectRefused(other, f"cannot bear {share_atoms} (1e-18 USD) of another's debt")
        if account in self.get_positions() or owed_atoms:
            raise DirectRefused(account, f"is left with {self.get_positions().get(account)} and {owed_atoms} owed")
        self._pay(account, FUND_ACCOUNT, self._cash_atoms.get(account, 0))

    def _open_rescue(self, account: int, tick: Tick) -> int:
        """Let a member in trouble pay rent, and return its equity, in atoms. Raises DirectRefused for anybody else."""
        self.touch(account, tick.header.timestamp_s, tick.rent_rate)
        margin = self._compute_margin(account, tick)
        if margin.equity >= 0 and 2 * margin.equity >= margin.maintenance:
            raise DirectRefused(account, f"has {margin.equity} of {margin.maintenance} maintenance (1e-18 USD)")
        return margin.equity

    def _pass_on(self, giver: int, taker: int, market: int, lots: int, tick: Tick) -> None:
        """Move a position of so many lots, signed, at the mark."""
        terms = (tick.header.marks_ticks[market], tick.header.funding_index)
        self._book(giver, market, -lots, *terms)
        self._book(taker, market, lots, *terms)

    def _get_size(self, account: int, market: int) -> int:
        position = self._positions.get(account, {}).get(market)
        return position.size_lots if position else 0

    def _force(self, entry: ForcedTrade, tick: Tick) -> None:
        if entry.accounts[0] == entry.accounts[1] or not all(self._may_move(leg, tick) for leg in entry.legs):
            return  # dropped: nobody is charged
        for leg in entry.legs:
            self.touch(leg.account, tick.header.timestamp_s, tick.rent_rate)
            self._book(leg.account, leg.market, leg.delta_lots, leg.price_ticks, tick.header.funding_index)

    def _may_move(self, leg: ForcedLeg, tick: Tick) -> bool:
        """Return whether the owner is the member, and rent and leg leave what it may hold and close with."""
        member, header = self._members.get(leg.account, DirectMember()), tick.header
        cash_0, sizes_0 = self._snapshot(leg.account, header.funding_index)
        cash_0 -= (header.timestamp_s - member.rent_paid_until_s) * tick.rent_rate
        cash_1 = cash_0 - leg.delta_lots * leg.price_ticks * LOT_TICK_ATOMS
        sizes_1 = tuple(size + leg.delta_lots if m == leg.market else size for m, size in enumerate(sizes_0))
        unpaid_atoms = sum(size * index for size, index in zip(sizes_1, header.funding_index, strict=True))
        is_held = abs(sizes_1[leg.market]) < 2**SIZE_BITS and abs(cash_1 + unpaid_atoms) < 2**CASH_BITS
        paid = (0,) * MARKET_COUNT  # all funding is in the cash already
        opened = compute_margin(cash_0, sizes_0, header.marks_ticks, paid, tick.fractions)
        closed = compute_margin(cash_1, sizes_1, header.marks_ticks, paid, tick.fractions)
        return member.owner == leg.owner and is_held and is_valid_close(opened, closed, sizes_0, sizes_1)

"""The reference: the same trades settled one by one, as an exchange without a rollup would book them.

It shares no storage and no funding trick with the rollup: balances are a plain dict, each position remembers the
funding index it last paid, and funding is paid in cash whenever a position is touched. It uses the rollup's units,
parameters and margin rules, which are what it means to be the same exchange.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby

from rollup.errors import BatchInvalid
from rollup.fees import compute_trading_fee
from rollup.margin import MarginFractions, compute_margin, is_valid_close
from rollup.params import Params
from rollup.units import ATOMS_PER_E6, FUND_ACCOUNT, LOT_TICK_ATOMS, MARKET_COUNT, TREASURY_ACCOUNT

__all__ = ["DirectLedger", "DirectMarginBroken", "DirectPosition", "DirectTrade"]


@dataclass(frozen=True)
class DirectTrade:
    """One fill of one account. `delta_lots` is negative to sell.

    A liquidation pays a penalty, a maker the maker fee, anybody else the taker fee; an order's first fill also the
    batch's order fee and its tip. An account's margin is checked turn by turn: after its fills in a row of one `turn`.
    """

    account: int
    market: int
    delta_lots: int
    price_ticks: int
    is_liquidation: bool = False
    is_maker: bool = False
    is_first: bool = False
    tip_e6: int = 0
    turn: int = 0


@dataclass(frozen=True)
class DirectPosition:
    """A position and the funding index up to which it has paid."""

    size_lots: int
    paid_index: int


@dataclass(eq=False)
class DirectMarginBroken(BatchInvalid):
    """After a batch an account's standing is one that its trades may not leave behind."""

    code = "direct_margin_broken"
    account_id: int
    equity_atoms: int
    required_atoms: int

    def __str__(self) -> str:
        return f"account {self.account_id}: equity {self.equity_atoms} < required {self.required_atoms} (1e-18 USD)"


class DirectLedger:
    """Balances and positions, settled trade by trade."""

    def __init__(self, params: Params, tiers: Mapping[int, int] | None = None) -> None:
        """Start with nothing. `tiers` gives the fee tier of accounts that do not have tier 0."""
        self._params = params
        self._tiers = dict(tiers or {})
        self._cash_atoms: dict[int, int] = {}
        self._positions: dict[int, dict[int, DirectPosition]] = {}
        self._touched_s: dict[int, int] = {}

    def deposit(self, account: int, amount_e6: int) -> None:
        """Add to the account, 1e-6 USD."""
        self._add(account, amount_e6 * ATOMS_PER_E6)

    def withdraw(self, account: int, amount_e6: int) -> None:
        """Take from the account, 1e-6 USD."""
        self._add(account, -amount_e6 * ATOMS_PER_E6)

    def touch(self, account: int, timestamp_s: int, rent_rate: int) -> None:
        """Let the account pay rent since it was last touched, in atoms a second; the first time it only begins."""
        elapsed_s = timestamp_s - self._touched_s.get(account, timestamp_s)
        self._pay(account, FUND_ACCOUNT, elapsed_s * rent_rate)
        self._touched_s[account] = timestamp_s

    def settle_batch(
        self,
        trades: Sequence[DirectTrade],
        marks_ticks: Sequence[int],
        funding_index: Sequence[int],
        fractions: MarginFractions,
        order_fee_e6: int = 0,
    ) -> None:
        """Settle the trades one by one, and check the margin of everybody who traded, turn by turn.

        `fractions` are those in effect. Raises DirectMarginBroken, which leaves the trades booked: the ledger is then
        of no further use.
        """
        for (account, _), own in groupby(trades, key=lambda trade: (trade.account, trade.turn)):
            before, turn = self._snapshot(account, funding_index), list(own)
            for trade in turn:
                self._settle(trade, marks_ticks, funding_index, order_fee_e6)
            if not any(trade.is_liquidation for trade in turn):
                self._check_margin(account, before, marks_ticks, funding_index, fractions)

    def get_balances(self, funding_index: Sequence[int]) -> dict[int, int]:
        """Return each account's cash with all funding up to the given index paid, in atoms, zeros left out."""
        balances = {account: self._snapshot(account, funding_index)[0] for account in self._cash_atoms}
        return {account: cash for account, cash in sorted(balances.items()) if cash}

    def get_positions(self) -> dict[int, dict[int, int]]:
        """Return lots by account and market, zeros left out."""
        held = {
            account: {market: position.size_lots for market, position in sorted(own.items()) if position.size_lots}
            for account, own in sorted(self._positions.items())
        }
        return {account: own for account, own in held.items() if own}

    def _add(self, account: int, amount_atoms: int) -> None:
        self._cash_atoms[account] = self._cash_atoms.get(account, 0) + amount_atoms

    def _settle(
        self, trade: DirectTrade, marks_ticks: Sequence[int], funding_index: Sequence[int], order_fee_e6: int
    ) -> None:
        self._book(trade.account, trade.market, trade.delta_lots, trade.price_ticks, funding_index)
        if trade.is_liquidation:
            self._pay(trade.account, FUND_ACCOUNT, self._compute_penalty(trade, marks_ticks, funding_index))
            return
        rates_ppm = self._params.maker_fee_ppm if trade.is_maker else self._params.taker_fee_ppm
        rate_ppm = rates_ppm[self._tiers.get(trade.account, 0)]
        fee_atoms = compute_trading_fee(abs(trade.delta_lots), trade.price_ticks, rate_ppm)
        self._pay(trade.account, TREASURY_ACCOUNT, fee_atoms)
        if trade.is_first:
            self._pay(trade.account, FUND_ACCOUNT, order_fee_e6 * ATOMS_PER_E6)
            self._pay(trade.account, TREASURY_ACCOUNT, trade.tip_e6 * ATOMS_PER_E6)

    def _book(self, account: int, market: int, delta_lots: int, price_ticks: int, funding_index: Sequence[int]) -> None:
        """Pay the position's funding, then trade at the price, for no fee."""
        own = self._positions.setdefault(account, {})
        position, index = own.get(market, DirectPosition(0, 0)), funding_index[market]
        self._add(account, -position.size_lots * (index - position.paid_index))
        self._add(account, -delta_lots * price_ticks * LOT_TICK_ATOMS)
        own[market] = DirectPosition(position.size_lots + delta_lots, index)

    def _compute_penalty(self, trade: DirectTrade, marks_ticks: Sequence[int], funding_index: Sequence[int]) -> int:
        """The fee on the notional, but never more than the account has left at the marks."""
        cash, sizes = self._snapshot(trade.account, funding_index)
        equity = cash + sum(size * mark * LOT_TICK_ATOMS for size, mark in zip(sizes, marks_ticks, strict=True))
        fee_ppm = self._params.markets[trade.market].liquidation_fee_ppm
        return max(0, min(equity, abs(trade.delta_lots) * trade.price_ticks * fee_ppm))

    def _pay(self, payer: int, payee: int, amount_atoms: int) -> None:
        self._add(payer, -amount_atoms)
        self._add(payee, amount_atoms)

    def _snapshot(self, account: int, funding_index: Sequence[int]) -> tuple[int, tuple[int, ...]]:
        """Return (cash with funding paid, lots by market), nothing booked."""
        own = self._positions.get(account, {})
        cash = self._cash_atoms.get(account, 0)
        cash -= sum(position.size_lots * (funding_index[m] - position.paid_index) for m, position in own.items())
        return cash, tuple(own[m].size_lots if m in own else 0 for m in range(MARKET_COUNT))

    def _check_margin(
        self,
        account: int,
        before: tuple[int, tuple[int, ...]],
        marks_ticks: Sequence[int],
        funding_index: Sequence[int],
        fractions: MarginFractions,
    ) -> None:
        (cash_0, sizes_0), (cash_1, sizes_1) = before, self._snapshot(account, funding_index)
        paid = (0,) * MARKET_COUNT  # all funding is in the cash already
        opened = compute_margin(cash_0, sizes_0, marks_ticks, paid, fractions)
        closed = compute_margin(cash_1, sizes_1, marks_ticks, paid, fractions)
        if not is_valid_close(opened, closed, sizes_0, sizes_1):
            raise DirectMarginBroken(account, closed.equity, closed.initial)

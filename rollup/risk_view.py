"""What a batch asks of all accounts at once: who is below a requirement, and who holds the other side of a position.

`PlainRisk` answers by looking at every account. A sequencer of many accounts keeps arrays instead and hands its own
view to `build_batch`: same answers, same order, same batch. A view stands for the accounts as the batch found them;
`changed` are those that the batch has moved since, and counts before it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Protocol

from rollup.accounts import Account
from rollup.errors import TxRejected
from rollup.holders import Candidate, Holders, sort_by_leverage, sort_by_size
from rollup.margin import Margin
from rollup.rent import charge_rent
from rollup.risk import find_liquidatable, find_rescuable
from rollup.takeover import PROVABLE_BITS
from rollup.tick import Tick
from rollup.txs.effect import compute_margin_at
from rollup.units import FIRST_USER_ACCOUNT

__all__ = ["PlainRisk", "RiskView", "open_candidate"]


class RiskView(Protocol):
    """The three questions. Answers may be worked out as they are read, of `changed` as it was when asked."""

    def find_liquidatable(self, changed: Mapping[int, Account], tick: Tick) -> Iterable[tuple[int, Margin]]:
        """Return what `risk.find_liquidatable` returns, in its order."""

    def find_rescuable(self, changed: Mapping[int, Account], tick: Tick) -> Iterable[tuple[int, Margin]]:
        """Return what `risk.find_rescuable` returns, in its order."""

    def find_holders(self, changed: Mapping[int, Account], tick: Tick) -> Holders:
        """Return the user accounts with equity left after rent, to be asked for by market and side."""


def open_candidate(account_id: int, account: Account, tick: Tick) -> Candidate | None:
    """Return a user account as a counterparty, its rent paid; None where it has no equity, or more than is provable."""
    try:
        opened, _ = charge_rent(account, tick)
    except TxRejected:  # a debt beyond what an account can hold: no lane can open it
        return None
    equity_atoms = compute_margin_at(opened, tick).equity
    if account_id < FIRST_USER_ACCOUNT or not 0 < equity_atoms < 1 << PROVABLE_BITS:
        return None
    return Candidate(account_id, opened.sizes_lots, equity_atoms)


class PlainRisk:
    """The view that reads every account at every question."""

    def __init__(self, accounts: Mapping[int, Account]) -> None:
        self._accounts = accounts

    def find_liquidatable(self, changed: Mapping[int, Account], tick: Tick) -> list[tuple[int, Margin]]:
        """Return (account id, margin) of those below maintenance, worst health first."""
        prices = (tick.header.marks_ticks, tick.header.funding_index, tick.fractions)
        return find_liquidatable({**self._accounts, **changed}, *prices)

    def find_rescuable(self, changed: Mapping[int, Account], tick: Tick) -> list[tuple[int, Margin]]:
        """Return (account id, margin) of those that may be rescued, worst health first, debts last."""
        prices = (tick.header.marks_ticks, tick.header.funding_index, tick.fractions)
        return find_rescuable({**self._accounts, **changed}, *prices)

    def find_holders(self, changed: Mapping[int, Account], tick: Tick) -> _PlainHolders:
        """Return the accounts to be asked for by market and side."""
        return _PlainHolders({**self._accounts, **changed}, tick)


class _PlainHolders:
    def __init__(self, accounts: Mapping[int, Account], tick: Tick) -> None:
        self._accounts = accounts
        self._tick = tick

    def by_leverage(self, market: int, direction: int) -> list[Candidate]:
        return sort_by_leverage(self._open(market, direction), market)

    def by_size(self, market: int, direction: int) -> list[Candidate]:
        return sort_by_size(self._open(market, direction), market)

    def _open(self, market: int, direction: int) -> list[Candidate]:
        held = ((i, one) for i, one in self._accounts.items() if one.sizes_lots[market] * direction > 0)
        opened = (open_candidate(account_id, account, self._tick) for account_id, account in held)
        return [candidate for candidate in opened if candidate is not None]

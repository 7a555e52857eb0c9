"""The solvency identity: what all accounts hold is what the vault holds, exactly.

A fill of d lots at p* moves `-d * (p* * 10**6 - F)`; in one market the fills of a batch share p* and F and their d
sum to 0, so trading and any change of prices or funding leave sum(cash) as it is. Fees, rent and penalties go to
accounts 1 and 0. A takeover moves cash and lots; a victim is closed at the mark, its deficit paid by its counterparties
to the last atom, its surplus to the fund; both legs of a forced trade share their price. Deposits and withdrawals
change cash and vault alike. Hence, after every batch:
sum(cash_atoms) == vault_e6 * 10**12, and in every market sum(size_lots) == 0 (so sum(equity) == sum(cash)).
The open interest of the header, moved from batch to batch, is what all accounts hold long.
"""

from __future__ import annotations

from dataclasses import dataclass

from rollup.errors import BatchInvalid
from rollup.state import State
from rollup.units import ATOMS_PER_E6, MARKET_COUNT

__all__ = ["CashNotConserved", "OpenInterestWrong", "PositionsNotClosed", "check_solvency"]


@dataclass(eq=False)
class CashNotConserved(BatchInvalid):
    """The accounts' cash does not add up to the vault."""

    code = "cash_not_conserved"
    batch_number: int
    cash_atoms: int
    vault_atoms: int

    def __str__(self) -> str:
        return f"after batch {self.batch_number}: cash {self.cash_atoms}, vault {self.vault_atoms} (1e-18 USD)"


@dataclass(eq=False)
class PositionsNotClosed(BatchInvalid):
    """A market's longs and shorts do not cancel."""

    code = "positions_not_closed"
    batch_number: int
    market: int
    net_lots: int

    def __str__(self) -> str:
        return f"after batch {self.batch_number}: market {self.market} is {self.net_lots} lots off balance"


@dataclass(eq=False)
class OpenInterestWrong(BatchInvalid):
    """A market's open interest is not what accounts hold long."""

    code = "open_interest_wrong"
    batch_number: int
    market: int
    open_interest_lots: int
    held_lots: int

    def __str__(self) -> str:
        facts = f"open interest {self.open_interest_lots}, accounts hold {self.held_lots} lots long"
        return f"after batch {self.batch_number}: market {self.market}: {facts}"


def check_solvency(state: State) -> None:
    """Raise CashNotConserved, PositionsNotClosed or OpenInterestWrong unless the identity holds over all accounts."""
    accounts, header = state.accounts.values(), state.header
    cash_atoms, vault_atoms = sum(a.cash_atoms for a in accounts), header.vault_e6 * ATOMS_PER_E6
    if cash_atoms != vault_atoms:
        raise CashNotConserved(header.batch_number, cash_atoms, vault_atoms)
    for market in range(MARKET_COUNT):
        sizes_lots = [account.sizes_lots[market] for account in accounts]
        if net_lots := sum(sizes_lots):
            raise PositionsNotClosed(header.batch_number, market, net_lots)
        open_lots, held_lots = header.open_interest_lots[market], sum(size for size in sizes_lots if size > 0)
        if open_lots != held_lots:
            raise OpenInterestWrong(header.batch_number, market, open_lots, held_lots)

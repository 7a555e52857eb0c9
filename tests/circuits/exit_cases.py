"""Exits of any account at any prices: the state around it, and the circuit's inputs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cache

from circuits.exit import build_exit
from circuits.exit_inputs import compute_exit_witness_inputs
from rollup.accounts import EMPTY_ACCOUNT, Account
from rollup.exit import ExitOpening, open_exit
from rollup.state import State
from rollup.units import ATOMS_PER_E6
from tests.circuits.lane_cases import LoneTemplate, Values, Venue
from tests.circuits.trade_scenes import FAR_MARKET, LOT, USER, make_account, make_venue

__all__ = ["ExitCase", "at_equity", "get_honest_exits", "load_exit_template", "make_exit_inputs"]

MOST_CASH, MOST_SIZE, MOST_PRICE, MOST_FUNDING = 2**120 - 1, 2**48 - 1, 2**48 - 1, 2**72 - 1
LAST = 2**21 - 1
NEIGHBOURS = {3: make_account(3, usd=70_000), 8**6: Account(owner=5, cash_atoms=7)}
HOLDING = {0: 3 * LOT, 1: -2 * LOT, FAR_MARKET: 5, 15: -1}


@dataclass(frozen=True)
class ExitCase:
    """An account at its index, and the prices and neighbours that its state has beside it."""

    account: Account = EMPTY_ACCOUNT
    account_id: int = USER
    venue: Venue = field(default_factory=lambda: make_venue(others=NEIGHBOURS))

    @property
    def state(self) -> State:
        """The state."""
        accounts: Mapping[int, Account] = dict(self.venue.others) | {self.account_id: self.account}
        tree = self.venue.tree(accounts)
        header = replace(self.venue.header(tree.root, 1), queue_consumed=4, vault_e6=77, premiums=tuple(range(-8, 8)))
        return State(header, tree, {i: account for i, account in accounts.items() if account != EMPTY_ACCOUNT})

    @property
    def opening(self) -> ExitOpening:
        """The account opened in its state."""
        return open_exit(self.state, self.account_id)


def make_exit_inputs(opening: ExitOpening) -> Values:
    """Return the circuit's public and private inputs."""
    given = compute_exit_witness_inputs(opening)
    return given.bus | given.privates[0]


@cache
def load_exit_template() -> LoneTemplate:
    """Return the exit circuit's template alone; recorded once in a process."""
    return LoneTemplate("Exit", build_exit)


def at_equity(equity_atoms: int, *, sizes: Mapping[int, int] | None = None, **changes: int) -> ExitCase:
    """Return the exit of an account with these positions whose cash makes its equity just that."""
    venue = make_venue(others=NEIGHBOURS)
    held = {} if sizes is None else dict(sizes)
    worth = sum(lots * (venue.marks[m] * 10**6 - venue.funding[m]) for m, lots in held.items())
    return ExitCase(make_account(cash_atoms=equity_atoms - worth, sizes=held), venue=venue, **changes)


def at_extreme(direction: int) -> ExitCase:
    """Return the exit of the greatest equity of either sign that a state can hold."""
    venue = make_venue(
        others=NEIGHBOURS, marks_ticks=(MOST_PRICE,) * 16, funding_index=(-MOST_FUNDING,) * 16, clearing_ticks=()
    )
    account = Account(owner=2**160 - 1, cash_atoms=direction * MOST_CASH, sizes_lots=(direction * MOST_SIZE,) * 16)
    full = replace(account, epoch=2**32 - 1, cash_nonce=2**32 - 1, tier=7, last_touched_s=2**40 - 1)
    return ExitCase(full, LAST, venue)


@cache
def get_honest_exits() -> dict[str, Values]:
    """Return the inputs of exits of every kind: either sign, each edge of the floor, the accounts that nobody owns."""
    cases = {
        "rich": at_equity(123_456 * 10**18 + 987_654_321_012, sizes=HOLDING),
        "in debt": at_equity(-(10**21) - 5, sizes=HOLDING),
        "nothing": at_equity(0),
        "nothing, with positions": at_equity(0, sizes=HOLDING),
        "one atom": at_equity(1),
        "dust": at_equity(ATOMS_PER_E6 - 1, sizes=HOLDING),
        "one unit": at_equity(ATOMS_PER_E6),
        "one unit and all dust": at_equity(2 * ATOMS_PER_E6 - 1),
        "one atom of debt": at_equity(-1, sizes=HOLDING),
        "a unit of debt": at_equity(-ATOMS_PER_E6),
        "an atom more debt": at_equity(-ATOMS_PER_E6 - 1),
        "empty leaf": ExitCase(account_id=777),
        "given back": ExitCase(Account(epoch=4, last_touched_s=9)),
        "last account": at_equity(5 * 10**18, account_id=LAST),
        "fund": ExitCase(Account(cash_atoms=-(10**20), sizes_lots=(9 * LOT, *(0,) * 15)), 0),
        "treasury": ExitCase(Account(cash_atoms=10**19 + 4, last_touched_s=5), 1),
        "greatest equity": at_extreme(1),
        "greatest debt": at_extreme(-1),
    }
    return {name: make_exit_inputs(case.opening) for name, case in cases.items()}

"""What an account may register when the rollup is frozen: its equity at the last prices, in the base layer's unit.

Nothing is charged any more: there is no batch after the freeze, so no fee, and rent accrues only when a batch touches a
leaf. What the registered equities are paid is for the base layer to say: a haircut of them, accounts 0 and 1 last.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from rollup.accounts import Account
from rollup.margin import compute_equity
from rollup.packing import pack
from rollup.state import State, StateHeader
from rollup.units import ACCOUNT_BITS, ATOMS_PER_E6, EQUITY_BITS

__all__ = [
    "CLAIM_E6_BITS",
    "ExitInputs",
    "ExitOpening",
    "compute_claim_e6",
    "compute_exit_equity",
    "compute_exit_inputs",
    "open_exit",
    "pack_claim",
    "unpack_claim",
]

CLAIM_E6_BITS = (2**EQUITY_BITS // ATOMS_PER_E6).bit_length()  # 86: an equity is below 2**125 atoms, a unit is 10**12


class ExitInputs(NamedTuple):
    """The public inputs of an exit proof, in this order, as field elements."""

    state_root: int
    owner: int  # address on the base layer; 0 for the fund, the treasury and a leaf that nobody holds
    claim: int  # account 21 bits | equity_e6


@dataclass(frozen=True)
class ExitOpening:
    """One account of a state, and all that ties it to the state root."""

    header: StateHeader
    account_id: int
    account: Account
    account_path: tuple[tuple[int, ...], ...]


def open_exit(state: State, account_id: int) -> ExitOpening:
    """Return an account of a state with its path. Any index of the tree will do: an empty leaf claims nothing."""
    return ExitOpening(state.header, account_id, state.get_account(account_id), state.tree.path(account_id))


def compute_exit_equity(header: StateHeader, account: Account) -> int:
    """Return the account's equity at the state's marks and funding indices, in atoms. Exact, of either sign."""
    return compute_equity(account.cash_atoms, account.sizes_lots, header.marks_ticks, header.funding_index)


def compute_claim_e6(equity_atoms: int) -> int:
    """Return floor(max(equity, 0) / 10**12), in 1e-6 USD: nobody claims more than there is, nor less than nothing."""
    return max(equity_atoms, 0) // ATOMS_PER_E6


def pack_claim(account_id: int, claim_e6: int) -> int:
    """Return account 21 bits | claim_e6. Raises ValueError where one does not fit."""
    return pack((account_id, ACCOUNT_BITS), (claim_e6, CLAIM_E6_BITS))


def unpack_claim(claim: int) -> tuple[int, int]:
    """Return (account_id, claim_e6) of a claim that was proved."""
    return claim & (1 << ACCOUNT_BITS) - 1, claim >> ACCOUNT_BITS


def compute_exit_inputs(opening: ExitOpening) -> ExitInputs:
    """Return the public inputs of an account's exit."""
    claim_e6 = compute_claim_e6(compute_exit_equity(opening.header, opening.account))
    return ExitInputs(opening.header.state_root, opening.account.owner, pack_claim(opening.account_id, claim_e6))

"""What an account may claim when the rollup is frozen."""

from __future__ import annotations

import pytest

from rollup.accounts import Account
from rollup.exit import CLAIM_E6_BITS, compute_claim_e6, compute_exit_equity, open_exit, pack_claim, unpack_claim
from rollup.exit import compute_exit_inputs as compute_inputs
from rollup.state import make_genesis
from rollup.trees import compute_root_from_path
from rollup.units import ACCOUNT_BITS, ATOMS_PER_E6, EQUITY_BITS, LOT_TICK_ATOMS
from tests.scenarios import AVAX_PRICE, START_S, USD, Exchange


@pytest.mark.parametrize(
    ("equity_atoms", "claim_e6"),
    [
        (0, 0),
        (1, 0),
        (ATOMS_PER_E6 - 1, 0),
        (ATOMS_PER_E6, 1),
        (2 * ATOMS_PER_E6 - 1, 1),
        (-1, 0),
        (-ATOMS_PER_E6, 0),
        (-(10**40), 0),
    ],
)
def test_claim_is_the_floor_of_what_is_there(equity_atoms: int, claim_e6: int) -> None:
    assert compute_claim_e6(equity_atoms) == claim_e6


def test_equity_is_cash_and_positions_at_the_mark() -> None:
    header = make_genesis((AVAX_PRICE,), START_S).header
    account = Account(cash_atoms=-7, sizes_lots=(3, *(0,) * 15))
    assert compute_exit_equity(header, account) == 3 * AVAX_PRICE * LOT_TICK_ATOMS - 7


@pytest.mark.parametrize("account_id", [0, 1, 2, 2**ACCOUNT_BITS - 1])
@pytest.mark.parametrize("claim_e6", [0, 1, 2**CLAIM_E6_BITS - 1])
def test_claim_comes_back_from_its_word(account_id: int, claim_e6: int) -> None:
    assert unpack_claim(pack_claim(account_id, claim_e6)) == (account_id, claim_e6)


@pytest.mark.parametrize(("account_id", "claim_e6"), [(2**ACCOUNT_BITS, 0), (0, 2**CLAIM_E6_BITS), (-1, 0), (0, -1)])
def test_invalid_claim_beyond_its_word(account_id: int, claim_e6: int) -> None:
    with pytest.raises(ValueError, match="does not fit"):
        pack_claim(account_id, claim_e6)


def test_every_equity_has_its_place() -> None:
    assert compute_claim_e6(2**EQUITY_BITS - 1) < 2**CLAIM_E6_BITS


def test_exit_of_a_depositor() -> None:
    exchange = Exchange()
    state = exchange.batch(cash=[exchange.deposit(2, 2_000)]).state
    opening = open_exit(state, 2)
    inputs = compute_inputs(opening)
    assert (inputs.state_root, inputs.owner) == (state.state_root, state.get_account(2).owner)
    assert unpack_claim(inputs.claim) == (2, state.get_account(2).cash_atoms // ATOMS_PER_E6)
    assert 0 < unpack_claim(inputs.claim)[1] <= 2_000 * USD
    leaf, tag = opening.account.leaf_hash(), state.tree.tag
    assert compute_root_from_path(leaf, 2, opening.account_path, tag) == state.header.accounts_root

"""The exit circuit: one account's equity at the prices of a state root. Twin of rollup/exit.py.

A circuit of its own: one instance of one template, whose ports are the public inputs. docs/exit.md.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

from circuits.account import AccountWires, account_id_bits, hash_leaf, hash_positions, open_account
from circuits.assembly import Assembly, Instance, number_bus
from circuits.bits import assert_boolean, from_bits
from circuits.division import floor_divide
from circuits.header import hash_all_markets, hash_markets, hash_state
from circuits.linear import LC
from circuits.margin import compute_equity, sign_sizes
from circuits.merkle import compute_root, private_path
from circuits.program import Opcode
from circuits.select import select
from circuits.system import ConstraintSystem
from circuits.template import Template, record_template
from rollup import tags
from rollup.exit import CLAIM_E6_BITS, ExitInputs
from rollup.units import (
    ACCOUNT_BITS,
    ACCOUNT_TREE_DEPTH,
    ATOMS_PER_E6,
    EQUITY_BITS,
    LOT_TICK_ATOMS,
    MARKET_COUNT,
)

__all__ = ["EXIT", "build_exit", "build_exit_circuit", "exit_template"]

EXIT = "exit"  # the name of its key

# |equity| < 2**125 (rollup/units.py): leaf and header were in range when they were stored. Of equity and -1 - equity
# the one that is not negative is below 2**125 too, its quotient by 10**12 below 2**86: every account is provable.
assert ATOMS_PER_E6 << CLAIM_E6_BITS >= 1 << EQUITY_BITS
# What floor_divide proves is below 2**86 * 10**12 < 2**126. The two add up to -1, so at most one of them is.
assert ATOMS_PER_E6 << CLAIM_E6_BITS < 1 << 126
assert ACCOUNT_BITS + CLAIM_E6_BITS < 252  # the claim packs into one element


@dataclass(frozen=True)
class StatePrices:
    """Marks in ticks (48 bits) and funding indices in atoms a lot (signed, 72 bits) of a state."""

    marks: Sequence[LC]
    funding: Sequence[LC]

    def value_per_lot(self, market: int) -> LC:
        """Return what one lot is worth against the funding-folded cash: mark * 10**6 - F, in atoms."""
        return self.marks[market] * LOT_TICK_ATOMS - self.funding[market]


def build_exit(cs: ConstraintSystem) -> None:
    """Record the exit circuit. Constraints: 6,270.

    Ports: state_root, owner, claim. Private: account_id, account/.., account_path[h][k], state/...
    """
    id_bits = account_id_bits(cs)
    account = open_account(cs, name="account")
    path = private_path(cs, ACCOUNT_TREE_DEPTH, name="account_path")
    leaf = _hash_account(cs, account)
    accounts_root = compute_root(cs, leaf, id_bits, path, tags.ACCOUNT_NODE, name="account_tree")
    prices = open_state(cs, accounts_root)
    cs.assert_equal(account.owner, cs.port("owner"), name="owner/is_public")
    signed = sign_sizes(cs, account.sizes, account.signs, name="equity/signed")
    equity = compute_equity(cs, account.cash, signed, prices, name="equity/value")
    claim_e6 = compute_claim_e6(cs, equity, name="claim")
    cs.assert_equal(from_bits(id_bits) + claim_e6 * (1 << ACCOUNT_BITS), cs.port("claim"), name="claim/is_public")


def _hash_account(cs: ConstraintSystem, account: AccountWires) -> LC:
    """Return the leaf. Constraints: 804 + 459."""
    return hash_leaf(
        cs,
        key=account.key,
        owner=account.owner,
        status=account.status(),
        epoch=account.epoch,
        last_touched=account.last_touched,
        cash=account.cash,
        orders_root=account.orders_root,
        positions=hash_positions(cs, account.sizes, name="account/positions"),
        name="account/leaf",
    )


def open_state(cs: ConstraintSystem, accounts_root: LC) -> StatePrices:
    """Return the prices behind the port state_root, of a state with these accounts.

    Everything else of the header stays as it is hashed: its premiums, open interest, fee record, signers' times.
    Constraints: 2 * 609 + 297 + 381 + 1, named state/...
    """
    with cs.scope("state"):
        marks = [cs.private(f"marks[{m}]") for m in range(MARKET_COUNT)]
        funding = [cs.private(f"funding[{m}]") for m in range(MARKET_COUNT)]
        priced = [hash_markets(cs, name, values) for name, values in (("marks", marks), ("funding", funding))]
        others = [cs.private("premiums_hash"), cs.private("open_interest_hash")]
        rest = [cs.private(name) for name in ("resources_hash", "oracle_hash", "queue", "vault", "clock")]
        root = hash_state(cs, [accounts_root, hash_all_markets(cs, [*priced, *others]), *rest], name="root")
    cs.assert_equal(root, cs.port("state_root"), name="state/root/is_public")
    return StatePrices(marks, funding)


def compute_claim_e6(cs: ConstraintSystem, equity: LC, *, name: str) -> LC:
    """Return floor(max(equity, 0) / 10**12), decided in both directions.

    `negative` is the prover's word. It is a boolean, and magnitude = equity or -1 - equity is proved to be
    quotient * 10**12 + remainder, so to lie in [0, 2**126): equity itself if it is not negative, and only then; the
    other if it is below 0, and only then. So one division proves the sign and the floor; its quotient counts only where
    equity is not negative. Assumes |equity| < 2**125.
    Constraints: 1 + 1 + 138 + 1, named {name}/negative/boolean, {name}/magnitude, {name}/floor/.., {name}/counts.
    """
    with cs.scope(name):
        (negative,) = cs.hint(Opcode.IS_NEG, equity, name="negative")
        assert_boolean(cs, negative, name="negative/boolean")
        magnitude = select(cs, negative, -1 - equity, equity, name="magnitude")
        quotient = floor_divide(cs, magnitude, ATOMS_PER_E6, CLAIM_E6_BITS, name="floor")
        return cs.mul(1 - negative, quotient, name="counts")


@cache
def exit_template() -> Template:
    """Return the exit circuit's one template."""
    return record_template("Exit", build_exit)


@cache
def build_exit_circuit() -> Assembly:
    """Return the exit circuit: one instance, whose ports are the public inputs."""
    template = exit_template()
    instance = Instance(EXIT, template, {port: port for port in template.ports})
    return Assembly(EXIT, (instance,), number_bus(ExitInputs._fields, [instance]), ExitInputs._fields)

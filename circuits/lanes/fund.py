"""FundLane: accounts 0 (insurance fund) and 1 (treasury), open together, take exactly what the batch owes them."""

from __future__ import annotations

from circuits.account import hash_leaf
from circuits.linear import LC
from circuits.margin import assert_cash_in_range
from circuits.merkle import private_path
from circuits.poseidon import poseidon
from circuits.system import ConstraintSystem
from rollup import tags
from rollup.units import ACCOUNT_TREE_DEPTH, ATOMS_PER_E6


def build_fund_lane(cs: ConstraintSystem) -> None:
    """Record the FundLane: the fund takes penalties, base fees and rent, the treasury fees; nothing else changes.

    Both leaves hang under one node, so the path is paid once: at height 0 children 0 and 1 change, above it child 0.
    Ports: root_in, root_out, penalties, base_fees (1e-6 USD), rent, fees.
    """
    due = cs.port("penalties") + cs.port("base_fees") * ATOMS_PER_E6 + cs.port("rent")
    fund, fund_after = _credit(cs, "fund", due)
    treasury, treasury_after = _credit(cs, "treasury", cs.port("fees"))
    path = private_path(cs, ACCOUNT_TREE_DEPTH, name="account_path")
    before: list[LC] = [fund, treasury]
    after: list[LC] = [fund_after, treasury_after]
    for height, children in enumerate(path):
        others = children[len(before) :]
        with cs.scope(f"account_tree/level[{height}]"):
            before = [poseidon(cs, [*before, *others], tags.ACCOUNT_NODE, name="old")]
            after = [poseidon(cs, [*after, *others], tags.ACCOUNT_NODE, name="new")]
    cs.assert_equal(before[0], cs.port("root_in"), name="account_tree/root_in")
    cs.assert_equal(after[0], cs.port("root_out"), name="account_tree/root_out")


def _credit(cs: ConstraintSystem, name: str, due: LC) -> tuple[LC, LC]:
    """Return one account's leaf before and after taking `due` atoms."""
    with cs.scope(name):
        fields = {field: cs.private(field) for field in ("owner", "status", "epoch", "last_touched", "orders_root")}
        key = cs.private("key_x"), cs.private("key_y")
        positions = [cs.private("positions[0]"), cs.private("positions[1]")]
        cash = cs.private("cash")
        assert_cash_in_range(cs, cash + due, name="cash_after")  # |due| < 2**124: 2**10 fills of fees below 2**116
        leaves = [
            hash_leaf(cs, key=key, cash=amount, positions=positions, name=f"leaf_{when}", **fields)
            for when, amount in (("before", cash), ("after", cash + due))
        ]
    return leaves[0], leaves[1]

"""FundLane: accounts 0 (insurance fund) and 1 (treasury), open together, take exactly what the batch owes them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from circuits.account import hash_leaf, hash_positions
from circuits.bits import from_bits
from circuits.fills import split_sign
from circuits.fund import FundFill, assert_shrinks, open_fund_fill, spend_budget
from circuits.inputs import private_flag
from circuits.linear import LC
from circuits.margin import assert_cash_in_range, compute_equity, sign_sizes
from circuits.market_totals import CHANGE_SHIFT, FILLS_SHIFT
from circuits.merkle import ARITY_BITS
from circuits.poseidon import poseidon
from circuits.published import publish
from circuits.system import ConstraintSystem
from circuits.tables import Tables, table_ports
from rollup import tags
from rollup.records import FUND_WORDS
from rollup.resources import ORDER_FILL
from rollup.units import ACCOUNT_TREE_DEPTH, ATOMS_PER_E6, MARKET_COUNT


@dataclass(frozen=True)
class _Leaves:
    """One account's leaf before and after."""

    before: LC
    after: LC


def build_fund_lane(cs: ConstraintSystem) -> None:
    """Record the FundLane.

    The fund takes penalties, base fees, rent and what was taken over, then may fill once; the treasury takes trading
    fees and tips. Neither pays rent; nothing else of them changes.
    Ports: table/..; root_in, root_out; penalties, base_fees_e6, rent, takeover_cash, takeover_lots[m], fund_equity (at
    open); fees, tips_e6; fund_band_ppm, budget_in, budget_out; lots_in[m], lots_out[m]; usage_in, usage_out; data[0].
    """
    tables = table_ports(cs)
    fill = open_fund_fill(cs, tables, cs.port("fund_band_ppm"))
    due = cs.port("penalties") + cs.port("base_fees_e6") * ATOMS_PER_E6 + cs.port("rent") + cs.port("takeover_cash")
    fund = _run_fund(cs, tables, fill, due)
    treasury = _credit_treasury(cs, cs.port("fees") + cs.port("tips_e6") * ATOMS_PER_E6)
    _replace_leaves(cs, fund, treasury)
    cs.assert_equal(spend_budget(cs, fill, cs.port("budget_in")), cs.port("budget_out"), name="totals/budget")
    cs.assert_equal(cs.port("usage_in") + fill.executed * ORDER_FILL.packed, cs.port("usage_out"), name="totals/usage")
    publish(cs, 0, FUND_WORDS[0], fill.executed, {"market": fill.market, "lots": fill.fill}, {}, "fill")


def _run_fund(cs: ConstraintSystem, tables: Tables, fill: FundFill, due: LC) -> _Leaves:
    """Return the fund's leaves: it takes `due` atoms and the lots taken over, and fills.

    Of its status word only the signs can differ from 0: nobody sets its tier or signs for it.
    """
    with cs.scope("fund"):
        signs = [private_flag(cs, f"sign[{m}]") for m in range(MARKET_COUNT)]
        sizes = [cs.private(f"size[{m}]") for m in range(MARKET_COUNT)]
        cash = cs.private("cash")
        signed = sign_sizes(cs, sizes, signs, name="signed")
        equity = compute_equity(cs, cash, signed, tables, name="value")
    cs.assert_equal(equity, cs.port("fund_equity"), name="fund/equity_at_open")
    held = [own + cs.port(f"takeover_lots[{m}]") for m, own in enumerate(signed)]
    filled = [cs.mul(hot, fill.signed_lots, name=f"fill/by_market[{m}]") for m, hot in enumerate(fill.hot)]
    # |held| < 2**48 + 2**11 * 2**48: far from what 48 bits and a wrong sign could hold
    split = [split_sign(cs, held[m] + filled[m], name=f"fund/position[{m}]") for m in range(MARKET_COUNT)]
    sizes_after = [size for size, _ in split]
    assert_shrinks(cs, fill, held, sizes_after)
    for m in range(MARKET_COUNT):
        moved = held[m] + filled[m] - signed[m] + (sizes_after[m] - sizes[m]) * 2**CHANGE_SHIFT
        before, after = cs.port(f"lots_in[{m}]"), cs.port(f"lots_out[{m}]")
        cs.assert_product(fill.hot[m], fill.fill * 2**FILLS_SHIFT, after - before - moved, name=f"totals/lots[{m}]")
    with cs.scope("fund"):
        return _hash_both(
            cs,
            cash=(cash, cash + due + fill.cash_change),
            status=(from_bits(signs), from_bits([sign for _, sign in split])),
            positions=(
                hash_positions(cs, sizes, name="positions_before"),
                hash_positions(cs, sizes_after, name="positions_after"),
            ),
        )


def _credit_treasury(cs: ConstraintSystem, due: LC) -> _Leaves:
    """Return the treasury's leaves: it takes `due` atoms, which may be negative, and nothing else of it changes."""
    with cs.scope("treasury"):
        status, cash = cs.private("status"), cs.private("cash")
        positions = [cs.private("positions[0]"), cs.private("positions[1]")]
        return _hash_both(cs, cash=(cash, cash + due), status=(status, status), positions=(positions, positions))


def _hash_both(
    cs: ConstraintSystem, *, cash: tuple[LC, LC], status: tuple[LC, LC], positions: tuple[Sequence[LC], Sequence[LC]]
) -> _Leaves:
    """Return the leaf hashes with these fields before and after, cash after in range, the other fields as they are.

    No sum that comes in here reaches 2**140: a batch has fewer than 2**12 lanes and each adds less than 2**121.
    """
    fields = {field: cs.private(field) for field in ("owner", "epoch", "last_touched", "orders_root")}
    key = cs.private("key_x"), cs.private("key_y")
    assert_cash_in_range(cs, cash[1], name="cash_after")
    return _Leaves(
        *(
            hash_leaf(
                cs, key=key, cash=cash[i], status=status[i], positions=positions[i], name=f"leaf_{when}", **fields
            )
            for i, when in enumerate(("before", "after"))
        )
    )


def _replace_leaves(cs: ConstraintSystem, fund: _Leaves, treasury: _Leaves) -> None:
    """Constrain the account root through the lane.

    Both leaves hang under one node, so the path is paid once: at height 0 children 0 and 1 change, above it child 0.
    """
    before, after = [fund.before, treasury.before], [fund.after, treasury.after]
    for height in range(ACCOUNT_TREE_DEPTH):
        others = [cs.private(f"account_path[{height}][{k}]") for k in range(len(before), 1 << ARITY_BITS)]
        with cs.scope(f"account_tree/level[{height}]"):
            before = [poseidon(cs, [*before, *others], tags.ACCOUNT_NODE, name="old")]
            after = [poseidon(cs, [*after, *others], tags.ACCOUNT_NODE, name="new")]
    cs.assert_equal(before[0], cs.port("root_in"), name="account_tree/root_in")
    cs.assert_equal(after[0], cs.port("root_out"), name="account_tree/root_out")

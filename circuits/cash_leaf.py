"""The account's leaf in a CashLane, as opened and as it is put back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from circuits.account import TIER_BITS, hash_leaf, pack_status
from circuits.bits import from_bits
from circuits.cash_holder import Applied, Holder, hand_over
from circuits.cash_kinds import Kinds
from circuits.inputs import private_bits, private_flag
from circuits.linear import LC
from circuits.select import select
from circuits.system import ConstraintSystem
from rollup.accounts import EMPTY_ORDERS
from rollup.units import COUNTER_BITS, MARKET_COUNT

__all__ = ["CashLeaf", "hash_leaf_after", "hash_leaf_before", "open_cash_leaf"]


@dataclass(frozen=True)
class CashLeaf:
    """The fields as opened; of the cash nonce, the one after."""

    holder: Holder
    signs: Sequence[LC]
    tier_bits: Sequence[LC]
    nonce_after: LC
    epoch: LC
    last_touched: LC
    cash: LC
    orders_root: LC
    sizes: Sequence[LC]
    positions: Sequence[LC]


def open_cash_leaf(cs: ConstraintSystem) -> CashLeaf:
    """Return the leaf's fields as private inputs. Constraints: 16 + 3 + 32 booleans, named account/..."""
    holder = Holder.private(cs, "account")
    with cs.scope("account"):
        return CashLeaf(
            holder=holder,
            signs=[private_flag(cs, f"sign[{m}]") for m in range(MARKET_COUNT)],
            tier_bits=private_bits(cs, "tier", TIER_BITS),
            # the nonce after is ranged; one that did not fit before would make the packed status negative
            nonce_after=from_bits(private_bits(cs, "cash_nonce_after", COUNTER_BITS)),
            epoch=cs.private("epoch"),
            last_touched=cs.private("last_touched"),
            cash=cs.private("cash"),
            orders_root=cs.private("orders_root"),
            sizes=[cs.private(f"size[{m}]") for m in range(MARKET_COUNT)],
            positions=[cs.private("positions[0]"), cs.private("positions[1]")],
        )


def hash_leaf_before(cs: ConstraintSystem, leaf: CashLeaf, cash_nonce: LC) -> LC:
    """Return the leaf as opened. Constraints: 459."""
    return hash_leaf(
        cs,
        key=leaf.holder.key,
        owner=leaf.holder.owner,
        status=pack_status(leaf.signs, leaf.tier_bits, cash_nonce),
        epoch=leaf.epoch,
        last_touched=leaf.last_touched,
        cash=leaf.cash,
        orders_root=leaf.orders_root,
        positions=leaf.positions,
        name="account/leaf_before",
    )


def hash_leaf_after(
    cs: ConstraintSystem,
    leaf: CashLeaf,
    kinds: Kinds,
    applied: Applied,
    *,
    named: Holder,
    new_tier: LC,
    timestamp: LC,
    cash_after: LC,
    cancelled_orders_root: LC,
) -> LC:
    """Return the leaf as it is put back; emptied, it keeps its epoch and the positions that it does not hold.

    Constraints: 459 + 10, named account/...
    """
    holder = hand_over(cs, kinds, applied, leaf.holder, named)
    raises_epoch = applied.creates + applied.forced_cancel_all + applied.forced_key_change
    orders_left = cs.mul(kinds.empties, leaf.orders_root - EMPTY_ORDERS.root, name="account/orders_root_left")
    return hash_leaf(
        cs,
        key=holder.key,
        owner=holder.owner,
        status=_status_after(cs, leaf, kinds, applied, new_tier),
        epoch=leaf.epoch + kinds.key_change + kinds.cancel_all + raises_epoch,
        last_touched=select(
            cs, applied.touches(kinds), timestamp, leaf.last_touched, name="account/last_touched_after"
        ),
        cash=cash_after,
        orders_root=cancelled_orders_root - orders_left,
        positions=leaf.positions,
        name="account/leaf_after",
    )


def _status_after(cs: ConstraintSystem, leaf: CashLeaf, kinds: Kinds, applied: Applied, new_tier: LC) -> LC:
    status = pack_status(leaf.signs, leaf.tier_bits, leaf.nonce_after)
    change = cs.mul(applied.set_tier, new_tier - from_bits(leaf.tier_bits), name="account/tier_change")
    return status + change * (1 << MARKET_COUNT) - cs.mul(kinds.empties, status, name="account/status_left")

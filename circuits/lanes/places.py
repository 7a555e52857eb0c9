"""The order places of one turn: each fills an order, or nothing; place 0 may be a liquidation's instead."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from circuits.account import AccountWires
from circuits.fees import compute_fee_rate
from circuits.fills import Fill, apply_fill
from circuits.linear import LC, sum_lc
from circuits.margin import Margin, assert_valid_close
from circuits.orders import PlacedOrder, apply_order
from circuits.select import multiplex
from circuits.system import ConstraintSystem
from circuits.tables import Tables
from rollup.units import ATOMS_PER_E6


@dataclass(frozen=True)
class Place:
    """One order place after its fill: of an order, of a liquidation, or of nothing."""

    active: LC
    fill: Fill
    order: PlacedOrder
    fee: LC  # atoms, negative for a rebate

    @property
    def charge_e6(self) -> LC:
        """Order fee and tip, 1e-6 USD."""
        return self.order.charge.base_fee_e6 + self.order.charge.tip_e6


@dataclass(frozen=True)
class Filled:
    """The account after all fills, and its margin before any penalty."""

    places: list[Place]
    sizes: list[LC]
    signs: list[LC]
    after: Margin

    @property
    def paid(self) -> LC:
        """Trading fees, order fees and tips, in atoms."""
        return sum_lc([place.fee + place.charge_e6 * ATOMS_PER_E6 for place in self.places])

    @property
    def received(self) -> LC:
        """Cash of the fills alone, in atoms."""
        return sum_lc([place.fill.cash_change for place in self.places])


def fill_places(
    cs: ConstraintSystem,
    tables: Tables,
    account: AccountWires,
    *,
    account_id: LC,
    before: Margin,
    healthy: LC,
    active: Sequence[LC],
    liquidation: LC,
) -> Filled:
    """Return the account after the fills of its active places, and of place 0 in a liquidation; margin rule included.

    before: margin at open, after rent. healthy: a boolean, free unless the lane liquidates.
    Ports: position_in, position_out.
    """
    sizes, signs, root = list(account.sizes), list(account.signs), account.orders_root
    rates = [
        multiplex(cs, account.tier_bits, column, name=name)
        for name, column in (("taker_ppm", tables.taker_fee_ppm), ("maker_ppm", tables.maker_fee_ppm))
    ]
    position = cs.port("position_in")
    places: list[Place] = []
    for k, is_active in enumerate(active):
        with cs.scope(f"order[{k}]"):
            unsigned = liquidation if k == 0 else LC.constant(0)
            fill = apply_fill(cs, tables, is_active + unsigned, sizes, signs)
            order = apply_order(
                cs,
                tables,
                account,
                active=is_active,
                fill=fill,
                position=position + k,
                account_id=account_id,
                orders_root=root,
            )
            # of reduce-only, and of every fill unless the account closes healthy; both flags are booleans
            must_shrink = 1 - healthy + order.flags.reduce_only
            cs.assert_product(must_shrink, fill.unshrunk, 0, name="shrinks_where_it_must")
            rate = compute_fee_rate(cs, order.flags.post_only, rates[0], rates[1])
            # a liquidation pays a penalty, not a fee; notional is 0 in an idle place
            charged = rate - cs.mul(unsigned, rate, name="fee_waived")
            places.append(Place(is_active, fill, order, cs.mul(fill.notional, charged, name="fee")))
            root = order.orders_root
    cs.assert_equal(position + len(active), cs.port("position_out"), name="totals/position")
    after = _compute_margin_after(cs, before, places)
    assert_valid_close(cs, before, after, healthy, name="margin/close")
    return Filled(places, sizes, signs, after)


def _compute_margin_after(cs: ConstraintSystem, before: Margin, places: Sequence[Place]) -> Margin:
    """Return margin after all fills, fees and charges, before any penalty: each fill changes one market."""
    equity, initial, maintenance = before.equity, before.initial, before.maintenance
    for k, place in enumerate(places):
        fill = place.fill
        grown = fill.size_after - fill.size_before
        initial = initial + cs.mul(grown, fill.initial_weight, name=f"order[{k}]/initial_change")
        maintenance = maintenance + cs.mul(grown, fill.maintenance_weight, name=f"order[{k}]/maintenance_change")
        equity = equity + fill.cash_change + fill.value_change - place.fee - place.charge_e6 * ATOMS_PER_E6
    return Margin(equity, initial, maintenance)

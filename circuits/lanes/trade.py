"""TradeLane(K): one account's turn with up to K signed fills, or with one liquidation fill and nothing else."""

from __future__ import annotations

from circuits.account import (
    AccountWires,
    account_id_bits,
    assert_user_account,
    hash_leaf,
    hash_positions,
    open_account,
    pack_status,
    rehash_touched_group,
    replace_leaf,
)
from circuits.bits import from_bits
from circuits.fills import Fill, apply_fill
from circuits.inputs import private_flag
from circuits.linear import LC, sum_lc
from circuits.liquidation import assert_largest_market, assert_not_too_large, assert_unhealthy, compute_penalty
from circuits.margin import Margin, assert_cash_in_range, assert_valid_close, compute_margin
from circuits.market_totals import CHANGE_SHIFT, FILLS_SHIFT
from circuits.orders import apply_signed_order
from circuits.select import multiplex, select
from circuits.system import ConstraintSystem
from circuits.tables import Tables, table_ports
from rollup.resources import ORDER_FILL
from rollup.units import MARKET_COUNT


def build_trade_lane(cs: ConstraintSystem, capacity: int) -> None:
    """Record one TradeLane of `capacity` fills.

    Ports: table/..; root_in, root_out; lots_in[m], lots_out[m]; fees, penalties and usage, each _in and _out.
    """
    tables = table_ports(cs)
    id_bits = account_id_bits(cs)
    account = open_account(cs, name="account")
    with cs.scope("account"):
        key_div_8 = cs.private("key_div_8_x"), cs.private("key_div_8_y")
    liquidation = cs.private("liquidation/flag")  # 0 or 1: see `_assert_kinds`
    healthy = private_flag(cs, "margin/healthy")
    active = [private_flag(cs, f"order[{k}]/active") for k in range(capacity)]
    _assert_kinds(cs, liquidation, healthy, active)
    before = compute_margin(cs, account.cash, account.sizes, account.signs, tables, name="margin/before")

    sizes, signs = list(account.sizes), list(account.signs)
    orders_root = account.orders_root
    fee_ppm = multiplex(cs, account.tier_bits, tables.taker_fee_ppm, name="fee_ppm")
    fills: list[Fill] = []
    fees: list[LC] = []
    idle_bits: list[LC] = []
    for k in range(capacity):
        with cs.scope(f"order[{k}]"):
            executed = active[k] + liquidation if k == 0 else active[k]
            fill = apply_fill(cs, tables, executed, sizes, signs)
            order = apply_signed_order(
                cs,
                active=active[k],
                fill=fill.fill,
                side=fill.side,
                market=fill.market,
                clearing_price=fill.clearing_price,
                account_id=from_bits(id_bits),
                key=account.key,
                key_div_8=key_div_8,
                epoch=account.epoch,
                orders_root=orders_root,
                domain=tables.domain,
                timestamp=tables.timestamp,
            )
            # a liquidation pays a penalty, not a fee; notional is 0 in an idle slot
            rate = fee_ppm - cs.mul(liquidation, fee_ppm, name="fee_waived") if k == 0 else fee_ppm
            fees.append(cs.mul(fill.notional, rate, name="fee"))  # 2**96 * 2**20 atoms
            # unless the account closes healthy, every fill must shrink its position without crossing zero
            must_reduce = fill.size_after + fill.fill - fill.size_before
            cs.assert_product(1 - healthy, must_reduce, 0, name="reduces_unless_healthy")
            orders_root = order.orders_root
            fills.append(fill)
            if k == 0:
                idle_bits = order.idle_bits

    after = _margin_after(cs, before, fills, fees)
    assert_valid_close(cs, before, after, healthy, name="margin/close")
    with cs.scope("liquidation"):
        assert_user_account(cs, id_bits, liquidation, name="user_account")
        assert_unhealthy(cs, liquidation, before)
        assert_largest_market(cs, liquidation, fills[0], account.sizes, tables, idle_bits)
        assert_not_too_large(cs, liquidation, fills[0], after)
        penalty = compute_penalty(cs, liquidation, fills[0], tables, after.equity)

    cash = account.cash + sum_lc([fill.cash_change for fill in fills]) - sum_lc(fees) - penalty
    assert_cash_in_range(cs, cash, name="account/cash_after")
    _close_account(cs, account, id_bits, fills, tables, active[0] + liquidation, cash, sizes, signs, orders_root)
    _add_totals(cs, fills, sum_lc(fees), penalty, sum_lc(active) + liquidation)


def _assert_kinds(cs: ConstraintSystem, liquidation: LC, healthy: LC, active: list[LC]) -> None:
    """Constrain: active slots come first; a liquidation has no active slot and is not closed as healthy.

    `liquidation` needs no check of its own: were it not 0, then neither an active slot 0 nor a healthy close, both
    booleans; then slot 0's fill f has f != 0 and f * (1 - liquidation) = 0 (`apply_fill`).
    """
    cs.assert_product(liquidation, active[0] + healthy, 0, name="liquidation/alone")
    for k in range(1, len(active)):
        cs.assert_product(active[k], 1 - active[k - 1], 0, name=f"order[{k}]/after_an_active_one")


def _margin_after(cs: ConstraintSystem, before: Margin, fills: list[Fill], fees: list[LC]) -> Margin:
    """Return margin after all fills and fees, before any penalty: each fill changes one market."""
    initial, maintenance = [], []
    for k, fill in enumerate(fills):
        grown = fill.size_after - fill.size_before
        initial.append(cs.mul(grown, fill.initial_weight, name=f"order[{k}]/initial_change"))
        maintenance.append(cs.mul(grown, fill.maintenance_weight, name=f"order[{k}]/maintenance_change"))
    return Margin(
        equity=before.equity + sum_lc([f.cash_change + f.value_change for f in fills]) - sum_lc(fees),
        initial=before.initial + sum_lc(initial),
        maintenance=before.maintenance + sum_lc(maintenance),
    )


def _close_account(
    cs: ConstraintSystem,
    account: AccountWires,
    id_bits: list[LC],
    fills: list[Fill],
    tables: Tables,
    used: LC,
    cash: LC,
    sizes: list[LC],
    signs: list[LC],
    orders_root: LC,
) -> None:
    """Constrain the leaf before and after, and the account root through the lane."""
    positions = hash_positions(cs, account.sizes, name="account/positions_before")
    if len(fills) == 1:
        group_bit = fills[0].market_bits[-1]
        positions_after = rehash_touched_group(cs, positions, sizes, group_bit, name="account/positions_after")
    else:
        positions_after = hash_positions(cs, sizes, name="account/positions_after")
    leaf = hash_leaf(
        cs,
        key=account.key,
        owner=account.owner,
        status=account.status(),
        epoch=account.epoch,
        last_touched=account.last_touched,
        cash=account.cash,
        orders_root=account.orders_root,
        positions=positions,
        name="account/leaf_before",
    )
    leaf_after = hash_leaf(
        cs,
        key=account.key,
        owner=account.owner,
        status=pack_status(signs, account.tier_bits, account.cash_nonce),
        epoch=account.epoch,
        last_touched=select(cs, used, tables.timestamp, account.last_touched, name="account/last_touched_after"),
        cash=cash,
        orders_root=orders_root,
        positions=positions_after,
        name="account/leaf_after",
    )
    replace_leaf(cs, id_bits, leaf, leaf_after, root_in=cs.port("root_in"), root_out=cs.port("root_out"))


def _add_totals(cs: ConstraintSystem, fills: list[Fill], fees: LC, penalty: LC, executed: LC) -> None:
    """Constrain the running totals: by market net lots, fills and change of absolute size; fees, penalties, units."""
    for m in range(MARKET_COUNT):
        lots = []
        for k, fill in enumerate(fills):
            traded = cs.mul(
                fill.hot[m], fill.signed_lots + fill.fill * 2**FILLS_SHIFT, name=f"totals/order[{k}]/lots[{m}]"
            )
            lots += [traded, fill.size_changes[m] * 2**CHANGE_SHIFT]
        cs.assert_equal(cs.port(f"lots_in[{m}]") + sum_lc(lots), cs.port(f"lots_out[{m}]"), name=f"totals/lots[{m}]")
    cs.assert_equal(cs.port("fees_in") + fees, cs.port("fees_out"), name="totals/fees")
    cs.assert_equal(cs.port("penalties_in") + penalty, cs.port("penalties_out"), name="totals/penalties")
    cs.assert_equal(cs.port("usage_in") + executed * ORDER_FILL.packed, cs.port("usage_out"), name="totals/usage")

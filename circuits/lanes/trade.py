"""TradeLane(K): one account's turn with up to K signed fills, or with one liquidation fill and nothing else."""

from __future__ import annotations

from circuits.account import assert_user_account
from circuits.inputs import private_flag
from circuits.lanes.places import Filled
from circuits.lanes.totals import add_penalty, add_totals
from circuits.lanes.turn import Turn, close_turn, open_turn, publish_turn
from circuits.linear import LC
from circuits.liquidation import assert_largest_market, assert_not_too_large, assert_unhealthy, compute_penalty
from circuits.loans import BitLender
from circuits.system import ConstraintSystem


def build_trade_lane(cs: ConstraintSystem, capacity: int) -> None:
    """Record one TradeLane of `capacity` fills.

    Ports: table/..; root_in, root_out; position_in, position_out; penalties_in, penalties_out; those of `add_totals`
    and of `publish_turn`.
    """
    liquidation = cs.private("liquidation/flag")  # 0 or 1: see `_assert_kinds`
    active = [private_flag(cs, f"order[{k}]/active") for k in range(capacity)]
    turn = open_turn(cs, used=active[0] + liquidation)
    _assert_kinds(cs, liquidation, turn.healthy, active)
    filled = turn.fill_places(cs, active, liquidation)
    lent_bits: list[LC] = []
    for k, place in enumerate(filled.places):
        with cs.scope(f"order[{k}]"):
            signature = turn.verify_signature(cs, enabled=place.active, message=place.order.message)
            lent_bits += [*signature.s_bits, *place.order.lent_bits]
    penalty = _liquidate(cs, turn, filled, liquidation, BitLender(lent_bits))
    close_turn(cs, turn, filled, penalty)
    add_totals(cs, turn, filled, liquidation)
    add_penalty(cs, penalty)
    publish_turn(cs, turn, filled, liquidation)


def _assert_kinds(cs: ConstraintSystem, liquidation: LC, healthy: LC, active: list[LC]) -> None:
    """Constrain: active places come first; a liquidation has no active place and is not closed as healthy.

    `liquidation` needs no check of its own: were it not 0, then neither an active place 0 nor a healthy close, both
    booleans; then place 0's fill f has f != 0 and f * (1 - liquidation) = 0 (`apply_fill`).
    """
    cs.assert_product(liquidation, active[0] + healthy, 0, name="liquidation/alone")
    for k in range(1, len(active)):
        cs.assert_product(active[k], 1 - active[k - 1], 0, name=f"order[{k}]/after_an_active_one")


def _liquidate(cs: ConstraintSystem, turn: Turn, filled: Filled, liquidation: LC, lender: BitLender) -> LC:
    """Return the penalty, 0 where nothing is liquidated; constrain the liquidation to be allowed."""
    fill = filled.places[0].fill
    with cs.scope("liquidation"):
        assert_user_account(cs, turn.account_id_bits, liquidation, name="user_account")
        assert_largest_market(cs, liquidation, fill, turn.account.sizes, turn.tables, lender)
        assert_unhealthy(cs, liquidation, turn.before, lender)
        assert_not_too_large(cs, liquidation, fill, filled.after, lender)
        return compute_penalty(cs, liquidation, fill, turn.tables, filled.after.equity, lender)

"""QuoteLane(K): one account's turn with fills of a quote's first K orders, all under one signature."""

from __future__ import annotations

from circuits.inputs import assert_nonzero_if
from circuits.lanes.totals import add_totals
from circuits.lanes.turn import close_turn, open_turn, publish_turn
from circuits.linear import LC, sum_lc
from circuits.quotes import quote_message
from circuits.system import ConstraintSystem


def build_quote_lane(cs: ConstraintSystem, capacity: int) -> None:
    """Record one QuoteLane of `capacity` fills, at most 16: any of its places may be active.

    Ports: table/..; root_in, root_out; position_in, position_out; those of `add_totals` and of
    `publish_turn`.
    """
    # 0 or 1 without a check of its own: where it is not 0 some place equals it, and that place's fill, which is then
    # at least one lot, is none unless the place is 1 (`apply_fill`)
    used = cs.private("used")
    active = [_private_flag_of(cs, used, f"order[{k}]/active") for k in range(capacity)]
    assert_nonzero_if(cs, used, sum_lc(active), name="used/has_an_active_order")
    turn = open_turn(cs, used)
    filled = turn.fill_places(cs, active, liquidation=LC.constant(0))
    message = quote_message(
        cs,
        domain=turn.tables.domain,
        account_id=turn.account_id,
        active=active,
        messages=[place.order.message for place in filled.places],
    )
    turn.verify_signature(cs, enabled=used, message=message)
    close_turn(cs, turn, filled, penalty=0)
    add_totals(cs, turn, filled, liquidation=0)
    publish_turn(cs, turn, filled, liquidation=LC.constant(0))


def _private_flag_of(cs: ConstraintSystem, used: LC, name: str) -> LC:
    """Return a private input that is 0 or `used`. Constraints: 1, named {name}/is_zero_or_used."""
    flag = cs.private(name)
    cs.assert_product(flag, used - flag, 0, name=f"{name}/is_zero_or_used")
    return flag

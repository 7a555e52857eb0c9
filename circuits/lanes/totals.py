"""The running totals of the lanes that trade: each lane adds its part, the close settles each by its kind."""

from __future__ import annotations

from circuits.lanes.places import Filled
from circuits.lanes.turn import Turn
from circuits.linear import LC, sum_lc
from circuits.market_totals import CHANGE_SHIFT, FILLS_SHIFT
from circuits.system import ConstraintSystem
from rollup.resources import ORDER_FILL
from rollup.units import MARKET_COUNT


def add_totals(cs: ConstraintSystem, turn: Turn, filled: Filled, liquidation: LC | int) -> None:
    """Constrain the totals of one lane: by market lots and the rationed side; fees, charges, rent, units used.

    Ports, each with _in and _out: lots[m], ration[m]; fees, tips_e6, base_fees_e6, rent, usage.
    Constraints: 32 a place and 37, named totals/...
    """
    for m in range(MARKET_COUNT):
        lots, shared = [], []
        for k, place in enumerate(filled.places):
            with cs.scope(f"totals/order[{k}]"):
                fill, hot = place.fill, place.fill.hot[m]
                traded = fill.signed_lots + fill.fill * 2**FILLS_SHIFT
                lots += [cs.mul(hot, traded, name=f"lots[{m}]"), fill.size_changes[m] * 2**CHANGE_SHIFT]
                shared.append(cs.mul(hot, place.order.rationed, name=f"ration[{m}]"))
        _chain(cs, "lots", sum_lc(lots), f"[{m}]")
        _chain(cs, "ration", sum_lc(shared), f"[{m}]")
    charges = [place.order.charge for place in filled.places]
    _chain(cs, "fees", sum_lc([place.fee for place in filled.places]))
    _chain(cs, "tips_e6", sum_lc([charge.tip_e6 for charge in charges]))
    _chain(cs, "base_fees_e6", sum_lc([charge.base_fee_e6 for charge in charges]))
    _chain(cs, "rent", turn.rent)
    _chain(cs, "usage", (sum_lc([place.active for place in filled.places]) + liquidation) * ORDER_FILL.packed)


def add_penalty(cs: ConstraintSystem, penalty: LC) -> None:
    """Constrain the total of the penalties. Constraints: 1."""
    _chain(cs, "penalties", penalty)


def _chain(cs: ConstraintSystem, total: str, added: LC, index: str = "") -> None:
    before, after = cs.port(f"{total}_in{index}"), cs.port(f"{total}_out{index}")
    cs.assert_equal(before + added, after, name=f"totals/{total}{index}")

"""A RescueLane's private inputs by name, and what runs from one to the next, from the trace."""

from __future__ import annotations

from circuits.account_inputs import Values, account_values, path_values
from circuits.forced_trade import APPLIED_SHIFT, LOTS_SHIFT, MARKET_SHIFT, PRICE_SHIFT, SIDE_SHIFT, VALID_SHIFT
from rollup.rescue import Carry, Counterparty, ForcedTradeLeg, Takeover, Victim
from rollup.trace import RescueLaneTrace
from rollup.txs.forced_trade import FirstLeg, ForcedLeg


def rescue_lane_inputs(lane: RescueLaneTrace) -> Values:
    """Return a RescueLane's private inputs."""
    values = account_values(lane.before) | dict(path_values("account_path", lane.account_path))
    return values | _kind_values(lane) | _move_values(lane) | _entry_values(lane) | {"account_id": lane.account_id}


def carry_values(carry: Carry) -> Values:
    """Return what is carried, by the names of `circuits.carry`."""
    rest = carry.deleveraging
    values = {
        "fund_equity": carry.fund_equity_atoms,
        "deficit": rest.deficit_atoms,
        "notional": rest.notional,
        "last_market": rest.last_market,
        "last_notional": rest.last_notional,
        "last_equity": rest.last_equity_atoms,
        "first_leg": encode_first_leg(carry.first_leg) if carry.first_leg else 0,
        "first_account": carry.first_leg.leg.account if carry.first_leg else 0,
    }
    return values | {f"left[{m}]": lots for m, lots in enumerate(rest.left_lots)}


def encode_first_leg(first: FirstLeg) -> int:
    """Return the word from the first leg to the second (`circuits/forced_trade.py`)."""
    leg = first.leg
    flags = 1 | first.is_valid << VALID_SHIFT | first.is_applied << APPLIED_SHIFT | leg.side << SIDE_SHIFT
    return flags | leg.market << MARKET_SHIFT | leg.lots << LOTS_SHIFT | leg.price_ticks << PRICE_SHIFT


def _kind_values(lane: RescueLaneTrace) -> Values:
    leg = _get_leg(lane)
    return {
        "kind/takeover": int(isinstance(lane.op, Takeover)),
        "kind/victim": int(isinstance(lane.op, Victim)),
        "kind/counterparty": int(isinstance(lane.op, Counterparty)),
        "kind/first": int(leg is not None and not leg.is_second),
        "kind/second": int(leg is not None and leg.is_second),
    }


def _move_values(lane: RescueLaneTrace) -> Values:
    """Return which lots move: a counterparty takes the direction of what is left."""
    if isinstance(lane.op, Counterparty):
        left = lane.carry_in.deleveraging.left_lots[lane.op.market]
        return {"market": lane.op.market, "side": int(left < 0), "lots": lane.op.lots}
    leg = _get_leg(lane)
    return {"market": leg.market, "side": leg.side, "lots": leg.lots} if leg else {"market": 0, "side": 0, "lots": 0}


def _entry_values(lane: RescueLaneTrace) -> Values:
    leg = _get_leg(lane)
    first = lane.carry_in.first_leg if leg and leg.is_second else lane.carry_out.first_leg
    return {
        "entry/owner": leg.owner if leg else 0,
        "entry/price": leg.price_ticks if leg else 0,
        "entry/first_valid": int(first.is_valid) if first else 0,
        "entry/applied": int(lane.op.is_applied) if isinstance(lane.op, ForcedTradeLeg) else 0,
    }


def _get_leg(lane: RescueLaneTrace) -> ForcedLeg | None:
    return lane.op.leg if isinstance(lane.op, ForcedTradeLeg) else None

"""The FundLane's private inputs by name, and what RescueLanes hand it, from the trace."""

from __future__ import annotations

from itertools import accumulate

from circuits.account_inputs import Values, path_values
from rollup.accounts import Account
from rollup.rescue import Takeover
from rollup.trace import BatchTrace, RescueLaneTrace
from rollup.units import MARKET_COUNT


def fund_lane_inputs(trace: BatchTrace) -> Values:
    """Return the FundLane's private inputs."""
    lane = trace.fund_lane
    values = dict(path_values("account_path", lane.account_path)) | _fill_values(trace)
    for name, account in (("fund", lane.fund_before), ("treasury", lane.treasury_before)):
        values |= {f"{name}/{field}": value for field, value in _leaf_values(account).items()}
    for m, size in enumerate(lane.fund_before.sizes_lots):
        values |= {f"fund/sign[{m}]": int(size < 0), f"fund/size[{m}]": abs(size)}
    for g, positions_hash in enumerate(lane.treasury_before.positions_hashes):
        values[f"treasury/positions[{g}]"] = positions_hash
    return values | {"treasury/status": lane.treasury_before.status_word}


def compute_takeover_lots(lanes: tuple[RescueLaneTrace, ...], market: int) -> list[int]:
    """Return the running total of lots taken over in a market: before each lane and after the last."""
    taken = [lane.before.sizes_lots[market] if isinstance(lane.op, Takeover) else 0 for lane in lanes]
    return list(accumulate(taken, initial=0))


def compute_fund_holding(trace: BatchTrace) -> tuple[int, ...]:
    """Return what the fund holds when it fills: its positions and those taken over, signed lots by market."""
    held = trace.fund_lane.fund_before.sizes_lots
    return tuple(held[m] + compute_takeover_lots(trace.rescue_lanes, m)[-1] for m in range(MARKET_COUNT))


def _fill_values(trace: BatchTrace) -> Values:
    fill = trace.fund_lane.fill
    side = int(fill is not None and compute_fund_holding(trace)[fill.market] > 0)  # a long is sold
    return {
        "fill/executed": int(fill is not None),
        "fill/lots": fill.fill_lots if fill else 0,
        "fill/market": fill.market if fill else 0,
        "fill/side": side,
    }


def _leaf_values(account: Account) -> Values:
    return {
        "key_x": account.key[0],
        "key_y": account.key[1],
        "owner": account.owner,
        "epoch": account.epoch,
        "last_touched": account.last_touched_s,
        "orders_root": account.orders_root,
        "cash": account.cash_atoms,
    }

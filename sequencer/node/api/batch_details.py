"""A batch from the inside: from its trace, its proof and its settlement, as the store has them."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator, Mapping
from typing import Any, Final

from rollup.codec import decode_trace
from rollup.public_inputs import PublicInputs
from rollup.segment import count_elements
from rollup.shapes import get_shape
from rollup.trace import BatchTrace, CashLaneTrace, FundLaneTrace, RescueLaneTrace, TradeLaneTrace
from rollup.units import FUND_ACCOUNT
from sequencer.node.api.errors import NotFound
from sequencer.node.api.service import Service
from sequencer.node.api.wire_batch import BatchDetails, Cleared, Lane, PublicInput, SettlementInfo
from sequencer.node.constraint_counts import LANE_CONSTRAINTS, SHAPE_CONSTRAINTS
from sequencer.node.core import Core
from sequencer.node.stages import (
    BATCH,
    CLAIM,
    PUBLIC,
    SETTLED,
    Claim,
    decode_claim,
    decode_settlement,
    name_batch,
    name_group,
)
from sequencer.node.view_types import BatchStage, BatchView

__all__ = ["get_batch_details", "read_claim", "read_public_inputs", "read_trace"]

Values = Mapping[str, Any]
_ELEMENT_BYTES: Final = 31


async def get_batch_details(service: Service, values: Values) -> BatchDetails:
    """Return a batch from the inside. Raises NotFound."""
    core, number = service.core, values["number"]
    trace = await read_trace(core, number)
    view, claim, inputs = core.get_batch(number), read_claim(core, number), read_public_inputs(core, number)
    lanes = tuple(_list_lanes(trace))
    return BatchDetails(
        number=number,
        timestamp_s=trace.header_after.timestamp_s,
        stage=view.stage if view else BatchStage.PROVED if claim else BatchStage.SEQUENCED,
        shape=trace.shape_name,
        constraints=SHAPE_CONSTRAINTS.get(trace.shape_name),
        old_state_root=str(trace.header_before.state_root),
        new_state_root=str(trace.header_after.state_root),
        orders=sum(len(lane.fills) for lane in trace.order_lanes),
        liquidations=sum(lane.liquidation is not None for lane in trace.trade_lanes),
        lanes=lanes,
        cleared=_list_cleared(trace),
        group=view.group if view else None,
        prove_s=claim.prove_ms / 1000 if claim else None,
        proof=f"0x{claim.proof_be.hex()}" if claim else None,
        public_inputs=_spell_inputs(inputs),
        settlement=_read_settlement(core, view),
        segment_bytes=_ELEMENT_BYTES * count_elements(get_shape(trace.shape_name)),
    )


async def read_trace(core: Core, number: int) -> BatchTrace:
    """Return the trace of a batch, read off the loop: 2 to 8 ms. Raises NotFound."""
    name = name_batch(number)
    raw = core.get_file(BATCH, name)
    if raw is None:
        raise NotFound("batch", str(number))
    return await asyncio.to_thread(decode_trace, raw, name)


def read_claim(core: Core, number: int) -> Claim | None:
    """Return the proof of a batch, None before it has one."""
    raw = core.get_file(CLAIM, name_batch(number))
    return None if raw is None else decode_claim(name_batch(number), raw)


def read_public_inputs(core: Core, number: int) -> PublicInputs | None:
    """Return what the proof of a batch speaks of, None before it has one."""
    raw = core.get_file(PUBLIC, name_batch(number))
    return None if raw is None else PublicInputs(*(int(value) for value in json.loads(raw)))


def _spell_inputs(inputs: PublicInputs | None) -> tuple[PublicInput, ...]:
    named = inputs._asdict() if inputs else {}
    return tuple(PublicInput(name, str(value)) for name, value in named.items())


def _read_settlement(core: Core, view: BatchView | None) -> SettlementInfo | None:
    if view is None or view.settlement is None or view.group is None:
        return None
    raw = core.get_file(SETTLED, name_group(view.group))
    if raw is None:
        return None
    settled = decode_settlement(name_group(view.group), raw)
    return SettlementInfo(
        transaction=f"0x{settled.transaction}",
        block=settled.block,
        timestamp_s=settled.timestamp_s,
        batches=settled.n_batches,
        gas_used=settled.gas_used,
    )


def _list_cleared(trace: BatchTrace) -> tuple[Cleared, ...]:
    volumes: dict[int, int] = {}
    for lane in trace.order_lanes:
        for fill in lane.fills:
            volumes.setdefault(fill.order.market, 0)
            volumes[fill.order.market] += fill.fill_lots if fill.order.side == 0 else 0
        if lane.liquidation is not None:
            was_short = lane.before.sizes_lots[lane.liquidation.market] < 0
            volumes.setdefault(lane.liquidation.market, 0)
            volumes[lane.liquidation.market] += lane.liquidation.fill_lots if was_short else 0
    prices, markets = trace.clearing_prices_ticks, trace.params.markets
    return tuple(Cleared(m, markets[m].name, prices[m], str(volume)) for m, volume in sorted(volumes.items()))


def _list_lanes(trace: BatchTrace) -> Iterator[Lane]:
    yield from map(_spell_cash, trace.cash_lanes)
    yield from map(_spell_rescue, trace.rescue_lanes)
    yield from (_spell_orders(lane, "TradeLane") for lane in trace.trade_lanes)
    yield from (_spell_orders(lane, "QuoteLane") for lane in trace.quote_lanes)
    yield _spell_fund(trace.fund_lane)


def _spell_cash(lane: CashLaneTrace) -> Lane:
    return _spell_one("CashLane", lane.account_id, lane.op, "" if lane.is_applied else ", not applied")


def _spell_rescue(lane: RescueLaneTrace) -> Lane:
    return _spell_one("RescueLane", lane.account_id, lane.op, "")


def _spell_one(kind: str, account: int, op: object | None, note: str) -> Lane:
    if op is None:
        return Lane(kind, 1, None, 0, "", LANE_CONSTRAINTS[kind])
    return Lane(kind, 1, account, 1, type(op).__name__ + note, LANE_CONSTRAINTS[kind])


def _spell_orders(lane: TradeLaneTrace, kind: str) -> Lane:
    constraints = LANE_CONSTRAINTS.get(f"{kind}({lane.capacity})")
    if lane.liquidation is not None:
        return Lane(kind, lane.capacity, lane.account_id, 1, "Liquidation", constraints)
    if not lane.fills:
        return Lane(kind, lane.capacity, None, 0, "", constraints)
    return Lane(kind, lane.capacity, lane.account_id, len(lane.fills), "Order", constraints)


def _spell_fund(lane: FundLaneTrace) -> Lane:
    what = "Totals" if lane.fill is None else "Totals and the fund's own fill"
    return Lane("FundLane", 1, FUND_ACCOUNT, 1, what, LANE_CONSTRAINTS["FundLane"])

"""The small core's auction: one batch of the model over what rests, and what it did to whom."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from rollup.orders import Order
from rollup.transition import BatchResult
from sequencer.node.commands import PlaceOrder, PlaceQuote
from sequencer.node.core import AuctionSeen, BatchStage, BatchView, FillSeen

if TYPE_CHECKING:
    from tests.node.small_core import SmallCore


class Resting(NamedTuple):
    """An order in the book."""

    order: Order
    sequence: int
    command: PlaceOrder | PlaceQuote
    filled_lots: int = 0


@dataclass(frozen=True)
class _Cleared:
    result: BatchResult
    number: int
    time_s: int


def run_auction(core: SmallCore) -> None:
    """Clear what rests, tell fills, auctions and the batch, and drop what is filled."""
    commands = {id(resting.command): resting.command for resting in core.resting.values() if _enters(core, resting)}
    old_root = core.exchange.state.state_root
    result = core.exchange.batch(orders=[command.signed for command in commands.values()])
    header = core.exchange.state.header
    cleared = _Cleared(result, header.batch_number, core.exchange.now_s)
    for report in result.fills:
        _fill(core, cleared, report.order, report.fill_lots, report.price_ticks)
    for market in sorted({report.order.market for report in result.fills}):
        bought = sum(r.fill_lots for r in result.fills if r.order.market == market and not r.order.side)
        price = result.trace.clearing_prices_ticks[market]
        core.publish(AuctionSeen(cleared.number, market, price, bought, cleared.time_s))
    batch = BatchView(
        number=cleared.number,
        timestamp_s=cleared.time_s,
        stage=BatchStage.SEQUENCED,
        group=None,
        fills=len(result.fills),
        liquidations=len(result.liquidations),
        cash_ops=0,
        rescues=0,
        old_state_root=old_root,
        new_state_root=core.exchange.state.state_root,
        sealed_us=cleared.time_s * 10**6,
        prove_s=None,
        settlement=None,
    )
    core.batches.append(batch)
    core.publish(batch)


def _enters(core: SmallCore, resting: Resting) -> bool:
    trigger = resting.command.trigger if isinstance(resting.command, PlaceOrder) else None
    marks = core.exchange.state.header.marks_ticks
    return trigger is None or trigger.is_hit(marks[resting.order.market])


def _fill(core: SmallCore, cleared: _Cleared, order: Order, lots: int, price_ticks: int) -> None:
    fill = FillSeen(
        cleared.number,
        order.account,
        order.market,
        order.side,
        order.slot,
        order.nonce,
        lots,
        price_ticks,
        order.tip_e6,
        0,
        cleared.time_s,
    )
    core.fills.append(fill)
    core.publish(fill)
    place = (order.account, order.slot)
    resting = core.resting.get(place)
    if resting is None:
        return
    filled = resting.filled_lots + lots
    core.resting[place] = resting._replace(filled_lots=filled)
    if filled == order.size_lots or order.is_ioc:
        core.close(place, "filled")

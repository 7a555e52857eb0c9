"""The small core's views, worked out from the model's state."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from rollup.txs.effect import compute_margin_at
from rollup.units import ATOMS_PER_E6, LOT_TICK_ATOMS
from sequencer.node.commands import PlaceOrder
from sequencer.node.core import AccountView, BookLevel, BookView, FeesView, MarketView, OrderView, PositionView
from tests.node.small_auction import Resting
from tests.scenarios import Exchange

if TYPE_CHECKING:
    from tests.node.small_core import SmallCore


def make_account(exchange: Exchange, number: int) -> AccountView | None:
    """Return an account at the present marks."""
    account, tick = exchange.state.get_account(number), exchange.next_tick()
    if account.is_empty and number > 1:
        return None
    margin, marks = compute_margin_at(account, tick), tick.header.marks_ticks
    positions = tuple(
        PositionView(market, size, marks[market], abs(size) * marks[market] * LOT_TICK_ATOMS, None)
        for market, size in enumerate(account.sizes_lots)
        if size
    )
    return AccountView(
        account=number,
        owner=account.owner,
        key=account.key,
        epoch=account.epoch,
        cash_nonce=account.cash_nonce,
        tier=account.tier,
        cash_atoms=account.cash_atoms,
        equity_atoms=margin.equity,
        initial_atoms=margin.initial,
        maintenance_atoms=margin.maintenance,
        free_collateral_e6=max(0, margin.equity - margin.initial) // ATOMS_PER_E6,
        positions=positions,
        batch_number=exchange.state.header.batch_number,
    )


def make_order(resting: Resting) -> OrderView:
    """Return a resting order."""
    order = resting.order
    return OrderView(
        account=order.account,
        slot=order.slot,
        nonce=order.nonce,
        market=order.market,
        side=order.side,
        flags=order.flags,
        size_lots=order.size_lots,
        filled_lots=resting.filled_lots,
        limit_ticks=order.limit_ticks,
        expiry_s=order.expiry_s,
        sequence=resting.sequence,
        is_quote=not isinstance(resting.command, PlaceOrder),
        trigger=resting.command.trigger if isinstance(resting.command, PlaceOrder) else None,
    )


def make_markets(exchange: Exchange) -> tuple[MarketView, ...]:
    """Return the markets."""
    header = exchange.state.header
    return tuple(
        MarketView(
            market=number,
            name=market.name,
            size_decimals=market.size_decimals,
            price_decimals=market.price_decimals,
            mark_ticks=header.marks_ticks[number],
            clearing_price_ticks=header.marks_ticks[number],
            indicative_price_ticks=header.marks_ticks[number],
            funding_index=header.funding_index[number],
            premium_e12=header.premiums[number],
            open_interest_lots=header.open_interest_lots[number],
            initial_ppm=market.initial_ppm,
            maintenance_ppm=market.maintenance_ppm,
        )
        for number, market in enumerate(exchange.params.markets)
        if market.name
    )


def make_book(core: SmallCore, market: int, levels: int) -> BookView | None:
    """Return a market's depth."""
    if not core.params.is_market_open(market):
        return None
    sides = []
    for side in (0, 1):
        depth: dict[int, list[int]] = defaultdict(list)
        for resting in core.resting.values():
            if (resting.order.market, resting.order.side) == (market, side):
                depth[resting.order.limit_ticks].append(resting.order.size_lots - resting.filled_lots)
        prices = sorted(depth, reverse=side == 0)[:levels]
        sides.append(tuple(BookLevel(price, sum(depth[price]), len(depth[price])) for price in prices))
    return BookView(market, *sides, core.store.last_sequence)


def make_fees(exchange: Exchange) -> FeesView:
    """Return the fees of the next tick."""
    tick, resources = exchange.next_tick(), exchange.state.header.resources
    fees = (tick.order_fee_e6, tick.cash_fee_e6, tick.leaf_fee_e6)
    forecast = tuple((tick.order_fee_e6, tick.order_fee_e6 + ahead) for ahead in (1, 2, 3))
    base = resources.base_fees
    return FeesView((base[0], base[1], base[2]), *fees, resources.congestion_ppm, forecast)

"""An account, its orders, the markets and the fees as the node shows them: from the state, the tick and what rests."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from rollup.accounts import Account
from rollup.margin import compute_margin
from rollup.oracle import MAJORITY, is_fresh
from rollup.params import Params
from rollup.resources import BASE_FEE_STEP, ORDER_FILL, compute_fee_e6
from rollup.tick import Tick
from rollup.units import LOT_TICK_ATOMS, MARKET_COUNT, ORACLE_COUNT
from sequencer.node.command_codec import decode_command
from sequencer.node.commands import OraclePrices, PlaceOrder, PlaceQuote, Trigger
from sequencer.node.exposure import PretradeTerms
from sequencer.node.liquidation_price import compute_liquidation_price
from sequencer.node.live import LiveState
from sequencer.node.pretrade import RestingTotals, compute_free_collateral_e6
from sequencer.node.view_types import AccountView, FeesView, MarketView, OracleView, OrderView, PositionView, SignerView

__all__ = ["make_account_view", "make_fees_view", "make_market_views", "make_oracle_view", "make_order_views"]

_FORECAST_BATCHES: Final = 5


def make_account_view(
    number: int, account: Account, next_cash_nonce: int, resting: RestingTotals, terms: PretradeTerms
) -> AccountView:
    """Return an account at the marks of the terms."""
    tick = terms.tick
    header = tick.header
    margin = compute_margin(
        account.cash_atoms, account.sizes_lots, header.marks_ticks, header.funding_index, tick.fractions
    )
    return AccountView(
        account=number,
        owner=account.owner,
        key=account.key,
        epoch=account.epoch,
        cash_nonce=account.cash_nonce,
        next_cash_nonce=next_cash_nonce,
        tier=account.tier,
        cash_atoms=account.cash_atoms,
        equity_atoms=margin.equity,
        initial_atoms=margin.initial,
        maintenance_atoms=margin.maintenance,
        free_collateral_e6=compute_free_collateral_e6(account, resting, terms),
        positions=tuple(
            _make_position(account, market, tick) for market in range(MARKET_COUNT) if account.sizes_lots[market]
        ),
        batch_number=header.batch_number - 1,
    )


def make_order_views(live: LiveState, account: int) -> tuple[OrderView, ...]:
    """Return the account's orders that rest or wait for their trigger, by slot."""
    return tuple(_make_order(live, account, slot) for slot in sorted(live.slots.get(account, ())))


def make_market_views(
    params: Params, tick: Tick, last_prices: Mapping[int, int], indicative: Mapping[int, int]
) -> tuple[MarketView, ...]:
    """Return the open markets. Prices that are not known are the mark."""
    header, fractions = tick.header, tick.fractions
    views = []
    for market in (market for market in range(MARKET_COUNT) if params.is_market_open(market)):
        terms, mark_ticks = params.markets[market], header.marks_ticks[market]
        views.append(
            MarketView(
                market=market,
                name=terms.name,
                size_decimals=terms.size_decimals,
                price_decimals=terms.price_decimals,
                mark_ticks=mark_ticks,
                clearing_price_ticks=last_prices.get(market, mark_ticks),
                indicative_price_ticks=indicative.get(market, mark_ticks),
                funding_index=header.funding_index[market],
                premium_e12=header.premiums[market],
                open_interest_lots=header.open_interest_lots[market],
                initial_ppm=fractions.initial_ppm[market],
                maintenance_ppm=fractions.maintenance_ppm[market],
            )
        )
    return tuple(views)


def make_oracle_view(live: LiveState, now_s: int) -> OracleView:
    """Return what the signers said last, and whether it is fresh now."""
    signers = tuple(_make_signer(live, signer, now_s) for signer in range(ORACLE_COUNT))
    is_stale = sum(signer.is_fresh for signer in signers) < MAJORITY
    return OracleView(is_stale, live.params.oracle_max_age_s, signers)


def _make_signer(live: LiveState, signer: int, now_s: int) -> SignerView:
    key, record = live.params.oracle_keys[signer], live.prices.get(signer)
    if record is None:
        return SignerView(signer, key, None, False, ())
    command = decode_command(record.kind, record.body)
    assert isinstance(command, OraclePrices), "a record without prices"
    said, before_s = command.signed, live.state.header.signer_times_s[signer]
    fresh = is_fresh(said.time_s, before_s, now_s, live.params.oracle_max_age_s)
    n_used = max(m for m in range(MARKET_COUNT) if live.params.is_market_open(m)) + 1
    return SignerView(signer, key, said.time_s, fresh, said.prices_ticks[:n_used])


def make_fees_view(params: Params, tick: Tick) -> FeesView:
    """Return what resources cost, and between what the fee of an order lies in the next batches.

    A base fee moves by at most an eighth a batch (`rollup.resources.step_base_fee`), never below its minimum.
    """
    resources = tick.header.resources
    low, high = list(resources.base_fees), list(resources.base_fees)
    forecast = []
    for _ in range(_FORECAST_BATCHES):
        low = [max(fee - fee // BASE_FEE_STEP, least) for fee, least in zip(low, params.min_base_fee, strict=True)]
        high = [fee + fee // BASE_FEE_STEP + 1 for fee in high]
        forecast.append((compute_fee_e6(low, ORDER_FILL), compute_fee_e6(high, ORDER_FILL)))
    return FeesView(
        base_fees=resources.base_fees,
        order_fee_e6=tick.order_fee_e6,
        cash_fee_e6=tick.cash_fee_e6,
        leaf_fee_e6=tick.leaf_fee_e6,
        congestion_ppm=resources.congestion_ppm,
        forecast_order_fee_e6=tuple(forecast),
    )


def _make_position(account: Account, market: int, tick: Tick) -> PositionView:
    size_lots, mark_ticks = account.sizes_lots[market], tick.header.marks_ticks[market]
    notional_atoms = abs(size_lots) * mark_ticks * LOT_TICK_ATOMS
    liquidation = compute_liquidation_price(account, market, tick)
    return PositionView(market, size_lots, mark_ticks, notional_atoms, liquidation)


def _make_order(live: LiveState, account: int, slot: int) -> OrderView:
    nonce, record = live.orders[account, slot]
    command = decode_command(record.kind, record.body)
    trigger: Trigger | None = None
    if isinstance(command, PlaceOrder):
        order = command.signed.order
        trigger = None if (account, slot) in live.released else command.trigger
    else:
        assert isinstance(command, PlaceQuote), "a record without orders"
        quoted = (one.order for one in command.signed.quoted_orders)
        order = next(one for one in quoted if (one.slot, one.nonce) == (slot, nonce))
    filled_lots = live.get_filled(account, slot, nonce)
    return OrderView(
        account=account,
        slot=slot,
        nonce=nonce,
        market=order.market,
        side=order.side,
        flags=order.flags,
        size_lots=order.size_lots,
        filled_lots=filled_lots,
        limit_ticks=order.limit_ticks,
        expiry_s=order.expiry_s,
        sequence=record.sequence,
        is_quote=isinstance(command, PlaceQuote),
        trigger=trigger,
    )

"""Honest TradeLanes to forge from: fills that open, flip and reduce, liquidations of every penalty, an unused lane."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import lru_cache

from rollup.accounts import Account
from rollup.margin import Margin, compute_margin
from rollup.orders import Order, SignedOrder, pack_slot
from rollup.params import MarketParams, Params
from rollup.signature import derive_public_key, sign
from rollup.trace import LiquidationTrace
from tests.circuits.lane_cases import Venue
from tests.circuits.trade_cases import TradeCase, make_trade_case
from tests.scenarios import PARAMS, START_S

USER = 2
ATOMS_PER_USD = 10**18
LOT = 10**6  # lots in one AVAX, ETH, ..
FAR_MARKET = 9  # in the second group of positions
_FAR_MARKETS = tuple(MarketParams(f"M{m}-USD", 6, 6, 200_000, 100_000, 20_000, 50_000) for m in range(2, 12))
MARKETS = Params(
    chain_id=PARAMS.chain_id,
    contract=PARAMS.contract,
    version=PARAMS.version,
    taker_fee_ppm=PARAMS.taker_fee_ppm,
    markets=(*PARAMS.markets[:2], *_FAR_MARKETS),
)
MARKS = (25_000_000, 4_000_000_000, *(1_000_000 * m for m in range(2, 12)))
CLEARING = (25_010_000, 3_990_000_000, *MARKS[2:])
FUNDING = (3 * 10**12 + 7, -5 * 10**14 - 3, *(0,) * 7, -(10**11))


def key_of(account_id: int) -> bytes:
    """Return an account's private key."""
    return account_id.to_bytes(32, "big")


def make_account(account_id: int = USER, *, usd: int = 0, cash_atoms: int = 0, **fields: object) -> Account:
    """Return an account with a key and an owner; positions as `sizes={market: lots}`."""
    sizes = fields.pop("sizes", {})
    assert isinstance(sizes, dict)
    account = Account(
        key=derive_public_key(key_of(account_id)),
        owner=0xA0000 + account_id,
        epoch=3,
        cash_nonce=5,
        tier=2,
        cash_atoms=usd * ATOMS_PER_USD + cash_atoms,
        sizes_lots=tuple(sizes.get(m, 0) for m in range(16)),
        last_touched_s=START_S - 50,
    )
    return replace(account, **fields)  # type: ignore[arg-type]  # any field of the record


def make_venue(**changes: object) -> Venue:
    """Return the venue of all scenes: 12 markets, clearing prices off the marks, funding of both signs, two others."""
    others = {3: make_account(3, usd=70_000), 1: Account(cash_atoms=5)}
    venue = Venue(MARKETS, MARKS, CLEARING, FUNDING, others=others)
    return replace(venue, **changes)  # type: ignore[arg-type]  # any field of the record


def make_order(venue: Venue, lots: int, *, better_ticks: int = 0, **changes: int) -> Order:
    """Return an order of the user, positive lots buy, its limit so many ticks better than the clearing price."""
    market = changes.get("market", 0)
    direction = -1 if lots < 0 else 1
    order = Order(
        account=USER,
        market=market,
        side=int(lots < 0),
        slot=77,
        nonce=12,
        epoch=3,
        expiry_s=venue.timestamp_s + 60,
        size_lots=abs(lots),
        limit_ticks=venue.clearing[market] + direction * better_ticks,
        max_fee_e6=9,
        tip_e6=4,
    )
    return replace(order, **changes)


def sign_order(venue: Venue, order: Order, signer: int = USER) -> SignedOrder:
    """Return the order signed by an account's key."""
    return SignedOrder(order, sign(key_of(signer), order.message(venue.params.domain)))


def make_fill_case(
    before: Account,
    fills: list[tuple[Order, int]],
    *,
    venue: Venue | None = None,
    capacity: int = 1,
    account_id: int = USER,
    signer: int = USER,
) -> TradeCase:
    """Return the lane of these fills, signed by the signer."""
    venue = venue or make_venue()
    signed = [(sign_order(venue, order, signer), lots) for order, lots in fills]
    return make_trade_case(venue, account_id, before, signed, capacity=capacity)


def with_slot(account: Account, slot: int, nonce: int, filled_lots: int) -> Account:
    """Return the account with one order slot set."""
    return replace(account, orders=account.orders.set(slot, pack_slot(nonce, filled_lots)))


def margin_at(venue: Venue, account: Account) -> Margin:
    """Return equity and requirements at the venue's marks."""
    return compute_margin(account.cash_atoms, account.sizes_lots, venue.marks, venue.funding, venue.params)


def with_equity(venue: Venue, account: Account, equity_atoms: int) -> Account:
    """Return the account with its cash moved to where its equity is this."""
    missing = equity_atoms - margin_at(venue, account).equity
    return replace(account, cash_atoms=account.cash_atoms + missing)


def make_liquidation_case(
    venue: Venue, before: Account, market: int, fill_lots: int, *, capacity: int = 1, account_id: int = USER
) -> TradeCase:
    """Return the lane of a liquidation fill with the penalty it owes."""
    direction = -1 if before.sizes_lots[market] > 0 else 1
    gain_ticks = -direction * (venue.clearing[market] - venue.marks[market])
    equity_pre = margin_at(venue, before).equity + fill_lots * gain_ticks * 10**6
    cap = fill_lots * venue.clearing[market] * venue.params.markets[market].liquidation_fee_ppm
    liquidation = LiquidationTrace(market, fill_lots, min(cap, max(equity_pre, 0)))
    return make_trade_case(venue, account_id, before, liquidation=liquidation, capacity=capacity)


# --- honest lanes ----------------------------------------------------------------------------------------------------
def make_opening(capacity: int = 1) -> TradeCase:
    """Return a first buy, complete, at a limit better than p*, in a fresh slot."""
    order = make_order(make_venue(), 40 * LOT, better_ticks=5)
    return make_fill_case(make_account(usd=3_000), [(order, 40 * LOT)], capacity=capacity)


def make_resting(capacity: int = 1) -> TradeCase:
    """Return a partial fill, at the limit, of an order filled in part before; a far market's long becomes a short."""
    venue = make_venue()
    account = with_slot(make_account(usd=50_000, sizes={FAR_MARKET: 30 * LOT, 1: -2 * LOT}), 500, 12, 7 * LOT)
    order = make_order(venue, -100 * LOT, market=FAR_MARKET, slot=500)
    return make_fill_case(account, [(order, 70 * LOT)], capacity=capacity)


def make_reducing(capacity: int = 1) -> TradeCase:
    """Return a fill that reduces a short while equity lies below the initial requirement, above maintenance."""
    venue = make_venue()
    account = make_account(sizes={1: -30 * LOT, 0: 100 * LOT})
    standing = margin_at(venue, account)
    account = with_equity(venue, account, (standing.initial + standing.maintenance) // 2)
    order = make_order(venue, 3 * LOT, market=1, better_ticks=9)
    return make_fill_case(account, [(order, 3 * LOT)], capacity=capacity)


def make_long_liquidated(capacity: int = 1) -> TradeCase:
    """Return a liquidation of part of a long that pays the full penalty."""
    venue = make_venue()
    account = make_account(sizes={0: 4_000 * LOT, 1: LOT, FAR_MARKET: -3 * LOT})
    account = with_equity(venue, account, margin_at(venue, account).maintenance - 1)
    return make_liquidation_case(venue, account, 0, 700 * LOT, capacity=capacity)


def make_short_liquidated(capacity: int = 1) -> TradeCase:
    """Return a liquidation of a whole short whose equity does not cover the penalty's cap."""
    venue = make_venue()
    account = make_account(sizes={1: -30 * LOT, FAR_MARKET: 5 * LOT})
    account = with_equity(venue, account, -298 * ATOMS_PER_USD)  # the price brings 300 USD
    return make_liquidation_case(venue, account, 1, 30 * LOT, capacity=capacity)


def make_bankrupt(capacity: int = 1) -> TradeCase:
    """Return a liquidation with negative equity, better priced than the mark: no penalty."""
    venue = make_venue(clearing_ticks=(MARKS[0] + 1_200_000, *CLEARING[1:]))
    account = make_account(sizes={0: 4_000 * LOT, 5: -LOT})
    account = with_equity(venue, account, -4_000 * ATOMS_PER_USD)
    return make_liquidation_case(venue, account, 0, 1_000 * LOT, capacity=capacity)


def make_unused(capacity: int = 1) -> TradeCase:
    """Return a lane that opens account 0 and changes nothing."""
    return make_trade_case(make_venue(), 0, Account(cash_atoms=12), capacity=capacity)


def make_two_fills(capacity: int = 2) -> TradeCase:
    """Return two orders in one market and one slot: the second, of a higher nonce, is filled in part."""
    venue = make_venue()
    first = make_order(venue, 5 * LOT, better_ticks=1)
    second = make_order(venue, 9 * LOT, nonce=13)
    account = with_slot(make_account(usd=5_000, sizes={0: -8 * LOT, 3: LOT}), 77, 2, 99)
    return make_fill_case(account, [(first, 5 * LOT), (second, 4 * LOT)], capacity=capacity)


def make_two_sales(capacity: int = 2) -> TradeCase:
    """Return a sale that flips a long, filled in part, and one that opens a short; a new nonce in either slot."""
    venue = make_venue()
    first = make_order(venue, -50 * LOT, market=FAR_MARKET, slot=1)
    second = make_order(venue, -3 * LOT, market=1, slot=2, better_ticks=4)
    account = make_account(usd=50_000, sizes={FAR_MARKET: 30 * LOT})
    return make_fill_case(account, [(first, 40 * LOT), (second, 3 * LOT)], capacity=capacity)


Scene = Callable[[int], TradeCase]
SCENES: dict[str, Scene] = {
    "opening": make_opening,
    "resting": make_resting,
    "reducing": make_reducing,
    "long liquidated": make_long_liquidated,
    "short liquidated": make_short_liquidated,
    "bankrupt": make_bankrupt,
    "unused": make_unused,
}
PAIRS: dict[str, Scene] = {"two fills": make_two_fills, "two sales": make_two_sales}


def get_scene_names(capacity: int) -> list[str]:
    """Return the honest lanes there are for TradeLane(capacity)."""
    return [*SCENES, *(PAIRS if capacity > 1 else ())]


@lru_cache(maxsize=64)
def get_scene(name: str, capacity: int = 1) -> TradeCase:
    """Return an honest lane by name; pairs need a capacity of 2 or more."""
    return (SCENES | PAIRS)[name](capacity)

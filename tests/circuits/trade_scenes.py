"""What lanes are made of in tests: a venue with fees of every kind, accounts, orders, and the lanes they make."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from circuits.lanes.quote import build_quote_lane
from circuits.lanes.trade import build_trade_lane
from circuits.system import ConstraintSystem
from rollup.accounts import Account
from rollup.margin import Margin, compute_margin
from rollup.orders import Order, SignedOrder, pack_slot
from rollup.params import MarketParams, Params
from rollup.quotes import Quote, SignedQuote
from rollup.rationing import NO_RATIONING, Rationing
from rollup.rent import compute_rent
from rollup.signature import derive_public_key, sign
from rollup.state import Resources
from rollup.trace import LiquidationTrace
from rollup.units import MARKET_COUNT
from tests.circuits.lane_cases import LoneTemplate, Venue
from tests.circuits.trade_cases import TradeCase, load_quote_lane, load_trade_lane, make_quote_case, make_trade_case
from tests.scenarios import PARAMS, START_S, key_of

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
    maker_fee_ppm=(100, 50, -20, 0, 0, 0, 0, -100),
    markets=(*PARAMS.markets[:2], *_FAR_MARKETS),
)
MARKS = (25_000_000, 4_000_000_000, *(1_000_000 * m for m in range(2, 12)))
CLEARING = (25_010_000, 3_990_000_000, *MARKS[2:])
FEES = Resources(base_fees=(30 * 10**12, 10**18, 10**12))  # an order costs 30 + 14 = 44 e6; a leaf 1 USD a year
ORDER_FEE_E6 = 44
FUNDING = (3 * 10**12 + 7, -5 * 10**14 - 3, *(0,) * 7, -(10**11))


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
    """Return the venue of all scenes: 12 markets, prices off the marks, funding of both signs, fees, two others."""
    others = {3: make_account(3, usd=70_000), 1: Account(cash_atoms=5)}
    venue = Venue(MARKETS, MARKS, CLEARING, FUNDING, resources=FEES, others=others)
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
        max_fee_e6=60,
        tip_e6=4,
    )
    return replace(order, **changes)


def sign_order(venue: Venue, order: Order, signer: int = USER) -> SignedOrder:
    """Return the order signed by an account's key."""
    return SignedOrder(order, sign(key_of(signer), order.message(venue.params.domain)))


@dataclass(frozen=True)
class LaneKind:
    """TradeLane(K) or QuoteLane(K): the same orders fill in either, signed one by one or as a quote."""

    capacity: int = 1
    is_quote: bool = False

    @property
    def name(self) -> str:
        """The template's name."""
        return f"{'QuoteLane' if self.is_quote else 'TradeLane'}({self.capacity})"

    def build(self, cs: ConstraintSystem) -> None:
        """Record such a lane."""
        (build_quote_lane if self.is_quote else build_trade_lane)(cs, self.capacity)

    def load(self) -> LoneTemplate:
        """Return its template, alone in the kernel."""
        return (load_quote_lane if self.is_quote else load_trade_lane)(self.capacity)

    @property
    def signature(self) -> str:
        """What stands before the inputs r8_x, r8_y and s of the first signature."""
        return "" if self.is_quote else "order[0]/"

    @property
    def scope(self) -> str:
        """The scope of the first signature's gadget."""
        return f"{self.signature}signature"


TRADE_LANE = LaneKind()


def make_fill_case(
    before: Account,
    fills: Sequence[tuple[Order, int]],
    *,
    lane: LaneKind = TRADE_LANE,
    venue: Venue | None = None,
    account_id: int = USER,
    signer: int = USER,
    position: int = 0,
    signed: Sequence[Order] = (),
) -> TradeCase:
    """Return the lane of these fills in its first places, signed by the signer; `signed` where it signed others."""
    venue, signed = venue or make_venue(), signed or [order for order, _ in fills]
    if lane.is_quote:
        quote = make_quote(dict(enumerate(signed)), signer=signer, account_id=account_id, domain=venue.params.domain)
        places = dict(enumerate(fills))
        return make_quote_case(venue, account_id, before, quote, places, capacity=lane.capacity, position=position)
    signatures = [sign_order(venue, order, signer).signature for order in signed]
    sent = [(SignedOrder(order, signature), lots) for (order, lots), signature in zip(fills, signatures, strict=True)]
    return make_trade_case(venue, account_id, before, sent, capacity=lane.capacity, position=position)


def make_idle_case(venue: Venue, account_id: int, before: Account, lane: LaneKind = TRADE_LANE) -> TradeCase:
    """Return the lane that opens an account and does nothing."""
    make = make_quote_case if lane.is_quote else make_trade_case
    return make(venue, account_id, before, capacity=lane.capacity)


def make_quote(
    orders: Mapping[int, Order], *, signer: int = USER, account_id: int = USER, domain: int = MARKETS.domain
) -> SignedQuote:
    """Return the quote with these orders by place, signed by the signer."""
    quote = Quote(account_id, tuple(orders.get(place) for place in range(max(orders) + 1)))
    return SignedQuote(quote, sign(key_of(signer), quote.message(domain)))


def with_rationing(venue: Venue, market: int, rationing: Rationing) -> Venue:
    """Return the venue where one market's side is rationed so, whatever this lane fills."""
    others = venue.rationing or (NO_RATIONING,) * MARKET_COUNT
    return replace(venue, rationing=(*others[:market], rationing, *others[market + 1 :]))


def with_slot(account: Account, slot: int, nonce: int, filled_lots: int) -> Account:
    """Return the account with one order slot set."""
    return replace(account, orders=account.orders.set(slot, pack_slot(nonce, filled_lots)))


def margin_at(venue: Venue, account: Account) -> Margin:
    """Return equity and requirements at the venue's marks, after the rent that the account owes."""
    cash_atoms = account.cash_atoms - compute_rent(account, venue.tick)
    return compute_margin(cash_atoms, account.sizes_lots, venue.marks, venue.funding, venue.params)


def with_equity(venue: Venue, account: Account, equity_atoms: int) -> Account:
    """Return the account with its cash moved to where its equity, the rent paid, is this."""
    missing = equity_atoms - margin_at(venue, account).equity
    return replace(account, cash_atoms=account.cash_atoms + missing)


def make_liquidation_case(
    venue: Venue, before: Account, market: int, fill_lots: int, *, lane: LaneKind = TRADE_LANE, account_id: int = USER
) -> TradeCase:
    """Return the lane of a liquidation fill with the penalty it owes."""
    direction = -1 if before.sizes_lots[market] > 0 else 1
    gain_ticks = -direction * (venue.clearing[market] - venue.marks[market])
    equity_pre = margin_at(venue, before).equity + fill_lots * gain_ticks * 10**6
    cap = fill_lots * venue.clearing[market] * venue.params.markets[market].liquidation_fee_ppm
    liquidation = LiquidationTrace(market, fill_lots, min(cap, max(equity_pre, 0)))
    return make_trade_case(venue, account_id, before, liquidation=liquidation, capacity=lane.capacity)

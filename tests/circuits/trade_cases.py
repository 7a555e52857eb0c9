"""The turn of a TradeLane or QuoteLane as the circuit sees it, honest or forged: effects applied, rules not asked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

from hypothesis.vendor.pretty import RepresentationPrinter

from circuits.bus import compute_bus
from circuits.chains import Chains
from circuits.lane_inputs import Prices
from circuits.lanes.quote import build_quote_lane
from circuits.lanes.trade import build_trade_lane
from circuits.system import Lie
from circuits.trade_inputs import quote_lane_inputs, trade_lane_inputs
from rollup.accounts import EMPTY_ACCOUNT, Account
from rollup.auction import is_marginal
from rollup.fees import compute_fee_rate_ppm, compute_order_charge, compute_trading_fee
from rollup.orders import Order, SignedOrder, compute_effective_remaining, compute_slot_after, unpack_slot
from rollup.quotes import SignedQuote
from rollup.rationing import NO_RATIONING, Rationing, compute_cutoff
from rollup.rent import compute_rent
from rollup.trace import BatchTrace, FillTrace, FundLaneTrace, LiquidationTrace, QuoteTrace, TradeLaneTrace
from rollup.units import MARKET_COUNT
from tests.circuits.lane_cases import FRESH, LoneTemplate, Values, Venue


@lru_cache(maxsize=4)
def load_trade_lane(capacity: int) -> LoneTemplate:
    """Return TradeLane(capacity); recorded once in a process."""
    return LoneTemplate(f"TradeLane({capacity})", lambda cs: build_trade_lane(cs, capacity))


@lru_cache(maxsize=4)
def load_quote_lane(capacity: int) -> LoneTemplate:
    """Return QuoteLane(capacity); recorded once in a process."""
    return LoneTemplate(f"QuoteLane({capacity})", lambda cs: build_quote_lane(cs, capacity))


@dataclass(frozen=True, repr=False)
class TradeCase:
    """One lane's turn: its trace, and what the circuit is given."""

    trace: BatchTrace
    inputs: Values
    position: int  # of its first order place in the batch

    def _repr_pretty_(self, printer: RepresentationPrinter, cycle: bool) -> None:
        """Print briefly: hypothesis asks for this."""
        printer.text(repr(self))

    def __repr__(self) -> str:
        lane, header = self.lane, self.trace.header_after
        held = {m: size for m, size in enumerate(lane.before.sizes_lots) if size}
        fills = [(fill.place, fill.order, fill.fill_lots) for fill in lane.fills]
        prices = (
            f"marks {header.marks_ticks} clearing {self.trace.clearing_prices_ticks} funding {header.funding_index}"
            f" rationing {[market for market in self.trace.rationing if market != NO_RATIONING]}"
        )
        return (
            f"account {lane.account_id}: cash {lane.before.cash_atoms}, {held}; {fills or lane.liquidation}; {prices}"
        )

    @property
    def is_quote(self) -> bool:
        """Whether this is a QuoteLane."""
        return bool(self.trace.quote_lanes)

    @property
    def lane(self) -> TradeLaneTrace:
        """The lane's trace."""
        return self.trace.order_lanes[0]

    @property
    def capacity(self) -> int:
        """K."""
        return self.lane.capacity

    @property
    def template(self) -> LoneTemplate:
        """The lane's template."""
        return (load_quote_lane if self.is_quote else load_trade_lane)(self.capacity)

    def find_broken_classes(
        self, changes: Mapping[str, int] | None = None, lies: Mapping[str, Lie] | None = None
    ) -> set[str]:
        """Return the broken constraint classes after changes to the inputs and lies."""
        return self.template.find_broken_classes(self.inputs | dict(changes or {}), lies)


def make_trade_case(
    venue: Venue,
    account_id: int,
    before: Account,
    fills: Sequence[tuple[SignedOrder, int]] = (),
    *,
    liquidation: LiquidationTrace | None = None,
    capacity: int = 1,
    position: int = 0,
) -> TradeCase:
    """Return the lane in which the account takes these fills, or this liquidation fill, whether allowed or not."""
    turn = _Turn(venue, before, bool(fills) or liquidation is not None, position)
    for place, (signed, fill_lots) in enumerate(fills):
        turn.take(place, signed.order, fill_lots, signed)
    if liquidation is not None:
        direction = -1 if before.sizes_lots[liquidation.market] > 0 else 1
        turn.move(liquidation.market, direction * liquidation.fill_lots, liquidation.penalty_atoms)
    return turn.to_case(account_id, capacity, liquidation=liquidation)


def make_quote_case(
    venue: Venue,
    account_id: int,
    before: Account,
    quote: SignedQuote | None = None,
    fills: Mapping[int, tuple[Order, int]] | None = None,
    *,
    capacity: int = 2,
    position: int = 0,
) -> TradeCase:
    """Return the QuoteLane in which these orders fill so many lots at these places of the quote, or an unused one."""
    turn = _Turn(venue, before, quote is not None, position)
    said = None
    if quote is not None:
        for place, (order, fill_lots) in (fills or {}).items():
            turn.take(place, order, fill_lots, None)
        said = QuoteTrace(quote.quote.order_messages(venue.params.domain), quote.signature)
    return turn.to_case(account_id, capacity, quote=said, is_quote=True)


class _Turn:
    """An account while its lane's effects are applied to it."""

    def __init__(self, venue: Venue, before: Account, used: bool, position: int) -> None:
        self.venue = venue
        self.tick = venue.tick
        self.before = self.account = before
        self.position = position
        self.fills: list[FillTrace] = []
        self.shared: list[dict[int, tuple[int, int]]] = [{} for _ in range(2 * MARKET_COUNT)]  # by market and side
        if used:
            cash = before.cash_atoms - compute_rent(before, self.tick)
            self.account = replace(before, cash_atoms=cash, last_touched_s=venue.timestamp_s)

    def take(self, place: int, order: Order, fill_lots: int, signed: SignedOrder | None) -> None:
        """Apply one order's fill."""
        venue, account = self.venue, self.account
        slot, path = account.orders.get(order.slot), account.orders.path(order.slot)
        self.fills.append(FillTrace(order, place, signed.signature if signed else None, fill_lots, slot, path))
        nonce, filled = unpack_slot(slot)
        filled_before = filled if nonce == order.nonce else 0
        price, params = venue.clearing[order.market], venue.params
        rate_ppm = compute_fee_rate_ppm(order, account.tier, params.taker_fee_ppm, params.maker_fee_ppm)
        charge = compute_order_charge(order, filled_before, self.tick.order_fee_e6)
        self._share(place, order, fill_lots, filled_before)
        self.move(
            order.market,
            order.direction * fill_lots,
            compute_trading_fee(fill_lots, price, rate_ppm) + charge.atoms,
        )
        orders = account.orders.set(order.slot, compute_slot_after(order, filled_before, fill_lots))
        self.account = replace(self.account, orders=orders)

    def move(self, market: int, delta_lots: int, due_atoms: int) -> None:
        """Apply a fill at the clearing price and a payment, in range or not."""
        sizes = list(self.account.sizes_lots)
        sizes[market] += delta_lots
        received = -delta_lots * (self.venue.clearing[market] * 10**6 - self.venue.funding[market])
        cash = self.account.cash_atoms + received - due_atoms
        self.account = replace(self.account, sizes_lots=tuple(sizes), cash_atoms=cash)

    def _share(self, place: int, order: Order, fill_lots: int, filled_before: int) -> None:
        market = order.market
        if is_marginal(order.direction, order.limit_ticks, self.venue.clearing[market], self.venue.edges[market]):
            remaining = compute_effective_remaining(order, filled_before, self.account.sizes_lots[market])
            self.shared[2 * market + order.side][self.position + place] = remaining, fill_lots

    def rationing(self) -> tuple[Rationing, ...]:
        """Return the venue's, or what makes these fills the shares of a side if anything does."""
        return self.venue.rationing or tuple(
            _find_rationing(self.shared[2 * m : 2 * m + 2]) for m in range(MARKET_COUNT)
        )

    def to_case(
        self,
        account_id: int,
        capacity: int,
        *,
        liquidation: LiquidationTrace | None = None,
        quote: QuoteTrace | None = None,
        is_quote: bool = False,
    ) -> TradeCase:
        """Return the case of the lane with these effects."""
        tree = self.venue.tree({account_id: self.before})
        path, fills = tree.path(account_id), tuple(self.fills)
        lane = TradeLaneTrace(capacity, account_id, self.before, self.account, path, fills, liquidation, quote)
        after = tree.set(account_id, self.account.leaf_hash())
        fund = FundLaneTrace(*(EMPTY_ACCOUNT,) * 4, after.path(0), None)
        lanes = ((), (lane,)) if is_quote else ((lane,), ())
        headers = self.venue.header(tree.root, 0), self.venue.header(after.root, 1)
        prices = self.venue.clearing, self.rationing()
        trace = BatchTrace("one lane", self.venue.params, *headers, FRESH, *prices, (), (), *lanes, fund)
        return TradeCase(trace, _compute_inputs(trace, lane, self.position, is_quote), self.position)


def _find_rationing(sides: Sequence[Mapping[int, tuple[int, int]]]) -> Rationing:
    """Return the rationing of the side that is not complete, else of the buys where there are marginal ones."""
    side = next((i for i, shared in enumerate(sides) if any(asked != lots for asked, lots in shared.values())), None)
    side = side if side is not None else int(not sides[0])
    asked = {position: remaining for position, (remaining, _) in sides[side].items()}
    lots = sum(fill_lots for _, fill_lots in sides[side].values())
    if not asked or not 0 < sum(asked.values()) < 2**48:
        return NO_RATIONING
    fits = 0 <= lots <= sum(asked.values())
    return Rationing(side, lots, sum(asked.values()), compute_cutoff(lots, asked) if fits else 0)


def _compute_inputs(trace: BatchTrace, lane: TradeLaneTrace, position: int, is_quote: bool) -> Values:
    template = (load_quote_lane if is_quote else load_trade_lane)(lane.capacity).template
    bus, chained = compute_bus(trace), Chains().wire_lane(template.ports)
    published = {port: f"lane[0]/{port}" for port in template.ports if port.startswith("data[")}
    ports = {port: bus[chained.get(port) or published.get(port, port)] for port in template.ports}
    ports |= {"position_in": position, "position_out": position + lane.capacity}
    inputs = quote_lane_inputs if is_quote else trade_lane_inputs
    return ports | inputs(lane, Prices(trace), position)

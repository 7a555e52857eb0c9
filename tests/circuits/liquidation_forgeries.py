"""Forged liquidations: of the healthy, too large, elsewhere, beside an order, at a wrong penalty."""

from __future__ import annotations

from collections.abc import Iterator

from rollup.accounts import Account
from rollup.liquidation import make_case
from tests.circuits.forging import Forged, Forger
from tests.circuits.honest_lanes import get_scene
from tests.circuits.lane_cases import Venue
from tests.circuits.lending import forge_spelled
from tests.circuits.order_forgeries import behind
from tests.circuits.trade_scenes import (
    CLEARING,
    FAR_MARKET,
    LOT,
    MARKS,
    USER,
    LaneKind,
    make_account,
    make_fill_case,
    make_idle_case,
    make_liquidation_case,
    make_order,
    make_venue,
    margin_at,
    with_equity,
)

MARGIN = "margin/close/not_negative/sum"
REDUCES = "order[*]/shrinks_where_it_must"
GAP, UNHEALTHY = "liquidation/gap[*]/if_flagged", "liquidation/unhealthy/if_flagged"
NOT_TOO_LARGE = "liquidation/not_too_large/if_flagged"
EQUITY_SIDE, CAP_SIDE = "liquidation/penalty/equity_side/if_flagged", "liquidation/penalty/cap_side/if_flagged"
FULL, NONE = "liquidation/penalty/full", "liquidation/penalty/none"


def forge_liquidations(forger: Forger, lane: LaneKind) -> Iterator[Forged]:
    """Yield the forgeries of a TradeLane that concern a liquidation."""
    yield from _forge_victims(forger, lane)
    yield from _forge_fills(forger, lane)
    yield from _forge_markets(forger, lane)
    yield from _forge_company(forger, lane)
    yield from _forge_penalties(forger, lane)


def _make_long(venue: Venue, *, short_by: int = 1) -> Account:
    """Return an account with a long of 4,000 AVAX, so many atoms below its maintenance requirement."""
    account = make_account(sizes={0: 4_000 * LOT, 1: LOT, FAR_MARKET: -3 * LOT})
    return with_equity(venue, account, margin_at(venue, account).maintenance - short_by)


def _forge_victims(forger: Forger, lane: LaneKind) -> Iterator[Forged]:
    venue = make_venue()
    healthy = make_liquidation_case(venue, _make_long(venue, short_by=0), 0, 700 * LOT, lane=lane)
    yield forge_spelled(forger, lane, "healthy account liquidated", healthy.inputs, [UNHEALTHY])
    for account_id in (0, 1):
        case = make_liquidation_case(venue, _make_long(venue), 0, LOT, lane=lane, account_id=account_id)
        yield forge_spelled(forger, lane, f"account {account_id} liquidated", case.inputs, ["liquidation/user_account"])


def _forge_fills(forger: Forger, lane: LaneKind) -> Iterator[Forged]:
    venue = make_venue()
    account = _make_long(venue)
    case = make_case(USER, account.sizes_lots, margin_at(venue, account), venue.marks, venue.params)
    assert case is not None
    too_much = case.compute_max_fill(venue.clearing[0]) + 1
    large = make_liquidation_case(venue, account, 0, too_much, lane=lane).inputs
    yield forge_spelled(forger, lane, "liquidation one lot too large", large, [NOT_TOO_LARGE])
    nothing = make_liquidation_case(venue, account, 0, 0, lane=lane)
    yield forge_spelled(forger, lane, "liquidation of no lots", nothing.inputs, ["order[*]/fill/at_least_one_lot"])
    cheap = make_venue(clearing_ticks=(MARKS[0] - 1_200_000, *CLEARING[1:]))
    sold_off = make_liquidation_case(cheap, _make_long(cheap), 0, 100 * LOT, lane=lane)
    yield forge_spelled(forger, lane, "liquidation that lowers health", sold_off.inputs, [MARGIN])
    yield from _forge_directions(forger, lane)


def _forge_directions(forger: Forger, lane: LaneKind) -> Iterator[Forged]:
    """Yield liquidations that buy more of a long, or sell through zero, at a price that is good for the account."""
    for name, clearing, side, lots in (("adds to", -1_200_000, 0, 10 * LOT), ("crosses", 1_200_000, 1, 4_001 * LOT)):
        venue = make_venue(clearing_ticks=(MARKS[0] + clearing, *CLEARING[1:]))
        gain_atoms = lots * abs(clearing) * 10**6
        account = with_equity(venue, make_account(sizes={0: 4_000 * LOT}), -gain_atoms - 1)
        inputs = make_liquidation_case(venue, account, 0, lots, lane=lane).inputs
        changes = {"order[0]/side": side, FULL: 0, NONE: 1}
        yield forge_spelled(forger, lane, f"liquidation that {name} the position", inputs, [REDUCES], changes=changes)


def _forge_markets(forger: Forger, lane: LaneKind) -> Iterator[Forged]:
    """Yield liquidations in a market whose requirement is not the largest."""
    venue = make_venue()
    small = make_liquidation_case(venue, _make_long(venue), 1, LOT // 2, lane=lane)
    yield forge_spelled(
        forger, lane, "liquidation in a smaller market", small.inputs, ["liquidation/gap[*]/if_flagged"]
    )
    account = make_account(sizes={0: 100 * LOT, FAR_MARKET: 400 * LOT})
    account = with_equity(venue, account, margin_at(venue, account).maintenance - 1)
    far = make_liquidation_case(venue, account, 0, LOT, lane=lane)
    yield forge_spelled(forger, lane, "a far market is larger", far.inputs, [GAP])


def _forge_company(forger: Forger, lane: LaneKind) -> Iterator[Forged]:
    """Yield liquidations beside an order, or closed by the rule for orders."""
    liquidated = get_scene("long liquidated", lane).inputs
    if lane.capacity > 1:
        order = make_order(make_venue(), 1, market=3)
        lone = make_fill_case(get_scene("long liquidated", lane).lane.after, [(order, 1)], lane=lane).inputs
        second = {name.replace("[0]", "[1]", 1): value for name, value in lone.items() if name.startswith("order[0]/")}
        grows = {**second, "order[1]/side": 0}
        yield forger.forge("order beside a liquidation", liquidated, _BESIDE_RULES, changes=grows)
    beside = {"order[0]/active": 1}
    broken = ["liquidation/alone", "order[*]/fill/none_if_idle", *_ORDER_RULES, *behind(lane)]
    yield forger.forge("liquidation as an order", liquidated, broken, changes=beside)
    venue = make_venue(clearing_ticks=(MARKS[0] + 1_200_000, *CLEARING[1:]))
    account = _make_long(venue)
    case = make_case(USER, account.sizes_lots, margin_at(venue, account), venue.marks, venue.params)
    assert case is not None
    lots = case.compute_max_fill(venue.clearing[0])
    whole = make_liquidation_case(venue, account, 0, lots, lane=lane).inputs
    yield forge_spelled(
        forger, lane, "liquidation closed as healthy", whole, ["liquidation/alone"], changes={"margin/healthy": 1}
    )


# the order's bits are lent no more, nobody's share is 1 lot, and a buy beside a sale grows
_BESIDE_RULES = (
    "order[*]/after_an_active_one",
    "order[*]/share/extra/by_position",
    "order[*]/share/remainder_below_divisor",
    REDUCES,
    GAP,
    NOT_TOO_LARGE,
    EQUITY_SIDE,
)
# what no account signed; and its charge and a second rent lower the equity
_ORDER_RULES = (
    UNHEALTHY,
    NOT_TOO_LARGE,
    EQUITY_SIDE,
    "order[*]/auction_word/is_the_markets",
    "order[*]/full_unless_shared",
    "order[*]/signature/r8/x",
    "order[*]/signature/r8/y",
    "order[*]/size/is_filled_and_rest",
    "order[*]/slot_before/is_nonce_and_filled",
)


def _forge_penalties(forger: Forger, lane: LaneKind) -> Iterator[Forged]:
    """Yield penalties of another case than the equity's."""

    def forge(name: str, scene: str, refused_by: list[str], **flags: int) -> Forged:
        changes = {FULL: flags["full"], NONE: flags["none"]}
        return forge_spelled(forger, lane, name, get_scene(scene, lane).inputs, refused_by, changes=changes)

    yield forge("penalty above its cap", "long liquidated", [CAP_SIDE], full=0, none=0)
    yield forge("no penalty from positive equity", "long liquidated", [EQUITY_SIDE], full=0, none=1)
    yield forge("penalty above the equity left", "short liquidated", [EQUITY_SIDE], full=1, none=0)
    yield forge("full penalty from negative equity", "bankrupt", [EQUITY_SIDE], full=1, none=0)
    yield forge("negative penalty", "bankrupt", [EQUITY_SIDE], full=0, none=0)
    yield forge("twice the full case", "long liquidated", ["liquidation/penalty/full/boolean"], full=2, none=0)
    yield forge("minus one times none", "short liquidated", ["liquidation/penalty/none/boolean"], full=0, none=-1)
    only = "liquidation/penalty/only_in_liquidation"
    opening = get_scene("opening", lane).inputs
    yield forger.forge("penalty from an order lane", opening, [only], changes={FULL: 1})
    idle = make_idle_case(make_venue(), USER, make_account(usd=400), lane).inputs
    yield forger.forge("idle lane paid its equity by the fund", idle, [only], changes={FULL: 1})
    # a market whose penalty is negative: the tick lets none through, and the lane holds on its own
    both = {FULL: 1, NONE: 1, "table/penalty_weight[0]": -(10**13)}
    long = get_scene("long liquidated", lane).inputs
    yield forge_spelled(
        forger, lane, "full and no penalty at once", long, ["liquidation/penalty/one_case"], changes=both
    )

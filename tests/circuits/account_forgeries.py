"""Forged accounts and totals: leaves opened as what they are not; cash, fees, lots and margins that are off."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from rollup.accounts import Account
from rollup.field import R
from rollup.orders import Order
from rollup.params import Params
from rollup.state import Resources
from tests.circuits.forging import Forged, Forger, tell
from tests.circuits.honest_lanes import get_scene
from tests.circuits.lane_cases import Venue
from tests.circuits.trade_cases import TradeCase
from tests.circuits.trade_scenes import (
    CLEARING,
    LOT,
    MARKS,
    USER,
    LaneKind,
    make_account,
    make_fill_case,
    make_idle_case,
    make_order,
    make_venue,
    margin_at,
    with_equity,
)

ROOT_IN = "account_tree/root_in"
LEAF = "account_tree/level[*]/children/own/chosen"
MARGIN = "margin/close/not_negative/sum"
REDUCES = "order[*]/shrinks_where_it_must"


def forge_accounts(forger: Forger, lane: LaneKind) -> Iterator[Forged]:
    """Yield the forgeries of a lane that concern the account, the totals and the margin."""
    yield from _forge_opened_leaf(forger, lane)
    yield from _forge_index(forger, lane)
    yield from _forge_closed_leaf(forger, lane)
    yield from _forge_totals(forger, lane)
    yield from _forge_ranges(forger, lane)
    yield from _forge_margin(forger, lane)


def _make_idle(lane: LaneKind) -> TradeCase:
    account = make_account(usd=400, sizes={0: 2 * LOT, 12: -LOT})
    return make_idle_case(make_venue(), USER, account, lane)


def _forge_opened_leaf(forger: Forger, lane: LaneKind) -> Iterator[Forged]:
    inputs = _make_idle(lane).inputs
    fields = ["key_x", "key_y", "owner", "tier", "cash_nonce", "epoch", "last_touched", "cash", "size[0]", "size[15]"]
    for field in fields:
        changes = {f"account/{field}": inputs[f"account/{field}"] + 1}
        yield forger.forge(f"opened with another {field}", inputs, [LEAF], changes=changes)
    for market, what in ((5, "a negative zero"), (0, "a long as a short"), (12, "a short as a long")):
        changes = {f"account/sign[{market}]": 1 - inputs[f"account/sign[{market}]"]}
        yield forger.forge(f"opened with {what}", inputs, [LEAF], changes=changes)
    yield forger.forge("wrong root before", inputs, [ROOT_IN], changes={"root_in": inputs["root_in"] + 1})
    rich = make_idle_case(make_venue(), USER, make_account(usd=10**9), lane).inputs
    yield forger.forge("account of another tree", rich, [ROOT_IN], changes={"root_in": inputs["root_in"]})
    orders = {"account/orders_root": inputs["account/orders_root"] + 1}
    broken = [LEAF, "order[*]/orders_tree/root_in"]
    yield forger.forge("opened with another orders_root", inputs, broken, changes=orders)
    # a sign of 3 packs like signs 1 and 1 one market up: the leaf is the same
    signs = make_idle_case(make_venue(), USER, make_account(usd=9_000, sizes={3: -5 * LOT}), lane).inputs
    changes = {"account/sign[3]": 0, "account/sign[2]": 2}
    yield forger.forge("a short's sign packed lower", signs, ["account/sign[*]"], changes=changes)


def _forge_index(forger: Forger, lane: LaneKind) -> Iterator[Forged]:
    case = _make_idle(lane)
    yield forger.forge("another account's index", case.inputs, [LEAF], changes={"account_id": 3})
    # an index bit that is neither 0 nor 1 mixes two leaves into any: an account that never was, with cash from nowhere
    rich = replace(case.lane.before, cash_atoms=10**30)
    leaves = [case.inputs[f"account_path[0][{k}]"] for k in (2, 3)]
    bit = (rich.leaf_hash() - leaves[0]) * pow(leaves[1] - leaves[0], -1, R) % R
    changes, lies = {"account/cash": 10**30}, {"account_id": tell(bit, 1)}
    yield forger.forge("account mixed of two", case.inputs, ["account_id/bit[*]"], changes=changes, lies=lies)


def _forge_closed_leaf(forger: Forger, lane: LaneKind) -> Iterator[Forged]:
    opening, venue = get_scene("opening", lane), make_venue()
    inputs, after = opening.inputs, opening.lane.after
    tree = venue.tree({USER: after})
    others = {
        "cash raised by one atom": tree.set(USER, replace(after, cash_atoms=after.cash_atoms + 1).leaf_hash()),
        "position kept": tree.set(USER, replace(after, sizes_lots=opening.lane.before.sizes_lots).leaf_hash()),
        "cash moved to the sequencer's account": tree.set(3, make_account(3, usd=70_001).leaf_hash()),
        "nothing changed": venue.tree({USER: opening.lane.before}),
    }
    for name, forged in others.items():
        yield forger.forge(name, inputs, ["account_tree/root_out"], changes={"root_out": forged.root})
    yield forger.forge("wrong root after", inputs, ["account_tree/root_out"], changes={"root_out": 0})
    venue, account = make_venue(), make_account(usd=9_000, sizes={0: 5 * LOT})
    closing = make_fill_case(account, [(make_order(venue, -5 * LOT), 5 * LOT)], lane=lane).inputs
    zero_rule = ["order[*]/position_after/zero_is_positive"]
    yield forger.forge(
        "closed with a negative zero", closing, zero_rule, lies={"order[0]/position_after/short": tell(1)}
    )
    flipped = {"order[0]/position_after/short": tell(1)}
    yield forger.forge("long closed as a short", inputs, ["order[*]/position_after/size/sum"], lies=flipped)
    half = {"order[0]/position_after/short": tell((1 + R) // 2)}
    half_rule = ["order[*]/position_after/is_short"]
    yield forger.forge("position vanished, half short", inputs, half_rule, lies=half)


def _forge_totals(forger: Forger, lane: LaneKind) -> Iterator[Forged]:
    opening, sharing = get_scene("opening", lane).inputs, get_scene("sharing", lane).inputs
    off = [(opening, total) for total in ("fees", "tips_e6", "base_fees_e6", "rent", "usage", "position")]
    if not lane.is_quote:
        off.append((get_scene("long liquidated", lane).inputs, "penalties"))
    for inputs, total in off:
        short = {f"{total}_out": inputs[f"{total}_out"] - 1}
        yield forger.forge(f"{total} one short", inputs, [f"totals/{total}"], changes=short)
    for inputs, total, market in ((opening, "lots", 0), (opening, "lots", 15), (sharing, "ration", 0)):
        port = f"{total}_out[{market}]"
        short = {port: inputs[port] - 1}
        yield forger.forge(f"{total} of market {market} one short", inputs, [f"totals/{total}[*]"], changes=short)
    created = {"order[0]/cash_change": lambda change: change + 1}
    yield forger.forge("cash created by one atom", opening, ["order[*]/cash_change"], lies=created)
    lots = {"totals/order[0]/lots[0]": tell(0)}
    yield forger.forge("lots not counted", opening, ["totals/order[*]/lots[*]"], lies=lots)


def _forge_ranges(forger: Forger, lane: LaneKind) -> Iterator[Forged]:
    """Yield lanes that end one beyond the range of cash or of a size."""
    rich = make_account(cash_atoms=2**120 - CLEARING[0] * 10**6, tier=7)
    free = make_venue(params=_without_fees(make_venue()), funding_index=(), resources=Resources())
    sale = make_order(free, -1, tip_e6=0)
    case = make_fill_case(rich, [(sale, 1)], venue=free, lane=lane)
    assert case.lane.after.cash_atoms == 2**120
    yield forger.forge("cash of 2**120", case.inputs, ["account/cash_after/sum"])
    deep = replace(free, funding_index=(-(2**72) + 1,) * 2)
    poor = make_account(cash_atoms=-(2**120) + CLEARING[2] * 10**6 - 1, sizes={0: 2**47, 1: 2**47 + 2**40})
    case = make_fill_case(poor, [(make_order(deep, 1, market=2, tip_e6=0), 1)], venue=deep, lane=lane)
    assert case.lane.after.cash_atoms == -(2**120) - 1
    yield forger.forge("cash below -2**120", case.inputs, ["account/cash_after/sum"])
    size_rule = ["order[*]/position_after/size/sum"]
    for sign in (1, -1):
        account = with_equity(free, make_account(sizes={0: sign * (2**48 - 1)}), 10**30)
        case = make_fill_case(account, [(make_order(free, sign), 1)], venue=free, lane=lane)
        # an idle slot behind it looks at another market
        changes = {f"order[{k}]/market": 1 for k in range(1, lane.capacity)}
        yield forger.forge(f"size of {sign} * 2**48", case.inputs, size_rule, changes=changes)


def _without_fees(venue: Venue) -> Params:
    return replace(venue.params, taker_fee_ppm=(0,) * 8)


def _forge_margin(forger: Forger, lane: LaneKind) -> Iterator[Forged]:
    order = make_order(make_venue(), 40 * LOT, better_ticks=5)
    account = make_account(usd=3_000, sizes={1: 3 * LOT, 9: 3 * LOT})
    short = _shift_to_close(account, order, -1, lane)
    yield forger.forge("margin short by one atom", short.inputs, [MARGIN], changes={"margin/healthy": 1})
    empty = make_fill_case(make_account(), [(order, 40 * LOT)], lane=lane)
    yield forger.forge("empty account trading on margin", empty.inputs, [MARGIN], changes={"margin/healthy": 1})
    yield forger.forge("empty account trading as if reducing", empty.inputs, [REDUCES], changes={"margin/healthy": 0})
    sizes = {0: 100 * LOT}
    for name, lots in (("growing", 10), ("flipping", -150)):
        # at a price that helps: the rule on health alone would let both pass
        at = make_venue(clearing_ticks=(MARKS[0] + (-900_000 if lots > 0 else 4_000_000), *CLEARING[1:]))
        poor = with_equity(at, make_account(sizes=sizes), (5 if lots > 0 else -500) * 10**18)
        case = make_fill_case(poor, [(make_order(at, lots * LOT), abs(lots) * LOT)], venue=at, lane=lane)
        yield forger.forge(f"position {name} below margin", case.inputs, [REDUCES], changes={"margin/healthy": 0})
    yield from _forge_ratio(forger, lane)


def _forge_ratio(forger: Forger, lane: LaneKind) -> Iterator[Forged]:
    """Yield a sale below the mark that costs more health than it brings, and a `healthy` that hides it."""
    venue = make_venue(clearing_ticks=(MARKS[0] - 500_000, *CLEARING[1:]))
    account = with_equity(venue, make_account(sizes={0: 1_000 * LOT}), 200 * 10**18)
    case = make_fill_case(account, [(make_order(venue, -10 * LOT), 10 * LOT)], venue=venue, lane=lane)
    yield forger.forge("health falls while reducing", case.inputs, [MARGIN])
    before, after = margin_at(venue, case.lane.before), margin_at(venue, case.lane.after)
    lacking = after.equity - after.initial
    ratio = after.equity * before.maintenance - before.equity * after.maintenance
    mixed = ratio * pow(ratio - lacking, -1, R) % R  # mixes the two cases to nothing
    yield forger.forge("half healthy", case.inputs, ["margin/healthy/boolean"], changes={"margin/healthy": mixed})


def _shift_to_close(account: Account, order: Order, surplus_atoms: int, lane: LaneKind) -> TradeCase:
    """Return the fill of the whole order, cash moved so that it closes with so much equity over the initial margin."""
    venue = make_venue()
    case = make_fill_case(account, [(order, order.size_lots)], lane=lane)
    closed = margin_at(venue, case.lane.after)
    cash = account.cash_atoms + closed.initial - closed.equity + surplus_atoms
    return make_fill_case(replace(account, cash_atoms=cash), [(order, order.size_lots)], lane=lane)

"""Forged shares: better orders left open, unfair shares, extra lots for the wrong order, another auction's rules."""

from __future__ import annotations

from collections.abc import Iterator

from rollup.field import R
from tests.circuits.forging import Forged, Forger, tell
from tests.circuits.honest_lanes import THIRD, THIRD_OF_SALES
from tests.circuits.lane_cases import Values
from tests.circuits.trade_scenes import (
    LOT,
    LaneKind,
    make_account,
    make_fill_case,
    make_order,
    make_venue,
    with_rationing,
)

FULL, FLOOR, BELOW = "order[*]/full_unless_shared", "order[*]/share/is_floor", "order[*]/share/remainder_below_divisor"
BY_POSITION, CUTOFF = "order[*]/share/extra/by_position", "order[*]/cutoff_gap/bit[*]"
WORD = "order[*]/auction_word/is_the_markets"
ASKED = 40 * LOT
TOTAL, LOTS = THIRD.marginal_remaining, THIRD.marginal_lots
FLOORED = LOTS * ASKED // TOTAL
REMAINDER = LOTS * ASKED - FLOORED * TOTAL


def forge_shares(forger: Forger, lane: LaneKind) -> Iterator[Forged]:
    """Yield the forgeries of a lane that concern who is filled completely and who shares."""
    yield from _forge_complete(forger, lane)
    yield from _forge_amounts(forger, lane)
    yield from _forge_extra_lots(forger, lane)
    yield from _forge_auctions(forger, lane)


def _share(lane: LaneKind, fill_lots: int, *, position: int = 6, better_ticks: int = 0, side: int = 1) -> Values:
    """Return a lane that fills so much of 40 lots where its side is shared, at any position and price."""
    venue = with_rationing(make_venue(), 0, THIRD if side > 0 else THIRD_OF_SALES)
    order = make_order(venue, ASKED, better_ticks=better_ticks)
    account = make_account(usd=3_000)
    return make_fill_case(account, [(order, fill_lots)], lane=lane, venue=venue, position=position).inputs


def _forge_complete(forger: Forger, lane: LaneKind) -> Iterator[Forged]:
    """Yield orders that leave something open though they do not share."""
    yield forger.forge("better order filled by share", _share(lane, FLOORED, better_ticks=1), [FULL])
    yield forger.forge("marginal order of the other side by share", _share(lane, FLOORED, side=-1), [FULL])
    # where p* is no edge of the band, or the other one
    better = _share(lane, FLOORED, better_ticks=1)
    for name, flags in (("highest", 1 << 17), ("lowest", 1 << 18)):
        word = THIRD.cutoff | flags
        changes = {"order[0]/auction_word": word, **_FAIR}
        broken = [WORD] if name == "highest" else [WORD, FULL]
        yield forger.forge(f"price called the {name} of its band", better, broken, changes=changes)
    # of a strictly better buy: marginal by half, and the rationed side -1 from it: 2 * 1/2
    half = (R + 1) // 2
    lies = {"order[0]/auction_word": tell(*_bits(THIRD.cutoff, 16), -1, half, 0)}
    rule = ["order[*]/auction_word/bit[*]"]
    yield forger.forge("price half at the edge of its band", better, rule, changes=_FAIR, lies=lies)
    lies = {"order[0]/marginal/at_limit/inverse": tell(0)}
    rule = ["order[*]/marginal/at_limit/annihilates"]
    yield forger.forge("better order called marginal", better, rule, changes=_FAIR, lies=lies)
    # and the other way: complete, instead of its share
    lies, rule = {"order[0]/marginal/at_limit/product": tell(1)}, ["order[*]/marginal/at_limit/product"]
    yield forger.forge("marginal order called better", _share(lane, ASKED), rule, lies=lies)
    for part in ("eligible", "flag"):
        lies, rule = {f"order[0]/share/{part}": tell(0)}, [f"order[*]/share/{part}"]
        yield forger.forge(f"no sharer by a false {part}", _share(lane, ASKED), rule, lies=lies)
    for part in ("at_edge", "either"):
        lies, rule = {f"order[0]/marginal/{part}": tell(1 if part == "at_edge" else -1)}, [f"order[*]/marginal/{part}"]
        yield forger.forge(f"better order marginal by a false {part}", better, rule, changes=_FAIR, lies=lies)
    other_side = _share(lane, FLOORED, side=-1)
    lies, rule = {"order[0]/share/both_sell": tell(half)}, ["order[*]/share/both_sell"]
    yield forger.forge("sharer of the other side", other_side, rule, changes=_FAIR, lies=lies)


_FAIR = {"order[0]/share_remainder": REMAINDER, "order[0]/share_gap": TOTAL - 1 - REMAINDER}


def _bits(word: int, n_bits: int) -> list[int]:
    return [word >> i & 1 for i in range(n_bits)]


def _forge_amounts(forger: Forger, lane: LaneKind) -> Iterator[Forged]:
    """Yield shares one lot off, by each of the numbers that make it exact."""
    less, more = _share(lane, FLOORED - 1), _share(lane, FLOORED + 1)
    over = {"order[0]/share_remainder": REMAINDER + TOTAL, "order[0]/share_gap": 0}
    yield forger.forge("share one lot short, remainder too large", less, [BELOW], changes=over)
    lies = {"order[0]/share_gap": tell(-1 - REMAINDER)}
    yield forger.forge(
        "share one lot short, gap negative", less, ["order[*]/share_gap/bit[*]"], changes=over, lies=lies
    )
    yield forger.forge("share one lot short", less, [FLOOR], changes=_FAIR)
    yield forger.forge("share one lot over", more, [FLOOR], changes=_FAIR)
    under = {"order[0]/share_gap": 2 * TOTAL - 1 - REMAINDER}
    lies = {"order[0]/share_remainder": tell(REMAINDER - TOTAL)}
    rule = ["order[*]/share_remainder/bit[*]"]
    yield forger.forge("share one lot over, remainder negative", more, rule, changes=under, lies=lies)
    lies = {"order[0]/share/counted": tell(0)}
    yield forger.forge("share not counted", _share(lane, FLOORED), ["order[*]/share/counted"], lies=lies)


def _forge_extra_lots(forger: Forger, lane: LaneKind) -> Iterator[Forged]:
    """Yield extra lots for orders behind the cutoff, and none for those before it."""
    behind, before = _share(lane, FLOORED + 1, position=6), _share(lane, FLOORED, position=5)
    for name, inputs, extra in (("extra lot at the cutoff", behind, 1), ("no extra lot before the cutoff", before, 0)):
        changes = {"order[0]/share/extra": extra, "order[0]/cutoff_gap": 0, **_FAIR}
        yield forger.forge(name, inputs, [BY_POSITION], changes=changes)
        lies = {"order[0]/cutoff_gap": tell(-1)}
        yield forger.forge(f"{name}, gap negative", inputs, [CUTOFF], changes=changes, lies=lies)
    two = {"order[0]/share/extra": 2, "order[0]/cutoff_gap": 1, **_FAIR}
    rule = ["order[*]/share/extra/boolean"]
    yield forger.forge("two extra lots", _share(lane, FLOORED + 2, position=5), rule, changes=two)
    early = {"position_in": 5, "order[0]/share/extra": 1, "order[0]/cutoff_gap": 0, **_FAIR}
    early["position_out"] = 6 + lane.capacity
    yield forger.forge("position one too low", behind, ["totals/position"], changes=early)
    lies = {"order[0]/share/extra/ahead": tell(1)}
    changes = {"order[0]/share/extra": 1, "order[0]/cutoff_gap": 1, **_FAIR}
    yield forger.forge(
        "ahead of the cutoff by a lie", behind, ["order[*]/share/extra/ahead"], changes=changes, lies=lies
    )


def _forge_auctions(forger: Forger, lane: LaneKind) -> Iterator[Forged]:
    """Yield shares of other lots, another divisor, another cutoff than the market's."""
    fair = _share(lane, FLOORED)
    late = {"order[0]/share/extra": 1, "order[0]/auction_word": THIRD.cutoff + 1, "order[0]/cutoff_gap": 0, **_FAIR}
    yield forger.forge("cutoff raised for one order", _share(lane, FLOORED + 1), [WORD], changes=late)
    other_side = THIRD.cutoff | 1 << 16
    complete = _share(lane, ASKED)
    yield forger.forge("side called not rationed", complete, [WORD], changes={"order[0]/auction_word": other_side})
    for part in ("dividend", "product"):
        lies = {f"order[0]/share/{part}": lambda value: value + 1}
        step = 1 if part == "dividend" else -1
        changes = {"order[0]/share_remainder": REMAINDER + step, "order[0]/share_gap": TOTAL - 1 - REMAINDER - step}
        yield forger.forge(f"share's {part} off by one", fair, [f"order[*]/share/{part}"], changes=changes, lies=lies)
    lies = {"totals/order[0]/ration[0]": tell(0)}
    yield forger.forge("share not in its market's total", fair, ["totals/order[*]/ration[*]"], lies=lies)

"""What a cheating sequencer might try with a forced trade, each with the constraints meant to refuse it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from circuits.forced_trade import APPLIED_SHIFT, LOTS_SHIFT, MARKET_SHIFT, PRICE_SHIFT, SIDE_SHIFT, VALID_SHIFT
from rollup.accounts import Account
from rollup.rescue import ForcedTradeLeg
from tests.circuits.forging import Forged, Forger, tell
from tests.circuits.rescue_cases import RescueCase, make_rescue_case
from tests.circuits.rescue_scenes import (
    CASH_EDGE,
    OTHER,
    SCENE,
    get_rescue_scene,
    make_busy_carry,
    make_leg,
    make_second,
)
from tests.circuits.trade_scenes import FAR_MARKET, LOT, USER, make_account

__all__ = ["forge_forced_trades"]

OWN, DUE, RESUMED = "entry/first_valid/is_own", "entry/applied_iff_due", "entry/is_resumed"
FIRST, SECOND = "first leg applied", "second leg applied"


def forge_forced_trades(forger: Forger) -> list[Forged]:
    """Return the forged legs."""
    parts = (_outcomes, _decisions, _words, _flags, _kinds, _bridges)
    return [forged for part in parts for forged in part(forger)]


def _outcomes(forger: Forger) -> Iterator[Forged]:
    """Yield legs decided otherwise than the rules decide them."""
    flat = make_account(OTHER, usd=9_000)
    dropped = make_second(flat, is_applied=False)
    yield Forged("valid trade dropped", dropped.inputs, {}, frozenset([DUE]))
    inputs = get_rescue_scene("first leg dropped").inputs
    yield forger.forge("valid first leg called invalid", inputs, [OWN], changes={"entry/first_valid": 0})
    for scene in (
        "first leg of another owner",
        "first leg short of margin",
        "first leg beyond the largest size",
        "first leg beyond the most cash",
    ):
        inputs = get_rescue_scene(scene).inputs
        yield forger.forge(f"{scene} called valid", inputs, [OWN], changes={"entry/first_valid": 1})
    for name, case in _invalid_seconds().items():
        yield Forged(f"{name} applied", case.inputs, {}, frozenset([DUE]))
    behind = make_second(flat, is_applied=True, first_valid=False)
    yield Forged("second leg applied behind an invalid first", behind.inputs, {}, frozenset([DUE]))
    same = make_second(
        make_account(usd=9_000), is_applied=True, leg=make_leg(OTHER, account=USER, owner=0xA0000 + USER)
    )
    yield Forged("both legs applied to one account", same.inputs, {}, frozenset([DUE]))
    stale = get_rescue_scene(FIRST).inputs
    yield forger.forge("forced at stale prices", stale, ["fresh_prices_if_used"], changes={"table/stale": 1})
    busy = make_rescue_case(ForcedTradeLeg(make_leg(), True), make_account(usd=9_000), carry=make_busy_carry())
    yield forger.forge("forced in place of a counterparty", busy.inputs, ["left/only_counterparties_follow"])
    system = make_leg(account=1, owner=5)
    fund = make_rescue_case(ForcedTradeLeg(system, True), Account(owner=5, cash_atoms=10**22))
    yield Forged("forced on the treasury", fund.inputs, {}, frozenset(["user_account"]))


def _invalid_seconds() -> dict[str, RescueCase]:
    """Return second legs at the first atom or lot that makes them invalid, applied all the same."""
    leg, holder = make_leg(OTHER), make_account(OTHER, sizes={0: 30 * LOT, FAR_MARKET: -LOT})

    def apply(account: Account, **changes: int) -> RescueCase:
        return make_second(account, is_applied=True, leg=replace(leg, **changes))  # type: ignore[arg-type]  # by name

    flat = make_account(OTHER)
    needed = SCENE.margin(SCENE.force(ForcedTradeLeg(leg, True), flat, make_busy_carry())).initial
    turning = SCENE.with_equity(make_account(OTHER, sizes={0: 9 * LOT}), 7)
    falling = SCENE.with_equity(holder, 10**18)
    full = SCENE.with_equity(make_account(OTHER, sizes={0: -(2**48) + 1}), 10**33)
    over = SCENE.with_equity(make_account(OTHER), CASH_EDGE - SCENE.venue.marks[0] * 10**6)
    return {
        "second leg short of margin by one atom": apply(SCENE.with_equity(flat, needed - 1)),
        "second leg that crosses zero below margin": apply(turning),
        "second leg whose health falls by its price": apply(falling, price_ticks=leg.price_ticks - 50_000),
        "second leg of a stranger": apply(make_account(OTHER, usd=9_000), owner=0xBAD),
        "second leg beyond the largest size": apply(full),
        "second leg beyond the most cash": apply(over),
    }


def _decisions(forger: Forger) -> Iterator[Forged]:
    """Yield lies about a decision itself, told so that the outcome follows."""
    margin = get_rescue_scene("first leg short of margin").inputs
    called = {"entry/first_valid": 1}
    healthy = {"leg/below_initial/shifted": lambda bits: [*bits[:-1], 1]}
    yield forger.forge(
        "below the requirement by a bit", margin, ["leg/below_initial/shifted/sum"], changes=called, lies=healthy
    )
    reduces = get_rescue_scene("second leg that reduces").inputs
    word = reduces["carry_in/first_leg"] - (1 << APPLIED_SHIFT)
    drop = {"entry/applied": 0, "carry_in/first_leg": word}
    worse = {"leg/worse/shifted": lambda bits: [*bits[:-1], 0]}
    yield forger.forge("health said to fall", reduces, ["leg/worse/shifted/sum"], changes=drop, lies=worse)
    grows = {"leg/shrinks/product": tell(1)}
    yield forger.forge("reducing denied", reduces, ["leg/shrinks/product"], changes=drop, lies=grows)
    for name, hint, scene, changes in (
        ("another owner taken for the entry's", "leg/owned", "first leg of another owner", called),
        ("risk denied", "leg/no_risk", "first leg dropped", {}),
        ("growth taken for reducing", "leg/shrinks", FIRST, {}),
    ):
        inputs, lies = get_rescue_scene(scene).inputs, {f"{hint}/inverse": tell(0)}
        yield forger.forge(name, inputs, [f"{hint}/annihilates"], changes=changes, lies=lies)
    size = get_rescue_scene("first leg beyond the largest size").inputs
    short = {"position_after/size": lambda bits: [*bits[:-1], 0]}
    yield forger.forge("largest size wrapped", size, ["position_after/size/sum"], changes=called, lies=short)
    cash = get_rescue_scene("first leg beyond the most cash").inputs
    short = {"cash_after/size": lambda bits: [*bits[:120], 0, 0]}
    yield forger.forge("most cash wrapped", cash, ["cash_after/size/sum"], changes=called, lies=short)
    gain = {"leg/gain": lambda told: told + 10**22}
    yield forger.forge("gain invented", margin, ["leg/gain"], changes=called, lies=gain)


def _words(forger: Forger) -> Iterator[Forged]:
    """Yield second legs that are not of the first's entry, and first legs that nobody resumes."""
    inputs = get_rescue_scene(SECOND).inputs
    word = inputs["carry_in/first_leg"]
    for what, shift in (
        ("side", SIDE_SHIFT),
        ("market", MARKET_SHIFT),
        ("lots", LOTS_SHIFT),
        ("price", PRICE_SHIFT),
        ("outcome", APPLIED_SHIFT),
        ("validity", VALID_SHIFT),
    ):
        changes = {"carry_in/first_leg": word ^ 1 << shift}
        yield forger.forge(f"second leg of another {what}", inputs, [RESUMED], changes=changes)
    yield forger.forge("second leg without a first", inputs, [RESUMED], changes={"carry_in/first_leg": 0})
    alone = make_second(make_account(OTHER), is_applied=False).inputs
    applied = alone["carry_in/first_leg"] | 1 << APPLIED_SHIFT
    yield forger.forge("first leg alone applied", alone, [RESUMED], changes={"carry_in/first_leg": applied})
    for scene in ("unused", "takeover", FIRST, "victim in debt"):
        left = {"carry_in/first_leg": word}
        yield forger.forge(f"{scene} in place of a second leg", get_rescue_scene(scene).inputs, [RESUMED], changes=left)
    first = get_rescue_scene(FIRST).inputs
    for what, value in (("forgotten", 0), ("of another price", first["carry_out/first_leg"] + (1 << PRICE_SHIFT))):
        changes = {"carry_out/first_leg": value}
        yield forger.forge(f"first leg {what}", first, ["entry/is_handed_on"], changes=changes)
    changes = {"carry_out/first_account": OTHER}
    yield forger.forge("first leg of another account", first, ["entry/account/is_handed_on"], changes=changes)


def _flags(forger: Forger) -> Iterator[Forged]:
    idle = get_rescue_scene("unused on an account in use").inputs
    yield forger.forge("applied without an entry", idle, ["entry/applied/only_if_forced"], changes={"entry/applied": 1})
    first = get_rescue_scene(FIRST).inputs
    yield forger.forge("first leg applied twice", first, ["entry/applied/boolean"], changes={"entry/applied": 2})
    second = get_rescue_scene("second leg of another owner").inputs
    word = second["carry_in/first_leg"] - (1 << VALID_SHIFT)
    half = {"entry/first_valid": 5, "carry_in/first_leg": word + (5 << VALID_SHIFT)}
    yield forger.forge("first leg five times valid", second, ["entry/first_valid/boolean"], changes=half)
    yield forger.forge("trades three times its lots", first, ["side/boolean"], changes={"side": -1})


def _kinds(forger: Forger) -> Iterator[Forged]:
    """Yield legs in both places at once, or a negative number of times."""
    nothing = make_leg(owner=0xBAD, lots=0)
    inputs = make_rescue_case(ForcedTradeLeg(nothing, False), make_account(usd=9_000)).inputs
    word = inputs["carry_out/first_leg"]
    other_side = word ^ 1 << SIDE_SHIFT
    both = {"kind/first": 1, "kind/second": 1, "carry_in/first_leg": other_side}
    yield forger.forge("both legs in one lane", inputs, ["kind/at_most_one"], changes=both)
    undone = {"kind/first": -1, "kind/second": 1, "carry_in/first_leg": other_side}
    yield forger.forge("an entry given back to the queue", inputs, ["kind/first/boolean"], changes=undone)
    # second = -1: the side it tells of the first is side - (1 - 2 * side), here -1
    resumed = {"kind/first": 1, "kind/second": -1, "carry_in/first_leg": -(word - (1 << SIDE_SHIFT))}
    yield forger.forge("a first leg resumed by itself", inputs, ["kind/second/boolean"], changes=resumed)
    seller = make_leg(side=1, owner=0xBAD)
    debtor = SCENE.with_equity(make_account(sizes={0: 30 * LOT}), -5)
    case = make_rescue_case(ForcedTradeLeg(seller, False), debtor)
    word = case.inputs["carry_out/first_leg"]
    taken = {
        "kind/counterparty": -1,
        "kind/first": 1,
        "kind/second": 1,
        "carry_in/first_leg": word ^ 1 << SIDE_SHIFT,
    }
    yield forger.forge("lots left where nobody was a victim", case.inputs, ["kind/counterparty/boolean"], changes=taken)


def _bridges(forger: Forger) -> Iterator[Forged]:
    terms = "bridge/terms"
    for scene in (FIRST, "second leg of another owner"):
        inputs = get_rescue_scene(scene).inputs
        word = inputs["bridge[0]"]
        for what, other in (
            ("kind", word ^ 1),
            ("account", word ^ 1 << 4),
            ("lots", word ^ 1 << 25),
            ("market", word ^ 1 << 73),
            ("side", word ^ 1 << 77),
            ("outcome", word ^ 1 << 78),
            ("absence", 0),
        ):
            yield forger.forge(f"{scene}: another {what} told", inputs, [terms], changes={"bridge[0]": other})
        for name, j in (("owner", 1), ("price", 2)):
            changes = {f"bridge[{j}]": inputs[f"bridge[{j}]"] + 1}
            yield forger.forge(f"{scene}: another {name} told", inputs, [f"bridge/{name}"], changes=changes)
        yield forger.forge(f"{scene}: more told", inputs, ["bridge/nothing_else"], changes={"bridge[3]": 1})
    idle = get_rescue_scene("takeover").inputs
    yield forger.forge("a takeover told as a forced trade", idle, [terms], changes={"bridge[0]": 7})

"""What a cheating sequencer might try with a RescueLane, each with the constraints meant to refuse it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from circuits.system import Lie
from rollup.accounts import Account
from rollup.field import R
from rollup.rescue import Carry, Counterparty, Takeover, Victim
from rollup.units import MARKET_COUNT
from tests.circuits.forced_forgeries import forge_forced_trades
from tests.circuits.forging import Forged, Forger, tell
from tests.circuits.published_forgeries import forge_words
from tests.circuits.rescue_cases import (
    OUTPUTS,
    VENUE,
    RescueCase,
    Scene,
    carry_on,
    idle_carry,
    load_rescue_lane,
    make_rescue_case,
)
from tests.circuits.rescue_scenes import (
    OTHER,
    RICH_FUND,
    SCENE,
    get_rescue_scene,
    get_rescue_scenes,
    make_busy_carry,
    make_taker,
    make_victim,
)
from tests.circuits.trade_scenes import LOT, MARKS, USER, make_account

__all__ = ["forge_rescues"]

ROOT_OUT = "account_tree/root_out"
TAKES_LEFT = "counterparty/takes_what_is_left/sum"
SHRINKS = "counterparty/shrinks"


def forge_rescues() -> list[Forged]:
    """Return the whole catalogue. Assumes hashing by the kernel for speed."""
    forger = Forger(load_rescue_lane(), OUTPUTS)
    parts = (_conditions, _effects, _counterparties, _orders, _shares, _carries, _kinds, _totals, _openings)
    plain = [forged for part in parts for forged in part(forger)]
    plain += forge_forced_trades(forger)
    scenes = {name: case.inputs for name, case in get_rescue_scenes().items()}
    plain += forge_words(forger, scenes, {"data[0]": "data/operation", "data[1]": "data/taken"})
    return [*plain, *(forger.hold_in_one_bit(forged) for forged in plain if _is_out_of_range(forged))]


def _is_out_of_range(forged: Forged) -> bool:
    """Return whether a sum of bits alone refuses it, and the bits are not themselves a lie."""
    name, *others = forged.refused_by
    return not others and name.endswith("/sum") and name.removesuffix("/sum") not in forged.lies


def _refused(name: str, case: RescueCase, *classes: str) -> Forged:
    """Return the case as it stands."""
    return Forged(name, case.inputs, {}, frozenset(classes))


def _conditions(_: Forger) -> Iterator[Forged]:
    half = SCENE.margin(make_victim()).maintenance // 2
    fund = idle_carry(RICH_FUND)
    for op, name, carry in ((Takeover(), "takeover", fund), (Victim(), "deleverage", idle_carry(-RICH_FUND))):
        for what, equity in (("at half of maintenance", half), ("above maintenance", 3 * half)):
            case = make_rescue_case(op, make_victim(equity), carry=carry)
            yield _refused(f"{name} of an account {what}", case, "rescuable/sum")
        for account_id in (0, 1):
            case = make_rescue_case(op, make_victim(), carry=carry, account_id=account_id)
            yield _refused(f"{name} of account {account_id}", case, "user_account")
        case = make_rescue_case(op, make_victim(), carry=carry)
        yield Forged(
            f"{name} at stale prices", case.inputs | {"table/stale": 1}, {}, frozenset(["fresh_prices_if_used"])
        )
    empty = make_rescue_case(Takeover(), make_victim(0, {}), carry=fund)
    yield _refused("takeover of an account without debt", empty, "rescuable/sum")
    owing = make_victim(-(10**20))
    poor = make_rescue_case(Takeover(), owing, carry=idle_carry(10**20 - 1))
    yield _refused("takeover that the fund cannot bear by one atom", poor, "fund_decides/sum")
    able = make_rescue_case(Victim(), owing, carry=idle_carry(10**20))
    yield _refused("deleveraged though the fund just bears it", able, "fund_decides/sum")
    bare = make_rescue_case(Victim(), make_victim(-(10**20), {}), carry=idle_carry(0))
    yield _refused("deleveraged without positions", bare, "victim/has_positions")


def _effects(forger: Forger) -> Iterator[Forged]:
    before, fund = make_victim(), idle_carry(RICH_FUND)
    taker, busy = make_taker(0, -300 * LOT), make_busy_carry()
    cases = {
        "takeover": make_rescue_case(Takeover(), before, carry=fund),
        "victim": make_rescue_case(Victim(), before, carry=idle_carry(-RICH_FUND)),
    }
    for name, case in cases.items():
        kept: dict[str, dict[str, object]] = {
            "keeps its cash": {"cash_atoms": before.cash_atoms},
            "keeps one atom": {"cash_atoms": 1},
            "keeps its positions": {"sizes_lots": before.sizes_lots},
            "keeps one lot": {"sizes_lots": (1, *(0,) * 15)},
            "loses its owner": {"owner": 0},
            "loses its key": {"key": (0, 0)},
            "changes tier": {"tier": 7},
            "is touched earlier": {"last_touched_s": before.last_touched_s},
        }
        yield from (_written(forger, f"{name} that {what}", case, fields) for what, fields in kept.items())
    taking = _take(0, 10 * LOT, taker, busy)
    after = taking.lane.after
    spared: dict[str, dict[str, object]] = {
        "does not pay its share": {"cash_atoms": after.cash_atoms + 1},
        "moves no position": {"sizes_lots": taker.sizes_lots},
        "pays no rent": {"cash_atoms": after.cash_atoms + taker.cash_atoms - SCENE.open(taker).cash_atoms},
    }
    yield from (_written(forger, f"counterparty that {what}", taking, fields) for what, fields in spared.items())
    idle = make_rescue_case(None, before, account_id=USER)
    yield _written(forger, "cash created in an unused lane", idle, {"cash_atoms": before.cash_atoms + 1})
    for name, hint in (("rent waived", "rent/charged"), ("rent forgotten", "rent/due")):
        inputs = get_rescue_scene("counterparty").inputs
        yield forger.forge(name, inputs, [hint], lies={hint: tell(0)})


def _written(forger: Forger, name: str, case: RescueCase, fields: dict[str, object]) -> Forged:
    """Return the case with another account written back than the one that the lane leaves."""
    lane = case.lane
    written = replace(lane.after, **fields)  # type: ignore[arg-type]  # fields of Account by name
    tree = VENUE.tree({lane.account_id: written})
    return forger.forge(name, case.inputs, [ROOT_OUT], changes={"root_out": tree.root})


def _take(market: int, lots: int, account: Account, carry: Carry, account_id: int = OTHER) -> RescueCase:
    return make_rescue_case(Counterparty(market, lots), account, account_id=account_id, carry=carry)


def _counterparties(forger: Forger) -> Iterator[Forged]:
    busy, short = make_busy_carry(), make_taker(0, -300 * LOT)
    same_side = _take(0, LOT, make_taker(0, 300 * LOT), busy)
    yield _refused("counterparty of the victim's own side", same_side, SHRINKS)
    yield _refused("counterparty without a position", _take(0, LOT, make_taker(2, LOT), busy), SHRINKS)
    yield _refused("counterparty crosses zero", _take(0, 300 * LOT + 1, short, busy), SHRINKS)
    beyond = _take(0, 400 * LOT + 1, make_taker(0, -900 * LOT), busy)
    yield _refused("one lot more than is left", beyond, TAKES_LEFT)
    turned = get_rescue_scene("counterparty").inputs | {"side": 1}
    seller = _take(0, 250 * LOT, make_taker(0, 300 * LOT), busy).inputs
    yield forger.forge("sells where the victim was long", seller, [TAKES_LEFT], changes={"side": 1})
    yield forger.forge("buys more where the victim was long", turned, [SHRINKS, TAKES_LEFT])
    yield _refused("counterparty takes nothing", _take(0, 0, short, busy), "counterparty/takes_a_lot")
    free = make_busy_carry(0)
    broke = _take(0, LOT, make_taker(0, -300 * LOT, 0), free)
    yield _refused("counterparty without equity", broke, "counterparty/has_equity")
    share = busy.deleveraging.compute_share(250 * LOT, MARKS[0])
    poor = _take(0, 250 * LOT, make_taker(0, -300 * LOT, share - 1), busy)
    yield _refused("counterparty that cannot bear its share by one atom", poor, "counterparty/bears_share/sum")
    for account_id in (0, 1):
        system = _take(0, LOT, short, busy, account_id)
        yield _refused(f"account {account_id} as a counterparty", system, "user_account")
    yield _refused("counterparty beyond the most cash", _take_beyond_cash(), "counterparty/cash_fits")
    idle = _take(0, LOT, short, idle_carry()).inputs
    yield forger.forge("counterparty of nobody", idle, [TAKES_LEFT, "counterparty/share/below/sum"])


def _take_beyond_cash() -> RescueCase:
    """Return a counterparty in range with its equity, yet with more cash after its move than a leaf can hold."""
    most = 2**72 - 1
    venue = replace(VENUE, funding_index=(most, 0, most))
    scene = Scene(venue)
    account = scene.with_equity(make_account(OTHER, sizes={0: -(2**47), 2: 2**48 - 1}), 10**30)
    account.check()
    victim = scene.with_equity(make_account(sizes={0: 2**47}), 0)
    carry = carry_on(scene, Victim(), victim, idle_carry(-1))
    case = make_rescue_case(Counterparty(0, 2**47), account, account_id=OTHER, carry=carry, venue=venue)
    assert case.lane.after.cash_atoms >= 2**120
    return case


def _place(carry: Carry, market: int, notional: int, equity_atoms: int) -> Carry:
    last = replace(carry.deleveraging, last_market=market, last_notional=notional, last_equity_atoms=equity_atoms)
    return replace(carry, deleveraging=last)


def _orders(forger: Forger) -> Iterator[Forged]:
    busy, short, long = make_busy_carry(), make_taker(0, -300 * LOT), make_taker(1, 5 * LOT)
    back = _take(0, LOT, short, _place(busy, 1, 1, 10**24))
    yield _refused("counterparty of an earlier market", back, "order/markets_rise/sum")
    for what, notional, equity in (("by one unit", 300 * LOT * MARKS[0] - 1, 10**22), ("by far", 1, 10**24)):
        after = _take(0, LOT, short, _place(busy, 0, notional, equity))
        yield _refused(f"less leveraged counterparty went first, {what}", after, "order/leverage_falls/sum")
    inputs = _take(1, LOT, long, _place(busy, 0, 10**30, 1)).inputs
    skipped = {"order/same_market/inverse": tell(0)}
    yield forger.forge("another market taken for the same", inputs, ["order/same_market/annihilates"], lies=skipped)
    inputs = _take(0, LOT, short, _place(busy, 0, 1, 10**24)).inputs
    denied = {"order/same_market/product": tell(1)}
    yield forger.forge("the same market taken for another", inputs, ["order/same_market/product"], lies=denied)


def _shares(forger: Forger) -> Iterator[Forged]:
    inputs = get_rescue_scene("counterparty").inputs
    notional = inputs["carry_in/notional"]

    def shift(atoms: int) -> dict[str, Lie]:
        return {"counterparty/share": lambda told: [told[0] + atoms, told[1] - atoms * notional]}

    small, large = "counterparty/share/below/sum", "counterparty/share/remainder/sum"
    yield forger.forge("share one atom too small", inputs, [small], lies=shift(-1))
    yield forger.forge("share one atom too large", inputs, [large], lies=shift(1))
    waived = {"counterparty/share": lambda told: [0, told[1]]}
    yield forger.forge("share waived", inputs, ["counterparty/share/product"], lies=waived)
    half = {"counterparty/dividend": lambda told: told // 2}
    yield forger.forge("half of the deficit shared out", inputs, ["counterparty/dividend"], lies=half)
    debt = get_rescue_scene("victim in debt").inputs
    sign = {"victim/equity_split/short": tell(0)}
    yield forger.forge("victim's debt taken for equity", debt, ["victim/equity_split/size/sum"], lies=sign)
    worth = get_rescue_scene("victim with equity").inputs
    sign = {"victim/equity_split/short": tell(1)}
    yield forger.forge("victim's equity taken for debt", worth, ["victim/equity_split/size/sum"], lies=sign)


def _carries(forger: Forger) -> Iterator[Forged]:
    busy = make_busy_carry()
    follows = "left/only_counterparties_follow"
    yield _refused("an unused lane in place of a counterparty", make_rescue_case(None, Account(), carry=busy), follows)
    rich = replace(busy, fund_equity_atoms=RICH_FUND)
    another = make_rescue_case(Takeover(), make_victim(), carry=rich)
    yield _refused("takeover in place of a counterparty", another, follows)
    ports = ("deficit", "notional", "last_market", "last_notional", "last_equity", "left[0]", "left[15]")
    rules = {name: f"left/{name}/is_handed_on" if "last" in name else f"left/{name}" for name in ports}
    rules |= {f"left[{m}]": "left/lots[*]" for m in (0, 15)}
    for scene in ("victim in debt", "counterparty", "unused", "takeover"):
        inputs = get_rescue_scene(scene).inputs
        for name, rule in rules.items():
            changes = {f"carry_out/{name}": inputs[f"carry_out/{name}"] - 1}
            yield forger.forge(f"{scene}: {name} handed on one less", inputs, [rule], changes=changes)
    dropped = {f"carry_out/{name}": 0 for name in ("deficit", "notional", *(f"left[{m}]" for m in range(16)))}
    inputs = get_rescue_scene("counterparty").inputs
    rest = ["left/deficit", "left/notional", "left/lots[*]"]
    yield forger.forge("rest of the victim dropped", inputs, rest, changes=dropped)


def _kinds(forger: Forger) -> Iterator[Forged]:
    takeover, victim = "kind/takeover", "kind/victim"
    inputs = make_rescue_case(Takeover(), make_victim(), carry=idle_carry(-RICH_FUND)).inputs
    undone = {takeover: -1, victim: 1}
    yield forger.forge("taken over once less than deleveraged", inputs, ["kind/takeover/boolean"], changes=undone)
    inputs = get_rescue_scene("takeover").inputs
    yield forger.forge(
        "deleveraged once less than taken over", inputs, ["kind/victim/boolean"], changes={takeover: 1, victim: -1}
    )
    broken = ["kind/takeover/boolean", "kind/at_most_one"]
    yield forger.forge("taken over twice", inputs, broken, changes={takeover: 2})
    both = {"kind/takeover": 1, "kind/counterparty": 1}
    idle = ["kind/at_most_one", "counterparty/takes_a_lot", "counterparty/share/below/sum"]
    yield forger.forge("taken over as its own counterparty", inputs, idle, changes=both)


def _totals(forger: Forger) -> Iterator[Forged]:
    for scene in ("takeover", "victim with equity", "counterparty", "first leg applied", "unused"):
        inputs = get_rescue_scene(scene).inputs
        for total in ("takeover_cash", "rent", "usage", "queue"):
            changes = {f"{total}_out": inputs[f"{total}_out"] + 1}
            yield forger.forge(f"{scene}: {total} one more", inputs, [f"totals/{total}"], changes=changes)
        changes = {"carry_out/fund_equity": inputs["carry_out/fund_equity"] + 1}
        yield forger.forge(f"{scene}: fund one atom richer", inputs, ["totals/fund_equity"], changes=changes)
        for total in ("lots", "takeover_lots"):
            for m in (0, MARKET_COUNT - 1):
                changes = {f"{total}_out[{m}]": inputs[f"{total}_out[{m}]"] + 1}
                yield forger.forge(f"{scene}: {total} minted in {m}", inputs, [f"totals/{total}[*]"], changes=changes)
    inputs = get_rescue_scene("takeover").inputs
    for name, hint in (("fund pays less equity", "takeover/equity"), ("fund is not paid", "takeover/cash")):
        yield forger.forge(name, inputs, [hint], lies={hint: tell(0)})


def _openings(forger: Forger) -> Iterator[Forged]:
    inputs = get_rescue_scene("unused on an account in use").inputs
    leaf = ["account_tree/level[0]/children/own/chosen"]
    for field in ("cash", "owner", "epoch", "orders_root", "last_touched"):
        changes = {f"account/{field}": inputs[f"account/{field}"] + 1}
        yield forger.forge(f"opened with another {field}", inputs, leaf, changes=changes)
    yield forger.forge("another root before", inputs, ["account_tree/root_in"], changes={"root_in": 1})
    yield forger.forge("another root after", inputs, [ROOT_OUT], changes={"root_out": 1})
    packed = {"account/sign[1]": 0, "account/sign[0]": 2}  # in the status word as the short of market 1
    yield forger.forge("a short's sign packed lower", inputs, ["account/sign[*]"], changes=packed)
    bit = (R + 1) // 2
    applied = get_rescue_scene("first leg applied").inputs
    yield forger.forge("half a side", applied, ["side/boolean"], changes={"side": bit})

"""Honest RescueLanes to forge from: one of each kind, and of each way a forced trade is decided."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

from rollup.accounts import Account
from rollup.rescue import Carry, Counterparty, ForcedTradeLeg, Takeover, Victim
from rollup.txs.forced_trade import FirstLeg, ForcedLeg, ForcedTrade
from tests.circuits.rescue_cases import VENUE, RescueCase, Scene, idle_carry, make_rescue_case
from tests.circuits.trade_scenes import FAR_MARKET, LOT, MARKS, USER, make_account

__all__ = [
    "CASH_EDGE",
    "OTHER",
    "RICH_FUND",
    "SCENE",
    "get_rescue_scene",
    "get_rescue_scenes",
    "make_busy_carry",
    "make_leg",
    "make_second",
    "make_taker",
    "make_victim",
]

SCENE = Scene(VENUE)
OTHER = 3
RICH_FUND = 10**24
CASH_EDGE = 2**120 - 1
SIZES = {0: 400 * LOT, 1: -2 * LOT, FAR_MARKET: 7 * LOT}


def make_victim(equity_atoms: int | None = None, sizes: dict[int, int] | None = None) -> Account:
    """Return an account just below half of its maintenance requirement, or of this equity, its rent paid."""
    account = make_account(sizes=SIZES if sizes is None else sizes)
    if equity_atoms is None:
        equity_atoms = (SCENE.margin(account).maintenance - 1) // 2
    return SCENE.with_equity(account, equity_atoms)


def make_busy_carry(deficit_atoms: int = 5 * 10**18 + 1) -> Carry:
    """Return what a victim's lane hands on, its deficit as given."""
    case = make_rescue_case(Victim(), make_victim(-deficit_atoms), carry=idle_carry(deficit_atoms - 1))
    return case.lane.carry_out


def make_taker(market: int, lots: int, equity_atoms: int = 10**22) -> Account:
    """Return an account with a position opposite to a victim's, so many lots, and this equity."""
    return SCENE.with_equity(make_account(OTHER, sizes={market: lots, 4: LOT}), equity_atoms)


def make_leg(account_id: int = USER, **changes: int) -> ForcedLeg:
    """Return the first leg of an entry, or its second: ten units of AVAX at the mark, the first buys."""
    legs = ForcedTrade((USER, OTHER), (0xA0000 + USER, 0xA0000 + OTHER), 0, 0, 10 * LOT, MARKS[0]).legs
    return replace(legs[account_id != USER], **changes)  # type: ignore[arg-type]  # fields of ForcedLeg by name


def make_second(
    account: Account, *, is_applied: bool, first_valid: bool = True, leg: ForcedLeg | None = None
) -> RescueCase:
    """Return the lane of a second leg behind the first of the same terms."""
    leg = leg or make_leg(OTHER)
    terms = {"market": leg.market, "side": 1 - leg.side, "lots": leg.lots, "price_ticks": leg.price_ticks}
    carry = replace(idle_carry(), first_leg=FirstLeg(make_leg(**terms), first_valid, is_applied))
    return make_rescue_case(ForcedTradeLeg(leg, is_applied), account, carry=carry)


def _take(market: int, lots: int, account: Account, carry: Carry) -> RescueCase:
    return make_rescue_case(Counterparty(market, lots), account, account_id=OTHER, carry=carry)


def _place(carry: Carry, market: int, notional: int, equity_atoms: int) -> Carry:
    last = replace(carry.deleveraging, last_market=market, last_notional=notional, last_equity_atoms=equity_atoms)
    return replace(carry, deleveraging=last)


def _rescues() -> dict[str, RescueCase]:
    fund = idle_carry(RICH_FUND)
    bare = make_victim(-3, {})
    exact = make_victim(-(10**20))
    return {
        "takeover": make_rescue_case(Takeover(), make_victim(), carry=fund),
        "takeover that leaves the fund nothing": make_rescue_case(Takeover(), exact, carry=idle_carry(10**20)),
        "takeover of a debt": make_rescue_case(Takeover(), bare, carry=fund),
        "victim in debt": make_rescue_case(Victim(), exact, carry=idle_carry(10**20 - 1)),
        "victim with equity": make_rescue_case(Victim(), make_victim(), carry=idle_carry(-RICH_FUND)),
        "victim without equity": make_rescue_case(Victim(), make_victim(0), carry=idle_carry(-1)),
        "unused": make_rescue_case(None, Account(cash_atoms=5)),
        "unused on an account in use": make_rescue_case(None, make_victim(), account_id=USER),
    }


def _counterparties() -> dict[str, RescueCase]:
    busy = make_busy_carry()
    short, long = make_taker(0, -300 * LOT), make_taker(1, 5 * LOT)
    leverage = 300 * LOT * MARKS[0], 10**22
    only = replace(
        busy, deleveraging=replace(busy.deleveraging, left_lots=(0, -2 * LOT, *(0,) * 14), notional=2 * LOT * MARKS[1])
    )
    return {
        "counterparty": _take(0, 250 * LOT, short, busy),
        "counterparty that takes one lot": _take(0, 1, short, busy),
        "counterparty that takes all it can": _take(0, 300 * LOT, short, busy),
        "counterparty of a short": _take(1, LOT, long, busy),
        "counterparty that takes the last": _take(1, 2 * LOT, long, only),
        "counterparty as leveraged as the one before": _take(0, LOT, short, _place(busy, 0, *leverage)),
        "counterparty of the next market": _take(1, LOT, long, _place(busy, 0, 1, 10**24)),
        "counterparty of no deficit": _take(
            0, LOT, short, replace(busy, deleveraging=replace(busy.deleveraging, deficit_atoms=0))
        ),
    }


def _forced_trades() -> dict[str, RescueCase]:
    def first(account: Account, is_applied: bool, **changes: int) -> RescueCase:
        return make_rescue_case(ForcedTradeLeg(make_leg(**changes), is_applied), account)

    rich, flat = SCENE.with_equity(make_account(sizes={0: 5 * LOT}), 10**22), make_account(usd=9_000)
    holder = make_account(OTHER, sizes={0: 30 * LOT, FAR_MARKET: -LOT})
    poor = SCENE.with_equity(holder, 7)  # below the initial requirement: only reducing is allowed
    rising = SCENE.with_equity(holder, -(10**18))
    full = SCENE.with_equity(make_account(sizes={0: 2**48 - 1}), 10**33)
    over = make_account(cash_atoms=CASH_EDGE - 10**18)
    return {
        "first leg applied": first(rich, True),
        "first leg dropped": first(rich, False),
        "first leg of another owner": first(rich, False, owner=0xBAD),
        "first leg short of margin": first(make_account(), False),
        "first leg beyond the largest size": first(full, False),
        "first leg beyond the most cash": first(over, False, side=1),
        "first leg of nothing at all": first(flat, True, lots=0),
        "second leg applied": make_second(make_account(OTHER, usd=9_000), is_applied=True),
        "second leg that reduces": make_second(poor, is_applied=True),
        "second leg whose health falls": make_second(rising, is_applied=False, leg=make_leg(OTHER, price_ticks=1)),
        "second leg behind an invalid first": make_second(flat, is_applied=False, first_valid=False),
        "second leg of another owner": make_second(flat, is_applied=False, leg=make_leg(OTHER, owner=0xBAD)),
        "second leg on the account of the first": make_second(
            flat, is_applied=False, leg=make_leg(OTHER, account=USER, owner=0xA0000 + USER)
        ),
    }


@cache
def get_rescue_scenes() -> dict[str, RescueCase]:
    """Return every honest lane by name. Assumes hashing by the kernel for speed."""
    return _rescues() | _counterparties() | _forced_trades()


def get_rescue_scene(name: str) -> RescueCase:
    """Return one honest lane."""
    return get_rescue_scenes()[name]

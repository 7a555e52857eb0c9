"""Random RescueLanes, allowed or not, with every rule hit from both sides."""

from __future__ import annotations

from dataclasses import dataclass, replace

from hypothesis import strategies as st

from rollup.accounts import Account
from rollup.deleverage import Deleveraging, open_deleveraging
from rollup.rescue import Carry, Counterparty, ForcedTradeLeg, RescueOp, Takeover, Victim
from rollup.txs.forced_trade import FirstLeg, ForcedLeg
from rollup.units import ACCOUNT_BITS, FIRST_USER_ACCOUNT, PRICE_BITS, SIZE_BITS
from tests.circuits.lane_cases import Venue
from tests.circuits.rescue_cases import RENTED, Scene, idle_carry
from tests.circuits.trade_scenes import USER, make_account
from tests.circuits.trade_strategies import MAX_CASH, nudges, positions, venues

__all__ = ["Turn", "counterparty_turns", "forced_turns", "rescue_turns"]

MAX_SIZE, MAX_PRICE = 2**SIZE_BITS - 1, 2**PRICE_BITS - 1
MODEST_SIZE, MODEST_PRICE, MODEST_FUNDING = 2**36, 2**32, 2**56  # equities well below 2**108 atoms
modest_venues = venues(max_price=MODEST_PRICE, max_funding=MODEST_FUNDING)


@dataclass(frozen=True)
class Turn:
    """An operation on an account, and what is carried in."""

    venue: Venue
    op: RescueOp | None
    account_id: int
    account: Account
    carry: Carry


accounts_ids = st.sampled_from([USER, USER, USER, 0, 1, 2**ACCOUNT_BITS - 1])


@st.composite
def rescue_turns(draw: st.DrawFn) -> Turn:
    """Return a takeover, a victim or nothing, at the edge of the condition or of what the fund bears."""
    venue = _rent(draw(modest_venues))
    scene = Scene(venue)
    account = make_account(sizes=draw(positions(venue, MODEST_SIZE)))
    maintenance = scene.margin(account).maintenance
    edges = st.sampled_from([0, maintenance // 2, maintenance, -maintenance])
    account = scene.with_equity(account, draw(edges) + draw(nudges) * draw(st.sampled_from([1, -1])))
    equity = scene.margin(scene.open(account)).equity
    fund_equity = draw(st.sampled_from([-equity - 1, -equity, -equity + 1, 0, 10**24]))
    op = draw(st.sampled_from([Takeover(), Takeover(), Victim(), Victim(), None]))
    return Turn(venue, op, draw(accounts_ids), account, idle_carry(fund_equity))


@st.composite
def counterparty_turns(draw: st.DrawFn) -> Turn:
    """Return a counterparty at the edge of what is left, of what it holds, of its share or of the order."""
    venue = _rent(draw(modest_venues))
    scene, count = Scene(venue), len(venue.marks_ticks)
    market = draw(st.integers(0, count - 1))
    own = draw(positions(venue, MODEST_SIZE)) | {market: draw(st.integers(-MODEST_SIZE, MODEST_SIZE))}
    rest = draw(_rests(venue, market, own[market]))
    most = min(abs(rest.left_lots[market]), abs(own[market]))
    lots = max(0, draw(st.sampled_from([1, most, most, most + 1]) | st.integers(0, MODEST_SIZE)))
    share = rest.compute_share(lots, venue.marks[market]) if rest.notional else 0
    equity = draw(st.sampled_from([share - 1, share, share + 1, 0, 1, 10**24]))
    account = scene.with_equity(make_account(sizes=own), equity)
    if draw(st.booleans()):
        rest = draw(_placed(rest, market, abs(own[market]) * venue.marks[market], equity))
    return Turn(venue, Counterparty(market, lots), draw(accounts_ids), account, idle_carry(0, rest))


@st.composite
def _rests(draw: st.DrawFn, venue: Venue, market: int, own_lots: int) -> Deleveraging:
    """Return what is left of a victim, mostly with something opposite to what the counterparty holds."""
    sizes = draw(positions(venue, MODEST_SIZE))
    if draw(st.sampled_from([True, True, True, False])):
        size = draw(st.sampled_from([abs(own_lots), 1]) | st.integers(1, MODEST_SIZE))
        sizes[market] = -size if own_lots > 0 else size
    left = tuple(sizes.get(m, 0) for m in range(16))
    deficit = draw(st.sampled_from([0, 1]) | st.integers(0, 10**30))
    return open_deleveraging(left, -deficit, venue.marks)


@st.composite
def _placed(draw: st.DrawFn, rest: Deleveraging, market: int, notional: int, equity_atoms: int) -> Deleveraging:
    """Return the rest after a counterparty of about the same leverage, in about the same market."""
    factor, nudge = draw(st.integers(1, 1000)), draw(st.sampled_from([-1, 0, 1]))
    return replace(
        rest,
        last_market=min(15, max(0, market + draw(st.sampled_from([-1, 0, 0, 0, 1])))),
        last_notional=max(0, notional * factor + nudge),
        last_equity_atoms=max(1, equity_atoms * factor),
    )


@st.composite
def forced_turns(draw: st.DrawFn) -> Turn:
    """Return a leg of a forced trade of any size and price, at any price of the market: whatever a queue can hold."""
    modest = draw(st.booleans())
    venue = _rent(draw(modest_venues if modest else venues()))
    scene, market = Scene(venue), draw(st.integers(0, 15))
    most_lots, most_price = (MODEST_SIZE, MODEST_PRICE) if modest else (MAX_SIZE, MAX_PRICE)
    account_id = draw(accounts_ids)
    account = make_account(account_id, sizes=draw(positions(venue, most_lots)))
    if account_id < FIRST_USER_ACCOUNT:
        account = replace(account, owner=0)  # which an entry cannot name
    held = abs(account.sizes_lots[market])
    own = ForcedLeg(
        is_second=draw(st.booleans()),
        account=account_id,
        owner=account.owner + draw(st.sampled_from([0, 0, 0, 1])) if account.owner else 9,
        market=market,
        side=draw(st.integers(0, 1)),
        lots=draw(st.sampled_from([0, 1, held, most_lots]) | st.integers(0, most_lots)),
        price_ticks=draw(st.sampled_from([0, venue.marks[market], most_price]) | st.integers(0, most_price)),
    )
    account = _at_an_edge(scene, own, account, draw(st.sampled_from(["initial", "ratio", "cash", "any"])))
    nudge = draw(st.sampled_from([-1, 0, 1])) if modest else draw(st.integers(-MAX_CASH, MAX_CASH))
    account = replace(account, cash_atoms=max(-MAX_CASH, min(MAX_CASH, account.cash_atoms + nudge)))
    valid = scene.is_valid(own, account)
    other_account = draw(st.sampled_from([account_id, USER + 1, USER + 1]))
    other_valid = draw(st.sampled_from([True, True, False]))
    due = valid and other_valid and other_account != account_id
    is_applied = due if draw(st.sampled_from([True, True, False])) else draw(st.booleans())
    if not own.is_second:
        return Turn(venue, ForcedTradeLeg(own, is_applied), account_id, account, idle_carry())
    other = replace(own, is_second=False, account=other_account, owner=5, side=1 - own.side)
    carry = replace(idle_carry(), first_leg=FirstLeg(other, other_valid, is_applied))
    return Turn(venue, ForcedTradeLeg(own, is_applied), account_id, account, carry)


def _at_an_edge(scene: Scene, leg: ForcedLeg, account: Account, edge: str) -> Account:
    """Return the account with its cash moved so that the leg just meets a rule, where that is possible."""
    opened = scene.open(account)
    after = scene.force(ForcedTradeLeg(leg, is_applied=True), account, idle_carry())
    before, closed = scene.margin(opened), scene.margin(after)
    gain = closed.equity - before.equity
    if edge == "initial":
        return scene.with_equity(account, closed.initial - gain)
    if edge == "ratio" and before.maintenance != closed.maintenance:
        # (e + gain) * m_0 = e * m_1
        return scene.with_equity(account, -gain * before.maintenance // (before.maintenance - closed.maintenance))
    if edge == "cash":
        return replace(account, cash_atoms=account.cash_atoms + MAX_CASH - after.cash_atoms)
    return account


def _rent(venue: Venue) -> Venue:
    return replace(venue, resources=RENTED)

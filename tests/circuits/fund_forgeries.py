"""What a cheating sequencer might try with fund and treasury, each with the constraints meant to refuse it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import cache

from rollup.accounts import Account
from rollup.field import R
from rollup.fund import FundDues
from rollup.trace import FundFillTrace
from tests.circuits.forging import Forged, Forger, path_inputs, tell
from tests.circuits.frame_cases import get_day, load_frame, make_fund_case
from tests.circuits.fund_cases import FUND, FUND_OUTPUTS, OTHERS, TREASURY, FundTurn, make_fund_inputs
from tests.circuits.lane_cases import Values, Venue
from tests.circuits.published_forgeries import forge_words
from tests.circuits.trade_scenes import FAR_MARKET, LOT, MARKS, make_account, make_venue

__all__ = ["forge_fund_lanes", "get_fund_turns", "get_honest_fund_lanes"]

ROOT_IN, ROOT_OUT, SHRINKS = "account_tree/root_in", "account_tree/root_out", "fill/shrinks"
SEQUENCER = 2
MOST_CASH = 2**120 - 1
NO_DUES = FundDues(0, 0, 0, 0, 0)
TAKEN = make_account(sizes={0: 40 * LOT, 1: -2 * LOT, FAR_MARKET: 7}, usd=-300)
HOLDING = replace(FUND, sizes_lots=(30 * LOT, 5, *(0,) * 13, -(2**48) + 1))


def get_fund_turns() -> dict[str, FundTurn]:
    """Return honest turns: takeovers and fills of every kind, and the edges of cash, band and budget."""
    sale, whole = FundFillTrace(0, LOT), FundFillTrace(1, 2 * LOT)
    price = FundTurn().venue.clearing[0]
    poor = FundTurn(taken=TAKEN, fill=sale, venue=at_band(-1))
    dear = FundTurn(taken=TAKEN, fill=replace(sale, market=1), venue=at_band(1))
    return {
        "dues alone": FundTurn(),
        "nothing due": FundTurn(dues=NO_DUES),
        "rebates above fees": FundTurn(dues=replace(NO_DUES, trading_fees_atoms=-5)),
        "fund in debt": FundTurn(fund=replace(FUND, cash_atoms=-(10**21))),
        "taken over": FundTurn(taken=TAKEN),
        "taken over against what it holds": FundTurn(fund=HOLDING, taken=TAKEN),
        "long sold": FundTurn(taken=TAKEN, fill=sale),
        "short closed": FundTurn(taken=TAKEN, fill=whole),
        "sold what it held before": FundTurn(fund=HOLDING, fill=sale),
        "bought in the last market": FundTurn(fund=HOLDING, fill=FundFillTrace(15, 2**48 - 1), budget=2**48 - 1),
        "sold at the end of the band": poor,
        "bought at the end of the band": dear,
        "budget spent": FundTurn(taken=TAKEN, fill=sale, budget=LOT * price),
        "short of everything": FundTurn(replace(FUND, sizes_lots=tuple(range(-16, 0)))),
        "up to the greatest cash": FundTurn(replace(FUND, cash_atoms=MOST_CASH), dues=NO_DUES),
    }


def at_band(direction: int, ticks: int = 0) -> Venue:
    """Return the venue with clearing prices that far from the marks, as the fund may just pay, and `ticks` beyond."""
    venue = FundTurn().venue
    away = [MARKS[m] * venue.params.fund_band_ppm // 10**6 + ticks for m in range(2)]
    clearing = tuple(MARKS[m] + direction * away[m] for m in range(2))
    return make_venue(params=venue.params, others=OTHERS, clearing_ticks=clearing)


@cache
def get_honest_fund_lanes() -> dict[str, Values]:
    """Return the inputs of all honest lanes: of every batch of the day, and of every turn above."""
    day = {name: make_fund_case(trace) for name, trace in get_day().items()}
    return day | {name: make_fund_inputs(turn) for name, turn in get_fund_turns().items()}


def forge_fund_lanes() -> list[Forged]:
    """Return the whole catalogue of FundLanes. Assumes hashing by the kernel for speed."""
    forger = Forger(load_frame("FundLane"), FUND_OUTPUTS)
    parts = (_misdirected, _opened_wrongly, _overflows, _fills, _flags, _totals)
    plain = [forged for part in parts for forged in part(forger)]
    scenes = {name: make_fund_inputs(get_fund_turns()[name]) for name in ("dues alone", "long sold", "short closed")}
    plain += forge_words(forger, scenes, {"data[0]": "data/fill"})
    sums = [forged for forged in plain if {name.rpartition("/")[2] for name in forged.refused_by} == {"sum"}]
    return [*plain, *(forger.hold_in_one_bit(forged) for forged in sums)]


def _with_cash(account: Account, more_atoms: int) -> Account:
    return replace(account, cash_atoms=account.cash_atoms + more_atoms)


def _misdirected(forger: Forger) -> Iterator[Forged]:
    turn = FundTurn(taken=TAKEN, fill=FundFillTrace(0, LOT))
    dues, (fund, treasury) = turn.dues, turn.force()
    thief = Account(owner=7, cash_atoms=dues.penalties_atoms)
    for name, written in {
        "penalty to the treasury": {
            0: _with_cash(fund, -dues.penalties_atoms),
            1: _with_cash(treasury, dues.penalties_atoms),
        },
        "fee to the fund": {
            0: _with_cash(fund, dues.trading_fees_atoms),
            1: _with_cash(treasury, -dues.trading_fees_atoms),
        },
        "base fee not taken": {0: _with_cash(fund, -dues.base_fees_e6 * 10**12)},
        "tip not taken": {1: _with_cash(treasury, -dues.tips_e6 * 10**12)},
        "rent not taken": {0: _with_cash(fund, -dues.rent_atoms)},
        "cash taken over not taken": {0: _with_cash(fund, -TAKEN.cash_atoms)},
        "fund unchanged": {0: turn.fund},
        "treasury unchanged": {1: turn.treasury},
        "penalty to the sequencer": {0: _with_cash(fund, -dues.penalties_atoms), SEQUENCER: thief},
        "one atom more for the fund": {0: _with_cash(fund, 1)},
        "one atom less for the treasury": {1: _with_cash(treasury, -1)},
        "positions taken over dropped": {0: replace(fund, sizes_lots=turn.fund.sizes_lots)},
        "fill dropped": {0: replace(fund, sizes_lots=turn.holding.sizes_lots)},
        "one lot more": {0: replace(fund, sizes_lots=(fund.sizes_lots[0] + 1, *fund.sizes_lots[1:]))},
        "short turned long": {0: replace(fund, sizes_lots=tuple(map(abs, fund.sizes_lots)))},
        "owner of the fund set": {0: replace(fund, owner=7)},
        "fund touched": {0: replace(fund, last_touched_s=6)},
        "treasury touched": {1: replace(treasury, last_touched_s=6)},
        "treasury with a position": {1: replace(treasury, sizes_lots=(1, *(0,) * 15))},
        "neighbour changed": {SEQUENCER: thief},
        "far account changed": {8**6: thief},
    }.items():
        yield Forged(name, make_fund_inputs(turn, written), {}, frozenset([ROOT_OUT]))


def _opened_wrongly(forger: Forger) -> Iterator[Forged]:
    honest = make_fund_inputs(FundTurn())
    equity = "fund/equity_at_open"
    for name, changes, broken in (
        ("fund richer than it is", {"fund/cash": FUND.cash_atoms + 1}, [ROOT_IN, equity]),
        ("fund with a position", {"fund/size[3]": 1}, [ROOT_IN, equity]),
        ("fund richer than it is, its equity too", {"fund/cash": 0, "fund_equity": 0}, [ROOT_IN]),
        ("treasury of another status", {"treasury/status": 1}, [ROOT_IN]),
        ("treasury opened with a position", {"treasury/positions[1]": 1}, [ROOT_IN]),
        ("another neighbour", {"account_path[0][2]": 1}, [ROOT_IN]),
        ("another root", {"root_in": honest["root_in"] + 1}, [ROOT_IN]),
        ("fund equity one atom more", {"fund_equity": FUND.cash_atoms + 1}, [equity]),
        ("fund equity one atom less", {"fund_equity": FUND.cash_atoms - 1}, [equity]),
    ):
        yield forger.forge(name, honest, broken, changes=changes)
    tree = Venue(others=OTHERS).tree({0: FUND, 1: TREASURY, 8: FUND, 9: TREASURY})
    elsewhere = path_inputs("account_path", tree.path(8)) | {"root_in": tree.root}
    yield forger.forge("accounts 8 and 9 in their place", honest, [ROOT_IN], changes=elsewhere)
    # a sign of 2 packs like a sign of 1 one market up: the leaf is the same, a long of market 14 is held twice
    short = make_fund_inputs(FundTurn(fund=replace(HOLDING, cash_atoms=0)))
    value = short["table/mark[15]"] * 10**6 - short["table/funding[15]"]
    packed = {"fund/sign[15]": 0, "fund/sign[14]": 2, "fund_equity": short["fund_equity"] + 2 * (2**48 - 1) * value}
    yield forger.forge("fund's short packed lower", short, ["fund/sign[*]/boolean"], changes=packed)


def _overflows(forger: Forger) -> Iterator[Forged]:
    penny = replace(NO_DUES, penalties_atoms=1)
    rich = FundTurn(replace(FUND, cash_atoms=MOST_CASH), dues=penny)
    yield forger.forge("fund beyond 2**120", make_fund_inputs(rich), ["fund/cash_after/sum"])
    rich = FundTurn(treasury=replace(TREASURY, cash_atoms=MOST_CASH), dues=replace(NO_DUES, trading_fees_atoms=1))
    yield forger.forge("treasury beyond 2**120", make_fund_inputs(rich), ["treasury/cash_after/sum"])
    indebted = FundTurn(replace(FUND, cash_atoms=-(2**120) - 2), dues=penny)
    yield forger.forge("fund below -2**120", make_fund_inputs(indebted), ["fund/cash_after/sum"])
    for sign, name in ((1, "long"), (-1, "short")):
        full = replace(FUND, sizes_lots=(0, sign * (2**48 - 1), *(0,) * 14))
        over = FundTurn(full, taken=make_account(sizes={1: sign}))
        broken = ["fund/position[*]/size/sum"]
        yield forger.forge(f"fund {name} 2**48 lots", make_fund_inputs(over), broken)
    bare = make_fund_inputs(FundTurn())
    zero = {"fund/position[3]/short": tell(1)}
    yield forger.forge("fund with a negative zero", bare, ["fund/position[*]/zero_is_positive"], lies=zero)
    half = {"fund/position[0]/short": tell((R + 1) // 2)}
    taken = make_fund_inputs(FundTurn(taken=TAKEN))
    yield forger.forge("fund's position vanished", taken, ["fund/position[*]/is_short"], lies=half)


def _fills(forger: Forger) -> Iterator[Forged]:
    held = TAKEN.sizes_lots
    for name, fill in {
        "fund crosses zero": FundFillTrace(0, held[0] + 1),
        "fund buys back one lot too many": FundFillTrace(1, -held[1] + 1),
        "fund opens a position": FundFillTrace(3, LOT),
    }.items():
        yield forger.forge(name, make_fund_inputs(FundTurn(taken=TAKEN, fill=fill)), [SHRINKS])
    for market in (0, 1):
        grown = make_fund_inputs(FundTurn(taken=TAKEN, fill=FundFillTrace(market, LOT)))
        changes = {"fill/side": 1 - grown["fill/side"]}
        # at a price on the good side of the mark for the honest side, so on the bad one for the other: inside the band
        yield forger.forge(f"fund's position grows in {market}", grown, _grows(market), changes=changes)
    for direction, market in ((-1, 0), (1, 1)):
        beyond = FundTurn(taken=TAKEN, fill=FundFillTrace(market, LOT), venue=at_band(direction, 1))
        yield forger.forge(
            f"fund trades a tick beyond the band in {market}", make_fund_inputs(beyond), ["fill/band/sum"]
        )
    honest = make_fund_inputs(FundTurn(taken=TAKEN, fill=FundFillTrace(0, LOT)))
    spent = {"budget_in": LOT * FundTurn().venue.clearing[0] - 1}
    yield forger.forge("fund trades beyond its budget", honest, ["fill/budget/sum"], changes=spent)
    stale = {"table/stale": 1}
    yield forger.forge("fund trades at stale prices", honest, ["fill/fresh_prices_if_executed"], changes=stale)
    for name, hint in (("fill for free", "fill/cash_change"), ("fill off the budget", "fill/notional")):
        yield forger.forge(name, honest, [hint], lies={hint: tell(0)})
    wider = {"fund_band_ppm": 10**5}
    beyond_inputs = make_fund_inputs(FundTurn(taken=TAKEN, fill=FundFillTrace(0, LOT), venue=at_band(-1, 1)))
    assert forger.lane.find_broken(beyond_inputs | wider) == []  # the band is a port: the tick answers for it


def _grows(market: int) -> list[str]:
    """Return what refuses a growing fill: in market 1 the clearing price is also beyond the band for a sale."""
    return [SHRINKS, "fill/band/sum"] if market == 1 else [SHRINKS]


def _flags(forger: Forger) -> Iterator[Forged]:
    honest = make_fund_inputs(FundTurn(taken=TAKEN, fill=FundFillTrace(0, LOT)))
    hidden = {"fill/executed": 0}
    yield forger.forge("fill without its flag", honest, ["fill/lots/none_if_idle"], changes=hidden)
    empty = make_fund_inputs(FundTurn(taken=TAKEN)) | {"fill/side": 1}
    yield forger.forge("flag without a fill", empty, ["fill/lots/at_least_one"], changes={"fill/executed": 1})
    idle = make_fund_inputs(FundTurn(taken=TAKEN))
    yield forger.forge("half a side, idle", idle, ["fill/side/boolean"], changes={"fill/side": (R + 1) // 2})
    tripled = {"fill/side": 2}  # sells three lots for each
    broken = ["fill/side/boolean", SHRINKS]
    yield forger.forge("fund trades three times its lots", honest, broken, changes=tripled)


def _totals(forger: Forger) -> Iterator[Forged]:
    honest = make_fund_inputs(FundTurn(taken=TAKEN, fill=FundFillTrace(0, LOT)))
    for total in ("budget", "usage"):
        changes = {f"{total}_out": honest[f"{total}_out"] + 1}
        yield forger.forge(f"{total} one more", honest, [f"totals/{total}"], changes=changes)
    for what, m, lots in (("net", 0, 1), ("traded", 0, 2**80), ("change of size", 15, 2**160)):
        changes = {f"lots_out[{m}]": honest[f"lots_out[{m}]"] + lots}
        yield forger.forge(f"{what} lots one more in {m}", honest, ["totals/lots[*]"], changes=changes)
    doubled = {"takeover_lots[0]": honest["takeover_lots[0]"] + 1}
    broken = [ROOT_OUT]
    yield forger.forge("one lot more taken over", honest, broken, changes=doubled | {"root_out": honest["root_out"]})

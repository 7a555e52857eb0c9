"""What a cheating sequencer might try with prices, parameters, time and the old state; the tick refuses it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import cache

from rollup.babyjubjub import BASE8, Point
from rollup.field import R
from rollup.oracle import SignedPrices
from rollup.trace import BatchTrace
from rollup.units import MARKET_COUNT
from tests.circuits.forging import Forged, Forger, tell
from tests.circuits.frame_cases import get_day, load_frame, make_tick_case
from tests.circuits.lane_cases import Values
from tests.circuits.signature_forgeries import SignedLane, forge_signature_parts
from tests.circuits.tick_cases import NOW, STORM, TickCase, get_storms, make_header, make_params, say, sign_as

__all__ = ["forge_ticks", "get_honest_ticks"]

OLD_ROOT = "before/state_root/is_public"
PARAMS_HASH = "params/hash/is_public"
PUBLIC = ("old_state_root", "params_hash", "clock")
HEARD = "a fall of congestion, all signers"
SILENT = "after a day, nobody"


@cache
def get_honest_ticks() -> dict[str, Values]:
    """Return honest ticks: of every batch of the day, of the storms, and at the edges of the clock."""
    day = {name: make_tick_case(trace) for name, trace in get_day().items()}
    storms = {name: make_tick_case(case.trace) for name, case in get_storms().items()}
    edges = {
        "greatest time and number": make_tick_case(_clocked(2**40 - 2, 2**32 - 2)),
        "first batch": make_tick_case(_clocked(0, 0)),
    }
    return storms | day | edges


def _clocked(before_s: int, number: int) -> BatchTrace:
    """Return a batch that follows the batch of this number by one second; nobody is heard."""
    case = get_storms()[SILENT]
    before = replace(case.before, timestamp_s=before_s, batch_number=number, signer_times_s=(0, 0, 0))
    before = replace(before, resources=replace(before.resources, pending_since_s=0))
    return replace(case, before=before, now_s=before_s + 1).trace


def forge_ticks() -> list[Forged]:
    """Return the whole catalogue."""
    forger = Forger(load_frame("Tick"), _outputs())
    parts = (_told, _oracle, _prices, _edges, _params, _clocks, _states)
    plain = [forged for part in parts for forged in part(forger)]
    sums = [forged for forged in plain if any(name.endswith("/sum") for name in forged.refused_by)]
    held = [forger.hold_in_one_bit(forged) for forged in sums]
    return [*plain, *held, *forge_signature_parts(_signed_lane(forger))]


def _outputs() -> list[str]:
    """Return the ports that one constraint alone binds: they follow whatever else is forged."""
    shape = load_frame("Tick").shape
    bound = set(shape.followers.values())
    return [name for name, wire in shape.inputs.items() if wire in bound and name not in PUBLIC]


def _heard() -> Values:
    return get_honest_ticks()[HEARD]


def _silent() -> Values:
    return get_honest_ticks()[SILENT]


# --- what the tick tells the lanes and the close ----------------------------------------------------------------------
TOLD = {
    "table/mark[0]": "market[*]/mark/is_port",
    "table/funding[3]": "market[*]/index/is_port",
    "table/initial_weight[1]": "market[*]/initial_weight",
    "table/maintenance_weight[1]": "market[*]/maintenance_weight/is_port",
    "table/penalty_weight[1]": "market[*]/penalty_weight",
    "table/auction_word[2]": "market[*]/auction_word",
    "table/taker_fee_ppm[3]": "taker_fee_ppm[*]/is_port",
    "table/maker_fee_ppm[0]": "maker_fee_ppm[*]/is_port",
    "table/domain": "domain/is_port",
    "table/order_fee_e6": "order_fee_e6/is_port",
    "table/cash_fee_e6": "cash_fee_e6/is_port",
    "table/leaf_fee_e6": "leaf_fee_e6/is_port",
    "table/rent_rate": "rent_rate/is_port",
    "oracle_hash": "oracle_after/is_port",
    "signer_time[1]": "oracle[*]/time_after/is_port",
    "fund_budget": "fund_budget/is_port",
    "fund_band_ppm": "fund_band_ppm/is_port",
    "outset/sample[10]": "market[*]/sample/is_port",
    "outset/marks_hash": "marks/is_port",
    "outset/funding_hash": "funding/is_port",
    "outset/maintenance_factor": "factor/maintenance_factor/is_port",
    "outset/pending_factor": "factor/pending_factor/is_port",
    "outset/pending_since": "factor/pending_since/is_port",
    **{
        f"outset/{name}[1]": f"outset/{name}[*]"
        for name in ("premium", "open_interest", "impact_lots", "base_fee", "target", "min_base_fee")
    },
    **{f"outset/{name}": f"outset/{name}" for name in ("elapsed", "funding_window", "congestion_window", "congestion")},
}


def _told(forger: Forger) -> Iterator[Forged]:
    honest = _heard()
    for port, refusal in TOLD.items():
        for more in (1, -1):
            changes = {port: (honest[port] + more) % R}
            yield forger.forge(f"{port} told {more:+}", honest, [refusal], changes=changes)
    for name, inputs in (("heard", honest), ("silent", _silent())):
        changes = {"table/stale": 1 - inputs["table/stale"]}
        yield forger.forge(f"stale told otherwise, {name}", inputs, ["stale/is_port"], changes=changes)
    later = {"table/timestamp": NOW + 1}
    yield forger.forge("lanes a second later", _silent(), ["clock/timestamp/is_port"], changes=later)


# --- the oracle -------------------------------------------------------------------------------------------------------
UNSIGNED = ("oracle[*]/signature/r8/x", "oracle[*]/signature/r8/y")


def _oracle(forger: Forger) -> Iterator[Forged]:
    honest, case = _heard(), get_storms()[HEARD]
    said = [message.prices_ticks for message in case.oracle if message]
    forged = sign_as(1, said[1], NOW - 5, case.params, secret=bytes(31) + b"\x07")
    yield forger.forge("signed by nobody", honest, UNSIGNED, changes=_heard_as(1, forged))
    twice = sign_as(0, said[1], NOW - 5, case.params)
    yield forger.forge("a signer in another's place", honest, UNSIGNED, changes=_heard_as(1, twice))
    elsewhere = sign_as(1, said[1], NOW - 5, replace(case.params, chain_id=1))
    yield forger.forge("prices for another chain", honest, UNSIGNED, changes=_heard_as(1, elsewhere))
    for m in (0, MARKET_COUNT - 1):
        changes = {f"oracle[2]/price[{m}]": said[2][m] + 1}
        yield forger.forge(f"other than the signed price of market {m}", honest, UNSIGNED, changes=changes)
    yield forger.forge("newer than it was signed", honest, UNSIGNED, changes={"oracle[1]/age": 4})
    times = {"older than the last": (NOW - 11, "time/never_back"), "too old": (NOW - 61, "age/at_most_max")}
    for name, (time_s, refusal) in times.items():
        message = sign_as(0, said[0], time_s, case.params)
        before = replace(case.before, signer_times_s=(NOW - 10 if "last" in name else 0, 0, 0))
        inputs = make_tick_case(replace(case, before=before).trace) | _heard_as(0, message)
        yield forger.forge(f"prices {name}", inputs, [f"oracle[*]/{refusal}/sum"])
    coming = sign_as(0, said[0], NOW + 1, case.params)
    lies = {"oracle[0]/age": tell(-1)}
    rule = ["oracle[*]/age/bit[*]"]
    yield forger.forge("prices of the future", honest, rule, changes=_heard_as(0, coming), lies=lies)
    yield _count_twice(forger)


def _heard_as(signer: int, message: SignedPrices) -> Values:
    """Return the inputs that place this message."""
    r8, s = message.signature.r8, message.signature.s
    values = {"present": 1, "age": (NOW - message.time_s) % R, "r8_x": r8[0], "r8_y": r8[1], "s": s}
    values |= {f"price[{m}]": price for m, price in enumerate(message.prices_ticks)}
    return {f"oracle[{signer}]/{name}": value for name, value in values.items()}


def _count_twice(forger: Forger) -> Forged:
    """Return a batch in which one signer is present twice, so that it alone makes a majority.

    It says the marks as they are. Its key's eighth is such that twice of it, less 8 * B8's, is the right one.
    """
    flat = [replace(market, said=(market.mark,) * 3) for market in STORM]
    params = make_params(flat)
    times_s = (None, None, NOW - 9)
    before = replace(make_header(flat), signer_times_s=(0, 0, NOW - 9))
    inputs = make_tick_case(TickCase(before, say(params, flat, times_s), params=params).trace)
    changes = {"oracle[2]/present": 2}
    for axis, fixed in zip("xy", BASE8, strict=True):
        name = f"oracle[2]/key_div_8_{axis}"
        changes[name] = (inputs[name] + fixed) * pow(2, -1, R) % R
    return forger.forge("one signer present twice", inputs, ["oracle[*]/present/boolean"], changes=changes)


def _signed_lane(forger: Forger) -> SignedLane:
    """Return the first signer's place, for forgeries of the signature gadget."""
    case, honest = get_storms()[HEARD], _heard()
    message = case.oracle[0]
    assert message is not None

    def open_with_key(key: Point) -> Values:
        keyed = honest | {"params/oracle_key[0]_x": key[0], "params/oracle_key[0]_y": key[1]}
        return forger.lane.follow(keyed, {}, ["params_hash"])

    scope = "oracle[0]/signature"
    signed = message.message(case.params.domain)
    return SignedLane(forger, signed, open_with_key, _silent(), "oracle[0]/key_div_8", "oracle[0]/", scope)


# --- prices -----------------------------------------------------------------------------------------------------------
def _prices(forger: Forger) -> Iterator[Forged]:
    honest = _heard()
    mark = honest["table/mark[10]"]
    for name, price, refusal in (
        ("a tick above the band", mark + 50_001, "band/above"),
        ("a tick below the band", mark - 50_001, "band/below"),
    ):
        changes, lies = {"table/clearing_price[10]": price}, {f"market[10]/{refusal}/edge": tell(0)}
        yield forger.forge(f"price {name}", honest, [f"market[*]/{refusal}/sum"], changes=changes, lies=lies)
    wide = {"params/market[9]/band_ppm": 10**6}
    yield forger.forge(
        "price of 2**48",
        honest,
        ["market[*]/clearing_price/sum"],
        changes=wide | {"table/clearing_price[9]": 2**48},
        also_follow=["params_hash"],
    )
    nothing = {"table/clearing_price[13]": 0}
    yield forger.forge(
        "price of nothing in a wide band", honest, ["market[*]/clearing_price/positive"], changes=nothing
    )
    unmargined = {"params/market[2]/maintenance_ppm": 0}
    positive = ["market[*]/maintenance_weight/positive"]
    yield forger.forge("no maintenance", honest, positive, changes=unmargined, also_follow=["params_hash"])
    for lots in ("marginal_lots", "marginal_remaining"):
        for amount in (-1, 2**48):
            changes = {f"table/{lots}[1]": amount}
            yield forger.forge(f"{lots} of {amount}", honest, [f"market[*]/{lots}/sum"], changes=changes)
    yield _unbounded_mark(forger)


def _unbounded_mark(forger: Forger) -> Forged:
    """Return two signers who say 2**48 of a market that nobody holds."""
    markets = [*STORM[:4], replace(STORM[4], said=(2**48, 2**48, 5), off=0), *STORM[5:]]
    params = make_params(markets)
    case = TickCase(make_header(markets), (), params=params, off=[market.off for market in markets])
    honest = replace(case, oracle=say(params, STORM, (NOW, NOW, NOW))).trace
    inputs = make_tick_case(honest) | {"table/clearing_price[4]": 2**48 - 1}
    for i in range(3):
        prices = [market.said[i] for market in markets]
        inputs |= _heard_as(i, sign_as(i, prices, NOW, params))
    return forger.forge("mark of 2**48", inputs, ["market[*]/mark/sum"])


def _edges(forger: Forger) -> Iterator[Forged]:
    """Yield a price said to be at an edge of its band where it is not, and the reverse."""
    honest = _heard()
    for side, market in (("above", 10), ("below", 11)):
        hint = f"market[{market}]/band/{side}/edge"
        yield forger.forge(f"not the last price {side}", honest, [f"market[*]/band/{side}/sum"], lies={hint: tell(0)})
        hint = f"market[2]/band/{side}/edge"
        inside = {"table/clearing_price[0]": honest["table/mark[0]"]}
        lies = {hint.replace("[2]", "[0]"): tell(1)}
        rule = [f"market[*]/band/{side}/less_than_a_tick/zeros[*]"]
        yield forger.forge(f"the last price {side}, it is not", honest, rule, changes=inside, lies=lies)
        lies = {hint.replace("[2]", "[0]"): tell(2)}
        rule = [f"market[*]/band/{side}/is_edge"]
        yield forger.forge(f"twice the last price {side}", honest, rule, changes=inside, lies=lies)
    # two buys' worth of flag: spelled as an edge that the price is not at
    changes = {"market[0]/rationed_side": 2}
    yield forger.forge("a side that is none", honest, ["market[*]/rationed_side/boolean"], changes=changes)
    lies = {"market[0]/cutoff": tell(2**17)}
    yield forger.forge("a cutoff beyond its bits", honest, ["market[*]/cutoff/bit[*]"], lies=lies)


# --- parameters -------------------------------------------------------------------------------------------------------
def _params(forger: Forger) -> Iterator[Forged]:
    honest, lane = _silent(), load_frame("Tick")
    names = [name for name in lane.template.privates if name.startswith("params/") and "market" not in name]
    names += [name for name in lane.template.privates if name.startswith("params/market[8]/")]
    first = {name.rsplit("/", 1)[-1].split("[")[0]: name for name in reversed(names)}
    for field, name in first.items():
        changes = {name: honest[name] + (-1 if "impact" in name or ("_ppm" in name and honest[name] > 0) else 1)}
        yield forger.forge(f"{field} other than governed", honest, [PARAMS_HASH], changes=changes)
    for low, high in (
        ("params/market[8]/initial_ppm", "params/market[8]/maintenance_ppm"),
        ("params/market[8]/impact_lots", "params/market[8]/oi_low_usd"),
        ("params/taker_fee_ppm[0]", "params/taker_fee_ppm[1]"),
        ("params/maker_fee_ppm[0]", "params/maker_fee_ppm[1]"),
        ("params/target_per_s[0]", "params/target_per_s[1]"),
        ("params/min_base_fee[1]", "params/min_base_fee[2]"),
        ("params/oracle_max_age_s", "params/funding_window_s"),
    ):
        yield _spill(forger, honest, low, high)


def _spill(forger: Forger, honest: Values, low: str, high: str) -> Forged:
    """Return a packed word opened another way: a full field's worth more in one field, one less in the next above."""
    lane = forger.lane
    n_bits = lane.shape.ops[lane.shape.op_index[low]].n_out
    lies = {low: tell(honest[low] + 2**n_bits)}
    refusal = "".join(part if i == 0 else "[*]" + part.split("]", 1)[1] for i, part in enumerate(low.split("[")))
    return forger.forge(
        f"{low} spilled into the next", honest, [f"{refusal}/bit[*]"], changes={high: honest[high] - 1}, lies=lies
    )


# --- clock and old state ----------------------------------------------------------------------------------------------
def _clocks(forger: Forger) -> Iterator[Forged]:
    number = 7
    honest = make_tick_case(_clocked(1_000, number))
    still = {"clock/timestamp": 1_000, "table/timestamp": 1_000, "clock": (1_000 << 32) + number + 1}
    yield forger.forge("time stands still", honest, ["clock/rises/sum"], changes=still)
    for step in (0, 2):
        skipped = {"clock/batch_number": number + step, "clock": (1_001 << 32) + number + step}
        yield forger.forge(f"batch number raised by {step}", honest, [OLD_ROOT], changes=skipped)
    # (t - 1, 2**32 - 1) is one less than (t, 0): as clocks the two are next to each other
    last = replace(_clocked(1_000, number).header_before, batch_number=2**32 - 1)
    borrowed = {"clock/timestamp_before": 1_001, "clock/batch_number": 0, "clock": 1_002 << 32}
    borrowed["old_state_root"] = last.state_root
    borrowed |= {"clock/timestamp": 1_002, "table/timestamp": 1_002}
    rule = ["clock/batch_number/positive"]
    yield forger.forge("old clock opened a second later", honest, rule, changes=borrowed)
    yield forger.forge("another clock shown", honest, ["clock/is_port"], changes={"clock": honest["clock"] + 1})
    for field, value, ports in (
        ("timestamp", 2**40, {"table/timestamp": 2**40, "clock": (2**40 << 32) + number + 1}),
        ("timestamp_before", -5, {}),
        ("batch_number", 2**32, {"clock": (1_001 << 32) + 2**32}),
    ):
        lies = {f"clock/{field}": tell(value)}
        rule, follow = [f"clock/{field}/bit[*]"], ["old_state_root"]
        yield forger.forge(f"{field} out of range", honest, rule, changes=ports, lies=lies, also_follow=follow)


def _states(forger: Forger) -> Iterator[Forged]:
    honest = _silent()
    for port in ("old_state_root", "accounts_root", "queue", "vault"):
        changes = {port: (honest[port] + 1) % R}
        yield forger.forge(f"{port} of another state", honest, [OLD_ROOT], changes=changes)
    for name in forger.lane.template.privates:
        if name.startswith("before/") and ("[" not in name or name.endswith("[1]")):
            changes = {name: honest[name] - 1}
            yield forger.forge(f"{name} of another state", honest, [OLD_ROOT], changes=changes)

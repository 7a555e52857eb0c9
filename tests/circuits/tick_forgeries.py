"""What a cheating sequencer might try with prices, parameters, time and the old state; the tick refuses it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from circuits.system import Lie
from rollup.field import R
from rollup.trace import BatchTrace
from tests.circuits.forging import Forged, Forger, tell
from tests.circuits.frame_cases import get_day, load_frame, make_tick_case, with_funding
from tests.circuits.lane_cases import Values
from tests.scenarios import AVAX_PRICE

__all__ = ["EDGE_TICKS", "forge_ticks", "get_honest_ticks", "with_prices"]

EDGE_TICKS = AVAX_PRICE * 50_000 // 10**6  # the band's half width around AVAX's mark, exact
OLD_ROOT = "old_state_root/is_public"
PARAMS_HASH = "params/hash/is_public"


def opened() -> BatchTrace:
    """Return the trace that most forgeries are about: deposits and fills, with funding."""
    return with_funding(get_day()["deposits and fills"])


def with_prices(*clearing_ticks: int, marks: Sequence[int] = ()) -> BatchTrace:
    """Return that trace with other clearing prices, and marks, of the first markets."""
    trace = opened()
    header = trace.header_after
    header = replace(header, marks_ticks=(*marks, *header.marks_ticks[len(marks) :]))
    prices = (*clearing_ticks, *header.marks_ticks[len(clearing_ticks) :])
    return replace(trace, header_after=header, clearing_prices_ticks=prices)


def get_honest_ticks() -> dict[str, Values]:
    """Return honest ticks: of every batch of the day, and at the edges."""
    day = {name: make_tick_case(with_funding(trace)) for name, trace in get_day().items()}
    edges = {
        "price at the top of the band": with_prices(AVAX_PRICE + EDGE_TICKS),
        "price at the bottom of the band": with_prices(AVAX_PRICE - EDGE_TICKS),
        "greatest mark and price": with_prices(2**48 - 1, marks=(2**48 - 1,)),
        "mark and price of one tick": with_prices(1, 1, marks=(1, 1)),
        "greatest time and number": _at(2**40 - 2, 2**32 - 2),
        "first batch": _at(0, 0),
    }
    return day | {name: make_tick_case(trace) for name, trace in edges.items()}


def _at(time_before_s: int, number_before: int, *, step_s: int = 1, step: int = 1) -> BatchTrace:
    trace = opened()
    before = replace(trace.header_before, timestamp_s=time_before_s, batch_number=number_before)
    after = replace(trace.header_after, timestamp_s=time_before_s + step_s, batch_number=number_before + step)
    return replace(trace, header_before=before, header_after=after)


def forge_ticks() -> list[Forged]:
    """Return the whole catalogue."""
    forger = Forger(load_frame("Tick"), ())
    plain = [forged for part in (_prices, _tables, _params, _clocks, _states) for forged in part(forger)]
    sums = [forged for forged in plain if any(name.endswith("/sum") for name in forged.refused_by)]
    return [*plain, *(forger.hold_in_one_bit(forged) for forged in sums)]


def _prices(forger: Forger) -> Iterator[Forged]:
    cases = {
        "price a tick above the band": (with_prices(AVAX_PRICE + EDGE_TICKS + 1), "band/above/sum"),
        "price a tick below the band": (with_prices(AVAX_PRICE - EDGE_TICKS - 1), "band/below/sum"),
        "mark of 2**48": (with_prices(2**48 - 1, marks=(2**48,)), "mark/sum"),
        "price of 2**48": (with_prices(2**48, marks=(2**48 - 1,)), "clearing_price/sum"),
    }
    for name, (trace, refusal) in cases.items():
        yield forger.forge(name, make_tick_case(trace), [f"market[*]/{refusal}"])
    worthless = make_tick_case(with_prices(0, marks=(0,)))
    positives = ["market[*]/maintenance_weight/positive", "market[*]/clearing_price/positive"]
    yield forger.forge("mark and price of nothing", worthless, positives)
    free = {"market[5]/band_ppm": 10**6, "table/clearing_price[5]": 0, "table/penalty_weight[5]": 0}
    yield forger.forge(
        "price of nothing in a wide band", _honest(), positives[1:], changes=free, also_follow=["params_hash"]
    )
    unmargined = {"market[2]/maintenance_ppm": 0, "table/maintenance_weight[2]": 0}
    yield forger.forge("no maintenance", _honest(), positives[:1], changes=unmargined, also_follow=["params_hash"])


def _honest() -> Values:
    return make_tick_case(opened())


def _tables(forger: Forger) -> Iterator[Forged]:
    honest = _honest()
    for column in ("initial_weight", "maintenance_weight", "penalty_weight"):
        port = f"table/{column}[1]"
        changes = {port: honest[port] - 1}
        yield forger.forge(f"{column} short by one", honest, [f"market[*]/{column}"], changes=changes)
    fee = {"table/taker_fee_ppm[3]": honest["table/taker_fee_ppm[3]"] + 1}
    yield forger.forge("higher fee", honest, ["params/taker_fee_ppm[*]/is_port"], changes=fee)
    domain = {"table/domain": honest["table/domain"] + 1}
    yield forger.forge("another domain", honest, ["params/domain/is_port"], changes=domain)
    later = {"table/timestamp": honest["table/timestamp"] + 1}
    yield forger.forge("lanes a second later", honest, ["clock/timestamp/is_port"], changes=later)
    funded = {"table/funding[0]": honest["table/funding[0]"] + 1}
    yield forger.forge("funding changed", honest, [OLD_ROOT], changes=funded, also_follow=["markets_hash"])
    unseen = {"table/funding[0]": honest["table/funding[0]"] + 1}
    yield forger.forge("funding changed, markets not", honest, ["markets_after/is_port", OLD_ROOT], changes=unseen)
    markets = {"markets_hash": honest["markets_hash"] + 1}
    yield forger.forge("other markets committed", honest, ["markets_after/is_port"], changes=markets)


def _params(forger: Forger) -> Iterator[Forged]:
    honest, trace = _honest(), opened()
    mark = trace.header_after.marks_ticks[0]
    price = trace.clearing_prices_ticks[0]
    lowered = {
        "initial": {"market[0]/initial_ppm": 1, "table/initial_weight[0]": mark},
        "maintenance": {"market[0]/maintenance_ppm": 1, "table/maintenance_weight[0]": mark},
        "liquidation fee": {"market[0]/liquidation_fee_ppm": 10**6, "table/penalty_weight[0]": price * 10**6},
        "band": {"market[0]/band_ppm": 10**6},
        "fee": {"params/taker_fee_ppm[0]": 7, "table/taker_fee_ppm[0]": 7},
    }
    for name, changes in lowered.items():
        yield forger.forge(f"{name} other than governed", honest, [PARAMS_HASH], changes=changes)
    for field in ("chain_id", "contract", "version"):
        altered = {f"params/{field}": honest[f"params/{field}"] + 1}
        name, follow = f"{field} of another deployment", ["table/domain"]
        yield forger.forge(name, honest, [PARAMS_HASH], changes=altered, also_follow=follow)
    yield _spilled(forger, "market[0]/initial_ppm", "market[0]/maintenance_ppm")
    yield _spilled(forger, "params/taker_fee_ppm[0]", "params/taker_fee_ppm[1]")


def _spilled(forger: Forger, low: str, high: str) -> Forged:
    """Return a packed word opened another way: 2**20 more in one field, one less in the next above it."""
    honest, trace = _honest(), opened()
    more, less = honest[low] + 2**20, honest[high] - 1
    lies: dict[str, Lie] = {low: tell(more)}
    changes = {high: less}
    if low.startswith("market"):
        mark = trace.header_after.marks_ticks[0]
        changes |= {"table/initial_weight[0]": mark * more, "table/maintenance_weight[0]": mark * less}
    else:
        changes |= {f"table/{low.removeprefix('params/')}": more, f"table/{high.removeprefix('params/')}": less}
    refusal = [low.replace("[0]", "[*]") + "/bit[*]"]
    return forger.forge(f"{low} spilled into the next", honest, refusal, changes=changes, lies=lies)


def _clocks(forger: Forger) -> Iterator[Forged]:
    time_s, number = 1_000, 7
    yield forger.forge("time stands still", make_tick_case(_at(time_s, number, step_s=0)), ["clock/rises/sum"])
    yield forger.forge("time goes back", make_tick_case(_at(time_s, number, step_s=-1)), ["clock/rises/sum"])
    for step in (0, 2):
        skipped = make_tick_case(_at(time_s, number, step=step))
        yield forger.forge(f"batch number raised by {step}", skipped, [OLD_ROOT])
    # (t - 1, 2**32 - 1) is one less than (t, 0): as clocks the two are next to each other
    wrapped = _at(time_s, 2**32 - 1, step_s=2, step=1 - 2**32)
    borrowed = {"clock/timestamp_before": time_s + 1}
    refusal = ["clock/batch_number/positive"]
    yield forger.forge("old clock opened a second later", make_tick_case(wrapped), refusal, changes=borrowed)
    honest = make_tick_case(_at(time_s, number))
    off = {"clock": honest["clock"] + 1}
    yield forger.forge("another clock shown", honest, ["clock/is_public"], changes=off)
    for field, value, ports in (
        ("timestamp", 2**40, {"table/timestamp": 2**40, "clock": (2**40 << 32) + number + 1}),
        ("timestamp_before", -5, {}),
        ("batch_number", 2**32, {"clock": (time_s + 1 << 32) + 2**32}),
    ):
        lies = {f"clock/{field}": tell(value)}
        refusal, follow = [f"clock/{field}/bit[*]"], ["old_state_root"]
        yield forger.forge(f"{field} out of range", honest, refusal, changes=ports, lies=lies, also_follow=follow)


def _states(forger: Forger) -> Iterator[Forged]:
    honest = _honest()
    for port in ("old_state_root", "accounts_root", "resources_hash", "oracle_hash", "queue", "vault"):
        changes = {port: (honest[port] + 1) % R}
        yield forger.forge(f"{port} of another state", honest, [OLD_ROOT], changes=changes)
    marks = {"mark_before[1]": honest["mark_before[1]"] + 1}
    yield forger.forge("old marks of another state", honest, [OLD_ROOT], changes=marks)

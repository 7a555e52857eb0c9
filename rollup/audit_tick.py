"""The rules of the tick, checked on a trace as docs/rules.md words them, in exact fractions.

Nothing of `rollup/tick.py` is used: a value is held against what the words ask of it, not against how it is computed.
"""

from __future__ import annotations

from fractions import Fraction
from math import ceil, floor
from statistics import median

from rollup.audit_lanes import require
from rollup.signature import verify
from rollup.trace import BatchTrace
from rollup.units import FUNDING_BITS, MAX_ELAPSED_S, ORACLE_COUNT, PPM, PREMIUM_ONE, USD_E12

__all__ = ["audit_tick", "get_elapsed"]

_EIGHT_HOURS_S, _HOUR_S = 28_800, 3_600


def audit_tick(trace: BatchTrace) -> None:
    """Raise BatchRuleBroken unless marks, funding, fractions and prices of resources are what the rules make them."""
    _audit_clock(trace)
    _audit_oracle(trace)
    _audit_marks(trace)
    _audit_funding(trace)
    _audit_maintenance_factor(trace)
    _audit_fractions(trace)
    _audit_prices(trace)


def get_elapsed(trace: BatchTrace) -> int:
    """Return the seconds the batch is charged for."""
    return min(trace.header_after.timestamp_s - trace.header_before.timestamp_s, MAX_ELAPSED_S)


def _audit_clock(trace: BatchTrace) -> None:
    before, after = trace.header_before, trace.header_after
    is_rising = after.timestamp_s > before.timestamp_s
    require(is_rising, "header_after", "timestamp_rises", after.timestamp_s, f"above {before.timestamp_s}")
    is_next = after.batch_number == before.batch_number + 1
    require(is_next, "header_after", "batch_number", after.batch_number, before.batch_number + 1)


def _audit_oracle(trace: BatchTrace) -> None:
    """Each message stands at its signer's place, is signed by its key, neither old nor of the future nor gone back."""
    params, now_s = trace.params, trace.header_after.timestamp_s
    require(len(trace.oracle) == ORACLE_COUNT, "oracle", "oracle_places", len(trace.oracle), ORACLE_COUNT)
    for signer, message in enumerate(trace.oracle):
        where, time_s = f"oracle[{signer}]", trace.header_before.signer_times_s[signer]
        if message is not None:
            require(message.signer == signer, where, "oracle_signer", message.signer, signer)
            is_signed = verify(params.oracle_keys[signer], message.message(params.domain), message.signature)
            require(is_signed, where, "oracle_signature", "another", f"one of key {signer}")
            is_onward = message.time_s >= time_s
            require(is_onward, where, "oracle_time_goes_on", message.time_s, f"{time_s} or later")
            oldest_s = now_s - params.oracle_max_age_s
            is_fresh = oldest_s <= message.time_s <= now_s
            require(is_fresh, where, "oracle_is_fresh", message.time_s, f"{oldest_s} to {now_s}")
            time_s = message.time_s
        got = trace.header_after.signer_times_s[signer]
        require(got == time_s, where, "oracle_signer_time", got, time_s)
    n_missing = sum(message is None for message in trace.oracle)
    is_stale = 2 * n_missing > ORACLE_COUNT
    require(trace.tick.stale == is_stale, "oracle", "stale_without_majority", trace.tick.stale, is_stale)
    n_fills = sum(len(lane.fills) + (lane.liquidation is not None) for lane in trace.order_lanes)
    n_fills += trace.fund_lane.fill is not None
    require(not is_stale or n_fills == 0, "oracle", "stale_trades_nothing", n_fills, 0)
    n_rescues = sum(lane.op is not None for lane in trace.rescue_lanes)
    require(not is_stale or n_rescues == 0, "oracle", "stale_rescues_nobody", n_rescues, 0)


def _audit_marks(trace: BatchTrace) -> None:
    before, elapsed_s = trace.header_before, get_elapsed(trace)
    ballots = [before.marks_ticks if message is None else message.prices_ticks for message in trace.oracle]
    for market, got in enumerate(trace.header_after.marks_ticks):
        where, old = f"market {market}", before.marks_ticks[market]
        middle = median(ballot[market] for ballot in ballots)
        if before.open_interest_lots[market] == 0:
            require(got == middle, where, "mark_is_median", got, middle)
            continue
        reach = floor(Fraction(old * trace.params.markets[market].max_move_ppm * elapsed_s, PPM))
        nearest = middle if abs(middle - old) <= reach else old + reach if middle > old else old - reach
        require(got == nearest, where, "mark_moves_no_further", got, nearest)


def _audit_funding(trace: BatchTrace) -> None:
    """The index moves by rate * worth of a lot * share of eight hours, floored, within its bounds."""
    before, after, elapsed_s = trace.header_before, trace.header_after, get_elapsed(trace)
    bound = 2**FUNDING_BITS - 1
    for market, got in enumerate(after.funding_index):
        most = Fraction(trace.params.markets[market].funding_clamp_ppm, PPM)
        rate = max(-most, min(Fraction(before.premiums[market], PREMIUM_ONE), most))
        due = rate * after.marks_ticks[market] * PPM * Fraction(elapsed_s, _EIGHT_HOURS_S)
        expected = max(-bound, min(before.funding_index[market] + floor(due), bound))
        require(got == expected, f"market {market}", "funding_index", got, expected)


def _audit_maintenance_factor(trace: BatchTrace) -> None:
    old, new = trace.header_before.resources, trace.header_after.resources
    held, pending, since_s = old.maintenance_factor_ppm, old.pending_factor_ppm, old.pending_since_s
    now_s, found = trace.header_after.timestamp_s, _get_factor(trace)
    if found <= held:
        expected = (found, found, now_s)  # a fall counts at once
    elif pending <= held:
        expected = (held, found, now_s)  # a rise begins to wait
    elif now_s - since_s >= _HOUR_S:
        expected = (min(pending, found), found, now_s)
    else:
        expected = (held, min(pending, found), since_s)
    got = (new.maintenance_factor_ppm, new.pending_factor_ppm, new.pending_since_s)
    require(got == expected, "header_after", "maintenance_factor", got, expected)


def _get_factor(trace: BatchTrace) -> int:
    """From half of the capacity in use, half of what is beyond: a quarter at most."""
    beyond_ppm = trace.header_before.resources.congestion_ppm - PPM // 2
    return PPM + floor(Fraction(max(beyond_ppm, 0), 2))


def _audit_fractions(trace: BatchTrace) -> None:
    """Initial: raised by open interest, then by congestion at once. Maintenance: by the factor of the state."""
    before, after = trace.header_before, trace.header_after
    factors = (_get_factor(trace), after.resources.maintenance_factor_ppm)
    for market, params in enumerate(trace.params.markets):
        open_usd = Fraction(before.open_interest_lots[market] * after.marks_ticks[market], USD_E12)
        share = (open_usd - params.oi_low_usd) / (params.oi_high_usd - params.oi_low_usd)
        scaled = params.initial_ppm + ceil((PPM - params.initial_ppm) * max(Fraction(0), min(share, Fraction(1))))
        raised = (ceil(Fraction(scaled * factors[0], PPM)), ceil(Fraction(params.maintenance_ppm * factors[1], PPM)))
        expected = (min(PPM, raised[0]), min(PPM, raised[1]))
        got = (trace.tick.fractions.initial_ppm[market], trace.tick.fractions.maintenance_ppm[market])
        require(got == expected, f"market {market}", "fractions_in_effect", got, expected)


def _audit_prices(trace: BatchTrace) -> None:
    """Fees in 1e-6 USD, ceiled; rent in atoms a second, floored."""
    tick, (proving, state, bandwidth) = trace.tick, trace.header_before.resources.base_fees
    _require_ceiled("order_fee", tick.order_fee_e6, proving + 14 * bandwidth)
    _require_ceiled("cash_fee", tick.cash_fee_e6, 2 * proving + 32 * bandwidth)
    _require_ceiled("leaf_fee", tick.leaf_fee_e6, state)
    rent = floor(Fraction(state, trace.params.rent_period_s))
    require(tick.rent_rate == rent, "tick", "rent_rate", tick.rent_rate, rent)


def _require_ceiled(rule: str, got_e6: int, atoms: int) -> None:
    expected = ceil(Fraction(atoms, USD_E12))
    require(got_e6 == expected, "tick", rule, got_e6, expected)

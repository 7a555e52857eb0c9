"""What the tick of a batch sets, once, before the lanes: header, margin fractions, prices of resources."""

from __future__ import annotations

from dataclasses import dataclass, replace

from rollup.errors import BatchInvalid
from rollup.fractions import Fractions, MaintenanceFactor, compute_factor, compute_fractions, step_maintenance_factor
from rollup.funding import step_funding_index
from rollup.oracle import OracleMessages, compute_marks, is_stale, step_signer_times
from rollup.params import Params
from rollup.resources import (
    CASH_OPERATION,
    LEAF,
    ORDER_FILL,
    STATE,
    compute_fee_e6,
    compute_rent_rate,
    refill_fund_budget,
)
from rollup.state import Resources, StateHeader
from rollup.units import MAX_ELAPSED_S

__all__ = ["ClockNotRising", "Fractions", "Tick", "compute_elapsed", "derive_tick", "run_tick", "set_tick"]


@dataclass(eq=False)
class ClockNotRising(BatchInvalid):
    """A batch's timestamp does not come after that of the batch before."""

    code = "clock_not_rising"
    timestamp_s: int
    previous_s: int

    def __str__(self) -> str:
        return f"timestamp {self.timestamp_s} s does not come after {self.previous_s} s"


@dataclass(frozen=True)
class Tick:
    """What every lane of a batch reads, and what its close starts from."""

    header: StateHeader  # marks, funding, signers' times, maintenance factor, fund budget, clock of this batch
    fractions: Fractions
    stale: bool  # without fresh prices nothing trades
    order_fee_e6: int  # base fee of an order, at its first fill, 1e-6 USD
    cash_fee_e6: int  # base fee of a signed cash operation
    leaf_fee_e6: int  # base fee of creating an account
    rent_rate: int  # atoms a second for an account's leaf
    elapsed_s: int  # since the batch before, at most 65535


def compute_elapsed(before_s: int, timestamp_s: int) -> int:
    """Return the seconds since the batch before, at most 65535: what one batch is charged for."""
    return min(timestamp_s - before_s, MAX_ELAPSED_S)


def run_tick(header: StateHeader, params: Params, oracle: OracleMessages, timestamp_s: int) -> Tick:
    """Return the tick of the batch after `header`. `oracle` holds what `pick_usable` found.

    Raises ClockNotRising; ValueOutOfRange for a time outside its bounds.
    """
    elapsed_s = _get_elapsed(header, timestamp_s)
    marks_ticks = compute_marks(oracle, params, header.marks_ticks, header.open_interest_lots, elapsed_s)
    times_s = step_signer_times(header.signer_times_s, oracle)
    return set_tick(header, params, timestamp_s, marks_ticks, times_s, stale=is_stale(oracle))


def set_tick(
    header: StateHeader,
    params: Params,
    timestamp_s: int,
    marks_ticks: tuple[int, ...],
    signer_times_s: tuple[int, ...],
    *,
    stale: bool,
) -> Tick:
    """Return the tick of the batch after `header` once it is known what came of the oracle: this much is published.

    Raises ClockNotRising; ValueOutOfRange for a time or a mark outside its bounds.
    """
    elapsed_s = _get_elapsed(header, timestamp_s)
    ticked = replace(
        header,
        marks_ticks=marks_ticks,
        funding_index=_step_funding(header, params, marks_ticks, elapsed_s),
        signer_times_s=signer_times_s,
        timestamp_s=timestamp_s,
        batch_number=header.batch_number + 1,
    )
    ticked.check()
    return _make_tick(ticked, header, params, stale=stale)


def derive_tick(before: StateHeader, after: StateHeader, params: Params, *, stale: bool = False) -> Tick:
    """Return the tick of the batch between two headers, whatever prices they hold: what a checker compares with."""
    changed = ("marks_ticks", "funding_index", "signer_times_s", "timestamp_s", "batch_number")
    ticked = replace(before, **{name: getattr(after, name) for name in changed})
    return _make_tick(ticked, before, params, stale=stale)


def _get_elapsed(header: StateHeader, timestamp_s: int) -> int:
    if timestamp_s <= header.timestamp_s:
        raise ClockNotRising(timestamp_s, header.timestamp_s)
    return compute_elapsed(header.timestamp_s, timestamp_s)


def _step_funding(header: StateHeader, params: Params, marks_ticks: tuple[int, ...], elapsed_s: int) -> tuple[int, ...]:
    markets = zip(header.funding_index, header.premiums, params.markets, marks_ticks, strict=True)
    return tuple(
        step_funding_index(index, premium, market.funding_clamp_ppm, mark_ticks, elapsed_s)
        for index, premium, market, mark_ticks in markets
    )


def _make_tick(ticked: StateHeader, before: StateHeader, params: Params, *, stale: bool) -> Tick:
    """Return the tick once its prices and clock are known. Prices of resources are of the state before."""
    elapsed_s = compute_elapsed(before.timestamp_s, ticked.timestamp_s)
    factor_ppm = compute_factor(before.resources.congestion_ppm)
    resources = _step_resources(before.resources, params, factor_ppm, ticked.timestamp_s, elapsed_s)
    factors_ppm = (factor_ppm, resources.maintenance_factor_ppm)
    base_fees = before.resources.base_fees
    return Tick(
        header=replace(ticked, resources=resources),
        fractions=compute_fractions(params, before.open_interest_lots, ticked.marks_ticks, *factors_ppm),
        stale=stale,
        order_fee_e6=compute_fee_e6(base_fees, ORDER_FILL),
        cash_fee_e6=compute_fee_e6(base_fees, CASH_OPERATION),
        leaf_fee_e6=compute_fee_e6(base_fees, LEAF),
        rent_rate=compute_rent_rate(base_fees[STATE], params.rent_period_s),
        elapsed_s=elapsed_s,
    )


def _step_resources(before: Resources, params: Params, factor_ppm: int, timestamp_s: int, elapsed_s: int) -> Resources:
    """Return the record with the maintenance factor and the fund's budget as they apply in this batch."""
    waiting = MaintenanceFactor(before.maintenance_factor_ppm, before.pending_factor_ppm, before.pending_since_s)
    factor = step_maintenance_factor(waiting, factor_ppm, timestamp_s)
    return replace(
        before,
        maintenance_factor_ppm=factor.factor_ppm,
        pending_factor_ppm=factor.pending_ppm,
        pending_since_s=factor.since_s,
        fund_budget=refill_fund_budget(before.fund_budget, params.fund_rate_usd, elapsed_s),
    )

"""What the tick of a batch sets, once, before the lanes: header, margin fractions, prices of resources."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from rollup.errors import BatchInvalid
from rollup.params import Params
from rollup.state import StateHeader
from rollup.units import USD_E12

__all__ = ["ClockNotRising", "Fractions", "Tick", "derive_tick", "run_tick"]

_ORDER_UNITS = (1, 0, 14)
_CASH_UNITS = (2, 0, 32)


@dataclass(eq=False)
class ClockNotRising(BatchInvalid):
    """A batch's timestamp does not come after that of the batch before."""

    code = "clock_not_rising"
    timestamp_s: int
    previous_s: int

    def __str__(self) -> str:
        return f"timestamp {self.timestamp_s} s does not come after {self.previous_s} s"


@dataclass(frozen=True)
class Fractions:
    """Margin fractions by market as they apply in one batch, ppm."""

    initial_ppm: tuple[int, ...]
    maintenance_ppm: tuple[int, ...]


@dataclass(frozen=True)
class Tick:
    """What every lane of a batch reads."""

    header: StateHeader  # marks, funding and time of this batch; all else still as before
    fractions: Fractions
    stale: bool  # without fresh prices nothing trades
    order_fee_e6: int  # base fee of an order, at its first fill, 1e-6 USD
    cash_fee_e6: int  # base fee of a signed cash operation
    leaf_fee_e6: int  # base fee of creating an account
    rent_rate: int  # atoms a second for an account's leaf


def run_tick(header: StateHeader, params: Params, marks_ticks: Sequence[int], timestamp_s: int) -> Tick:
    """Return the tick of the batch after `header`. Marks not given stay.

    Raises ClockNotRising; ValueOutOfRange for marks or time outside their bounds.
    """
    if timestamp_s <= header.timestamp_s:
        raise ClockNotRising(timestamp_s, header.timestamp_s)
    ticked = replace(
        header,
        marks_ticks=(*marks_ticks, *header.marks_ticks[len(marks_ticks) :]),
        timestamp_s=timestamp_s,
        batch_number=header.batch_number + 1,
    )
    ticked.check()
    return _make_tick(ticked, header, params)


def derive_tick(before: StateHeader, after: StateHeader, params: Params) -> Tick:
    """Return the tick of the batch between two headers, whatever they hold: what a checker compares with."""
    kept = {name: getattr(before, name) for name in ("accounts_root", "queue_consumed", "vault_e6")}
    return _make_tick(replace(after, **kept), before, params)


def _make_tick(ticked: StateHeader, before: StateHeader, params: Params) -> Tick:
    base_fees = before.resources.base_fees
    return Tick(
        header=ticked,
        fractions=Fractions(params.initial_ppm, params.maintenance_ppm),
        stale=False,
        order_fee_e6=_compute_fee_e6(base_fees, _ORDER_UNITS),
        cash_fee_e6=_compute_fee_e6(base_fees, _CASH_UNITS),
        leaf_fee_e6=_compute_fee_e6(base_fees, (0, 1, 0)),
        rent_rate=base_fees[1] // params.rent_period_s,
    )


def _compute_fee_e6(base_fees: Sequence[int], units: Sequence[int]) -> int:
    atoms = sum(base_fee * count for base_fee, count in zip(base_fees, units, strict=True))
    return -(-atoms // USD_E12)  # an atom is 1e-18 USD: rounded up to 1e-6 USD

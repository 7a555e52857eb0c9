"""The private inputs of a liquidation: its one fill, its numbers in lent bits, which case its penalty is."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from circuits.account_inputs import Values
from circuits.fixed_base import SCALAR_BITS
from circuits.lane_inputs import Prices
from circuits.liquidation import GAP_BITS, SURPLUS_BITS
from circuits.order_fields import LENT_FIELDS
from rollup.accounts import Account
from rollup.margin import Margin, compute_requirement
from rollup.rent import compute_rent
from rollup.trace import LiquidationTrace, TradeLaneTrace
from rollup.units import LOT_TICK_ATOMS, MARKET_COUNT

__all__ = ["NUMBERS", "lend_numbers", "liquidation_inputs", "margin_at_open"]

# what a liquidation proves not negative, in the order in which the circuit takes its bits
NUMBERS = (
    *((f"gap[{m}]", GAP_BITS) for m in range(MARKET_COUNT)),
    *((name, SURPLUS_BITS) for name in ("unhealthy", "not_too_large", "penalty/equity_side", "penalty/cap_side")),
)


def liquidation_inputs(lane: TradeLaneTrace, prices: Prices) -> Values:
    """Return the inputs liquidation/.., and of a liquidation those of its order places too."""
    if lane.liquidation is None:
        spelled = lend_numbers(lane.capacity, [0] * len(NUMBERS))
        own = {name: value for name, value in spelled.items() if name.startswith("liquidation/")}
        return own | dict.fromkeys(("liquidation/flag", "liquidation/penalty/full", "liquidation/penalty/none"), 0)
    market = lane.liquidation.market
    case = _Penalty(lane, lane.liquidation, prices)
    return {
        "liquidation/flag": 1,
        "liquidation/penalty/full": int(case.is_full),
        "liquidation/penalty/none": int(case.is_none),
        "order[0]/fill": lane.liquidation.fill_lots,
        "order[0]/side": int(lane.before.sizes_lots[market] > 0),
        "order[0]/market": market,
        **lend_numbers(lane.capacity, list(_proved(lane, lane.liquidation, prices, case))),
    }


def margin_at_open(lane: TradeLaneTrace, prices: Prices) -> Margin:
    """Return the account's margin after its rent."""
    return prices.margin(_charge_rent(lane.before, prices))


def _charge_rent(account: Account, prices: Prices) -> Account:
    return replace(account, cash_atoms=account.cash_atoms - compute_rent(account, prices.tick))


class _Penalty:
    """Which case the penalty is: the full cap, none as equity is negative, or what equity leaves."""

    def __init__(self, lane: TradeLaneTrace, liquidation: LiquidationTrace, prices: Prices) -> None:
        self.after = prices.margin(lane.after)
        self.equity = self.after.equity + liquidation.penalty_atoms
        fee_ppm = prices.params.markets[liquidation.market].liquidation_fee_ppm
        self.cap = liquidation.fill_lots * prices.clearing[liquidation.market] * fee_ppm
        self.is_none = self.equity < 0
        self.is_full = not self.is_none and self.equity >= self.cap

    def sides(self) -> tuple[int, int]:
        """Return the two numbers that are proved not negative."""
        if self.is_none:
            return -self.equity - 1, 0
        return (self.equity - self.cap, 0) if self.is_full else (self.equity, self.cap - self.equity)


def _proved(lane: TradeLaneTrace, liquidation: LiquidationTrace, prices: Prices, case: _Penalty) -> Iterator[int]:
    """Yield the values of `NUMBERS`."""
    market, sizes, fractions = liquidation.market, lane.before.sizes_lots, prices.fractions
    required = list(map(compute_requirement, sizes, prices.marks, fractions.maintenance_ppm))
    yield from (required[market] - own for own in required)
    before = margin_at_open(lane, prices)
    yield before.maintenance - before.equity - 1
    direction = -1 if sizes[market] > 0 else 1
    edge = -direction * (prices.clearing[market] - prices.marks[market]) * LOT_TICK_ATOMS  # of one lot
    weight = prices.marks[market] * fractions.initial_ppm[market]
    yield case.after.initial + weight - (case.equity - edge) - 1
    yield from case.sides()


def lend_numbers(capacity: int, numbers: Sequence[int]) -> Values:
    """Return the bits of `NUMBERS` in the fields of idle orders, one after the other, and what these cannot hold."""
    fields = [
        (f"order[{k}]/{name}", n_bits) for k in range(capacity) for name, n_bits in (("s", SCALAR_BITS), *LENT_FIELDS)
    ]
    room, word, shift = sum(n_bits for _, n_bits in fields), 0, 0
    values: Values = {}
    for (name, n_bits), number in zip(NUMBERS, numbers, strict=True):
        lent = min(n_bits, room - shift)
        word |= (number & ((1 << lent) - 1)) << shift
        shift += lent
        if lent < n_bits:
            values[f"liquidation/{name}"] = number >> lent
    for name, n_bits in fields:
        values[name] = word & ((1 << n_bits) - 1)
        word >>= n_bits
    return values

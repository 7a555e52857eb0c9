"""The catalogue of forged TradeLanes: each with the constraint classes that refuse it."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

from rollup.units import MARKET_COUNT
from tests.circuits.account_forgeries import forge_accounts
from tests.circuits.forging import Forged, Forger
from tests.circuits.liquidation_forgeries import forge_liquidations
from tests.circuits.order_forgeries import forge_orders
from tests.circuits.pair_forgeries import forge_pairs
from tests.circuits.trade_cases import load_trade_lane
from tests.circuits.trade_signature_forgeries import forge_trade_signatures

OUTPUTS = ("root_out", "fees_out", "penalties_out", "usage_out", *(f"lots_out[{m}]" for m in range(MARKET_COUNT)))


@lru_cache(maxsize=2)
def forge_trade_lanes(capacity: int) -> tuple[Forged, ...]:
    """Return every forgery of TradeLane(capacity). Takes a few seconds."""
    forger = Forger(load_trade_lane(capacity), OUTPUTS)
    return tuple(_with_bits_told(forger, capacity))


def _with_bits_told(forger: Forger, capacity: int) -> Iterator[Forged]:
    for forged in _forge_all(forger, capacity):
        yield forged
        if len(forged.refused_by) == 1 and next(iter(forged.refused_by)).endswith("/sum"):
            yield forger.hold_in_one_bit(forged)


def _forge_all(forger: Forger, capacity: int) -> Iterator[Forged]:
    yield from forge_orders(forger, capacity)
    yield from forge_accounts(forger, capacity)
    yield from forge_liquidations(forger, capacity)
    yield from forge_trade_signatures(forger, capacity)
    if capacity == 2:
        yield from forge_pairs(forger)

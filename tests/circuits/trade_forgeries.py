"""The catalogue of forged TradeLanes and QuoteLanes: each with the constraint classes that refuse it."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

from tests.circuits.account_forgeries import forge_accounts
from tests.circuits.fee_forgeries import forge_fees
from tests.circuits.flag_forgeries import forge_flags
from tests.circuits.forging import Forged, Forger
from tests.circuits.lending import hold_in_own_bit
from tests.circuits.liquidation_forgeries import forge_liquidations
from tests.circuits.order_forgeries import forge_orders
from tests.circuits.pair_forgeries import forge_pairs
from tests.circuits.published_forgeries import forge_turn_words
from tests.circuits.quote_forgeries import forge_quotes, forge_reuse
from tests.circuits.share_forgeries import forge_shares
from tests.circuits.trade_scenes import LaneKind
from tests.circuits.trade_signature_forgeries import forge_trade_signatures


@lru_cache(maxsize=3)
def forge_lanes(lane: LaneKind) -> tuple[Forged, ...]:
    """Return every forgery of a lane of this kind. Takes some seconds."""
    template = lane.load()
    forger = Forger(template, [port for port in template.template.ports if "_out" in port or port.startswith("data[")])
    return tuple(_with_bits_told(forger, lane))


def _with_bits_told(forger: Forger, lane: LaneKind) -> Iterator[Forged]:
    """Yield the forgeries, and beside a number out of its range the same told in one bit."""
    for forged in _forge_all(forger, lane):
        yield forged
        rule = next(iter(forged.refused_by))
        if len(forged.refused_by) == 1 and rule.endswith("/sum"):
            yield forger.hold_in_one_bit(forged)
        elif len(forged.refused_by) == 1 and rule.endswith("/if_flagged"):
            yield from hold_in_own_bit(forger, forged)


def _forge_all(forger: Forger, lane: LaneKind) -> Iterator[Forged]:
    for forge in (forge_orders, forge_flags, forge_shares, forge_fees, forge_accounts, forge_trade_signatures):
        yield from forge(forger, lane)
    yield from forge_turn_words(forger, lane)
    yield from forge_reuse(forger, lane)
    if lane.is_quote:
        yield from forge_quotes(forger, lane)
    else:
        yield from forge_liquidations(forger, lane)
    if lane.capacity == 2:
        yield from forge_pairs(forger, lane)

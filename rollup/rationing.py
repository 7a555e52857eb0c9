"""Who of the marginal orders gets how much: pro rata with floor, then one lot each from the lowest position on.

A position is an order's place in the batch: 0, 1, .. over all order places of all lanes, in lane order. Of the orders
of a market's rationed side that are marginal and in the batch, T is what may still trade together, V what does trade.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from rollup.units import SIZE_BITS

__all__ = [
    "MAX_MARGINAL_REMAINING",
    "NO_RATIONING",
    "POSITION_BITS",
    "Rationing",
    "compute_cutoff",
    "compute_share",
    "find_sharers",
    "ration",
]

POSITION_BITS = 16
MAX_MARGINAL_REMAINING = 2**SIZE_BITS - 1  # T of one market


@dataclass(frozen=True, slots=True)
class Rationing:
    """One market's rationed side in a batch."""

    side: int = 0  # 0 the buys, 1 the sells
    marginal_lots: int = 0  # V
    marginal_remaining: int = 0  # T
    cutoff: int = 0  # positions below it take one lot more than the floor

    def compute_share(self, remaining_lots: int, position: int) -> int:
        """Return what a marginal order of this side trades, in lots. Assumes it is counted in T."""
        return compute_share(self.marginal_lots, self.marginal_remaining, remaining_lots, position < self.cutoff)


NO_RATIONING = Rationing()


def compute_share(marginal_lots: int, marginal_remaining: int, remaining_lots: int, has_extra: bool) -> int:
    """Return floor(V * remaining / T) + extra, in lots. Assumes 0 < remaining <= T."""
    return marginal_lots * remaining_lots // marginal_remaining + has_extra


def compute_cutoff(marginal_lots: int, remaining_lots: Mapping[int, int]) -> int:
    """Return the lowest cutoff at which the shares add up to V. `remaining_lots` is given by position.

    Assumes V <= T. The floors leave less than one lot an order, so that there are orders enough for the extra lots;
    and V < T whenever there is one, so that no share exceeds what may still trade.
    """
    total = sum(remaining_lots.values())
    floors = sum(marginal_lots * remaining // total for remaining in remaining_lots.values())
    extra = marginal_lots - floors
    return sorted(remaining_lots)[extra - 1] + 1 if extra else 0


def ration(side: int, marginal_lots: int, remaining_lots: Mapping[int, int]) -> tuple[Rationing, dict[int, int]]:
    """Return the rationing of V lots over the marginal orders, given by position, and each one's share by position.

    A share may be 0: such an order is to be left out, and the rest rationed anew.
    """
    cutoff = compute_cutoff(marginal_lots, remaining_lots)
    rationing = Rationing(side, marginal_lots, sum(remaining_lots.values()), cutoff)
    return rationing, {p: rationing.compute_share(remaining, p) for p, remaining in remaining_lots.items()}


def find_sharers(marginal_lots: int, remaining_lots: Mapping[int, int]) -> dict[int, int]:
    """Return the orders, by position, that are left when those whose share is 0 go, and so on until each has one.

    Those that go have a floor of 0 and came too late for an extra lot.
    """
    sharers = dict(remaining_lots)
    while sharers:
        shares = ration(0, marginal_lots, sharers)[1]
        if all(shares.values()):
            break
        sharers = {position: remaining for position, remaining in sharers.items() if shares[position]}
    return sharers

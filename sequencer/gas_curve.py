"""Gas an order as a curve: over the orders that a proof holds, and the proofs that share a transaction.

Settling n batches costs `fixed + marginal * n`, whatever orders they hold, from 2 on: one proof alone needs no random
factors and is 3 % below the line. An order's share is that over n times the orders a proof. The line goes through
measured points and is held against the others (`AffineLaw.compute_error`).

All batches of a group share one blob, and orders take room in it: `count_fitting_orders` says for how many it has.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import ceil
from typing import Final

from rollup.blob import ELEMENT_COUNT
from rollup.records import FILL_WORDS, TURN_WORDS
from rollup.segment import ELEMENT_BITS, get_widths
from rollup.shapes import BLOCK, Shape
from sequencer.published_gas import PUBLISHED
from verifier.group import MAX_BATCHES

__all__ = [
    "ORDER_STEPS",
    "PROOF_STEPS",
    "TARGET_GAS",
    "AffineLaw",
    "CurvePoint",
    "compute_curve",
    "count_fitting_orders",
    "find_orders",
    "find_orders_in_one_blob",
    "fit_law",
]

TARGET_GAS: Final = next(figure.low_gas for figure in PUBLISHED if figure.name == "StarkEx") / 2  # half of its trade
PROOF_STEPS: Final = (1, 2, 4, 8, 16, 32, 64)
ORDER_STEPS: Final = (10, 20, 43, 86, 172, 344, 688)  # halves and multiples of what `block` holds

assert BLOCK.max_orders in ORDER_STEPS
assert PROOF_STEPS[-1] == MAX_BATCHES


@dataclass(frozen=True)
class AffineLaw:
    """Gas of a transaction that settles n batches, n from 2 on; a lone batch is what was measured."""

    fixed_gas: float
    proof_gas: float  # of each batch
    measured: Mapping[int, int]  # gas by number of batches; 1 is among them

    def compute_gas(self, n_proofs: int) -> float:
        """Return the gas of settling so many batches in one transaction."""
        return self.measured[1] if n_proofs == 1 else self.fixed_gas + self.proof_gas * n_proofs

    def compute_error(self, n_proofs: int) -> float:
        """Return how far the line is from what was measured, as a share of it. At 1 the line is not what is used."""
        return (self.fixed_gas + self.proof_gas * n_proofs) / self.measured[n_proofs] - 1


@dataclass(frozen=True)
class CurvePoint:
    """One point of the curve."""

    proofs: int  # in one transaction
    orders: int  # a proof, all places filled
    gas_per_order: float
    fits_one_blob: bool  # else the contract takes no such group: what it would cost, had a group a blob more


def fit_law(settle_gas: Mapping[int, int]) -> AffineLaw:
    """Return the line through the smallest group above one batch and the largest."""
    few, *_, many = sorted(n for n in settle_gas if n > 1)
    proof_gas = (settle_gas[many] - settle_gas[few]) / (many - few)
    return AffineLaw(settle_gas[few] - few * proof_gas, proof_gas, settle_gas)


def compute_curve(
    law: AffineLaw, proofs: Sequence[int] = PROOF_STEPS, orders: Sequence[int] = ORDER_STEPS
) -> tuple[CurvePoint, ...]:
    """Return the points for each number of proofs, orders rising."""
    return tuple(
        CurvePoint(n, o, law.compute_gas(n) / (n * o), o <= count_fitting_orders(n)) for n in proofs for o in orders
    )


def find_orders(law: AffineLaw, n_proofs: int, gas_per_order: float = TARGET_GAS) -> int:
    """Return the fewest orders a proof with which an order costs no more than that, blobs aside."""
    return ceil(law.compute_gas(n_proofs) / (n_proofs * gas_per_order))


def find_orders_in_one_blob(law: AffineLaw, gas_per_order: float = TARGET_GAS) -> CurvePoint | None:
    """Return the point with the fewest orders a proof that costs no more than that and fits one blob, if there is one.

    The more proofs, the fewer orders each of them needs: so it is that of the most proofs that still fit.
    """
    for n_proofs in range(MAX_BATCHES, 0, -1):
        orders = find_orders(law, n_proofs, gas_per_order)
        if orders <= count_fitting_orders(n_proofs):
            return CurvePoint(n_proofs, orders, law.compute_gas(n_proofs) / (n_proofs * orders), True)
    return None


def count_fitting_orders(n_proofs: int, shape: Shape = BLOCK) -> int:
    """Return how many orders each of so many batches may have for one blob to hold them all.

    Everything but the order places is as in `shape`, whose mean width of a place is taken for each.
    """
    places, total = _count_place_bits(shape), sum(get_widths(shape))
    room = ELEMENT_COUNT // n_proofs * ELEMENT_BITS - (total - places)
    return room * shape.max_orders // places


def _count_place_bits(shape: Shape) -> int:
    """Return the bits of all order places and of the turns that they stand in."""
    turn, fill = (sum(word.n_bits for word in words) for words in (TURN_WORDS, FILL_WORDS))
    return turn * len(shape.order_capacities) + fill * shape.max_orders

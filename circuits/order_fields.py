"""The numbers of an order place that are made of their own bits: in range by construction, and lent where idle."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final

from circuits.bits import from_bits
from circuits.inputs import private_bits
from circuits.linear import LC
from circuits.system import ConstraintSystem
from rollup.units import COUNTER_BITS, PRICE_BITS, SIZE_BITS, TIMESTAMP_BITS

# In a place without an active order none of these binds anything. Both sides of the seam read this one list.
LENT_FIELDS: Final[tuple[tuple[str, int], ...]] = (
    ("size", SIZE_BITS),
    ("rest", SIZE_BITS),  # size - filled before - fill
    ("limit_gap", PRICE_BITS),  # how much better than p* the limit is
    ("expiry_gap", TIMESTAMP_BITS),
    ("nonce", COUNTER_BITS),
    ("nonce_step", 8),  # an order's nonce is at most 255 above its slot's
    ("filled", SIZE_BITS),
    ("tip_e6", 16),
    ("fee_slack_e6", 48),  # maximum fee less what is charged
    ("reduce_gap", SIZE_BITS),  # | rest - position left |
    ("post_gap", PRICE_BITS),  # how far inside the mark the limit is, less one tick
    ("auction_word", 19),
    ("cutoff_gap", 16),
    ("share_remainder", SIZE_BITS),
    ("share_gap", SIZE_BITS),  # divisor - 1 - remainder
)


@dataclass(frozen=True)
class OrderFields:
    """The bits of each field of `LENT_FIELDS`, least significant first."""

    bits: Mapping[str, Sequence[LC]]

    def __getitem__(self, name: str) -> LC:
        """Return the number that a field's bits spell."""
        return from_bits(self.bits[name])

    @cached_property
    def lent_bits(self) -> list[LC]:
        """All bits in the order of `LENT_FIELDS`."""
        return [bit for name, _ in LENT_FIELDS for bit in self.bits[name]]


def private_order_fields(cs: ConstraintSystem) -> OrderFields:
    """Return the fields as private inputs. Constraints: 612, named {field}/bit[i]."""
    return OrderFields({name: private_bits(cs, name, n_bits) for name, n_bits in LENT_FIELDS})

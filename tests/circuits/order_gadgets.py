"""For tests of an order's gadgets alone: a fill and fields whose values are given, numbers at their edges."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields

from hypothesis import strategies as st

from circuits.fills import Fill
from circuits.inputs import private_bits
from circuits.linear import LC
from circuits.order_fields import LENT_FIELDS, OrderFields
from circuits.system import ConstraintSystem
from rollup.field import R

MAX_48 = 2**48 - 1
amounts = st.sampled_from([0, 1, 2, MAX_48 - 1, MAX_48]) | st.integers(0, 30) | st.integers(0, MAX_48)


def make_fill(cs: ConstraintSystem, **values: int) -> Fill:
    """Return a fill with these values, each a wire of its own; whatever is not given must not be read."""
    given = {name: cs.witness(value) for name, value in values.items()}
    return Fill(**{field.name: given.get(field.name, _Unread()) for field in fields(Fill)})  # type: ignore[arg-type]  # stand-ins


class _Unread:
    """Stands for what a gadget has no business with: any use of it fails."""


def make_fields(cs: ConstraintSystem, values: Mapping[str, int]) -> OrderFields:
    """Return those of an order's fields that are given, as `private_order_fields` would."""
    cs.inputs |= values
    return OrderFields({name: private_bits(cs, name, n) for name, n in LENT_FIELDS if name in values})


def signed(cs: ConstraintSystem, lc: LC) -> int:
    """Return a value read as a signed number."""
    value = cs.value(lc)
    return value - R if value > R // 2 else value

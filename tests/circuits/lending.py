"""Forged liquidations spelled anew: what they must prove not negative, as far as the lent and own bits can hold it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from circuits.linear import value_of
from circuits.liquidation_inputs import NUMBERS, lend_numbers
from circuits.system import Lie, collapse_indices
from rollup.field import R
from tests.circuits.forging import Forged, Forger, tell
from tests.circuits.lane_cases import LoneTemplate, Values
from tests.circuits.trade_scenes import LaneKind

__all__ = ["forge_spelled", "hold_in_own_bit", "spell_numbers"]


def spell_numbers(template: LoneTemplate, capacity: int, inputs: Values, lies: Mapping[str, Lie]) -> Values:
    """Return the inputs with every number of the liquidation in its bits, cut off where it does not fit."""
    given = inputs | lend_numbers(capacity, [0] * len(NUMBERS))
    values = template.vary(given, lies).values
    spelled = []
    for name, n_bits in NUMBERS:
        row = template.find_row(f"liquidation/{name}/if_flagged")
        spelled.append(-value_of(row.b, values) % R % 2**n_bits)
    return inputs | lend_numbers(capacity, spelled)


def forge_spelled(
    forger: Forger,
    lane: LaneKind,
    name: str,
    inputs: Values,
    refused_by: Sequence[str],
    *,
    changes: Mapping[str, int] | None = None,
    lies: Mapping[str, Lie] | None = None,
) -> Forged:
    """Return the forgery of these inputs, all its numbers spelled."""
    spelled = spell_numbers(forger.lane, lane.capacity, inputs | dict(changes or {}), lies or {})
    return forger.forge(name, spelled, refused_by, lies=lies)


def hold_in_own_bit(forger: Forger, forged: Forged) -> Forged:
    """Return the forgery of one number out of its range, all that is lacking told in the lowest bit of its own."""
    (broken,) = forger.lane.find_broken(forged.inputs, forged.lies)
    hint = broken.removesuffix("/if_flagged")
    shape, values = forger.lane.shape, forger.lane.vary(forged.inputs, forged.lies).values
    row = forger.lane.find_row(broken)
    op = shape.ops[shape.op_index[hint]]
    lacking = -value_of(row.b, values) * pow(row.b.terms[op.out], -1, R)
    told = [values[op.out] + lacking, *values[op.out + 1 : op.out + op.n_out]]
    lies = {**forged.lies, hint: tell(*told)}
    refused_by = frozenset({f"{collapse_indices(hint)}/bit[*]"})
    return replace(forged, name=f"{forged.name}, in one bit", lies=lies, refused_by=refused_by)

"""Forged liquidations spelled anew: what they must prove not negative, as far as the lent and own bits can hold it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from circuits.linear import LC, value_of
from circuits.liquidation_inputs import NUMBERS, lend_numbers
from circuits.program import Opcode
from circuits.system import Lie, collapse_indices
from circuits.variation import Shape
from rollup.field import R
from tests.circuits.forging import Forged, Forger, tell
from tests.circuits.lane_cases import LoneTemplate, Values
from tests.circuits.trade_scenes import LaneKind

__all__ = ["forge_spelled", "hold_in_own_bit", "spell_numbers"]


def spell_numbers(template: LoneTemplate, capacity: int, inputs: Values, lies: Mapping[str, Lie]) -> Values:
    """Return the inputs with every number of the liquidation in its bits, cut off where it does not fit."""
    shape, values = template.shape, template.vary(inputs, lies).values
    numbers = []
    for name, n_bits in NUMBERS:
        row = template.find_row(f"liquidation/{name}/if_flagged")
        # bits less the number: where a wire is no bit it is the number's
        number = {wire: -c for wire, c in row.b.terms.items() if not _is_bit(shape, wire)}
        numbers.append(value_of(LC(number), values) % 2**n_bits)
    return inputs | lend_numbers(capacity, numbers)


def _is_bit(shape: Shape, wire: int) -> bool:
    return wire in shape.writer_of and shape.ops[shape.writer_of[wire]].opcode == Opcode.BITS


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


def hold_in_own_bit(forger: Forger, forged: Forged) -> Iterator[Forged]:
    """Yield the forgery of one number out of its range, what is lacking told in the lowest bit of its own, if any."""
    broken = forger.lane.find_broken(forged.inputs, forged.lies)
    hint, shape = broken[0].removesuffix("/if_flagged"), forger.lane.shape
    if len(broken) > 1 or hint not in shape.op_index:
        return
    row, op = forger.lane.find_row(broken[0]), shape.ops[shape.op_index[hint]]
    values = forger.lane.vary(forged.inputs, forged.lies).values
    lacking = -value_of(row.b, values) * pow(row.b.terms[op.out], -1, R)
    lies = {**forged.lies, hint: tell(values[op.out] + lacking, *values[op.out + 1 : op.out + op.n_out])}
    refused_by = frozenset({f"{collapse_indices(hint)}/bit[*]"})
    yield replace(forged, name=f"{forged.name}, in one bit", lies=lies, refused_by=refused_by)

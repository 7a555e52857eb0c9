"""circomlib's Poseidon as constraints: three to an S-box, nothing for the linear layers."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache, lru_cache
from operator import mul

from circuits.fragment import Fragment, record_fragment
from circuits.linear import LC, as_lc
from circuits.system import ConstraintSystem
from rollup.field import R
from rollup.poseidon_constants import FULL_ROUNDS, PARTIAL_ROUNDS, derive_constants


def poseidon(cs: ConstraintSystem, inputs: Sequence[LC | int], tag: LC | int = 0, *, name: str) -> LC:
    """Return the Poseidon hash of 1 to 16 field elements with initial capacity `tag` (eprint 2019/458; circomlib).

    Constraints: 3 an S-box (240 for 2 inputs, 402 for 8, 609 for 16), named {name}/first[i]/.. and
    {name}/rounds/sbox[r][i]/..; a tag that is no constant costs 3 more.
    """
    state = [as_lc(tag), *(as_lc(x) for x in inputs)]
    round_constants = derive_constants(len(state))[0]
    fifths = [_sbox(cs, x + round_constants[i], f"{name}/first[{i}]") for i, x in enumerate(state)]
    constant_tag = fifths[0].constant_value() if fifths[0].is_constant() else None
    rest = _rounds_after_first(len(state), constant_tag)
    wires = fifths if constant_tag is None else fifths[1:]
    wires = [cs.materialise(w, name=f"{name}/first[{i}]/wire") for i, w in enumerate(wires)]
    return cs.stamp(rest, wires, name=f"{name}/rounds")[0]


def _sbox(cs: ConstraintSystem, x: LC, name: str) -> LC:
    """Return x**5 in three constraints, or the constant."""
    if x.is_constant():
        return LC.constant(pow(x.constant_value(), 5))
    square = cs.mul(x, x, name=f"{name}/square")
    fourth = cs.mul(square, square, name=f"{name}/fourth")
    return cs.mul(fourth, x, name=f"{name}/fifth")


@cache
def _rounds_after_first(width: int, capacity_fifth: int | None) -> Fragment:
    """Return all after the first round's S-boxes; inputs are their outputs (the capacity's one may be a constant)."""
    round_constants = derive_constants(width)[0]
    partial = PARTIAL_ROUNDS[width - 2]
    n_rounds = FULL_ROUNDS + partial

    def build(cs: ConstraintSystem, wires: list[LC]) -> list[LC]:
        state = wires if capacity_fifth is None else [LC.constant(capacity_fifth), *wires]
        for round_index in range(1, n_rounds):
            state = _mix(state)
            state = [x + round_constants[round_index * width + i] for i, x in enumerate(state)]
            is_full = round_index < FULL_ROUNDS // 2 or round_index >= FULL_ROUNDS // 2 + partial
            for i in range(width if is_full else 1):
                state[i] = _sbox(cs, state[i], f"sbox[{round_index}][{i}]")
        return _mix(state)[:1]

    return record_fragment(width - 1 if capacity_fifth is not None else width, build)


def _mix(state: Sequence[LC]) -> list[LC]:
    """Return the matrix times the state, wire by wire: most columns come again, a round or a fragment later."""
    wires = dict.fromkeys(wire for x in state for wire in x.terms)
    mixed = [(wire, _mix_column(tuple(x.terms.get(wire, 0) for x in state))) for wire in wires]
    return [LC({wire: column[i] for wire, column in mixed if column[i]}) for i in range(len(state))]


@lru_cache(maxsize=16_384)  # some 10 MB
def _mix_column(column: tuple[int, ...]) -> list[int]:
    """Return the matrix of this width times a column of coefficients."""
    return [sum(map(mul, row, column)) % R for row in derive_constants(len(column))[1]]

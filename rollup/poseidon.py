"""Poseidon over BN254 (eprint 2019/458) as circomlib has it, with the domain tag as initial capacity element.

Pure Python by default; `use_backend` puts a faster one in its place (the prover's kernel), same results.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from operator import mul
from typing import Final, Protocol

from rollup.field import R
from rollup.poseidon_constants import FULL_ROUNDS, MAX_WIDTH, PARTIAL_ROUNDS, derive_constants

__all__ = ["MAX_INPUTS", "PoseidonBackend", "permute", "poseidon", "poseidon_many", "use_backend"]

MAX_INPUTS: Final = MAX_WIDTH - 1
_HALF = FULL_ROUNDS // 2


class PoseidonBackend(Protocol):
    """Something that hashes many rows of one arity at once."""

    def hash_many(self, arity: int, inputs: Sequence[int], tag: int) -> list[int]:
        """Return one hash for each `arity` consecutive inputs, in order.

        Assumes 1 <= arity <= 16, len(inputs) a multiple of arity, every input and the tag in [0, R).
        """
        ...


_backend: PoseidonBackend | None = None


def use_backend(backend: PoseidonBackend | None) -> None:
    """Hash through `backend` in this process from now on; None goes back to pure Python."""
    global _backend
    _backend = backend


def poseidon(inputs: Sequence[int], tag: int = 0) -> int:
    """Return circomlib's Poseidon of 1 to 16 field elements, `tag` being the initial capacity element.

    Raises ValueError when an input or the tag lies outside [0, R), or there are none or more than 16 inputs.
    """
    return poseidon_many([inputs], tag)[0]


def poseidon_many(rows: Sequence[Sequence[int]], tag: int = 0) -> list[int]:
    """Return the Poseidon hash of each row under one tag. Rows have equal length, 1 to 16.

    Raises ValueError as `poseidon` does, and when the rows differ in length.
    """
    if not rows:
        return []
    arity = len(rows[0])
    _check_rows(rows, arity, tag)
    if _backend is not None:
        return _backend.hash_many(arity, [value for row in rows for value in row], tag)
    return [_hash(row, tag) for row in rows]


def permute(state: Sequence[int]) -> list[int]:
    """Return Poseidon's permutation of 2 to 17 field elements, circomlib's reference form, one round after the other.

    Slow; `poseidon` takes the sparse form. Kept as the definition that the sparse form is tested against.
    """
    width = len(state)
    constants, mds = derive_constants(width)
    partial = range(_HALF, _HALF + PARTIAL_ROUNDS[width - 2])
    for round_ in range(FULL_ROUNDS + len(partial)):
        state = [x + c for x, c in zip(state, constants[round_ * width :], strict=False)]
        state = [pow(x, 5, R) if i == 0 or round_ not in partial else x for i, x in enumerate(state)]
        state = _apply(mds, state)
    return list(state)


def _check_rows(rows: Sequence[Sequence[int]], arity: int, tag: int) -> None:
    if not 1 <= arity <= MAX_INPUTS:
        raise ValueError(f"Poseidon takes 1 to {MAX_INPUTS} inputs, got {arity}")
    if not 0 <= tag < R:
        raise ValueError(f"Poseidon tag {tag} lies outside [0, R)")
    for index, row in enumerate(rows):
        if len(row) != arity:
            raise ValueError(f"Poseidon row {index} has {len(row)} inputs, row 0 has {arity}")
        if min(row) < 0 or max(row) >= R:
            raise ValueError(f"Poseidon row {index} has an input outside [0, R)")


@dataclass(frozen=True)
class _Sparse:
    """The permutation with partial rounds that cost 2 * width - 1 products in place of width**2."""

    opening: list[list[int]]  # constants of the first four rounds, by round
    mds: list[list[int]]
    entry: list[list[int]]  # the matrix that closes the fourth round
    partial: list[tuple[int, list[int], list[int]]]  # (constant, row, column) by round
    corner: int  # mds[0][0], the top left of every sparse matrix
    closing: list[list[int]]  # constants of the last four rounds, by round


@cache
def _sparse(width: int) -> _Sparse:
    """Return the factored form (eprint 2019/458, appendix B).

    With the matrix M = [[m, v], [w, H]], M = [[m, v/H], [w, 1]] * diag(1, H), and diag(1, H) commutes with a round
    that touches element 0 alone. Moved to the front round by round, the k-th round from the end keeps the row
    v * H**-k and the column H**(k-1) * w, and diag(1, H**n) joins the matrix of the fourth round. The constants of
    elements 1.. move back through M into the next round.
    """
    flat, mds = derive_constants(width)
    n_partial = PARTIAL_ROUNDS[width - 2]
    by_round = [flat[start : start + width] for start in range(0, len(flat), width)]
    scalars = []
    for round_ in range(_HALF, _HALF + n_partial):
        scalars.append(by_round[round_][0])
        moved = _apply(mds, [0, *by_round[round_][1:]])
        by_round[round_ + 1] = [(x + y) % R for x, y in zip(by_round[round_ + 1], moved, strict=True)]
    inner = [row[1:] for row in mds[1:]]
    inner_inverse_transposed = _transpose(_invert(inner))
    row, column, entry = mds[0][1:], [line[0] for line in mds[1:]], mds
    factors: list[tuple[list[int], list[int]]] = []
    for _ in range(n_partial):
        row = _apply(inner_inverse_transposed, row)
        factors.append((row, column))
        column = _apply(inner, column)
        entry = [mds[0], *_matmul(inner, entry[1:])]
    partial = [(c, *factor) for c, factor in zip(scalars, reversed(factors), strict=True)]
    return _Sparse(by_round[:_HALF], mds, entry, partial, mds[0][0], by_round[-_HALF:])


def _hash(inputs: Sequence[int], tag: int) -> int:
    form = _sparse(len(inputs) + 1)
    state = [tag, *inputs]
    for constants in form.opening[:-1]:
        state = _apply(form.mds, _full_sbox(state, constants))
    head, *rest = _apply(form.entry, _full_sbox(state, form.opening[-1]))
    corner = form.corner
    for constant, row, column in form.partial:
        head += constant
        square = head * head % R
        head = square * square % R * head % R
        rest_next = [(x + y * head) % R for x, y in zip(rest, column, strict=True)]
        head = (corner * head + sum(map(mul, row, rest))) % R
        rest = rest_next
    state = [head, *rest]
    for constants in form.closing[:-1]:
        state = _apply(form.mds, _full_sbox(state, constants))
    return _apply(form.mds[:1], _full_sbox(state, form.closing[-1]))[0]


def _full_sbox(state: list[int], constants: list[int]) -> list[int]:
    sums = [x + c for x, c in zip(state, constants, strict=True)]
    squares = [x * x % R for x in sums]
    return [y * y % R * x % R for x, y in zip(sums, squares, strict=True)]


def _apply(matrix: Sequence[Sequence[int]], vector: Sequence[int]) -> list[int]:
    return [sum(map(mul, row, vector)) % R for row in matrix]


def _transpose(matrix: list[list[int]]) -> list[list[int]]:
    return [list(column) for column in zip(*matrix, strict=True)]


def _matmul(left: list[list[int]], right: list[list[int]]) -> list[list[int]]:
    columns = _transpose(right)
    return [_apply(columns, row) for row in left]


def _invert(matrix: list[list[int]]) -> list[list[int]]:
    """Return the inverse by Gauss-Jordan. Assumes that no leading minor vanishes: true of a Cauchy matrix."""
    size = len(matrix)
    work = [[*row, *(int(i == j) for j in range(size))] for i, row in enumerate(matrix)]
    for pivot in range(size):
        scale = pow(work[pivot][pivot], -1, R)
        work[pivot] = [x * scale % R for x in work[pivot]]
        for i in range(size):
            if i != pivot:
                factor = work[i][pivot]
                work[i] = [(x - factor * y) % R for x, y in zip(work[i], work[pivot], strict=True)]
    return [row[size:] for row in work]

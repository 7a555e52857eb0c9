"""Lies that need no thought: what to write under any hint or product to see whether a constraint objects."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from circuits.program import Opcode
from rollup.field import R


def generic_lies(opcode: Opcode, honest: Sequence[int], a: int, b: int) -> Iterator[list[int]]:
    """Yield dishonest values for one operation whose honest values are `honest` on operands a and b in [0, r)."""
    for lie in _propose(opcode, list(honest), a, b):
        told = [value % R for value in lie]
        if told != list(honest):
            yield told


def _propose(opcode: Opcode, honest: list[int], a: int, b: int) -> Iterator[list[int]]:
    match opcode:
        case Opcode.BITS:
            yield from _bit_lies(honest)
        case Opcode.SIGNS:
            yield from _sign_lies(honest)
        case Opcode.DIVMOD:
            yield from _division_lies(honest[0], honest[1], a, b)
        case Opcode.IS_ZERO | Opcode.IS_NEG:
            yield [1 - honest[0]]
            yield [2]
        case _:
            yield [honest[0] + 1]
            yield [0]
            yield [-honest[0]]
            yield [1]


def _bit_lies(bits: list[int]) -> Iterator[list[int]]:
    places = range(len(bits)) if len(bits) <= 8 else (0, len(bits) // 2, len(bits) - 1)
    for i in places:  # one bit flipped
        yield [1 - bit if i == j else bit for j, bit in enumerate(bits)]
    for i in range(len(bits) - 1):  # two taken from one place and one carried to the next: the sum stays, no boolean
        if i in (0, len(bits) - 2):
            yield [bit + (2 if j == i else -1 if j == i + 1 else 0) for j, bit in enumerate(bits)]
    if len(bits) > 1:  # the integer itself in the lowest place: the sum stays, every comparison reads zeros
        yield [sum(bit << i for i, bit in enumerate(bits))] + [0] * (len(bits) - 1)
    for same in (0, 1, R - 1):
        yield [same] * len(bits)


def _sign_lies(signed: list[int]) -> Iterator[list[int]]:
    for i in sorted({0, len(signed) // 2, len(signed) - 1}):
        yield [-value if i == j else value for j, value in enumerate(signed)]
        yield [0 if i == j else value for j, value in enumerate(signed)]
    if len(signed) > 1:  # two added in one place and one taken from the next: the sum stays, no signs
        yield [3 * signed[0], signed[1] - signed[0], *signed[2:]]
    yield [-value for value in signed]


def _division_lies(quotient: int, remainder: int, dividend: int, divisor: int) -> Iterator[list[int]]:
    yield [quotient - 1, remainder + divisor]  # remainder not below the divisor
    yield [quotient + 1, remainder - divisor]  # remainder negative
    yield [0, dividend]
    yield [quotient + 1, remainder]
    yield [quotient, remainder + 1]
    if divisor:
        yield list(divmod(dividend + R, divisor))  # exact in the field, not in the integers
        yield [dividend * pow(divisor, -1, R), 0]

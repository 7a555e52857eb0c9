"""The witness program's operations: how a computed wire gets its value. Each proposes; constraints decide."""

from __future__ import annotations

from enum import IntEnum

from rollup.field import R


class Opcode(IntEnum):
    """Operations of the witness machine (docs/architecture.md); the numbers are part of the template format."""

    MUL = 0
    INV = 1
    DIV = 2
    BITS = 3
    DIVMOD = 4
    LIN = 5
    IS_ZERO = 6
    IS_NEG = 7
    SIGNS = 8


def run_op(opcode: Opcode, a: int, b: int, n_out: int, imm: int) -> list[int]:
    """Return the `n_out` values of one operation on field elements a and b in [0, r)."""
    match opcode:
        case Opcode.MUL:
            return [a * b % R]
        case Opcode.INV:
            return [pow(a, -1, R) if a else 0]
        case Opcode.DIV:
            return [a * pow(b, -1, R) % R if b else 0]
        case Opcode.BITS:
            return [(a >> (imm + i)) & 1 for i in range(n_out)]
        case Opcode.DIVMOD:
            return list(divmod(a, b)) if b else [0, 0]
        case Opcode.LIN:
            return [a]
        case Opcode.IS_ZERO:
            return [int(a == 0)]
        case Opcode.IS_NEG:
            return [int(a > (R - 1) // 2)]
        case Opcode.SIGNS:
            return [b if (a >> (imm + i)) & 1 else -b % R for i in range(n_out)]

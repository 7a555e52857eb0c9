"""Contributions in plain Python with py-ecc (docs/ceremony.md): a test forges what the kernel never would."""

from __future__ import annotations

import hashlib
import struct
from collections.abc import Iterator
from itertools import count
from typing import Final

from py_ecc.optimized_bn128 import FQ2, G1, b2, multiply, normalize
from py_ecc.optimized_bn128.optimized_curve import curve_order as R
from py_ecc.optimized_bn128.optimized_curve import field_modulus as Q

from tests.prover.key_parts import Entry, relink

G2_COFACTOR: Final = 2 * Q - R
_G2 = tuple[FQ2, FQ2, FQ2]


def digest(purpose: str, *parts: bytes) -> bytes:
    """Return BLAKE2b-512 of a purpose and parts."""
    return hashlib.blake2b(f"zkmargin ceremony v1 {purpose}\0".encode() + b"".join(parts)).digest()


def encode_head(name: str, beacon: tuple[bytes, int] | None = None) -> bytes:
    """Return the start of a contribution."""
    text = name.encode()
    head = struct.pack("<2I", 0 if beacon is None else 1, len(text)) + text
    return head if beacon is None else head + struct.pack("<2I", beacon[1], len(beacon[0])) + beacon[0]


def contribute(before: bytes, head: bytes, delta_before: int, x: int, delta_after: int | None = None) -> Entry:
    """Return a contribution of x behind the link `before`; delta_after may lie. Deltas by their logarithms."""
    points = _encode_g1(delta_before * x if delta_after is None else delta_after) + _encode_g1(x)
    base = hash_to_g2(digest("challenge", before, head, points))
    return relink(before, [Entry(head, points + encode_g2(multiply(base, x)), b"")])[0]


def compute_beacon_factor(value: bytes, iterations_log2: int) -> int:
    """Return what a beacon multiplies delta by."""
    for _ in range(2**iterations_log2):
        value = hashlib.sha256(value).digest()
    return int.from_bytes(digest("beacon", value), "little") % R


def hash_to_g2(challenge: bytes) -> _G2:
    """Return the point of order r that a challenge stands for."""
    return multiply(next(find_points(challenge)), G2_COFACTOR)


def find_points(challenge: bytes) -> Iterator[_G2]:
    """Yield points of the curve over Fq2, of any order."""
    for n in count():
        seed = challenge + n.to_bytes(4, "little")
        real, imaginary = (int.from_bytes(digest(f"G2 {part} part", seed), "big") % Q for part in ("real", "imaginary"))
        x = FQ2([real, imaginary])
        y = _find_root(x * x * x + b2)
        if y is not None:
            is_greatest = digest("G2 sign", seed)[0] & 1 == 1
            smaller, greater = sorted((y, -y), key=lambda root: (int(root.coeffs[1]), int(root.coeffs[0])))
            yield x, greater if is_greatest else smaller, FQ2.one()


def _find_root(square: FQ2) -> FQ2 | None:
    # q = 3 mod 4: Adj and Rodriguez-Henriquez, eprint 2012/685, algorithm 9
    power = square ** ((Q - 3) // 4)
    candidate = power * square
    alpha = power * candidate
    turn = FQ2([0, 1]) if alpha == -FQ2.one() else (FQ2.one() + alpha) ** ((Q - 1) // 2)
    root = turn * candidate
    return root if root * root == square else None


def _encode_g1(logarithm: int) -> bytes:
    x, y = normalize(multiply(G1, logarithm % R))
    return int(x).to_bytes(32, "big") + int(y).to_bytes(32, "big")


def encode_g2(point: _G2) -> bytes:
    """Return a point as EIP-197 has it."""
    coordinates = [c for value in normalize(point) for c in reversed(value.coeffs)]
    return b"".join(int(c).to_bytes(32, "big") for c in coordinates)

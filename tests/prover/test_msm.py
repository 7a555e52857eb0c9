"""Sums of points against discrete logarithms known to the test, and transforms against plain Python."""

from __future__ import annotations

import random
from functools import cache

import pytest
from py_ecc.fields import optimized_bn128_FQ as FQ
from py_ecc.fields import optimized_bn128_FQ2 as FQ2
from py_ecc.optimized_bn128.optimized_curve import G1, G2, multiply, normalize

from prover.kernel import fft, msm_g1, msm_g2
from tests.prover.tiny import R, encode_be


@cache
def encode_g1(k: int) -> bytes:
    """Return k * G1 by py-ecc, 64 bytes."""
    if k % R == 0:
        return b"\0" * 64
    x, y = normalize(multiply(G1, k % R))
    return encode_fq(x) + encode_fq(y)


@cache
def encode_g2(k: int) -> bytes:
    """Return k * G2 by py-ecc, 128 bytes, imaginary parts first (EIP-197)."""
    if k % R == 0:
        return b"\0" * 128
    x, y = normalize(multiply(G2, k % R))
    return b"".join(encode_fq(FQ(c)) for v in (x, y) for c in reversed(FQ2(v.coeffs).coeffs))


def encode_fq(value: FQ) -> bytes:
    return int(value).to_bytes(32, "big")


def draw_terms(n: int, seed: int) -> list[tuple[int, int]]:
    """Return n pairs (k, s): the point k * G (often repeated, opposite, at infinity) and its scalar of any size."""
    rng = random.Random(seed)
    logs = [0, 1, 2, 3, -1, -2, R - 3, 17]
    sizes = [0, 1, 2, 16, 17, 64, 65, 128, 129, 253, 254]
    scalars = [(rng.getrandbits(rng.choice(sizes)) * rng.choice([1, -1])) % R for _ in range(n)]
    return [(rng.choice(logs), scalar) for scalar in scalars]


CASES = {
    "none": [],
    "one": [(3, 5)],
    "one, scalar zero": [(3, 0)],
    "one, largest scalar": [(3, R - 1)],
    "one, infinity": [(0, 5)],
    "two that double": [(3, 7), (3, 7)],
    "two that cancel": [(3, 7), (-3, 7)],
    "two of opposite scalars": [(3, 7), (3, R - 7)],
    "255 of all kinds": draw_terms(255, 1),
    "255 of one point and one large scalar": [(17, R // 3)] * 255,
    "255 bits": [(k, k & 1) for k in range(255)],
    "9000 of all kinds": draw_terms(9000, 2),
    "9000 of one point and bits": [(2, 1)] * 9000,
}


@pytest.mark.usefixtures("each_path")
@pytest.mark.parametrize("name", CASES)
def test_msm_is_the_sum_of_the_logarithms(name: str) -> None:
    terms = CASES[name]
    total = sum(k * s for k, s in terms) % R
    scalars = encode_be([s for _, s in terms])
    assert msm_g1(b"".join(encode_g1(k) for k, _ in terms), scalars) == encode_g1(total)
    assert msm_g2(b"".join(encode_g2(k) for k, _ in terms), scalars) == encode_g2(total)


def test_invalid_msm_names_the_first_bad_index() -> None:
    points, scalars = encode_g1(1) * 3, encode_be([1, 2, 3])
    with pytest.raises(ValueError, match=r"points\[1\]: not on the curve G1"):
        msm_g1(points[:64] + points[:63] + b"\0" + points[128:], scalars)
    with pytest.raises(ValueError, match=r"points\[2\]: x is not below"):
        msm_g1(points[:128] + b"\xff" * 64, scalars)
    with pytest.raises(ValueError, match=r"scalars\[1\]: not below"):
        msm_g1(points, scalars[:32] + R.to_bytes(32, "big") + scalars[64:])
    with pytest.raises(ValueError, match=r"192 bytes of points .* 64 bytes of scalars"):
        msm_g1(points, scalars[:64])
    with pytest.raises(ValueError, match="msm"):
        msm_g1(points[:-1], scalars)


def test_invalid_g2_point_on_the_curve_but_outside_the_subgroup() -> None:
    point = encode_off_subgroup_g2()
    with pytest.raises(ValueError, match=r"points\[0\]: on the curve G2, outside the subgroup of order r"):
        msm_g2(point, encode_be([1]))


def encode_off_subgroup_g2() -> bytes:
    """Return a point of the twist y**2 = x**3 + 3 / (9 + i) outside the group of order r: the first x with a root."""
    modulus = FQ.field_modulus
    for x in range(1, 100):
        square = FQ2([x, 0]) ** 3 + FQ2([3, 0]) / FQ2([9, 1])
        # Square root in Fq2, q = 3 mod 4: with z = s**((q-3)/4), y is z*s or i*z*s or (1 + z*z*s)**((q-1)/2) * z*s.
        power = square ** ((modulus - 3) // 4)
        candidate, alpha = power * square, power * power * square
        y = (
            FQ2([0, 1]) * candidate
            if alpha == FQ2([-1, 0])
            else (FQ2([1, 0]) + alpha) ** ((modulus - 1) // 2) * candidate
        )
        if y * y == square:
            return b"".join(encode_fq(FQ(c)) for v in (FQ2([x, 0]), y) for c in reversed(v.coeffs))
    raise AssertionError("no x below 100 gives a point")


@pytest.mark.parametrize("log2", [0, 1, 5])
def test_fft_evaluates_at_the_roots_of_unity_and_back(log2: int) -> None:
    n = 1 << log2
    omega = pow(5, (R - 1) // n, R)
    rng = random.Random(log2)
    coefficients = [rng.randrange(R) for _ in range(n)]
    expected = [sum(c * pow(omega, i * j, R) for j, c in enumerate(coefficients)) % R for i in range(n)]
    assert fft(encode_be(coefficients)) == encode_be(expected)
    assert fft(encode_be(expected), inverse=True) == encode_be(coefficients)


def test_invalid_fft_length() -> None:
    with pytest.raises(ValueError, match="3 values, expected a power of two"):
        fft(encode_be([1, 2, 3]))

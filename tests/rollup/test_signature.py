"""BabyJubJub and EdDSA-Poseidon against circomlibjs's and zk-kit's vectors, and forged signatures."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rollup.babyjubjub import (
    BASE8,
    IDENTITY,
    JUBJUB_SUBORDER,
    Point,
    add,
    double,
    is_in_subgroup,
    is_on_curve,
    multiply,
    multiply_base8,
    negate,
)
from rollup.field import R
from rollup.poseidon import poseidon
from rollup.signature import Signature, derive_public_key, divide_by_eight, sign, use_signature_backend, verify

VECTORS = Path(__file__).parent.parent / "vectors"
ORDER_2: Point = (0, R - 1)
KEY = bytes(range(32))
scalars = st.integers(0, 8 * JUBJUB_SUBORDER) | st.sampled_from([0, 1, JUBJUB_SUBORDER - 1, JUBJUB_SUBORDER])
messages = st.integers(0, R - 1) | st.sampled_from([0, 1, R - 1])
quick = settings(max_examples=10, deadline=None)


@pytest.fixture(autouse=True)
def pure_python() -> Iterator[None]:
    use_signature_backend(None)
    yield
    use_signature_backend(None)


def _load(name: str) -> list[tuple[bytes, int, Point, Signature]]:
    return [_parse(vector) for vector in json.loads((VECTORS / name).read_text())["vectors"]]


def _parse(vector: dict[str, Any]) -> tuple[bytes, int, Point, Signature]:
    (x, y), (r8_x, r8_y) = map(int, vector["pub"]), map(int, vector["R8"])
    return bytes.fromhex(vector["prv"]), int(vector["msg"]), (x, y), Signature((r8_x, r8_y), int(vector["S"]))


def _find_point_of_order_8() -> Point:
    """Return a point whose order is exactly 8: l times a point of full order."""
    for y in range(2, 100):
        xx = (1 - y * y) * pow(168700 - 168696 * y * y, -1, R) % R
        if pow(xx, R // 2, R) != 1:
            continue
        point = multiply((_square_root(xx), y), JUBJUB_SUBORDER)
        if multiply(point, 4) != IDENTITY:
            return point
    raise AssertionError("no point of order 8 among the small y")


def _square_root(square: int) -> int:
    """Return a square root mod R by Tonelli-Shanks (R - 1 is divisible by 2**28)."""
    odd, two_adicity = R - 1, 0
    while odd % 2 == 0:
        odd, two_adicity = odd // 2, two_adicity + 1
    root, rest, generator = pow(square, (odd + 1) // 2, R), pow(square, odd, R), pow(5, odd, R)
    for level in range(two_adicity - 1, 0, -1):
        step = pow(generator, 2 ** (two_adicity - 1 - level), R)
        if pow(rest, 2 ** (level - 1), R) != 1:
            root, rest = root * step % R, rest * step * step % R
    assert root * root % R == square
    return root


ORDER_8 = _find_point_of_order_8()


@pytest.mark.parametrize("name", ["eddsa_blake2b.json", "eddsa_blake512.json"])
def test_javascript_signatures_verify(name: str) -> None:
    for _, message, public_key, signature in _load(name):
        assert verify(public_key, message, signature)


@pytest.mark.parametrize("vector", _load("eddsa_blake2b.json"))
def test_sign_equals_zk_kit(vector: tuple[bytes, int, Point, Signature]) -> None:
    private_key, message, public_key, signature = vector
    assert derive_public_key(private_key) == public_key
    assert sign(private_key, message) == signature


@given(st.binary(min_size=32, max_size=32), messages)
@quick
def test_own_signature_verifies_and_key_is_of_prime_order(private_key: bytes, message: int) -> None:
    public_key = derive_public_key(private_key)
    assert verify(public_key, message, sign(private_key, message))
    assert multiply(divide_by_eight(public_key), 8) == public_key
    assert is_in_subgroup(divide_by_eight(public_key))


@given(messages, messages)
@quick
def test_invalid_signature_on_another_message(message: int, other: int) -> None:
    assert verify(derive_public_key(KEY), other, sign(KEY, message)) is (message == other)


def test_invalid_signature_by_another_key() -> None:
    assert not verify(derive_public_key(KEY[::-1]), 5, sign(KEY, 5))


@pytest.mark.parametrize("shift", [JUBJUB_SUBORDER, -JUBJUB_SUBORDER, 7 * JUBJUB_SUBORDER])
def test_invalid_response_shifted_by_the_subgroup_order(shift: int) -> None:
    signature = sign(KEY, 5)
    assert not verify(derive_public_key(KEY), 5, Signature(signature.r8, signature.s + shift))


def test_invalid_changed_response_or_commitment() -> None:
    public_key, signature = derive_public_key(KEY), sign(KEY, 5)
    assert not verify(public_key, 5, Signature(signature.r8, (signature.s + 1) % JUBJUB_SUBORDER))
    assert not verify(public_key, 5, Signature(negate(signature.r8), signature.s))
    assert not verify(public_key, 5, Signature(add(signature.r8, ORDER_2), signature.s))
    assert not verify(public_key, 5, Signature((signature.r8[0], (signature.r8[1] + 1) % R), signature.s))


@pytest.mark.parametrize("public_key", [IDENTITY, ORDER_2, ORDER_8, multiply(ORDER_8, 2), (0, 0)])
def test_invalid_key_of_small_order_signs_nothing(public_key: Point) -> None:
    # S*B8 = R8 holds for any message once 8A is the identity: only the key's order refuses it.
    assert not verify(public_key, 5, Signature(multiply_base8(77), 77))


def test_invalid_key_with_a_small_order_part() -> None:
    # 8 * (A + T) = 8A for T of order 8, so the owner of A can sign for A + T: two names for one key.
    secret, nonce = 12345, 678
    key, r8 = multiply_base8(secret), multiply_base8(nonce)
    for public_key, is_accepted in ((key, True), (add(key, ORDER_8), False)):
        challenge = poseidon([*r8, *public_key, 5])
        signature = Signature(r8, (nonce + 8 * challenge * secret) % JUBJUB_SUBORDER)
        assert multiply_base8(signature.s) == add(r8, multiply(public_key, 8 * challenge))
        assert verify(public_key, 5, signature) is is_accepted


@pytest.mark.parametrize("message", [-1, R])
def test_invalid_message_outside_the_field(message: int) -> None:
    with pytest.raises(ValueError, match="message"):
        sign(KEY, message)
    assert not verify(derive_public_key(KEY), message, sign(KEY, message % R))


def test_invalid_coordinates_not_reduced() -> None:
    (x, y), signature = derive_public_key(KEY), sign(KEY, 5)
    assert verify((x, y), 5, signature)
    assert not verify((x + R, y), 5, signature)
    assert not verify((x, y), 5, Signature((signature.r8[0], signature.r8[1] + R), signature.s))


@pytest.mark.parametrize("n_bytes", [0, 31, 33])
def test_invalid_private_key_length(n_bytes: int) -> None:
    with pytest.raises(ValueError, match=f"got {n_bytes}"):
        derive_public_key(bytes(n_bytes))
    with pytest.raises(ValueError, match=f"got {n_bytes}"):
        sign(bytes(n_bytes), 1)


@pytest.mark.parametrize("point", [IDENTITY, ORDER_2, ORDER_8, add(BASE8, ORDER_8), (1, 1)])
def test_invalid_divide_by_eight_of_a_point_not_of_prime_order(point: Point) -> None:
    with pytest.raises(ValueError, match="prime order"):
        divide_by_eight(point)


@given(scalars, scalars)
@quick
def test_multiply_is_linear(left: int, right: int) -> None:
    assert add(multiply_base8(left), multiply(BASE8, right)) == multiply(BASE8, left + right)


@given(scalars)
@quick
def test_add_agrees_with_double_and_negate(scalar: int) -> None:
    point = add(multiply_base8(scalar), ORDER_8)
    assert is_on_curve(point)
    assert double(point) == add(point, point)
    assert add(point, negate(point)) == IDENTITY
    assert add(point, IDENTITY) == point


def test_curve_membership_at_the_edges() -> None:
    assert is_in_subgroup(IDENTITY)
    assert is_in_subgroup(BASE8)
    assert is_on_curve(ORDER_2)
    assert not is_in_subgroup(ORDER_2)
    assert not is_on_curve((0, R + 1))
    assert not is_on_curve((BASE8[0], BASE8[1] + 1))


class _AgreeableBackend:
    def derive_public_key(self, private_key: bytes) -> Point:
        return (len(private_key), 1)

    def sign(self, private_key: bytes, message: int) -> Signature:
        return Signature((len(private_key), message), 3)

    def verify(self, public_key: Point, message: int, signature: Signature) -> bool:
        return True

    def divide_by_eight(self, public_key: Point) -> Point:
        return (public_key[0] // 8, 0)


def test_backend_takes_over_and_gives_back() -> None:
    use_signature_backend(_AgreeableBackend())
    assert derive_public_key(KEY) == (32, 1)
    assert sign(KEY, 9) == Signature((32, 9), 3)
    assert verify((1, 1), 2, Signature((1, 1), 1))
    assert divide_by_eight((16, 0)) == (2, 0)
    use_signature_backend(None)
    assert not verify((1, 1), 2, Signature((1, 1), 1))


def test_invalid_values_never_reach_a_backend() -> None:
    use_signature_backend(_AgreeableBackend())
    assert not verify((R, 1), 2, Signature((1, 1), 1))
    assert not verify((1, 1), R, Signature((1, 1), 1))
    assert not verify((1, 1), 2, Signature((1, 1), JUBJUB_SUBORDER))

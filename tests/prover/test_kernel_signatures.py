"""The kernel, which remembers the keys it has seen, says of every claim what pure Python says."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random
from typing import Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from prover import kernel
from rollup import signature
from rollup.babyjubjub import IDENTITY, JUBJUB_SUBORDER, Point, add
from rollup.field import R
from rollup.signature import Signature

ORDER_2: Final[Point] = (0, R - 1)
ORDER_4: Final[Point] = (2957874849018779266517920829765869116077630550401372566248359756137677864698, 0)
ORDER_8: Final[Point] = (
    17545522957889784193459637215142187266023652151580582754000402781682644312291,
    4826523245007015323400664741523384119579596407052839571721035538011798951543,
)
SECRETS: Final = [bytes([seed]) * 32 for seed in (1, 2, 3)]
small_parts = st.sampled_from([IDENTITY, IDENTITY, ORDER_2, ORDER_4, ORDER_8])
stray_points = st.sampled_from([IDENTITY, ORDER_2, ORDER_4, (0, 0), (1, 1), (R, 1)])
Claim = tuple[Point, int, Signature]


@pytest.fixture(autouse=True)
def pure_python() -> Iterator[None]:
    signature.use_signature_backend(None)
    yield
    signature.use_signature_backend(None)


@st.composite
def claims(draw: st.DrawFn) -> Claim:
    """Return a claim that is valid, or is not in one of the ways that a forger could try."""
    backend, message = kernel.KernelSignatures(), draw(st.integers(0, R - 1))
    secret = draw(st.sampled_from(SECRETS))
    key, signed = backend.derive_public_key(secret), backend.sign(secret, message)
    match draw(st.integers(0, 6)):
        case 0:
            key, r8 = add(key, draw(small_parts)), add(signed.r8, draw(small_parts))
            return key, message, Signature(r8, signed.s)
        case 1:
            return draw(stray_points), message, signed
        case 2:
            return key, message, Signature(draw(stray_points), signed.s)
        case 3:
            return key, message, Signature(signed.r8, draw(st.integers(0, 1)) * JUBJUB_SUBORDER + signed.s)
        case 4:
            return key, draw(st.integers(0, R)), signed
        case 5:
            return key, message, Signature((-signed.r8[0] % R, signed.r8[1]), -signed.s % JUBJUB_SUBORDER)
        case _:
            return key, message, signed


def test_points_of_small_order_are_what_they_are_called() -> None:
    assert add(ORDER_8, ORDER_8) == ORDER_4
    assert add(ORDER_4, ORDER_4) == ORDER_2


@given(group=st.lists(claims(), min_size=1, max_size=4))
@settings(max_examples=10, deadline=None)
def test_groups_are_judged_as_one_by_one_in_pure_python(group: list[Claim]) -> None:
    expected = [signature.verify(*claim) for claim in group]
    rows = [(*key, message, *signed.r8, signed.s) for key, message, signed in group]
    claims_be = b"".join(value.to_bytes(32, "big") for row in rows for value in row)
    assert [bool(verdict) for verdict in kernel.eddsa_verify_many(claims_be)] == expected
    assert [bool(verdict) for verdict in kernel.eddsa_verify_many(claims_be)] == expected  # its keys are known by now


@pytest.mark.parametrize("n_claims", [7, 8, 9, 16, 17, 41])
def test_verdicts_stay_with_their_claims_beyond_the_eight_that_are_hashed_together(n_claims: int) -> None:
    backend, draw = kernel.KernelSignatures(), Random(n_claims)
    rows, expected = [], []
    for index in range(n_claims):
        secret, kind = draw.choice(SECRETS), draw.choice(["valid", "other message", "no element", "no point"])
        key, signed = backend.derive_public_key(secret), backend.sign(secret, index)
        message = {"valid": index, "no point": index, "no element": R + index}.get(kind, index + 1)
        rows.append((*key, message, *(signed.r8 if kind != "no point" else (R, 1)), signed.s))
        expected.append(kind == "valid")
    claims_be = b"".join(value.to_bytes(32, "big") for row in rows for value in row)
    assert [bool(verdict) for verdict in kernel.eddsa_verify_many(claims_be)] == expected
